package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/studio-agent/studio-agent/sync/ledger"
	"github.com/studio-agent/studio-agent/sync/outbound"
)

// controlEvery is how often the agent looks whether somebody asked for
// something: nobody waits longer than 250 ms.
const controlEvery = 200 * time.Millisecond

// The verbs that people can ask for through the ledger.
const (
	verbPause   = "pause"
	verbResume  = "resume"
	verbRetry   = "retry"
	verbRelease = "release"
)

// takeControls does what people ask for, in order, each once.
func (a *agent) takeControls(ctx context.Context) error {
	tick := time.NewTicker(controlEvery)
	defer tick.Stop()
	for {
		asked, err := a.ledger.Asked(ctx)
		if err != nil && ctx.Err() == nil {
			a.log.Warn("The ledger cannot be asked what people want; trying again", "error", err)
		}
		for _, c := range asked {
			answer := a.obey(ctx, c)
			a.log.Info("Asked by a person", "what", c.Verb, "with", c.Args, "answer", answer)
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
		err = fmt.Errorf("this version does not know %q", c.Verb)
	}
	if err != nil {
		return "not done: " + err.Error()
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
	for _, s := range a.parts.senders() {
		if account == "*" || account == s.Account {
			s.Gate.Resume(ctx)
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

// applyPauses tells the senders which pauses hold.
func (a *agent) applyPauses(ctx context.Context) error {
	pauses, err := a.ledger.Pauses(ctx, time.Now())
	if err != nil {
		return err
	}
	for _, s := range a.parts.senders() {
		for _, p := range pauses {
			if p.Account == s.Account || p.Account == "*" {
				s.Gate.Pause(p.Until)
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

func (a *agent) release(ctx context.Context, bench string) (string, error) {
	var folders []string
	for _, f := range a.parts.config().HotFolders() {
		if f.Bench == bench {
			folders = append(folders, f.Path)
		}
	}
	if len(folders) == 0 {
		return "", fmt.Errorf("there is no bench %q", bench)
	}
	if _, err := outbound.Release(ctx, a.ledger, bench, folders); err != nil {
		return "", err
	}
	return "bench " + bench + " is released: its files go now", nil
}
