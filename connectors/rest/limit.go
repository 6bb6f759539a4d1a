package rest

import (
	"context"
	"crypto/sha256"
	"sync"
	"time"
)

const (
	// aim is the share of the allowed rate that is used. The rest, 36 ms in a
	// second, is room for the jitter of networks: the far end counts arrivals.
	aim = 0.965
	// slack is how late a start may be and still keep the schedule. It is less
	// than the room, so that no second holds more than the allowed starts.
	slack = 20 * time.Millisecond

	firstPause   = time.Second
	longestPause = time.Minute
	longestWish  = time.Hour // of a Retry-After; more is a mistake of the remote
)

// Limits are what a remote allows one key.
type Limits struct {
	Rate     float64 // starts per second, more than 0
	InFlight int     // exchanges at the same time, at least 1
	Bulky    int     // of those, how many with a large body; 0 means all
}

// A Limiter spaces the starts of all exchanges under one key evenly, never
// faster than the rate, and bounds how many run at the same time.
type Limiter struct {
	turn  chan struct{} // held by the one that starts next; first come, first served
	bulky chan struct{} // nil means no bound of its own
	freed chan struct{} // a place became free

	mu       sync.Mutex
	gap      time.Duration // between two starts
	max      int
	inFlight int
	next     time.Time // no start before
	paused   time.Time // nor before this, the end of a pause
	strikes  int       // refusals for haste in a row
	struck   time.Time // when the last wave of them began
	pace     pace
}

type sharedKey struct {
	host   string
	secret [sha256.Size]byte
}

// Shared returns the limiter that all accounts with this host and secret have
// in common in m. The lowest limits that any of them asked for hold. A nil m
// shares nothing.
func Shared(m *sync.Map, host, secret string, want Limits) *Limiter {
	if m == nil {
		return newLimiter(want)
	}
	v, _ := m.LoadOrStore(sharedKey{host, sha256.Sum256([]byte(secret))}, newLimiter(want))
	l := v.(*Limiter)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.gap = max(l.gap, gapOf(want.Rate))
	l.max = min(l.max, want.InFlight)
	return l
}

func newLimiter(want Limits) *Limiter {
	l := &Limiter{
		turn:  make(chan struct{}, 1),
		freed: make(chan struct{}, 1),
		gap:   gapOf(want.Rate),
		max:   want.InFlight,
	}
	if want.Bulky > 0 {
		l.bulky = make(chan struct{}, want.Bulky)
	}
	return l
}

func gapOf(rate float64) time.Duration {
	return time.Duration(float64(time.Second) / (aim * rate))
}

// A ticket is one exchange that may be, or is, on its way.
type ticket struct {
	l     *Limiter
	bulky bool
	at    time.Time // of the start
}

// start waits until an exchange may begin. before runs at most one gap ahead of
// the start, never during a pause, so that its own time does not disturb the
// spacing; its error ends the start. The error is that one or ctx's.
func (l *Limiter) start(ctx context.Context, bulky bool, before func() error) (*ticket, error) {
	bulky = bulky && l.bulky != nil
	if bulky {
		if err := acquire(ctx, l.bulky); err != nil {
			return nil, err
		}
	}
	at, err := l.takeTurn(ctx, before)
	if err != nil {
		if bulky {
			<-l.bulky
		}
		return nil, err
	}
	return &ticket{l: l, bulky: bulky, at: at}, nil
}

func (l *Limiter) takeTurn(ctx context.Context, before func() error) (time.Time, error) {
	if err := acquire(ctx, l.turn); err != nil {
		return time.Time{}, err
	}
	defer func() { <-l.turn }()
	if err := l.awaitPlace(ctx); err != nil {
		return time.Time{}, err
	}
	if err := sleep(ctx, time.Until(l.pauseEnd())); err != nil {
		return time.Time{}, err
	}
	if before != nil {
		if err := before(); err != nil {
			return time.Time{}, err
		}
	}
	for {
		wait := l.claim(1)
		if wait <= 0 {
			return time.Now(), nil
		}
		if err := sleep(ctx, wait); err != nil {
			return time.Time{}, err
		}
	}
}

// awaitPlace is called by the holder of the turn only.
func (l *Limiter) awaitPlace(ctx context.Context) error {
	for {
		l.mu.Lock()
		room := l.inFlight < l.max
		l.mu.Unlock()
		if room {
			return ctx.Err()
		}
		select {
		case <-l.freed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (l *Limiter) pauseEnd() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.paused
}

// again waits for another start of an exchange that has its place already. If
// ctx ends, so does the exchange.
func (l *Limiter) again(ctx context.Context) {
	if acquire(ctx, l.turn) != nil {
		return
	}
	defer func() { <-l.turn }()
	for {
		wait := l.claim(0)
		if wait <= 0 || sleep(ctx, wait) != nil {
			return
		}
	}
}

// claim takes the next start if it is due, and so many places; else it says how
// long to wait for it.
func (l *Limiter) claim(places int) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	now, due := time.Now(), later(l.next, l.paused)
	if now.Before(due) {
		return due.Sub(now)
	}
	if now.Sub(due) > slack {
		due = now
	}
	l.next = due.Add(l.gap)
	l.inFlight += places
	l.pace.add(now)
	return 0
}

// done gives the place back.
func (t *ticket) done() {
	t.l.mu.Lock()
	t.l.inFlight--
	t.l.mu.Unlock()
	if t.bulky {
		<-t.l.bulky
	}
	select {
	case t.l.freed <- struct{}{}:
	default:
	}
}

// answered notes an exchange that was not refused for haste.
func (t *ticket) answered() {
	t.l.mu.Lock()
	defer t.l.mu.Unlock()
	if t.at.After(t.l.struck) {
		t.l.strikes = 0
	}
}

// refused pauses the key after a 429: as long as the remote wished, or if it
// said nothing (0), for a second, and twice as long each time it happens again.
// It returns the end of the pause.
func (t *ticket) refused(wish time.Duration) time.Time {
	t.l.mu.Lock()
	defer t.l.mu.Unlock()
	now := time.Now()
	if t.at.After(t.l.struck) { // exchanges under way together count once
		t.l.strikes++
		t.l.struck = now
	}
	pause := min(wish, longestWish)
	if pause <= 0 {
		pause = min(firstPause<<min(max(t.l.strikes-1, 0), 10), longestPause)
	}
	t.l.paused = later(t.l.paused, now.Add(pause))
	return t.l.paused
}

func acquire(ctx context.Context, place chan<- struct{}) error {
	select {
	case place <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
