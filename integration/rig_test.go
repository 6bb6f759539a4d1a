//go:build integration && linux

package integration

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/connectortest"
	"github.com/studio-agent/studio-agent/sync/atomicfile"
)

// rig is a connector whose account on s puts into the folder in and gets from
// the folder out, and what a bystander does and sees on the server's own disk.
func rig(t *testing.T, s *Server, c connectors.Connector) connectortest.Rig {
	in, out := filepath.Join(s.Root, "in"), filepath.Join(s.Root, "out")
	return connectortest.Rig{
		Connector: c,
		Files:     func() []connectortest.File { return files(t, s.Root, in, out) },
		Put:       func(name string, content []byte) { leave(t, s, in, name, content) },
		Take:      func(name string) { must(t, os.Remove(filepath.Join(in, name))) },
		Return:    func(name string, content []byte) { leave(t, s, out, name, content) },
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// files lists what lies anywhere in root and looks complete, with names relative
// to in; what is in out is the vendor's.
func files(t *testing.T, root, in, out string) (list []connectortest.File) {
	t.Helper()
	must(t, filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if path == out {
			return fs.SkipDir
		}
		if errors.Is(err, fs.ErrNotExist) || err == nil && (d.IsDir() || atomicfile.IsPart(d.Name())) {
			return nil // what has gone since it was listed was renamed or removed
		}
		if err != nil {
			return err
		}
		content, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		name, err := filepath.Rel(in, path)
		list = append(list, connectortest.FileOf(filepath.ToSlash(name), content))
		return err
	}))
	return list
}

// leave writes a file in folder for the login to find, and to remove if it
// likes. It appears at once, in place of an earlier one.
func leave(t *testing.T, s *Server, folder, name string, content []byte) {
	t.Helper()
	path := filepath.Join(folder, name)
	must(t, os.MkdirAll(filepath.Dir(path), 0o755))
	for dir := filepath.Dir(path); dir != folder; dir = filepath.Dir(dir) {
		must(t, os.Chown(dir, uid, uid))
	}
	written := filepath.Join(s.Root, atomicfile.PartName("bystander"))
	must(t, os.WriteFile(written, content, 0o644))
	must(t, os.Chown(written, uid, uid))
	must(t, os.Rename(written, path))
}

func TestABystanderAndTheLoginSeeTheSame(t *testing.T) {
	onEach(t, unchanged, func(t *testing.T, s *Server) {
		r, l := rig(t, s, connectors.Connector{}), mustEnter(t, s, s.Addr)
		ours, theirs := picture(1000), picture(1001)
		must(t, l.put("in/0001.jpg", ours))
		must(t, l.put("in/"+atomicfile.PartName("0002"), ours))
		r.Put("monday/0003.jpg", theirs)
		r.Return("monday/0001.jpg", theirs)
		leave(t, s, s.Root, "escaped.jpg", ours)
		want := []connectortest.File{
			connectortest.FileOf("../escaped.jpg", ours),
			connectortest.FileOf("0001.jpg", ours),
			connectortest.FileOf("monday/0003.jpg", theirs),
		}
		got := r.Files()
		slices.SortFunc(got, func(a, b connectortest.File) int { return strings.Compare(a.Name, b.Name) })
		if !slices.Equal(got, want) {
			t.Errorf("the bystander sees %v, want %v", got, want)
		}
		for _, name := range []string{"in/monday/0003.jpg", "out/monday/0001.jpg"} {
			if content, err := l.get(name); err != nil || !bytes.Equal(content, theirs) {
				t.Errorf("the login reads %d bytes of %s, %v; want the %d left there", len(content), name, err, len(theirs))
			}
		}
		must(t, l.put("in/monday/0004.jpg", ours)) // a folder that a bystander has made is the login's too
		r.Take("0001.jpg")
		if _, err := l.get("in/0001.jpg"); err == nil {
			t.Error("the login reads a file that was taken away")
		}
	})
}
