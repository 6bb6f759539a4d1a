package ledger

import (
	"context"
	"database/sql"
	"errors"
	"math/rand/v2"
	"time"
)

// finishTask ends a task of which nothing is awaited any more: each picture has
// landed, or a person gave it up, which by may be. One of which no picture is
// left is for a person to close.
func finishTask(tx transaction, t Task, by What, now time.Time) (Task, error) {
	pictures, err := pictures(context.Background(), tx, t.ID)
	if err != nil || len(pictures) == 0 {
		return t, err
	}
	imported, awaited := false, []string{}
	for _, p := range pictures {
		if !p.Settled() {
			awaited = append(awaited, p.Out.ID)
		}
		imported = imported || p.State == PictureImported
	}
	if len(awaited) > 0 {
		_, err := tx.Exec(`UPDATE tasks SET awaited = ? WHERE id = ?`, awaited[rand.IntN(len(awaited))], t.ID)
		return t, err
	}
	e := TaskEvent{What: Settled, At: now}
	if !imported {
		e = TaskEvent{What: WrittenOff, At: now, Reason: "nothing of it is awaited any more"}
		if by == CalledOff {
			e.What = CalledOff
		}
	} else if t.State != AtVendor {
		return t, nil // it is committed first
	}
	return recordTask(tx, t, e)
}

// finishTaskOf is finishTask for the task that a job on its way out belongs to.
func finishTaskOf(tx transaction, job string, by What, now time.Time) error {
	t, ok, err := taskOf(tx, job)
	given := by == CalledOff || by == WrittenOff
	if err != nil || !ok || t.Kind != OrderedTask || t.State != AtVendor && (t.State != Collecting || !given) {
		return err
	}
	if waits, err := awaits(tx, t); err != nil || waits {
		return err
	}
	_, err = finishTask(tx, t, by, now)
	return err
}

// awaits reports whether the photo of t that was awaited last still is, which
// spares looking at all of them: nothing of its file has landed or was given up.
// Any of them serves; one picked by chance is not that which lands next.
func awaits(tx transaction, t Task) (waits bool, err error) {
	err = tx.QueryRow(`SELECT EXISTS (SELECT 1 FROM jobs o JOIN tasks t ON t.awaited = o.id WHERE t.id = ? AND o.batch = t.id AND o.state != 'superseded'
		AND NOT EXISTS (SELECT 1 FROM jobs s WHERE s.folder = o.folder AND s.name = o.name AND s.batch = o.batch AND +s.flow = 'out'
			AND (s.closed OR EXISTS (SELECT 1 FROM jobs i WHERE i.answers = s.id AND i.answers != '' AND i.state IN ('landed', 'done')))))`, t.ID).Scan(&waits)
	return waits, err
}

// reopenTaskOf has the task that a job on its way out belongs to wait again.
func reopenTaskOf(tx transaction, job string, now time.Time) error {
	t, ok, err := taskOf(tx, job)
	if err == nil && ok && t.Kind == OrderedTask && !t.State.Open() {
		_, err = recordTask(tx, t, TaskEvent{What: Reopened, At: now})
	}
	return err
}

// taskOf returns the task that a job on its way out belongs to; ok is false if it
// stands alone.
func taskOf(tx transaction, job string) (t Task, ok bool, err error) {
	var id string
	err = tx.QueryRow(`SELECT batch FROM jobs WHERE id = ?`, job).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return Task{}, false, nil
	} else if err != nil {
		return Task{}, false, err
	}
	return oneTask(context.Background(), tx, `id = ?`, id)
}
