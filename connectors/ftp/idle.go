package ftp

import (
	"context"
	"time"
)

const (
	keepalive = 45 * time.Second // servers end sessions that are idle for a minute or more
	restful   = 3 * time.Minute  // idle that long, a session is given back
	single    = 10 * time.Second // the same, where the server has only one place
)

// pause is how long idle sessions are left alone. p.mu is held.
func (p *pool) pause() time.Duration {
	if p.limit == 1 {
		return single
	}
	return keepalive
}

// keepAlive is called now and then while sessions are idle: it speaks to each,
// and gives back those that were idle for long. It needs a place as any work, so
// that the server never sees more of us than it has.
func (p *pool) keepAlive() {
	p.mu.Lock()
	idle, limit := len(p.idle), p.limit
	p.mu.Unlock()
	for range idle {
		select {
		case <-p.places:
		default:
			p.rearm()
			return // all at work
		}
		s := p.pop(true)
		switch {
		case s == nil:
		case limit == 1 || s.rested() || !s.alive(context.Background()):
			p.discard(s)
		default:
			p.push(s)
		}
		p.places <- struct{}{}
	}
	p.rearm()
}

func (p *pool) rearm() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.idle) > 0 {
		p.tend.Reset(p.pause())
	}
}
