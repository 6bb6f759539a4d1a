package ledger

import (
	"fmt"
	"reflect"
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
		{TaskEvent{What: Reordered}, []TaskState{Collecting, AtVendor, TaskDone, Cancelled, Closed}, func(t *Task) {
			t.State, t.Closes, t.Round, t.Published, t.Failures, t.NotBefore = Collecting, noon, 2, false, 0, time.Time{}
		}},
		{TaskEvent{What: Reopened}, []TaskState{TaskDone, Cancelled, Closed}, func(t *Task) { t.State = AtVendor }},
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
				if got, err := livedTask(s).After(e); !reflect.DeepEqual(got, want) || (err == nil) != allowed {
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
			drawn := drawEvent(t, []What{Full, Published, Accepted, Failed, Waited, Settled, CalledOff, WrittenOff, Reordered, Reopened})
			e := TaskEvent{What: drawn.What, At: drawn.At, Until: drawn.Until, Clean: drawn.Clean}
			next, err := task.After(e)
			if err != nil {
				if !reflect.DeepEqual(next, task) {
					t.Fatalf("a refused %s changed the task", e.What)
				}
				continue
			}
			clean := e.Clean && (e.What == Failed || e.What == Waited)
			person := e.What == Reordered || e.What == Reopened
			bad := map[string]bool{
				"left a final state":               !task.State.Open() && !person,
				"forgot that it may be committed":  task.Published && !next.Published && !clean && e.What != Accepted && e.What != Reordered,
				"committing without intent":        next.State == Committing && !next.Published,
				"collects though it may be there":  next.State == Collecting && next.Published,
				"took photos again":                task.State == AtVendor && next.State == Collecting && !next.Closes.Equal(e.At),
				"rounds are miscounted":            next.Round-task.Round != b2i(e.What == Reordered),
				"at the vendor without its word":   next.State == AtVendor && e.What != Accepted && e.What != Reopened,
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

// TestADeadlineThatHasPassedIsSetAnew with the next round, and no other.
func TestADeadlineThatHasPassedIsSetAnew(t *testing.T) {
	for _, test := range []struct{ closed, deadline, want time.Time }{
		{before, time.Time{}, time.Time{}},
		{before, later, later},
		{before.Add(-3 * time.Hour), before, noon.Add(3 * time.Hour)},
		{before, before.Add(-1), noon},
	} {
		task := Task{State: AtVendor, Closes: test.closed, Deadline: test.deadline}
		got, err := task.After(TaskEvent{What: Reordered, At: noon})
		if err != nil || !got.Deadline.Equal(test.want) {
			t.Errorf("closed %v, due %v: now due %v, %v; want %v", test.closed, test.deadline, got.Deadline, err, test.want)
		}
	}
}
