package outbound

import (
	"context"
	"fmt"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/sync/gate"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

const (
	confirmGroup = 100                   // photos asked for at once
	confirmQuiet = 50 * time.Millisecond // without another photo, before asking
	confirmPause = time.Second           // at most, while one photo after the other is sent
	confirmRest  = 2 * time.Second       // at least, between two questions while photos wait to be sent
	showAfter    = 10 * time.Minute      // a photo that is sent but not seen is said to be so
	parkAfter    = 24 * time.Hour        // and given to a person
)

// confirm asks the remote for what was sent until it has been seen there.
// Workers never wait for it.
func (s *Sender) confirm(ctx context.Context) {
	for failures := 0; ctx.Err() == nil; {
		if !s.gather(ctx, s.untilSent(ctx)) {
			return
		}
		if s.Gate.Wait(ctx) != nil {
			return
		}
		start := time.Now()
		if err := s.confirmSome(ctx); err != nil {
			failures++
			s.Log.Debug("What was sent could not be asked for", "error", err)
			pause(ctx, min(gate.Backoff(failures), time.Minute))
			continue
		}
		failures = 0
		if s.backlog(ctx) {
			pause(ctx, s.rest(time.Since(start)))
		}
	}
}

// rest is how long asking makes way for sending after it took so long. Asking
// stands in one queue with the workers, which each come to their turn while it
// waits for its own: this keeps it below a tenth of the rate.
func (s *Sender) rest(took time.Duration) time.Duration {
	return max(confirmRest, took*10/time.Duration(s.workers()+1))
}

// untilSent is how long until the first sent photo is to be asked for.
func (s *Sender) untilSent(ctx context.Context) time.Duration {
	jobs, err := s.Ledger.DueSent(ctx, s.Account, gate.Forever, 1)
	switch {
	case err != nil && ctx.Err() == nil:
		s.Log.Warn("The ledger cannot be read; trying again", "error", err)
		return 10 * time.Second
	case len(jobs) == 0:
		return time.Minute
	}
	return max(0, time.Until(jobs[0].NotBefore))
}

// gather waits until there is something to ask for: until a photo is due, or
// one was sent and for a moment no other. It reports whether it is worth asking.
func (s *Sender) gather(ctx context.Context, due time.Duration) bool {
	timer := time.NewTimer(due)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
	case <-s.sent:
	}
	latest := time.Now().Add(confirmPause)
	for time.Now().Before(latest) {
		timer.Reset(confirmQuiet)
		select {
		case <-ctx.Done():
			return false
		case <-timer.C:
			return true
		case <-s.sent:
		}
	}
	return true
}

func (s *Sender) confirmSome(ctx context.Context) error {
	soon := time.Now().Add(confirmPause) // so that one question serves those that are nearly due
	jobs, err := s.Ledger.DueSent(ctx, s.Account, soon, confirmGroup)
	if err != nil || len(jobs) == 0 {
		return err
	}
	photos := make([]connectors.Photo, len(jobs))
	for i, j := range jobs {
		if photos[i], err = s.photo(ctx, j); err != nil {
			return err
		}
	}
	found, err := s.Connector.Out.Find(ctx, photos)
	if err != nil {
		s.Gate.Heed(err)
		return err
	}
	for i, j := range jobs {
		if found[i].Zero() {
			s.record(ctx, j, stillOut(j, time.Now()))
		} else if next, ok := s.record(ctx, j, ledger.Event{What: ledger.Confirmed, Receipt: found[i]}); ok {
			s.delivered(next)
		}
	}
	return nil
}

// stillOut is what follows when a sent photo is not to be seen: patience, then
// a word, then a person. It is never sent again by itself.
func stillOut(j ledger.Job, now time.Time) ledger.Event {
	out := now.Sub(j.SentAt)
	if out >= parkAfter {
		return ledger.Event{What: ledger.Held, Reason: "the remote took it " + j.SentAt.Format("2 Jan 15:04") + " but does not show it; look there, then retry or leave it"}
	}
	e := ledger.Event{What: ledger.StillOut, Until: now.Add(gate.Doubled(j.Asks + 1))} // no jitter: a group stays one
	if out >= showAfter {
		e.Reason = fmt.Sprintf("the remote took it at %s but does not show it yet", j.SentAt.Format("15:04"))
	}
	return e
}

// backlog reports whether photos wait to be sent.
func (s *Sender) backlog(ctx context.Context) bool {
	some, err := s.Ledger.Queued(ctx, s.Account, time.Now())
	return err == nil && some
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
