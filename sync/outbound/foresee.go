package outbound

import (
	"context"
	"errors"
	"strings"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/sync/ledger"
	"github.com/studio-agent/studio-agent/watch"
)

// Foresee says what Emit would do with a file, and whether that means sending
// it. It changes nothing. The Ledger may be nil: the agent has never run.
func (e *Enqueuer) Foresee(ctx context.Context, f watch.File) (fate string, goes bool, err error) {
	known := ledger.Folder{}
	if e.Ledger != nil {
		if known, _, err = e.Ledger.FindFolder(ctx, e.Folder); err != nil {
			return "", false, err
		}
	}
	if (known.Path == "" || known.Held == ledger.Unsighted) && (e.First.Ignore || f.ModTime.Before(e.First.Since)) {
		return "left alone: it was here before the agent, as `existing` says", false, nil
	}
	if e.onlyRead(f.Name) {
		return "read for its rating and label, and not sent", false, nil
	}
	if e.Ledger == nil {
		fate, goes = foreseen(e.jobsOfNew(ctx, f))
		return fate, goes, nil
	}
	var d decision
	err = e.decide(ctx, f, &d)
	var later *watch.LaterError
	switch {
	case errors.As(err, &later):
		return later.Reason, true, nil
	case err != nil:
		return "", false, err
	case len(d.Files) == 0:
		return e.standing(ctx, f)
	case len(d.Jobs) == 0 && d.Notes[0] != "":
		return d.Notes[0], false, nil
	case len(d.Jobs) == 0:
		return "nothing to send: only its times have changed", false, nil
	}
	fate, goes = foreseen(d.Jobs)
	return fate, goes, nil
}

// jobsOfNew are the jobs of a file that nothing is known of.
func (e *Enqueuer) jobsOfNew(ctx context.Context, f watch.File) []ledger.Job {
	var jobs []ledger.Job
	for _, t := range e.Targets {
		jobs = append(jobs, e.vetted(ctx, t, e.newDelivery(t.Account, f), nil))
	}
	return jobs
}

// newDelivery is the delivery of a file that nothing is known of.
func (e *Enqueuer) newDelivery(account string, f watch.File) ledger.Job {
	return newJob(account, ledger.Deliver, ledger.Job{
		Bench: e.Bench, Role: e.Role, Remote: e.Remote, Folder: e.Folder, Name: f.Name, Generation: 1, Size: f.Size, ModTime: f.ModTime,
	})
}

func foreseen(jobs []ledger.Job) (fate string, goes bool) {
	var parts []string
	for _, j := range jobs {
		switch {
		case j.State == ledger.Parked:
			parts = append(parts, "would be held, not sent to "+j.Account+": "+j.Reason)
			continue
		case j.Kind == ledger.Mark && j.Deselected:
			parts = append(parts, "would not be a select at "+j.Account+" any more")
		case j.Kind == ledger.Mark && j.Role == connectors.Select:
			parts = append(parts, "would be marked as selected at "+j.Account)
		case j.Kind == ledger.Mark:
			parts = append(parts, "would get its rating and label at "+j.Account)
		case j.Generation > 1:
			parts = append(parts, "would be sent to "+j.Account+" as a new version")
		default:
			parts = append(parts, "would be sent to "+j.Account)
		}
		goes = true
	}
	return strings.Join(parts, "; "), goes
}

// standing tells of a file that was accepted before how far its jobs are.
func (e *Enqueuer) standing(ctx context.Context, f watch.File) (string, bool, error) {
	jobs, err := e.Ledger.Jobs(ctx, e.Folder, f.Name)
	if err != nil {
		return "", false, err
	}
	latest := map[string]ledger.Job{}
	for _, j := range jobs {
		latest[j.Account] = j
	}
	var parts []string
	open := false
	for _, t := range e.Targets {
		j, has := latest[t.Account]
		switch {
		case !has:
			parts = append(parts, "nothing to send to "+t.Account)
		case j.State == ledger.Done:
			parts = append(parts, "is at "+t.Account+" already")
		case j.State.Open():
			parts = append(parts, "is on its way to "+t.Account)
			open = true
		default:
			parts = append(parts, "is not sent to "+t.Account+": "+j.Reason)
		}
	}
	return strings.Join(parts, "; "), open, nil
}

// Brake is why the folder would be held at its first sight with so much to send,
// or empty.
func (e *Enqueuer) Brake(ctx context.Context, files int, bytes int64) string {
	if e.Ledger != nil {
		if known, seen, err := e.Ledger.FindFolder(ctx, e.Folder); err != nil || seen && known.Held != ledger.Unsighted {
			return known.Held
		}
	}
	c := census{enqueuer: e, files: files, bytes: bytes}
	return c.verdict()
}

// Expected is the photo that an account should have of a file, for comparing
// disk and remote. A renamed file is expected under the name it was
// sent with. wanted is false if the file is left alone.
func (e *Enqueuer) Expected(ctx context.Context, account string, f watch.File) (p connectors.Photo, wanted bool, err error) {
	known, seen, err := e.Ledger.FindFile(ctx, e.Folder, f.Name)
	if err != nil || e.onlyRead(f.Name) || seen && known.Generation == 0 {
		return p, false, err
	}
	jobs, err := e.Ledger.Jobs(ctx, e.Folder, f.Name)
	if err != nil {
		return p, false, err
	}
	j := e.newDelivery(account, f)
	delivered := false
	for _, old := range jobs {
		if old.Account == account && old.Kind == ledger.Deliver && old.Size == f.Size && old.ModTime.Equal(f.ModTime) {
			j, delivered = old, true
		}
	}
	if seen && !delivered { // renamed, or a select: it is there under the name it was sent with
		has, err := e.Ledger.Content(ctx, account, e.Bench, known.SHA256)
		if err != nil || len(has) == 0 {
			return j.Photo(), true, err
		}
		j = has[0]
	}
	if j.Digests.SHA256 == "" {
		if j.Digests, err = digest(f.Path, f.Size, f.ModTime, e.wantsSHA1()); err != nil {
			return p, false, later(err, f)
		}
	}
	return j.Photo(), true, nil
}
