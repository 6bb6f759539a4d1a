package creativeforce

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/sha256"
	"encoding/base64"
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
	"github.com/studio-agent/studio-agent/connectors/creativeforce/creativeforcesim"
	"github.com/studio-agent/studio-agent/connectors/faults"
)

const (
	clientID     = "client-of-the-studio"
	clientSecret = "s3cr3t/of+the=client"
)

// hookSecret is as Creative Force shows it: Base64, folded.
var hookSecret = base64.StdEncoding.EncodeToString([]byte("the key of the webhook, which is longer than one line of RFC 2045 would be"))

// A world is a simulated platform, and an account on it.
type world struct {
	*account
	t      *testing.T
	sim    *creativeforcesim.Sim
	faults *faults.Plan
	http   *http.Client
	log    *safeBuffer
	shared *sync.Map
	memory *connectors.ShortMemory
	yaml   string
	rate   float64
	loose  map[string]string // tasks of names without a folder, see expect
}

// How a world differs from the plain one.
type how struct {
	creativeforcesim.Options
	yaml string // more of the account's keys
	rate float64
}

// quick is no rate limit, for tests that are not about it.
const quick = 10_000

func newWorld(t *testing.T, h how) *world {
	t.Helper()
	w := &world{t: t, faults: faults.NewPlan(1), log: &safeBuffer{}, shared: &sync.Map{}, memory: &connectors.ShortMemory{}, rate: h.rate, loose: map[string]string{}}
	h.ClientID, h.ClientSecret, h.WebhookSecret, h.Vendor, h.Faults = clientID, clientSecret, hookSecret, "vendor-1", w.faults
	if w.rate == 0 {
		w.rate, h.Rate = quick, -1
	}
	w.yaml = "submit_delay: 0s\n" + h.yaml
	w.sim = creativeforcesim.New(h.Options)
	listener, client := creativeforcesim.Pipe()
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
		if hidden(w.log.String()) {
			t.Errorf("the log holds a secret:\n%s", w.log.String())
		}
	})
	w.account = w.restart()
	return w
}

// restart is an account as after a restart of the agent.
func (w *world) restart() *account {
	w.t.Helper()
	a, err := newAccount(w.setup())
	if err != nil {
		w.t.Fatal(err)
	}
	return a
}

