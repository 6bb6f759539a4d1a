package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/studio-agent/studio-agent/agent/config"
	"github.com/studio-agent/studio-agent/sync/gate"
	"github.com/studio-agent/studio-agent/sync/ledger"
	"github.com/studio-agent/studio-agent/watch"
)

// An agent is one running studio-agent. Its goroutines are all here:
//
//	run ─┬─ per hot folder: watch.Folder, watch.Hints; of edit projects: projectWatch
//	     ├─ per account:    gate.Gate, outbound.Sender (workers, confirmer, committer, keeper),
//	     │                  inbound.Collector (poll, workers, acknowledger, keeper),
//	     │                  outbound.Chooser
//	     ├─ controls        what people ask, from the ledger; what is asked of tasks apart, for vendors take their time
//	     ├─ beat            what the agent says of itself, into the ledger
//	     ├─ page            the web page, and the drawer of its small pictures
//	     └─ reloads         agent.yaml changed, or SIGHUP
type agent struct {
	toolbox
	ledger *ledger.Ledger
	level  *slog.LevelVar
	parts  *parts // of the present configuration
	page   bool   // it is served
	// pageTrouble says why the page is not served; empty or nil if it is, or need not be.
	pageTrouble atomic.Pointer[string]
}

// runAgent works until ctx ends. A non-nil error means that the agent cannot go
// on and should be started again.
func runAgent(ctx context.Context, cfg *config.Config, tools toolbox, level *slog.LevelVar) error {
	l, err := openLedger(ctx, cfg, tools.log)
	if err != nil {
		return err
	}
	defer l.Close()
	a := &agent{toolbox: tools, ledger: l, level: level}
	a.page = true
	tools.log.Info("Agent started", "name", cfg.Name, "version", version(), "config", cfg.File, "ledger", cfg.Ledger)
	group, ctx := errgroup.WithContext(ctx)
	a.parts = newParts(ctx, group)
	if err := a.apply(ctx, cfg); err != nil {
		return errors.Join(err, a.parts.stop())
	}
	for _, lane := range lanes {
		group.Go(func() error { return a.takeControls(ctx, lane) })
	}
	group.Go(func() error { return a.beat(ctx) })
	group.Go(func() error { return a.watchConfig(ctx) })
	err = group.Wait()
	tools.log.Info("Agent stopped")
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

func openLedger(ctx context.Context, cfg *config.Config, log *slog.Logger) (*ledger.Ledger, error) {
	return ledger.Open(ctx, ledger.Options{Path: cfg.Ledger, Name: cfg.Name, Version: version(), OnNetwork: watch.OnNetwork, Log: log})
}

// apply brings the running parts in line with cfg: what did not change goes on,
// what changed is stopped and started anew.
func (a *agent) apply(ctx context.Context, cfg *config.Config) error {
	a.memory = a.ledger.Memory
	made, err := a.connect(cfg)
	if err != nil {
		return err
	}
	var wanted []part
	for _, name := range sortedKeys(cfg.Accounts) {
		wanted = append(wanted, a.accountPart(cfg, cfg.Accounts[name], made))
	}
	for _, f := range cfg.HotFolders() {
		p, err := a.folderPart(ctx, f, made)
		if err != nil {
			return err
		}
		wanted = append(wanted, p)
	}
	if a.page && !cfg.Page.Off {
		wanted = append(wanted, a.pagePart(cfg))
	}
	a.level.UnmarshalText([]byte(cfg.Log.Level)) // validated when it was loaded
	if err := a.parts.become(cfg, wanted); err != nil {
		return err
	}
	return a.applyPauses(ctx)
}

// accountPart is both ends of one account, behind one gate.
func (a *agent) accountPart(cfg *config.Config, account config.Account, made map[string]connection) part {
	connection := made[account.Name]
	g := gate.New(connection.Probe, a.log.With("account", account.Name))
	p := part{key: "account " + account.Name, fingerprint: connection.print + cfg.Quarantine, account: account.Name, gate: g, connector: connection.Connector}
	runs := []func(context.Context) error{g.Run}
	if connection.Out != nil {
		p.sender = a.sender(a.ledger, g, cfg, account, connection.Connector)
		p.sender.Changed = func(folder, name string) { a.lookAgain(folder, name) }
		p.sender.Public = a.public(cfg, account.Name, made)
		if p.sender.Public != nil {
			p.fingerprint += publicPrint(made)
		}
		runs = append(runs, p.sender.Run)
	}
	if p.collector = a.collector(a.ledger, g, cfg, account, made); p.collector != nil {
		if p.sender != nil {
			p.collector.Assigned = p.sender.Wake
		}
		for _, b := range cfg.Benches {
			if importsFrom(b, account.Name) {
				p.fingerprint += b.Imports.Fingerprint()
			}
		}
		runs = append(runs, p.collector.Run)
	}
	if p.chooser = a.chooser(g, cfg, account, connection.Connector); p.chooser != nil {
		p.fingerprint += fmt.Sprint(" chosen for ", p.chooser.Benches)
		runs = append(runs, p.chooser.Run)
	}
	p.run = func(ctx context.Context) error {
		g.Check(ctx)
		group, ctx := errgroup.WithContext(ctx)
		for _, run := range runs {
			group.Go(func() error { return run(ctx) })
		}
		return group.Wait()
	}
	return p
}

func (a *agent) folderPart(ctx context.Context, f config.HotFolder, made map[string]connection) (part, error) {
	h, err := a.hotFolder(ctx, a.ledger, f, made)
	if err != nil {
		return part{}, err
	}
	if h.projects != nil {
		h.projects.wake = func() { a.wakeSender(f.To[0]) }
	}
	print := f.Fingerprint()
	for _, name := range sortedKeys(made) {
		print += made[name].print // it asks the accounts' Vet
	}
	return part{
		key: "folder " + f.Path, fingerprint: print, folder: h,
		run: func(ctx context.Context) error {
			group, ctx := errgroup.WithContext(ctx)
			group.Go(func() error { return h.hints.Run(ctx) })
			group.Go(func() error { return h.watch.Run(ctx, h.enqueuer.Emit) })
			if h.projects != nil {
				group.Go(func() error { return h.projects.Run(ctx) })
			}
			return group.Wait()
		},
	}, nil
}

// lookAgain has a file examined whose content is not what its size and times
// promise.
func (a *agent) lookAgain(folder, name string) {
	for _, h := range a.parts.folders() {
		if h.Path != folder {
			continue
		}
		if err := h.enqueuer.Again(context.Background(), name); err != nil {
			a.log.Warn("A changed file could not be examined; the next change will show it", "file", name, "error", err)
		}
	}
}

// runOnce delivers everything that is pending now and returns: nil if all of it
// arrived.
func runOnce(ctx context.Context, cfg *config.Config, tools toolbox, level *slog.LevelVar) (summary, error) {
	l, err := openLedger(ctx, cfg, tools.log)
	if err != nil {
		return summary{}, err
	}
	defer l.Close()
	a := &agent{toolbox: tools, ledger: l, level: level}
	start := time.Now()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	group, ctx := errgroup.WithContext(ctx)
	a.parts = newParts(ctx, group)
	if err := a.apply(ctx, cfg); err != nil {
		return summary{}, errors.Join(err, a.parts.stop())
	}
	for _, lane := range lanes {
		group.Go(func() error { return a.takeControls(ctx, lane) })
	}
	drained := make(chan summary, 1)
	group.Go(func() error {
		sum, err := a.drain(ctx, start)
		drained <- sum
		cancel()
		return err
	})
	err = group.Wait()
	if errors.Is(err, context.Canceled) {
		err = nil
	}
	select {
	case sum := <-drained:
		return sum, err
	default:
		return summary{}, errors.Join(err, fmt.Errorf("stopped before all was delivered"))
	}
}
