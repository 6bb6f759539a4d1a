package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/studio-agent/studio-agent/agent/config"
	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/sync/gate"
	"github.com/studio-agent/studio-agent/sync/ledger"
	"github.com/studio-agent/studio-agent/sync/outbound"
	"github.com/studio-agent/studio-agent/watch"
)

// A toolbox is what all parts of one process share.
type toolbox struct {
	registry connectors.Registry
	secrets  *config.Secrets
	http     *http.Client
	shared   *sync.Map                              // limiters of tokens
	memory   func(account string) connectors.Memory // nil: nothing is kept
	log      *slog.Logger
}

// A connection is an account's connector and a print of all that it was made
// from: options, keys of its benches, and the values of its secrets.
type connection struct {
	connectors.Connector
	print string
}

// connect makes the connectors of all accounts; nothing goes over the network.
// Every mistake in the accounts' and benches' own keys is in the error.
func (t toolbox) connect(cfg *config.Config) (map[string]connection, error) {
	made := map[string]connection{}
	var problems config.Errors
	for _, name := range sortedKeys(cfg.Accounts) {
		account := cfg.Accounts[name]
		factory, ok := t.registry.Find(account.Type)
		if !ok {
			problems = append(problems, account.Problem(fmt.Sprintf("there is no account type %q; known are %v", account.Type, t.registry.Types())))
			continue
		}
		setup := t.setup(cfg, account)
		values := sha256.New()
		setup.Secret = func(ref string) (string, error) {
			value, err := t.secrets.Resolve(ref)
			fmt.Fprintf(values, "%d:%s", len(value), value)
			return value, err
		}
		connector, err := factory.New(setup)
		var many config.Errors
		switch {
		case errors.As(err, &many):
			problems = append(problems, many...)
		case err != nil:
			problems = append(problems, account.Problem(err.Error()))
		default:
			made[name] = connection{connector, fmt.Sprintf("%s %x", accountPrint(cfg, account), values.Sum(nil))}
			problems = append(problems, loops(cfg, account, connector.Writes)...)
		}
	}
	for _, bench := range cfg.Benches {
		problems = append(problems, badGlobs(bench)...)
	}
	if len(problems) == 0 {
		problems = oneWay(cfg, made)
	}
	var unclaimed config.Errors
	if len(problems) == 0 && errors.As(cfg.Unclaimed(), &unclaimed) {
		problems = append(problems, unclaimed...)
	}
	if len(problems) > 0 {
		return nil, problems
	}
	return made, nil
}

// badGlobs finds patterns that match nothing because they cannot be read.
func badGlobs(bench config.Bench) (problems config.Errors) {
	folders := map[string]config.Folder{}
	if bench.Captures != nil {
		folders["captures"] = *bench.Captures
	}
	if bench.Selects != nil {
		folders["selects"] = bench.Selects.Folder
	}
	if p := bench.Projects; p != nil {
		folders["projects.link"] = config.Folder{Include: p.Link.Include, Exclude: p.Link.Exclude}
	}
	for role, f := range folders {
		for _, glob := range slices.Concat(f.Include, f.Exclude) {
			if !doublestar.ValidatePattern(glob) {
				problems = append(problems, bench.Problem(fmt.Sprintf("%s: %q is not a pattern; write one like **/*.jpg", role, glob)))
			}
		}
	}
	return problems
}

// accountPrint covers the account's own options and the keys of its type on the
// benches that use it.
func accountPrint(cfg *config.Config, account config.Account) string {
	print := account.Fingerprint()
	for _, bench := range cfg.Benches {
		if sendsTo(bench, account.Name) || importsFrom(bench, account.Name) {
			print += bench.Fingerprint()
		}
	}
	for _, m := range cfg.Mirrors {
		if m.Account == account.Name {
			print += m.Fingerprint()
		}
	}
	return print
}

// loops finds hot folders that an account delivers into.
func loops(cfg *config.Config, account config.Account, writes []string) (problems config.Errors) {
	for _, f := range cfg.HotFolders() {
		for _, w := range writes {
			if rel, err := filepath.Rel(f.Path, w); err == nil && filepath.IsLocal(rel) {
				problems = append(problems, account.Problem(fmt.Sprintf("delivers into %s, which lies in the hot folder %s of bench %s: each photo would come back as a new one", w, f.Path, f.Bench)))
			}
		}
	}
	return problems
}

