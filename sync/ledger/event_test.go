package ledger

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/studio-agent/studio-agent/connectors"
)

var (
	states   = []State{Queued, Moving, Publishing, Sent, Done, Parked, Superseded}
	inStates = []State{Offered, Queued, Moving, Publishing, Landed, Done, Parked, GivenUp, Superseded}
	whats    = []What{Claimed, Published, Accepted, Confirmed, Failed, Waited, NotSeen, StillOut, Held, Overtaken, Retried, TakenBack,
		CalledOff, WrittenOff}
	inWhats = []What{Imported, Claimed, Published, Settled, Acknowledged, Failed, Waited, Held, Overtaken, VendorFailed, Retried, TakenBack,
		Mended, SentBack, WrittenOff}

	noon   = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	before = noon.Add(-time.Hour) // sent
	later  = noon.Add(time.Minute)
)

// lived is a job with a past, so that every field that an event may touch
// shows whether it was.
func lived(s State) Job {
	return Job{
		ID: "0123", Account: "gs", Bench: "studio 1", Folder: "/hot", Name: "a.jpg", Batch: "old", Flow: Out, Kind: Deliver, Generation: 1,
		Size: 7, ModTime: before, Digests: connectors.Digests{SHA256: "old"}, State: s, Rank: 1, Created: before, NotBefore: before, SentAt: before,
		Forced: true, Ask: true, Published: true, Misses: 1, Starts: 2, Failures: 3, Asks: 4,
		Receipt: connectors.Receipt{ID: "old"}, Reason: "old",
	}
}

type change func(*Job)

func put(s State, until time.Time) change {
	return func(j *Job) { j.State, j.NotBefore = s, until }
}

func and(cs ...change) change {
	return func(j *Job) {
		for _, c := range cs {
			c(j)
		}
	}
}

// A step is one line of a transition table.
type step struct {
	what   What
	in     []State
	e      Event
	change change
}

func TestAfter(t *testing.T) {
	settled := func(j *Job) {
		j.Failures, j.Receipt, j.Digests, j.Batch = 0, connectors.Receipt{ID: "new"}, connectors.Digests{SHA256: "new"}, "new"
	}
	full := Event{Receipt: connectors.Receipt{ID: "new"}, Digests: connectors.Digests{SHA256: "new"}, Batch: "new"}
	clean := Event{Clean: true}
	checkTable(t, lived, whats, []step{
		{Claimed, []State{Queued}, Event{}, func(j *Job) { j.State, j.Starts = Moving, 3 }},
		{Published, []State{Moving}, Event{}, func(j *Job) { j.State, j.Misses = Publishing, 0 }},
		{Accepted, []State{Moving, Publishing}, full, and(put(Sent, later), settled, func(j *Job) { j.SentAt, j.Asks = noon, 0 })},
		{Accepted, []State{Moving, Publishing}, Event{}, and(put(Sent, later), func(j *Job) { j.SentAt, j.Asks, j.Failures = noon, 0, 0 })},
		{Confirmed, []State{Moving, Publishing, Sent}, full, and(put(Done, time.Time{}), settled, func(j *Job) { j.Published = false })},
		{Failed, []State{Moving, Publishing}, Event{}, and(put(Queued, later), func(j *Job) { j.Failures = 4 })},
		{Failed, []State{Moving, Publishing}, clean, and(put(Queued, later), func(j *Job) { j.Failures, j.Published = 4, false })},
		{Waited, []State{Moving, Publishing}, Event{}, put(Queued, later)},
		{Waited, []State{Moving, Publishing}, clean, and(put(Queued, later), func(j *Job) { j.Published = false })},
		{NotSeen, []State{Moving}, Event{}, and(put(Moving, time.Time{}), func(j *Job) { j.Published, j.Misses, j.Ask = false, 0, false })},
		{StillOut, []State{Sent}, Event{}, and(put(Sent, later), func(j *Job) { j.Asks = 5 })},
		{Held, []State{Queued, Moving, Publishing, Sent}, Event{}, func(j *Job) { j.State = Parked }},
		{Held, []State{Queued, Moving, Publishing, Sent}, clean, func(j *Job) { j.State, j.Published = Parked, false }},
		{Overtaken, []State{Queued, Moving, Publishing, Parked}, Event{}, func(j *Job) { j.State = Superseded }},
		{Retried, []State{Parked}, Event{}, and(put(Queued, time.Time{}), func(j *Job) { j.Failures, j.Misses, j.Forced = 0, 0, false })},
		{Retried, []State{Parked}, Event{Forced: true}, and(put(Queued, time.Time{}), func(j *Job) { j.Failures, j.Misses = 0, 0 })},
		{TakenBack, []State{Moving, Publishing}, Event{}, put(Queued, later)},
		{CalledOff, []State{Queued, Moving, Parked, Sent, Done}, Event{}, ends(Queued, Moving, Parked)},
		{WrittenOff, []State{Queued, Moving, Publishing, Parked, Sent, Done}, Event{}, ends(Queued, Parked)},
	})
}

