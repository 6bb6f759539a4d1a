package outbound

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/sync/ledger"
	"github.com/studio-agent/studio-agent/watch"
	"github.com/studio-agent/studio-agent/watch/picture"
)

// jobs adds the deliveries of a new content. earlier are the jobs that its name
// had before.
func (e *Enqueuer) jobs(ctx context.Context, s *subject, earlier []ledger.Job, d *decision) error {
	old, err := e.formerNames(ctx, s)
	if err != nil {
		return err
	}
	twin := e.twin(ctx, s.File)
	note := ""
	for _, target := range e.Targets {
		base := e.base(s)
		if base.Batch, err = e.batch(s.Name); err != nil {
			return err
		}
		wanted, why, err := e.wanted(ctx, target, s.known, earlier, old)
		if err != nil {
			return err
		}
		if why != "" {
			note = why
		}
		if !wanted {
			continue
		}
		if e.Role == connectors.Select && !target.Marks { // else the mark belongs to the task
			if err := e.join(ctx, target, &base, d); err != nil {
				return err
			}
		}
		d.Jobs = append(d.Jobs, e.vetted(ctx, target, newJob(target.Account, ledger.Deliver, base), twin))
	}
	d.remember(s.known)
	if note != "" {
		d.note(e.Folder, s.Name, note)
	}
	for _, j := range old {
		if j.State == ledger.Parked && !atRemote(j) {
			d.moot = append(d.moot, moot{j, "the file was renamed to " + s.Name})
		}
	}
	return nil
}

// batch is the task that a file belongs to by where it lies.
func (e *Enqueuer) batch(name string) (string, error) {
	if e.Batch == nil {
		return "", nil
	}
	batch := e.Batch(name)
	if batch == "" {
		return "", &watch.LaterError{Until: time.Now().Add(time.Second), Reason: "what it belongs to is just being looked at"}
	}
	return batch, nil
}

// wanted says whether an account gets the photo, or why not: it has it already.
func (e *Enqueuer) wanted(ctx context.Context, t Target, file ledger.File, earlier, old []ledger.Job) (wanted bool, why string, err error) {
	if e.Role == connectors.Select {
		has, err := delivered(ctx, e.Ledger, t.Account, e.Bench, file)
		if err != nil || t.Marks {
			return len(has) == 0, "", err
		}
		if slices.ContainsFunc(has, e.byRule) {
			return false, t.Account + " has it already as a select", nil
		}
	}
	last := latestDelivery(earlier, t.Account)
	if sha := last.Digests.SHA256; sha != "" && sha == file.SHA256 || e.sameCore(last.Core, file.Core) && !waits(last) {
		return false, "", nil // of several accounts, this one has it or will have it
	}
	under := ""
	for _, j := range old {
		switch {
		case j.Account != t.Account:
		case atRemote(j):
			return false, fmt.Sprintf("renamed from %s, which %s has already; not sent again", j.Name, t.Account), nil
		case underWay(j):
			under = j.Name
		}
	}
	if under != "" {
		return false, "", arriving(under)
	}
	return true, "", nil
}

// byRule reports whether a delivery is that of a select in another folder, where
// it still lies.
func (e *Enqueuer) byRule(j ledger.Job) bool {
	return j.Role == connectors.Select && j.Folder != e.Folder && exists(j.Folder, j.Name)
}

// underWay reports whether it is open what becomes of a delivery.
func underWay(j ledger.Job) bool {
	return j.State == ledger.Moving || j.State == ledger.Publishing || j.State == ledger.Queued && j.Published
}

// latestDelivery is the newest delivery to account that was not given up; the
// zero Job if there is none.
func latestDelivery(jobs []ledger.Job, account string) ledger.Job {
	for _, j := range slices.Backward(jobs) {
		if j.Account == account && j.Kind == ledger.Deliver && j.State != ledger.Superseded {
			return j
		}
	}
	return ledger.Job{}
}

// atRemote reports whether the remote has said yes to j.
func atRemote(j ledger.Job) bool {
	return j.State == ledger.Done || j.State == ledger.Sent || j.State == ledger.Parked && !j.SentAt.IsZero()
}

func newJob(account string, kind ledger.Kind, base ledger.Job) ledger.Job {
	j := base
	j.Account, j.Kind, j.Flow, j.State = account, kind, ledger.Out, ledger.Queued
	j.Rank = rank(j)
	j.ID = jobID(j, 0)
	return j
}

// jobID tells a job's tries apart by again: of a delivery that was taken back,
// the next one is another job. One local folder may go to several remote ones.
func jobID(j ledger.Job, again int) string {
	batch := j.Batch
	if j.Remote != "" {
		batch += "\x00" + j.Remote
	}
	if again > 0 {
		batch += fmt.Sprintf("\x00%d", again)
	}
	return ledger.NewID(j.Account, j.Kind, j.Folder, j.Name, batch, j.Generation)
}

// rank is a job's place: selects before JPEG before other pictures before RAW
// before video.
func rank(j ledger.Job) int {
	switch {
	case j.Role == connectors.Select:
		return 0
	case picture.IsJPEG(j.Name):
		return 1
	case picture.KindOf(j.Name) == picture.Raw:
		return 3
	case picture.KindOf(j.Name) == picture.Video:
		return 4
	}
	return 2
}

// vetted parks a job whose photo may not go, at once, while the product still
// is on the table. What cannot be told now, the worker asks again.
func (e *Enqueuer) vetted(ctx context.Context, t Target, j ledger.Job, twin error) ledger.Job {
	err := twin
	if err == nil && t.Vet != nil && j.Kind == ledger.Deliver {
		_, err = t.Vet(ctx, j.Photo())
	}
	if errors.Is(err, connectors.ErrRejected) {
		j.State, j.Reason = ledger.Parked, err.Error()
	}
	return j
}
