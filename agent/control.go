package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/studio-agent/studio-agent/agent/config"
	"github.com/studio-agent/studio-agent/sync/inbound"
	"github.com/studio-agent/studio-agent/sync/ledger"
	"github.com/studio-agent/studio-agent/sync/outbound"
)

// controlEvery is how often the agent looks whether somebody asked for
// something: nobody waits longer than 250 ms.
const controlEvery = 200 * time.Millisecond

// notDone begins the answer to what could not be done.
const notDone = "not done: "

// The verbs that people can ask for through the ledger.
const (
	verbPause   = "pause"
	verbResume  = "resume"
	verbRetry   = "retry"
	verbRelease = "release"
	verbCreate  = "create"
	verbSend    = "send"
	verbImport  = "import"
	verbReject  = "reject"
	verbReorder = "reorder"
	verbClose   = "close"
	verbCancel  = "cancel"
)

// taskVerbs are what people ask of tasks. A vendor may have to answer first.
var taskVerbs = map[string]func(*agent, context.Context, ledger.Control) (string, error){
	verbCreate: (*agent).createTask, verbSend: (*agent).sendTask, verbImport: (*agent).importTask, verbReject: (*agent).rejectPicture,
	verbReorder: (*agent).reorderPictures, verbClose: (*agent).closeTask, verbCancel: (*agent).cancelTask,
}

// A lane takes up some of the verbs: nobody waits with "pause" for a vendor who
// is asked to take five hundred pictures back.
type lane func(verb string) bool

var lanes = []lane{
	func(verb string) bool { return taskVerbs[verb] == nil && projectVerbs[verb] == nil },
	func(verb string) bool { return taskVerbs[verb] != nil },
	func(verb string) bool { return projectVerbs[verb] != nil },
}

// takeControls does what people ask for in one lane, in order, each once. What is
// broken off because the agent stops is done at its next start.
func (a *agent) takeControls(ctx context.Context, mine lane) error {
	tick := time.NewTicker(controlEvery)
	defer tick.Stop()
	for {
		asked, err := a.ledger.Asked(ctx)
		if err != nil && ctx.Err() == nil {
			a.log.Warn("The ledger cannot be asked what people want; trying again", "error", err)
		}
		for _, c := range asked {
			if !mine(c.Verb) {
				continue
			}
			answer := a.obey(ctx, c)
			if ctx.Err() != nil && strings.HasPrefix(answer, notDone) {
				return ctx.Err()
			}
			if !quiet(c.Verb) {
				a.log.Info("Asked by a person", "what", c.Verb, "with", c.Args, "answer", answer)
			}
			if err := a.ledger.Answer(c.Seq, answer); err != nil {
				a.log.Warn("An answer could not be written down", "error", err)
				break
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// obey does one thing and says what came of it.
func (a *agent) obey(ctx context.Context, c ledger.Control) string {
	var answer string
	var err error
	switch c.Verb {
	case verbPause:
		answer, err = a.pause(ctx, c.Args["account"], c.Args["until"])
	case verbResume:
		answer, err = a.resume(ctx, c.Args["account"])
	case verbRetry:
		answer, err = a.retry(ctx, strings.Split(c.Args["jobs"], ","), c.Args["anyway"] == "yes")
	case verbRelease:
		answer, err = a.release(ctx, c.Args["bench"])
	default:
		if do := projectVerbs[c.Verb]; do != nil {
			answer, err = do(a, ctx, c)
		} else {
			answer, err = a.obeyTask(ctx, c)
		}
	}
	if err != nil {
		return notDone + err.Error()
	}
	return answer
}

func (a *agent) pause(ctx context.Context, account, until string) (string, error) {
	p := ledger.Pause{Account: account, At: time.Now()}
	text := "until somebody resumes it"
	if until != "" {
		var err error
		if p.Until, err = time.Parse(time.RFC3339, until); err != nil {
			return "", err
		}
		text = "until " + p.Until.Local().Format("15:04 on 2 Jan")
	}
	if err := a.ledger.SetPause(p); err != nil {
		return "", err
	}
	return accountText(account) + " paused " + text, a.applyPauses(ctx)
}

func (a *agent) resume(ctx context.Context, account string) (string, error) {
	if err := a.ledger.ClearPause(account); err != nil {
		return "", err
	}
	for _, p := range a.parts.accounts() {
		if account == "*" || account == p.account {
			p.gate.Resume(ctx)
		}
	}
	return accountText(account) + " resumed", a.applyPauses(ctx)
}

func accountText(account string) string {
	if account == "*" {
		return "all accounts are"
	}
	return "account " + account + " is"
}

// applyPauses tells the accounts which pauses hold.
func (a *agent) applyPauses(ctx context.Context) error {
	pauses, err := a.ledger.Pauses(ctx, time.Now())
	if err != nil {
		return err
	}
	for _, part := range a.parts.accounts() {
		for _, p := range pauses {
			if p.Account == part.account || p.Account == "*" {
				part.gate.Pause(p.Until)
			}
		}
	}
	return nil
}

func (a *agent) retry(ctx context.Context, ids []string, anyway bool) (string, error) {
	again := 0
	for _, id := range ids {
		j, ok, err := a.ledger.Job(ctx, id)
		if err != nil {
			return "", err
		}
		if !ok || j.State != ledger.Parked {
			continue
		}
		reason := "a person said retry"
		if anyway {
			reason = "a person said send it anyway"
		}
		_, err = a.ledger.Record(j, ledger.Event{What: ledger.Retried, At: time.Now(), Forced: anyway, Reason: reason})
		if err != nil && !errors.Is(err, ledger.ErrLost) {
			return "", err
		}
		again++
	}
	return fmt.Sprintf("%s queued again", count(again, "photo")), nil
}

// release lets go what the brake holds: the hot folders of a bench, or what an
// account gives back.
func (a *agent) release(ctx context.Context, name string) (string, error) {
	cfg := a.parts.config()
	if _, known := cfg.Accounts[name]; known {
		return a.releaseAccount(ctx, cfg, name)
	}
	var folders []string
	for _, f := range cfg.HotFolders() {
		if f.Bench == name {
			folders = append(folders, f.Path)
		}
	}
	if len(folders) == 0 {
		return "", fmt.Errorf("there is no bench and no account %q", name)
	}
	chosen, err := a.releaseChosen(ctx, name)
	if err != nil {
		return "", err
	}
	if _, err := outbound.Release(ctx, a.ledger, name, folders); err != nil && !chosen {
		return "", err
	}
	return "bench " + name + " is released: its files go now", nil
}

// releaseAccount lets go what is held at an account, and in the hot folders that
// mirror it.
func (a *agent) releaseAccount(ctx context.Context, cfg *config.Config, account string) (string, error) {
	var remotes, folders []string
	for _, m := range cfg.Mirrors {
		if m.Account == account && m.Direction == config.Get {
			remotes = append(remotes, m.Remote)
		}
		if m.Account == account && m.Direction == config.Put {
			folders = append(folders, m.Path)
		}
	}
	in, err := inbound.Release(ctx, a.ledger, account, remotes)
	out, outErr := outbound.Release(ctx, a.ledger, account, folders)
	if in+out == 0 {
		return "", errors.Join(err, outErr)
	}
	for _, p := range a.parts.accounts() {
		if p.account == account && p.collector != nil {
			p.collector.Wake()
		}
	}
	return "account " + account + " is released: what it held goes now", nil
}
