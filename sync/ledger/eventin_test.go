package ledger

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/studio-agent/studio-agent/connectors"
)

func closed(j *Job) { j.Closed = true }

// livedIn is lived on its way in.
func livedIn(s State) Job {
	j := lived(s)
	j.Flow, j.Kind, j.Answers, j.Round, j.Source = In, Fetch, "4567", 1, Source{ID: "x"}
	return j
}

func TestAfterOnTheWayIn(t *testing.T) {
	never := time.Time{}
	full := Event{Receipt: connectors.Receipt{ID: "new"}, Digests: connectors.Digests{SHA256: "new"}}
	clean := Event{Clean: true}
	retried := func(forced bool) change {
		return and(put(Queued, never), func(j *Job) { j.Failures, j.Misses, j.Forced = 0, 0, forced })
	}
	held := []State{Offered, Queued, Moving, Publishing}
	checkTable(t, livedIn, inWhats, []step{
		{Imported, []State{Offered}, Event{}, put(Queued, never)},
		{Claimed, []State{Queued}, Event{}, func(j *Job) { j.State, j.Starts = Moving, 3 }},
		{Published, []State{Moving}, Event{}, func(j *Job) { j.State, j.Misses = Publishing, 0 }},
		{Settled, []State{Moving, Publishing}, full, and(put(Landed, never), func(j *Job) {
			j.SentAt, j.Published, j.Failures, j.Receipt, j.Digests = noon, false, 0, full.Receipt, full.Digests
		})},
		{Settled, []State{Moving, Publishing}, Event{}, and(put(Landed, never), func(j *Job) { j.SentAt, j.Published, j.Failures = noon, false, 0 })},
		{Acknowledged, []State{Landed}, Event{}, put(Done, never)},
		{Failed, []State{Moving, Publishing}, Event{}, and(put(Queued, later), func(j *Job) { j.Failures = 4 })},
		{Failed, []State{Moving, Publishing}, clean, and(put(Queued, later), func(j *Job) { j.Failures, j.Published = 4, false })},
		{Waited, []State{Moving, Publishing}, Event{}, put(Queued, later)},
		{Held, held, Event{}, func(j *Job) { j.State = Parked }},
		{Held, held, clean, func(j *Job) { j.State, j.Published = Parked, false }},
		{Overtaken, []State{Offered, Queued, Moving, Parked, GivenUp}, Event{}, func(j *Job) { j.State = Superseded }},
		{VendorFailed, []State{Offered, Queued, Parked}, Event{}, put(GivenUp, never)},
		{Retried, []State{Parked, GivenUp}, Event{}, retried(false)},
		{Retried, []State{Parked, GivenUp}, Event{Forced: true}, retried(true)},
		{TakenBack, []State{Moving, Publishing}, Event{}, put(Queued, later)},
		{Mended, []State{GivenUp, Moving}, Event{}, put(Offered, never)},
		{SentBack, []State{Offered, Parked, Landed, Done}, Event{}, ends(Offered, Parked, Landed, Done)},
		{WrittenOff, []State{Offered, Parked, GivenUp}, Event{}, ends(Offered, Parked, GivenUp)},
	})
}

// TestAfterModelOnTheWayIn sends retouches through random lives and holds each
// step against what the package promises.
func TestAfterModelOnTheWayIn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		j := Job{Flow: In, State: rapid.SampledFrom([]State{Offered, Queued, Parked, GivenUp}).Draw(t, "born")}
		landed := 0
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			e := drawEvent(t, whatsOfAll())
			next, err := j.After(e)
			if err != nil {
				if next != j {
					t.Fatalf("a refused %s changed the job:\n%+v\n%+v", e.What, j, next)
				}
				continue
			}
			if next.State == Landed {
				landed++
			}
			checkStepIn(t, j, next, e, landed)
			j = next
		}
	})
}

func checkStepIn(t *rapid.T, j, next Job, e Event, landed int) {
	clean := e.Clean && slices.Contains([]What{Failed, Waited, Held}, e.What)
	given := e.What == SentBack || e.What == WrittenOff
	person := given || e.What == Retried || e.What == Overtaken || e.What == VendorFailed || e.What == Mended
	bad := map[string]bool{
		"left a final state":                           j.State == Superseded || j.State == Done && e.What != SentBack,
		"a person's end was forgotten":                 j.Closed && !next.Closed || given != next.Closed && !j.Closed,
		"unknown state":                                !slices.Contains(inStates, next.State),
		"landed twice":                                 landed > 1,
		"somebody else's end":                          given && next.State != Superseded,
		"Starts is not the number of claims":           next.Starts-j.Starts != b2i(e.What == Claimed),
		"a failure was not counted":                    e.What == Failed && next.Failures != j.Failures+1,
		"forgot that it may be in place":               j.Published && !next.Published && !clean && e.What != Settled,
		"left landed but to done":                      j.State == Landed && next.State != Done && e.What != SentBack,
		"done without having landed":                   next.State == Done && j.State != Landed,
		"left parked or failed without a word":         (j.State == Parked || j.State == GivenUp) && !person,
		"left offered without a word":                  j.State == Offered && e.What != Imported && e.What != Held && !person,
		"in hands without a claim":                     next.State == Moving && e.What != Claimed,
		"publishing without a word":                    next.State == Publishing && (e.What != Published || !next.Published),
		"landed and still in doubt, or without a time": next.State == Landed && (next.Published || !next.SentAt.Equal(e.At)),
		"it misses or asks":                            next.Misses > 0 || next.Asks > 0 || next.Ask,
		"waits though nobody holds it back":            slices.Contains([]State{Landed, Done, GivenUp}, next.State) && !next.NotBefore.IsZero(),
	}
	for text, is := range bad {
		if is {
			t.Fatalf("%s: %s at\n%+v\nled to\n%+v", text, e.What, j, next)
		}
	}
}
