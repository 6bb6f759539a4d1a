package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/studio-agent/studio-agent/agent/config"
	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/sync/gate"
	"github.com/studio-agent/studio-agent/sync/inbound"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

// collector builds the part that brings in what an account gives back; nil if
// nobody wants anything from it. It starts nothing.
func (t toolbox) collector(l *ledger.Ledger, g *gate.Gate, cfg *config.Config, account config.Account, made map[string]connection) *inbound.Collector {
	c := &inbound.Collector{
		Account: account.Name, Connector: made[account.Name].Connector, Ledger: l, Gate: g,
		Poll: account.Poll, Workers: made[account.Name].Workers, Quarantine: cfg.Quarantine, Log: t.log,
	}
	for _, b := range cfg.Benches {
		if importsFrom(b, account.Name) {
			c.Imports = append(c.Imports, importOf(l, b, made))
		}
	}
	for _, m := range cfg.Mirrors {
		if m.Account == account.Name && m.Direction == config.Get {
			c.Mirrors = append(c.Mirrors, inbound.Mirror{
				Remote: m.Remote, Folder: m.Path, Include: m.Include, Exclude: m.Exclude,
				Collide: m.Collide, Replaced: m.Replaced, Keep: m.Keep, Settle: m.Settle, First: firstLook(m.Landing), Floor: int64(m.MinFree),
			})
		}
	}
	if len(c.Imports)+len(c.Mirrors) == 0 {
		return nil
	}
	return c
}

func importOf(l *ledger.Ledger, b config.Bench, made map[string]connection) inbound.Import {
	i := b.Imports
	e := i.Expect
	return inbound.Import{
		Bench: b.Name, Folder: i.Path, Ask: i.Import == "ask",
		Collide: i.Collide, Replaced: i.Replaced, Keep: i.Keep, Settle: i.Settle, First: firstLook(i.Landing), Floor: int64(i.MinFree),
		Expect: connectors.Specification{
			MinWidth: e.MinWidth, MaxWidth: e.MaxWidth, MinHeight: e.MinHeight, MaxHeight: e.MaxHeight,
			Profiles: e.Profile, Formats: e.Format, Bits: e.Bits, MaxBytes: int64(e.MaxSize),
		},
		Specify: specify(l, e.Platform, made),
	}
}

func firstLook(l config.Landing) inbound.FirstSight {
	return inbound.FirstSight{Ignore: l.Existing.Ignore, Since: l.Existing.Since, HoldFiles: l.HoldAbove.Files, HoldBytes: int64(l.HoldAbove.Size)}
}

// specify asks a platform what it wants of the retouch of a photo that went to a
// retoucher: the platform has the photo, too, under a receipt of its own.
func specify(l *ledger.Ledger, platform string, made map[string]connection) func(context.Context, ledger.Job) (connectors.Specification, error) {
	ask := made[platform].Specify
	if ask == nil {
		return nil
	}
	return func(ctx context.Context, out ledger.Job) (connectors.Specification, error) {
		if out.Account == platform {
			return ask(ctx, out.Receipt)
		}
		there, err := l.Content(ctx, platform, out.Bench, out.Digests.SHA256)
		if err != nil {
			return connectors.Specification{}, err
		}
		for _, j := range there {
			if j.State == ledger.Done {
				return ask(ctx, j.Receipt)
			}
		}
		return connectors.Specification{}, nil
	}
}

// oneWay finds accounts that are to give back or to take what they cannot.
func oneWay(cfg *config.Config, made map[string]connection) (problems config.Errors) {
	for _, b := range cfg.Benches {
		for _, name := range sortedKeys(made) {
			account := cfg.Accounts[name]
			if importsFrom(b, name) && made[name].In == nil {
				problems = append(problems, account.Problem(fmt.Sprintf("bench %s imports from this account, but it gives nothing back; say where retouches lie there (get)", b.Name)))
			}
			if sendsTo(b, name) && made[name].Out == nil {
				problems = append(problems, account.Problem(fmt.Sprintf("bench %s sends to this account, but it takes nothing; say where photos go there (put)", b.Name)))
			}
		}
		if p := b.Projects; p != nil && made[p.Account].Projects == nil {
			problems = append(problems, b.Problem(fmt.Sprintf("projects: account %s keeps no edit projects; name a medialoopster account", p.Account)))
		}
		if s := b.Selects; s != nil && s.Platform && !slices.ContainsFunc(s.To, func(to string) bool { return made[to].Chosen != nil }) {
			problems = append(problems, b.Problem("selects.platform: nothing can be selected at any of its accounts; name a Grand Shooting account in selects.to, or take it out"))
		}
		if b.Imports != nil && b.Imports.Expect.Platform != "" {
			if name := b.Imports.Expect.Platform; made[name].Connector.Specify == nil {
				problems = append(problems, b.Problem(fmt.Sprintf("imports.expect.platform: account %s has no specifications of pictures", name)))
			}
		}
	}
	return problems
}
