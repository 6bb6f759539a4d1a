package main

import (
	"context"
	"fmt"
	"time"

	"github.com/studio-agent/studio-agent/sync/ledger"
)

// A summary is what `run --once` has to say at its end.
type summary struct {
	delivered int
	bytes     int64
	left      []string // each file that did not arrive, and why
	took      time.Duration
}

func (s summary) ok() bool { return len(s.left) == 0 }

const (
	drainLook    = 100 * time.Millisecond
	drainPatient = 15 * time.Second // for files that are not finished, and jobs that wait for another try
)

// drain waits until nothing is left to do without a person, or nothing moves
// any more.
func (a *agent) drain(ctx context.Context, start time.Time) (summary, error) {
	tick := time.NewTicker(drainLook)
	defer tick.Stop()
	quiet := time.Now()
	for {
		busy, waiting, err := a.pending(ctx)
		if err != nil {
			return summary{}, err
		}
		if busy {
			quiet = time.Now()
		}
		if !busy && (!waiting || time.Since(quiet) > drainPatient) {
			return a.summary(ctx, start)
		}
		select {
		case <-ctx.Done():
			return summary{}, ctx.Err()
		case <-tick.C:
		}
	}
}

// pending says whether something is being done (busy), or waits for something
// that may not come by itself (waiting). It asks in the order in which things
// happen, wishes and files before jobs, so that nothing slips from one to the
// other unseen.
func (a *agent) pending(ctx context.Context) (busy, waiting bool, err error) {
	asked, err := a.ledger.Asked(ctx)
	if err != nil {
		return false, false, err
	}
	busy = len(asked) > 0
	for _, h := range a.parts.folders() {
		st := h.watch.Status()
		if st.Scanned.IsZero() && st.Watching != "blind" {
			busy = true
		}
		for _, w := range st.Waiting {
			waiting = waiting || !w.Held
		}
		waiting = waiting || st.Watching == "blind"
	}
	for _, s := range a.parts.senders() {
		busy = busy || len(s.Status().Transfers) > 0
	}
	due, err := a.ledger.Busy(ctx, time.Now().Add(time.Second))
	if err != nil {
		return false, false, err
	}
	later, err := a.ledger.Busy(ctx, time.Now().Add(time.Hour))
	return busy || due && !a.allClosed(), waiting || later, err
}

func (a *agent) allClosed() bool {
	for _, s := range a.parts.senders() {
		if s.Status().Closed == "" {
			return false
		}
	}
	return true
}

func (a *agent) summary(ctx context.Context, start time.Time) (summary, error) {
	s := summary{took: time.Since(start)}
	for _, h := range a.parts.folders() {
		st := h.watch.Status()
		if st.Watching == "blind" {
			s.left = append(s.left, fmt.Sprintf("%s: %s", h.Path, st.Reason))
		}
		for _, w := range st.Waiting {
			s.left = append(s.left, fmt.Sprintf("%s: %s", shown(w.Name), w.Reason))
		}
	}
	parked, err := a.ledger.Parked(ctx, 1000)
	if err != nil {
		return s, err
	}
	for _, account := range sortedKeys(a.parts.config().Accounts) {
		waiting, err := a.ledger.Waiting(ctx, account, 1000)
		if err != nil {
			return s, err
		}
		parked = append(parked, waiting...)
	}
	for _, j := range parked {
		s.left = append(s.left, fmt.Sprintf("%s to %s: %s", shown(j.Name), j.Account, reasonOf(j)))
	}
	s.delivered, s.bytes, err = a.ledger.DeliveredSince(ctx, start)
	return s, err
}

func reasonOf(j ledger.Job) string {
	switch {
	case j.Reason != "":
		return j.Reason
	case j.State == ledger.Sent:
		return "sent, not yet seen at the remote"
	}
	return "waiting for its turn"
}