func (t toolbox) setup(cfg *config.Config, account config.Account) connectors.Setup {
	s := connectors.Setup{
		Account: account.Name, Dir: filepath.Dir(cfg.File), Decode: account.Decode, Secret: t.secrets.Resolve,
		Rate: account.Rate, Connections: account.Connections,
		HTTP: t.http, Log: t.log.With("account", account.Name), Shared: t.shared, Memory: new(connectors.ShortMemory),
	}
	if t.memory != nil {
		s.Memory = t.memory(account.Name)
	}
	for _, bench := range cfg.Benches {
		if imports := importsFrom(bench, account.Name); imports || sendsTo(bench, account.Name) {
			s.Benches = append(s.Benches, connectors.Bench{Name: bench.Name, Imports: imports, Decode: bench.Decode})
		}
	}
	for _, m := range cfg.Mirrors {
		if m.Account == account.Name {
			s.Mirrors = append(s.Mirrors, connectors.MirroredFolder{Remote: m.Remote, Get: m.Direction == config.Get, Rejected: m.Rejected, Ready: m.Ready})
		}
	}
	return s
}

func sendsTo(bench config.Bench, account string) bool {
	return bench.Captures != nil && slices.Contains(bench.Captures.To, account) ||
		bench.Selects != nil && slices.Contains(bench.Selects.To, account) ||
		bench.Projects != nil && bench.Projects.Account == account
}

func importsFrom(bench config.Bench, account string) bool {
	return bench.Imports != nil && slices.Contains(bench.Imports.From, account)
}

// A hotFolder is one watched folder with all that turns its files into jobs.
type hotFolder struct {
	config.HotFolder
	watch    *watch.Folder
	hints    *watch.Hints
	enqueuer *outbound.Enqueuer
	projects *projectWatch // of a folder of edit projects
}

// hotFolder builds the parts of one hot folder; it starts nothing.
func (t toolbox) hotFolder(ctx context.Context, l *ledger.Ledger, cfg config.HotFolder, made map[string]connection) (*hotFolder, error) {
	log := t.log.With("bench", cfg.Bench, "folder", cfg.Path)
	known, _, err := l.FindFolder(ctx, cfg.Path)
	if err != nil {
		return nil, fmt.Errorf("look up folder %s: %w", cfg.Path, err)
	}
	h := &hotFolder{HotFolder: cfg, hints: watch.NewHints(cfg.Path)}
	h.enqueuer = enqueuer(l, cfg, made)
	h.enqueuer.Log = log
	h.watch = &watch.Folder{
		Root: cfg.Path, Settle: cfg.Settle, Rescan: cfg.Rescan, Skip: h.enqueuer.Skip,
		Hints: h.hints, Known: h.enqueuer.Known, Identity: known.Identity, Log: log,
		Remember: func(identity string) {
			if err := h.enqueuer.Identify(identity); err != nil {
				log.Warn("The folder's identity could not be noted", "error", err)
			}
		},
	}
	if cfg.Role == config.Project {
		err = h.watchProjects(ctx, l)
	}
	return h, err
}

// watchProjects has only media go of which the edit project is known.
func (h *hotFolder) watchProjects(ctx context.Context, l *ledger.Ledger) error {
	p, err := newProjectWatch(ctx, l, h.HotFolder, h.enqueuer.Log)
	if err != nil {
		return err
	}
	h.projects, p.status, p.relook = p, h.watch.Status, h.hints.Look
	h.enqueuer.Batch, h.enqueuer.Skip.Also = p.batch, p.counts
	h.watch.Known, h.watch.Seen, h.watch.Skip.Also = p.known(h.enqueuer.Known), p.seen, p.why
	return nil
}

