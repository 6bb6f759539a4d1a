package ledger

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
)

// A task that is not ours stands open: whenever something of it comes to rest, it
// is committed, which the remote may refuse as incomplete. A ReceivedTask ends when
// its remote says so, a ProjectTask never does.

// TaskID is the ID of a task that is not ours, by the name that its connector has
// for the batch.
func TaskID(account, batch string) string { return newID(account, "task", batch) }

// AddProject enters an edit project that is new; one that is known stays as it
// is. ID, Kind, State and times are filled in.
func (l *Ledger) AddProject(now time.Time, t Task) error {
	t.ID, t.Kind, t.State, t.Round, t.Created, t.Closes = TaskID(t.Account, t.Key), ProjectTask, Collecting, 1, now, now
	return l.write(func(tx transaction) error {
		_, known, err := oneTask(context.Background(), tx, `id = ?`, t.ID)
		if err != nil || known {
			return err
		}
		return addTask(tx, t, now)
	})
}

// Projects returns the edit projects of account, by their folders. An empty
// account means any.
func (l *Ledger) Projects(ctx context.Context, account string) ([]Task, error) {
	return queryTasks(ctx, l.read, `kind = 'project' AND ? IN ('', account) ORDER BY key`, account)
}

// Inputs returns what came, or is to come, for a ReceivedTask, by name: of each
// name the newest.
func (l *Ledger) Inputs(ctx context.Context, taskID string) ([]Job, error) {
	all, err := l.jobs(ctx, `WHERE batch = ? AND flow = 'in' AND batch != '' AND state != 'superseded' ORDER BY name, created DESC`, taskID)
	return slices.CompactFunc(all, func(a, b Job) bool { return a.Folder == b.Folder && a.Name == b.Name }), err
}

// Assign takes over what a remote tells of all the tasks that it has handed out
// to account. It reports whether anything changed.
func (l *Ledger) Assign(now time.Time, account string, all []connectors.Assignment) (changed bool, err error) {
	known, err := l.received(account, all)
	if err != nil || unchanged(known, all) {
		return false, err
	}
	err = l.write(func(tx transaction) error {
		changed = false
		listed := map[string]bool{}
		for _, a := range all {
			listed[a.Batch] = true
			did, err := assign(tx, now, account, a)
			if err != nil {
				return err
			}
			changed = changed || did
		}
		for key := range known {
			if listed[key] {
				continue
			}
			did, err := unlisted(tx, now, TaskID(account, key))
			if err != nil {
				return err
			}
			changed = changed || did
		}
		return nil
	})
	return changed, err
}

// received are, by their batches, the tasks of account that are open, and those
// that are told of.
func (l *Ledger) received(account string, all []connectors.Assignment) (map[string]Task, error) {
	ctx := context.Background()
	open, err := queryTasks(ctx, l.read, `account = ? AND state IN ('collecting', 'committing', 'at vendor') AND kind = 'received'`, account)
	if err != nil {
		return nil, err
	}
	known := map[string]Task{}
	for _, t := range open {
		known[t.Key] = t
	}
	for _, a := range all {
		if _, open := known[a.Batch]; open {
			continue
		}
		t, ok, err := l.Task(ctx, TaskID(account, a.Batch))
		if err != nil {
			return nil, err
		}
		if ok {
			known[a.Batch] = t
		}
	}
	return known, nil
}

// unchanged reports whether what is told is what is known: most looks bring
// nothing new, and need not write.
func unchanged(known map[string]Task, all []connectors.Assignment) bool {
	listed := map[string]bool{}
	for _, a := range all {
		listed[a.Batch] = true
		t, ok := known[a.Batch]
		if !ok && a.Progress == connectors.Assigned || ok && (!told(t, a) || consequence(t, a).What != "") {
			return false
		}
	}
	for key, t := range known {
		if !listed[key] && left(t).What != "" {
			return false
		}
	}
	return true
}

// told reports whether t has what a says.
func told(t Task, a connectors.Assignment) bool {
	return t.Title == a.Title && t.Bench == a.Bench && t.Status == a.Status && t.Link == a.Link && t.Deadline.Equal(a.Deadline) && slices.Equal(t.Missing, a.Missing)
}

