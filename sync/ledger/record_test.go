package ledger

import (
	"errors"
	"fmt"
	"reflect"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/studio-agent/studio-agent/connectors"
)

// wantSet fails if a field of the test's own value was forgotten.
func wantSet(t *testing.T, v any) {
	t.Helper()
	for i, r := 0, reflect.ValueOf(v); i < r.NumField(); i++ {
		if r.Field(i).IsZero() {
			t.Fatalf("the test does not set %s", r.Type().Field(i).Name)
		}
	}
}

// TestRecordModel sends jobs through random lives on disk: each stands there as
// After says, and what After refuses leaves no trace.
func TestRecordModel(t *testing.T) {
	l := openNew(t)
	lives := 0
	rapid.Check(t, func(rt *rapid.T) {
		lives++
		name := fmt.Sprint("life ", lives)
		j := rapid.SampledFrom([]Job{newJob(name, 1), newFetch(name, in(Offered)), newFetch(name, answers(newJob(name, 1)))}).Draw(rt, "job")
		j.Created = noon
		must(t, l.Offer(noon, []Job{j}))
		j = find(t, l, j)
		for range rapid.IntRange(1, 12).Draw(rt, "steps") {
			e := drawEvent(rt, whatsOfAll())
			e.Receipt.ID, e.Digests.SHA1, e.Reason = rapid.SampledFrom([]string{"", "x", "y"}).Draw(rt, "text"), "1", "because"
			want, refused := j.After(e)
			got, err := l.Record(j, e)
			if (err == nil) != (refused == nil) || got != want {
				rt.Fatalf("%s returned\n%+v, %v; After says\n%+v, %v", e.What, got, err, want, refused)
			}
			if disk := find(t, l, j); !sameJob(disk, want) {
				rt.Fatalf("after %s\n%+v is on disk, want\n%+v", e.What, disk, want)
			}
			j = want
		}
	})
}

// sameJob compares without regard to time zones.
func sameJob(a, b Job) bool {
	for _, j := range []*Job{&a, &b} {
		for _, at := range []*time.Time{&j.ModTime, &j.Changed, &j.Created, &j.NotBefore, &j.SentAt} {
			*at = at.UTC()
		}
	}
	return a == b
}

func TestRecordLost(t *testing.T) {
	path := newPath(t)
	l := openAt(t, path)
	accept(t, l, newJob("a", 1))
	first := next(t, l)
	failed := rec(t, l, first, Event{What: Failed, Reason: "cut"})
	second := next(t, l)
	stranger := newJob("never added", 1, in(Moving))
	for name, stale := range map[string]Job{"another state": failed, "an earlier claim": first, "not in the ledger": stranger} {
		for _, what := range []What{Claimed, Published, Confirmed, Failed, Held} {
			if _, refused := stale.After(Event{What: what}); refused != nil {
				continue
			}
			if got, err := l.Record(stale, Event{What: what, At: time.Now()}); !errors.Is(err, ErrLost) || got != stale {
				t.Errorf("%s, %s: got %+v, %v; want the job as given and ErrLost", name, what, got, err)
			}
		}
	}
	if got := find(t, l, second); got != second {
		t.Errorf("the job was changed:\ngot  %+v\nwant %+v", got, second)
	}
}

// TestLateWorkerFinishesNothing has a job's first worker speak up after another
// agent took the job over.
func TestLateWorkerFinishesNothing(t *testing.T) {
	path := newPath(t)
	l := openAt(t, path)
	accept(t, l, newJob("a", 1))
	late := next(t, l)
	must(t, l.Close())
	l = openAt(t, path)
	now := next(t, l)
	if _, err := l.Record(late, Event{What: Confirmed, At: time.Now()}); !errors.Is(err, ErrLost) {
		t.Errorf("the late worker got %v, want ErrLost", err)
	}
	rec(t, l, now, Event{What: Confirmed})
}

func TestRecordRefuses(t *testing.T) {
	l := openNew(t)
	accept(t, l, newJob("a", 1))
	j := find(t, l, newJob("a", 1))
	before := count1(t, l, `SELECT COUNT(*) FROM history`)
	_, err := l.Record(j, Event{What: Confirmed, At: time.Now(), Digests: connectors.Digests{SHA256: "aa"}})
	if err == nil || errors.Is(err, ErrLost) || err.Error() != "a job that is queued cannot be confirmed" {
		t.Errorf("error %v", err)
	}
	if got := find(t, l, j); got != j || count1(t, l, `SELECT COUNT(*) FROM history`) != before {
		t.Errorf("the refusal left a trace: %+v", got)
	}
}

