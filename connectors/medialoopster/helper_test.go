package medialoopster

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/faults"
	"github.com/studio-agent/studio-agent/connectors/medialoopster/medialoopstersim"
)

const (
	secret = `t0ken/with+all&"signs"=`
	// goodAccount is at no server; goodBench keeps its projects with it.
	goodAccount = "url: https://ml.example/api\ntoken: env:ML\npaths: {/Volumes/projects/: /srv/projects/}\n"
	goodBench   = "projects: {folder: /Volumes/projects/edit, account: ml, production: 1, link: {include: ['*.mov']}}"
	folder      = "/Volumes/projects/edit/"
	there       = "/srv/projects/edit/" // the same, as the server sees it
)

// quick is no rate limit, for tests that are not about it.
const quick = 10_000

// A world is a simulated medialoopster and an account there.
type world struct {
	*account
	t      *testing.T
	sim    *medialoopstersim.Sim
	faults *faults.Plan
	http   *http.Client
	log    *safeBuffer
	memory *connectors.ShortMemory
	yaml   string
	bench  string
}

// How a world differs from the plain one.
type how struct {
	medialoopstersim.Options
	yaml  string // more keys of the account
	bench string // instead of goodBench
}

func newWorld(t *testing.T, h how) *world {
	t.Helper()
	listener, client := medialoopstersim.Pipe()
	w := &world{t: t, faults: faults.NewPlan(1), http: client, log: &safeBuffer{}, memory: &connectors.ShortMemory{}, bench: h.bench}
	w.yaml = "url: http://127.0.0.1" + medialoopstersim.Base + "\n" + h.yaml
	if w.bench == "" {
		w.bench = goodBench
	}
	if !strings.Contains(h.yaml, "user:") {
		w.yaml += "\ntoken: env:ML"
		h.Token = secret
	}
	if !strings.Contains(h.yaml, "paths:") {
		w.yaml += "\npaths: {/Volumes/projects/: /srv/projects/}"
	}
	h.Faults = w.faults
	w.sim = medialoopstersim.New(h.Options)
	served := make(chan error, 1)
	go func() { served <- w.sim.Serve(listener) }()
	t.Cleanup(func() {
		client.CloseIdleConnections()
		w.sim.Close()
		listener.Close()
		if err := <-served; err != nil {
			t.Error(err)
		}
		if hidden(w.log.String()) {
			t.Error("the log holds a secret")
		}
	})
	w.account = w.newAccount(w.setup())
	return w
}

func (w *world) newAccount(s connectors.Setup) *account {
	w.t.Helper()
	a, err := newAccount(s)
	if err != nil {
		w.t.Fatal(err)
	}
	return a
}

func (w *world) setup() connectors.Setup {
	s := setupOf(w.yaml, w.bench)
	s.Memory, s.Rate, s.HTTP = w.memory, quick, w.http
	s.Log = slog.New(slog.NewTextHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	return s
}

func setupOf(account string, benches ...string) connectors.Setup {
	s := connectors.Setup{
		Account: "ml",
		Dir:     "/Volumes/projects/config",
		Decode: func(into any) error {
			d := yaml.NewDecoder(strings.NewReader(account))
			d.KnownFields(true)
			return d.Decode(into)
		},
		Secret: func(ref string) (string, error) {
			if ref == "env:MISSING" {
				return "", errors.New("MISSING is not set")
			}
			return secret, nil
		},
		Memory: &connectors.ShortMemory{},
		Log:    slog.New(slog.DiscardHandler),
		Shared: &sync.Map{},
	}
	for i, text := range benches {
		s.Benches = append(s.Benches, connectors.Bench{
			Name: fmt.Sprintf("edit-%d", i+1), Decode: func(into any) error { return yaml.Unmarshal([]byte(text), into) },
		})
	}
	return s
}

// medium is a file below the bench's folder.
func medium(name string) (connectors.Photo, []byte) {
	content := []byte("content of " + name)
	sum := sha256.Sum256(content)
	return connectors.Photo{
		ID: hex.EncodeToString(sum[:10]), Bench: "edit-1", Role: connectors.Capture, Name: name, Path: folder + name, Generation: 1, Size: int64(len(content)),
	}, content
}

func opener(content []byte) func() (io.ReadCloser, error) {
	return func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil }
}

func published() error { return nil }

func (w *world) deliver(ctx context.Context, name string) (connectors.Receipt, error) {
	p, content := medium(name)
	return w.Deliver(ctx, p, opener(content), published)
}

// imported is a medium whose import is not the point of the test.
func (w *world) imported(name string) connectors.Receipt {
	w.t.Helper()
	receipt, err := w.deliver(w.t.Context(), name)
	if err != nil || !receipt.Verified {
		w.t.Fatalf("Deliver %s: %+v, %v", name, receipt, err)
	}
	return receipt
}

func (w *world) find(name string) connectors.Receipt {
	w.t.Helper()
	p, _ := medium(name)
	receipts, err := w.Find(w.t.Context(), []connectors.Photo{p})
	if err != nil {
		w.t.Fatal(err)
	}
	return receipts[0]
}

// one is the only project there.
func (w *world) one() medialoopstersim.Project {
	w.t.Helper()
	all := w.sim.Projects()
	if len(all) != 1 {
		w.t.Fatalf("there are %+v, want one project", all)
	}
	return all[0]
}

// must is for what is not the point of the test.
func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func meaning(err error) string {
	var throttled *connectors.ThrottledError
	switch {
	case err == nil:
		return "success"
	case errors.Is(err, connectors.ErrDenied):
		return "denied"
	case errors.Is(err, connectors.ErrRejected):
		return "rejected"
	case errors.As(err, &throttled):
		return "throttled"
	}
	return "later"
}

// wantError says what err means and holds.
func wantError(t *testing.T, err error, means, says string) {
	t.Helper()
	if meaning(err) != means || err != nil && !strings.Contains(err.Error(), says) {
		t.Errorf("got %v (%s), want %s with %q", err, meaning(err), means, says)
	}
}

// safeBuffer is a log that several goroutines write to.
type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}
