package inbound

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"image"
	"image/color"
	"image/jpeg"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sync/errgroup"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/faults"
	"github.com/studio-agent/studio-agent/connectors/memory"
	"github.com/studio-agent/studio-agent/sync/gate"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A rig is one account "acme" that is a remote in memory, one ledger, and one
// import folder of bench "one". Change its parts before start.
type rig struct {
	t         *testing.T
	dir       string // of all that follows
	folder    string // the import folder
	plan      *faults.Plan
	remote    *memory.Remote
	ledger    *ledger.Ledger
	collector *Collector
	tap       *tap
	change    func(*Collector) // applied to each new collector; may be nil
	log       *logbook
	kills     map[stage]int // by chance
	stop      func()        // and wait; harmless if not started
}

// inBubble runs test with a rig on fake time.
func inBubble(t *testing.T, test func(t *testing.T, r *rig)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { test(t, newRig(t)) })
}

func newRig(t *testing.T) *rig {
	t.Helper()
	plan := faults.NewPlan(1)
	r := &rig{t: t, dir: t.TempDir(), plan: plan, remote: memory.New(plan), log: &logbook{}, kills: map[stage]int{}, stop: func() {}}
	r.folder = r.mkdir("retouched")
	r.openLedger()
	t.Cleanup(func() {
		r.stop()
		r.ledger.Close()
	})
	r.newCollector()
	return r
}

func (r *rig) mkdir(name string) string {
	r.t.Helper()
	path := filepath.Join(r.dir, name)
	must(r.t, os.MkdirAll(path, 0o755))
	return path
}

func (r *rig) openLedger() {
	r.t.Helper()
	l, err := ledger.Open(r.t.Context(), ledger.Options{Path: filepath.Join(r.dir, "ledger", "l.db"), Name: "rig", Version: "1"})
	must(r.t, err)
	r.ledger = l
}

// roomy lets any number of old returns in.
func roomy() FirstSight { return FirstSight{HoldFiles: 1 << 30, HoldBytes: 1 << 60} }

func (r *rig) newCollector() {
	r.tap = &tap{Source: r.remote.Connector().In}
	c := r.remote.Connector()
	c.In = r.tap
	r.collector = &Collector{
		Account: "acme", Connector: c, Ledger: r.ledger, Log: slog.New(r.log),
		Gate:       gate.New(c.Probe, slog.New(r.log)),
		Imports:    []Import{{Bench: "one", Folder: r.folder, Replaced: filepath.Join(r.dir, "replaced"), First: roomy()}},
		Quarantine: filepath.Join(r.dir, "quarantine"),
	}
	if r.change != nil {
		r.change(r.collector)
	}
}

// with changes this collector and those of later processes.
func (r *rig) with(change func(*Collector)) {
	r.change = change
	change(r.collector)
}

func (r *rig) start() {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	c := r.collector
	go func() {
		defer close(done)
		var group errgroup.Group
		group.Go(func() error { return c.Gate.Run(ctx) })
		group.Go(func() error { return c.Run(ctx) })
		if err := group.Wait(); err != nil {
			r.t.Errorf("Run: %v", err)
		}
	}()
	r.stop = func() { cancel(); <-done }
}

// reopen is what a new process does before it starts.
func (r *rig) reopen() {
	r.t.Helper()
	must(r.t, r.ledger.Close())
	r.openLedger()
	r.newCollector()
}

// pass lets time go by, and everybody react to it.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// collect runs for as long as a return takes from the listing to its folder.
func (r *rig) collect() {
	r.start()
	pass(30 * time.Second)
}

// sent enters a photo that acme has, as a select of a bench.
func (r *rig) sent(bench, name string) ledger.Job {
	r.t.Helper()
	return r.sentTo("", bench, name)
}

func (r *rig) sentTo(batch, bench, name string) ledger.Job {
	r.t.Helper()
	folder := filepath.Join(r.dir, bench)
	j := ledger.Job{
		ID: ledger.NewID("acme", ledger.Deliver, folder, name, batch, 1), Account: "acme", Bench: bench, Role: connectors.Select,
		Folder: folder, Name: name, Batch: batch, Flow: ledger.Out, Kind: ledger.Deliver, Generation: 1, State: ledger.Done,
		Receipt: connectors.Receipt{ID: "receipt-" + name},
	}
	must(r.t, r.ledger.Accept(time.Now(), ledger.Acceptance{Jobs: []ledger.Job{j}}))
	return j
}

// offers has the remote offer a picture that was sent before, and returns what
// is offered.
func (r *rig) offers(name string, seed int) []byte {
	r.t.Helper()
	r.sent("one", strings.TrimSuffix(name, filepath.Ext(name))+".CR3")
	content := photo(seed)
	r.remote.Return(name, content)
	return content
}

// job is that of the retouch that the remote calls id.
func (r *rig) job(id string) ledger.Job {
	r.t.Helper()
	jobID := ledger.NewInID("acme", "", id)
	jobs, err := r.ledger.Retouches(r.t.Context(), "acme", []string{jobID})
	must(r.t, err)
	return jobs[jobID]
}

// id is how the memory remote names a content.
func id(name string, content []byte) string { return name + "#" + sha(content)[:16] }

func (r *rig) wantState(id string, want ledger.State, reason string) ledger.Job {
	r.t.Helper()
	j := r.job(id)
	if j.State != want || !strings.Contains(j.Reason, reason) {
		r.t.Errorf("%s is %q (%s), want %s with %q", id, j.State, j.Reason, want, reason)
	}
	return j
}

// wantFiles says what lies in a folder below dir, with its content: nothing
// more, nothing torn.
func (r *rig) wantFiles(folder string, want map[string][]byte) {
	r.t.Helper()
	got := tree(r.t, filepath.Join(r.dir, folder))
	for name := range got {
		if _, wanted := want[name]; !wanted {
			r.t.Errorf("%s holds %q, which nobody wants", folder, name)
		}
	}
	for name, content := range want {
		if text, there := got[name]; !there {
			r.t.Errorf("%s lacks %q", folder, name)
		} else if content != nil && !bytes.Equal(text, content) {
			r.t.Errorf("%s holds %q with %d bytes that are not the %d wanted", folder, name, len(text), len(content))
		}
	}
}

func tree(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			files[name], err = os.ReadFile(filepath.Join(dir, name))
		}
		return err
	})
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return files
}

// photo is a small JPEG, another one for each seed.
func photo(seed int) []byte { return sized(8, 8, seed) }

func sized(width, height, seed int) []byte {
	picture := image.NewGray(image.Rect(0, 0, width, height))
	for i := range picture.Pix {
		picture.Pix[i] = color.Gray{Y: uint8(i*7 + seed*31)}.Y
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, picture, nil); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func sha(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
