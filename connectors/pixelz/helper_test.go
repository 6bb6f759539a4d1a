package pixelz

import (
	"bytes"
	"context"
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
	"github.com/studio-agent/studio-agent/connectors/pixelz/pixelzsim"
)

const (
	email  = "studio+1@example.com"
	secret = `k3y/with+all&"signs"=`
)

// A world is a simulated Pixelz and an account there.
type world struct {
	*account
	t      *testing.T
	sim    *pixelzsim.Sim
	faults *faults.Plan
	http   *http.Client
	log    *safeBuffer
	memory *connectors.ShortMemory
	yaml   string
	rate   float64
}

// How a world differs from the plain one.
type how struct {
	pixelzsim.Options
	yaml string // more keys of the account
	rate float64
}

// quick is no rate limit, for tests that are not about it.
const quick = 10_000

func newWorld(t *testing.T, h how) *world {
	t.Helper()
	listener, client := pixelzsim.Pipe()
	w := &world{
		t: t, faults: faults.NewPlan(1), http: client, log: &safeBuffer{}, memory: &connectors.ShortMemory{}, rate: h.rate,
		yaml: "url: http://127.0.0.1" + pixelzsim.Base + "\nemail: env:EMAIL\nkey: env:KEY\n" + h.yaml,
	}
	if !strings.Contains(h.yaml, "template:") {
		w.yaml += "\ntemplate: Green BG"
	}
	if w.rate == 0 {
		w.rate = quick
	}
	h.Email, h.Key, h.Faults = email, secret, w.faults
	if h.HTTP == nil {
		h.HTTP = client
	}
	w.sim = pixelzsim.New(h.Options)
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
			t.Error("the log holds the key")
		}
	})
	w.account = w.newAccount()
	return w
}

func (w *world) newAccount() *account {
	w.t.Helper()
	a, err := newAccount(w.setup())
	if err != nil {
		w.t.Fatal(err)
	}
	return a
}

func (w *world) setup() connectors.Setup {
	s := setupOf(w.yaml)
	s.Memory, s.Rate, s.HTTP = w.memory, w.rate, w.http
	s.Log = slog.New(slog.NewTextHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	return s
}

func setupOf(text string) connectors.Setup {
	return connectors.Setup{
		Account: "pixelz",
		Decode: func(into any) error {
			d := yaml.NewDecoder(strings.NewReader(text))
			d.KnownFields(true)
			return d.Decode(into)
		},
		Secret: func(ref string) (string, error) {
			switch ref {
			case "env:EMAIL":
				return email, nil
			case "env:MISSING":
				return "", fmt.Errorf("MISSING is not set")
			case "env:HOOK":
				return "hook+" + secret, nil
			}
			return secret, nil
		},
		Memory: &connectors.ShortMemory{},
		Log:    slog.New(slog.DiscardHandler),
		Shared: &sync.Map{},
	}
}

// photo is content under name, of generation 1.
func photo(name string, content []byte) connectors.Photo {
	sum := sha256.Sum256(append([]byte(name), content...))
	return connectors.Photo{
		ID: hex.EncodeToString(sum[:10]), Bench: "packshot", Role: connectors.Select, Name: name, Generation: 1, Size: int64(len(content)),
	}
}

func opener(content []byte) func() (io.ReadCloser, error) {
	return func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil }
}

func published() error { return nil }

func (w *world) deliver(ctx context.Context, p connectors.Photo, content []byte) (connectors.Receipt, error) {
	return w.Deliver(ctx, p, opener(content), published)
}

// ordered is an order that is not the point of the test.
func (w *world) ordered(name string) connectors.Receipt {
	w.t.Helper()
	content := []byte("content of " + name)
	receipt, err := w.deliver(w.t.Context(), photo(name, content), content)
	if err != nil {
		w.t.Fatalf("Deliver %s: %v", name, err)
	}
	return receipt
}

func (w *world) pending() []connectors.Retouch {
	w.t.Helper()
	list, err := w.Pending(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	return list
}

// one is the only retouch that is listed.
func (w *world) one() connectors.Retouch {
	w.t.Helper()
	list := w.pending()
	if len(list) != 1 {
		w.t.Fatalf("listed are %+v, want one", list)
	}
	return list[0]
}

func (w *world) fetch(rt connectors.Retouch) (string, error) {
	var got bytes.Buffer
	err := w.Fetch(w.t.Context(), rt, &got)
	return got.String(), err
}

// must is for what is not the point of the test.
func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
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

// scripted answers requests by their path, the longest that fits, with 200 and a
// text; the number in front of a text is another status.
type scripted map[string]string

func (s scripted) RoundTrip(r *http.Request) (*http.Response, error) {
	best := ""
	for path := range s {
		if strings.Contains(r.URL.Path, path) && len(path) > len(best) {
			best = path
		}
	}
	if r.Body != nil {
		io.Copy(io.Discard, r.Body)
	}
	status, text := 200, s[best]
	if n, rest, found := strings.Cut(text, "|"); found {
		fmt.Sscan(n, &status)
		text = rest
	}
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(text)), Request: r}, nil
}

// answering is an account at a Pixelz that answers so.
func answering(t *testing.T, s scripted) *account {
	t.Helper()
	if s["/Templates"] == "" {
		s["/Templates"] = `[{"TemplateId":101,"TemplateName":"Green BG"}]`
	}
	if s["/RequestPresignUrls"] == "" {
		s["/RequestPresignUrls"] = `[{"UploadUrl":"https://s3.example/in/a?sig=1","DownloadUrl":"https://s3.example/in/a?sig=2"}]`
	}
	setup := setupOf("url: https://api.pixelz.com/REST.svc/JSON\nemail: env:EMAIL\nkey: env:KEY\ntemplate: 101")
	setup.Rate, setup.HTTP = quick, &http.Client{Transport: s}
	a, err := newAccount(setup)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// at is a platform that shows every photo at that address.
func at(address string) func(context.Context) (string, error) {
	return func(context.Context) (string, error) { return address, nil }
}
