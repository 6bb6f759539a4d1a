package creativeforcesim

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"time"
)

// A Status is a task's, as the API spells it.
type Status string

const (
	ToDo       Status = "To Do"
	InProgress Status = "In Progress"
	InReview   Status = "In Review"
	Rejected   Status = "Rejected" // spelled To Do unless RejectedWord is set
	Done       Status = "Done"
	Cancelled  Status = "Cancelled"
)

// A NewTask is what a studio hands to its vendor. Outputs name their inputs by
// index; an empty Job or Product is "Job" and "Product".
type NewTask struct {
	Editorial    bool
	Job, Product string // names; project and deliverable if editorial
	Inputs       []Input
	Outputs      []Output
	Notes        []Note
	Deadline     string
}

// An Input is a picture to be worked on.
type Input struct {
	Name      string
	Content   []byte
	Dimension string // "4000x3000"; may be empty

	asset, file string
}

// An Output is what is expected back.
type Output struct {
	Name  string
	Input int
	Spec  Spec // zero for none

	ID, Asset           string // Asset is that which was submitted last
	Submitted, Rejected bool

	spec string
}

// A Spec is what an output must be; zero fields ask for nothing.
type Spec struct {
	Name, Format, Profile string
	Width, Height, DPI    int
	MaxLength             int64
}

// A Note is an instruction or a rejection note. Output is the name of the output
// that it is about; empty for none.
type Note struct {
	Rejection    bool
	Output, Text string
	Markings     []Marking
}

// A Marking is a place on the picture, in fractions of it.
type Marking struct {
	X      float64 `json:"x"`
	Y      float64 `json:"y"`
	Width  float64 `json:"width"`
	Height float64 `json:"height"`
	Text   string  `json:"text"`
}

// A Task is one as the studio sees it.
type Task struct {
	ID        string
	Editorial bool
	Status    Status
	Round     int // 1, and one more after each rejection
	Starts    int
	Outputs   []Output
}

type task struct {
	Task
	new        NewTask
	group, one string // ids of job and product, or of project and deliverable
	shown      Status // until settled
	settled    time.Time
	modified   int
}

// AddTask hands a task to the vendor and returns its id.
func (s *Sim) AddTask(n NewTask) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	or(&n.Job, "Job")
	or(&n.Product, "Product")
	t := &task{new: n, Task: Task{ID: guid(), Editorial: n.Editorial, Status: ToDo, Round: 1}}
	t.group = s.named(fmt.Sprint("group ", n.Editorial), n.Job)
	t.one = s.named(fmt.Sprint("one ", n.Editorial, n.Job), n.Product)
	for i := range n.Inputs {
		s.putInput(&n.Inputs[i])
	}
	for _, o := range n.Outputs {
		t.Outputs = append(t.Outputs, s.newOutput(o))
	}
	s.tasks = append(s.tasks, t)
	s.announce("ExternalPostTaskReadyToWork", t)
	return t.ID
}

func (s *Sim) newOutput(o Output) Output {
	o.ID = guid()
	if o.Spec != (Spec{}) {
		o.spec = guid()
		s.specs[o.spec] = o.Spec
	}
	return o
}

// named is the id of what is called so, made if need be.
func (s *Sim) named(kind, name string) string {
	id := s.ids[kind+"\n"+name]
	if id == "" {
		id = guid()
		s.ids[kind+"\n"+name], s.names[id] = id, name
	}
	return id
}

func (s *Sim) putInput(in *Input) {
	if in.asset == "" {
		in.asset = guid()
	}
	in.file = guid()
	sum := sha256.Sum256(in.Content)
	s.files[in.file] = &file{id: in.file, asset: in.asset, dimension: in.Dimension, content: in.Content, File: File{
		Name: in.Name, Size: int64(len(in.Content)), SHA256: hex.EncodeToString(sum[:]),
	}}
	s.assets[in.asset] = in.file
}

