package sftp

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
)

// forgive is how long a server that refused one more connection is not asked
// again.
const forgive = 5 * time.Minute

var errLimit = errors.New("the server takes no more connections, as doctor found out")

// A pool is the connections of one account. Each is opened when a call needs it
// and kept for the next.
type pool struct {
	dial func(ctx context.Context, others int) (*conn, error) // others are open already
	log  *slog.Logger
	idle chan *conn
	free chan struct{} // one for each connection that may still be opened

	mu      sync.Mutex // guards what follows
	live    int        // open connections, or those being opened
	refused int        // places that the server did not grant
}

func newPool(n int, dial func(context.Context, int) (*conn, error), log *slog.Logger) *pool {
	p := &pool{dial: dial, log: log, idle: make(chan *conn, n), free: make(chan struct{}, n)}
	for range n {
		p.free <- struct{}{}
	}
	return p
}

// do makes one call on a connection of its own, waiting for one if need be. A
// connection that breaks is dropped; the next call opens another.
func (p *pool) do(ctx context.Context, call func(*conn) error) error {
	c, err := p.take(ctx)
	if err != nil {
		return err
	}
	err = c.do(ctx, func() error { return call(c) })
	if c.wire.broken.Load() {
		p.drop(c)
	} else {
		p.idle <- c
	}
	return err
}

// beside makes a short call on c, also while another call has it: a rename need not
// wait for somebody's upload. If c has broken, the call gets another connection.
func (p *pool) beside(ctx context.Context, c *conn, call func(*conn) error) error {
	if c.wire.broken.Load() {
		return p.do(ctx, call)
	}
	return c.do(ctx, func() error { return call(c) })
}

func (p *pool) take(ctx context.Context) (*conn, error) {
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		select {
		case c := <-p.idle: // better than a new one
			if !c.wire.broken.Load() {
				return c, nil
			}
			p.drop(c)
			continue
		default:
		}
		select {
		case c := <-p.idle:
			if !c.wire.broken.Load() {
				return c, nil
			}
			p.drop(c)
		case <-p.free:
			c, err := p.open(ctx)
			if c != nil || err != nil {
				return c, err
			}
		case <-ctx.Done():
		}
	}
}

// open uses one place. It returns neither connection nor error if the server
// grants no more than those that are open already: the call waits for one.
func (p *pool) open(ctx context.Context) (*conn, error) {
	p.mu.Lock()
	others := p.live
	p.live++
	p.mu.Unlock()
	c, err := p.dial(ctx, others)
	if err == nil {
		return c, nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.live--
	if p.live == 0 || ctx.Err() != nil || errors.Is(err, connectors.ErrDenied) {
		p.free <- struct{}{}
		p.askLocked()
		return nil, err
	}
	p.log.Info("The server grants no further connection", "open", p.live, "error", err)
	p.refused++
	time.AfterFunc(forgive, p.ask)
	return nil, nil
}

// opened counts the connections that are open.
func (p *pool) opened() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.live
}

// drop gives the place of a broken connection back, and those that the server
// did not grant while it was open.
func (p *pool) drop(c *conn) {
	c.wire.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.live--
	p.free <- struct{}{}
	p.askLocked()
}

// ask makes the next calls try the places that were not granted.
func (p *pool) ask() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.askLocked()
}

func (p *pool) askLocked() {
	for ; p.refused > 0; p.refused-- {
		p.free <- struct{}{}
	}
}
