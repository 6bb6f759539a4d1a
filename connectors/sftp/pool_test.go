package sftp

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/faults"
	"github.com/studio-agent/studio-agent/connectors/sftp/sftpsim"
)

// hold keeps n calls at once until all are there.
func hold(t *testing.T, p *pool, n int) error {
	t.Helper()
	var all sync.WaitGroup
	all.Add(n)
	var g errgroup.Group
	for range n {
		g.Go(func() error {
			return p.do(t.Context(), func(c *conn) error {
				all.Done()
				all.Wait()
				_, err := c.Getwd()
				return err
			})
		})
	}
	return g.Wait()
}

func TestConnectionsAreSharedAndKept(t *testing.T) {
	w := newWorld(t, sftpsim.Options{})
	w.own(func(*dialer) {})
	if err := hold(t, w.pool, 2); err != nil {
		t.Fatal(err)
	}
	for range 5 {
		if err := w.Probe(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := w.In.Pending(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if n := w.sim.Connections(); n != 2 {
		t.Errorf("%d connections are open, want 2", n)
	}
}

func TestOneCallAtATimeNeedsOneConnection(t *testing.T) {
	w := newWorld(t, sftpsim.Options{})
	for range 3 {
		if err := w.Probe(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if n := w.sim.Connections(); n != 1 {
		t.Errorf("%d connections are open, want 1", n)
	}
}

func TestBrokenConnectionIsDroppedAndOpenedAnew(t *testing.T) {
	w := newWorld(t, sftpsim.Options{})
	for range 3 {
		w.faults.Then(sftpsim.OpStat, faults.Fault{Cut: -1})
		err := w.Probe(t.Context())
		if err == nil || !strings.Contains(err.Error(), "broke off") || errors.Is(err, connectors.ErrDenied) {
			t.Errorf("got %v, want that the connection broke off", err)
		}
		if err := w.Probe(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

// A server that takes one connection makes the others wait, not fail.
func TestConnectionLimitMakesCallsWait(t *testing.T) {
	w := newWorld(t, sftpsim.Options{MaxConnections: 1})
	w.setup.Connections = 4
	w.connect()
	var g errgroup.Group
	for i := range 8 {
		g.Go(func() error {
			if err := w.Probe(t.Context()); err != nil {
				return fmt.Errorf("call %d: %w", i, err)
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		t.Error(err)
	}
}

func TestPlacesComeBackAfterARefusal(t *testing.T) {
	w := newWorld(t, sftpsim.Options{})
	w.own(func(*dialer) {})
	w.faults.Then(sftpsim.OpConnect, faults.Fault{}, faults.Fault{Cut: -1})
	refused := make(chan error, 1)
	err := w.pool.do(t.Context(), func(*conn) error {
		go func() { refused <- w.Probe(t.Context()) }() // waits for ours
		for n := 0; n == 0; time.Sleep(time.Millisecond) {
			w.pool.mu.Lock()
			n = w.pool.refused
			w.pool.mu.Unlock()
		}
		return nil
	})
	if err := errors.Join(err, <-refused); err != nil {
		t.Fatal(err)
	}
	w.pool.ask() // in truth a timer's
	if err := hold(t, w.pool, 2); err != nil {
		t.Error(err)
	}
}

func TestProfileLimitsConnections(t *testing.T) {
	w := newWorld(t, sftpsim.Options{})
	w.own(func(*dialer) {})
	if err := (profile{MaxConnections: 1}).keep(w.setup.Memory); err != nil {
		t.Fatal(err)
	}
	var g errgroup.Group
	for range 4 {
		g.Go(func() error {
			return w.pool.do(t.Context(), func(*conn) error {
				if n := w.sim.Connections(); n != 1 {
					t.Errorf("%d connections are open, want 1", n)
				}
				return nil
			})
		})
	}
	if err := g.Wait(); err != nil {
		t.Error(err)
	}
}

func TestServerThatIsAwayMeansLater(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	w := newWorld(t, sftpsim.Options{}, func(w *world) { w.options.Host = l.Addr().String() })
	var g errgroup.Group
	for range 3 {
		g.Go(func() error {
			err := w.Probe(t.Context())
			if err == nil || errors.Is(err, connectors.ErrDenied) || !strings.Contains(err.Error(), "cannot be reached") {
				return fmt.Errorf("got %v, want that it cannot be reached", err)
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		t.Error(err)
	}
}

// quick is a pulse for tests.
func quick(d *dialer) {
	d.pulse = pulse{beat: 5 * time.Millisecond, patience: 20 * time.Millisecond, idle: time.Hour}
}

func TestHungServerIsGivenUp(t *testing.T) {
	w := newWorld(t, sftpsim.Options{})
	w.faults.Chance(sftpsim.OpKeepalive, 1, faults.Fault{Delay: time.Hour})
	w.faults.Then(sftpsim.OpStat, faults.Fault{Delay: time.Hour})
	w.own(quick)
	err := w.Probe(t.Context()) // without the pulse it would hang for an hour
	if err == nil || !strings.Contains(err.Error(), "broke off") {
		t.Errorf("got %v, want that the connection broke off", err)
	}
}

func TestSlowServerIsNotGivenUp(t *testing.T) {
	w := newWorld(t, sftpsim.Options{})
	w.faults.Then(sftpsim.OpStat, faults.Fault{Delay: 100 * time.Millisecond}) // many beats, all answered
	w.own(func(d *dialer) { d.pulse = pulse{beat: 5 * time.Millisecond, patience: time.Minute, idle: time.Hour} })
	if err := w.Probe(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestIdleConnectionIsGivenBack(t *testing.T) {
	w := newWorld(t, sftpsim.Options{})
	w.own(func(d *dialer) {
		d.pulse = pulse{beat: time.Millisecond, patience: time.Minute, idle: time.Millisecond}
	})
	if err := w.Probe(t.Context()); err != nil {
		t.Fatal(err)
	}
	for w.sim.Connections() > 0 { // the test's own limit is the binary's
		time.Sleep(time.Millisecond)
	}
	if err := w.Probe(t.Context()); err != nil {
		t.Errorf("after that: %v", err)
	}
}
