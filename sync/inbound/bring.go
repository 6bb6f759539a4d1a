package inbound

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/sync/gate"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

// triesOfTorn is how often something is fetched that turns out not to be whole,
// over some minutes, before a person is told. The remote may still be writing.
const triesOfTorn = 9

// A localError is trouble on this machine: it says nothing about the remote.
type localError struct{ err error }

func (e *localError) Error() string { return e.err.Error() }
func (e *localError) Unwrap() error { return e.err }

// A tornError says that what was fetched is not what it should be. Another try
// may bring it whole.
type tornError struct{ reason string }

func (e *tornError) Error() string { return e.reason }

// A remoteError is the remote's: it did not give what it lists.
type remoteError struct{ err error }

func (e *remoteError) Error() string { return e.err.Error() }
func (e *remoteError) Unwrap() error { return e.err }

// A waitError says that something on this machine must change first.
type waitError struct{ reason string }

func (e *waitError) Error() string { return e.reason }

// A lateError says that a newer version has landed meanwhile.
type lateError struct{ reason string }

func (e *lateError) Error() string { return e.reason }

// bring takes one job from the remote to its folder: fetch, prove whole, put in
// place. A nil error means that its outcome is recorded.
func (c *Collector) bring(ctx context.Context, t *transfer) error {
	if t.job.Folder == c.Quarantine {
		return c.quarantine(ctx, t)
	}
	r, ok := c.rulesOf(t.job)
	if !ok {
		return connectors.Rejected("%s is no import folder or mirror of %s any more; put it back into agent.yaml, then retry", t.job.Folder, c.Account)
	}
	root, err := c.openHome(r.folder)
	if err != nil {
		return err
	}
	defer root.Close()
	if t.job.Published {
		return c.recover(ctx, t, r, root)
	}
	room, err := space(r, t.job)
	if err != nil {
		return err
	}
	f, digests, err := c.fetch(ctx, t, root, room)
	if err != nil {
		return err
	}
	landed, err := c.Ledger.LandedAs(ctx, t.job.Folder, t.job.Name)
	if err != nil {
		f.Abort()
		return &localError{fmt.Errorf("read the ledger: %w", err)}
	}
	if before(landed, t.job, digests) {
		f.Abort()
		return c.settled(ctx, t, digests, t.job.Name, "the same content had landed before")
	}
	if err := c.inspect(ctx, t.job, r); err != nil {
		f.Abort()
		return err
	}
	return c.land(ctx, t, r, root, f, digests)
}

// before reports whether this content has landed under its name. An older
// version that comes back after a newer one is news.
func before(landed []ledger.Job, j ledger.Job, d connectors.Digests) bool {
	for i, l := range landed {
		if l.Digests.SHA256 == d.SHA256 && (i == 0 || !j.ModTime.After(landed[0].ModTime)) {
			return true
		}
	}
	return false
}

func openRoot(folder string) (*os.Root, error) {
	root, err := os.OpenRoot(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &waitError{fmt.Sprintf("the folder %s is missing; is its disk or share mounted?", folder)}
	}
	if err != nil {
		return nil, &localError{fmt.Errorf("open the folder %s: %w", folder, err)}
	}
	return root, nil
}

// settled records that t lies in its folder, and says so.
func (c *Collector) settled(ctx context.Context, t *transfer, d connectors.Digests, name, reason string) error {
	j := t.job
	next, ok := c.record(ctx, j, ledger.Event{
		What: ledger.Settled, Digests: d, Reason: reason,
		Receipt: connectors.Receipt{ID: j.Source.ID, Name: name, Link: j.Source.Link, Size: t.meter.n.Load(), Verified: true},
	})
	if !ok {
		return nil
	}
	c.reached()
	c.forget(ctx, j, name)
	ring(c.landed)
	c.Log.Info("Retouch landed", "bench", j.Bench, "name", name, "folder", j.Folder, "bytes", t.meter.n.Load(),
		"took", time.Since(j.Created).Round(time.Millisecond), "starts", next.Starts, "note", reason)
	if j.Source.Rejected {
		c.Log.Warn("Work was refused; it starts a new round", "bench", j.Bench, "name", name, "folder", j.Folder)
	}
	return nil
}

// reached notes that the remote works.
func (c *Collector) reached() {
	if n := c.Gate.Success(); n >= c.Workers {
		c.Log.Info("Account is in reach again", "failures", n)
	}
}

