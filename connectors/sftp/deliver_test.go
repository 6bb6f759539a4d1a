package sftp

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/faults"
	"github.com/studio-agent/studio-agent/connectors/sftp/sftpsim"
	"github.com/studio-agent/studio-agent/sync/atomicfile"
)

const photoID = "0123456789abcdef0123"

func photoOf(name string, content []byte) connectors.Photo {
	sum := sha256.Sum256(content)
	return connectors.Photo{ID: photoID, Name: name, Generation: 1, Size: int64(len(content)),
		Digests: connectors.Digests{SHA256: hex.EncodeToString(sum[:])}, ModTime: time.Date(2026, 5, 1, 12, 0, 0, 123, time.UTC)}
}

func reading(content []byte) func() (io.ReadCloser, error) {
	return func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil }
}

func published() error { return nil }

func (w *world) deliver(p connectors.Photo, content []byte) connectors.Receipt {
	w.t.Helper()
	r, err := w.Out.Deliver(w.t.Context(), p, reading(content), published)
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

func (w *world) wantFile(name string, content []byte) {
	w.t.Helper()
	if got, err := os.ReadFile(w.path(name)); err != nil || !bytes.Equal(got, content) {
		w.t.Errorf("%s holds %d bytes, %v; want the %d sent", name, len(got), err, len(content))
	}
}

func TestTimeOfThePhotoIsKept(t *testing.T) {
	w := newWorld(t, sftpsim.Options{})
	p := photoOf("a/b/0001.jpg", []byte("picture"))
	w.deliver(p, []byte("picture"))
	info, err := os.Stat(w.path("in/a/b/0001.jpg"))
	if err != nil || info.ModTime().Unix() != p.ModTime.Unix() {
		t.Errorf("got %v, %v; want %v", info.ModTime(), err, p.ModTime)
	}
	if all := w.all(); len(all) != 1 {
		t.Errorf("there is %v, want the photo alone", all)
	}
}

// TestOthersUseTheConnectionDuringPublish of a small photo: it waits for a disk.
func TestOthersUseTheConnectionDuringPublish(t *testing.T) {
	w := newWorld(t, sftpsim.Options{}, func(w *world) { w.setup.Connections = 1 })
	first, second := photoOf("0001.jpg", []byte("first")), photoOf("0002.jpg", []byte("second"))
	second.ID = "fedcba9876543210fedc"
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	r, err := w.Out.Deliver(ctx, first, reading([]byte("first")), func() error {
		if _, err := w.Out.Deliver(ctx, second, reading([]byte("second")), published); err != nil {
			t.Errorf("meanwhile: %v", err)
		}
		if _, err := os.Stat(w.path("in/0001.jpg")); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("it shows before publish has returned: %v", err)
		}
		return nil
	})
	if err != nil || !r.Verified || r.Name != "0001.jpg" {
		t.Errorf("receipt %+v, %v", r, err)
	}
	w.wantFile("in/0001.jpg", []byte("first"))
	w.wantFile("in/0002.jpg", []byte("second"))
}