func TestOpenTakesBack(t *testing.T) {
	path := newPath(t)
	l := openAt(t, path)
	later := time.Now().Add(10 * time.Minute).Round(0)
	for _, s := range states {
		accept(t, l, newJob(string(s), 1, in(s), func(j *Job) { j.Published, j.NotBefore, j.Starts = s == Publishing, later, 1 }))
	}
	must(t, l.Close())
	l = openAt(t, path)
	for _, s := range states {
		want := newJob(string(s), 1, in(s), func(j *Job) { j.Published, j.NotBefore, j.Starts = s == Publishing, later, 1 })
		if s == Moving || s == Publishing {
			want.State, want.NotBefore, want.Reason = Queued, time.Time{}, "the agent was stopped in the middle of it"
		}
		got := find(t, l, want)
		got.Created = time.Time{}
		if !sameJob(got, want) {
			t.Errorf("%s\ngot  %+v\nwant %+v", s, got, want)
		}
	}
	people, err := OpenForPeople(t.Context(), Options{Path: path})
	must(t, err)
	defer people.Close()
	moving := next(t, l)
	wantState(t, people, moving, Moving)
}

func TestLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := openNew(t)
		accept(t, l, newJob("a", 1))
		holds := func(want bool, since time.Time) {
			t.Helper()
			var agent string
			var until int64
			must(t, l.read.QueryRow(`SELECT agent, lease FROM jobs`).Scan(&agent, &until))
			if want && (agent != l.agent || until != nanos(since.Add(lease))) || !want && (agent != "" || until != 0) {
				t.Errorf("held by %q until %v; held is to be %v, since %v", agent, fromNanos(until), want, since)
			}
		}
		holds(false, time.Time{})
		j := next(t, l)
		holds(true, time.Now())
		time.Sleep(20 * time.Second)
		must(t, l.Renew(time.Now()))
		holds(true, time.Now())
		j = rec(t, l, j, Event{What: Published})
		holds(true, time.Now())
		rec(t, l, j, Event{What: Failed})
		holds(false, time.Time{})
		must(t, l.Renew(time.Now()))
		holds(false, time.Time{})
		rec(t, l, next(t, l), Event{What: NotSeen})
		holds(false, time.Time{})
		j = rec(t, l, next(t, l), Event{What: NotSeen})
		holds(true, time.Now())
		rec(t, l, j, Event{What: Accepted})
		holds(false, time.Time{})
	})
}

func TestMarksAreReleased(t *testing.T) {
	later := time.Now().Add(time.Hour)
	mark := func(name, content string, changes ...func(*Job)) Job {
		return newJob(name, 1, append([]func(*Job){asMark, sha(content), func(j *Job) { j.NotBefore = later }}, changes...)...)
	}
	waits := []Job{mark("other content", "bb"), mark("other account", "aa", account("ftp")), mark("other bench", "aa", func(j *Job) { j.Bench = "x" }),
		newJob("no mark", 1, sha("aa"), func(j *Job) { j.NotBefore = later })}
	goes := mark("its mark", "aa")
	parked := mark("parked", "aa", in(Parked))
	l := openNew(t)
	accept(t, l, append(waits, goes, parked, newJob("a", 1))...)
	// The content is known only from sending it.
	j := rec(t, l, next(t, l), Event{What: Accepted, Digests: connectors.Digests{SHA256: "aa"}})
	if got := find(t, l, goes); got.NotBefore.IsZero() {
		t.Error("the mark was released before its photo was seen at the remote")
	}
	rec(t, l, j, Event{What: Confirmed})
	if got := find(t, l, goes); !got.NotBefore.IsZero() {
		t.Errorf("the mark waits until %v, want it released", got.NotBefore)
	}
	for _, w := range append(waits, parked) {
		if got := find(t, l, w); !got.NotBefore.Equal(later) {
			t.Errorf("%s was released", w.Name)
		}
	}
}

// TestMarksAreReleasedAfterARestart: an agent that has added none itself still
// looks for those that were there, and one that found none for those that came.
func TestMarksAreReleasedAfterARestart(t *testing.T) {
	later := func(j *Job) { j.NotBefore = time.Now().Add(time.Hour) }
	for _, state := range []State{Queued, Parked} {
		path := newPath(t)
		l := openAt(t, path)
		if !l.lacks.marks.Load() {
			t.Error("an empty ledger is said to have marks")
		}
		m := newJob("m", 1, asMark, sha("aa"), in(state), later)
		accept(t, l, m, newJob("a", 1, sha("aa")))
		must(t, l.Close())
		l = openAt(t, path)
		if state == Parked {
			rec(t, l, m, Event{What: Retried})
			must(t, l.write(func(tx transaction) error {
				_, err := tx.Exec(`UPDATE jobs SET not_before = ? WHERE id = ?`, nanos(time.Now().Add(time.Hour)), m.ID)
				return err
			}))
		}
		rec(t, l, next(t, l), Event{What: Confirmed})
		if got := find(t, l, m); !got.NotBefore.IsZero() {
			t.Errorf("a mark that was %s waits until %v, want it released", state, got.NotBefore)
		}
	}
}

