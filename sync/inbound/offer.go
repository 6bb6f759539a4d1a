package inbound

import (
	"context"
	"errors"
	"os"
	"path"
	"path/filepath"
	"slices"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

// errEarly says that a retouch answers a photo of which the remote knows more than
// the ledger: its receipt is just being written down, or asked for.
var errEarly = errors.New("it answers a photo that is just being ordered")

// offer enters what is ready, the oldest first, each with the place where it
// belongs. What no place claims is bound for quarantine. It reports whether some
// came too early to tell: the next look shows them again.
func (c *Collector) offer(ctx context.Context, ready []item) (early bool, err error) {
	unsure, err := c.Ledger.Unsure(ctx, c.Account) // asked first: what is settled by now, the clues show
	if err != nil {
		return false, err
	}
	sent := batches{}
	for some := range slices.Chunk(ready, atOnce) {
		now := time.Now()
		var jobs, older []ledger.Job
		for i, it := range some {
			j, err := c.claimed(ctx, it, sent, unsure)
			if errors.Is(err, errEarly) {
				early = true
				continue
			}
			if err != nil {
				return early, err
			}
			j.Created = now.Add(time.Duration(i)) // so that they go in this order
			jobs = append(jobs, j)
			same, err := c.older(ctx, j)
			if err != nil {
				return early, err
			}
			older = append(older, same...)
		}
		if err := c.Ledger.Offer(now, jobs); err != nil {
			return early, err
		}
		for _, j := range older {
			c.note(j, ledger.Event{What: ledger.Overtaken, Reason: "a newer version was offered before it was fetched"})
			discard(j)
		}
	}
	return early, nil
}

// claimed is the job of an item. While it is unsure which photos the account has,
// the error may wrap errEarly.
func (c *Collector) claimed(ctx context.Context, it item, sent batches, unsure bool) (ledger.Job, error) {
	k, err := c.clues(ctx, it.rt, sent)
	if err != nil {
		return ledger.Job{}, err
	}
	if unsure && it.rt.Answers != "" && it.rt.Remote == "" && k.answered == nil {
		return ledger.Job{}, errEarly
	}
	to, why := k.claim(it.rt)
	if why != nil {
		to = claim{folder: c.Quarantine, name: path.Join(safe(c.Account), safe(it.rt.Name))}
	}
	j := c.newJob(it, to)
	switch {
	case it.rt.Stage == connectors.Failed:
		j.State, j.Reason = ledger.GivenUp, gaveUp(it.rt)
		c.Log.Warn("The vendor gave up a retouch", "bench", j.Bench, "name", it.rt.Name, "reason", it.rt.Reason)
	case why != nil:
		j.Reason = why.Error()
	case to.ask:
		j.State, j.Reason = ledger.Offered, "ready; somebody imports it"
	}
	return j, nil
}

func (c *Collector) newJob(it item, to claim) ledger.Job {
	batch, rank := it.rt.Batch, 0
	if batch != "" && c.Connector.Assignments != nil {
		batch = ledger.TaskID(c.Account, batch)
	}
	if it.rt.Remote != "" {
		rank = 1 // a bench does not wait for a mirror's backlog
	}
	return ledger.Job{
		Rank: rank,
		ID:   it.id, Account: c.Account, Bench: to.bench, Folder: to.folder, Name: to.name, Batch: batch,
		Flow: ledger.In, Kind: ledger.Fetch, Generation: 1, Size: it.rt.Size, ModTime: it.rt.ModTime, Remote: it.rt.Remote,
		Source: ledger.Source{
			ID: it.rt.ID, Name: it.rt.Name, Batch: it.rt.Batch, Bench: it.rt.Bench, Answers: it.rt.Answers,
			Link: it.rt.Link, Rejected: it.rt.Rejected, Final: it.rt.Final,
		},
		Answers: to.answers, Round: to.round, State: ledger.Queued,
	}
}

// batches are the photos that went out in each, so that a large one is read once.
type batches map[string][]ledger.Job

// clues asks the ledger what it knows of where rt belongs.
func (c *Collector) clues(ctx context.Context, rt connectors.Retouch, sent batches) (k clues, err error) {
	k = clues{account: c.Account, imports: c.Imports, mirrors: c.Mirrors}
	if rt.Remote != "" || connectors.CheckName(rt.Name) != nil {
		return k, nil
	}
	if rt.Answers != "" {
		answered, known, err := c.Ledger.WithReceipt(ctx, c.Account, rt.Answers)
		if err != nil {
			return k, err
		}
		if known {
			k.answered = &answered
		}
	}
	if k.batch, err = c.sent(ctx, rt.Batch, sent); err != nil {
		return k, err
	}
	k.photos, err = c.Ledger.AtRetouch(ctx, c.Account, ledger.Stem(rt.Name))
	return k, err
}

// sent returns what went to the account in a batch, the newest first.
func (c *Collector) sent(ctx context.Context, batch string, known batches) ([]ledger.Job, error) {
	if jobs, asked := known[batch]; asked || batch == "" {
		return jobs, nil
	}
	jobs, err := c.Ledger.TaskJobs(ctx, batch)
	if err != nil {
		return nil, err
	}
	jobs = slices.DeleteFunc(jobs, func(j ledger.Job) bool { return j.Account != c.Account })
	slices.SortStableFunc(jobs, func(a, b ledger.Job) int { return b.Created.Compare(a.Created) })
	known[batch] = jobs
	return jobs, nil
}

// older are the open jobs of what the remote had under the same name and lists
// no more.
func (c *Collector) older(ctx context.Context, j ledger.Job) ([]ledger.Job, error) {
	jobs, err := c.Ledger.Jobs(ctx, j.Folder, j.Name)
	return slices.DeleteFunc(jobs, func(o ledger.Job) bool {
		same := o.Flow == ledger.In && o.Account == j.Account && o.Remote == j.Remote && o.Source.Name == j.Source.Name && o.Source.ID != j.Source.ID
		waits := o.State == ledger.Offered || o.State == ledger.Queued && !o.Published || o.State == ledger.Parked || o.State == ledger.GivenUp
		return !same || !waits || c.listed(o)
	}), err
}

// discard removes what a fetch that was killed may have left of j.
func discard(j ledger.Job) {
	if root, err := os.OpenRoot(j.Folder); err == nil {
		root.Remove(filepath.FromSlash(partOf(j.Name, j.ID))) // mostly not there
		root.Close()
	}
}

// vanished gives up what waited for a person and is not at the remote any more.
func (c *Collector) vanished(ctx context.Context, now time.Time) error {
	if !slices.ContainsFunc(c.Imports, func(i Import) bool { return i.Ask }) {
		return nil
	}
	offered, err := c.Ledger.OfferedTo(ctx, c.Account, "")
	if err != nil {
		return err
	}
	for _, j := range offered {
		if c.gone(j) {
			c.Log.Warn("A retouch left the remote before anybody imported it", "bench", j.Bench, "name", j.Source.Name)
			c.note(j, ledger.Event{What: ledger.Overtaken, At: now, Reason: "it left the remote before it was imported"})
		}
	}
	return nil
}

// note records what a look shows of a job. Somebody may have been quicker: the
// next look shows it again.
func (c *Collector) note(j ledger.Job, e ledger.Event) {
	e.At = time.Now()
	if _, err := c.Ledger.Record(j, e); err != nil && !errors.Is(err, ledger.ErrLost) {
		c.Log.Warn("The ledger did not take what a look showed; the next look tries again", "name", j.Name, "event", e.What, "error", err)
	}
}
