package outbound

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/sync/gate"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

// commitTask submits one task, or writes down why not and what happens next.
func (s *Sender) commitTask(ctx context.Context, t ledger.Task) {
	jobs, err := s.Ledger.TaskJobs(ctx, t.ID)
	if err != nil {
		s.settleTask(ctx, t, s.taskTrouble(ctx, t, &localError{err}))
		return
	}
	photos, err := s.ready(ctx, jobs)
	switch {
	case err != nil:
		s.settleTask(ctx, t, s.taskTrouble(ctx, t, &localError{err}))
		return
	case len(photos) == 0 && t.Kind != ledger.ProjectTask:
		s.settleTask(ctx, t, empty(t, jobs))
		return
	}
	if t.Kind == ledger.OrderedTask {
		if ready, err := s.manifest(ctx, t, photos); err != nil {
			s.settleTask(ctx, t, s.taskTrouble(ctx, t, &localError{err}))
			return
		} else if !ready {
			return // it wakes us when it has gone
		}
	}
	if s.Connector.Commit == nil {
		s.settleTask(ctx, t, ledger.TaskEvent{What: ledger.Accepted})
		return
	}
	publish := func() error {
		next, err := s.Ledger.RecordTask(t, ledger.TaskEvent{What: ledger.Published, At: time.Now()})
		if err != nil {
			return &localError{err}
		}
		t = next
		return nil
	}
	if err := s.Connector.Commit(ctx, batchName(t), receipts(photos), publish); err != nil {
		s.settleTask(ctx, t, s.taskTrouble(ctx, t, err))
		return
	}
	s.settleTask(ctx, t, ledger.TaskEvent{What: ledger.Accepted})
}

// batchName is what the connector calls the batch of a task.
func batchName(t ledger.Task) string {
	if t.Kind == ledger.OrderedTask {
		return t.ID
	}
	return t.Key
}

// empty is what follows when nothing of a task is at the remote.
func empty(t ledger.Task, jobs []ledger.Job) ledger.TaskEvent {
	if t.Kind != ledger.OrderedTask {
		return ledger.TaskEvent{What: ledger.Waited, Until: gate.Forever, Clean: true}
	}
	for _, j := range jobs {
		if j.State == ledger.Parked {
			return ledger.TaskEvent{What: ledger.Waited, Until: time.Now().Add(taskIdle), Clean: true, Reason: "its photos are held: " + j.Reason}
		}
	}
	return ledger.TaskEvent{What: ledger.CalledOff, Reason: "no photo is left in it"}
}

// ready are the photos of a task that are at the remote, wanted and still selects: of
// each name there the newest.
func (s *Sender) ready(ctx context.Context, jobs []ledger.Job) ([]ledger.Job, error) {
	var all []ledger.Job
	at := map[string]int{}
	for _, j := range jobs {
		if j.State != ledger.Done || j.Closed {
			continue
		}
		if j.Kind == ledger.Mark {
			tr, err := traceOf(ctx, s.Ledger, j.Account, j.Bench, fileOf(j), fileOf(j))
			if err != nil {
				return nil, err
			}
			if now, _ := tr.stance(); !now.selected {
				continue
			}
		}
		name := cmp.Or(j.Receipt.Name, j.Name)
		i, has := at[name]
		if !has {
			i = len(all)
			at[name], all = i, append(all, j)
		}
		all[i] = j
	}
	return all, nil
}

func receipts(jobs []ledger.Job) []connectors.Receipt {
	var all []connectors.Receipt
	for _, j := range jobs {
		all = append(all, j.Receipt)
	}
	return all
}

// taskTrouble says what an error means for a task, and tells the gate what it
// means for the account. After publish the remote may have it all the same: the
// connector finds that out when it is asked again.
func (s *Sender) taskTrouble(ctx context.Context, t ledger.Task, err error) ledger.TaskEvent {
	var incomplete *connectors.IncompleteError
	var throttled *connectors.ThrottledError
	var local *localError
	again := time.Now().Add(gate.Backoff(t.Failures + 1))
	switch {
	case errors.As(err, &incomplete) && t.Kind != ledger.OrderedTask: // news of it ends the wait
		return ledger.TaskEvent{What: ledger.Waited, Until: gate.Forever, Clean: true, Missing: incomplete.Missing}
	case errors.As(err, &incomplete):
		return ledger.TaskEvent{What: ledger.Failed, Until: again, Reason: err.Error()}
	case errors.Is(err, connectors.ErrRejected):
		s.Gate.Success()
		s.Log.Warn("A task is held: a person must act", "task", t.Title, "bench", t.Bench, "reason", err)
		return ledger.TaskEvent{What: ledger.Waited, Until: gate.Forever, Clean: true, Reason: err.Error()}
	case errors.Is(err, connectors.ErrDenied):
		s.Gate.Deny(err)
		return ledger.TaskEvent{What: ledger.Waited, Clean: true, Reason: err.Error()}
	case errors.As(err, &throttled):
		s.Gate.Slow(throttled.Until, throttled.Error())
		return ledger.TaskEvent{What: ledger.Waited, Until: throttled.Until, Clean: true, Reason: throttled.Error()}
	case ctx.Err() != nil:
		return ledger.TaskEvent{What: ledger.Waited, Reason: "the agent was stopped in the middle of it"}
	case errors.Is(err, ledger.ErrLost): // there was news of it just then: with it, it is tried again at once
	case errors.As(err, &local):
		s.Log.Warn("A task cannot be committed because of trouble on this machine; it is tried again", "task", t.Title, "error", err)
	case s.Gate.Failure(s.workers(), err.Error()):
		s.Log.Warn("Account is out of reach; it is tried again and again", "error", err)
	}
	return ledger.TaskEvent{What: ledger.Failed, Until: again, Reason: err.Error()}
}

// settleTask writes down what came of a try to commit. What the remote has taken
// is written down as soon as the ledger can be written.
func (s *Sender) settleTask(ctx context.Context, t ledger.Task, e ledger.TaskEvent) {
	for try := 1; ; try++ {
		e.At = time.Now()
		_, err := s.Ledger.RecordTask(t, e)
		switch {
		case err == nil:
			s.toldTask(t, e)
			return
		case errors.Is(err, ledger.ErrLost):
			s.Log.Debug("A task was changed by somebody else", "task", t.Title, "event", e.What)
			return
		case try == 1:
			s.Log.Error("The ledger cannot be written; trying again until it can", "task", t.Title, "event", e.What, "error", err)
		}
		if pause(ctx, time.Second); ctx.Err() != nil {
			return
		}
	}
}

// accepted is what the log says of a task that its remote has taken.
var accepted = map[ledger.TaskKind]string{
	ledger.OrderedTask:  "Task is at the vendor",
	ledger.ReceivedTask: "Task submitted",
	ledger.ProjectTask:  "Project is up to date",
}

func (s *Sender) toldTask(t ledger.Task, e ledger.TaskEvent) {
	switch e.What {
	case ledger.Accepted:
		s.Log.Info(accepted[t.Kind], "task", t.Title, "bench", t.Bench, "round", t.Round)
	case ledger.CalledOff:
		s.Log.Info("Task is called off", "task", t.Title, "bench", t.Bench, "reason", e.Reason)
	default:
		s.Log.Debug("Task waits", "task", t.Title, "reason", e.Reason, "until", e.Until)
	}
}
