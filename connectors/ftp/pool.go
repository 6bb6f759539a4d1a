package ftp

import (
	"context"
	"crypto/tls"
	"log/slog"
	"sync"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
)

const (
	fresh  = 5 * time.Second // used that lately, a session needs no question
	notice = 2 * time.Second // until a server knows that a session has ended
)

// A pool holds the sessions of one account, at most so many as it may use and
// as the server has places for.
type pool struct {
	server server
	most   int // as configured
	book   *book
	log    *slog.Logger
	places chan struct{} // one token for each session that may be in use
	door   chan struct{} // one login at a time, so that it is known who took the last place

	mu    sync.Mutex
	limit int        // places that are left
	live  int        // sessions, in use and idle
	idle  []*session // the last used is the last
	left  time.Time  // when the last session ended
	tls12 bool       // no higher
	tend  *time.Timer
	begun bool
}

func newPool(v server, most int, memory connectors.Memory, log *slog.Logger) *pool {
	p := &pool{
		server: v, most: most, limit: most, log: log,
		book:   &book{memory: memory, log: log},
		places: make(chan struct{}, most),
		door:   make(chan struct{}, 1),
	}
	for range most {
		p.places <- struct{}{}
	}
	return p
}

// begin recalls what is known of the server.
func (p *pool) begin() error {
	p.mu.Lock()
	begun := p.begun
	p.mu.Unlock()
	if begun {
		return nil
	}
	if err := p.book.load(); err != nil {
		return err
	}
	known, err := p.book.memory.Recall(tls12Key)
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.begun {
		return nil
	}
	p.begun, p.tls12 = true, known != ""
	for n := p.book.profile().Connections; n > 0 && p.limit > n; p.limit-- {
		<-p.places // not in use before the beginning
	}
	return nil
}

// do runs f with a session of its own. If TLS 1.3 seems to break f, it runs once
// more with TLS 1.2, and if that helps it is remembered.
func (p *pool) do(ctx context.Context, when stage, f func(*session) error) error {
	return p.with(ctx, when, func(s *session) error { return s.run(ctx, f) })
}

// with is do for what runs f, or shares the session.
func (p *pool) with(ctx context.Context, when stage, run func(*session) error) error {
	s, err := p.take(ctx)
	if err != nil {
		return err
	}
	err = run(s)
	broken := ctx.Err() == nil && s.isTLS13() && brokenTLS(err)
	p.give(s)
	if broken {
		err = p.retreat(ctx, err, run)
	}
	return judge(err, when)
}

func (p *pool) retreat(ctx context.Context, first error, run func(*session) error) error {
	p.atMostTLS12(true)
	s, err := p.take(ctx)
	if err != nil {
		p.atMostTLS12(false)
		return first
	}
	err = run(s)
	p.give(s)
	if brokenTLS(err) {
		p.atMostTLS12(false) // the cause is another
	} else if err == nil {
		p.log.Warn("TLS 1.3 breaks transfers with this server: TLS 1.2 is used from now on")
		err = p.book.memory.Keep(tls12Key, "yes")
	}
	return err
}

func (p *pool) atMostTLS12(yes bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tls12 = yes
}

// take waits for a place and gets a session that answers.
func (p *pool) take(ctx context.Context) (*session, error) {
	if err := p.begin(); err != nil {
		return nil, err
	}
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		select {
		case <-p.places:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		s, err := p.enter(ctx)
		if err == nil {
			return s, nil
		}
		if !p.shrink(err) {
			p.places <- struct{}{}
			return nil, judge(err, entering)
		}
	}
}

// enter takes an idle session or logs in. A place is held.
func (p *pool) enter(ctx context.Context) (*session, error) {
	select {
	case p.door <- struct{}{}:
		defer func() { <-p.door }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	for s := p.pop(false); s != nil; s = p.pop(false) {
		if s.fresh() || s.alive(ctx) {
			return s, nil
		}
		p.discard(s)
	}
	s, err := p.login(ctx, p.version(), p.book)
	if err == nil {
		p.mu.Lock()
		p.live++
		p.mu.Unlock()
	}
	return s, err
}

// login opens a session. If the server has no place, but one of ours has just
// ended, it is given the moment to notice.
func (p *pool) login(ctx context.Context, most uint16, b *book) (*session, error) {
	for {
		s, err := p.server.enter(ctx, most, b)
		if r, ok := refused(err); !ok || !crowded(r) || !p.justLeft() {
			return s, err
		}
		select {
		case <-time.After(notice / 40):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (p *pool) justLeft() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return time.Since(p.left) < notice
}

// reserve waits until no session is in use, ends all, and keeps others out until
// free is called: for doctor, who counts how many the server lets in.
func (p *pool) reserve(ctx context.Context) (free func(), _ error) {
	p.mu.Lock()
	limit := p.limit
	p.mu.Unlock()
	held := 0
	free = func() {
		for ; held > 0; held-- {
			p.places <- struct{}{}
		}
	}
	for ; held < limit; held++ {
		select {
		case <-p.places:
		case <-ctx.Done():
			free()
			return nil, ctx.Err()
		}
	}
	for s := p.pop(true); s != nil; s = p.pop(true) {
		p.discard(s)
	}
	return free, nil
}

// leave ends a session that the pool does not count.
func (p *pool) leave(s *session) {
	s.quit()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.left = time.Now()
}

func (p *pool) version() uint16 {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.tls12 {
		return tls.VersionTLS12
	}
	return tls.VersionTLS13
}

// shrink gives up the place that is held, if the server has no more than those
// that are taken already.
func (p *pool) shrink(err error) bool {
	r, ok := refused(err)
	if !ok || !crowded(r) {
		return false
	}
	p.mu.Lock()
	if p.live == 0 {
		p.mu.Unlock()
		return false // others have them all
	}
	p.limit--
	limit := p.limit
	p.mu.Unlock()
	if err := p.book.learn("connections at once", func(k *profile) { k.Connections = limit }); err != nil {
		p.log.Warn("cannot remember how many connections the server lets us have", "error", err)
	}
	return true
}

// give puts a session back.
func (p *pool) give(s *session) {
	p.push(s)
	p.places <- struct{}{}
}

func (p *pool) push(s *session) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.idle = append(p.idle, s)
	if p.tend == nil {
		p.tend = time.AfterFunc(p.pause(), p.keepAlive)
	} else {
		p.tend.Reset(p.pause())
	}
}

// pop takes the session that was used last, or first, or nil. What may not be
// used any more is let go.
func (p *pool) pop(first bool) *session {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.idle) > 0 {
		i := len(p.idle) - 1
		if first {
			i = 0
		}
		s := p.idle[i]
		p.idle = append(p.idle[:i], p.idle[i+1:]...)
		if !p.tls12 || !s.isTLS13() {
			return s
		}
		s.quit()
		p.live--
		p.left = time.Now()
	}
	return nil
}

// discard ends a session when all that was handed over there shows.
func (p *pool) discard(s *session) {
	s.handed.Lock()
	defer s.handed.Unlock()
	p.leave(s)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.live--
}
