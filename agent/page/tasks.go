package page

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/studio-agent/studio-agent/agent/overview"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

func (s *Server) taskRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /tasks", s.show("tasks", s.taskList))
	mux.HandleFunc("GET /tasks/new", s.show("newtask", s.newTask))
	mux.HandleFunc("GET /tasks/new/photos", s.fragment("newtask", "shots", s.newTask))
	mux.HandleFunc("GET /tasks/new/templates", s.fragment("newtask", "templates", s.newTask))
	mux.HandleFunc("GET /tasks/{id}", s.taskPage())
	mux.HandleFunc("GET /tasks/{id}/cover", s.cover)
	mux.HandleFunc("GET /tasks/{id}/pictures", s.fragment("task", "tiles", s.taskPictures))
	mux.HandleFunc("GET /tasks/{id}/compare", s.show("compare", s.compare))
	mux.HandleFunc("POST /do/{verb}/picked", s.doPicked)
}

// doPicked is do for the pictures that were selected. No selection must never be
// taken for the whole task.
func (s *Server) doPicked(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, mostForm)
	if err := r.ParseForm(); err != nil {
		http.Error(w, "the form could not be read: "+err.Error(), http.StatusBadRequest)
		return
	}
	if strings.Trim(strings.Join(r.PostForm["names"], ""), "\r\n") == "" {
		answer(w, r, english["task.pickfirst"], true)
		return
	}
	s.do(w, r)
}

// endedAtATime is how many tasks that have ended are on one page.
const endedAtATime = 30

// A taskList is the page /tasks.
type taskList struct {
	Open     []taskRow
	Ended    []taskRow
	Newer    string // where newer ended tasks are; empty on the first page
	Older    string // where older ones are; empty if there are none
	Accounts int    // that something can be ordered from
	Givers   string // accounts that hand out tasks, for people; empty for none

	Todo                   []receivedRow // a page of the received tasks that are not over
	Todos                  int           // all of them
	TodoPrevious, TodoNext string        // where the pages beside it are; empty for none
}

// A taskRow is one task of the list.
type taskRow struct {
	ledger.Task
	Tally  taskTally
	Sign   overview.Sign
	Due    due
	Covers []string // jobs whose pictures stand for the task

	Received *receivedRow // nil for one of ours
}

// Collects reports whether it waits for more photos.
func (r taskRow) Collects() bool {
	return r.State == ledger.Collecting && (r.Closes.IsZero() || r.Closes.After(time.Now()))
}

// mostCovers is how many pictures stand for a task in the list.
const mostCovers = 5

// taskList reads the tasks: those of which something is expected, then the others.
func (s *Server) taskList(ctx context.Context, r *http.Request) (any, error) {
	list, now := taskList{Accounts: len(s.orderable("", s.Config())), Givers: s.givers()}, known(ctx).Now
	open, err := s.Ledger.Tasks(ctx, "", false)
	if err != nil {
		return nil, err
	}
	var ours, theirs []ledger.Task
	for _, t := range open {
		switch t.Kind {
		case ledger.OrderedTask:
			ours = append(ours, t)
		case ledger.ReceivedTask:
			theirs = append(theirs, t)
		}
	}
	list.addTodo(theirs, max(1, number(r, "todo")), now)
	if list.Open, err = s.taskRows(ctx, ours, now); err != nil {
		return nil, err
	}
	page := max(1, number(r, "page"))
	ended, err := s.Ledger.EndedTasks(ctx, (page-1)*endedAtATime, endedAtATime+1)
	if err != nil {
		return nil, err
	}
	if len(ended) > endedAtATime {
		ended, list.Older = ended[:endedAtATime], fmt.Sprintf("/tasks?page=%d", page+1)
	}
	if page > 1 {
		list.Newer = fmt.Sprintf("/tasks?page=%d", page-1)
	}
	list.Ended, err = s.taskRows(ctx, ended, now)
	return list, err
}

// number is a parameter that counts; 0 if it does not.
func number(r *http.Request, name string) int {
	n, err := strconv.Atoi(r.URL.Query().Get(name))
	if err != nil || n > 1_000_000 {
		return 0
	}
	return n
}

// givers are the accounts that hand out tasks, as a person reads them.
func (s *Server) givers() string {
	var all []string
	for account := range s.Config().Accounts {
		if s.Connector(account).Assignments != nil {
			all = append(all, account)
		}
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}

// ordered returns a task of ours by its ID. Of the others there are no pictures that
// come back.
func (s *Server) ordered(ctx context.Context, id string) (ledger.Task, error) {
	t, err := s.findTask(ctx, id)
	if err == nil && t.Kind != ledger.OrderedTask {
		err = notFound{fmt.Errorf("nothing comes back of the task %q", overview.Shown(t.Title))}
	}
	return t, err
}

func (s *Server) taskRows(ctx context.Context, tasks []ledger.Task, now time.Time) ([]taskRow, error) {
	rows := make([]taskRow, 0, len(tasks))
	for _, t := range tasks {
		if t.Kind == ledger.ProjectTask {
			continue
		}
		if t.Kind == ledger.ReceivedTask {
			r := receivedRowOf(t, now)
			rows = append(rows, taskRow{Task: t, Received: &r})
			continue
		}
		album, err := s.album(ctx, t.ID)
		if err != nil {
			return nil, err
		}
		row := taskRow{Task: t, Tally: tallyOf(t, album, now), Due: dueOf(t, now)}
		row.Sign = row.Tally.sign(t)
		for _, p := range album[:min(len(album), mostCovers)] {
			row.Covers = append(row.Covers, pictureOf(p))
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// pictureOf is the job whose picture shows how a photo is now: as it was sent, or
// as it came back.
func pictureOf(p ledger.Print) string {
	if p.In != "" && p.State != ledger.Error {
		return p.In
	}
	return p.Out
}

// A due says when a task should be back.
type due struct {
	At   time.Time     // zero: no time was set, or nothing is expected any more
	Late time.Duration // 0 if it is not
	Over bool          // the task has ended: no time matters any more
}

func dueOf(t ledger.Task, now time.Time) (d due) {
	if d.Over = !t.State.Open(); !d.Over {
		d.At = t.Deadline
	}
	if !d.At.IsZero() {
		d.Late = max(0, now.Sub(d.At))
	}
	return d
}
