package inbound

import (
	"context"
	"errors"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/sync/gate"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

// acknowledge tells the remote what is safe in the studio, until it has heard.
func (c *Collector) acknowledge(ctx context.Context) {
	ring(c.landed) // what landed before the agent was started
	for failures := 0; ; {
		select {
		case <-ctx.Done():
			return
		case <-c.landed:
		}
		if c.Gate.Wait(ctx) != nil {
			return
		}
		err := c.acknowledgeAll(ctx)
		if err == nil || ctx.Err() != nil {
			failures = 0
			continue
		}
		failures++
		c.Log.Warn("The remote could not be told what is safe; it is told again", "error", err)
		var throttled *connectors.ThrottledError
		switch {
		case errors.Is(err, connectors.ErrDenied):
			c.Gate.Deny(err)
		case errors.As(err, &throttled):
			c.Gate.Slow(throttled.Until, throttled.Error())
		default:
			timer := time.NewTimer(gate.Backoff(failures))
			select {
			case <-ctx.Done():
			case <-timer.C:
			}
			timer.Stop()
		}
		ring(c.landed)
	}
}

// acknowledgeAll acknowledges each landed retouch, those of one batch together
// once nothing of it is still on its way. One that cannot be told does not stop
// the others.
func (c *Collector) acknowledgeAll(ctx context.Context) error {
	jobs, err := c.Ledger.Unacknowledged(ctx, c.Account)
	if err != nil {
		return err
	}
	var errs []error
	byBatch := map[string][]ledger.Job{}
	var order []string
	for _, j := range jobs {
		batch := j.Source.Batch
		if batch == "" {
			errs = append(errs, c.tell(ctx, []ledger.Job{j}))
			continue
		}
		if byBatch[batch] == nil {
			order = append(order, batch)
		}
		byBatch[batch] = append(byBatch[batch], j)
	}
	for _, batch := range order {
		if coming, err := c.coming(ctx, batch); err != nil {
			errs = append(errs, err)
		} else if !coming {
			errs = append(errs, c.tell(ctx, byBatch[batch]))
		}
	}
	return errors.Join(errs...)
}

// coming reports whether anything of a batch that the remote has ready is still
// on its way. What waits for a person is not: it is told of later, alone.
func (c *Collector) coming(ctx context.Context, batch string) (bool, error) {
	c.mu.Lock()
	ids, looked := c.seen.batches[batch], c.seen.now.keys != nil
	c.mu.Unlock()
	if !looked {
		return true, nil
	}
	jobs, err := c.Ledger.Retouches(ctx, c.Account, ids)
	if err != nil {
		return false, err
	}
	for _, id := range ids {
		j, offered := jobs[id]
		if !offered || j.State == ledger.Queued || j.State == ledger.Moving || j.State == ledger.Publishing {
			return true, nil
		}
	}
	return false, nil
}

func (c *Collector) tell(ctx context.Context, jobs []ledger.Job) error {
	rts := make([]connectors.Retouch, len(jobs))
	for i, j := range jobs {
		rts[i] = retouch(j)
	}
	if err := c.Connector.In.Acknowledge(ctx, rts); err != nil {
		return err
	}
	for _, j := range jobs {
		if _, ok := c.record(ctx, j, ledger.Event{What: ledger.Acknowledged}); !ok && ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return nil
}
