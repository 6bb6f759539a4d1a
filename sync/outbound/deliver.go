package outbound

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/sync/gate"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

// deliver brings one photo to the remote, once: ask if it may be there already,
// hand it over, write down what came of it.
func (s *Sender) deliver(ctx context.Context, t *transfer) {
	j := t.job
	if !j.Published { // nobody need be asked about a file that cannot go
		if err := t.source.check(); err != nil {
			s.fail(ctx, j, err)
			return
		}
	}
	photo, err := s.photo(ctx, j)
	if err != nil {
		s.fail(ctx, j, err)
		return
	}
	if photo.Batch, err = s.vet(ctx, j, photo); err != nil {
		s.fail(ctx, j, err)
		return
	}
	asks := j.Starts > 1 || j.Published || j.Ask && !s.Connector.Looks
	if asks {
		var goOn bool
		if j, goOn = s.ask(ctx, j, photo); !goOn {
			return
		}
		photo.Published = false
	}
	if asks || s.Connector.Vet != nil { // it took its time
		if err := t.source.check(); err != nil {
			s.fail(ctx, j, err)
			return
		}
	}
	s.send(ctx, t, j, photo)
}

// photo adds to j what only the ledger knows: what it replaces, what its task
// asks for, and where else it is.
func (s *Sender) photo(ctx context.Context, j ledger.Job) (photo connectors.Photo, err error) {
	photo = j.Photo()
	if j.Generation > 1 {
		photo.Replaces, err = s.Ledger.Delivered(ctx, j)
	}
	if err == nil {
		err = s.ordered(ctx, j, &photo)
	}
	if err != nil {
		err = &localError{fmt.Errorf("read the ledger: %w", err)}
	}
	return photo, err
}

// vet returns the batch of a photo, as the connector calls it. What a person sends
// anyway is in it all the same.
func (s *Sender) vet(ctx context.Context, j ledger.Job, photo connectors.Photo) (batch string, err error) {
	if s.Connector.Vet == nil {
		return photo.Batch, nil
	}
	batch, err = s.Connector.Vet(ctx, photo)
	if j.Forced && errors.Is(err, connectors.ErrRejected) {
		err = nil
	}
	return cmp.Or(batch, photo.Batch), err
}

// batchOf is what the ledger calls the batch of a photo that was vetted.
func (s *Sender) batchOf(j ledger.Job, photo connectors.Photo) string {
	if photo.Batch == j.Batch {
		return j.Batch
	}
	return ledger.TaskID(s.Account, photo.Batch)
}

// ask finds out whether the photo is at the remote already. goOn says that it
// is not, for all that can be known, and may be sent.
func (s *Sender) ask(ctx context.Context, j ledger.Job, photo connectors.Photo) (_ ledger.Job, goOn bool) {
	found, err := s.Connector.Out.Find(ctx, []connectors.Photo{photo})
	if err != nil {
		s.fail(ctx, j, fmt.Errorf("asking whether it is there already: %w", err))
		return j, false
	}
	if !found[0].Zero() {
		if next, ok := s.record(ctx, j, ledger.Event{What: ledger.Confirmed, Receipt: found[0], Batch: s.batchOf(j, photo), Reason: "it was there already"}); ok {
			s.delivered(next)
		}
		return j, false
	}
	e := ledger.Event{What: ledger.NotSeen, Reason: "the remote does not have it"}
	if j.Published && j.Misses+1 < ledger.MissesNeeded {
		e.Until = time.Now().Add(s.Recheck)
		e.Reason = "an earlier try broke off; the remote is asked once more before it is sent again"
	}
	next, ok := s.record(ctx, j, e)
	return next, ok && next.State == ledger.Moving
}

// send hands the photo over and records the outcome.
func (s *Sender) send(ctx context.Context, t *transfer, j ledger.Job, photo connectors.Photo) {
	publish := func() error {
		next, err := s.Ledger.Record(j, ledger.Event{What: ledger.Published, At: time.Now()})
		if err != nil {
			return &localError{fmt.Errorf("write into the ledger that it is about to appear: %w", err)}
		}
		j = next
		return nil
	}
	receipt, err := s.Connector.Out.Deliver(ctx, photo, t.source.open, publish)
	if err != nil {
		s.broke(ctx, j, err)
		return
	}
	e := ledger.Event{What: ledger.Accepted, Receipt: receipt, Digests: t.source.digests(), Batch: s.batchOf(j, photo)}
	if receipt.Verified {
		e.What = ledger.Confirmed
	}
	next, ok := s.record(ctx, j, e)
	if !ok {
		return
	}
	if next.State == ledger.Done {
		s.delivered(next)
		return
	}
	s.reached()
	select {
	case s.sent <- struct{}{}:
	default:
	}
}

