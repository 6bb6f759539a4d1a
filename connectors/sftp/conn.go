package sftp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"time"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"
)

// grace is how long a call whose context has ended may tidy up.
const grace = 500 * time.Millisecond

// A conn is one connection with one SFTP session. One call has it at a time; short
// ones may be made beside it.
type conn struct {
	*sftp.Client
	lane    *lane // below Client
	shell   *ssh.Client
	wire    *wire
	address string
	hostKey ssh.PublicKey
	profile profile
	packet  int // bytes of a file in one packet that is written
	pulse   pulse
	busy    atomic.Int32 // calls under way
	used    atomic.Int64 // when the last call ended, in Unix nanoseconds
}

// A wire is the network connection below: it knows whether it broke, and what
// the other side still says.
type wire struct {
	net.Conn
	broken atomic.Bool
	reads  atomic.Int64
}

func (w *wire) Read(b []byte) (int, error) {
	n, err := w.Conn.Read(b)
	if n > 0 {
		w.reads.Add(1)
	}
	if err != nil {
		w.broken.Store(true)
	}
	return n, err
}

func (w *wire) Close() error {
	w.broken.Store(true)
	return w.Conn.Close()
}

// A pulse is how a connection is kept and watched.
type pulse struct {
	beat     time.Duration // between two looks whether the server still speaks
	patience time.Duration // that it gets to answer
	idle     time.Duration // without a call, after which the connection is given up
}

// start begins the watch. It ends when the wire is broken.
func (c *conn) start(p pulse) {
	c.pulse = p
	c.used.Store(time.Now().UnixNano())
	heard := c.wire.reads.Load()
	time.AfterFunc(p.beat, func() { c.check(heard) })
}

// check asks for a sign of life if none came since the last beat.
func (c *conn) check(heard int64) {
	if c.wire.broken.Load() {
		return
	}
	if c.busy.Load() == 0 && time.Since(time.Unix(0, c.used.Load())) > c.pulse.idle {
		c.wire.Close()
		return
	}
	if c.wire.reads.Load() == heard {
		limit := time.AfterFunc(c.pulse.patience, func() {
			if c.wire.reads.Load() == heard { // a slow line speaks, if not of this
				c.wire.Close()
			}
		})
		c.shell.SendRequest("keepalive@openssh.com", true, nil)
		limit.Stop()
	}
	now := c.wire.reads.Load()
	time.AfterFunc(c.pulse.beat, func() { c.check(now) })
}

// do makes one call. It breaks the connection if the call does not return soon
// after ctx has ended, and tells if the connection broke.
func (c *conn) do(ctx context.Context, call func() error) error {
	c.busy.Add(1)
	defer func() {
		c.used.Store(time.Now().UnixNano())
		c.busy.Add(-1)
	}()
	done := make(chan struct{})
	defer close(done)
	stop := context.AfterFunc(ctx, func() {
		timer := time.NewTimer(grace)
		defer timer.Stop()
		select {
		case <-timer.C:
			c.wire.Close()
		case <-done:
		}
	})
	defer stop()
	err := call()
	if c.lane.over() {
		c.wire.Close() // it may not have noticed yet, and nobody else shall meet that
	}
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("%w: %w", ctx.Err(), err)
	case errors.Is(err, sftp.ErrSSHFxConnectionLost) || errors.Is(err, sftp.ErrSSHFxNoConnection):
		c.wire.Close()
	}
	if c.wire.broken.Load() {
		return fmt.Errorf("the connection to %s broke off: %w", c.address, err)
	}
	return err
}

// offers reports whether the server has an extension of the protocol.
func (c *conn) offers(extension string) bool {
	_, ok := c.HasExtension(extension)
	return ok
}