// TestARenameWaitsForNoUpload of another photo over the only connection.
func TestARenameWaitsForNoUpload(t *testing.T) {
	w := newWorld(t, sftpsim.Options{}, func(w *world) { w.setup.Connections = 1 })
	first, second := photoOf("0001.jpg", []byte("first")), photoOf("0002.jpg", []byte("second"))
	second.ID = "fedcba9876543210fedc"
	reading2, goOn, done := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	slow := func() (io.ReadCloser, error) {
		close(reading2)
		<-goOn
		return io.NopCloser(bytes.NewReader([]byte("second"))), nil
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	_, err := w.Out.Deliver(ctx, first, reading([]byte("first")), func() error {
		go func() {
			_, err := w.Out.Deliver(ctx, second, slow, published)
			done <- err
		}()
		<-reading2
		return nil
	})
	if err != nil {
		t.Errorf("while another was uploaded: %v", err)
	}
	w.wantFile("in/0001.jpg", []byte("first"))
	close(goOn)
	if err := <-done; err != nil {
		t.Error(err)
	}
	w.wantFile("in/0002.jpg", []byte("second"))
}

func TestMirrorGoesToItsOwnFolder(t *testing.T) {
	w := newWorld(t, sftpsim.Options{}, func(w *world) {
		w.options.Layout, w.setup.Benches = "bench", []connectors.Bench{{Name: "b1"}}
		w.setup.Mirrors = []connectors.MirroredFolder{{Remote: "/mirror"}}
	})
	p := photoOf("deep/0001.jpg", []byte("picture"))
	p.Role, p.Remote = connectors.Mirror, "/mirror"
	_, err := w.Out.Deliver(t.Context(), p, reading([]byte("picture")), published)
	if err == nil || !strings.Contains(err.Error(), "/mirror is missing on the server") || errors.Is(err, connectors.ErrRejected) {
		t.Errorf("without its folder: got %v, want that it is missing", err)
	}
	if err := os.Mkdir(w.path("mirror"), 0o777); err != nil {
		t.Fatal(err)
	}
	if r := w.deliver(p, []byte("picture")); r.Name != "deep/0001.jpg" {
		t.Errorf("the receipt names %q", r.Name)
	}
	w.wantFile("mirror/deep/0001.jpg", []byte("picture"))
}

// OpenSSH renames by a link and a removal. After a crash in between, both names
// stand for one content, which the next try must not touch.
func TestLinkedPartIsNotWrittenInto(t *testing.T) {
	for _, without := range [][]string{nil, {posixRename}} {
		w := newWorld(t, sftpsim.Options{Without: without})
		theirs := []byte("the picture, picked up")
		w.write("vendor.jpg", theirs)
		if err := os.Link(w.path("vendor.jpg"), w.path("in/"+atomicfile.PartName(photoID))); err != nil {
			t.Fatal(err)
		}
		content := []byte("a picture")
		w.deliver(photoOf("0001.jpg", content), content)
		w.wantFile("vendor.jpg", theirs)
		w.wantFile("in/0001.jpg", content)
	}
}

func TestFileInPlaceOfAFolderIsRefused(t *testing.T) {
	w := newWorld(t, sftpsim.Options{})
	w.write("in/monday", []byte("a file"))
	content := []byte("picture")
	_, err := w.Out.Deliver(t.Context(), photoOf("monday/0001.jpg", content), reading(content), published)
	if !errors.Is(err, connectors.ErrRejected) || !strings.Contains(err.Error(), "where a folder is needed") {
		t.Errorf("got %v, want a refusal for good", err)
	}
}

func TestMissingPutFolderProvesNothing(t *testing.T) {
	w := newWorld(t, sftpsim.Options{})
	content := []byte("picture")
	p := photoOf("0001.jpg", content)
	w.deliver(p, content)
	if err := os.Rename(w.path("in"), w.path("unmounted")); err != nil {
		t.Fatal(err)
	}
	p.Published = true
	if r, err := w.Out.Find(t.Context(), []connectors.Photo{p}); err == nil {
		t.Errorf("Find gives %+v, want an error", r)
	}
	if err := w.Probe(t.Context()); err == nil || !strings.Contains(err.Error(), "/in is missing") {
		t.Errorf("Probe: %v", err)
	}
}

func TestFullServerMeansLater(t *testing.T) {
	w := newWorld(t, sftpsim.Options{Free: spareBytes + 8192})
	content := make([]byte, 10_000)
	_, err := w.Out.Deliver(t.Context(), photoOf("0001.jpg", content), reading(content), published)
	if err == nil || !strings.Contains(err.Error(), "MB free") || errors.Is(err, connectors.ErrRejected) {
		t.Errorf("got %v, want that there is no room, and later", err)
	}
	if all := w.all(); len(all) != 0 {
		t.Errorf("there is %v, want nothing", all)
	}
	w.deliver(photoOf("small.jpg", content[:8000]), content[:8000])
}

// TestTheFirstPhotoOfAFolderIsSwift: it makes the folder and begins once more.
func TestTheFirstPhotoOfAFolderIsSwift(t *testing.T) {
	w := newWorld(t, sftpsim.Options{})
	content := []byte("picture")
	w.faults.Then(sftpsim.OpUpload, faults.Fault{}, faults.Fault{}, faults.Fault{Status: 403}) // step by step it would take three
	w.deliver(photoOf("day 1/front/0001.jpg", content), content)
	w.wantFile("in/day 1/front/0001.jpg", content)
}

func TestForbiddenFolderDeniesAll(t *testing.T) {
	w := newWorld(t, sftpsim.Options{})
	content := []byte("picture")
	no := faults.Fault{Status: 403}
	w.faults.Then(sftpsim.OpUpload, no, no, no) // swiftly, step by step, and to find out
	_, err := w.Out.Deliver(t.Context(), photoOf("0001.jpg", content), reading(content), published)
	wantDenied(t, err, "may not write")
	w.faults.Then(sftpsim.OpUpload, no, no) // this photo only
	_, err = w.Out.Deliver(t.Context(), photoOf("0001.jpg", content), reading(content), published)
	if err == nil || errors.Is(err, connectors.ErrDenied) {
		t.Errorf("got %v, want an error that only means later", err)
	}
}

// Somebody takes the final name between our look and our rename.
func TestRaceForTheNameReplacesNothing(t *testing.T) {
	for _, replaces := range []bool{false, true} {
		w := newWorld(t, sftpsim.Options{RenameReplaces: replaces})
		if err := (profile{RenameReplaces: replaces}).keep(w.setup.Memory); err != nil {
			t.Fatal(err)
		}
		theirs, content := []byte("theirs"), []byte("ours, of another size")
		_, err := w.Out.Deliver(t.Context(), photoOf("0001.jpg", content), reading(content), func() error {
			w.write("in/0001.jpg", theirs)
			return nil
		})
		if !errors.Is(err, connectors.ErrRejected) {
			t.Errorf("replaces %v: got %v, want a refusal for good", replaces, err)
		}
		w.wantFile("in/0001.jpg", theirs)
	}
}

// The protocol knows whole seconds: two generations of one size may look alike.
func TestGenerationsOfOneSecondAreToldApart(t *testing.T) {
	w := newWorld(t, sftpsim.Options{})
	one, two := []byte("generation one"), []byte("generation two")
	first, second := photoOf("0001.jpg", one), photoOf("0001.jpg", two)
	second.ID, second.Generation = "0123456789abcdef0124", 2
	second.Replaces = w.deliver(first, one)
	if r, err := w.Out.Find(t.Context(), []connectors.Photo{second}); err != nil || !r[0].Zero() {
		t.Errorf("Find takes the first for the second: %+v, %v", r, err)
	}
	w.deliver(second, two)
	w.wantFile("in/0001.jpg", two)
}

func TestProfileIsObeyed(t *testing.T) {
	w := newWorld(t, sftpsim.Options{})
	if err := (profile{NoPosixRename: true, NoFsync: true, ForgetsTimes: true}).keep(w.setup.Memory); err != nil {
		t.Fatal(err)
	}
	one, two := []byte("generation one"), []byte("generation two!")
	first, second := photoOf("0001.jpg", one), photoOf("0001.jpg", two)
	second.Replaces = w.deliver(first, one)
	info, err := os.Stat(w.path("in/0001.jpg"))
	if err != nil || time.Since(info.ModTime()) > time.Hour {
		t.Errorf("the time was set: %v, %v", info.ModTime(), err)
	}
	w.faults.Then(sftpsim.OpRemove, faults.Fault{Status: 500}) // needed where nothing is replaced in one step
	if _, err := w.Out.Deliver(t.Context(), second, reading(two), published); err == nil {
		t.Error("the old generation was not removed first")
	}
	w.wantFile("in/0001.jpg", one)
	w.deliver(second, two)
	w.wantFile("in/0001.jpg", two)
}

func TestListTellsWhatIsThere(t *testing.T) {
	w := newWorld(t, sftpsim.Options{}, func(w *world) {
		w.options.Layout, w.setup.Benches = "bench", []connectors.Bench{{Name: "b1"}, {Name: "b2"}}
	})
	w.write("in/b1/x/0001.jpg", []byte("one"))
	w.write("in/b1/.studio-0.part", []byte("on its way"))
	w.write("in/b2/0002.jpg", []byte("two"))
	for bench, want := range map[string][]string{"b1": {"x/0001.jpg"}, "b2": {"0002.jpg"}, "b3": nil} {
		list, err := w.List(t.Context(), bench)
		var got []string
		for _, r := range list {
			got = append(got, path.Clean(r.Name))
		}
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: got %v, %v; want %v", bench, got, err, want)
		}
	}
}