// TestMarksOfUnknownContent: no digest is no content, not the same content.
func TestMarksOfUnknownContent(t *testing.T) {
	l := openNew(t)
	later := time.Now().Add(time.Hour)
	m := newJob("m", 1, asMark, func(j *Job) { j.NotBefore = later })
	accept(t, l, m, newJob("a", 1))
	rec(t, l, next(t, l), Event{What: Confirmed})
	if got := find(t, l, m); !got.NotBefore.Equal(later) {
		t.Error("a mark of unknown content was released")
	}
}

func TestRecordLearnsDigests(t *testing.T) {
	all := connectors.Digests{SHA256: "aa", SHA1: "bb", MD5: "cc"}
	tests := []struct {
		name string
		file File
		want string
	}{
		{"unknown so far", newFile("day 1/a", 1, ""), "aa"},
		{"read before", newFile("day 1/a", 1, "xx"), "xx"},
		{"changed since", newFile("day 1/a", 2, ""), ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			l := openNew(t)
			must(t, l.Accept(time.Now(), Acceptance{Files: []File{test.file, newFile("a", 1, "")}, Jobs: []Job{newJob("day 1/a", 1)}}))
			j := rec(t, l, next(t, l), Event{What: Accepted, Digests: all})
			if j.Digests != all {
				t.Errorf("the job has %+v, want %+v", j.Digests, all)
			}
			if f, _, err := l.FindFile(t.Context(), hot, "day 1/a"); err != nil || f.SHA256 != test.want {
				t.Errorf("the file has %q, %v; want %q", f.SHA256, err, test.want)
			}
			if f, _, err := l.FindFile(t.Context(), hot, "a"); err != nil || f.SHA256 != "" {
				t.Errorf("its namesake has %q, %v; want none", f.SHA256, err)
			}
		})
	}
}

// TestMarksOfTheSamePicture: what waited for a picture goes when it has arrived,
// even if its metadata was other.
func TestMarksOfTheSamePicture(t *testing.T) {
	l := openNew(t)
	wait := func(j *Job) { j.NotBefore = time.Now().Add(time.Hour) }
	goes, stays, unknown := newJob("m", 1, asMark, sha("bb"), core("cc"), wait), newJob("n", 1, asMark, core("dd"), wait), newJob("o", 1, asMark, wait)
	photo, bare := newJob("a", 1, sha("aa"), core("cc"), created(1)), newJob("b", 1)
	accept(t, l, goes, stays, unknown, photo, bare)
	got, err := l.SameCore(t.Context(), "gs", "bench", "cc")
	wantJobs(t, "the same picture", got, err, "a 1")
	got, err = l.SameCore(t.Context(), "gs", "bench", "")
	wantJobs(t, "of no picture", got, err)
	for range 2 {
		rec(t, l, next(t, l), Event{What: Confirmed, Receipt: connectors.Receipt{ID: "x"}})
	}
	for _, m := range []Job{goes, stays, unknown} {
		if released := find(t, l, m).NotBefore.IsZero(); released != (m.ID == goes.ID) {
			t.Errorf("%s is released: %v", m.Name, released)
		}
	}
}

// TestASupersededFileIsLookedAtAgain: its stamp is forgotten in the same commit,
// unless the name has newer content by now.
func TestASupersededFileIsLookedAtAgain(t *testing.T) {
	l := openNew(t)
	for _, test := range []struct {
		name   string
		job    Job
		forget bool
	}{
		{"delivery", newJob("a", 2, in(Moving)), true},
		{"mark", newJob("b", 2, in(Queued), asMark), true},
		{"of an older generation", newJob("c", 1, in(Parked)), false},
		{"retouch in the same folder", newFetch("d", func(j *Job) { j.Generation = 2 }), false},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := newFile(test.job.Name, 2, "")
			must(t, l.Accept(noon, Acceptance{Files: []File{f}, Jobs: []Job{test.job}}))
			rec(t, l, find(t, l, test.job), Event{What: Overtaken})
			want := f
			if test.forget {
				want.ModTime = NoTime
			}
			if got, ok, err := l.FindFile(t.Context(), hot, f.Name); err != nil || !ok || !got.ModTime.Equal(want.ModTime) || got.Generation != 2 {
				t.Errorf("known is %+v, %v, %v; want %+v", got, ok, err, want)
			}
		})
	}
}
