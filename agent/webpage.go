package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/studio-agent/studio-agent/agent/config"
	"github.com/studio-agent/studio-agent/agent/page"
	"github.com/studio-agent/studio-agent/connectors"
)

// pageAgain is when an address that could not be had is tried again.
const pageAgain = 10 * time.Second

// pagePatience is how long a page waits for what was asked.
const pagePatience = 5 * time.Second

// pagePart is the web page with what it needs.
func (a *agent) pagePart(cfg *config.Config) part {
	p := cfg.Page
	return part{
		key: "page", fingerprint: fmt.Sprintf("%+v", p),
		run: func(ctx context.Context) error {
			defer a.pageTrouble.Store(new(string))
			pictures := a.gallery(cfg)
			group, ctx := errgroup.WithContext(ctx)
			group.Go(func() error { return pictures.cache.Run(ctx) })
			group.Go(func() error { return a.servePage(ctx, p, pictures) })
			return group.Wait()
		},
	}
}

// servePage serves the page for as long as ctx lasts. Pictures do not wait for a
// page: an address that is taken, or a password that cannot be read, is told and
// tried again.
func (a *agent) servePage(ctx context.Context, p config.Page, pictures *gallery) error {
	for {
		login, err := a.login(p)
		var l net.Listener
		if err == nil {
			l, err = new(net.ListenConfig).Listen(ctx, "tcp", p.Listen)
		}
		if err == nil {
			a.pageTrouble.Store(new(string))
			a.log.Info("The page is served", "url", "http://"+l.Addr().String())
			err = a.pageServer(login, pictures).Run(ctx, l)
			l.Close()
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		trouble := fmt.Sprintf("the page cannot be served at %s: %v", p.Listen, err)
		if before := a.pageTrouble.Swap(&trouble); before == nil || *before != trouble {
			a.log.Warn("The page cannot be served; trying again", "address", p.Listen, "error", err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pageAgain):
		}
	}
}

func (a *agent) login(p config.Page) (page.Login, error) {
	var login page.Login
	var errs [2]error
	if p.Password != "" {
		login.Password, errs[0] = a.secrets.Resolve(p.Password)
	}
	if p.Token != "" {
		login.Token, errs[1] = a.secrets.Resolve(p.Token)
	}
	return login, errors.Join(errs[:]...)
}

func (a *agent) pageServer(login page.Login, pictures *gallery) *page.Server {
	return &page.Server{
		Ledger: a.ledger, Version: version(), Log: a.log, Login: login,
		Config: a.parts.config, Connector: a.connector, Wake: a.wake, Ask: a.askForPage, Preview: pictures.show, Examine: a.examine,
		Reconcile: a.reconcileForPage,
	}
}

// part returns the running part of an account.
func (a *agent) part(account string) (part, bool) {
	for _, p := range a.parts.accounts() {
		if p.account == account {
			return p, true
		}
	}
	return part{}, false
}

// connector returns the connector of a running account; the zero one if none runs.
func (a *agent) connector(account string) connectors.Connector {
	p, _ := a.part(account)
	return p.connector
}

// wake has an account look for news now.
func (a *agent) wake(account string) {
	p, _ := a.part(account)
	if p.collector != nil {
		p.collector.Wake()
	}
	if p.sender != nil {
		p.sender.Wake()
	}
}

// askForPage does what somebody asks for on the page, in turn with what is asked
// for on the command line.
func (a *agent) askForPage(ctx context.Context, verb string, args map[string]string) (string, error) {
	seq, err := a.ledger.Ask(verb, args)
	if err != nil {
		return "", err
	}
	answer, err := awaitAnswer(ctx, a.ledger, seq, pagePatience)
	if err == nil && strings.HasPrefix(answer, notDone) {
		err = errors.New(strings.TrimPrefix(answer, notDone))
	}
	return answer, err
}

func (a *agent) examine(ctx context.Context, account string, tell func(connectors.Finding)) error {
	examine := a.connector(account).Examine
	if examine == nil {
		return fmt.Errorf("there is nothing to examine at account %s", account)
	}
	return examine(ctx, tell)
}

// reconcileForPage compares the disk of a bench with its remotes.
func (a *agent) reconcileForPage(ctx context.Context, bench string, out io.Writer) error {
	cfg := a.parts.config()
	made := map[string]connection{}
	for _, p := range a.parts.accounts() {
		made[p.account] = connection{Connector: p.connector}
	}
	for _, b := range cfg.Benches {
		if b.Name == bench {
			found, err := reconcileBench(ctx, cfg, a.ledger, b, made, time.Time{})
			if err != nil {
				return err
			}
			if err := tellComparisons(out, found, false); err != nil && !errors.Is(err, errSaid) {
				return err
			}
			return nil
		}
	}
	return fmt.Errorf("there is no bench %q", bench)
}