func (w *world) setup() connectors.Setup {
	s := setupOf(w.yaml, map[string]string{"retouch": ""})
	s.Memory, s.Rate, s.HTTP, s.Shared, s.Connections = w.memory, w.rate, w.http, w.shared, 6
	s.Log = slog.New(slog.NewTextHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	return s
}

const goodAccount = `url: http://127.0.0.1/v1
token_url: http://127.0.0.1/connect/token
client_id: env:CF_ID
client_secret: env:CF_SECRET
webhook_secret: env:CF_HOOK
vendor: vendor-1
`

// setupOf is an account with more keys, and benches with theirs.
func setupOf(more string, benches map[string]string) connectors.Setup {
	s := connectors.Setup{
		Account: "cf", Decode: strictYAML(goodAccount + more), Memory: &connectors.ShortMemory{}, Log: slog.New(slog.DiscardHandler),
		Secret: func(ref string) (string, error) {
			known := map[string]string{"env:CF_ID": clientID, "env:CF_SECRET": clientSecret, "env:CF_HOOK": hookSecret[:60] + "\r\n" + hookSecret[60:]}
			if known[ref] == "" {
				return "", fmt.Errorf("%s is not set", ref)
			}
			return known[ref], nil
		},
	}
	for name, keys := range benches {
		s.Benches = append(s.Benches, connectors.Bench{Name: name, Imports: true, Decode: looseYAML(keys)})
	}
	return s
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

// hidden reports whether text shows a secret, a token or a signature.
func hidden(text string) bool {
	for _, secret := range []string{clientSecret, hookSecret, "token-", "Signature=", "X-Amz-Signature", "signature-of-"} {
		if strings.Contains(text, secret) {
			return true
		}
	}
	return false
}

// photo is content under name, with its digests as the engine knows them.
func photo(name string, content []byte) connectors.Photo {
	sum := sha256.Sum256(content)
	return connectors.Photo{
		ID: hex.EncodeToString(sum[:10]), Bench: "retouch", Role: connectors.Capture, Name: name, Generation: 1,
		Size: int64(len(content)), Digests: connectors.Digests{SHA256: hex.EncodeToString(sum[:])},
	}
}

func opener(content []byte) func() (io.ReadCloser, error) {
	return func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil }
}

func published() error { return nil }

// shoe is a plain task: two inputs, two outputs.
func shoe(job, product string) creativeforcesim.NewTask {
	return creativeforcesim.NewTask{
		Job: job, Product: product,
		Inputs:  []creativeforcesim.Input{{Name: "front.tif", Content: []byte("front of " + product), Dimension: "4000x3000"}, {Name: "back.jpg", Content: []byte("back of " + product)}},
		Outputs: []creativeforcesim.Output{{Name: "front.jpg"}, {Name: "back.jpg", Input: 1}},
		Notes:   []creativeforcesim.Note{{Text: "clean the sole", Output: "front.jpg", Markings: []creativeforcesim.Marking{{X: 0.1, Y: 0.2, Width: 0.3, Height: 0.4, Text: "here"}}}},
	}
}

// vetted is p with the batch that Vet names.
func (w *world) vetted(p connectors.Photo) connectors.Photo {
	w.t.Helper()
	batch, err := w.vet(w.t.Context(), p)
	if err != nil || batch == "" {
		w.t.Fatalf("Vet of %s: %q, %v", p.Name, batch, err)
	}
	p.Batch = batch
	return p
}

// mustSend vets and delivers.
func (w *world) mustSend(name, content string) (batch string, r connectors.Receipt) {
	w.t.Helper()
	p := w.vetted(photo(name, []byte(content)))
	r, err := w.Deliver(w.t.Context(), p, opener([]byte(content)), published)
	if err != nil {
		w.t.Fatalf("Deliver %s: %v", name, err)
	}
	return p.Batch, r
}

// sendAll delivers both outputs of a shoe and returns its batch and receipts.
func (w *world) sendAll(folder, version string) (batch string, all []connectors.Receipt) {
	w.t.Helper()
	for _, name := range []string{"front.jpg", "back.jpg"} {
		b, r := w.mustSend(folder+"/"+name, name+version)
		batch, all = b, append(all, r)
	}
	return batch, all
}

func (w *world) pending() []connectors.Retouch {
	w.t.Helper()
	list, err := w.Pending(w.t.Context())
	if err != nil {
		w.t.Fatalf("Pending: %v", err)
	}
	return list
}

// fetched is the content of the one pending retouch of that name.
func (w *world) fetched(name string) string {
	w.t.Helper()
	for _, rt := range w.pending() {
		if rt.Name == name {
			var got bytes.Buffer
			if err := w.Fetch(w.t.Context(), rt, &got); err != nil {
				w.t.Fatalf("Fetch %s: %v", name, err)
			}
			if rt.Size >= 0 && rt.Size != int64(got.Len()) {
				w.t.Errorf("%s: listed with %d bytes, fetched %d", name, rt.Size, got.Len())
			}
			return got.String()
		}
	}
	w.t.Fatalf("%s is not pending", name)
	return ""
}

// land fetches all that is pending and acknowledges it by batch, as the engine
// does.
func (w *world) land() {
	w.t.Helper()
	batches := map[string][]connectors.Retouch{}
	for _, rt := range w.pending() {
		if err := w.Fetch(w.t.Context(), rt, io.Discard); err != nil {
			w.t.Fatalf("Fetch %s: %v", rt.Name, err)
		}
		batches[rt.Batch] = append(batches[rt.Batch], rt)
	}
	for _, rts := range batches {
		if err := w.Acknowledge(w.t.Context(), rts); err != nil {
			w.t.Fatal(err)
		}
	}
}

// task is one as the studio sees it.
func (w *world) task(id string) creativeforcesim.Task {
	w.t.Helper()
	for _, t := range w.sim.Tasks() {
		if t.ID == id {
			return t
		}
	}
	w.t.Fatalf("no task %s", id)
	return creativeforcesim.Task{}
}

// wantOnce says that each round up to the task's was submitted once, and nothing
// came twice.
func (w *world) wantOnce(id string, rounds int) {
	w.t.Helper()
	counts := w.sim.Submits(id)
	for round := 1; round <= rounds; round++ {
		if counts[round] != 1 {
			w.t.Errorf("round %d of %s was submitted %d times, want once", round, id, counts[round])
		}
	}
	if len(counts) != rounds {
		w.t.Errorf("submitted %v, want %d rounds", counts, rounds)
	}
	if doubles := w.sim.Doubles(); len(doubles) != 0 {
		w.t.Errorf("submitted twice: %+v", doubles)
	}
}

// again makes the account look at everything anew.
func (w *world) again() {
	w.desk.mu.Lock()
	defer w.desk.mu.Unlock()
	w.desk.looked = w.desk.looked.Add(-lookGap)
	for _, s := range w.desk.sheets {
		s.mu.Lock()
		s.stale = true
		s.mu.Unlock()
	}
}

// commitAll commits as often as the engine would.
func (w *world) commitAll(ctx context.Context, batch string, receipts []connectors.Receipt) error {
	return w.commit(ctx, batch, receipts, published)
}

func md5Of(content []byte) []byte {
	sum := md5.Sum(content)
	return sum[:]
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
