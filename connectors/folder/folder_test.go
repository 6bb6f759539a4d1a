package folder

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/connectortest"
	"github.com/studio-agent/studio-agent/sync/atomicfile"
)

func TestContract(t *testing.T) {
	for _, layout := range []string{"flat", "bench"} {
		t.Run(layout, func(t *testing.T) {
			connectortest.Run(t, func(t *testing.T) connectortest.Rig { return rig(t, layout) })
		})
	}
}

// rig is an account on two folders side by side; what appears beside them has
// escaped.
func rig(t *testing.T, layout string) connectortest.Rig {
	base := t.TempDir()
	in, out := filepath.Join(base, "in"), filepath.Join(base, "out")
	for _, dir := range []string{in, out} {
		if err := os.Mkdir(dir, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	r := connectortest.Rig{Connector: connect(t, options{Put: in, Get: out, Layout: layout})}
	if layout == "bench" {
		r.Bench, in = "packshot-1", filepath.Join(in, "packshot-1")
	}
	r.Files = func() []connectortest.File { return files(t, base, in) }
	r.Put = func(name string, content []byte) { write(t, filepath.Join(in, name), content) }
	r.Take = func(name string) { remove(t, filepath.Join(in, name)) }
	r.Return = func(name string, content []byte) { write(t, filepath.Join(out, name), content) }
	return r
}

func connect(t *testing.T, o options, benches ...string) connectors.Connector {
	t.Helper()
	setup := connectors.Setup{Decode: func(into any) error { *into.(*options) = o; return nil }}
	for _, name := range benches {
		setup.Benches = append(setup.Benches, connectors.Bench{Name: name})
	}
	c, err := New(setup)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// files lists what lies in base, with names relative to in; what came back from
// the vendor and temporary files apart.
func files(t *testing.T, base, in string) (list []connectortest.File) {
	t.Helper()
	err := filepath.WalkDir(base, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || atomicfile.IsPart(d.Name()) || strings.HasPrefix(path, filepath.Join(base, "out")) {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(in, path)
		list = append(list, connectortest.FileOf(filepath.ToSlash(name), content))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func write(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o666); err != nil {
		t.Fatal(err)
	}
}

func remove(t *testing.T, path string) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
}

func TestNewChecksItsOptions(t *testing.T) {
	for _, c := range []struct {
		name    string
		options options
		benches int
		want    string // part of the error; empty means none
	}{
		{"put alone", options{Put: "/in"}, 1, ""},
		{"get alone", options{Get: "/out"}, 1, ""},
		{"several benches, flat", options{Put: "/in", Layout: "flat"}, 2, ""},
		{"several benches, by bench", options{Put: "/in", Get: "/out", Layout: "bench"}, 3, ""},
		{"put beside get of a like name", options{Put: "/nas/in", Get: "/nas/i"}, 1, ""},
		{"get below put", options{Put: "/nas", Get: "/nas/back"}, 1, ""},
		{"neither", options{}, 1, "put or get is needed"},
		{"several benches, no layout", options{Put: "/in"}, 2, "say layout: bench"},
		{"unknown layout", options{Put: "/in", Layout: "daily"}, 1, `"daily" is not known; say bench or flat`},
		{"put is get", options{Put: "/nas/", Get: "/nas"}, 1, "come straight back"},
		{"put below get", options{Put: "/nas/in", Get: "/nas"}, 1, "come straight back"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := c.options.check(c.benches)
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestAnAccountHasOnlyTheEndsItIsGiven(t *testing.T) {
	if c := connect(t, options{Put: "/in"}); c.Out == nil || c.In != nil {
		t.Error("an account with put alone is not a destination alone")
	}
	if c := connect(t, options{Get: "/out"}); c.Out != nil || c.In == nil {
		t.Error("an account with get alone is not a source alone")
	}
}
