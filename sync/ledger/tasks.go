package ledger

import (
	"context"
	"fmt"
	"strings"
	"time"
)

const taskColumns = `id, account, bench, key, title, round, state, template, created, closes, deadline, not_before, failures, reason, published, comment, by_hand,
	kind, link, status, missing, news`

func scanTask(s scanner) (Task, error) {
	var t Task
	var created, closes, deadline, notBefore int64
	var missing string
	err := s.Scan(&t.ID, &t.Account, &t.Bench, &t.Key, &t.Title, &t.Round, &t.State, &t.Template, &created, &closes, &deadline, &notBefore,
		&t.Failures, &t.Reason, &t.Published, &t.Comment, &t.ByHand, &t.Kind, &t.Link, &t.Status, &missing, &t.News)
	if missing != "" {
		t.Missing = strings.Split(missing, "\n")
	}
	t.Created, t.Closes, t.Deadline, t.NotBefore = fromNanos(created), fromNanos(closes), fromNanos(deadline), fromNanos(notBefore)
	return t, err
}

func queryTasks(ctx context.Context, db querier, where string, args ...any) ([]Task, error) {
	rows, err := db.QueryContext(ctx, `SELECT `+taskColumns+` FROM tasks t WHERE `+where, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var tasks []Task
	for rows.Next() {
		t, err := scanTask(rows)
		if err != nil {
			return nil, err
		}
		tasks = append(tasks, t)
	}
	return tasks, rows.Err()
}

// oneTask returns the first of the tasks; ok is false if there is none.
func oneTask(ctx context.Context, db querier, where string, args ...any) (t Task, ok bool, err error) {
	tasks, err := queryTasks(ctx, db, where, args...)
	if err != nil || len(tasks) == 0 {
		return Task{}, false, err
	}
	return tasks[0], true, nil
}

// Task returns one task by its ID; ok is false if there is none.
func (l *Ledger) Task(ctx context.Context, id string) (t Task, ok bool, err error) {
	return oneTask(ctx, l.read, `id = ?`, id)
}

// CollectingTask returns the task to which more photos of this key may be added
// at now; ok is false if there is none.
func (l *Ledger) CollectingTask(ctx context.Context, account, bench, key string, now time.Time) (t Task, ok bool, err error) {
	return oneTask(ctx, l.read, `account = ? AND state = 'collecting' AND bench = ? AND key = ? AND (closes = 0 OR closes > ?) ORDER BY created DESC LIMIT 1`,
		account, bench, key, nanos(now))
}

// DueTasks returns the tasks of account that are to be committed now, those that
// closed first first: they take no more photos, and none of theirs is on its way
// out any more. A parked one does not keep the others waiting, and a project waits
// for none.
func (l *Ledger) DueTasks(ctx context.Context, account string, now time.Time) ([]Task, error) {
	return queryTasks(ctx, l.read, `account = ? AND state IN ('collecting', 'committing') AND (state = 'committing' OR closes != 0 AND closes <= ?) AND not_before <= ?
		AND (kind = 'project' OR NOT EXISTS (`+openOfTask+`)) ORDER BY closes`, account, nanos(now), nanos(now))
}

// openOfTask are the jobs of task t that are still on their way.
const openOfTask = `SELECT 1 FROM jobs j WHERE j.batch = t.id AND +j.account = t.account AND j.flow = 'out' AND j.batch != ''
	AND j.state IN ('queued', 'moving', 'publishing', 'sent')`

// Tasks returns the tasks of account, the newest first: all, or those of which
// something is still expected. An empty account means any.
func (l *Ledger) Tasks(ctx context.Context, account string, all bool) ([]Task, error) {
	return queryTasks(ctx, l.read, `? IN ('', account) AND (? OR state IN ('collecting', 'committing', 'at vendor')) ORDER BY created DESC, id`, account, all)
}

// TaskJobs returns the jobs on their way out that belong to a task, the oldest
// first.
func (l *Ledger) TaskJobs(ctx context.Context, id string) ([]Job, error) {
	return taskJobs(ctx, l.read, id)
}

func taskJobs(ctx context.Context, db querier, id string) ([]Job, error) {
	return queryJobs(ctx, db, `WHERE batch = ? AND flow = 'out' AND batch != '' ORDER BY created, generation`, id)
}

// putTask enters t, or lets it close later. A task that has closed is refused:
// its photos would miss the commit.
func putTask(tx transaction, t Task, now time.Time) error {
	was, ok, err := oneTask(context.Background(), tx, `id = ?`, t.ID)
	if err != nil {
		return err
	}
	if !ok {
		return addTask(tx, t, now)
	}
	if !was.Closes.IsZero() && (t.Closes.IsZero() || t.Closes.After(was.Closes)) {
		was.Closes = t.Closes
	}
	if was.State != Collecting || !was.Closes.IsZero() && !was.Closes.After(now) {
		return fmt.Errorf("add to %s: %w", t.Title, ErrTaskClosed)
	}
	_, err = tx.Exec(`UPDATE tasks SET closes = ? WHERE id = ?`, nanos(was.Closes), t.ID)
	return err
}

func addTask(tx transaction, t Task, now time.Time) error {
	if t.Created.IsZero() {
		t.Created = now
	}
	_, err := tx.Exec(`INSERT INTO tasks (`+taskColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		t.ID, t.Account, t.Bench, t.Key, t.Title, t.Round, t.State, t.Template, nanos(t.Created), nanos(t.Closes), nanos(t.Deadline), nanos(t.NotBefore),
		t.Failures, t.Reason, t.Published, t.Comment, t.ByHand, t.Kind, t.Link, t.Status, strings.Join(t.Missing, "\n"), t.News)
	if err != nil {
		return err
	}
	noteTask(tx, t, TaskEvent{What: Added, At: t.Created, Reason: t.Reason})
	return nil
}

// RecordTask applies e to t and returns t as it stands afterwards; it is on disk
// then. The error wraps ErrLost if t is not as the ledger has it, if photos were
// added just before Published, or if there was news of it that t does not have; and
// is After's if e cannot happen. Then nothing was changed.
func (l *Ledger) RecordTask(t Task, e TaskEvent) (Task, error) {
	var next Task
	err := l.write(func(tx transaction) (err error) {
		if next, err = recordTask(tx, t, e); err != nil || next.State != AtVendor || next.Kind != OrderedTask {
			return err
		}
		next, err = finishTask(tx, next, e.What, e.At)
		return err
	})
	if err != nil {
		return t, err
	}
	return next, nil
}

func recordTask(tx transaction, t Task, e TaskEvent) (Task, error) {
	next, err := t.After(e)
	if err != nil {
		return t, err
	}
	unless := `SELECT 1 WHERE FALSE`
	if e.What == Published && t.Kind != ProjectTask {
		unless = openOfTask
	}
	res, err := tx.Exec(`UPDATE tasks AS t SET state = ?, round = ?, closes = ?, deadline = ?, not_before = ?, failures = ?, reason = ?, published = ?, missing = ?
		WHERE id = ? AND state = ? AND closes = ? AND failures = ? AND published = ? AND news = ? AND NOT EXISTS (`+unless+`)`,
		next.State, next.Round, nanos(next.Closes), nanos(next.Deadline), nanos(next.NotBefore), next.Failures, next.Reason, next.Published, strings.Join(next.Missing, "\n"),
		t.ID, t.State, nanos(t.Closes), t.Failures, t.Published, t.News)
	if err != nil {
		return t, err
	}
	if n, err := res.RowsAffected(); err != nil {
		return t, err
	} else if n == 0 {
		return t, ErrLost
	}
	noteTask(tx, next, e)
	return next, nil
}

// noteTask keeps an event: a task's life is History(ctx, "", id).
func noteTask(tx transaction, t Task, e TaskEvent) {
	noteFile(tx, "", t.ID, "", t.Account, string(e.What), e.Reason, e.At)
}