func enqueuer(l *ledger.Ledger, f config.HotFolder, made map[string]connection) *outbound.Enqueuer {
	e := &outbound.Enqueuer{
		Ledger: l, Bench: f.Bench, Role: connectors.Role(f.Role), Remote: f.Remote, Folder: f.Path,
		Skip:     skipOf(f),
		Together: f.Together, Resend: f.Renamed == "send", Metadata: f.Metadata == "send",
		First: outbound.FirstSight{
			Ignore: f.Existing.Ignore, Since: f.Existing.Since,
			HoldFiles: f.HoldAbove.Files, HoldBytes: int64(f.HoldAbove.Size),
		},
		Log: slog.New(slog.DiscardHandler),
	}
	if f.Role == config.Project { // what is in a project is everything that is shot for it
		e.Role = connectors.Capture
	}
	for _, account := range f.To {
		e.Targets = append(e.Targets, target(account, f, made, f.Role == config.Select))
	}
	if s := f.Selects; f.Role == config.Capture && s != nil && s.OfCaptures() {
		e.Selects = &outbound.SelectRule{Rating: s.Rating, Labels: s.Label, Keywords: s.Keyword}
		for _, account := range s.To {
			e.Selects.Targets = append(e.Selects.Targets, target(account, f, made, true))
		}
	}
	return e
}

// skipOf says which names of a hot folder are never sent. Of edit projects
// everything must be seen, so there it is for the projectWatch to say.
func skipOf(f config.HotFolder) watch.Skip {
	if f.Role == config.Project {
		return watch.Skip{Apart: f.Apart}
	}
	return watch.Skip{Include: f.Include, Exclude: f.Exclude, Apart: f.Apart, Sidecars: f.Role == config.Capture || f.Role == config.Select}
}

// target is an account that a folder sends to. Selects become tasks where
// something is ordered, or comes back.
func target(account string, f config.HotFolder, made map[string]connection, selects bool) outbound.Target {
	c := made[account]
	t := outbound.Target{Account: account, Vet: c.Vet, Marks: c.Mark != nil, SHA1: c.SHA1}
	if !selects || c.Commit == nil && !slices.Contains(f.Returns, account) && !f.Selects.Manifest {
		return t
	}
	t.Task = taskRule(f.Selects)
	if c.Commit != nil && t.Task.By == outbound.ByWindow { // the platform wants an order soon
		t.Task.Quiet, t.Task.Max = orderQuiet, orderMax
	}
	return t
}

// An order is placed after so long without another select, or with so many.
const (
	orderQuiet = 5 * time.Second
	orderMax   = 50
)

func taskRule(s *config.Selects) *outbound.TaskRule {
	switch s.Task {
	case "per-folder":
		return &outbound.TaskRule{By: outbound.ByFolder, Quiet: s.Window, Deadline: s.Deadline, Template: s.Template}
	case "on-demand":
		return &outbound.TaskRule{By: outbound.ByHand, Deadline: s.Deadline, Template: s.Template}
	}
	return &outbound.TaskRule{By: outbound.ByWindow, Window: s.Window, Deadline: s.Deadline, Template: s.Template}
}

func (t toolbox) sender(l *ledger.Ledger, g *gate.Gate, cfg *config.Config, account config.Account, connector connectors.Connector) *outbound.Sender {
	return &outbound.Sender{
		Account: account.Name, Connector: connector, Ledger: l, Gate: g, Recheck: account.Recheck,
		Manifests: manifests(cfg, account.Name), Log: t.log,
	}
}

// stall is how long a server may take to begin its answer.
const stall = 150 * time.Second

func newHTTP() *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = 16
	transport.IdleConnTimeout = 30 * time.Second // below what servers allow: a POST on a dying connection has an unknown outcome
	transport.ResponseHeaderTimeout = stall
	return &http.Client{Transport: transport}
}

// manifests names, for each bench that wants them at an account, the folder in
// which the lists of its tasks are written before they are sent.
func manifests(cfg *config.Config, account string) map[string]string {
	folders := map[string]string{}
	for _, b := range cfg.Benches {
		if s := b.Selects; s != nil && s.Manifest && slices.Contains(s.To, account) {
			folders[b.Name] = filepath.Join(filepath.Dir(cfg.Ledger), "manifests", b.Name)
		}
	}
	return folders
}
