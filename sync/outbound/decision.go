package outbound

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/sync/ledger"
	"github.com/studio-agent/studio-agent/watch"
)

// A decision is what follows from finished files that belong together.
type decision struct {
	ledger.Acceptance
	moot []moot
}

// A moot is a job that has lost its purpose.
type moot struct {
	ledger.Job
	why string
}

func (d *decision) index(folder, name string) int {
	return slices.IndexFunc(d.Files, func(f ledger.File) bool { return f.Folder == folder && f.Name == name })
}

// remember enters what is known of a file from now on, in place of what was
// entered before.
func (d *decision) remember(f ledger.File) {
	if i := d.index(f.Folder, f.Name); i >= 0 {
		d.Files[i] = f
		return
	}
	d.Files = append(d.Files, f)
}

// note tells the history of a remembered file.
func (d *decision) note(folder, name, text string) {
	if i := d.index(folder, name); i >= 0 {
		d.Notes = withNote(d.Notes, i, text)
	}
}

func withNote(notes map[int]string, i int, text string) map[int]string {
	if notes == nil {
		notes = map[int]string{}
	}
	notes[i] = text
	return notes
}

// delivers reports whether the file goes to account now.
func (d *decision) delivers(account, name string) bool {
	return slices.ContainsFunc(d.Jobs, func(j ledger.Job) bool {
		return j.Kind == ledger.Deliver && j.Account == account && j.Name == name && j.State == ledger.Queued
	})
}

// enter puts a decision on disk.
func (e *Enqueuer) enter(ctx context.Context, d decision, now time.Time) error {
	if len(d.Files)+len(d.Jobs)+len(d.moot) == 0 {
		return nil
	}
	if err := e.Ledger.Accept(now, d.Acceptance); errors.Is(err, ledger.ErrTaskClosed) {
		return &watch.LaterError{Until: now.Add(time.Second), Reason: "its task has just closed; it goes with the next one"}
	} else if err != nil {
		return err
	}
	if slices.ContainsFunc(d.Files, func(f ledger.File) bool { return !isSidecar(f.Name) }) {
		e.siblings = siblings{}
	}
	for _, j := range d.Jobs {
		if j.State == ledger.Parked {
			e.Log.Warn("Photo is held: a person must act", "account", j.Account, "bench", e.Bench, "name", j.Name, "reason", j.Reason)
		}
	}
	for _, m := range d.moot {
		event := ledger.Event{What: ledger.Overtaken, At: now, Reason: m.why}
		if _, err := e.Ledger.Record(m.Job, event); err != nil && !errors.Is(err, ledger.ErrLost) {
			e.Log.Warn("A photo is not to be sent any more, but stays as it was", "account", m.Account, "name", m.Name, "reason", m.why, "error", err)
		}
	}
	e.fill(ctx, d.Tasks)
	return nil
}

func (e *Enqueuer) mirrors() bool { return e.Role == connectors.Mirror }
