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
	for _, dir := range []string{"in", "out", "put-1", "put-2", "out-1", "out-2"} {
		if err := os.Mkdir(filepath.Join(base, dir), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	in, out := filepath.Join(base, "in"), filepath.Join(base, "out")
	s := setup(options{Put: "in", Get: out, Layout: layout},
		connectors.MirroredFolder{Remote: "put-1"}, connectors.MirroredFolder{Remote: filepath.Join(base, "put-2")},
		connectors.MirroredFolder{Remote: "out-1", Get: true}, connectors.MirroredFolder{Remote: filepath.Join(base, "out-2"), Get: true})
	s.Dir = base
	r := connectortest.Rig{Connector: made(t, s)}
	r.Mirrors = connectortest.Mirrors{
		Put:   [2]string{s.Mirrors[0].Remote, s.Mirrors[1].Remote},
		Get:   [2]string{s.Mirrors[2].Remote, s.Mirrors[3].Remote},
		Files: func(remote string) []connectortest.File { dir := absolute(base, remote); return files(t, dir, dir) },
		Return: func(remote, name string, content []byte) {
			write(t, filepath.Join(absolute(base, remote), name), content)
		},
	}
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
	s := setup(o)
	for _, name := range benches {
		s.Benches = append(s.Benches, connectors.Bench{Name: name})
	}
	return made(t, s)
}

// setup is that of an account with options o.
func setup(o options, mirrors ...connectors.MirroredFolder) connectors.Setup {
	return connectors.Setup{
		Account: "nas", Memory: new(connectors.ShortMemory), Mirrors: mirrors,
		Decode: func(into any) error { *into.(*options) = o; return nil },
	}
}

func made(t *testing.T, s connectors.Setup) connectors.Connector {
	t.Helper()
	c, err := New(s)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func newKeeper() *keeper {
	return &keeper{account: "nas", memory: new(connectors.ShortMemory), storage: storageOf}
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
	get := connectors.MirroredFolder{Remote: "/nas/back", Get: true, Rejected: "/nas/refused"}
	put := connectors.MirroredFolder{Remote: "/nas/out"}
	for _, c := range []struct {
		name    string
		options options
		mirrors []connectors.MirroredFolder
		benches int
		want    string // part of the error; empty means none
	}{
		{"put alone", options{Put: "/in"}, nil, 1, ""},
		{"get alone", options{Get: "/out"}, nil, 1, ""},
		{"a mirror alone", options{}, []connectors.MirroredFolder{put}, 0, ""},
		{"a mirror each way", options{Put: "/in", Get: "/out"}, []connectors.MirroredFolder{get, put}, 1, ""},
		{"several benches, flat", options{Put: "/in", Layout: "flat"}, nil, 2, ""},
		{"several benches, by bench", options{Put: "/in", Get: "/out", Layout: "bench"}, nil, 3, ""},
		{"put beside get of a like name", options{Put: "/nas/in", Get: "/nas/i"}, nil, 1, ""},
		{"get below put", options{Put: "/nas", Get: "/nas/back"}, nil, 1, ""},
		{"neither", options{}, nil, 1, "put or get is needed"},
		{"several benches, no layout", options{Put: "/in"}, nil, 2, "say layout: bench"},
		{"unknown layout", options{Put: "/in", Layout: "daily"}, nil, 1, `"daily" is not known; say bench or flat`},
		{"put is get", options{Put: "/nas/", Get: "/nas"}, nil, 1, "come straight back"},
		{"put below get", options{Put: "/nas/in", Get: "/nas"}, nil, 1, "come straight back"},
		{"put below a mirror", options{Put: "/nas/back/in"}, []connectors.MirroredFolder{get}, 1, "come straight back"},
		{"put below what was refused", options{Put: "/nas/refused/in"}, []connectors.MirroredFolder{get}, 1, "come straight back"},
		{"a mirror below get", options{Get: "/nas"}, []connectors.MirroredFolder{put}, 1, "come straight back"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := setup(c.options, c.mirrors...)
			s.Benches = make([]connectors.Bench, c.benches)
			_, err := New(s)
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
