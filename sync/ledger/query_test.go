package ledger

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
)

func names(jobs []Job) []string {
	var all []string
	for _, j := range jobs {
		all = append(all, fmt.Sprint(j.Name, " ", j.Generation))
	}
	return all
}

func wantJobs(t *testing.T, what string, got []Job, err error, want ...string) {
	t.Helper()
	if err != nil || !slices.Equal(names(got), want) {
		t.Errorf("%s = %q, %v; want %q", what, names(got), err, want)
	}
}

func until(s State, at time.Time) func(*Job) {
	return func(j *Job) { j.State, j.NotBefore = s, at }
}

func TestDueSent(t *testing.T) {
	l := openNew(t)
	accept(t, l, newJob("later", 1, until(Sent, noon.Add(1))), newJob("now", 1, until(Sent, noon)), newJob("overdue", 1, until(Sent, before)), newJob("at once", 1, until(Sent, time.Time{})),
		newJob("queued", 1, until(Queued, before)), newJob("done", 1, until(Done, before)), newJob("elsewhere", 1, until(Sent, before), account("ftp")))
	got, err := l.DueSent(t.Context(), "gs", noon, 10)
	wantJobs(t, "DueSent at noon", got, err, "at once 1", "overdue 1", "now 1")
	got, err = l.DueSent(t.Context(), "gs", noon, 2)
	wantJobs(t, "the first two", got, err, "at once 1", "overdue 1")
	got, err = l.DueSent(t.Context(), "gs", time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), 10)
	wantJobs(t, "DueSent for ever", got, err, "at once 1", "overdue 1", "now 1", "later 1")
}

func TestDelivered(t *testing.T) {
	l := openNew(t)
	with := func(id string) func(*Job) { return func(j *Job) { j.Receipt.ID = id } }
	accept(t, l, newJob("a", 5), newJob("a", 4, in(Moving), with("4")), newJob("a", 3, in(Sent), with("3")), newJob("a", 2, in(Done), with("2")),
		newJob("a", 3, in(Done), with("mark"), asMark), newJob("a", 3, in(Done), with("ftp"), account("ftp")), newJob("b", 3, in(Done), with("b")))
	for generation, want := range map[int]string{1: "", 2: "", 3: "2", 4: "3", 5: "3"} {
		got, err := l.Delivered(t.Context(), newJob("a", generation))
		if err != nil || got != (connectors.Receipt{ID: want}) {
			t.Errorf("generation %d replaces %+v, %v; want %q", generation, got, err, want)
		}
	}
}

func TestContent(t *testing.T) {
	l := openNew(t)
	at := func(seconds int64) func(*Job) { return func(j *Job) { j.Created = time.Unix(seconds, 0) } }
	for i, s := range states {
		accept(t, l, newJob(string(s), 1, in(s), sha("aa"), at(int64(i+1))))
	}
	accept(t, l, newJob("mark", 1, asMark, sha("aa")), newJob("x", 1, sha("aa"), account("ftp")), newJob("y", 1, sha("aa"), func(j *Job) { j.Bench = "y" }), newJob("z", 1, sha("bb")), newJob("unread", 1))
	got, err := l.Content(t.Context(), "gs", "bench", "aa")
	wantJobs(t, "Content", got, err, "done 1", "sent 1", "publishing 1", "moving 1", "queued 1")
	got, err = l.Content(t.Context(), "gs", "bench", "")
	wantJobs(t, "Content of no digest", got, err)
}

func TestJobsOfAName(t *testing.T) {
	l := openNew(t)
	accept(t, l, newJob("a", 2, in(Done)), newJob("b", 1), newJob("a", 1, in(Done)), newJob("a", 10))
	got, err := l.Jobs(t.Context(), hot, "a")
	wantJobs(t, "Jobs", got, err, "a 1", "a 2", "a 10")
	if _, ok, err := l.Job(t.Context(), "nobody"); ok || err != nil {
		t.Errorf("a job that is not there: %v, %v", ok, err)
	}
}

