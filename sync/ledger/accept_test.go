package ledger

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
)

func newFile(name string, generation int, sha256 string) File {
	return File{Folder: hot, Name: name, Generation: generation, SHA256: sha256,
		Stamp: Stamp{Size: 10, ModTime: time.Unix(int64(generation), 0), Changed: time.Unix(100, 5)}}
}

func TestAcceptIsIdempotent(t *testing.T) {
	l := openNew(t)
	a := Acceptance{Files: []File{newFile("a", 1, "aa")}, Jobs: []Job{newJob("a", 1), newJob("a", 1, account("ftp"))}}
	must(t, l.Accept(time.Now(), a))
	moving := next(t, l)
	must(t, l.Accept(time.Now(), a))
	if got := find(t, l, moving); got != moving {
		t.Errorf("the second Accept changed the job:\ngot  %+v\nwant %+v", got, moving)
	}
	if n := count1(t, l, `SELECT COUNT(*) FROM jobs`); n != 2 {
		t.Errorf("%d jobs, want 2", n)
	}
	if n := count1(t, l, `SELECT COUNT(*) FROM history WHERE what = 'added'`); n != 2 {
		t.Errorf("%d additions in the history, want 2", n)
	}
}

// TestAcceptABA changes a content and changes it back: three deliveries.
func TestAcceptABA(t *testing.T) {
	l := openNew(t)
	for generation, content := range []string{"aa", "bb", "aa"} {
		generation++
		must(t, l.Accept(time.Now(), Acceptance{Files: []File{newFile("a", generation, content)}, Jobs: []Job{newJob("a", generation, sha(content))}}))
		j := next(t, l)
		if j.Generation != generation || j.Digests.SHA256 != content {
			t.Fatalf("got generation %d with %s, want %d with %s", j.Generation, j.Digests.SHA256, generation, content)
		}
		rec(t, l, j, Event{What: Confirmed, Receipt: connectors.Receipt{ID: fmt.Sprint(generation)}})
	}
	jobs, err := l.Jobs(t.Context(), hot, "a")
	must(t, err)
	if len(jobs) != 3 {
		t.Fatalf("%d jobs, want 3", len(jobs))
	}
	for i, j := range jobs {
		if j.Generation != i+1 || j.State != Done || j.Receipt.ID != fmt.Sprint(i+1) {
			t.Errorf("job %d is generation %d, %s at %q", i, j.Generation, j.State, j.Receipt.ID)
		}
	}
	if f, _, err := l.FindFile(t.Context(), hot, "a"); err != nil || f.Generation != 3 || f.SHA256 != "aa" {
		t.Errorf("the file is %+v, %v; want generation 3 with aa", f, err)
	}
}

func TestAcceptSupersedes(t *testing.T) {
	tests := []struct {
		name string
		old  Job
		want State
	}{
		{"queued", newJob("a", 1), Superseded},
		{"parked", newJob("a", 1, in(Parked)), Superseded},
		{"parked in doubt", newJob("a", 1, in(Parked), published), Superseded},
		{"queued in doubt", newJob("a", 1, published), Queued},
		{"moving", newJob("a", 1, in(Moving)), Moving},
		{"publishing", newJob("a", 1, in(Publishing)), Publishing},
		{"sent", newJob("a", 1, in(Sent)), Sent},
		{"done", newJob("a", 1, in(Done)), Done},
		{"newer", newJob("a", 3), Queued},
		{"another name", newJob("b", 1), Queued},
		{"another account", newJob("a", 1, account("ftp")), Queued},
		{"mark", newJob("a", 1, asMark), Queued},
		{"another folder", newJob("a", 1, func(j *Job) { j.Folder = "/other" }), Queued},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			l := openNew(t)
			accept(t, l, test.old)
			commits := countCommits(t, l)
			accept(t, l, newJob("a", 2))
			if n := commits.Load(); n != 1 {
				t.Errorf("%d commits, want 1", n)
			}
			wantState(t, l, test.old, test.want)
			wantState(t, l, newJob("a", 2), Queued)
		})
	}
}

