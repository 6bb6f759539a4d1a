package page

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/studio-agent/studio-agent/agent/overview"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

const (
	// todoAtATime is how many received tasks are on one page of the list.
	todoAtATime = 50
	// mostEvents is how many events in the life of a task are shown: the newest.
	mostEvents = 100
)

// A receivedView is the page of one task that a remote has handed out.
type receivedView struct {
	receivedRow
	Inputs    shelf
	Delivered shelf
	Events    []event
}

// A receivedRow is such a task in the list. It is made of the task alone: no file
// of it is looked at.
type receivedRow struct {
	ledger.Task
	Word   string // its state, as a key of texts
	Sign   overview.Sign
	Due    due
	Held   bool
	Remote string // where a person sees it at the remote; https, or empty
}

func receivedRowOf(t ledger.Task, now time.Time) receivedRow {
	r := receivedRow{Task: t, Word: receivedWord(t), Held: overview.TaskHeld(now, t), Remote: https(t.Link)}
	r.Due = dueOf(t, now)
	r.Due.Late = overview.TaskLate(now, t) // nothing is late once it is submitted
	switch {
	case r.Held || r.Due.Late > 0:
		r.Sign = overview.Needs
	case t.State == ledger.TaskDone || t.State == ledger.AtVendor:
		r.Sign = overview.Fine
	case t.State.Open():
		r.Sign = overview.Working
	default:
		r.Sign = overview.Waiting
	}
	return r
}

// receivedWord is what people call the state of a received task. One that was
// closed was sent back, or somebody else has submitted it.
func receivedWord(t ledger.Task) string {
	if t.State == ledger.Closed && !strings.Contains(t.Reason, "sent back") {
		return "over"
	}
	return strings.ReplaceAll(string(t.State), " ", "")
}

// Next is what happens next by itself, as a key of texts; empty for nothing.
func (r receivedRow) Next() string {
	switch {
	case r.Held || !r.State.Open() && r.State != ledger.Closed:
		return ""
	case r.State == ledger.Collecting && len(r.Missing) > 0:
		return "missing"
	case r.State == ledger.Collecting && r.NotBefore.IsZero():
		return "soon"
	case r.State == ledger.Collecting && r.Reason == "":
		return "start"
	case r.State == ledger.Closed && r.Word == "over", r.State == ledger.Collecting:
		return ""
	}
	return strings.ReplaceAll(string(r.State), " ", "")
}

// addTodo adds the received tasks of a page of the list: what is due first comes
// first, what is submitted last.
func (l *taskList) addTodo(tasks []ledger.Task, page int, now time.Time) {
	slices.SortStableFunc(tasks, func(a, b ledger.Task) int {
		return cmp.Or(cmp.Compare(b2i(a.State == ledger.AtVendor), b2i(b.State == ledger.AtVendor)), cmp.Compare(b2i(a.Deadline.IsZero()), b2i(b.Deadline.IsZero())), a.Deadline.Compare(b.Deadline))
	})
	l.Todos = len(tasks)
	from := min((page-1)*todoAtATime, len(tasks))
	to := min(from+todoAtATime, len(tasks))
	for _, t := range tasks[from:to] {
		l.Todo = append(l.Todo, receivedRowOf(t, now))
	}
	if to < len(tasks) {
		l.TodoNext = fmt.Sprintf("/tasks?todo=%d", page+1)
	}
	if page > 1 {
		l.TodoPrevious = fmt.Sprintf("/tasks?todo=%d", page-1)
	}
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// taskPage shows a task by its kind.
func (s *Server) taskPage() http.HandlerFunc {
	ordered, received := s.show("task", s.task), s.show("received", s.received)
	return func(w http.ResponseWriter, r *http.Request) {
		t, ok, err := s.Ledger.Task(r.Context(), r.PathValue("id"))
		switch {
		case err == nil && ok && t.Kind == ledger.ReceivedTask:
			received(w, r)
		case err == nil && ok && t.Kind == ledger.ProjectTask:
			http.Redirect(w, r, projectPath(t.Account, t.Key), http.StatusSeeOther)
		default:
			ordered(w, r) // which says what is wrong
		}
	}
}

func (s *Server) received(ctx context.Context, r *http.Request) (any, error) {
	t, err := s.findTask(ctx, r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	v := receivedView{receivedRow: receivedRowOf(t, known(ctx).Now)}
	ins, err := s.Ledger.Inputs(ctx, t.ID)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(ins, func(a, b ledger.Job) int { return cmp.Compare(b2i(!isPicture(a.Name)), b2i(!isPicture(b.Name))) })
	for _, j := range ins {
		v.Inputs.add(s, known(ctx), j)
	}
	outs, err := s.Ledger.Pictures(ctx, t.ID, known(ctx).Now)
	if err != nil {
		return nil, err
	}
	for _, p := range outs {
		v.Delivered.add(s, known(ctx), p.Out)
	}
	history, err := s.Ledger.History(ctx, "", t.ID)
	v.Events = taskEvents(t, history)
	return v, err
}

// taskEvents is the life of a task that is not ours. What was said over and over
// again is told once.
func taskEvents(t ledger.Task, history []ledger.Entry) []event {
	history = slices.CompactFunc(history, func(a, b ledger.Entry) bool { return a.What == b.What && a.Reason == b.Reason })
	events := timeline(nil, history)
	for i, e := range history {
		events[i].Text = overview.TaskSentence(t.Kind, e)
		switch e.What {
		case ledger.Accepted:
			events[i].Sign = overview.Fine
		case ledger.Full, ledger.WrittenOff:
			events[i].Sign = overview.Waiting
		}
	}
	slices.Reverse(events) // what is newest matters most
	events = events[:min(mostEvents, len(events))]
	for i := range events {
		events[i].Long = false
		events[i].Day = ""
		if day := events[i].At.Local().Format("Mon 2 Jan 2006"); i == 0 || day != events[i-1].At.Local().Format("Mon 2 Jan 2006") {
			events[i].Day = day
		}
	}
	return events
}

// isPicture tells pictures from the papers that come with them.
func isPicture(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case "", ".html", ".htm", ".json", ".txt", ".xml", ".pdf", ".csv":
		return false
	}
	return true
}

// cover shows one picture that stands for a received task: its first input that is one. The
// list asks for those in sight only.
func (s *Server) cover(w http.ResponseWriter, r *http.Request) {
	ins, err := s.Ledger.Inputs(r.Context(), r.PathValue("id"))
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	for _, j := range ins {
		if isPicture(j.Name) && (j.State == ledger.Landed || j.State == ledger.Done) {
			http.Redirect(w, r, "/picture/"+url.PathEscape(j.ID)+"?edge=320", http.StatusFound)
			return
		}
	}
	standIn(w, ledger.Job{})
}
