package ledger

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
)

// told is what a remote says of its task "7", first round.
func told7(progress connectors.Progress, changes ...func(*connectors.Assignment)) connectors.Assignment {
	a := connectors.Assignment{
		Batch: "7-1", Title: "Job / Product", Bench: "bench", Round: 1, Progress: progress, Status: "In Progress",
		Link: "https://cf.example/7", Deadline: time.Unix(9000, 0), Missing: []string{"a.tif", "b.tif"},
	}
	for _, change := range changes {
		change(&a)
	}
	return a
}

func wantAssigned(t *testing.T, l *Ledger, changed bool, all ...connectors.Assignment) {
	t.Helper()
	if got, err := l.Assign(noon, "gs", all); got != changed || err != nil {
		t.Errorf("changed %v, %v; want %v", got, err, changed)
	}
}

func TestATaskOfTheRemoteIsEnteredOnceAndFollowed(t *testing.T) {
	l := openNew(t)
	wantAssigned(t, l, true, told7(connectors.Assigned))
	task := findTask(t, l, TaskID("gs", "7-1"))
	if task.Kind != ReceivedTask || task.Key != "7-1" || task.Title != "Job / Product" || task.Bench != "bench" || task.Round != 1 || task.State != Collecting ||
		task.Link != "https://cf.example/7" || task.Status != "In Progress" || !task.Deadline.Equal(time.Unix(9000, 0)) || !slices.Equal(task.Missing, []string{"a.tif", "b.tif"}) {
		t.Errorf("entered %+v", task)
	}
	events := count1(t, l, `SELECT COUNT(*) FROM history`)
	wantAssigned(t, l, false, told7(connectors.Assigned))
	wantAssigned(t, l, true, told7(connectors.Assigned, func(a *connectors.Assignment) { a.Status, a.Missing = "Started", []string{"b.tif"} }))
	task = findTask(t, l, task.ID)
	if task.Status != "Started" || !slices.Equal(task.Missing, []string{"b.tif"}) || task.News != 1 {
		t.Errorf("followed %+v", task)
	}
	if n := count1(t, l, `SELECT COUNT(*) FROM history`); n != events {
		t.Errorf("%d events, want %d: nothing happened", n, events)
	}
	if _, err := l.Assign(noon, "other", []connectors.Assignment{told7(connectors.Assigned)}); err != nil {
		t.Fatal(err)
	}
	if all, err := l.Tasks(t.Context(), "", false); err != nil || len(all) != 2 {
		t.Errorf("%d tasks, %v; want one for each account", len(all), err)
	}
}

// TestWhatFollowsFromARemotesWord for a task in each state.
func TestWhatFollowsFromARemotesWord(t *testing.T) {
	gone := connectors.Progress(-1) // it is not listed
	tests := []struct {
		state TaskState
		says  connectors.Progress
		want  TaskState
	}{
		{Collecting, connectors.Assigned, Collecting},
		{Collecting, connectors.Submitted, Closed}, // somebody else did
		{Collecting, connectors.Finished, Closed},
		{Collecting, connectors.Recalled, Cancelled},
		{Collecting, gone, Cancelled},
		{Committing, connectors.Assigned, Committing},
		{Committing, connectors.Submitted, Committing}, // the committer finds out
		{Committing, connectors.Finished, Committing},
		{Committing, connectors.Recalled, Cancelled},
		{Committing, gone, Committing},
		{AtVendor, connectors.Assigned, AtVendor}, // not shown yet
		{AtVendor, connectors.Submitted, AtVendor},
		{AtVendor, connectors.Finished, TaskDone},
		{AtVendor, connectors.Recalled, Cancelled},
		{AtVendor, gone, TaskDone},
		{TaskDone, connectors.Assigned, Collecting},
		{TaskDone, connectors.Finished, TaskDone},
		{TaskDone, gone, TaskDone},
		{Cancelled, connectors.Assigned, Collecting},
		{Cancelled, connectors.Recalled, Cancelled},
		{Closed, connectors.Assigned, Collecting},
		{Closed, connectors.Submitted, Closed},
	}
	for _, test := range tests {
		l := openNew(t)
		wantAssigned(t, l, true, told7(connectors.Assigned))
		id := TaskID("gs", "7-1")
		for _, what := range map[TaskState][]What{
			Committing: {Published}, AtVendor: {Accepted}, TaskDone: {Accepted, Settled}, Cancelled: {CalledOff}, Closed: {WrittenOff},
		}[test.state] {
			recTask(t, l, findTask(t, l, id), what)
		}
		listed := []connectors.Assignment{told7(test.says)}
		if test.says == gone {
			listed = nil
		}
		if _, err := l.Assign(noon, "gs", listed); err != nil {
			t.Fatal(err)
		}
		task := findTask(t, l, id)
		if task.State != test.want {
			t.Errorf("%s, and the remote says %d: %s, want %s", test.state, test.says, task.State, test.want)
		}
		if task.State == Collecting && (task.Published || !task.NotBefore.IsZero()) {
			t.Errorf("%s, and the remote says %d: it waits: %+v", test.state, test.says, task)
		}
	}
}

