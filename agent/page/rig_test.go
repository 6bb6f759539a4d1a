package page

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/studio-agent/studio-agent/agent/config"
	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

// A rig is a server over a ledger of its own; nothing runs behind it.
type rig struct {
	t      *testing.T
	server *Server
	ledger *ledger.Ledger
	folder string   // captures of bench packshot-1
	asked  []string // what people asked for: verb and arguments
	config atomic.Pointer[config.Config]
}

func newRig(t *testing.T) *rig {
	t.Helper()
	return newRigOf(t, `
name: studio-3
accounts:
  nas: {type: folder, put: %[1]s/nas/in, get: %[1]s/nas/out}
benches:
  - name: packshot-1
    captures: {folder: %[1]s/captures, to: [nas]}
    imports: {folder: %[1]s/retouched, from: [nas], import: ask}
`)
}

// newRigOf is newRig with an agent.yaml, in which %[1]s is a folder of its own.
func newRigOf(t *testing.T, yaml string) *rig {
	t.Helper()
	r := &rig{t: t}
	dir := t.TempDir()
	r.folder = filepath.Join(dir, "captures")
	if err := os.MkdirAll(r.folder, 0o755); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "agent.yaml")
	if err := os.WriteFile(file, fmt.Appendf(nil, yaml, filepath.ToSlash(dir)), 0o644); err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Load(file, "folder", "grandshooting", "sftp")
	if err != nil {
		t.Fatal(err)
	}
	r.config.Store(cfg)
	r.ledger, err = ledger.Open(t.Context(), ledger.Options{Path: cfg.Ledger, Name: cfg.Name, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.ledger.Close() })
	r.server = &Server{
		Ledger: r.ledger, Version: "test", Log: slog.New(slog.DiscardHandler),
		Config:    r.config.Load,
		Connector: func(string) connectors.Connector { return connectors.Connector{} },
		Wake:      func(string) {},
		Ask: func(_ context.Context, verb string, args map[string]string) (string, error) {
			r.asked = append(r.asked, fmt.Sprint(verb, args))
			return "done", nil
		},
		Preview: func(context.Context, ledger.Job, int) ([]byte, error) { return nil, os.ErrNotExist },
		Examine: func(context.Context, string, func(connectors.Finding)) error { return nil },
	}
	return r
}
