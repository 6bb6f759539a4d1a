package folder

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/sync/atomicfile"
)

const id = "0123456789abcdef0123"

var shot = time.Date(2026, 3, 4, 5, 6, 7, 123456700, time.UTC)

// photo has no digest yet, as a film that is digested while it is sent.
func photo(name, content string) (connectors.Photo, func() (io.ReadCloser, error)) {
	p := connectors.Photo{ID: id, Name: name, Generation: 1, Size: int64(len(content)), ModTime: shot}
	return p, func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(content)), nil }
}

func nothing() error { return nil }

func ask(t *testing.T, c connectors.Connector, p connectors.Photo) connectors.Receipt {
	t.Helper()
	receipts, err := c.Out.Find(t.Context(), []connectors.Photo{p})
	if err != nil {
		t.Fatal(err)
	}
	return receipts[0]
}

func wantContent(t *testing.T, path, want string) {
	t.Helper()
	if got, err := os.ReadFile(path); err != nil || string(got) != want {
		t.Errorf("%s holds %q, %v; want %q", path, got, err, want)
	}
}

func TestAMissingFolderIsAnErrorAndIsNeverMade(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "not", "mounted")
	c := connect(t, options{Put: dir, Get: dir + "-back"})
	p, open := photo("0001.jpg", "picture")
	p.Published = true
	_, delivered := c.Out.Deliver(t.Context(), p, open, nothing)
	_, found := c.Out.Find(t.Context(), []connectors.Photo{p})
	_, listed := c.In.Pending(t.Context())
	for what, err := range map[string]error{"Deliver": delivered, "Find": found, "Pending": listed, "Probe": c.Probe(t.Context())} {
		if err == nil || !strings.Contains(err.Error(), "is the share mounted?") {
			t.Errorf("%s gave %v, want a question whether the share is mounted", what, err)
		}
		if errors.Is(err, connectors.ErrRejected) || errors.Is(err, connectors.ErrDenied) {
			t.Errorf("%s gave up for good: %v", what, err)
		}
	}
	if _, err := os.Lstat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the folder was made: %v", err)
	}
}

func TestTheTimeOfThePictureIsKeptAndTellsFilesApart(t *testing.T) {
	dir := t.TempDir()
	c := connect(t, options{Put: dir})
	p, open := photo("0001.jpg", "picture")
	receipt, err := c.Out.Deliver(t.Context(), p, open, nothing)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(filepath.Join(dir, "0001.jpg"))
	if err != nil || !info.ModTime().Equal(shot) {
		t.Errorf("time %v, %v; want %v", info.ModTime(), err, shot)
	}
	want := connectors.Receipt{ID: fmt.Sprintf("7-%d", shot.UnixNano()), Name: "0001.jpg", Size: 7, Verified: true}
	if receipt != want {
		t.Errorf("receipt %+v, want %+v", receipt, want)
	}
	if found := ask(t, c, p); found != want {
		t.Errorf("without a digest, size and time find %+v, want %+v", found, want)
	}
	p.ModTime = shot.Add(time.Second)
	if found := ask(t, c, p); !found.Zero() {
		t.Errorf("size alone finds %+v", found)
	}
}

func TestAFolderThatForgetsTimesIsAskedForTheContent(t *testing.T) {
	dir := t.TempDir()
	c := connect(t, options{Put: dir})
	write(t, filepath.Join(dir, "same.mov"), []byte("content"))
	write(t, filepath.Join(dir, "other.mov"), []byte("CONTENT"))
	p, open := photo("same.mov", "content")
	calls := 0
	receipt, err := c.Out.Deliver(t.Context(), p, open, func() error { calls++; return nil })
	if err != nil || receipt.Size != 7 || calls != 0 {
		t.Errorf("same content: %+v, %v, %d times published; want a receipt and nothing done", receipt, err, calls)
	}
	p.Name = "other.mov"
	if _, err := c.Out.Deliver(t.Context(), p, open, nothing); !errors.Is(err, connectors.ErrRejected) {
		t.Errorf("other content of that size: %v, want a refusal", err)
	}
	wantContent(t, filepath.Join(dir, "other.mov"), "CONTENT")
}

func TestSomebodyFasterBetweenPublishAndRename(t *testing.T) {
	dir := t.TempDir()
	c := connect(t, options{Put: dir})
	p, open := photo("0001.jpg", "ours!")
	final := filepath.Join(dir, "0001.jpg")
	put := func(content string) func() error {
		return func() error { return os.WriteFile(final, []byte(content), 0o666) }
	}
	_, err := c.Out.Deliver(t.Context(), p, open, put("theirs"))
	if !errors.Is(err, connectors.ErrRejected) || !strings.Contains(err.Error(), "move it away and retry") {
		t.Errorf("got %v, want a refusal that says what to do", err)
	}
	wantContent(t, final, "theirs")
	remove(t, final)
	p.Published = true
	if found := ask(t, c, p); !found.Zero() {
		t.Errorf("theirs was moved away, ours never got there, and Find says %+v", found)
	}
	if _, err := c.Out.Deliver(t.Context(), p, open, put("ours!")); err != nil {
		t.Errorf("somebody put the very same there: %v", err)
	}
}