// delivered says so in the log.
func (s *Sender) delivered(j ledger.Job) {
	s.reached()
	s.Log.Info("Photo delivered", "bench", j.Bench, "name", j.Name, "bytes", j.Size,
		"took", time.Since(j.Created).Round(time.Millisecond), "starts", j.Starts)
}

// reached notes that the remote works.
func (s *Sender) reached() {
	if n := s.Gate.Success(); n >= s.workers() {
		s.Log.Info("Account is in reach again", "failures", n)
	}
}

// fail writes down why nothing was tried, and what happens next. What an
// earlier try may have left behind stays as unknown as it was.
func (s *Sender) fail(ctx context.Context, j ledger.Job, err error) {
	s.settle(ctx, j, s.verdict(ctx, j, err), err)
}

// broke writes down how a delivery ended badly. If the remote said no, it surely
// has nothing of it, even if it was published.
func (s *Sender) broke(ctx context.Context, j ledger.Job, err error) {
	e := s.verdict(ctx, j, err)
	var throttled *connectors.ThrottledError
	e.Clean = errors.Is(err, connectors.ErrRejected) || errors.Is(err, connectors.ErrDenied) || errors.As(err, &throttled)
	s.settle(ctx, j, e, err)
}

func (s *Sender) settle(ctx context.Context, j ledger.Job, e ledger.Event, err error) {
	next, ok := s.record(ctx, j, e)
	if !ok {
		return
	}
	if (e.What == ledger.Overtaken || errors.Is(err, errChanged)) && s.Changed != nil {
		s.Changed(j.Folder, j.Name)
	}
	switch next.State {
	case ledger.Parked:
		s.Log.Warn("Photo is held: a person must act", "bench", j.Bench, "name", j.Name, "reason", e.Reason)
	case ledger.Superseded:
		s.Log.Info("Photo is not sent", "bench", j.Bench, "name", j.Name, "reason", e.Reason)
	default:
		s.Log.Debug("Photo waits", "bench", j.Bench, "name", j.Name, "reason", e.Reason, "failures", next.Failures, "until", e.Until)
	}
}

// verdict says what an error means for the job, and tells the gate what it
// means for the account.
func (s *Sender) verdict(ctx context.Context, j ledger.Job, err error) ledger.Event {
	var throttled *connectors.ThrottledError
	var local *localError
	switch {
	case s.chosen(ctx, j, err):
		return ledger.Event{What: ledger.Held, Reason: chosenText(err)}
	case errors.Is(err, errChanged):
		return ledger.Event{What: ledger.Overtaken, Reason: "the file was changed; its new content is sent instead"}
	case errors.Is(err, errGone):
		return ledger.Event{What: ledger.Overtaken, Reason: errGone.Error()}
	case errors.Is(err, errUnsent):
		return ledger.Event{What: ledger.Overtaken, Reason: errUnsent.Error()}
	case errors.Is(err, errNoRoot):
		return ledger.Event{What: ledger.Waited, Until: time.Now().Add(rootPause(j)), Reason: err.Error()}
	case errors.Is(err, connectors.ErrRejected):
		s.Gate.Success()
		return ledger.Event{What: ledger.Held, Reason: err.Error()}
	case errors.Is(err, connectors.ErrDenied):
		s.Gate.Deny(err)
		return ledger.Event{What: ledger.Waited, Reason: err.Error()}
	case errors.As(err, &throttled):
		s.Gate.Slow(throttled.Until, throttled.Error())
		return ledger.Event{What: ledger.Waited, Until: throttled.Until, Reason: throttled.Error()}
	case ctx.Err() != nil:
		return ledger.Event{What: ledger.Waited, Reason: "the agent was stopped in the middle of it"}
	case errors.As(err, &local):
		return ledger.Event{What: ledger.Failed, Until: time.Now().Add(gate.Backoff(j.Failures + 1)), Reason: err.Error()}
	}
	if s.Gate.Failure(s.workers(), err.Error()) {
		s.Log.Warn("Account is out of reach; it is tried again and again", "error", err)
	}
	return ledger.Event{What: ledger.Failed, Until: time.Now().Add(gate.Backoff(j.Failures + 1)), Reason: err.Error()}
}

// rootPause is how long a job waits for its hot folder to come back: a quarter
// of its age, so that thousands of them do not ask every few seconds all night.
func rootPause(j ledger.Job) time.Duration {
	return max(5*time.Second, min(time.Minute, time.Since(j.Created)/4))
}
