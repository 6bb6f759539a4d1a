// Package outbound takes photos from hot folders to accounts. An Enqueuer turns
// each finished file into jobs; a Sender works off the jobs of one account: it
// asks the remote where the outcome of an earlier try is unknown, delivers,
// marks, confirms, commits what belongs together, and puts every trouble into
// words and a time of next action.
package outbound

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/sync/gate"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

const (
	defaultWorkers = 2
	defaultRecheck = 10 * time.Second
	grace          = 8 * time.Second  // for running transfers when the agent stops
	renewEvery     = 10 * time.Second // leases
)

// A Sender delivers the photos of one account.
type Sender struct {
	Account   string
	Connector connectors.Connector // Out must not be nil
	Ledger    *ledger.Ledger
	Gate      *gate.Gate    // of the account; somebody else runs it
	Recheck   time.Duration // between two questions after an unknown outcome; 0 means 10 s
	Log       *slog.Logger
	// Changed is told of a file that was not sent because it is gone or not any
	// more what was accepted, though nothing may have shown it; may be nil.
	Changed func(folder, name string)
	// Public returns what gives an address at which a photo can be read, at another
	// account that has it or will have it soon; nil if none does. Itself it may be
	// nil: there is no such account.
	Public func(ctx context.Context, j ledger.Job) (url func(context.Context) (string, error), err error)
	// Manifests names, by bench, the local folder in which the lists of its tasks
	// are written before they are sent along. A bench without one sends none.
	Manifests map[string]string

	once  sync.Once
	sent  chan struct{} // 1-buffered: something new to confirm
	tasks chan struct{} // 1-buffered: a photo of a task has got on

	desk *desk

	mu      sync.Mutex
	running map[string]*transfer   // by job ID
	asked   map[string]ledger.Task // see taskOf
}

// A transfer is one job in a worker's hands.
type transfer struct {
	job    ledger.Job
	source *source
	since  time.Time
}

func (s *Sender) init() {
	s.once.Do(func() {
		s.sent, s.tasks = make(chan struct{}, 1), make(chan struct{}, 1)
		s.desk = newDesk(s.workers(), s.Connector.Crowd)
		s.running = map[string]*transfer{}
		s.Recheck = cmp.Or(s.Recheck, defaultRecheck)
		s.Log = s.Log.With("account", s.Account)
	})
}

func (s *Sender) workers() int { return cmp.Or(s.Connector.Workers, defaultWorkers) }

// Run delivers until ctx ends; then transfers under way get 8 s to finish. It
// returns nil. What goes wrong with a photo becomes the state of its job.
func (s *Sender) Run(ctx context.Context) error {
	s.init()
	transfers, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(grace, cancel) })
	defer stop()

	var group errgroup.Group
	for range max(s.workers(), s.Connector.Crowd) {
		group.Go(func() error { s.work(ctx, transfers); return nil })
	}
	group.Go(func() error { s.confirm(ctx); return nil })
	group.Go(func() error { s.commit(ctx, transfers); return nil })
	group.Go(func() error { s.keep(ctx); return nil })
	err := group.Wait()
	s.desk.clear(func(j ledger.Job) { s.wait(transfers, j, 0, "the agent was stopped") })
	return err
}

// work takes one job after the other.
func (s *Sender) work(ctx, transfers context.Context) {
	for {
		if reason, _, _ := s.Gate.State(time.Now()); reason != "" {
			s.desk.clear(func(j ledger.Job) { s.wait(transfers, j, 0, reason) })
		}
		if s.Gate.Wait(ctx) != nil {
			return
		}
		j, err := s.desk.next(ctx, s.Ledger, s.Account)
		if err != nil {
			return
		}
		begun := time.Now()
		if reason, _, _ := s.Gate.State(begun); reason != "" { // it closed while we waited for work
			s.wait(transfers, j, 0, reason)
		} else {
			s.handle(transfers, j)
		}
		s.desk.returned(time.Since(begun))
	}
}

func (s *Sender) handle(ctx context.Context, j ledger.Job) {
	t := &transfer{job: j, source: &source{job: j, sha1: s.Connector.SHA1}, since: time.Now()}
	s.mu.Lock()
	s.running[j.ID] = t
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		delete(s.running, j.ID)
		s.mu.Unlock()
	}()
	if j.Closed {
		s.record(ctx, j, ledger.Event{What: ledger.CalledOff, Reason: "a person called it off while it was on its way"})
		return
	}
	if j.Kind == ledger.Mark {
		s.mark(ctx, t)
		return
	}
	s.deliver(ctx, t)
}

// record writes e down. It keeps trying while the ledger's disk is in trouble:
// what happened must not be forgotten, and nothing else may be done with the
// job meanwhile. ok is false if the job is not ours any more or ctx ended.
func (s *Sender) record(ctx context.Context, j ledger.Job, e ledger.Event) (_ ledger.Job, ok bool) {
	e.At = time.Now()
	for try := 1; ; try++ {
		next, err := s.Ledger.Record(j, e)
		if err == nil {
			s.noteTask(next)
			return next, true
		}
		if errors.Is(err, ledger.ErrLost) {
			s.Log.Warn("A job was taken over by somebody else", "name", j.Name, "event", e.What)
			return j, false
		}
		if try == 1 {
			s.Log.Error("The ledger cannot be written; trying again until it can", "name", j.Name, "event", e.What, "error", err)
		}
		select {
		case <-ctx.Done():
			return j, false
		case <-time.After(time.Second):
		}
	}
}

// keep holds leases.
func (s *Sender) keep(ctx context.Context) {
	renew := time.NewTicker(renewEvery)
	defer renew.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-renew.C:
			if s.busy() {
				if err := s.Ledger.Renew(time.Now()); err != nil {
					s.Log.Warn("Leases could not be renewed", "error", err)
				}
			}
		}
	}
}

func (s *Sender) busy() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.running) > 0
}
