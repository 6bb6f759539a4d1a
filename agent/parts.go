package main

import (
	"context"
	"errors"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/studio-agent/studio-agent/agent/config"
	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/sync/gate"
	"github.com/studio-agent/studio-agent/sync/inbound"
	"github.com/studio-agent/studio-agent/sync/outbound"
)

// A part is one account or one hot folder of the running agent.
type part struct {
	key         string
	fingerprint string // of the configuration that it was built from
	run         func(context.Context) error

	account   string
	connector connectors.Connector // of an account
	gate      *gate.Gate           // of an account
	sender    *outbound.Sender     // of an account that takes photos
	collector *inbound.Collector   // of an account that something is imported from
	chooser   *outbound.Chooser    // of a platform that selects are chosen at
	folder    *hotFolder           // of a hot folder
}

// parts are what runs now. A part that ends by itself ends the agent.
type parts struct {
	ctx   context.Context
	group *errgroup.Group
	turn  sync.Mutex // held while parts end and start: those that end may still ask what runs

	mu      sync.Mutex // guards what follows
	cfg     *config.Config
	wrong   string // what is wrong with a configuration that was refused
	running map[string]*runningPart
}

type runningPart struct {
	part
	cancel context.CancelFunc
	done   chan struct{}
}

func newParts(ctx context.Context, group *errgroup.Group) *parts {
	return &parts{ctx: ctx, group: group, running: map[string]*runningPart{}}
}

// become stops what is not wanted any more or has changed, waits for its end,
// and starts what is new.
func (p *parts) become(cfg *config.Config, wanted []part) error {
	p.turn.Lock()
	defer p.turn.Unlock()
	keep := map[string]bool{}
	p.end(func(r *runningPart) bool {
		stays := slices.ContainsFunc(wanted, func(w part) bool { return w.key == r.key && w.fingerprint == r.fingerprint })
		keep[r.key] = stays
		return !stays
	})
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, w := range wanted {
		if !keep[w.key] {
			p.start(w)
		}
	}
	p.cfg = cfg
	return p.ctx.Err()
}

// end stops some of the parts and waits for their end. The caller holds the turn.
func (p *parts) end(which func(*runningPart) bool) {
	var ending []*runningPart
	p.mu.Lock()
	for _, r := range p.running {
		if which(r) {
			r.cancel()
			ending = append(ending, r)
		}
	}
	p.mu.Unlock()
	for _, r := range ending {
		<-r.done
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, r := range ending {
		delete(p.running, r.key)
	}
}

func (p *parts) start(w part) {
	ctx, cancel := context.WithCancel(p.ctx)
	r := &runningPart{part: w, cancel: cancel, done: make(chan struct{})}
	p.running[w.key] = r
	p.group.Go(func() error {
		defer close(r.done)
		err := w.run(ctx)
		if ctx.Err() != nil && (err == nil || errors.Is(err, context.Canceled)) {
			return nil
		}
		return errors.Join(errors.New(w.key+" stopped by itself"), err)
	})
}

// stop ends all parts and returns nil.
func (p *parts) stop() error {
	p.turn.Lock()
	defer p.turn.Unlock()
	p.end(func(*runningPart) bool { return true })
	return nil
}

// config is the configuration that runs now.
func (p *parts) config() *config.Config {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cfg
}

func (p *parts) folders() []*hotFolder {
	p.mu.Lock()
	defer p.mu.Unlock()
	var all []*hotFolder
	for _, key := range sortedKeys(p.running) {
		if h := p.running[key].folder; h != nil {
			all = append(all, h)
		}
	}
	return all
}

// accounts lists the running accounts by their names.
func (p *parts) accounts() []part {
	p.mu.Lock()
	defer p.mu.Unlock()
	var all []part
	for _, key := range sortedKeys(p.running) {
		if r := p.running[key]; r.gate != nil {
			all = append(all, r.part)
		}
	}
	return all
}

// complain keeps what is wrong with a refused configuration; empty ends it.
func (p *parts) complain(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.wrong = text
}

func (p *parts) problem() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.wrong
}
