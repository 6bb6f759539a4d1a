package folder

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
)

func TestPendingListsFilesThatAreForUs(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{
		"0001.tif", "a/0002.tif", "unknown/0003.tif", "deep/er/0004.tif",
		".hidden.tif", ".cache/0005.tif", "@eaDir/0006.tif", "0007.tif.part", "0008.TMP", "~$0009.psd", "0010.tif~",
		"#recycle/0013.tif", "lost+found/0014.tif", "System Volume Information/0015.tif", "$RECYCLE.BIN/0016.tif",
		"Thumbs.db", "0011.tif.filepart", "0012.zip.crdownload",
	} {
		write(t, filepath.Join(dir, name), []byte("x"))
	}
	for link, target := range map[string]string{"link.tif": "0001.tif", "linked": "deep"} {
		if err := os.Symlink(target, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	for layout, want := range map[string][]string{
		"flat":  {":0001.tif", ":a/0002.tif", ":deep/er/0004.tif", ":unknown/0003.tif"},
		"bench": {":0001.tif", ":deep/er/0004.tif", ":unknown/0003.tif", "a:0002.tif"},
	} {
		c := connect(t, options{Get: dir, Layout: layout}, "a", "b")
		list, err := c.In.Pending(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, rt := range list {
			got = append(got, rt.Bench+":"+rt.Name)
			if rt.Final {
				t.Errorf("%s is promised to be complete; nobody can", rt.Name)
			}
			if err := c.In.Fetch(t.Context(), rt, new(bytes.Buffer)); err != nil {
				t.Error(err)
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s: Pending lists %q, want %q", layout, got, want)
		}
	}
}

func TestARewriteOfTheSameSizeIsANewRetouch(t *testing.T) {
	dir := t.TempDir()
	c := connect(t, options{Get: dir})
	file := filepath.Join(dir, "0001.tif")
	one := func(mtime time.Time) connectors.Retouch {
		write(t, file, []byte("retouched"))
		if err := os.Chtimes(file, mtime, mtime); err != nil {
			t.Fatal(err)
		}
		list, err := c.In.Pending(t.Context())
		if err != nil || len(list) != 1 {
			t.Fatalf("Pending gave %v, %v", list, err)
		}
		return list[0]
	}
	first := one(shot)
	second := one(shot.Add(time.Second))
	if first.ID == second.ID {
		t.Errorf("both have the id %q", first.ID)
	}
	err := c.In.Fetch(t.Context(), first, new(bytes.Buffer))
	if err == nil || !strings.Contains(err.Error(), "has changed since it was listed") {
		t.Errorf("got %v, want that the file has changed", err)
	}
}

// grows makes the file longer while it is being fetched.
type grows struct {
	bytes.Buffer
	file string
}

func (g *grows) Write(p []byte) (int, error) {
	if err := os.WriteFile(g.file, append([]byte("more"), p...), 0o666); err != nil {
		return 0, err
	}
	return g.Buffer.Write(p)
}

func TestAFileThatGrowsWhileItIsFetchedIsAnError(t *testing.T) {
	dir := t.TempDir()
	c := connect(t, options{Get: dir})
	file := filepath.Join(dir, "0001.tif")
	write(t, file, []byte("half"))
	list, err := c.In.Pending(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := c.In.Fetch(t.Context(), list[0], &grows{file: file}); err == nil {
		t.Error("Fetch went through")
	}
}

func TestNoIdLeadsOutOfTheFolder(t *testing.T) {
	dir := t.TempDir()
	c := connect(t, options{Get: filepath.Join(dir, "get")})
	write(t, filepath.Join(dir, "get", "0001.tif"), []byte("x"))
	write(t, filepath.Join(dir, "secret"), []byte("x"))
	info, err := os.Stat(filepath.Join(dir, "secret"))
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{identity(info) + "-../secret", identity(info) + "-" + filepath.Join(dir, "secret"), "", "1-2"} {
		var got bytes.Buffer
		if err := c.In.Fetch(t.Context(), connectors.Retouch{ID: id, Name: "0001.tif"}, &got); err == nil || got.Len() != 0 {
			t.Errorf("id %q fetched %d bytes, %v", id, got.Len(), err)
		}
	}
}

func TestProbeLooksAtBothFoldersAndLeavesNothing(t *testing.T) {
	put, get := t.TempDir(), t.TempDir()
	c := connect(t, options{Put: put, Get: get})
	if err := c.Probe(t.Context()); err != nil {
		t.Fatal(err)
	}
	if list, err := os.ReadDir(put); err != nil || len(list) != 0 {
		t.Errorf("the probe left %v, %v", list, err)
	}
	remove(t, get)
	if err := c.Probe(t.Context()); err == nil || !strings.Contains(err.Error(), get+" is missing") {
		t.Errorf("without get: %v", err)
	}
	write(t, get, []byte("a file"))
	if err := c.Probe(t.Context()); err == nil {
		t.Error("a file passes for a folder")
	}
}

func TestAFolderThatMayNotBeUsedIsDenied(t *testing.T) {
	dir := t.TempDir()
	refuse := func(*os.Root) error { return &fs.PathError{Op: "openat", Path: "x", Err: fs.ErrPermission} }
	if err := newKeeper().use(dir, "write to", refuse); !errors.Is(err, connectors.ErrDenied) || !strings.Contains(err.Error(), dir) {
		t.Errorf("got %v, want denied, with the folder's name", err)
	}
	full := errors.New("no space left on device")
	err := newKeeper().use(dir, "write to", func(*os.Root) error { return full })
	if !errors.Is(err, full) || errors.Is(err, connectors.ErrDenied) {
		t.Errorf("got %v, want a full disk, which passes", err)
	}
}
