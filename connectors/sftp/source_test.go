package sftp

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/sftp/sftpsim"
)

// A fake is a directory entry that a hostile server makes up.
type fake struct {
	name string
	size int64
	mode fs.FileMode
}

func (f fake) Name() string       { return f.name }
func (f fake) Size() int64        { return f.size }
func (f fake) Mode() fs.FileMode  { return f.mode }
func (f fake) ModTime() time.Time { return time.Unix(1_700_000_000, 0) }
func (f fake) IsDir() bool        { return f.mode.IsDir() }
func (f fake) Sys() any           { return nil }

func (w *world) pending() map[string]connectors.Retouch {
	w.t.Helper()
	list, err := w.In.Pending(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	byName := map[string]connectors.Retouch{}
	for _, rt := range list {
		byName[rt.Name] = rt
	}
	if len(byName) != len(list) {
		w.t.Errorf("two retouches have one name: %+v", list)
	}
	return byName
}

func wantNames(t *testing.T, list map[string]connectors.Retouch, want ...string) {
	t.Helper()
	wanted := map[string]bool{}
	for _, name := range want {
		wanted[name] = true
	}
	for name := range maps.Keys(list) {
		if !wanted[name] {
			t.Errorf("%q is listed", name)
		}
		delete(wanted, name)
	}
	for name := range wanted {
		t.Errorf("%q is not listed", name)
	}
}

func TestPendingSkipsWhatIsNotFinished(t *testing.T) {
	w := newWorld(t, sftpsim.Options{})
	for _, name := range []string{"0001.jpg", "monday/deep/0002.tif", ".hidden.jpg", "0003.jpg.part", "tmp/.cache/x.jpg", "Thumbs.db", "0004.jpg.filepart"} {
		w.write("out/"+name, []byte("picture"))
	}
	if err := os.Symlink(w.path("out/0001.jpg"), w.path("out/link.jpg")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(w.path("out/monday"), w.path("out/tuesday")); err != nil {
		t.Fatal(err)
	}
	list := w.pending()
	wantNames(t, list, "0001.jpg", "monday/deep/0002.tif")
	if rt := list["0001.jpg"]; rt.Final || rt.Remote != "" || rt.Rejected || rt.Size != 7 || !strings.HasSuffix(rt.ID, "-/out/0001.jpg") {
		t.Errorf("got %+v", rt)
	}
}

func TestPendingTellsTheBench(t *testing.T) {
	w := newWorld(t, sftpsim.Options{}, func(w *world) {
		w.options.Layout, w.setup.Benches = "bench", []connectors.Bench{{Name: "b1"}, {Name: "b2"}}
	})
	w.write("out/b1/x/0001.jpg", []byte("one"))
	w.write("out/other/0002.jpg", []byte("two"))
	list := w.pending()
	if list["x/0001.jpg"].Bench != "b1" || list["other/0002.jpg"].Bench != "" {
		t.Errorf("got %+v", list)
	}
	var got bytes.Buffer
	if err := w.In.Fetch(t.Context(), list["x/0001.jpg"], &got); err != nil || got.String() != "one" {
		t.Errorf("fetched %q, %v", got.String(), err)
	}
}

func TestMissingGetFolderIsAnError(t *testing.T) {
	w := newWorld(t, sftpsim.Options{}, func(w *world) { w.options.Get = "/gone" })
	if list, err := w.In.Pending(t.Context()); err == nil || !strings.Contains(err.Error(), "/gone") {
		t.Errorf("got %v, %v", list, err)
	}
	if err := w.Probe(t.Context()); err == nil || !strings.Contains(err.Error(), "/gone") {
		t.Errorf("Probe: %v", err)
	}
}

func TestHostileNamesAreToldAndLeadNowhere(t *testing.T) {
	const file, folder = fs.FileMode(0o666), fs.ModeDir | 0o777
	made := []fs.FileInfo{
		fake{"../..", 3, folder}, fake{"../../etc/passwd", 3, file}, fake{"/etc/shadow", 3, file}, fake{"cr\r\nDELE x.jpg", 3, file},
		fake{`C:\autoexec.bat`, 3, file}, fake{"not-utf8-\xff.jpg", 3, file}, fake{"CON.jpg", 3, file}, fake{"", 3, file},
	}
	w := newWorld(t, sftpsim.Options{List: func(folder string, there []fs.FileInfo) []fs.FileInfo {
		if folder == "out" {
			return append(there, made...)
		}
		return there
	}})
	w.write("secret.jpg", []byte("not for us"))
	w.write("out/0001.jpg", []byte("picture"))
	list := w.pending()
	// The library cuts paths down to their last part, which is not there.
	wantNames(t, list, "0001.jpg", "..", "passwd", "shadow", "cr\r\nDELE x.jpg", `C:\autoexec.bat`, "not-utf8-\xff.jpg", "CON.jpg", ".")
	for name, rt := range list {
		if name == "0001.jpg" {
			continue
		}
		var got bytes.Buffer
		if err := w.In.Fetch(t.Context(), rt, &got); err == nil || got.Len() > 0 {
			t.Errorf("%q gave %d bytes, %v", name, got.Len(), err)
		}
	}
	for _, id := range []string{"10-1700000000-/secret.jpg", "10-1700000000-/out/../secret.jpg", "10-1700000000-secret.jpg", "10-1700000000-/out/../../secret.jpg", "10-1700000000-", "nonsense"} {
		err := w.In.Fetch(t.Context(), connectors.Retouch{ID: id, Name: "x"}, io.Discard)
		if err == nil || id != "nonsense" && !errors.Is(err, connectors.ErrRejected) {
			t.Errorf("%s: got %v, want a refusal for good", id, err)
		}
	}
}

func TestLoopOfFoldersEnds(t *testing.T) {
	w := newWorld(t, sftpsim.Options{List: func(folder string, _ []fs.FileInfo) []fs.FileInfo {
		return []fs.FileInfo{fake{"again", 0, fs.ModeDir | 0o777}}
	}})
	deep := w.path("out" + strings.Repeat("/again", deepest+2))
	if err := os.MkdirAll(deep, 0o777); err != nil {
		t.Fatal(err)
	}
	if _, err := w.In.Pending(t.Context()); err == nil || !strings.Contains(err.Error(), "nested") {
		t.Errorf("got %v, want that folders are nested too deep", err)
	}
}

func TestListingThatLiesAboutSize(t *testing.T) {
	w := newWorld(t, sftpsim.Options{List: func(_ string, there []fs.FileInfo) []fs.FileInfo {
		for i, e := range there {
			there[i] = fake{e.Name(), 3, e.Mode()}
		}
		return there
	}})
	w.write("out/0001.jpg", make([]byte, 200_000))
	var got bytes.Buffer
	err := w.In.Fetch(t.Context(), w.pending()["0001.jpg"], &got)
	if err == nil || got.Len() > 3 {
		t.Errorf("fetched %d bytes, %v; want an error and no more than 3", got.Len(), err)
	}
}

// growing makes a file longer once it is being read.
type growing struct {
	bytes.Buffer
	w    *world
	done bool
}

func (g *growing) Write(p []byte) (int, error) {
	if !g.done {
		g.done = true
		g.w.write("out/0001.jpg", make([]byte, 400_000))
	}
	return g.Buffer.Write(p)
}

func TestFileThatGrowsWhileFetched(t *testing.T) {
	w := newWorld(t, sftpsim.Options{})
	w.write("out/0001.jpg", make([]byte, 300_000))
	if err := w.In.Fetch(t.Context(), w.pending()["0001.jpg"], &growing{w: w}); err == nil {
		t.Error("no error, want one")
	}
}

func TestMirrorsAndRejectedFolders(t *testing.T) {
	w := newWorld(t, sftpsim.Options{}, func(w *world) {
		w.options.Rejected = "/out/refused"
		w.setup.Mirrors = []connectors.MirroredFolder{
			{Remote: "/cf/Upload/", Get: true, Rejected: "/cf/Upload/Rejection", Ready: "log"},
			{Remote: "/marked", Get: true, Ready: "marker"},
		}
	})
	for _, name := range []string{"out/0001.jpg", "out/refused/0002.jpg", "cf/Upload/a/1.jpg", "cf/Upload/a/P_transfer_completed.log", "cf/Upload/b/2.jpg",
		"cf/Upload/Rejection/a/3.jpg", "cf/Upload/_CF-Invalid-Files/4.jpg", "marked/5.jpg", "marked/5.jpg.done", "marked/6.jpg"} {
		w.write(name, []byte("picture"))
	}
	list := w.pending()
	wantNames(t, list, "0001.jpg", "0002.jpg", "a/1.jpg", "b/2.jpg", "a/3.jpg", "_CF-Invalid-Files/4.jpg", "5.jpg", "6.jpg")
	for name, want := range map[string]connectors.Retouch{
		"0001.jpg":                {Stage: connectors.Ready},
		"0002.jpg":                {Stage: connectors.Failed, Rejected: true},
		"a/1.jpg":                 {Stage: connectors.Ready, Remote: "/cf/Upload/", Final: true},
		"b/2.jpg":                 {Stage: connectors.Working, Remote: "/cf/Upload/"},
		"a/3.jpg":                 {Stage: connectors.Ready, Remote: "/cf/Upload/", Rejected: true},
		"_CF-Invalid-Files/4.jpg": {Stage: connectors.Failed, Remote: "/cf/Upload/"},
		"5.jpg":                   {Stage: connectors.Ready, Remote: "/marked", Final: true},
		"6.jpg":                   {Stage: connectors.Working, Remote: "/marked"},
	} {
		got := list[name]
		if got.Stage != want.Stage || got.Remote != want.Remote || got.Final != want.Final || got.Rejected != want.Rejected {
			t.Errorf("%s: got %+v, want %+v", name, got, want)
		}
		if (got.Stage != connectors.Ready) != (got.Reason != "") {
			t.Errorf("%s: stage %d with the reason %q", name, got.Stage, got.Reason)
		}
		var content bytes.Buffer
		if err := w.In.Fetch(t.Context(), got, &content); err != nil || content.String() != "picture" {
			t.Errorf("%s: fetched %q, %v", name, content.String(), err)
		}
	}
}

func TestRejectedFoldersMayBeMissing(t *testing.T) {
	w := newWorld(t, sftpsim.Options{}, func(w *world) {
		w.options.Rejected = "/refused"
		w.setup.Mirrors = []connectors.MirroredFolder{{Remote: "/out", Get: true, Rejected: "/rejection"}}
		w.options.Get = ""
	})
	wantNames(t, w.pending())
	if err := w.Probe(t.Context()); err != nil {
		t.Error(err)
	}
}
