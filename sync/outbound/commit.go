package outbound

import (
	"context"
	"slices"
	"time"

	"github.com/studio-agent/studio-agent/sync/ledger"
)

// taskIdle bounds a wait for tasks: a photo may leave one without our doing.
const taskIdle = time.Minute

// noteTask wakes the committer when a photo of a task has come to rest.
func (s *Sender) noteTask(j ledger.Job) {
	ours := j.Batch != "" || s.Manifests[j.Bench] != "" && j.Folder == s.Manifests[j.Bench]
	if ours && j.State != ledger.Moving && j.State != ledger.Publishing {
		s.Wake()
	}
}

// Wake has the sender look now whether a task is to be committed: somebody else
// has changed one.
func (s *Sender) Wake() {
	s.init()
	select {
	case s.tasks <- struct{}{}:
	default: // it will look anyway
	}
}

// commit submits tasks that have closed and whose photos are all there, and
// tells of those that are late. A commit under way when ctx ends gets the time
// that transfers get.
func (s *Sender) commit(ctx, transfers context.Context) {
	told := map[string]bool{} // late tasks
	for ctx.Err() == nil {
		if s.Connector.Commit != nil && s.Gate.Wait(ctx) != nil {
			return
		}
		now := time.Now()
		due, err := s.Ledger.DueTasks(ctx, s.Account, now)
		for _, t := range due {
			if ctx.Err() == nil {
				s.commitTask(transfers, t)
			}
		}
		var wait time.Duration
		if err == nil {
			wait, err = s.untilTask(ctx, now, told)
		}
		if err != nil {
			if ctx.Err() == nil {
				s.Log.Warn("The tasks cannot be read; trying again", "error", err)
			}
			wait = 10 * time.Second
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-timer.C:
		case <-s.tasks:
		}
		timer.Stop()
	}
}

// untilTask is how long until a task closes, may be tried again or is late: none,
// if that came after now, when the tasks that were due were read. Of one that is
// late now it tells, once.
func (s *Sender) untilTask(ctx context.Context, now time.Time, told map[string]bool) (time.Duration, error) {
	tasks, err := s.Ledger.Tasks(ctx, s.Account, false)
	wait := taskIdle
	next := func(at time.Time) {
		if at.After(now) {
			wait = min(wait, max(0, time.Until(at)))
		}
	}
	for _, t := range tasks {
		if t.State != ledger.AtVendor {
			next(t.Closes)
			next(t.NotBefore)
			continue
		}
		next(t.Deadline.Add(1)) // late is what is after it
		if t.Deadline.IsZero() || !now.After(t.Deadline) || told[t.ID] {
			continue
		}
		pictures, err := s.Ledger.Pictures(ctx, t.ID, now)
		if err != nil {
			return 0, err
		}
		told[t.ID] = true
		if late := len(slices.DeleteFunc(pictures, func(p ledger.Picture) bool { return !p.Late })); late > 0 {
			s.Log.Warn("A task is late: the time for its retouches is over", "task", t.Title, "bench", t.Bench, "deadline", t.Deadline, "missing", late)
		}
	}
	return wait, err
}
