package connectors

import "time"

// An Assignment is one round of a task that a remote has handed out: its inputs
// are listed by Pending, and what is expected goes back there.
type Assignment struct {
	Batch    string // as in Retouch.Batch, and as Vet names it
	Title    string // for people: the folder, as a rule
	Bench    string // that works on it; empty if no bench takes it
	Round    int    // 1, and one more after each rejection
	Earlier  string // Batch of the round before it; empty for the first
	Progress Progress
	Status   string    // what the remote calls its state
	Link     string    // where a person sees it there; may be empty
	Deadline time.Time // zero for none
	Missing  []string  // names of what is expected and was not delivered yet
}

// Progress says how far an Assignment is.
type Progress int

const (
	Assigned  Progress = iota // it is to be worked on
	Submitted                 // somebody looks at what was submitted
	Finished                  // it was taken
	Recalled                  // it is not wanted any more
)
