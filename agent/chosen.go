package main

import (
	"context"
	"errors"
	"slices"

	"github.com/studio-agent/studio-agent/agent/config"
	"github.com/studio-agent/studio-agent/agent/overview"
	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/sync/gate"
	"github.com/studio-agent/studio-agent/sync/ledger"
	"github.com/studio-agent/studio-agent/sync/outbound"
	"github.com/studio-agent/studio-agent/watch"
)

// chooser builds the part that asks a platform what is selected there; nil if no
// bench wants to know. It starts nothing.
func (a *agent) chooser(g *gate.Gate, cfg *config.Config, account config.Account, connector connectors.Connector) *outbound.Chooser {
	c := &outbound.Chooser{
		Account: account.Name, Chosen: connector.Chosen, Ledger: a.ledger, Gate: g, Poll: account.Poll, Log: a.log, Choose: a.choose,
	}
	for _, b := range cfg.Benches {
		if s := b.Selects; s != nil && s.Platform && slices.Contains(s.To, account.Name) {
			c.Benches = append(c.Benches, b.Name)
		}
	}
	if c.Chosen == nil || len(c.Benches) == 0 {
		return nil
	}
	return c
}

// choose has the captures of a bench take up what was selected at a platform.
func (a *agent) choose(ctx context.Context, bench string, delivered ledger.Job) error {
	for _, h := range a.parts.folders() {
		if h.Bench == bench && h.Role == config.Capture && h.enqueuer.Selects != nil {
			return h.enqueuer.Choose(ctx, delivered)
		}
	}
	return errors.New("its captures folder is just being restarted")
}

// releaseChosen lets go what is selected at platforms for a bench and held.
func (a *agent) releaseChosen(ctx context.Context, bench string) (released bool, err error) {
	for _, p := range a.parts.accounts() {
		if p.chooser == nil || !slices.Contains(p.chooser.Benches, bench) {
			continue
		}
		some, err := outbound.ReleaseChosen(ctx, a.ledger, p.account, bench)
		if err != nil {
			return released, err
		}
		released = released || some
		p.chooser.Wake()
	}
	return released, nil
}

// chosenAt shows what is selected at a platform and still needs a person like
// files that wait in a folder.
func chosenAt(p part) (all []overview.Folder) {
	if p.chooser == nil {
		return nil
	}
	for _, bench := range p.chooser.Benches {
		f := overview.Folder{Bench: bench, Path: "selected on " + p.account, Role: connectors.Select, To: []string{p.account}}
		for _, w := range p.chooser.Pending(bench) {
			if f.Waits++; len(f.Waiting) < liveFiles {
				f.Waiting = append(f.Waiting, watch.Waiting{Name: w.Name, Reason: w.Reason, Held: true})
			}
		}
		if f.Waits > 0 {
			all = append(all, f)
		}
	}
	return all
}
