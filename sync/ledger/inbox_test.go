package ledger

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
)

func TestOffer(t *testing.T) {
	l := openNew(t)
	a := newFetch("a", in(Offered))
	must(t, l.Offer(noon, []Job{a, newFetch("b", created(5))}))
	a = rec(t, l, find(t, l, a), Event{What: Imported})
	must(t, l.Offer(later, []Job{newFetch("a", in(Offered), onBench("other")), newFetch("c", in(GivenUp), func(j *Job) { j.Reason = "too dark" })}))
	if got := find(t, l, a); got != a {
		t.Errorf("offered again it is\n%+v, want it left alone:\n%+v", got, a)
	}
	if got := find(t, l, newFetch("b")); got.Created.Unix() != 5 || !find(t, l, newFetch("c")).Created.Equal(later) {
		t.Errorf("b was created at %v, want what was given, or else now", got.Created)
	}
	history, err := l.History(t.Context(), hot, "c")
	if err != nil || len(history) != 1 || history[0].What != VendorFailed || history[0].Reason != "too dark" {
		t.Errorf("the life of what failed at once: %+v, %v", history, err)
	}
}

func TestRetouches(t *testing.T) {
	l := openNew(t)
	var ids, want []string
	for i := range 2*idsAtOnce + 1 {
		j := newFetch(fmt.Sprint(i))
		if ids = append(ids, j.ID); i%250 == 0 {
			want = append(want, j.ID)
			offer(t, l, j)
		}
	}
	elsewhere, out := newFetch("x", account("ftp")), newJob("y", 1)
	offer(t, l, elsewhere)
	accept(t, l, out)
	got, err := l.Retouches(t.Context(), "gs", append(ids, elsewhere.ID, out.ID, "nobody"))
	slices.Sort(want)
	if keys := slices.Sorted(maps.Keys(got)); err != nil || !slices.Equal(keys, want) {
		t.Errorf("got %q, %v; want %q", keys, err, want)
	}
	for id, j := range got {
		if j.ID != id {
			t.Errorf("job %s is given as %s", j.ID, id)
		}
	}
	if got, err := l.Retouches(t.Context(), "gs", nil); err != nil || len(got) != 0 {
		t.Errorf("of no IDs: %v, %v", got, err)
	}
}

func TestAtRetouch(t *testing.T) {
	l := openNew(t)
	accept(t, l, newJob("1/A.CR3", 1, in(Done), created(1)), newJob("2/a.jpg", 1, in(Sent), created(2)), newJob("3/a.jpg", 1, in(Queued), created(3)),
		newJob("4/a.jpg", 1, in(Parked)), newJob("5/a.jpg", 1, in(Done), account("ftp")), newJob("6/aa.jpg", 1, in(Done)))
	offer(t, l, newFetch("7/a.jpg", in(Done)))
	got, err := l.AtRetouch(t.Context(), "gs", "a")
	wantJobs(t, "AtRetouch without selects", got, err, "2/a.jpg 1", "1/A.CR3 1")
	accept(t, l, newJob("8/a.tif", 1, in(Sent), asSelect, created(8)), newJob("9/a.tif", 1, in(Done), asMark, created(9)))
	got, err = l.AtRetouch(t.Context(), "gs", "a")
	wantJobs(t, "AtRetouch", got, err, "9/a.tif 1", "8/a.tif 1")
	got, err = l.AtRetouch(t.Context(), "gs", "b")
	wantJobs(t, "AtRetouch of a stranger", got, err)
	perhaps := func(j *Job) { j.Published = true }
	accept(t, l, newJob("10/c.tif", 1, in(Publishing), created(1)), newJob("11/c.tif", 1, in(Queued), perhaps, created(2)),
		newJob("12/c.tif", 1, in(Moving), perhaps, created(3)), newJob("13/c.tif", 1, in(Moving), created(4)))
	got, err = l.AtRetouch(t.Context(), "gs", "c")
	wantJobs(t, "AtRetouch of what may be there", got, err, "12/c.tif 1", "11/c.tif 1", "10/c.tif 1")
}

func TestWithReceipt(t *testing.T) {
	l := openNew(t)
	receipt := func(id string) func(*Job) { return func(j *Job) { j.Receipt.ID = id } }
	accept(t, l, newJob("a", 1, in(Done), receipt("7"), created(2)), newJob("a", 2, in(Done), receipt("7"), created(1)),
		newJob("b", 1, in(Done), receipt("7"), created(3), account("ftp")), newJob("c", 1))
	offer(t, l, newFetch("d", receipt("7"), created(4)))
	for id, want := range map[string]string{"7": "a", "8": "", "": ""} {
		j, ok, err := l.WithReceipt(t.Context(), "gs", id)
		if err != nil || ok != (want != "") || j.Name != want || ok && j.Generation != 1 {
			t.Errorf("receipt %q is of %s %d, %v, %v; want %q", id, j.Name, j.Generation, ok, err, want)
		}
	}
}

