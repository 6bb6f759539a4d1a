// Package gate stops all traffic of one account together: while a person has
// paused it, while the remote refuses everything, while it asked for peace, and
// while nothing gets through. It also knows how long to wait after a failure.
package gate

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
)

// probeEvery is how often a denied account is looked at again.
const probeEvery = 60 * time.Second

// A Gate belongs to one account. Make one with New; its methods may run at the
// same time.
type Gate struct {
	probe func(context.Context) error
	log   *slog.Logger

	mu      sync.Mutex
	changed chan struct{} // closed and renewed at every change
	paused  time.Time     // by a person, until then; see Forever
	denied  error         // why the remote refuses everything; nil if it does not
	until   time.Time     // throttled or out of reach until then
	reason  string        // of until, for people
	misses  int           // failures since the last success, over all files
	since   time.Time     // of the present state
}

// Forever is a pause without an end.
var Forever = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// New makes the gate of an account, open. probe asks whether the account can be
// used at all; nil means that only tries can tell.
func New(probe func(context.Context) error, log *slog.Logger) *Gate {
	return &Gate{probe: probe, log: log, changed: make(chan struct{}), since: time.Now()}
}

// Run probes every minute while the remote refuses everything. It
// returns nil when ctx ends.
func (g *Gate) Run(ctx context.Context) error {
	tick := time.NewTicker(probeEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			if g.isDenied() {
				g.Check(ctx)
			}
		}
	}
}

// Check asks whether the account can be used. Only a refusal closes it: what
// cannot be reached now is tried with the next file.
func (g *Gate) Check(ctx context.Context) {
	if g.probe == nil {
		g.deny(nil)
		return
	}
	err := g.probe(ctx)
	switch {
	case errors.Is(err, connectors.ErrDenied):
		g.Deny(err)
	case err == nil && g.deny(nil):
		g.log.Info("Account is usable again")
	case err != nil && ctx.Err() == nil:
		g.log.Warn("Account could not be checked", "error", err)
	}
}

// Deny closes the account because the remote refuses everything, until a Check
// goes well.
func (g *Gate) Deny(err error) {
	if g.deny(err) {
		g.log.Error("Account is paused: the remote refuses it; it is tried again every minute", "error", err)
	}
}

// change changes what f changes, and wakes all who wait. The caller holds mu.
func (g *Gate) change(f func()) {
	now := time.Now()
	was, _ := g.closed(now)
	f()
	if is, _ := g.closed(now); (was == "") != (is == "") {
		g.since = now
	}
	close(g.changed)
	g.changed = make(chan struct{})
}

// Pause stops the account until then, or until Resume if until is zero.
func (g *Gate) Pause(until time.Time) {
	if until.IsZero() {
		until = Forever
	}
	g.pause(until)
}

// Resume ends a pause, and checks at once an account that was denied.
func (g *Gate) Resume(ctx context.Context) {
	g.pause(time.Time{})
	g.Check(ctx)
}

func (g *Gate) pause(until time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.change(func() { g.paused = until })
}

// deny closes the account until a probe succeeds; nil opens it. It reports
// whether that is news.
func (g *Gate) deny(err error) (news bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if news = (g.denied == nil) != (err == nil); news {
		g.change(func() { g.denied = err })
	}
	return news
}

// Heed closes the gate if err says that the remote refuses the account, or asks for
// peace, and reports whether it does. Other errors, and nil, change nothing.
func (g *Gate) Heed(err error) bool {
	var throttled *connectors.ThrottledError
	switch {
	case errors.Is(err, connectors.ErrDenied):
		g.Deny(err)
	case errors.As(err, &throttled):
		g.Slow(throttled.Until, throttled.Error())
	default:
		return false
	}
	return true
}

// Slow slows the account down until then, never less than it already is.
func (g *Gate) Slow(until time.Time, reason string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if until.After(g.until) {
		g.change(func() { g.until, g.reason = until, reason })
	}
}

// Success forgets earlier failures; it reports how many there were.
func (g *Gate) Success() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	n := g.misses
	g.misses = 0
	return n
}

// Failure counts a failed try of any file. When as many in a row failed as
// there are workers, the remote is taken to be out of reach, and the account
// waits, longer each time. It reports whether that is news.
func (g *Gate) Failure(workers int, reason string) (news bool) {
	g.mu.Lock()
	g.misses++
	rounds, full := g.misses/workers, g.misses%workers == 0
	g.mu.Unlock()
	if full {
		g.Slow(time.Now().Add(min(Backoff(rounds), time.Minute)), reason)
	}
	return full && rounds == 1
}

// State tells why the gate is closed and until when, and since when it is as it
// is. An empty reason means that it is open; a zero until, that it stays closed
// until something is done about it.
func (g *Gate) State(now time.Time) (reason string, until, since time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	reason, until = g.closed(now)
	since = g.since
	for _, end := range []time.Time{g.until, g.paused} { // that nobody had to change anything for
		if reason == "" && end.After(since) && !end.After(now) {
			since = end
		}
	}
	return reason, until, since
}

// closed is State for those who hold mu.
func (g *Gate) closed(now time.Time) (reason string, until time.Time) {
	switch {
	case g.paused.Equal(Forever):
		return "paused by a person", time.Time{}
	case g.paused.After(now):
		return "paused by a person", g.paused
	case g.denied != nil:
		return g.denied.Error(), time.Time{}
	case g.until.After(now):
		return g.reason, g.until
	}
	return "", time.Time{}
}

// Wait returns when the gate is open, or ctx's error.
func (g *Gate) Wait(ctx context.Context) error {
	for ctx.Err() == nil {
		g.mu.Lock()
		changed := g.changed
		reason, until := g.closed(time.Now())
		g.mu.Unlock()
		if reason == "" {
			return nil
		}
		if until.IsZero() {
			until = Forever
		}
		timer := time.NewTimer(time.Until(until))
		select {
		case <-ctx.Done():
		case <-changed:
		case <-timer.C:
		}
		timer.Stop()
	}
	return ctx.Err()
}

func (g *Gate) isDenied() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.denied != nil
}
