package outbound

import (
	"context"
	"time"

	"github.com/studio-agent/studio-agent/sync/ledger"
)

// mark sets selection, rating and label of a photo that was delivered, and
// waits for one that is still on its way.
func (s *Sender) mark(ctx context.Context, t *transfer) {
	j := t.job
	of, err := s.Ledger.Content(ctx, s.Account, j.Bench, j.Digests.SHA256)
	if err != nil {
		s.fail(ctx, j, &localError{err})
		return
	}
	for _, d := range of {
		if d.State == ledger.Done {
			s.set(ctx, j, d)
			return
		}
	}
	reason := "the photo itself is still on its way"
	if len(of) == 0 {
		if reason, err = s.orphan(ctx, t); err != nil {
			s.fail(ctx, j, err)
			return
		}
	}
	s.record(ctx, j, ledger.Event{What: ledger.Waited, Until: time.Now().Add(time.Minute), Reason: reason})
}

// orphan delivers the select itself if the delivery that its mark waited for
// came to nothing: the capture was moved into the selects folder before it was
// sent. It tells what the mark waits for now.
func (s *Sender) orphan(ctx context.Context, t *transfer) (reason string, err error) {
	if err := t.source.check(); err != nil {
		return "", err // nothing is left to be marked
	}
	d := deliveryOf(t.job)
	if err := s.Ledger.Accept(time.Now(), ledger.Acceptance{Jobs: []ledger.Job{d}}); err != nil {
		return "", &localError{err}
	}
	d, _, err = s.Ledger.Job(ctx, d.ID) // it may have been there before
	if err != nil {
		return "", &localError{err}
	}
	if d.State == ledger.Parked {
		return "the photo itself is held: " + d.Reason, nil
	}
	return "the photo itself is sent first", nil
}

func (s *Sender) set(ctx context.Context, j, delivered ledger.Job) {
	photo := delivered.Photo()
	photo.Role, photo.Rating, photo.Label = j.Role, j.Rating, j.Label
	if err := s.Connector.Mark(ctx, photo, delivered.Receipt); err != nil {
		s.fail(ctx, j, err)
		return
	}
	if next, ok := s.record(ctx, j, ledger.Event{What: ledger.Confirmed, Receipt: delivered.Receipt}); ok {
		s.reached()
		s.Log.Info("Photo marked", "bench", next.Bench, "name", next.Name, "role", next.Role)
	}
}

// deliveryOf is the delivery of the file that a mark was made for.
func deliveryOf(mark ledger.Job) ledger.Job {
	return newJob(mark.Account, ledger.Deliver, ledger.Job{
		Bench: mark.Bench, Role: mark.Role, Folder: mark.Folder, Name: mark.Name, Generation: mark.Generation,
		Size: mark.Size, ModTime: mark.ModTime, Changed: mark.Changed, Digests: mark.Digests, Rating: mark.Rating, Label: mark.Label,
	})
}