func TestWhatHasLandedAndWhatIsOffered(t *testing.T) {
	l := openNew(t)
	for i, s := range inStates {
		offer(t, l, newFetch("a", source(string(s)), in(s), created(i)))
	}
	accept(t, l, newJob("a", 1, in(Done)))
	offer(t, l, newFetch("b", in(Offered), onBench("other"), created(20)), newFetch("c", in(Offered), account("ftp"), created(19)),
		newFetch("d", in(Landed), account("ftp")), newFetch("e", in(Landed), created(3)))
	ids := func(what string, want []string, jobs []Job, err error) {
		t.Helper()
		var got []string
		for _, j := range jobs {
			got = append(got, j.Source.ID)
		}
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %q, %v; want %q", what, got, err, want)
		}
	}
	jobs, err := l.LandedAs(t.Context(), hot, "a")
	ids("landed as a", []string{"done", "landed"}, jobs, err)
	jobs, err = l.Unacknowledged(t.Context(), "gs")
	ids("unacknowledged", []string{"id of e", "landed"}, jobs, err)
	for _, test := range []struct {
		account, bench string
		want           []string
	}{
		{"gs", "bench", []string{"offered"}}, {"gs", "", []string{"offered", "id of b"}}, {"", "bench", []string{"offered", "id of c"}},
		{"", "", []string{"offered", "id of c", "id of b"}}, {"nobody", "", nil},
	} {
		jobs, err = l.OfferedTo(t.Context(), test.account, test.bench)
		ids(fmt.Sprintf("offered to %q %q", test.account, test.bench), test.want, jobs, err)
	}
}

func TestUpdateFetch(t *testing.T) {
	l := openNew(t)
	for _, s := range inStates {
		was := newFetch("a", source(string(s)), in(s))
		offer(t, l, was)
		was = find(t, l, was)
		j := was
		j.Folder, j.Name, j.Bench, j.Batch, j.Answers, j.Round = "/other", "day/B.jpg", "bench 2", "task", "0123", 2
		want, allowed := j, slices.Contains([]State{Offered, Queued, Moving, Parked}, s)
		j.State, j.Size, j.Starts = s, 99, 0 // what is not a place stays
		if err := l.UpdateFetch(j); (err == nil) != allowed || err != nil && !errors.Is(err, ErrLost) {
			t.Errorf("%s: %v", s, err)
		}
		if !allowed {
			want = was
		}
		if got := find(t, l, was); got != want {
			t.Errorf("%s: got\n%+v, want\n%+v", s, got, want)
		}
		if history, err := l.History(t.Context(), want.Folder, want.Name); err != nil || !slices.ContainsFunc(history, func(e Entry) bool { return e.Job == j.ID }) {
			t.Errorf("%s: its life is not told under its name: %+v, %v", s, history, err)
		}
	}
	stale := newFetch("a", source(string(Queued)), in(Moving))
	if err := l.UpdateFetch(stale); !errors.Is(err, ErrLost) {
		t.Errorf("a stale job was changed: %v", err)
	}
	accept(t, l, newJob("out", 1))
	if err := l.UpdateFetch(newJob("out", 1)); !errors.Is(err, ErrLost) {
		t.Errorf("a job on its way out was changed: %v", err)
	}
}

