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

// jobs adds one job for each account that has to do something about the file.
// earlier are those that its name had before.
func (e *Enqueuer) jobs(ctx context.Context, f watch.File, file ledger.File, digests connectors.Digests, earlier []ledger.Job, d *decision) error {
	base := ledger.Job{
		Bench: e.Bench, Role: e.Role, Folder: e.Folder, Name: f.Name, Generation: file.Generation,
		Size: f.Size, ModTime: f.ModTime, Changed: f.Changed, Digests: digests, Ask: f.ModTime.Before(e.met()),
	}
	old, err := e.formerNames(ctx, f, file)
	if err != nil {
		return err
	}
	twin := e.twin(ctx, f)
	note := ""
	var jobs []ledger.Job
	for _, target := range e.Targets {
		plan, err := e.plan(ctx, target, base, earlier, old)
		if err != nil {
			return err
		}
		if plan.note != "" {
			note = plan.note
		}
		for _, j := range plan.jobs {
			jobs = append(jobs, e.vetted(ctx, target, j, twin))
		}
	}
	if note != "" {
		d.Notes = withNote(d.Notes, len(d.Files), note)
	}
	d.Files = append(d.Files, file)
	d.Jobs = append(d.Jobs, jobs...)
	for _, j := range old {
		if j.State == ledger.Parked && !atRemote(j) {
			d.moot = append(d.moot, moot{j, f.Name})
		}
	}
	return nil
}

func withNote(notes map[int]string, i int, text string) map[int]string {
	if notes == nil {
		notes = map[int]string{}
	}
	notes[i] = text
	return notes
}

type plan struct {
	jobs []ledger.Job
	note string // why there are none
}

// plan says what one account gets: the photo, a mark on a photo that it has
// already, or nothing because only the name is new.
func (e *Enqueuer) plan(ctx context.Context, t Target, base ledger.Job, earlier, old []ledger.Job) (plan, error) {
	deliver := newJob(t.Account, ledger.Deliver, base)
	if e.marks(t) {
		mark := newJob(t.Account, ledger.Mark, base)
		has, err := e.Ledger.Content(ctx, t.Account, e.Bench, base.Digests.SHA256)
		if err != nil || len(has) > 0 {
			return plan{jobs: []ledger.Job{mark}}, err
		}
		return plan{jobs: []ledger.Job{deliver, mark}}, nil
	}
	if sameContent(latestDelivery(earlier, t.Account), base) {
		return plan{}, nil // of several accounts, this one has it or will have it
	}
	var under *ledger.Job
	for _, j := range old {
		switch {
		case j.Account != t.Account:
		case atRemote(j):
			return plan{note: fmt.Sprintf("renamed from %s, which %s has already; not sent again", j.Name, t.Account)}, nil
		case j.State == ledger.Moving || j.State == ledger.Publishing || j.State == ledger.Queued && j.Published:
			under = &j
		}
	}
	if under != nil {
		return plan{}, &watch.LaterError{Until: time.Now().Add(time.Second), Reason: "it may just be arriving under its old name, " + under.Name}
	}
	return plan{jobs: []ledger.Job{deliver}}, nil
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

func sameContent(a, b ledger.Job) bool {
	return a.Digests.SHA256 != "" && a.Digests.SHA256 == b.Digests.SHA256
}

// atRemote reports whether the remote has said yes to j.
func atRemote(j ledger.Job) bool {
	return j.State == ledger.Done || j.State == ledger.Sent || j.State == ledger.Parked && !j.SentAt.IsZero()
}

func newJob(account string, kind ledger.Kind, base ledger.Job) ledger.Job {
	j := base
	j.Account, j.Kind, j.Flow, j.State = account, kind, ledger.Out, ledger.Queued
	j.Rank = rank(j)
	j.ID = ledger.NewID(account, kind, j.Folder, j.Name, j.Batch, j.Generation)
	return j
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
