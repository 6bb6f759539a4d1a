package sftp

import (
	"context"
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
	"github.com/studio-agent/studio-agent/connectors/layout"
	"github.com/studio-agent/studio-agent/connectors/sftp/sftpsim"
	"github.com/studio-agent/studio-agent/sync/atomicfile"
)

const secret = "pass word/with=signs"

// A world is a simulated server on a folder of its own, and an account on it.
type world struct {
	connectors.Connector
	t       testing.TB
	dir     string // what the server serves; /in and /out are there
	address string
	sim     *sftpsim.Sim
	faults  *faults.Plan
	options options
	setup   connectors.Setup
	pool    *pool
}

// newWorld serves with server, and lets an account be as change says.
func newWorld(t testing.TB, server sftpsim.Options, change ...func(*world)) *world {
	t.Helper()
	w := &world{t: t, dir: t.TempDir(), faults: faults.NewPlan(1)}
	for _, folder := range []string{"in", "out"} {
		if err := os.Mkdir(filepath.Join(w.dir, folder), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	server.Dir, server.Faults = w.dir, w.faults
	if server.Keys == nil {
		server.Password = secret
	}
	w.serve(server)
	w.options = options{
		Host: w.address, User: "studio", Password: "env:PASSWORD", Put: "/in", Get: "/out", Layout: "flat",
		Fingerprint: fingerprint(w.sim.HostKey()),
	}
	w.setup = connectors.Setup{
		Account: "acme", Dir: t.TempDir(), Memory: &connectors.ShortMemory{}, Log: slog.New(slog.DiscardHandler),
		Secret: func(string) (string, error) { return secret, nil },
	}
	for _, c := range change {
		c(w)
	}
	w.connect()
	return w
}

func (w *world) serve(server sftpsim.Options) {
	w.t.Helper()
	sim, err := sftpsim.New(server)
	if err != nil {
		w.t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		w.t.Fatal(err)
	}
	w.sim, w.address = sim, l.Addr().String()
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- sim.Serve(ctx, l) }()
	w.t.Cleanup(func() {
		cancel()
		if err := <-served; err != nil {
			w.t.Error(err)
		}
		sim.Close()
	})
}

// connect makes the account anew, as after a restart.
func (w *world) connect() {
	w.t.Helper()
	w.setup.Decode = func(into any) error { *into.(*options) = w.options; return nil }
	c, err := New(w.setup)
	if err != nil {
		w.t.Fatal(err)
	}
	w.Connector = c
}

// own makes the account as connect does, but lets its dialer be changed.
func (w *world) own(change func(*dialer)) {
	w.t.Helper()
	d, err := newDialer(w.options, w.setup)
	if err != nil {
		w.t.Fatal(err)
	}
	change(d)
	n := w.setup.Connections
	if n == 0 {
		n = defaultConnections
	}
	w.pool = newPool(n, d.dial, w.setup.Log)
	w.Connector = assemble(w.options, w.setup, layout.Layout{}, w.pool)
}

func (w *world) path(name string) string { return filepath.Join(w.dir, filepath.FromSlash(name)) }

func (w *world) write(name string, content []byte) {
	w.t.Helper()
	if err := os.MkdirAll(filepath.Dir(w.path(name)), 0o777); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(w.path(name), content, 0o666); err != nil {
		w.t.Fatal(err)
	}
}

// all lists the server's files, temporary ones as well.
func (w *world) all() (names []string) {
	w.t.Helper()
	err := filepath.WalkDir(w.dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			name, _ := filepath.Rel(w.dir, path)
			names = append(names, filepath.ToSlash(name))
		}
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return names
}

// rig is the account as the contract's tests want it.
func (w *world) rig(bench string) connectortest.Rig {
	in := "in/"
	if bench != "" {
		in += bench + "/"
	}
	return connectortest.Rig{
		Connector: w.Connector,
		Bench:     bench,
		Files: func() (list []connectortest.File) {
			for _, name := range w.all() {
				if strings.HasPrefix(name, "out/") || atomicfile.IsPart(filepath.Base(name)) {
					continue
				}
				content, err := os.ReadFile(w.path(name))
				if err != nil {
					w.t.Fatal(err)
				}
				list = append(list, connectortest.FileOf(strings.TrimPrefix(name, in), content))
			}
			return list
		},
		Put: func(name string, content []byte) { w.write(in+name, content) },
		Take: func(name string) {
			if err := os.Remove(w.path(in + name)); err != nil {
				w.t.Fatal(err)
			}
		},
		Return: func(name string, content []byte) { w.write("out/"+name, content) },
		Faults: w.faults,
		Ops: connectortest.Ops{
			Deliver: sftpsim.OpUpload, Publish: sftpsim.OpPublish, Find: sftpsim.OpStat,
			Pending: sftpsim.OpList, Fetch: sftpsim.OpFetch, Probe: sftpsim.OpStat,
		},
	}
}
