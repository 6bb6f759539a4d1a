package main

import (
	"context"
	"io"
	"net"
	"testing"

	"golang.org/x/sync/errgroup"
)

func TestPortGoesDownAndComesBack(t *testing.T) {
	p, err := openPort()
	if err != nil {
		t.Fatal(err)
	}
	var group errgroup.Group
	group.Go(func() error {
		for {
			c, err := p.Accept()
			if err != nil {
				return nil
			}
			group.Go(func() error { // echo
				defer c.Close()
				io.Copy(c, c)
				return nil
			})
		}
	})
	answers := func(c net.Conn) bool {
		if _, err := c.Write([]byte("x")); err != nil {
			return false
		}
		_, err := io.ReadFull(c, make([]byte, 1))
		return err == nil
	}
	dial := func() net.Conn {
		c, err := net.Dial("tcp", p.address())
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	before := dial()
	if !answers(before) {
		t.Fatal("no answer")
	}
	p.outage(true)
	if answers(before) {
		t.Error("a connection outlives the outage")
	}
	if c := dial(); answers(c) {
		t.Error("a new connection works while it is down")
	}
	p.outage(false)
	if c := dial(); !answers(c) {
		t.Error("it does not come back")
	} else {
		c.Close()
	}
	before.Close()
	p.Close()
	group.Wait()
	if len(p.open) > 0 {
		t.Errorf("it still knows %d connections", len(p.open))
	}
}

func TestPortServesUntilItIsStopped(t *testing.T) {
	p := &port{}
	ctx, cancel := context.WithCancel(t.Context())
	over := make(chan struct{})
	cancel()
	if err := p.during(ctx, func() error { <-over; return io.EOF }, func() { close(over) }); err != nil {
		t.Errorf("stopped as asked: got %v", err)
	}
	if err := p.during(t.Context(), func() error { return io.EOF }, func() {}); err == nil {
		t.Error("a server that stops by itself is fine")
	}
}