// AddOutput makes a task expect one more.
func (s *Sim) AddOutput(id string, o Output) {
	s.change(id, func(t *task) { t.Outputs = append(t.Outputs, s.newOutput(o)) })
}

// ReplaceInput puts another file behind the input of that name, or adds it.
func (s *Sim) ReplaceInput(id, name string, content []byte) {
	s.change(id, func(t *task) {
		i := slices.IndexFunc(t.new.Inputs, func(in Input) bool { return in.Name == name })
		if i < 0 {
			t.new.Inputs = append(t.new.Inputs, Input{Name: name})
			i = len(t.new.Inputs) - 1
		}
		t.new.Inputs[i].Content = content
		s.putInput(&t.new.Inputs[i])
	})
}

// Annotate adds a note to a task, without a sign of it in the list.
func (s *Sim) Annotate(id string, n Note) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t := s.task(id); t != nil {
		t.new.Notes = append(t.new.Notes, n)
	}
}

// Reject sends a task in review back: the outputs that notes name, or all if they
// name none, are to be corrected. A task in any other state stays as it is, and
// the answer is false.
func (s *Sim) Reject(id string, notes ...Note) bool {
	return s.review(id, func(t *task) {
		t.Status, t.Round = Rejected, t.Round+1
		named := map[string]bool{}
		for _, n := range notes {
			n.Rejection = true
			named[n.Output] = n.Output != ""
			t.new.Notes = append(t.new.Notes, n)
		}
		for i := range t.Outputs {
			o := &t.Outputs[i]
			o.Rejected = named[o.Name] || !slices.ContainsFunc(notes, func(n Note) bool { return n.Output != "" })
			o.Submitted = o.Submitted && !o.Rejected
		}
		s.announce("ExternalPostTaskRejected", t)
	})
}

// Approve ends a task that is in review.
func (s *Sim) Approve(id string) bool {
	return s.review(id, func(t *task) { t.Status = Done })
}

func (s *Sim) review(id string, f func(*task)) (was bool) {
	s.change(id, func(t *task) {
		if was = t.Status == InReview; was {
			t.settled = time.Time{}
			f(t)
		}
	})
	return was
}

// Cancel calls a task off.
func (s *Sim) Cancel(id string) {
	s.change(id, func(t *task) { t.Status, t.settled = Cancelled, time.Time{} })
}

// SetStatus is for what no knob does.
func (s *Sim) SetStatus(id string, to Status) {
	s.change(id, func(t *task) { t.Status, t.settled = to, time.Time{} })
}

func (s *Sim) change(id string, f func(*task)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t := s.task(id); t != nil {
		f(t)
		t.modified++
	}
}

func (s *Sim) task(id string) *task {
	for _, t := range s.tasks {
		if t.ID == id {
			return t
		}
	}
	return nil
}

// Tasks are all of them, the oldest first.
func (s *Sim) Tasks() (all []Task) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.tasks {
		view := t.Task
		view.Outputs = slices.Clone(t.Outputs)
		all = append(all, view)
	}
	return all
}

// status is what the API tells: a submission may show later.
func (t *task) status() Status {
	if time.Now().Before(t.settled) {
		return t.shown
	}
	return t.Status
}

// A Submission is one round of a task that was handed in, by output name.
type Submission struct {
	Task  string
	Round int
	At    time.Time
	Files map[string]File
}

// Submissions are those that were taken, the oldest first.
func (s *Sim) Submissions() []Submission {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.submissions)
}

// Submits counts those taken of a task, by round.
func (s *Sim) Submits(id string) map[int]int {
	counts := map[int]int{}
	for _, sub := range s.Submissions() {
		if sub.Task == id {
			counts[sub.Round]++
		}
	}
	return counts
}

// Doubles are submissions that should not have come: of a task that waits for
// none, or with uploads that were submitted before.
func (s *Sim) Doubles() []Submission {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.doubles)
}
