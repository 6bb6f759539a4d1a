package ledger

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// TestATaskEndsWhenNothingOfItIsAwaited: each picture is here, or a person gave
// it up.
func TestATaskEndsWhenNothingOfItIsAwaited(t *testing.T) {
	tests := []struct {
		name  string
		state TaskState
		outs  []Job // the last one is given up
		by    What
		want  TaskState
	}{
		{"none is left", AtVendor, []Job{newJob("a", 1, batch("t"), in(Done))}, WrittenOff, Closed},
		{"none is left, and none was sent", Collecting, []Job{newJob("a", 1, batch("t"), in(Parked))}, CalledOff, Cancelled},
		{"one is still out", AtVendor, []Job{newJob("a", 1, batch("t"), in(Done)), newJob("b", 1, batch("t"), in(Done))}, CalledOff, AtVendor},
		{"the others were given up before", AtVendor, []Job{newJob("a", 1, batch("t"), in(Done), closed), newJob("b", 1, batch("t"), in(Queued))}, CalledOff, Cancelled},
		{"it is just being submitted", Committing, []Job{newJob("a", 1, batch("t"), in(Done))}, CalledOff, Committing},
		{"it has ended before", TaskDone, []Job{newJob("a", 1, batch("t"), in(Done))}, CalledOff, TaskDone},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			l := openNew(t)
			putTasks(t, l, before, newTask("t", func(t *Task) { t.State = test.state }))
			accept(t, l, test.outs...)
			rec(t, l, find(t, l, test.outs[len(test.outs)-1]), Event{What: test.by, At: noon, Reason: "because"})
			if got := findTask(t, l, "t"); got.State != test.want {
				t.Errorf("it is %s, want %s", got.State, test.want)
			}
		})
	}
}

func TestATaskOfWhichSomeAreHereAndTheRestIsGivenUpIsDone(t *testing.T) {
	for _, state := range []TaskState{AtVendor, Collecting} {
		l := openNew(t)
		putTasks(t, l, before, newTask("t", func(t *Task) { t.State = state }))
		here, never := newJob("a", 1, batch("t"), in(Done)), newJob("b", 1, batch("t"), in(Done))
		accept(t, l, here, never)
		offer(t, l, newFetch("a", answers(here), in(Done)))
		rec(t, l, find(t, l, never), Event{What: WrittenOff, At: noon})
		got := findTask(t, l, "t")
		if state == Collecting { // the vendor is told first
			if got.State != Collecting {
				t.Errorf("before it was committed it is %s", got.State)
			}
			got = recTask(t, l, got, Accepted)
		}
		if got.State != TaskDone {
			t.Errorf("a task that was %s is %s", state, got.State)
		}
	}
}

// TestATaskWaitsAgainForWhatWasSentBack, even if it had ended.
func TestATaskWaitsAgainForWhatWasSentBack(t *testing.T) {
	for _, test := range []struct{ state, want TaskState }{
		{TaskDone, AtVendor}, {Closed, AtVendor}, {AtVendor, AtVendor}, {Collecting, Collecting}, {Committing, Committing},
	} {
		l := openNew(t)
		putTasks(t, l, before, newTask("t", func(t *Task) { t.State = test.state }))
		out := newJob("a", 1, batch("t"), in(Done))
		accept(t, l, out)
		back := newFetch("a", answers(out), in(Landed))
		offer(t, l, back)
		rec(t, l, find(t, l, back), Event{What: SentBack, At: noon, Reason: "a halo"})
		if got := findTask(t, l, "t"); got.State != test.want {
			t.Errorf("a task that was %s is %s, want %s", test.state, got.State, test.want)
		}
		if j := find(t, l, back); !j.Closed || j.State != Superseded {
			t.Errorf("the retouch is %s, closed %v", j.State, j.Closed)
		}
	}
}

// TestATaskEndsWithItsLastPictureInWhateverOrder they land, are written off, sent
// back or ordered again.
func TestATaskEndsWithItsLastPictureInWhateverOrder(t *testing.T) {
	ended := 0
	for seed := range uint64(10) {
		rnd := rand.New(rand.NewPCG(seed, 2))
		l := openNew(t)
		putTasks(t, l, before, newTask("t", func(t *Task) { t.State = AtVendor }))
		for i := range 12 {
			accept(t, l, newJob(fmt.Sprint(i), 1, batch("t"), in(Done), func(j *Job) { j.Round = 1 }))
		}
		for step := range 60 {
			pictures, err := l.Pictures(t.Context(), "t", noon)
			must(t, err)
			p := pictures[rnd.IntN(len(pictures))]
			switch kind := rnd.IntN(6); {
			case p.State == AtRetouch && kind > 0:
				back := newFetch(p.Out.Name, answers(p.Out), source(fmt.Sprint(step)), in(Moving), created(step))
				offer(t, l, back)
				rec(t, l, back, Event{What: Settled, At: noon})
			case p.State == AtRetouch:
				rec(t, l, p.Out, Event{What: WrittenOff, At: noon})
			case kind == 0 && p.State == PictureImported:
				rec(t, l, p.In, Event{What: SentBack, At: noon})
			case kind == 1:
				again := p.Out.with(in(Done), func(j *Job) { j.Round, j.Closed = p.Out.Round+1, false })
				again.ID = NewRoundID(again.Account, again.Folder, again.Name, again.Batch, again.Generation, again.Round)
				must(t, l.Decide(noon, Decision{Acceptance: Acceptance{Jobs: []Job{again}}, TaskSteps: []TaskStep{{findTask(t, l, "t"), TaskEvent{What: Reordered, At: noon}}}}))
				recTask(t, l, findTask(t, l, "t"), Accepted)
			}
			awaited := false
			pictures, err = l.Pictures(t.Context(), "t", noon)
			must(t, err)
			for _, p := range pictures {
				awaited = awaited || !p.Settled()
			}
			if got := findTask(t, l, "t"); got.State.Open() != awaited {
				t.Fatalf("seed %d, step %d: the task is %s, and something is awaited: %v", seed, step, got.State, awaited)
			} else if !awaited {
				ended++
			}
		}
	}
	if ended == 0 {
		t.Error("no task has ended")
	}
}
