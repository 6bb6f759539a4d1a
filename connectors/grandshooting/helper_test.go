package grandshooting

import (
	"bytes"
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
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
	"github.com/studio-agent/studio-agent/connectors/grandshooting/grandshootingsim"
)

const secret = "s3cr3t/token+with=signs"

// A world is a simulated platform with one production, and an account on it.
type world struct {
	*account
	t       *testing.T
	sim     *grandshootingsim.Sim
	faults  *faults.Plan
	http    *http.Client
	benches map[int]grandshootingsim.Bench // by step
	log     *safeBuffer
	shared  *sync.Map
	memory  *connectors.ShortMemory
}

// How a world differs from the plain one.
type how struct {
	grandshootingsim.Options
	rate  float64
	bench string // YAML of the bench's keys; "" means production: <its id>
}

// quick is no rate limit, for tests that are not about it.
const quick = 10_000

func newWorld(t *testing.T, h how) *world {
	t.Helper()
	w := &world{t: t, faults: faults.NewPlan(1), log: &safeBuffer{}, shared: &sync.Map{}, memory: &connectors.ShortMemory{}, benches: map[int]grandshootingsim.Bench{}}
	h.Token, h.Faults = secret, w.faults
	if h.rate == 0 {
		h.rate, h.Rate = quick, -1
	}
	w.sim = grandshootingsim.New(h.Options)
	for _, b := range w.sim.AddProduction("Autumn 2026", 10, 20, 30, 40) {
		w.benches[b.Step] = b
	}
	listener, client := grandshootingsim.Pipe()
	w.http = client
	served := make(chan error, 1)
	go func() { served <- w.sim.Serve(listener) }()
	t.Cleanup(func() {
		client.CloseIdleConnections()
		w.sim.Close()
		listener.Close()
		if err := <-served; err != nil {
			t.Error(err)
		}
		if strings.Contains(w.log.String(), secret) {
			t.Error("the log holds the token")
		}
	})
	if h.bench == "" {
		h.bench = fmt.Sprintf("production: %d", w.benches[10].ID)
	}
	w.account = w.newAccount(h.rate, h.bench)
	return w
}

// newAccount makes an account with the world's token and one bench, "packshot".
func (w *world) newAccount(rate float64, bench string) *account {
	w.t.Helper()
	a, err := newAccount(w.setup(rate, bench))
	if err != nil {
		w.t.Fatal(err)
	}
	return a
}

func (w *world) setup(rate float64, bench string) connectors.Setup {
	return connectors.Setup{
		Account: "gs",
		Decode:  strictYAML("url: http://127.0.0.1/v2\ntoken: env:GS_TOKEN"),
		Benches: []connectors.Bench{{Name: "packshot", Imports: strings.Contains(bench, "import_step"), Decode: looseYAML(bench)}},
		Memory:  w.memory,
		Secret:  func(ref string) (string, error) { return secret, nil },
		Rate:    rate,
		HTTP:    w.http,
		Log:     slog.New(slog.NewTextHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Shared:  w.shared,
	}
}

func strictYAML(text string) func(any) error {
	return func(into any) error {
		d := yaml.NewDecoder(strings.NewReader(text))
		d.KnownFields(true)
		return d.Decode(into)
	}
}

func looseYAML(text string) func(any) error {
	return func(into any) error { return yaml.Unmarshal([]byte(text), into) }
}

// photo is content under name, with its digests, of generation 1.
func photo(name string, content []byte) connectors.Photo {
	s256, s1 := sha256.Sum256(content), sha1.Sum(content)
	return connectors.Photo{
		ID: hex.EncodeToString(s256[:10]), Bench: "packshot", Role: connectors.Capture, Name: name, Generation: 1,
		Size:    int64(len(content)),
		Digests: connectors.Digests{SHA256: hex.EncodeToString(s256[:]), SHA1: hex.EncodeToString(s1[:])},
	}
}

func opener(content []byte) func() (io.ReadCloser, error) {
	return func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil }
}

func zeroFile(size int64) func() (io.ReadCloser, error) {
	return func() (io.ReadCloser, error) { return io.NopCloser(io.LimitReader(zeros{}, size)), nil }
}

func published() error { return nil }

func (w *world) deliver(ctx context.Context, p connectors.Photo, content []byte) (connectors.Receipt, error) {
	return w.Deliver(ctx, p, opener(content), published)
}

// mustDeliver is for deliveries that are not the point of the test.
func (w *world) mustDeliver(name string, content []byte) connectors.Photo {
	w.t.Helper()
	p := photo(name, content)
	if _, err := w.deliver(w.t.Context(), p, content); err != nil {
		w.t.Fatalf("Deliver %s: %v", name, err)
	}
	return p
}

func (w *world) find(p connectors.Photo) connectors.Receipt {
	w.t.Helper()
	receipts, err := w.Find(w.t.Context(), []connectors.Photo{p})
	if err != nil {
		w.t.Fatalf("Find %s: %v", p.Name, err)
	}
	return receipts[0]
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

// always answers each request alike.
type always struct {
	body, total string
	asked       int
}

func replies(body, total string) *http.Client {
	return &http.Client{Transport: &always{body: body, total: total}}
}

func (a *always) RoundTrip(*http.Request) (*http.Response, error) {
	a.asked++
	return &http.Response{
		StatusCode: 200,
		Header:     http.Header{"X-Total-Count": {a.total}},
		Body:       io.NopCloser(strings.NewReader(a.body)),
	}, nil
}
