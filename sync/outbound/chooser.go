package outbound

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/sync/gate"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

const defaultPoll = time.Minute

// A Chooser looks at a platform for what people have chosen there for
// retouching, and has the captures of its benches chosen here, too: ordered where
// an edit is ordered, and sent to the vendors that get the bench's selects.
//
// What this agent has not sent from a bench's captures is nothing to it: another
// agent may have, and there is no file to send.
type Chooser struct {
	Account string
	Chosen  func(ctx context.Context, bench string) ([]connectors.Receipt, error)
	Benches []string // whose selects are chosen there
	Ledger  *ledger.Ledger
	Gate    *gate.Gate    // of the account; somebody else runs it
	Poll    time.Duration // between two looks; 0 means 60 s
	// Choose is Enqueuer.Choose of the captures of a bench.
	Choose func(ctx context.Context, bench string, delivered ledger.Job) error
	Log    *slog.Logger

	once sync.Once
	wake chan struct{} // 1-buffered: look now

	mu     sync.Mutex
	looked bool
	held   map[string][]Pending // by bench, of the last look
}

// A Pending is a photo that was chosen at a platform and is none of ours yet.
type Pending struct {
	Name, Reason string
}

func (c *Chooser) init() {
	c.once.Do(func() {
		c.wake, c.held = make(chan struct{}, 1), map[string][]Pending{}
		c.Poll = cmp.Or(c.Poll, defaultPoll)
		c.Log = c.Log.With("account", c.Account)
	})
}

// Wake makes the chooser look now.
func (c *Chooser) Wake() {
	c.init()
	select {
	case c.wake <- struct{}{}:
	default: // it will look anyway
	}
}

// Pending returns what the last look has left undone at a bench, and why.
func (c *Chooser) Pending(bench string) []Pending {
	c.init()
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.held[bench]
}

// Looked reports whether the first look has ended.
func (c *Chooser) Looked() bool {
	c.init()
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.looked
}

// Run looks until ctx ends. It returns nil.
func (c *Chooser) Run(ctx context.Context) error {
	c.init()
	for failures := 0; c.Gate.Wait(ctx) == nil; {
		wait := c.Poll + rand.N(c.Poll/10+1) - c.Poll/20
		err := c.look(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if failures++; err == nil {
			failures = 0
		} else {
			c.missed(err, failures)
			wait = min(gate.Backoff(failures), c.Poll)
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-timer.C:
		case <-c.wake:
		}
		timer.Stop()
	}
	return nil
}

// missed tells gate and people of a look that failed.
func (c *Chooser) missed(err error, failures int) {
	if !c.Gate.Heed(err) && failures == 1 {
		c.Log.Warn("Account could not be looked at for what is selected there; it is tried again and again", "error", err)
	}
}

// look takes up what is new at every bench. The error is of those that could not
// be looked at.
func (c *Chooser) look(ctx context.Context) error {
	var errs []error
	held := map[string][]Pending{}
	for _, bench := range c.Benches {
		pending, err := c.lookAt(ctx, bench)
		if err != nil {
			errs = append(errs, fmt.Errorf("bench %s: %w", bench, err))
			pending = c.Pending(bench)
		}
		held[bench] = pending
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.looked, c.held = true, held
	return errors.Join(errs...)
}

func (c *Chooser) lookAt(ctx context.Context, bench string) (pending []Pending, err error) {
	list, err := c.Chosen(ctx, bench)
	if err != nil {
		return nil, err
	}
	fresh, err := c.fresh(ctx, bench, list)
	if err != nil {
		return nil, err
	}
	why, err := c.brake(ctx, bench, len(fresh))
	if err != nil {
		return nil, err
	}
	if why != "" {
		for _, j := range fresh {
			pending = append(pending, Pending{j.Name, why})
		}
		return pending, nil
	}
	before := c.Pending(bench)
	for _, j := range fresh {
		err := c.Choose(ctx, bench, j)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err == nil {
			c.Log.Info("Photo selected on the platform", "bench", bench, "name", j.Name)
			continue
		}
		p := Pending{j.Name, "it is selected on " + c.Account + ", but nothing follows yet: " + err.Error()}
		if pending = append(pending, p); !slices.Contains(before, p) {
			c.Log.Warn("A photo that is selected on the platform is not ordered yet", "bench", bench, "name", j.Name, "error", err)
		}
	}
	return pending, nil
}

// fresh finds the jobs that brought to the platform what was chosen there and is
// no select here.
func (c *Chooser) fresh(ctx context.Context, bench string, list []connectors.Receipt) (jobs []ledger.Job, err error) {
	for _, r := range list {
		j, ok, err := c.Ledger.WithReceipt(ctx, c.Account, r.ID)
		if err != nil {
			return nil, err
		}
		if !ok || j.Bench != bench {
			continue
		}
		tr, err := traceOf(ctx, c.Ledger, c.Account, bench, fileOf(j), fileOf(j))
		if err != nil {
			return nil, err
		}
		if now, _ := tr.stance(); !now.selected {
			jobs = append(jobs, j)
		}
	}
	return jobs, nil
}

// chosenAt is how the ledger names what people choose at a platform for a bench,
// among its folders.
func chosenAt(account, bench string) string { return "chosen:" + account + ":" + bench }

// brake says why nothing may be done; empty if it may. What is chosen already at
// the very first look waits for a person, however little it is: it may be from
// years ago, and would be paid for.
func (c *Chooser) brake(ctx context.Context, bench string, fresh int) (why string, err error) {
	known, seen, err := c.Ledger.FindFolder(ctx, chosenAt(c.Account, bench))
	if err != nil || seen {
		return known.Held, err
	}
	known = ledger.Folder{Path: chosenAt(c.Account, bench), Seen: time.Now()}
	if fresh > 0 {
		known.Held = fmt.Sprintf("one of %d that were selected on %s before the agent first looked there; `studio-agent release %s` orders them. Whatever is not wanted must be deselected there before",
			fresh, c.Account, bench)
		c.Log.Warn("Selects on the platform are held: a person must release them", "bench", bench, "photos", fresh)
	}
	return known.Held, c.Ledger.PutFolder(known)
}

// ReleaseChosen lets go what is chosen at a platform for a bench and held; it
// reports whether anything was.
func ReleaseChosen(ctx context.Context, l *ledger.Ledger, account, bench string) (bool, error) {
	f, _, err := l.FindFolder(ctx, chosenAt(account, bench))
	if err != nil || f.Held == "" {
		return false, err
	}
	f.Held = ""
	return true, l.PutFolder(f)
}
