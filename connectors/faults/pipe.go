package faults

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
)

// Pipe returns a listener and the client that reaches it, whatever the URL says,
// joined in memory: they work in a testing/synctest bubble, where sockets hang.
// Close the client's idle connections at the end.
func Pipe() (net.Listener, *http.Client) {
	l := &pipeListener{conns: make(chan net.Conn), closed: make(chan struct{})}
	t := &http.Transport{DialContext: l.dial, MaxIdleConnsPerHost: 16}
	return l, &http.Client{Transport: t}
}

type pipeListener struct {
	conns  chan net.Conn
	once   sync.Once
	closed chan struct{}
}

func (l *pipeListener) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	near, far := net.Pipe()
	select {
	case l.conns <- far:
		return near, nil
	case <-l.closed:
		return nil, errors.New("connection refused")
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *pipeListener) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "pipe"} }