// Photo.Published rests on this: until the rename, the temporary file is there,
// whatever else fails.
func TestTheTemporaryFileOutlivesEveryFailureAfterPublish(t *testing.T) {
	dir := t.TempDir()
	c := connect(t, options{Put: dir})
	p, open := photo("sub/0001.jpg", "picture")
	part := filepath.Join(dir, "sub", atomicfile.PartName(id))
	errPulled := errors.New("the card was pulled out")
	broken := func() (io.ReadCloser, error) { return nil, errPulled }

	if _, err := c.Out.Deliver(t.Context(), p, broken, nothing); !errors.Is(err, errPulled) {
		t.Fatal(err)
	}
	if _, err := os.Lstat(part); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("before publish a failure left its temporary file: %v", err)
	}
	err := errors.New("the power went")
	if _, got := c.Out.Deliver(t.Context(), p, open, func() error { return err }); !errors.Is(got, err) {
		t.Fatal(got)
	}
	p.Published = true
	if _, err := c.Out.Deliver(t.Context(), p, broken, nothing); !errors.Is(err, errPulled) {
		t.Fatal(err)
	}
	if found := ask(t, c, p); !found.Zero() {
		t.Errorf("Find takes it for picked up: %+v", found)
	}
	if _, err := c.Out.Deliver(t.Context(), p, open, nothing); err != nil {
		t.Fatal(err)
	}
	wantContent(t, filepath.Join(dir, "sub", "0001.jpg"), "picture")
	if _, err := os.Lstat(part); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the temporary file is still there: %v", err)
	}
}

func TestWhatStandsInTheWayIsSaidAndStopsNoOtherPhoto(t *testing.T) {
	dir, outside := t.TempDir(), t.TempDir()
	c := connect(t, options{Put: dir})
	write(t, filepath.Join(dir, "file"), nil)
	for link, target := range map[string]string{"out": outside, "gone": "nowhere"} {
		if err := os.Symlink(target, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	good, open := photo("good.jpg", "picture")
	if _, err := c.Out.Deliver(t.Context(), good, open, nothing); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"out/0001.jpg": "out is a link that leads", "out/deep/0001.jpg": "out is a link that leads",
		"gone/0001.jpg": "gone is a link that leads", "file/0001.jpg": "file is a file where a folder is needed",
	} {
		p, open := photo(name, "picture")
		_, err := c.Out.Deliver(t.Context(), p, open, nothing)
		if !errors.Is(err, connectors.ErrRejected) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want a refusal with %q", name, err, want)
		}
		receipts, err := c.Out.Find(t.Context(), []connectors.Photo{p, good})
		if err != nil || !receipts[0].Zero() || receipts[1].Zero() {
			t.Errorf("%s: Find gave %+v, %v; want no and yes", name, receipts, err)
		}
	}
	if list, err := os.ReadDir(outside); err != nil || len(list) != 0 {
		t.Errorf("outside there is %v, %v", list, err)
	}
}

func TestALinkUnderTheFinalNameIsSomebodyElses(t *testing.T) {
	dir := t.TempDir()
	c := connect(t, options{Put: dir})
	target := filepath.Join(t.TempDir(), "precious.jpg")
	write(t, target, []byte("precious"))
	if err := os.Symlink(target, filepath.Join(dir, "0001.jpg")); err != nil {
		t.Fatal(err)
	}
	p, open := photo("0001.jpg", "picture")
	if _, err := c.Out.Deliver(t.Context(), p, open, nothing); !errors.Is(err, connectors.ErrRejected) {
		t.Errorf("got %v, want a refusal", err)
	}
	wantContent(t, target, "precious")
}

func TestBenchesAreKeptApart(t *testing.T) {
	dir := t.TempDir()
	c := connect(t, options{Put: dir, Layout: "bench"}, "a", "b")
	for _, bench := range []string{"a", "b", ""} {
		p, open := photo("0001.jpg", "of bench "+bench)
		p.Bench = bench
		receipt, err := c.Out.Deliver(t.Context(), p, open, nothing)
		if err != nil {
			t.Fatal(err)
		}
		wantContent(t, filepath.Join(dir, bench, "0001.jpg"), "of bench "+bench)
		if want := strings.TrimPrefix(bench+"/0001.jpg", "/"); receipt.Name != want {
			t.Errorf("the receipt says %q, want %q", receipt.Name, want)
		}
	}
	p, open := photo("0001.jpg", "x")
	p.Bench = ".."
	if _, err := c.Out.Deliver(t.Context(), p, open, nothing); !errors.Is(err, connectors.ErrRejected) {
		t.Errorf("a bench named ..: %v", err)
	}
}

func TestExplainTellsAFolderThatMayNotBeWrittenFromAnyOtherError(t *testing.T) {
	dir, k := t.TempDir(), newKeeper()
	root, err := k.open(dir)
	if err != nil {
		t.Fatal(err)
	}
	refused := &fs.PathError{Op: "openat", Path: "sub/0001.jpg", Err: fs.ErrPermission}
	if err := k.explain(dir, root, "sub/0001.jpg", refused); errors.Is(err, connectors.ErrDenied) {
		t.Errorf("one folder inside refuses, and the whole account is said to: %v", err)
	}
	root.Close() // now the whole folder can be written no more
	if err := k.explain(dir, root, "sub/0001.jpg", refused); !errors.Is(err, connectors.ErrDenied) || !errors.Is(err, fs.ErrPermission) {
		t.Errorf("got %v, want denied", err)
	}
	if err := k.explain(dir, root, "0001.jpg", io.ErrUnexpectedEOF); err != io.ErrUnexpectedEOF {
		t.Errorf("got %v, want the error as it is", err)
	}
}
