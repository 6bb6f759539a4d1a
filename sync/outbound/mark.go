package outbound

import (
	"context"
	"slices"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/sync/gate"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

// mark sets selection, rating and label of a photo that was delivered, and
// waits for one that is still on its way.
func (s *Sender) mark(ctx context.Context, t *transfer) {
	j := t.job
	tr, err := traceOf(ctx, s.Ledger, j.Account, j.Bench, fileOf(j), fileOf(j))
	if err != nil {
		s.fail(ctx, j, &localError{err})
		return
	}
	if slices.ContainsFunc(tr.marks, func(m ledger.Job) bool { return m.State == ledger.Moving && inOrder(m, j) < 0 }) {
		s.wait(ctx, j, time.Second, "an earlier mark of this photo is just being set")
		return
	}
	for _, d := range tr.has {
		if d.State == ledger.Done {
			s.set(ctx, j, d, tr)
			return
		}
	}
	reason := "the photo itself is still on its way"
	if len(tr.has) == 0 {
		if reason, err = s.orphan(ctx, t); err != nil {
			s.fail(ctx, j, err)
			return
		}
	}
	// Its delivery lets it go; soon at first, for that may just have happened.
	s.wait(ctx, j, gate.Doubled(j.Starts), reason)
}

func (s *Sender) wait(ctx context.Context, j ledger.Job, d time.Duration, reason string) {
	s.record(ctx, j, ledger.Event{What: ledger.Waited, Until: time.Now().Add(d), Reason: reason})
}

// fileOf is the file that a job was made for.
func fileOf(j ledger.Job) ledger.File {
	return ledger.File{
		Folder: j.Folder, Name: j.Name, Stamp: ledger.Stamp{Size: j.Size, ModTime: j.ModTime, Changed: j.Changed},
		SHA256: j.Digests.SHA256, Core: j.Core, Generation: j.Generation,
	}
}

// orphan delivers the select itself if the delivery that its mark waited for
// came to nothing: the capture was moved into the selects folder before it was
// sent. It tells what the mark waits for now. Tags alone are worth no delivery.
func (s *Sender) orphan(ctx context.Context, t *transfer) (reason string, err error) {
	if err := t.source.check(); err != nil {
		return "", err // nothing is left to be marked
	}
	d, err := s.deliveryOf(ctx, t.job)
	if err != nil {
		return "", &localError{err}
	}
	if t.job.Role == connectors.Select {
		if err := s.Ledger.Accept(time.Now(), ledger.Acceptance{Jobs: []ledger.Job{d}}); err != nil {
			return "", &localError{err}
		}
	}
	d, _, err = s.Ledger.Job(ctx, d.ID) // it may have been there before
	switch {
	case err != nil:
		return "", &localError{err}
	case d.State == ledger.Parked:
		return "the photo itself is held: " + d.Reason, nil
	case !d.State.Open() && t.job.Role != connectors.Select:
		return "", errUnsent
	}
	return "the photo itself is sent first", nil
}

// set tells the remote what the newest mark says, also if that is another: then
// it does not matter which of them comes last.
func (s *Sender) set(ctx context.Context, j, delivered ledger.Job, tr trace) {
	now, by := tr.stance()
	photo := delivered.Photo()
	photo.Role, photo.Rating, photo.Label = connectors.Capture, now.rating, now.label
	photo.Deselected = by.Deselected && (by.ID == j.ID || by.State != ledger.Done)
	if now.selected {
		photo.Role = connectors.Select
	}
	if j.Batch != "" {
		photo.Batch = j.Batch
	}
	if err := s.Connector.Mark(ctx, photo, delivered.Receipt); err != nil {
		s.fail(ctx, j, err)
		return
	}
	if next, ok := s.record(ctx, j, ledger.Event{What: ledger.Confirmed, Receipt: delivered.Receipt}); ok {
		s.reached()
		s.Log.Info("Photo marked", "bench", next.Bench, "name", next.Name, "role", photo.Role, "deselected", photo.Deselected, "rating", photo.Rating, "label", photo.Label)
	}
}

// deliveryOf is the delivery of the file that a mark was made for. Marks are
// numbered by themselves; the file's generation is in what is known of it.
func (s *Sender) deliveryOf(ctx context.Context, mark ledger.Job) (ledger.Job, error) {
	file, _, err := s.Ledger.FindFile(ctx, mark.Folder, mark.Name)
	if err != nil {
		return ledger.Job{}, err
	}
	digests := mark.Digests
	if !enough(digests, s.Connector.SHA1) {
		if digests, err = digest(mark.Path(), mark.Size, mark.ModTime, s.Connector.SHA1); err != nil {
			return ledger.Job{}, err
		}
	}
	return newJob(mark.Account, ledger.Deliver, ledger.Job{
		Bench: mark.Bench, Role: mark.Role, Folder: mark.Folder, Name: mark.Name, Generation: max(1, file.Generation), Core: mark.Core,
		Size: mark.Size, ModTime: mark.ModTime, Changed: mark.Changed, Digests: digests, Rating: mark.Rating, Label: mark.Label,
	}), nil
}
