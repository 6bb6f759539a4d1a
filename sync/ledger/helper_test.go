package ledger

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/studio-agent/studio-agent/connectors"
)

const hot = "/studio/hot"

// TestMain lets the test binary play an agent that is killed: see kill_test.go.
func TestMain(m *testing.M) {
	if play := os.Getenv("LEDGER_TEST_PLAY"); play != "" {
		os.Exit(playAgent(play, os.Getenv("LEDGER_TEST_PATH")))
	}
	goleak.VerifyTestMain(m)
}

func newPath(t testing.TB) string { return filepath.Join(t.TempDir(), "state", "ledger.db") }

// openAt opens a ledger that knows the folder hot, and closes it with the test.
func openAt(t testing.TB, path string) *Ledger {
	t.Helper()
	l, err := Open(t.Context(), Options{Path: path, Name: "test", Version: "1.0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() }) // a second Close is harmless
	must(t, l.PutFolder(Folder{Path: hot, Bench: "bench", Seen: time.Unix(1, 0)}))
	return l
}

func openNew(t testing.TB) *Ledger {
	t.Helper()
	return openAt(t, newPath(t))
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// newJob is a delivery of a file in hot to the account gs, queued, and due.
func newJob(name string, generation int, changes ...func(*Job)) Job {
	j := Job{
		Account: "gs", Bench: "bench", Role: connectors.Capture, Folder: hot, Name: name, Flow: Out, Kind: Deliver,
		Generation: generation, Size: 10, ModTime: time.Unix(int64(generation), 0), State: Queued, Rank: 1,
	}
	for _, change := range changes {
		change(&j)
	}
	j.ID = NewID(j.Account, j.Kind, j.Folder, j.Name, j.Batch, j.Generation)
	return j
}

// newFetch is a retouch that account gs offers, to be put into hot, queued, and
// due.
func newFetch(name string, changes ...func(*Job)) Job {
	j := Job{
		Account: "gs", Bench: "bench", Folder: hot, Name: name, Flow: In, Kind: Fetch, Size: -1, State: Queued,
		Source: Source{ID: "id of " + name, Name: "out/" + name},
	}
	for _, change := range changes {
		change(&j)
	}
	j.ID = NewInID(j.Account, j.Remote, j.Source.ID)
	return j
}

func source(id string) func(*Job) { return func(j *Job) { j.Source.ID = id } }
func answers(out Job) func(*Job)  { return func(j *Job) { j.Answers = out.ID } }
func batch(id string) func(*Job)  { return func(j *Job) { j.Batch = id } }
func created(seconds int) func(*Job) {
	return func(j *Job) { j.Created = time.Unix(int64(seconds), 0) }
}
func core(s string) func(*Job)       { return func(j *Job) { j.Core = s } }
func onBench(name string) func(*Job) { return func(j *Job) { j.Bench = name } }
func asSelect(j *Job)                { j.Role = connectors.Select }
func account(name string) func(*Job) { return func(j *Job) { j.Account = name } }
func in(s State) func(*Job)          { return func(j *Job) { j.State = s } }
func sha(s string) func(*Job)        { return func(j *Job) { j.Digests.SHA256 = s } }
func asMark(j *Job)                  { j.Kind, j.Role = Mark, connectors.Select }
func published(j *Job)               { j.Published = true }
func ranked(rank int, modTime time.Time) func(*Job) {
	return func(j *Job) { j.Rank, j.ModTime = rank, modTime }
}

func accept(t testing.TB, l *Ledger, jobs ...Job) {
	t.Helper()
	must(t, l.Accept(time.Now(), Acceptance{Jobs: jobs}))
}

// find returns the job as it is on disk.
func find(t testing.TB, l *Ledger, j Job) Job {
	t.Helper()
	got, ok, err := l.Job(context.Background(), j.ID)
	if err != nil || !ok {
		t.Fatalf("job %s of %s: found %v, %v", j.ID, j.Name, ok, err)
	}
	return got
}

func wantState(t testing.TB, l *Ledger, j Job, want State) {
	t.Helper()
	if got := find(t, l, j); got.State != want {
		t.Errorf("%s generation %d is %s, want %s", j.Name, j.Generation, got.State, want)
	}
}

// next claims a job that must be there.
func next(t testing.TB, l *Ledger) Job {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	j, err := l.Next(ctx, "gs", Out)
	must(t, err)
	return j
}

// nextIn is next on the way in.
func nextIn(t testing.TB, l *Ledger) Job {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	j, err := l.Next(ctx, "gs", In)
	must(t, err)
	return j
}

func offer(t testing.TB, l *Ledger, jobs ...Job) {
	t.Helper()
	must(t, l.Offer(time.Now(), jobs))
}

func rec(t testing.TB, l *Ledger, j Job, e Event) Job {
	t.Helper()
	if e.At.IsZero() {
		e.At = time.Now()
	}
	j, err := l.Record(j, e)
	must(t, err)
	return j
}

// count1 asks the database for one number.
func count1(t testing.TB, l *Ledger, query string, args ...any) (n int64) {
	t.Helper()
	must(t, l.read.QueryRow(query, args...).Scan(&n))
	return n
}
