package outbound

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
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
	"github.com/studio-agent/studio-agent/watch"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A rig is one hot folder, one ledger and one account "gs" that is a remote in
// memory. Change its parts before start.
type rig struct {
	t      *testing.T
	dir    string // of all that follows
	hot    string
	plan   *faults.Plan
	remote *memory.Remote
	ledger *ledger.Ledger
	enq    *Enqueuer
	sender *Sender
	log    *logbook
	stop   func() // and wait; harmless if not started
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
	r := &rig{t: t, dir: t.TempDir(), plan: plan, remote: memory.New(plan), log: &logbook{}, stop: func() {}}
	r.hot = r.mkdir("captures")
	r.openLedger()
	t.Cleanup(func() {
		r.stop()
		r.ledger.Close()
	})
	r.enq = r.enqueuer(r.hot, connectors.Capture)
	r.newSender()
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

// enqueuer is for one more hot folder of the same bench; any number of files
// may lie in it.
func (r *rig) enqueuer(folder string, role connectors.Role) *Enqueuer {
	return &Enqueuer{
		Ledger: r.ledger, Bench: "bench", Role: role, Folder: folder, Targets: []Target{{Account: "gs", SHA1: true, Marks: role == connectors.Select}},
		First: FirstSight{HoldFiles: 1 << 20, HoldBytes: 1 << 60}, Log: slog.New(r.log),
	}
}

func (r *rig) newSender() {
	r.sender = &Sender{Account: "gs", Connector: r.remote.Connector(), Ledger: r.ledger, Log: slog.New(r.log)}
	r.sender.Gate = gate.New(func(ctx context.Context) error { return r.sender.Connector.Probe(ctx) }, r.sender.Log.With("account", "gs"))
	r.sender.Changed = func(_, name string) { r.enq.Again(context.Background(), name) }
}

func (r *rig) start() {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	sender := r.sender
	go func() {
		defer close(done)
		sender.Gate.Check(ctx)
		var group errgroup.Group
		group.Go(func() error { return sender.Gate.Run(ctx) })
		group.Go(func() error { return sender.Run(ctx) })
		if err := group.Wait(); err != nil {
			r.t.Errorf("Run: %v", err)
		}
	}()
	r.stop = func() { cancel(); <-done }
}

// restart is what a new process does after the old one has ended.
func (r *rig) restart() {
	r.t.Helper()
	must(r.t, r.ledger.Close())
	r.openLedger()
	r.enq = r.enqueuer(r.hot, connectors.Capture)
	r.newSender()
	r.start()
}

// write makes a file whose time is now, and returns its content.
func (r *rig) write(name, content string) string {
	r.t.Helper()
	writeAt(r.t, filepath.Join(r.hot, name), content, time.Now())
	return content
}

func writeAt(t *testing.T, path, content string, at time.Time) {
	t.Helper()
	must(t, os.MkdirAll(filepath.Dir(path), 0o755))
	must(t, os.WriteFile(path, []byte(content), 0o644))
	must(t, os.Chtimes(path, at, at))
}

// file is what watching sees of a file, without its inode's time.
func file(t testing.TB, folder, name string) watch.File {
	t.Helper()
	path := filepath.Join(folder, name)
	info, err := os.Lstat(path)
	must(t, err)
	return watch.File{Name: name, Path: path, Stamp: watch.Stamp{Size: info.Size(), ModTime: info.ModTime()}}
}

// emit offers one file.
func emit(ctx context.Context, e *Enqueuer, f watch.File) error {
	return e.Emit(ctx, []watch.File{f})[0]
}

func (r *rig) emit(name string) {
	r.t.Helper()
	must(r.t, emit(r.t.Context(), r.enq, file(r.t, r.hot, name)))
}

// drop writes a file and has it emitted.
func (r *rig) drop(name, content string) string {
	r.t.Helper()
	r.write(name, content)
	r.emit(name)
	return content
}

// wantLater emits a file that must be told to come later, and returns when.
func wantLater(t *testing.T, e *Enqueuer, name, why string) time.Time {
	t.Helper()
	err := emit(t.Context(), e, file(t, e.Folder, name))
	var later *watch.LaterError
	if !errors.As(err, &later) {
		t.Fatalf("emit %s: %v, want a LaterError", name, err)
	}
	if !strings.Contains(later.Reason, why) {
		t.Errorf("emit %s: told to wait because %q, want a reason with %q", name, later.Reason, why)
	}
	return later.Until
}

// pass lets time go by, and everybody react to it.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func (r *rig) jobs(name string) []ledger.Job {
	r.t.Helper()
	jobs, err := r.ledger.Jobs(r.t.Context(), r.hot, name)
	must(r.t, err)
	return jobs
}

// job is the newest of a name in the captures.
func (r *rig) job(name string) ledger.Job {
	r.t.Helper()
	jobs := r.jobs(name)
	if len(jobs) == 0 {
		r.t.Fatalf("%s has no job", name)
	}
	return jobs[len(jobs)-1]
}

func (r *rig) wantState(name string, want ledger.State) ledger.Job {
	r.t.Helper()
	j := r.job(name)
	if j.State != want {
		r.t.Errorf("%s is %s (%s), want %s", name, j.State, j.Reason, want)
	}
	return j
}

// wantStored says what was stored under a name, in order: nothing more, nothing
// twice, nothing torn.
func (r *rig) wantStored(name string, contents ...string) {
	r.t.Helper()
	var got, want []string
	for _, d := range r.remote.Deliveries(name) {
		got = append(got, d.SHA256)
	}
	for _, c := range contents {
		want = append(want, sha(c))
	}
	if !slices.Equal(got, want) {
		r.t.Errorf("%s was stored %d times %.8v, want %d times %.8v", name, len(got), got, len(want), want)
	}
}

func sha(content string) string {
	sum := sha256.Sum256([]byte(content))
	return hex.EncodeToString(sum[:])
}

// happened is the history of a name, in one line.
func (r *rig) happened(name string) string {
	r.t.Helper()
	entries, err := r.ledger.History(r.t.Context(), r.hot, name)
	must(r.t, err)
	var words []string
	for _, e := range entries {
		words = append(words, string(e.What))
	}
	return strings.Join(words, ", ")
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// A logbook keeps what was logged, as text.
type logbook struct {
	mu    sync.Mutex
	lines []string
}

func (l *logbook) Enabled(context.Context, slog.Level) bool { return true }
func (l *logbook) WithAttrs([]slog.Attr) slog.Handler       { return l }
func (l *logbook) WithGroup(string) slog.Handler            { return l }
func (l *logbook) Handle(_ context.Context, rec slog.Record) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s", rec.Level, rec.Message)
	rec.Attrs(func(a slog.Attr) bool { fmt.Fprintf(&b, " %s=%v", a.Key, a.Value); return true })
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, b.String())
	return nil
}

// count is how many lines contain text.
func (l *logbook) count(text string) (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, line := range l.lines {
		if strings.Contains(line, text) {
			n++
		}
	}
	return n
}

func openDB(t *testing.T, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	must(t, err)
	return db
}

// probe counts how often it was asked.
func probe(n *int, ask func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error { *n++; return ask(ctx) }
}

// An examiner is a Vet whose verdict a test changes.
type examiner struct {
	mu      sync.Mutex
	batch   string
	verdict error
}

func (x *examiner) say(batch string, verdict error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.batch, x.verdict = batch, verdict
}

func (x *examiner) vet(context.Context, connectors.Photo) (string, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.batch, x.verdict
}
