package rest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"
)

const (
	// stallTime ends an exchange in which no byte moves. There is no limit on
	// the whole: a large video takes hours on a thin line.
	stallTime = 60 * time.Second
	// replyTime is how long the remote may think once it has the whole request.
	replyTime = 150 * time.Second
	// readGrace is how long the end of an exchange waits for a read of the
	// body that is under way, before it closes the body under it.
	readGrace = 200 * time.Millisecond
)

var errBodyClosed = errors.New("the exchange is over")

// A watchdog cancels an exchange in which nothing happens.
type watchdog struct {
	timer  *time.Timer
	cancel context.CancelCauseFunc
}

func watch(ctx context.Context, first time.Duration) (context.Context, *watchdog) {
	ctx, cancel := context.WithCancelCause(ctx)
	d := &watchdog{cancel: cancel}
	d.timer = time.AfterFunc(first, func() {
		cancel(errors.New("nothing moved for a minute, or no reply came"))
	})
	return ctx, d
}

// expect gives the exchange this long until the next sign of life.
func (d *watchdog) expect(within time.Duration) { d.timer.Reset(within) }

func (d *watchdog) stop() {
	d.timer.Stop()
	d.cancel(nil)
}

// A body is a request's body. It tells the watchdog of progress, keeps the
// error of its source, and is not read any more once end has returned, which a
// bare http.Request.Body does not promise.
type body struct {
	src    io.Reader
	dog    *watchdog
	busy   chan struct{} // held while src is read or closed
	closed atomic.Bool
	err    error // guarded by busy
}

func newBody(src io.Reader) *body {
	return &body{src: src, busy: make(chan struct{}, 1)}
}

func (b *body) Read(p []byte) (int, error) {
	b.busy <- struct{}{}
	defer func() { <-b.busy }()
	if b.closed.Load() {
		return 0, errBodyClosed
	}
	n, err := b.src.Read(p)
	switch {
	case err == nil:
		b.dog.expect(stallTime)
	case err == io.EOF:
		b.dog.expect(replyTime)
	default:
		b.err = err
	}
	return n, err
}

// Close is for the transport, which may call it at any time; end closes src.
func (b *body) Close() error {
	b.closed.Store(true)
	return nil
}

// end closes the source and returns the error it failed with, if it did.
func (b *body) end() error {
	b.closed.Store(true)
	select {
	case b.busy <- struct{}{}:
		defer func() { <-b.busy }()
	case <-time.After(readGrace):
		closeSource(b.src) // which ends the read of a pipe, for one
		return nil
	}
	closeSource(b.src)
	if b.err != nil {
		return fmt.Errorf("reading what is to be sent: %w", b.err)
	}
	return nil
}

func closeSource(r io.Reader) {
	if c, ok := r.(io.Closer); ok {
		c.Close() // a file that was only read
	}
}

// A progressReader tells the watchdog that a reply is still coming.
type progressReader struct {
	src io.Reader
	dog *watchdog
}

func (r progressReader) Read(p []byte) (int, error) {
	n, err := r.src.Read(p)
	r.dog.expect(stallTime)
	return n, err
}
