package ftp

import (
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/connectortest"
	"github.com/studio-agent/studio-agent/connectors/faults"
	"github.com/studio-agent/studio-agent/connectors/ftp/ftpsim"
	"github.com/studio-agent/studio-agent/sync/atomicfile"
)

func TestContract(t *testing.T) {
	for _, c := range []struct {
		name    string
		opt     ftpsim.Options
		options options
		profile string
	}{
		{"plain", ftpsim.Options{}, options{Layout: "flat"}, ""},
		{"explicit TLS, by bench", ftpsim.Options{TLS: ftpsim.Explicit, RequireReuse: true}, options{Layout: "bench"}, ""},
		{"implicit TLS", ftpsim.Options{TLS: ftpsim.Implicit, RequireReuse: true}, options{}, ""},
		{"explicit TLS that breaks with 1.3", ftpsim.Options{TLS: ftpsim.Explicit, TLS13Breaks: true}, options{}, ""},
		{"no MLSD, like vsftpd", ftpsim.Options{NoMLSD: true}, options{}, ""},
		{"neither MLSD nor MDTM", ftpsim.Options{NoMLSD: true, NoMDTM: true}, options{}, ""},
		{"no SIZE either", ftpsim.Options{NoMLSD: true, NoMDTM: true, NoSize: true}, options{}, ""},
		{"no RNFR", ftpsim.Options{NoRename: true}, options{}, `{"no_rename":true}`},
		{"one client", ftpsim.Options{MaxClients: 1}, options{}, ""},
		{"one login", ftpsim.Options{LoginLimit: 1, TLS: ftpsim.Explicit}, options{}, ""},
		{"no replacing, no dots", ftpsim.Options{NoReplace: true, NoDots: true}, options{}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			connectortest.Run(t, func(t *testing.T) connectortest.Rig { return rig(t, c.opt, c.options, c.profile) })
		})
	}
}

// rig is an account on two folders of a server side by side; what appears beside
// them has escaped.
func rig(t *testing.T, opt ftpsim.Options, o options, known string) connectortest.Rig {
	opt.Faults = faults.NewPlan(1)
	remote := serve(t, opt)
	o.Put, o.Get = "/in", "/out"
	memory := new(connectors.ShortMemory)
	memory.Keep(profileKey, known)
	direct := strings.Contains(known, "no_rename")
	in, out := filepath.Join(remote.dir, "in"), filepath.Join(remote.dir, "out")
	r := connectortest.Rig{
		Connector: remote.connect(t, o, connectors.Setup{Memory: memory}),
		Healthy:   opt.RequireReuse,
		Faults:    opt.Faults,
		Ops: connectortest.Ops{
			Deliver: ftpsim.OpStore, Publish: ftpsim.OpRename, Find: ftpsim.OpStat,
			Pending: ftpsim.OpList, Fetch: ftpsim.OpRetr, Probe: ftpsim.OpLogin,
		},
	}
	if direct {
		r.Ops.Publish = ftpsim.OpStore
	}
	if opt.NoSize {
		r.Ops.Find = ftpsim.OpList
	}
	if o.Layout == "bench" {
		r.Bench, in = "packshot-1", filepath.Join(in, "packshot-1")
	}
	r.Files = func() []connectortest.File { return files(t, remote.dir, in, direct) }
	r.Put = func(name string, content []byte) {
		write(t, filepath.Join(in, name), content)
		if direct {
			write(t, filepath.Join(in, name+marker), nil)
		}
	}
	r.Take = func(name string) {
		remove(t, filepath.Join(in, name))
		if direct {
			remove(t, filepath.Join(in, name+marker))
		}
	}
	r.Return = func(name string, content []byte) { write(t, filepath.Join(out, name), content) }
	return r
}

// files lists what lies in base, with names relative to in; what came back from
// the vendor, temporary files and, where they count, files without a marker
// apart.
func files(t *testing.T, base, in string, direct bool) (list []connectortest.File) {
	t.Helper()
	err := filepath.WalkDir(base, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || atomicfile.IsPart("."+strings.TrimPrefix(d.Name(), ".")) || strings.HasPrefix(path, filepath.Join(base, "out")) {
			return err
		}
		if direct {
			if _, err := os.Stat(path + marker); err != nil {
				return nil
			}
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

type simOptions = ftpsim.Options

// A remote is a running simulator.
type remote struct {
	*ftpsim.Sim
	dir, addr string
	opt       ftpsim.Options
}

const user, password = "studio", "open sesame"

// serve starts a server on a folder with the folders in and out.
func serve(t testing.TB, opt ftpsim.Options) *remote {
	t.Helper()
	if opt.Dir == "" {
		opt.Dir = t.TempDir()
	}
	for _, dir := range []string{"in", "out"} {
		if err := os.MkdirAll(filepath.Join(opt.Dir, dir), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	if opt.TLS == "" {
		opt.TLS = ftpsim.Plain
	}
	opt.User, opt.Password = user, password
	sim, err := ftpsim.New(opt)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- sim.Serve(l) }()
	t.Cleanup(func() {
		if err := sim.Close(); err != nil {
			t.Error(err)
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return &remote{sim, opt.Dir, l.Addr().String(), opt}
}

// setup fills in what the test leaves open.
func (r *remote) setup(t testing.TB, o options, s connectors.Setup) connectors.Setup {
	t.Helper()
	s.Dir = t.TempDir()
	if o.Host == "" {
		o.Host = r.addr
	}
	if o.TLS == "" {
		o.TLS = string(r.opt.TLS)
	}
	if o.TLS != tlsPlain && o.CA == "" {
		o.CA = "ca.pem"
		write(t, filepath.Join(s.Dir, o.CA), r.CA())
	}
	o.User, o.Password = user, "the reference"
	s.Account = "vendor"
	s.Decode = func(into any) error { *into.(*options) = o; return nil }
	if s.Secret == nil {
		s.Secret = func(string) (string, error) { return password, nil }
	}
	if s.Memory == nil {
		s.Memory = new(connectors.ShortMemory)
	}
	if s.Log == nil {
		s.Log = slog.New(slog.DiscardHandler)
	}
	return s
}

func (r *remote) connect(t testing.TB, o options, s connectors.Setup) connectors.Connector {
	t.Helper()
	c, err := New(r.setup(t, o, s))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func write(t testing.TB, path string, content []byte) {
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
