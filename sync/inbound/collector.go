// Package inbound brings retouches from accounts into import folders and
// mirrored folders. A Collector lists what an account offers, waits until it has
// come to rest, finds out where it belongs, fetches it, proves it whole, puts it
// in place without replacing anything that is not ours, and tells the remote.
//
// Nothing at a remote is ever deleted, and nothing that is missing there means
// that anything should be deleted here.
package inbound

import (
	"cmp"
	"context"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/sync/gate"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

const (
	defaultWorkers = 2
	defaultPoll    = time.Minute
	grace          = 8 * time.Second  // for running transfers when the agent stops
	renewEvery     = 10 * time.Second // leases
	soon           = 2 * time.Second  // between two looks while something comes to rest
)

// A Collector brings in the retouches of one account.
type Collector struct {
	Account    string
	Connector  connectors.Connector // In must not be nil
	Ledger     *ledger.Ledger
	Gate       *gate.Gate // of the account; somebody else runs it
	Imports    []Import
	Mirrors    []Mirror      // direction get
	Poll       time.Duration // between two looks at the account; 0 means 60 s
	Workers    int           // fetches at the same time; 0 means 2
	Quarantine string        // folder for what matches nothing, a folder per account in it; made if missing
	// Assigned, if not nil, is called when what the account told of its own tasks has
	// changed something.
	Assigned func()
	Log      *slog.Logger

	once    sync.Once
	wake    chan struct{} // 1-buffered: look at the account now
	landed  chan struct{} // 1-buffered: something to acknowledge
	opening chan struct{} // holds a token while a picture is decoded: one at a time
	place   chan struct{} // holds a token while a file gets its final name
	now     lookout       // what the looks have shown; used by the polling goroutine alone

	mu      sync.Mutex // guards what follows
	running map[string]*transfer
	taking  bool    // see Status
	seen    listing // what the last two looks have shown
	lists   sumLists
	status  Status // of the last look
}

// A transfer is one job in a worker's hands.
type transfer struct {
	job   ledger.Job
	meter meter
	since time.Time
}

func (c *Collector) init() {
	c.once.Do(func() {
		c.wake, c.landed, c.opening = make(chan struct{}, 1), make(chan struct{}, 1), make(chan struct{}, 1)
		c.place = make(chan struct{}, 1)
		c.running = map[string]*transfer{}
		c.lists.read = map[string]sums{}
		c.Poll = cmp.Or(c.Poll, defaultPoll)
		c.Workers = cmp.Or(c.Workers, defaultWorkers)
		c.Log = c.Log.With("account", c.Account)
	})
}

// Wake makes the collector look at the account now.
func (c *Collector) Wake() {
	c.init()
	ring(c.wake)
}

func ring(bell chan struct{}) {
	select {
	case bell <- struct{}{}:
	default: // it rings already
	}
}

// Run collects until ctx ends; then fetches under way get 8 s to finish. It
// returns nil. What goes wrong with a retouch becomes the state of its job.
func (c *Collector) Run(ctx context.Context) error {
	c.init()
	transfers, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(grace, cancel) })
	defer stop()

	var group errgroup.Group
	for range c.Workers {
		group.Go(func() error { c.work(ctx, transfers); return nil })
	}
	group.Go(func() error { c.poll(ctx); return nil })
	group.Go(func() error { c.acknowledge(ctx); return nil })
	group.Go(func() error { c.keep(ctx); return nil })
	return group.Wait()
}

// poll looks at the account again and again.
func (c *Collector) poll(ctx context.Context) {
	for failures := 0; c.Gate.Wait(ctx) == nil; {
		began := time.Now()
		list, err := c.Connector.In.Pending(ctx)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			failures++
			c.missed(err, failures)
			c.rest(ctx, min(gate.Backoff(failures), c.Poll))
			continue
		}
		failures = 0
		took := time.Since(began)
		if err := c.assign(ctx); err != nil && ctx.Err() == nil {
			c.Log.Warn("What the account says of its tasks cannot be taken over; it is asked again", "error", err)
		}
		unsettled, err := c.look(ctx, list)
		switch {
		case err != nil && ctx.Err() == nil:
			c.Log.Warn("The ledger cannot be read or written; the account is looked at again", "error", err)
			c.rest(ctx, min(10*time.Second, c.Poll))
		case unsettled: // a long list is not asked for all the time
			c.rest(ctx, min(max(soon, 3*took), max(soon, c.Poll)))
		default:
			c.rest(ctx, c.Poll+rand.N(c.Poll/10+1)-c.Poll/20)
		}
	}
}

// assign takes over what the account says of the tasks that it hands out.
func (c *Collector) assign(ctx context.Context) error {
	if c.Connector.Assignments == nil {
		return nil
	}
	all, err := c.Connector.Assignments(ctx)
	if err != nil {
		return err
	}
	changed, err := c.Ledger.Assign(time.Now(), c.Account, all)
	if changed && c.Assigned != nil {
		c.Assigned()
	}
	return err
}

// missed tells gate and people of a look that failed.
func (c *Collector) missed(err error, failures int) {
	if !c.Gate.Heed(err) && failures == 1 {
		c.Log.Warn("Account could not be looked at for retouches; it is tried again and again", "error", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.status.Trouble = err.Error()
}

// rest waits for d, or until somebody says that there is something new.
func (c *Collector) rest(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	case <-c.wake:
	}
}

// work takes one job after the other.
func (c *Collector) work(ctx, transfers context.Context) {
	for {
		if c.Gate.Wait(ctx) != nil {
			return
		}
		j, err := c.Ledger.Next(ctx, c.Account, ledger.In)
		if err != nil {
			return
		}
		if reason, _, _ := c.Gate.State(time.Now()); reason != "" { // it closed while we waited for work
			c.record(transfers, j, ledger.Event{What: ledger.Waited, Reason: reason})
			continue
		}
		c.handle(transfers, j)
	}
}

func (c *Collector) handle(ctx context.Context, j ledger.Job) {
	t := &transfer{job: j, since: time.Now()}
	c.mu.Lock()
	c.running[j.ID] = t
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		delete(c.running, j.ID)
		c.mu.Unlock()
	}()
	if err := c.bring(ctx, t); err != nil {
		c.fail(ctx, t.job, err)
	}
}

// keep holds leases, and tidies the folders of replaced versions.
func (c *Collector) keep(ctx context.Context) {
	renew, tidy := time.NewTicker(renewEvery), time.NewTicker(tidyEvery)
	defer renew.Stop()
	defer tidy.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tidy.C:
			c.tidy(time.Now())
		case <-renew.C:
			if c.busy() {
				if err := c.Ledger.Renew(time.Now()); err != nil {
					c.Log.Warn("Leases could not be renewed", "error", err)
				}
			}
		}
	}
}

func (c *Collector) busy() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.running) > 0
}
