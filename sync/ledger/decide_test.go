package ledger

import (
	"errors"
	"reflect"
	"testing"
	"time"
)

// TestADecisionIsWrittenOnceAndWhole with its answer.
func TestADecisionIsWrittenOnceAndWhole(t *testing.T) {
	l := openNew(t)
	putTasks(t, l, before, newTask("t", func(t *Task) { t.State = TaskDone }))
	first := newJob("a", 1, batch("t"), in(Done), func(j *Job) { j.Round = 1 })
	accept(t, l, first)
	failed := newFetch("a", answers(first), in(GivenUp))
	offer(t, l, failed)
	seq, err := l.Ask("reorder", nil)
	must(t, err)
	d := Decision{
		Control: seq, Answer: "1 picture is ordered again",
		Acceptance: Acceptance{Files: []File{newFile("a", 1, "aa")}, Jobs: []Job{secondRound(first).with(in(Queued))}},
		TaskSteps:  []TaskStep{{findTask(t, l, "t"), TaskEvent{What: Reordered, At: noon}}},
		Steps:      []Step{{find(t, l, failed), Event{What: WrittenOff, At: noon, Reason: "ordered again"}}},
	}
	must(t, l.Decide(noon, d))
	wantState(t, l, d.Jobs[0], Queued)
	wantState(t, l, failed, Superseded)
	if got := findTask(t, l, "t"); got.State != Collecting || got.Round != 2 {
		t.Errorf("the task is %+v", got)
	}
	if c, err := l.Control(t.Context(), seq); err != nil || c.Answer != d.Answer || !c.Taken.Equal(noon) {
		t.Errorf("the control is %+v, %v", c, err)
	}
	if f, ok, err := l.FindFile(t.Context(), hot, "a"); !ok || err != nil || f.SHA256 != "aa" {
		t.Errorf("the file is %+v, %v, %v", f, ok, err)
	}
	if err := l.Decide(later, d); !errors.Is(err, ErrAnswered) {
		t.Errorf("a second time: %v", err)
	}
	if n := count1(t, l, `SELECT COUNT(*) FROM jobs WHERE flow = 'out'`); n != 2 {
		t.Errorf("%d deliveries, want 2", n)
	}
}

// TestADecisionThatCannotBeLeavesNoTrace, not even its answer.
func TestADecisionThatCannotBeLeavesNoTrace(t *testing.T) {
	first := newJob("a", 1, batch("t"), in(Done), func(j *Job) { j.Round = 1 })
	second := secondRound(first).with(in(Queued))
	other := newJob("b", 1, batch("t"), in(Parked))
	for name, change := range map[string]func(l *Ledger, d *Decision){
		"a job is another": func(l *Ledger, d *Decision) {
			rec(t, l, find(t, l, other), Event{What: Retried})
		},
		"a task is another": func(l *Ledger, d *Decision) {
			recTask(t, l, findTask(t, l, "t"), WrittenOff)
		},
		"the round was ordered already": func(l *Ledger, d *Decision) {
			d.Jobs[0].ID = NewRoundID("gs", hot, "a", "t", 2, 2) // of another content
			accept(t, l, second)
		},
		"it cannot happen": func(l *Ledger, d *Decision) { d.Steps[0].Event.What = Mended },
	} {
		t.Run(name, func(t *testing.T) {
			l := openNew(t)
			putTasks(t, l, before, newTask("t", func(t *Task) { t.State = AtVendor }))
			accept(t, l, first, other)
			seq, err := l.Ask("reorder", nil)
			must(t, err)
			d := Decision{
				Control: seq, Answer: "done", Acceptance: Acceptance{Jobs: []Job{second}},
				TaskSteps: []TaskStep{{findTask(t, l, "t"), TaskEvent{What: Reordered, At: noon}}},
				Steps:     []Step{{find(t, l, other), Event{What: CalledOff, At: noon}}},
			}
			change(l, &d)
			jobs := count1(t, l, `SELECT COUNT(*) FROM jobs`)
			state, was := find(t, l, other).State, findTask(t, l, "t")
			if err := l.Decide(noon, d); err == nil {
				t.Fatal("it was written")
			}
			wantState(t, l, other, state)
			if got := findTask(t, l, "t"); !reflect.DeepEqual(got, was) {
				t.Errorf("the task is %+v, want %+v", got, was)
			}
			if n := count1(t, l, `SELECT COUNT(*) FROM jobs`); n != jobs {
				t.Errorf("%d jobs, want %d", n, jobs)
			}
			if c, err := l.Control(t.Context(), seq); err != nil || !c.Taken.IsZero() {
				t.Errorf("the control is %+v, %v", c, err)
			}
		})
	}
}

// TestADecisionWakesWhoMustAct.
func TestADecisionWakesWhoMustAct(t *testing.T) {
	l := openNew(t)
	offered := newFetch("a", in(Offered))
	offer(t, l, offered)
	go func() {
		l.Decide(time.Now(), Decision{
			Acceptance: Acceptance{Jobs: []Job{newJob("b", 1)}},
			Steps:      []Step{{offered.with(), Event{What: Imported, At: time.Now()}}},
		})
	}()
	start := time.Now()
	next(t, l)
	nextIn(t, l)
	if took := time.Since(start); took > idle/2 {
		t.Errorf("it took %v", took)
	}
}

// TestWhatAPersonEndsStaysEnded though a worker has it in its hands.
func TestWhatAPersonEndsStaysEnded(t *testing.T) {
	l := openNew(t)
	accept(t, l, newJob("a", 1))
	mine := next(t, l)
	rec(t, l, find(t, l, mine), Event{What: WrittenOff, Reason: "not wanted"})
	back := rec(t, l, mine, Event{What: Failed})
	if got := find(t, l, back); got.State != Queued || !got.Closed {
		t.Errorf("it is %s, closed %v; want the worker's word and the person's", got.State, got.Closed)
	}
	again := next(t, l)
	if !again.Closed {
		t.Error("who claims it does not see that a person has ended it")
	}
	rec(t, l, again, Event{What: CalledOff})
	wantState(t, l, again, Superseded)

	// What was delivered is counted once, whatever happens to it later.
	accept(t, l, newJob("b", 1))
	sent := rec(t, l, next(t, l), Event{What: Confirmed})
	rec(t, l, sent, Event{What: CalledOff})
	if n := count1(t, l, `SELECT SUM(done) FROM days`); n != 1 {
		t.Errorf("%d deliveries are counted, want 1", n)
	}
}