// ends closes a job, which is superseded if it is in one of these states.
func ends(some ...State) change {
	return func(j *Job) {
		j.Closed = true
		if slices.Contains(some, j.State) {
			j.State = Superseded
		}
	}
}

// checkTable tries each step from each state of both directions, and that no
// other event can happen in any of them.
func checkTable(t *testing.T, lived func(State) Job, whats []What, tests []step) {
	for _, w := range slices.Concat(whatsOfAll(), []What{"unheard of"}) {
		if !slices.Contains(whats, w) {
			tests = append(tests, step{what: w})
		}
	}
	covered := map[What]bool{}
	for _, test := range tests {
		covered[test.what] = true
		e := test.e
		e.What, e.At, e.Until, e.Reason = test.what, noon, later, "new"
		for _, s := range slices.Concat(states, inStates) {
			t.Run(fmt.Sprintf("%s when %s", e.What, s), func(t *testing.T) {
				want := lived(s)
				allowed := slices.Contains(test.in, s)
				if allowed {
					want.Reason = "new"
					test.change(&want)
				}
				got, err := lived(s).After(e)
				if got != want || (err == nil) != allowed {
					t.Errorf("got  %+v, %v\nwant %+v, allowed %v", got, err, want, allowed)
				}
			})
		}
	}
	for _, w := range whats {
		if !covered[w] {
			t.Errorf("the table lacks %q", w)
		}
	}
}

func TestAfterOfYoungJobs(t *testing.T) {
	tests := []struct {
		name   string
		change func(*Job) // to lived(Moving)
		e      Event
		want   func(*Job)
	}{
		{"seen without ever being sent is sent now", func(j *Job) { j.SentAt = time.Time{} },
			Event{What: Confirmed, At: noon},
			func(j *Job) {
				j.State, j.NotBefore, j.Published, j.Failures, j.SentAt = Done, time.Time{}, false, 0, noon
			}},
		{"the first miss after an unknown outcome asks once more", func(j *Job) { j.Misses = 0 },
			Event{What: NotSeen, Until: later},
			func(j *Job) { j.State, j.NotBefore, j.Misses = Queued, later, 1 }},
		{"one miss is enough where nothing was published", func(j *Job) { j.Published, j.Misses = false, 0 },
			Event{What: NotSeen, Until: later},
			func(j *Job) { j.NotBefore, j.Ask = time.Time{}, false }},
		{"retried though never sent does not ask", func(j *Job) { j.State, j.SentAt, j.Ask = Parked, time.Time{}, false },
			Event{What: Retried},
			func(j *Job) { j.State, j.Failures, j.Misses, j.Forced, j.NotBefore = Queued, 0, 0, false, time.Time{} }},
		{"retried after it was sent asks", func(j *Job) { j.State, j.Ask = Parked, false },
			Event{What: Retried},
			func(j *Job) {
				j.State, j.Ask, j.Failures, j.Misses, j.Forced, j.NotBefore = Queued, true, 0, 0, false, time.Time{}
			}},
		{"publishing is noted the first time", func(j *Job) { j.Published, j.Misses = false, 0 },
			Event{What: Published},
			func(j *Job) { j.State, j.Published = Publishing, true }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			j := lived(Moving)
			test.change(&j)
			want := j
			test.want(&want)
			want.Reason = ""
			got, err := j.After(test.e)
			if err != nil || got != want {
				t.Errorf("got  %+v, %v\nwant %+v", got, err, want)
			}
		})
	}
}