func TestParkedAndWaiting(t *testing.T) {
	l := openNew(t)
	created := func(s State, seconds int64) func(*Job) {
		return func(j *Job) { j.State, j.Created = s, time.Unix(seconds, 0) }
	}
	accept(t, l, newJob("p1", 1, created(Parked, 1)), newJob("p3", 1, created(Parked, 3), account("ftp")), newJob("p2", 1, created(Parked, 2)),
		newJob("q2", 1, until(Queued, time.Unix(2, 0))), newJob("s3", 1, until(Sent, time.Unix(3, 0))), newJob("q4", 1, until(Queued, time.Unix(4, 0))),
		newJob("q0", 1), newJob("m", 1, in(Moving)), newJob("x", 1, account("ftp")))
	got, err := l.Parked(t.Context(), 2)
	wantJobs(t, "Parked", got, err, "p3 1", "p2 1")
	got, err = l.Waiting(t.Context(), "gs", 10)
	wantJobs(t, "Waiting", got, err, "q0 1", "q2 1", "s3 1", "q4 1")
	got, err = l.Waiting(t.Context(), "gs", 2)
	wantJobs(t, "the first two that wait", got, err, "q0 1", "q2 1")
}

func TestBusyAndQueued(t *testing.T) {
	tests := []struct {
		job          Job
		busy, queued bool
	}{
		{newJob("a", 1), true, true},
		{newJob("a", 1, until(Queued, noon)), true, true},
		{newJob("a", 1, until(Queued, later)), false, false},
		{newJob("a", 1, account("ftp")), true, false},
		{newJob("a", 1, func(j *Job) { j.Flow = In }), true, false},
		{newJob("a", 1, until(Moving, later)), true, false},
		{newJob("a", 1, until(Publishing, later)), true, false},
		{newJob("a", 1, until(Sent, noon)), true, false},
		{newJob("a", 1, until(Sent, later)), false, false},
		{newJob("a", 1, in(Done)), false, false},
		{newJob("a", 1, in(Parked)), false, false},
		{newJob("a", 1, in(Superseded)), false, false},
		{newFetch("a", in(Offered)), false, false},
		{newFetch("a"), true, false},
		{newFetch("a", in(Publishing)), true, false},
		{newFetch("a", in(Landed)), false, false},
		{newFetch("a", in(GivenUp)), false, false},
	}
	for _, test := range tests {
		t.Run(fmt.Sprint(test.job.State, test.job.NotBefore), func(t *testing.T) {
			l := openNew(t)
			if busy, err := l.Busy(t.Context(), noon); busy || err != nil {
				t.Errorf("an empty ledger is busy: %v, %v", busy, err)
			}
			accept(t, l, test.job)
			if busy, err := l.Busy(t.Context(), noon); busy != test.busy || err != nil {
				t.Errorf("Busy = %v, %v; want %v", busy, err, test.busy)
			}
			if queued, err := l.Queued(t.Context(), "gs", noon); queued != test.queued || err != nil {
				t.Errorf("Queued = %v, %v; want %v", queued, err, test.queued)
			}
		})
	}
}

func TestHistory(t *testing.T) {
	l := openNew(t)
	f := newFile("a", 1, "")
	must(t, l.Accept(noon, Acceptance{Files: []File{newFile("b", 1, ""), f}, Jobs: []Job{newJob("a", 1), newJob("b", 1, account("ftp"))}, Notes: map[int]string{1: "a new file"}}))
	j := next(t, l)
	at := noon.Add(time.Second)
	for _, e := range []Event{{What: Published}, {What: Accepted}, {What: StillOut, Reason: "first"}, {What: StillOut, Reason: "second"}, {What: Confirmed, Reason: "seen"}} {
		e.At = at
		j = rec(t, l, j, e)
	}
	must(t, l.write(func(tx transaction) error {
		noteFile(tx, hot, "a", "", "", "moved", "to another folder", before)
		return nil
	}))
	got, err := l.History(t.Context(), hot, "a")
	must(t, err)
	want := []Entry{
		{noon, hot, "a", "", "", "seen", "a new file"},
		{noon, hot, "a", j.ID, "gs", Added, ""},
		{got[2].At, hot, "a", j.ID, "gs", Claimed, ""},
		{at, hot, "a", j.ID, "gs", Published, ""},
		{at, hot, "a", j.ID, "gs", Accepted, ""},
		{at, hot, "a", j.ID, "gs", StillOut, "first"}, // and not a line for each look
		{at, hot, "a", j.ID, "gs", Confirmed, "seen"},
		{before, hot, "a", "", "", "moved", "to another folder"}, // in the order of writing, whatever the clock says
	}
	if !slices.EqualFunc(got, want, func(a, b Entry) bool {
		same := a.At.Equal(b.At)
		a.At = b.At
		return same && a == b
	}) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}