// record writes e down. It keeps trying while the ledger's disk is in trouble:
// what happened must not be forgotten, and nothing else may be done with the
// job meanwhile. ok is false if the job is not ours any more or ctx ended.
func (c *Collector) record(ctx context.Context, j ledger.Job, e ledger.Event) (_ ledger.Job, ok bool) {
	e.At = time.Now()
	for try := 1; ; try++ {
		next, err := c.Ledger.Record(j, e)
		if err == nil {
			return next, true
		}
		if errors.Is(err, ledger.ErrLost) {
			c.Log.Warn("A job was taken over by somebody else", "name", j.Name, "event", e.What)
			return j, false
		}
		if try == 1 {
			c.Log.Error("The ledger cannot be written; trying again until it can", "name", j.Name, "event", e.What, "error", err)
		}
		select {
		case <-ctx.Done():
			return j, false
		case <-time.After(time.Second):
		}
	}
}

// fail writes down why j did not land, and what happens next.
func (c *Collector) fail(ctx context.Context, j ledger.Job, err error) {
	e := c.judge(ctx, j, err)
	next, ok := c.record(ctx, j, e)
	if !ok {
		return
	}
	ring(c.landed) // the rest of its batch need not wait for it
	switch next.State {
	case ledger.Parked:
		c.Log.Warn("Retouch is held: a person must act", "bench", j.Bench, "name", j.Source.Name, "reason", e.Reason)
	case ledger.Superseded:
		c.Log.Warn("Retouch is not fetched", "bench", j.Bench, "name", j.Source.Name, "reason", e.Reason)
	default:
		c.Log.Debug("Retouch waits", "bench", j.Bench, "name", j.Source.Name, "reason", e.Reason, "failures", next.Failures, "until", e.Until)
	}
}

// judge says what an error means for the job, and tells the gate what it means
// for the account. A job that may lie in its folder already is never Clean.
func (c *Collector) judge(ctx context.Context, j ledger.Job, err error) ledger.Event {
	var throttled *connectors.ThrottledError
	var torn *tornError
	later := ledger.Event{What: ledger.Failed, Until: time.Now().Add(gate.Backoff(j.Failures + 1)), Reason: err.Error()}
	switch {
	case errors.As(err, new(*waitError)):
		return ledger.Event{What: ledger.Waited, Until: time.Now().Add(patience(j)), Reason: err.Error()}
	case errors.As(err, new(*lateError)):
		return ledger.Event{What: ledger.Overtaken, Reason: err.Error()}
	case errors.As(err, new(*localError)):
		return later
	case (errors.As(err, &torn) || errors.As(err, new(*remoteError))) && c.gone(j):
		return ledger.Event{What: ledger.Overtaken, Reason: "it left the remote before it was fetched"}
	case errors.Is(err, connectors.ErrChanged): // the retoucher uploads it again: the account works
		c.Gate.Success()
		return later
	case errors.As(err, &torn):
		c.Gate.Success()
		if j.Failures+1 >= triesOfTorn {
			return ledger.Event{What: ledger.Held, Clean: true, Reason: fmt.Sprintf("%s; it was fetched %d times: ask the retoucher to upload it again, or retry", torn.reason, j.Failures+1)}
		}
		return later
	case errors.Is(err, connectors.ErrRejected):
		c.Gate.Success()
		return ledger.Event{What: ledger.Held, Clean: true, Reason: err.Error()}
	case errors.Is(err, connectors.ErrDenied):
		c.Gate.Deny(err)
		return ledger.Event{What: ledger.Waited, Reason: err.Error()}
	case errors.As(err, &throttled):
		c.Gate.Slow(throttled.Until, throttled.Error())
		return ledger.Event{What: ledger.Waited, Until: throttled.Until, Reason: throttled.Error()}
	case ctx.Err() != nil:
		return ledger.Event{What: ledger.Waited, Reason: "the agent was stopped in the middle of it"}
	}
	if c.Gate.Failure(c.Workers, err.Error()) {
		c.Log.Warn("Account is out of reach; it is tried again and again", "error", err)
	}
	return later
}

// patience is how long a job waits for its folder or for space: a quarter of its
// age, so that thousands of them do not ask every few seconds all night.
func patience(j ledger.Job) time.Duration {
	return max(5*time.Second, min(time.Minute, time.Since(j.Created)/4))
}
