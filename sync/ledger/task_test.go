package ledger

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var taskStates = []TaskState{Collecting, Committing, AtVendor, TaskDone, Cancelled, Closed}

func livedTask(s TaskState) Task {
	return Task{ID: "t", Account: "gs", Bench: "bench", Title: "old", Round: 1, State: s, Created: before, Closes: before, NotBefore: before,
		Failures: 3, Reason: "old", Published: true}
}

func TestTaskAfter(t *testing.T) {
	open := []TaskState{Collecting, Committing}
	alive := []TaskState{Collecting, Committing, AtVendor}
	tests := []struct {
		e      TaskEvent
		in     []TaskState
		change func(*Task)
	}{
		{TaskEvent{What: Full}, []TaskState{Collecting}, func(t *Task) { t.Closes = noon }},
		{TaskEvent{What: Published}, open, func(t *Task) { t.State = Committing }},
		{TaskEvent{What: Accepted}, open, func(t *Task) { t.State, t.Published, t.Failures, t.NotBefore = AtVendor, false, 0, time.Time{} }},
		{TaskEvent{What: Failed, Until: later}, open, func(t *Task) { t.Failures, t.NotBefore = 4, later }},
		{TaskEvent{What: Failed, Until: later, Clean: true}, open, func(t *Task) { t.Failures, t.NotBefore, t.State, t.Published = 4, later, Collecting, false }},
		{TaskEvent{What: Waited, Until: later}, open, func(t *Task) { t.NotBefore = later }},
		{TaskEvent{What: Waited, Clean: true}, open, func(t *Task) { t.NotBefore, t.State, t.Published = time.Time{}, Collecting, false }},
		{TaskEvent{What: Settled}, []TaskState{AtVendor}, func(t *Task) { t.State = TaskDone }},
		{TaskEvent{What: CalledOff}, alive, func(t *Task) { t.State = Cancelled }},
		{TaskEvent{What: WrittenOff}, alive, func(t *Task) { t.State = Closed }},
		{TaskEvent{What: Claimed}, nil, nil},
		{TaskEvent{What: Confirmed}, nil, nil},
		{TaskEvent{What: Retried}, nil, nil},
	}
	for _, test := range tests {
		for _, s := range taskStates {
			t.Run(fmt.Sprintf("%s when %s", test.e.What, s), func(t *testing.T) {
				want, e, allowed := livedTask(s), test.e, slices.Contains(test.in, s)
				e.At, e.Reason = noon, "new"
				if allowed {
					want.Reason = "new"
					test.change(&want)
				}
				if got, err := livedTask(s).After(e); got != want || (err == nil) != allowed {
					t.Errorf("got  %+v, %v\nwant %+v, allowed %v", got, err, want, allowed)
				}
			})
		}
	}
	young := Task{State: Collecting}
	if got, err := young.After(TaskEvent{What: Published}); err != nil || !got.Published {
		t.Errorf("the intent to commit was not noted: %+v, %v", got, err)
	}
	for _, s := range taskStates {
		if got := s.Open(); got != slices.Contains(alive, s) {
			t.Errorf("%s.Open() = %v", s, got)
		}
	}
}

func TestTaskAfterModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		task := Task{State: Collecting}
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			drawn := drawEvent(t, []What{Full, Published, Accepted, Failed, Waited, Settled, CalledOff, WrittenOff})
			e := TaskEvent{What: drawn.What, At: drawn.At, Until: drawn.Until, Clean: drawn.Clean}
			next, err := task.After(e)
			if err != nil {
				if next != task {
					t.Fatalf("a refused %s changed the task", e.What)
				}
				continue
			}
			clean := e.Clean && (e.What == Failed || e.What == Waited)
			bad := map[string]bool{
				"left a final state":               !task.State.Open(),
				"forgot that it may be committed":  task.Published && !next.Published && !clean && e.What != Accepted,
				"committing without intent":        next.State == Committing && !next.Published,
				"collects though it may be there":  next.State == Collecting && next.Published,
				"took photos again":                task.State == AtVendor && next.State == Collecting,
				"at the vendor without its word":   next.State == AtVendor && e.What != Accepted,
				"done though not at the vendor":    next.State == TaskDone && task.State != AtVendor,
				"opened again after it was closed": next.Closes.IsZero() && !task.Closes.IsZero(),
				"failures are miscounted":          next.Failures > task.Failures != (e.What == Failed),
			}
			for text, is := range bad {
				if is {
					t.Fatalf("%s: %s at\n%+v\nled to\n%+v", text, e.What, task, next)
				}
			}
			task = next
		}
	})
}
