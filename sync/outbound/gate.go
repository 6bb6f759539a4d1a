package outbound

import (
	"context"
	"sync"
	"time"
)

// A gate stops all workers of one account together: while a person has paused
// it, while the remote refuses everything, while it asked for peace, and while
// nothing gets through.
type gate struct {
	mu      sync.Mutex
	changed chan struct{} // closed and renewed at every change
	paused  time.Time     // by a person, until then; see forever
	denied  error         // why the remote refuses everything; nil if it does not
	until   time.Time     // throttled or out of reach until then
	reason  string        // of until, for people
	misses  int           // failures since the last success, over all files
	since   time.Time     // of the present state
}

// forever is a pause without an end.
var forever = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

func newGate() *gate { return &gate{changed: make(chan struct{}), since: time.Now()} }

// change changes what f changes, and wakes all who wait. The caller holds mu.
func (g *gate) change(f func()) {
	now := time.Now()
	was, _ := g.closed(now)
	f()
	if is, _ := g.closed(now); (was == "") != (is == "") {
		g.since = now
	}
	close(g.changed)
	g.changed = make(chan struct{})
}

// pause stops the account until then; the zero time ends a pause.
func (g *gate) pause(until time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.change(func() { g.paused = until })
}

// deny closes the account until a probe succeeds; nil opens it. It reports
// whether that is news.
func (g *gate) deny(err error) (news bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if news = (g.denied == nil) != (err == nil); news {
		g.change(func() { g.denied = err })
	}
	return news
}

// slow slows the account down until then, never less than it already is.
func (g *gate) slow(until time.Time, reason string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if until.After(g.until) {
		g.change(func() { g.until, g.reason = until, reason })
	}
}

// success forgets earlier failures; it reports how many there were.
func (g *gate) success() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	n := g.misses
	g.misses = 0
	return n
}

// failure counts a failed try of any file. When as many in a row failed as
// there are workers, the remote is taken to be out of reach, and the account
// waits, longer each time. It reports whether that is news.
func (g *gate) failure(workers int, reason string) (news bool) {
	g.mu.Lock()
	g.misses++
	rounds, full := g.misses/workers, g.misses%workers == 0
	g.mu.Unlock()
	if full {
		g.slow(time.Now().Add(min(backoff(rounds), time.Minute)), reason)
	}
	return full && rounds == 1
}

// state tells why the gate is closed and until when, and since when it is as it
// is. An empty reason means that it is open; a zero until, that it stays closed
// until something is done about it.
func (g *gate) state(now time.Time) (reason string, until, since time.Time) {
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

// closed is state for those who hold mu.
func (g *gate) closed(now time.Time) (reason string, until time.Time) {
	switch {
	case g.paused.Equal(forever):
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

// wait returns when the gate is open, or ctx's error.
func (g *gate) wait(ctx context.Context) error {
	for ctx.Err() == nil {
		g.mu.Lock()
		changed := g.changed
		reason, until := g.closed(time.Now())
		g.mu.Unlock()
		if reason == "" {
			return nil
		}
		if until.IsZero() {
			until = forever
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

func (g *gate) isDenied() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.denied != nil
}
