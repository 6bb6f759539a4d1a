package main

import (
	"context"
	"fmt"
	"net"
	"sync"
)

// A port is a loopback address of a simulated server, with a switch: while it is
// down, every connection breaks.
type port struct {
	net.Listener
	mu   sync.Mutex // guards what follows
	down bool
	open map[*portConn]bool
}

func openPort() (*port, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("the simulated server gets no port on this machine: %w", err)
	}
	return &port{Listener: l, open: map[*portConn]bool{}}, nil
}

func (p *port) address() string { return p.Addr().String() }

func (p *port) Accept() (net.Conn, error) {
	for {
		raw, err := p.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if c := (&portConn{raw, p}); p.admit(c) {
			return c, nil
		}
		raw.Close()
	}
}

func (p *port) admit(c *portConn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.down {
		p.open[c] = true
	}
	return !p.down
}

// outage begins or ends being down.
func (p *port) outage(down bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.down = down
	for c := range p.open {
		if down {
			c.Conn.Close()
		}
	}
}

// during runs serve until ctx ends, and stops it with stop.
func (p *port) during(ctx context.Context, serve func() error, stop func()) error {
	defer context.AfterFunc(ctx, stop)()
	if err := serve(); ctx.Err() == nil {
		return fmt.Errorf("a simulated server stopped: %w", err)
	}
	return nil
}

// A portConn is a connection that its port knows.
type portConn struct {
	net.Conn
	port *port
}

func (c *portConn) Close() error {
	c.port.mu.Lock()
	defer c.port.mu.Unlock()
	delete(c.port.open, c)
	return c.Conn.Close()
}
