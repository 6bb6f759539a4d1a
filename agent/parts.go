package main

import (
	"context"
	"errors"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/studio-agent/studio-agent/agent/config"
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
	gate      *gate.Gate         // of an account
	sender    *outbound.Sender   // of an account that takes photos
	collector *inbound.Collector // of an account that something is imported from
	folder    *hotFolder         // of a hot folder
}

// parts are what runs now. A part that ends by itself ends the agent.
type parts struct {
	ctx   context.Context
	group *errgroup.Group

	mu      sync.Mutex
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
	p.mu.Lock()
	defer p.mu.Unlock()
	keep := map[string]bool{}
	for _, w := range wanted {
		if r := p.running[w.key]; r != nil && r.fingerprint == w.fingerprint {
			keep[w.key] = true
		}
	}
	var ending []*runningPart
	for key, r := range p.running {
		if !keep[key] {
			r.cancel()
			ending = append(ending, r)
			delete(p.running, key)
		}
	}
	for _, r := range ending {
		<-r.done
	}
	for _, w := range wanted {
		if !keep[w.key] {
			p.start(w)
		}
	}
	p.cfg = cfg
	return p.ctx.Err()
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
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, r := range p.running {
		r.cancel()
		<-r.done
	}
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
