package ledger

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// A TaskState is where a task stands; the package comment draws how they follow.
type TaskState string

const (
	Collecting TaskState = "collecting"
	Committing TaskState = "committing"
	AtVendor   TaskState = "at vendor"
	TaskDone   TaskState = "done"
	Cancelled  TaskState = "cancelled"
	Closed     TaskState = "closed"
)

// Open reports whether something of the task is still expected.
func (s TaskState) Open() bool { return s == Collecting || s == Committing || s == AtVendor }

// A TaskKind says whose a task is.
type TaskKind string

const (
	OrderedTask  TaskKind = ""         // ours: what was sent is awaited back
	ReceivedTask TaskKind = "received" // the remote's: what it expects goes there, and nothing comes back
	ProjectTask  TaskKind = "project"  // an edit project: media go there for as long as it lives
)

// A Task is photos that travel to a vendor together and are tracked until all
// are back. Its photos carry its ID in Job.Batch. What other kinds do is in
// standing.go.
type Task struct {
	ID, Account, Bench string
	Kind               TaskKind
	Key                string // what it collects: a sub-folder, or empty for a time window; of other kinds the batch as the connector calls it
	Title              string // for people
	Round              int    // 1, and one more each time that something of it is ordered again
	State              TaskState
	Template           string // what is ordered, by the vendor's name; empty: what the account is configured for
	Comment            string // of a person, for the retoucher
	ByHand             bool   // a person chose its photos: no other task takes up one that could not go
	Created            time.Time
	Closes             time.Time // nothing is added from then on; zero: open until somebody says Full
	Deadline           time.Time // when all should be back; zero: none
	NotBefore          time.Time // of the next try to commit; zero: at once
	Failures           int       // failed tries to commit in a row
	Reason             string    // why it waits, in words for people
	Published          bool      // an earlier commit may have happened

	// Of a ReceivedTask, as the remote tells:
	Link    string   // where a person sees it
	Status  string   // what it is called there
	Missing []string // names of what is expected and was not delivered yet

	News int // how often something of it came to rest; not of an OrderedTask
}

// Events of tasks. Of a job's, these happen to tasks too: Published (the intent
// to commit is on disk), Accepted (the vendor has it), Failed and Waited (this
// try to commit came to nothing), Settled (all of it has landed).
const (
	Full       What = "full"      // nothing more is to be added; of a task that waits for a person: try again
	CalledOff  What = "cancelled" // a person said: it is not wanted
	WrittenOff What = "closed"    // a person said: what is missing will not come
	Reordered  What = "reordered" // a person orders some of it once more
	Reopened   What = "reopened"  // something of it is awaited again
)

// A TaskEvent is one thing that happens to a task.
type TaskEvent struct {
	What   What
	At     time.Time
	Until  time.Time // Failed, Waited: when to try again; zero means at once
	Clean  bool      // Failed, Waited: the vendor surely has not got it
	Reason string    // in words for people
	// Missing, of a ReceivedTask that was refused as incomplete, is what it is
	// without; nil means "as known".
	Missing []string
}

// ErrTaskClosed says that a task takes no more photos: they need another one.
var ErrTaskClosed = errors.New("the task takes no more photos")

// taskFrom lists the states in which an event can happen.
var taskFrom = map[What][]TaskState{
	Full:       {Collecting},
	Published:  {Collecting, Committing},
	Accepted:   {Collecting, Committing},
	Failed:     {Collecting, Committing},
	Waited:     {Collecting, Committing},
	Settled:    {AtVendor},
	CalledOff:  {Collecting, Committing, AtVendor},
	WrittenOff: {Collecting, Committing, AtVendor},
	Reordered:  {Collecting, AtVendor, TaskDone, Cancelled, Closed},
	Reopened:   {TaskDone, Cancelled, Closed},
}

// After returns t as it stands once e has happened, or an error if e cannot
// happen in t.State. It is the whole state machine.
func (t Task) After(e TaskEvent) (Task, error) {
	if !slices.Contains(taskFrom[e.What], t.State) {
		return t, fmt.Errorf("a task that is %s cannot be %s", t.State, e.What)
	}
	t.Reason = e.Reason
	if e.Missing != nil {
		t.Missing = e.Missing
	}
	switch e.What {
	case Full:
		t.Closes = e.At
		if t.Kind != OrderedTask {
			t.NotBefore = time.Time{}
		}
	case Published:
		t.State, t.Published = Committing, true
	case Accepted:
		t.State, t.Published, t.Failures, t.NotBefore, t.Missing = AtVendor, false, 0, time.Time{}, nil
	case Failed, Waited:
		t.NotBefore = e.Until
		if e.What == Failed {
			t.Failures++
		}
		if e.Clean {
			t.State, t.Published = Collecting, false
		}
	case Settled:
		t.State = TaskDone
	case CalledOff:
		t.State = Cancelled
	case WrittenOff:
		t.State = Closed
	case Reordered:
		t.again(e.At)
	case Reopened:
		t.State = AtVendor
		if t.Kind == ReceivedTask {
			t.State, t.Published, t.Failures, t.NotBefore = Collecting, false, 0, time.Time{}
		}
	}
	return t, nil
}

// again has t submitted once more, with another round in it. A deadline that has
// passed is set anew, as far from now as it was from when t was first complete.
func (t *Task) again(now time.Time) {
	if !t.Deadline.IsZero() && t.Deadline.Before(now) {
		t.Deadline = now.Add(max(0, t.Deadline.Sub(t.Closes)))
	}
	t.State, t.Closes, t.Round = Collecting, now, t.Round+1
	t.Published, t.Failures, t.NotBefore = false, 0, time.Time{}
}