// TestNextOnTheWayIn: by rank, then the oldest first, but what has waited for
// long goes before all.
func TestNextOnTheWayIn(t *testing.T) {
	l := openNew(t)
	ago := func(d time.Duration, rank int) func(*Job) {
		return func(j *Job) { j.Rank, j.Created = rank, time.Now().Add(-d) }
	}
	offer(t, l, newFetch("3", ago(time.Minute, 2)), newFetch("2", ago(time.Second, 1)), newFetch("1", ago(2*time.Second, 1)), newFetch("0", ago(time.Hour, 9)),
		newFetch("not yet", func(j *Job) { j.NotBefore = time.Now().Add(time.Hour) }), newFetch("not asked for", in(Offered)), newFetch("elsewhere", account("ftp")))
	accept(t, l, newJob("out", 1))
	for i := range 4 {
		if j := nextIn(t, l); j.Name != fmt.Sprint(i) || j.State != Moving || j.Starts != 1 {
			t.Errorf("got %s %s, want %d", j.Name, j.State, i)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if j, err := l.Next(ctx, "gs", In); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("there is more: %s, %v", j.Name, err)
	}
	if j := next(t, l); j.Name != "out" {
		t.Errorf("on the way out comes %s", j.Name)
	}
}

// TestOneFileAtATimeComesInUnderOneName, whoever offers it.
func TestOneFileAtATimeComesInUnderOneName(t *testing.T) {
	for _, test := range []struct {
		name   string
		other  Job
		claims bool
	}{
		{"none", newFetch("b"), true},
		{"one is fetched", newFetch("a", source("2"), in(Moving)), false},
		{"one is put in place by another account", newFetch("a", account("ftp"), in(Publishing)), false},
		{"one may be in place", newFetch("a", source("2"), published, func(j *Job) { j.NotBefore = time.Now().Add(time.Hour) }), false},
		{"one waits", newFetch("a", source("2"), func(j *Job) { j.NotBefore = time.Now().Add(time.Hour) }), true},
		{"one has landed", newFetch("a", source("2"), in(Landed)), true},
		{"one goes out", newJob("a", 1, in(Moving)), true},
		{"another folder", newFetch("a", source("2"), in(Moving), func(j *Job) { j.Folder = "/other" }), true},
	} {
		t.Run(test.name, func(t *testing.T) {
			l := openNew(t)
			offer(t, l, test.other, newFetch("a", ranked(-1, noon)))
			jobs, wait, err := l.claim("gs", In, 2)
			if err != nil || (len(jobs) == 1 && jobs[0].Name == "a") != test.claims {
				t.Errorf("got %+v, wait %v, %v; want it claimed: %v", jobs, wait, err, test.claims)
			}
		})
	}
}

func TestARetouchFromOfferToDone(t *testing.T) {
	path := newPath(t)
	l := openAt(t, path)
	offer(t, l, newFetch("a", in(Offered)))
	rec(t, l, find(t, l, newFetch("a")), Event{What: Imported, Reason: "asked for"})
	j := rec(t, l, nextIn(t, l), Event{What: Published})
	must(t, l.Close())
	l = openAt(t, path) // a crash would leave no more
	j = nextIn(t, l)
	if !j.Published || j.Starts != 2 {
		t.Errorf("after a crash while publishing: %+v, want Published", j)
	}
	j = rec(t, l, j, Event{What: Settled, At: noon, Digests: connectors.Digests{SHA256: "aa"}})
	rec(t, l, j, Event{What: Acknowledged})
	got := find(t, l, j)
	if got.State != Done || got.Published || got.Digests.SHA256 != "aa" || !got.SentAt.Equal(noon) {
		t.Errorf("in the end it is %+v", got)
	}
}

// TestWhatWasSentBackHasLandedAllTheSame: the file in the folder is still ours.
func TestWhatWasSentBackHasLandedAllTheSame(t *testing.T) {
	l := openNew(t)
	first, second := newFetch("a", source("1"), created(1)), newFetch("a", source("2"), created(2), in(Offered))
	offer(t, l, first, second)
	landed := rec(t, l, nextIn(t, l), Event{What: Settled})
	rec(t, l, landed, Event{What: SentBack})
	rec(t, l, second, Event{What: WrittenOff})
	got, err := l.LandedAs(t.Context(), hot, "a")
	if err != nil || len(got) != 1 || got[0].ID != first.ID {
		t.Errorf("landed: %+v, %v; want what was sent back", got, err)
	}
}

// TestAFetchThatMovesTakesItsHistoryAlong, also what is written in the same commit.
func TestAFetchThatMovesTakesItsHistoryAlong(t *testing.T) {
	l := openNew(t)
	j := newFetch("a.tif", in(Offered))
	moved := j
	moved.Name = "b.tif"
	failed := make(chan error)
	l.turn.Lock()
	for i, write := range []func() error{
		func() error { return l.Offer(time.Now(), []Job{j}) },
		func() error { return l.UpdateFetch(moved) },
	} {
		go func() { failed <- write() }()
		for waiting := 0; waiting <= i; runtime.Gosched() {
			l.mu.Lock()
			waiting = len(l.waiting)
			l.mu.Unlock()
		}
	}
	l.turn.Unlock()
	for range 2 {
		must(t, <-failed)
	}
	if all, err := l.History(t.Context(), j.Folder, "b.tif"); err != nil || len(all) != 1 || all[0].Job != j.ID {
		t.Errorf("the history of the new name is %v, %v; want what happened under the old one", all, err)
	}
}