func whatsOfAll() []What { return slices.Concat(whats, inWhats) }

func drawEvent(t *rapid.T, whats []What) Event {
	e := Event{
		What:   rapid.SampledFrom(whats).Draw(t, "what"),
		At:     noon.Add(time.Duration(rapid.IntRange(0, 3600).Draw(t, "at")) * time.Second),
		Clean:  rapid.Bool().Draw(t, "clean"),
		Forced: rapid.Bool().Draw(t, "forced"),
	}
	if rapid.Bool().Draw(t, "until") {
		e.Until = e.At.Add(time.Minute)
	}
	return e
}

// TestAfterModel sends jobs through random lives and holds each step against
// what the package promises.
func TestAfterModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		j := Job{State: rapid.SampledFrom([]State{Queued, Parked}).Draw(t, "born"), Ask: rapid.Bool().Draw(t, "ask")}
		misses := 0 // heard "not there" since Published was set
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			e := drawEvent(t, whatsOfAll())
			next, err := j.After(e)
			if err != nil {
				if next != j {
					t.Fatalf("a refused %s changed the job:\n%+v\n%+v", e.What, j, next)
				}
				continue
			}
			if e.What == NotSeen {
				misses++
			}
			checkStep(t, j, next, e, misses)
			if e.What == Published || e.What == Retried || !next.Published {
				misses = 0
			}
			j = next
		}
	})
}

func checkStep(t *rapid.T, j, next Job, e Event, misses int) {
	clean := e.Clean && slices.Contains([]What{Failed, Waited, Held}, e.What)
	given := e.What == CalledOff || e.What == WrittenOff // by a person
	bad := map[string]bool{
		"left a final state":                         j.State == Superseded || j.State == Done && (next.State != Done || !given),
		"a person's end was forgotten":               j.Closed && !next.Closed || given != next.Closed && !j.Closed,
		"a person's end calls back what is there":    given && (j.State == Sent || j.State == Done) && next.State != j.State,
		"unknown state":                              !slices.Contains(states, next.State),
		"Starts is not the number of claims":         next.Starts-j.Starts != b2i(e.What == Claimed),
		"Failures grew without one":                  next.Failures > j.Failures && e.What != Failed,
		"a failure was not counted":                  e.What == Failed && next.Failures != j.Failures+1,
		"forgot that it may be visible":              j.Published && !next.Published && !clean && e.What != Confirmed && !(e.What == NotSeen && misses >= MissesNeeded),
		"sent went back by itself":                   j.State == Sent && !slices.Contains([]State{Sent, Done, Parked}, next.State),
		"left parked without a person":               j.State == Parked && e.What != Retried && e.What != Overtaken && !given,
		"in hands without a claim":                   next.State == Moving && j.State != Moving && e.What != Claimed,
		"publishing without a word":                  next.State == Publishing && (e.What != Published && j.State != Publishing || !next.Published),
		"done though nobody saw it":                  next.State == Done && j.State != Done && e.What != Confirmed,
		"done and still in doubt":                    next.State == Done && next.Published,
		"sent without a time":                        (next.State == Sent || next.State == Done) && next.SentAt.IsZero(),
		"forgot when it was sent":                    next.SentAt.IsZero() && !j.SentAt.IsZero(),
		"a retry after sending does not ask":         e.What == Retried && !j.SentAt.IsZero() && !next.Ask,
		"asking was forgotten":                       j.Ask && !next.Ask && e.What != NotSeen,
		"misses without doubt":                       next.Misses >= MissesNeeded || next.Misses > 0 && e.What == NotSeen && !next.Published,
		"a person's word was forgotten":              j.Forced && !next.Forced && e.What != Retried,
		"a job that nobody holds has an end to wait": next.State == Done && !next.NotBefore.IsZero(),
	}
	for text, is := range bad {
		if is {
			t.Fatalf("%s: %s at\n%+v\nled to\n%+v", text, e.What, j, next)
		}
	}
}

func TestStateOpen(t *testing.T) {
	for _, s := range slices.Concat(states, inStates) {
		want := s == Queued || s == Moving || s == Publishing || s == Sent || s == Landed
		if got := s.Open(); got != want {
			t.Errorf("%s.Open() = %v, want %v", s, got, want)
		}
	}
}