// assign takes over what is told of one task. One that was over before anybody
// here knew of it is not entered.
func assign(tx transaction, now time.Time, account string, a connectors.Assignment) (changed bool, err error) {
	id := TaskID(account, a.Batch)
	t, known, err := oneTask(context.Background(), tx, `id = ?`, id)
	if err != nil {
		return false, err
	}
	if !known && a.Progress != connectors.Assigned {
		return false, nil
	}
	if !known {
		if err := sentBack(tx, now, account, a); err != nil {
			return false, err
		}
		return true, addTask(tx, Task{
			ID: id, Account: account, Bench: a.Bench, Kind: ReceivedTask, Key: a.Batch, Title: a.Title, Round: a.Round, State: Collecting,
			Created: now, Closes: now, Deadline: a.Deadline, Link: a.Link, Status: a.Status, Missing: a.Missing,
		}, now)
	}
	if !told(t, a) {
		if err := retell(tx, t, a); err != nil {
			return false, err
		}
		changed = true
		if t, _, err = oneTask(context.Background(), tx, `id = ?`, id); err != nil {
			return false, err
		}
	}
	e := consequence(t, a)
	if e.What == "" {
		return changed, nil
	}
	e.At = now
	_, err = recordTask(tx, t, e)
	return true, err
}

// retell writes down what a remote says of a task now. What is missing may be less
// than it was, and all there may be: that is for the committer to find out.
func retell(tx transaction, t Task, a connectors.Assignment) error {
	news, notBefore := t.News, nanos(t.NotBefore)
	if !slices.Equal(t.Missing, a.Missing) {
		news, notBefore = news+1, 0
	}
	_, err := tx.Exec(`UPDATE tasks SET title = ?, bench = ?, status = ?, link = ?, deadline = ?, missing = ?, news = ?, not_before = ? WHERE id = ?`,
		a.Title, a.Bench, a.Status, a.Link, nanos(a.Deadline), strings.Join(a.Missing, "\n"), news, notBefore, t.ID)
	return err
}

// consequence is what follows for t from what its remote says; empty for nothing. A
// commit under way finds out by itself how it ended.
func consequence(t Task, a connectors.Assignment) TaskEvent {
	switch {
	case a.Progress == connectors.Assigned && !t.State.Open():
		return TaskEvent{What: Reopened, Reason: "it is to be worked on again"}
	case a.Progress == connectors.Recalled && t.State.Open():
		return TaskEvent{What: CalledOff, Reason: "it was called off at the remote"}
	case a.Progress == connectors.Finished && t.State == AtVendor:
		return TaskEvent{What: Settled}
	case a.Progress != connectors.Assigned && t.State == Collecting && !t.Published:
		return TaskEvent{What: WrittenOff, Reason: "it was submitted, and not by this agent"}
	}
	return TaskEvent{}
}

// sentBack ends the round before a, if that is still open.
func sentBack(tx transaction, now time.Time, account string, a connectors.Assignment) error {
	t, known, err := oneTask(context.Background(), tx, `id = ?`, TaskID(account, a.Earlier))
	if err != nil || !known || !t.State.Open() {
		return err
	}
	_, err = recordTask(tx, t, TaskEvent{What: WrittenOff, At: now, Reason: "it was sent back for correction"})
	return err
}

// unlisted is what follows for a task that its remote does not list any more.
func unlisted(tx transaction, now time.Time, id string) (changed bool, err error) {
	t, known, err := oneTask(context.Background(), tx, `id = ?`, id)
	if err != nil || !known {
		return false, err
	}
	e := left(t)
	if e.What == "" {
		return false, nil
	}
	e.At = now
	_, err = recordTask(tx, t, e)
	return true, err
}

func left(t Task) TaskEvent {
	switch {
	case t.State == AtVendor:
		return TaskEvent{What: Settled, Reason: "the remote does not list it any more"}
	case t.State == Collecting && !t.Published:
		return TaskEvent{What: CalledOff, Reason: "the remote does not list it any more"}
	}
	return TaskEvent{}
}

// rested notes that a photo of a task that is not ours has come to rest: it may be
// complete now.
func rested(tx transaction, j Job) error {
	if j.Batch == "" || j.State != Done && j.State != Superseded {
		return nil
	}
	_, err := tx.Exec(`UPDATE tasks SET news = news + 1, not_before = 0, state = CASE WHEN kind = 'project' AND state = 'at vendor' THEN 'collecting' ELSE state END
		WHERE id = ? AND kind != ''`, j.Batch)
	return err
}
