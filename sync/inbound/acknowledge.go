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
		if !c.Gate.Heed(err) {
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
	complete, err := c.complete(ctx)
	if err != nil {
		return err
	}
	jobs, err := c.Ledger.Unacknowledged(ctx, c.Account) // after complete: what landed last belongs to it
	if err != nil {
		return err
	}
	var errs []error
	byBatch := map[string][]ledger.Job{}
	for _, j := range jobs {
		switch batch := j.Source.Batch; {
		case batch == "":
			errs = append(errs, c.tell(ctx, []ledger.Job{j}))
		case complete[batch]:
			byBatch[batch] = append(byBatch[batch], j)
		}
	}
	for _, jobs := range byBatch {
		errs = append(errs, c.tell(ctx, jobs))
	}
	return errors.Join(errs...)
}

// complete are the batches of which something has landed, and nothing is still
// on its way.
func (c *Collector) complete(ctx context.Context) (map[string]bool, error) {
	jobs, err := c.Ledger.Unacknowledged(ctx, c.Account)
	if err != nil {
		return nil, err
	}
	complete := map[string]bool{}
	for _, j := range jobs {
		if _, asked := complete[j.Source.Batch]; asked || j.Source.Batch == "" {
			continue
		}
		coming, err := c.coming(ctx, j.Source.Batch)
		if err != nil {
			return nil, err
		}
		complete[j.Source.Batch] = !coming
	}
	return complete, nil
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
		rts[i] = Retouch(j)
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
