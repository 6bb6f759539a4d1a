package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/studio-agent/studio-agent/sync/inbound"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

// A summary is what `run --once` has to say at its end.
type summary struct {
	delivered int
	bytes     int64
	landed    int
	left      []string // each file that did not arrive or land, and why
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
		busy = busy || h.projects != nil && st.Watching != "blind" && h.projects.busy()
	}
	for _, p := range a.parts.accounts() {
		out, in := p.pending()
		busy, waiting = busy || out || in, waiting || in
	}
	open, err := a.standing(ctx)
	if err != nil {
		return false, false, err
	}
	for _, t := range open {
		busy = busy || !a.allClosed() && t.NotBefore.Before(time.Now().Add(time.Second))
	}
	due, err := a.ledger.Busy(ctx, time.Now().Add(time.Second))
	if err != nil {
		return false, false, err
	}
	later, err := a.ledger.Busy(ctx, time.Now().Add(time.Hour))
	return busy || due && !a.allClosed(), waiting || later, err
}

// standing are the tasks that are not ours and are not committed: projects that are
// to be registered or given more media, tasks of a remote that expect something.
func (a *agent) standing(ctx context.Context) ([]ledger.Task, error) {
	all, err := a.ledger.Tasks(ctx, "", false)
	return slices.DeleteFunc(all, func(t ledger.Task) bool { return t.Kind == ledger.OrderedTask || t.State == ledger.AtVendor }), err
}

func (a *agent) allClosed() bool {
	for _, p := range a.parts.accounts() {
		if closed, _, _ := p.gate.State(time.Now()); closed == "" {
			return false
		}
	}
	return true
}

// pending says whether an account is sending, and whether it is looking at or
// fetching what came back. One that is closed or out of reach is not waited for.
func (p part) pending() (out, in bool) {
	if p.sender != nil {
		out = len(p.sender.Status().Transfers) > 0
	}
	if p.chooser != nil {
		closed, _, _ := p.gate.State(time.Now())
		out = out || closed == "" && !p.chooser.Looked()
	}
	if p.collector != nil {
		st := p.collector.Status()
		in = len(st.Transfers) > 0 || st.Taking || st.Settling > 0 || st.Looked.IsZero() && st.Closed == "" && st.Trouble == ""
	}
	return out, in
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
		for _, w := range h.troubled(time.Now()) {
			if w.Held {
				s.left = append(s.left, fmt.Sprintf("%s: %s", shown(w.Name), w.Reason))
			}
		}
	}
	open, err := a.standing(ctx)
	if err != nil {
		return s, err
	}
	for _, t := range open {
		switch {
		case t.Kind == ledger.ProjectTask:
			s.left = append(s.left, fmt.Sprintf("project %s at %s: %s", shown(t.Title), t.Account, cmp.Or(t.Reason, "not registered, or not all linked, yet")))
		case t.Reason != "": // without one, a retoucher is at work on it
			s.left = append(s.left, fmt.Sprintf("task %s at %s: %s", shown(t.Title), t.Account, t.Reason))
		}
	}
	parked, err := a.ledger.Parked(ctx, 1000)
	if err != nil {
		return s, err
	}
	failed, err := a.ledger.GivenUp(ctx, 1000)
	if err != nil {
		return s, err
	}
	parked = append(parked, failed...)
	for _, account := range sortedKeys(a.parts.config().Accounts) {
		waiting, err := a.ledger.Waiting(ctx, account, 1000)
		if err != nil {
			return s, err
		}
		parked = append(parked, waiting...)
	}
	for _, j := range parked {
		s.left = append(s.left, fmt.Sprintf("%s %s %s: %s", shown(j.Name), toOrFrom(j), j.Account, reasonOf(j)))
	}
	for _, p := range a.parts.accounts() {
		if p.collector != nil {
			s.left = append(s.left, leftAt(p.collector.Status())...)
		}
	}
	if s.landed, err = a.ledger.LandedSince(ctx, start); err != nil {
		return s, err
	}
	s.delivered, s.bytes, err = a.ledger.DeliveredSince(ctx, start)
	return s, err
}

// leftAt says what an account has that was not taken up.
func leftAt(st inbound.Status) []string {
	left := st.Held
	if st.Trouble != "" {
		left = append(left, fmt.Sprintf("account %s could not be looked at: %s", st.Account, st.Trouble))
	}
	for _, w := range st.Waiting {
		left = append(left, fmt.Sprintf("%s from %s: %s", shown(w.Name), st.Account, w.Reason))
	}
	return left
}

// toOrFrom is the direction of a job in a word.
func toOrFrom(j ledger.Job) string {
	if j.Flow == ledger.In {
		return "from"
	}
	return "to"
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
