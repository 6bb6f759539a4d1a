package ledger

import (
	"errors"
	"time"
)

// A Decision is all that follows from one thing that a person asked. It is
// written in one commit with the answer: an agent that is killed has done it and
// said so, or finds the request as it was.
type Decision struct {
	Control int64 // that is answered; 0: none
	Answer  string
	Acceptance
	TaskSteps []TaskStep // of tasks that exist; they come before jobs are added
	Steps     []Step     // of jobs that exist
}

// A Step is an event that happens to a job which stands in the ledger as Job.
type Step struct {
	Job   Job
	Event Event
}

// A TaskStep is an event that happens to a task which stands in the ledger as Task.
type TaskStep struct {
	Task  Task
	Event TaskEvent
}

// Decide writes d, all or nothing. The error wraps ErrAnswered if the control was
// acted on before; ErrLost if a job or task is not as the ledger has it, or one
// of the jobs is of a round that was ordered already; it is After's if an event
// cannot happen. A job of a later round is taken into a task that is closed.
func (l *Ledger) Decide(now time.Time, d Decision) error {
	err := l.write(func(tx transaction) error {
		if d.Control != 0 {
			if err := answer(tx, d.Control, d.Answer, now); err != nil {
				return err
			}
		}
		for _, s := range d.TaskSteps {
			if _, err := recordTask(tx, s.Task, s.Event); err != nil {
				return err
			}
		}
		for _, j := range d.Jobs {
			if err := newRound(tx, j); err != nil {
				return err
			}
		}
		if err := d.put(tx, now); err != nil {
			return err
		}
		for _, s := range d.Steps {
			next, err := record(tx, s.Job, s.Event, l.agent)
			if err == nil {
				err = follow(tx, s.Job, next, s.Event)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, j := range d.Jobs {
		l.wake(j.Account, j.Flow)
	}
	for _, s := range d.Steps {
		l.wake(s.Job.Account, s.Job.Flow)
	}
	return nil
}

// newRound refuses the delivery of a photo in a round that its task has ordered
// already.
func newRound(tx transaction, j Job) error {
	if j.Round < 2 {
		return nil
	}
	var there bool
	err := tx.QueryRow(`SELECT EXISTS (SELECT 1 FROM jobs WHERE batch = ? AND folder = ? AND name = ? AND kind = ? AND +flow = 'out' AND batch != '' AND round >= ?)`,
		j.Batch, j.Folder, j.Name, j.Kind, j.Round).Scan(&there)
	if err == nil && there {
		err = errors.Join(ErrLost, errors.New("it was ordered again meanwhile"))
	}
	return err
}
