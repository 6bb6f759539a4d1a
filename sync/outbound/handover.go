package outbound

import (
	"context"
	"slices"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

// handOver sees to a capture for an account that gets selects only: it is
// delivered when it becomes a select, once, and taken back if that is over
// before it went.
func (e *Enqueuer) handOver(ctx context.Context, t Target, s *subject, tr trace, d *decision) error {
	var there, selects []ledger.Job
	for _, j := range append(e.parked(s, tr), tr.has...) {
		there = append(there, j)
		if j.Role == connectors.Select {
			selects = append(selects, j)
		}
	}
	switch {
	case e.picks(s):
		if len(there) > 0 {
			return nil
		}
		return e.deliverSelect(ctx, t, s, tr, d)
	case len(selects) > 0 && e.dropped(s, tr, selects[0], e.speaks(s, tr)):
		for _, j := range selects {
			e.takeBack(j, s, d)
		}
	}
	return nil
}

// parked are the held deliveries of the photo, and those that a person called off.
func (e *Enqueuer) parked(s *subject, tr trace) []ledger.Job {
	return slices.DeleteFunc(slices.Clone(tr.jobs), func(j ledger.Job) bool {
		same := j.Digests.SHA256 == s.known.SHA256 || j.Core != "" && j.Core == s.known.Core
		stays := j.State == ledger.Parked || j.State == ledger.Superseded && j.Closed
		return j.Kind != ledger.Deliver || !stays || !same
	})
}

// deliverSelect adds the delivery of a capture as a select. One that was taken
// back before is another job.
func (e *Enqueuer) deliverSelect(ctx context.Context, t Target, s *subject, tr trace, d *decision) error {
	if !enough(s.digests, t.SHA1) {
		if err := e.read(s, d); err != nil {
			return err
		}
	}
	e.adopt(s, true, d)
	base := e.base(s)
	base.Role, base.Source.ID = connectors.Select, s.chosen
	if !t.Marks { // else the mark, which follows it, belongs to the task
		if err := e.join(ctx, t, &base, d); err != nil {
			return err
		}
	}
	again := 0
	for _, j := range tr.jobs {
		if e.isOf(s, j) && j.Kind == ledger.Deliver && j.Generation == base.Generation && j.Batch == base.Batch {
			again++
		}
	}
	j := newJob(t.Account, ledger.Deliver, base)
	j.ID = jobID(j, again)
	d.Jobs = append(d.Jobs, e.vetted(ctx, t, j, e.twin(ctx, s.File)))
	return nil
}

func (e *Enqueuer) takeBack(j ledger.Job, s *subject, d *decision) {
	switch {
	case j.State == ledger.Parked || j.State == ledger.Queued && !j.Published:
		d.moot = append(d.moot, moot{j, "it is no select any more"})
	case j.Kind == ledger.Deliver && j.State != ledger.Superseded:
		d.remember(s.known)
		d.note(e.Folder, s.Name, "it is no select any more, but it went to "+j.Account+" already")
	}
}