func TestATaskThatWasOverBeforeAnybodyKnewIsNotEntered(t *testing.T) {
	l := openNew(t)
	wantAssigned(t, l, false, told7(connectors.Submitted), told7(connectors.Recalled, func(a *connectors.Assignment) { a.Batch = "8-1" }))
	if all, err := l.Tasks(t.Context(), "", true); err != nil || len(all) != 0 {
		t.Errorf("tasks %+v, %v", all, err)
	}
}

func TestTheNextRoundEndsTheOneBefore(t *testing.T) {
	l := openNew(t)
	wantAssigned(t, l, true, told7(connectors.Assigned))
	recTask(t, l, findTask(t, l, TaskID("gs", "7-1")), Accepted)
	wantAssigned(t, l, true, told7(connectors.Assigned, func(a *connectors.Assignment) { a.Batch, a.Earlier, a.Round = "7-2", "7-1", 2 }))
	if first := findTask(t, l, TaskID("gs", "7-1")); first.State != Closed || first.Reason != "it was sent back for correction" {
		t.Errorf("the first round is %s (%s)", first.State, first.Reason)
	}
	if second := findTask(t, l, TaskID("gs", "7-2")); second.State != Collecting || second.Round != 2 {
		t.Errorf("the second round is %+v", second)
	}
}

// TestNewsOfATaskAreCounted so that nobody overwrites what he has not seen.
func TestNewsOfATaskAreCounted(t *testing.T) {
	l := openNew(t)
	wantAssigned(t, l, true, told7(connectors.Assigned))
	id := TaskID("gs", "7-1")
	seen, err := l.RecordTask(findTask(t, l, id), TaskEvent{What: Waited, At: noon, Until: time.Unix(1<<33, 0), Clean: true, Missing: []string{"b.tif"}})
	must(t, err)
	accept(t, l, newJob("a.tif", 1))
	j := next(t, l)
	rec(t, l, j, Event{What: Confirmed, At: noon, Batch: id, Receipt: connectors.Receipt{ID: "r"}})
	task := findTask(t, l, id)
	if task.News != seen.News+1 || !task.NotBefore.IsZero() {
		t.Errorf("after a delivery: %+v", task)
	}
	if _, err := l.RecordTask(seen, TaskEvent{What: Waited, At: noon}); !errors.Is(err, ErrLost) {
		t.Errorf("it was written over what is new: %v", err)
	}
	if due, err := l.DueTasks(t.Context(), "gs", noon.Add(time.Hour)); err != nil || len(due) != 1 {
		t.Errorf("due %+v, %v", due, err)
	}
	if got, err := l.AtRetouch(t.Context(), "gs", Stem("a.jpg")); err != nil || len(got) != 0 {
		t.Errorf("what went into a task of the remote is answered by nothing: %+v, %v", got, err)
	}
}

func TestAProjectNeverEnds(t *testing.T) {
	l := openNew(t)
	now := time.Now()
	for range 2 {
		must(t, l.AddProject(now, Task{Account: "gs", Bench: "bench", Key: "/film", Title: "film"}))
	}
	all, err := l.Projects(t.Context(), "gs")
	if err != nil || len(all) != 1 || all[0].Kind != ProjectTask || all[0].State != Collecting {
		t.Fatalf("projects %+v, %v", all, err)
	}
	id := all[0].ID
	accept(t, l, newJob("a.mov", 1, batch(id)), newJob("b.mov", 1, batch(id)))
	if due, err := l.DueTasks(t.Context(), "gs", now.Add(time.Second)); err != nil || len(due) != 1 {
		t.Errorf("due %+v, %v: a project waits for no medium", due, err)
	}
	recTask(t, l, recTask(t, l, findTask(t, l, id), Published), Accepted)
	if task := findTask(t, l, id); task.State != AtVendor {
		t.Errorf("it is %s", task.State)
	}
	rec(t, l, next(t, l), Event{What: Confirmed, At: noon, Receipt: connectors.Receipt{ID: "r"}})
	if task := findTask(t, l, id); task.State != Collecting || task.News != 1 {
		t.Errorf("after a medium was delivered it is %+v", task)
	}
	if pictures, err := l.Pictures(t.Context(), id, now); err != nil || len(pictures) != 2 || pictures[0].Settled() == pictures[1].Settled() {
		t.Errorf("pictures %+v, %v", pictures, err)
	}
}

func TestInputsOfATask(t *testing.T) {
	l := openNew(t)
	in7 := batch(TaskID("gs", "7-1"))
	offer(t, l, newFetch("j/p/b.jpg", in7), newFetch("j/p/a.jpg", in7), newFetch("j/q/c.jpg"))
	got, err := l.Inputs(t.Context(), TaskID("gs", "7-1"))
	if err != nil || len(got) != 2 || got[0].Name != "j/p/a.jpg" || got[1].Name != "j/p/b.jpg" {
		t.Errorf("inputs %+v, %v", got, err)
	}
}