// TestAcceptBringsInOrder has an old generation in doubt and a new one: the
// remote must be asked for the old before the new is sent.
func TestAcceptBringsInOrder(t *testing.T) {
	l := openNew(t)
	accept(t, l, newJob("a", 1))
	old := rec(t, l, next(t, l), Event{What: Published})
	rec(t, l, old, Event{What: Failed, Reason: "cut"})
	accept(t, l, newJob("a", 2, ranked(0, time.Now())))
	if old = next(t, l); old.Generation != 1 {
		t.Fatalf("got generation %d first, want 1", old.Generation)
	}
	rec(t, l, old, Event{What: Confirmed, Receipt: connectors.Receipt{ID: "it was there"}})
	j := next(t, l)
	if j.Generation != 2 {
		t.Fatalf("got generation %d then, want 2", j.Generation)
	}
	if r, err := l.Delivered(t.Context(), j); err != nil || r.ID != "it was there" {
		t.Errorf("generation 2 replaces %+v, %v; want what generation 1 left there", r, err)
	}
}

func TestAcceptIsAllOrNothing(t *testing.T) {
	l := openNew(t)
	accept(t, l, newJob("a", 1))
	stray := newFile("b", 1, "")
	stray.Folder = "/never/entered"
	err := l.Accept(time.Now(), Acceptance{Files: []File{newFile("a", 2, ""), stray}, Jobs: []Job{newJob("a", 2)}, Notes: map[int]string{0: "hello"}})
	if err == nil || !strings.Contains(err.Error(), "/never/entered was never entered") {
		t.Fatalf("error %v, want one that names the folder", err)
	}
	wantState(t, l, newJob("a", 1), Queued)
	if _, ok, _ := l.Job(t.Context(), newJob("a", 2).ID); ok {
		t.Error("a job was added")
	}
	if _, ok, _ := l.FindFile(t.Context(), hot, "a"); ok {
		t.Error("a file was remembered")
	}
}

// TestJobComesBackWhole sets every field and reads the job again.
func TestJobComesBackWhole(t *testing.T) {
	l := openNew(t)
	at := time.Unix(1_700_000_000, 123_456_789)
	want := Job{
		Account: "gs", Bench: "bench", Role: connectors.Select, Folder: hot, Name: "tag 1/ä\n📷.jpg", Batch: "7", Flow: In, Kind: Mark, Generation: 3,
		Size: 1 << 40, ModTime: at, Changed: at.Add(1), Digests: connectors.Digests{SHA256: "a", SHA1: "b", MD5: "c"}, Rating: -1, Label: "red",
		Deselected: true, Remote: "/get", Core: "d", Answers: "e", Round: 2, Comment: "o", Closed: true,
		Source: Source{ID: "f", Name: "\xff/g", Batch: "h", Bench: "k", Answers: "l", Link: "m", Rejected: true, Final: true},
		State:  Parked, Rank: 4, Created: at.Add(2), NotBefore: at.Add(3), SentAt: at.Add(4), Forced: true, Ask: true, Published: true, Misses: 1,
		Starts: 2, Failures: 3, Asks: 4, Receipt: connectors.Receipt{ID: "i", Name: "n", Link: "l", Size: 9, Verified: true}, Reason: "why",
	}
	want.ID = NewID(want.Account, want.Kind, want.Folder, want.Name, want.Batch, want.Generation)
	wantSet(t, want)
	wantSet(t, want.Source)
	accept(t, l, want)
	if got := find(t, l, want); got != want {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	bare := newJob("bare", 1)
	accept(t, l, bare)
	got := find(t, l, bare)
	if got.Created.IsZero() {
		t.Error("Created was not set")
	}
	if got.Created = (time.Time{}); got != bare {
		t.Errorf("got  %+v\nwant %+v", got, bare)
	}
}

// TestTimesOfFiles holds that a file's time comes back as it is, even if a
// camera without a clock wrote it: else the file looks changed at each scan.
func TestTimesOfFiles(t *testing.T) {
	l := openNew(t)
	for name, at := range map[string]time.Time{"1970": time.Unix(0, 0), "1969": time.Unix(-1, 0), "now": time.Now().Round(0), "2107": time.Date(2107, 1, 1, 0, 0, 0, 1, time.UTC)} {
		f := newFile(name, 1, "")
		f.ModTime = at
		must(t, l.Accept(time.Now(), Acceptance{Files: []File{f}, Jobs: []Job{newJob(name, 1, ranked(1, at))}}))
		got, _, err := l.FindFile(t.Context(), hot, name)
		must(t, err)
		known, err := l.Known(t.Context(), hot, ".")
		must(t, err)
		j := find(t, l, newJob(name, 1))
		for what, back := range map[string]time.Time{"FindFile": got.ModTime, "Known": known[name].ModTime, "Job": j.ModTime} {
			if !back.Equal(at) {
				t.Errorf("%s: %v came back as %v from %s", name, at, back, what)
			}
		}
	}
}
