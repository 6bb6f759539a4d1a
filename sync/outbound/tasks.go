package outbound

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/studio-agent/studio-agent/sync/ledger"
)

// A TaskRule says how the selects of a bench become tasks at one account. A task
// takes no more when none has come for Quiet, when it is Window old, or when it
// has Max photos, whatever is first.
type TaskRule struct {
	By       By
	Quiet    time.Duration // 0: only Window counts; if that is 0 too, 5 s
	Window   time.Duration // 0: no limit
	Max      int           // 0: no limit
	Deadline time.Duration // after it was closed: the time when all should be back; 0: none
	Template string        // what is ordered; empty: what the account is configured for
}

// By says which selects share a task.
type By string

const (
	ByWindow By = "window" // those that come one after the other
	ByFolder By = "folder" // and lie in one sub-folder, by the first part of the name
	ByHand   By = "hand"   // all, until a person says that the task is full
)

const defaultQuiet = 5 * time.Second

// closes is when a task that has just got a photo takes no more; zero if a
// person says when.
func (r TaskRule) closes(created, now time.Time) time.Time {
	end := created.Add(r.Window)
	switch {
	case r.By == ByHand:
		return time.Time{}
	case r.Quiet == 0 && r.Window > 0:
		return end
	case r.Quiet == 0:
		return now.Add(defaultQuiet)
	case r.Window > 0 && end.Before(now.Add(r.Quiet)):
		return end
	}
	return now.Add(r.Quiet)
}

// key is what the task of a photo collects.
func (r TaskRule) key(name string) string {
	if dir, _, in := strings.Cut(name, "/"); in && r.By == ByFolder {
		return dir
	}
	return ""
}

// join puts a select into the task that collects for its bench and account, or
// into a new one.
func (e *Enqueuer) join(ctx context.Context, t Target, j *ledger.Job, d *decision) error {
	if t.Task == nil {
		return nil
	}
	now, key := time.Now(), t.Task.key(j.Name)
	for _, task := range d.Tasks {
		if task.Account == t.Account && task.Key == key {
			j.Batch, j.Round = task.ID, task.Round
			return nil
		}
	}
	task, ok, err := e.Ledger.CollectingTask(ctx, t.Account, e.Bench, key, now)
	if err != nil {
		return err
	}
	if !ok {
		task = e.newTask(t, key, j.Name, now)
	}
	if !task.Closes.IsZero() { // else a person says when
		task.Closes = t.Task.closes(task.Created, now)
	}
	j.Batch, j.Round = task.ID, task.Round
	d.Tasks = append(d.Tasks, task)
	return nil
}

func (e *Enqueuer) newTask(t Target, key, first string, now time.Time) ledger.Task {
	task := ledger.Task{
		ID:      ledger.NewID(t.Account, "task", e.Bench, key+"\x00"+first, now.UTC().Format(time.RFC3339Nano), 1),
		Account: t.Account, Bench: e.Bench, Key: key, Title: e.Bench + ", " + now.Format("2 Jan 15:04"),
		Round: 1, State: ledger.Collecting, Template: t.Task.Template, Created: now, Closes: t.Task.closes(now, now),
	}
	if key != "" {
		task.Title = e.Bench + "/" + key
	}
	if t.Task.Deadline > 0 {
		last := task.Closes
		if last.IsZero() {
			last = now
		}
		if end := now.Add(t.Task.Window); end.After(last) {
			last = end
		}
		task.Deadline = last.Add(t.Task.Deadline)
	}
	return task
}

// fill closes those of the tasks that have got as many photos as they may have.
// One that cannot be closed now closes by itself.
func (e *Enqueuer) fill(ctx context.Context, tasks []ledger.Task) {
	for _, task := range tasks {
		if err := e.fillOne(ctx, task); err != nil {
			e.Log.Warn("A full task could not be closed at once", "task", task.Title, "error", err)
		}
	}
}

func (e *Enqueuer) fillOne(ctx context.Context, task ledger.Task) error {
	most := 0
	for _, t := range e.everyone() {
		if t.Account == task.Account && t.Task != nil {
			most = t.Task.Max
		}
	}
	if most == 0 {
		return nil
	}
	photos, err := e.Ledger.Pictures(ctx, task.ID, time.Now())
	if err != nil || len(photos) < most {
		return err
	}
	task, ok, err := e.Ledger.Task(ctx, task.ID)
	if err != nil || !ok {
		return err
	}
	if _, err := e.Ledger.RecordTask(task, ledger.TaskEvent{What: ledger.Full, At: time.Now(), Reason: fmt.Sprintf("it has %d photos", len(photos))}); err != nil {
		return err
	}
	return nil
}
