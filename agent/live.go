package main

import (
	"bytes"
	"context"
	"encoding/json"
	"time"

	"github.com/studio-agent/studio-agent/agent/overview"
	"github.com/studio-agent/studio-agent/connectors"
)

const (
	liveEvery = 500 * time.Millisecond // at most, while something moves
	liveFiles = 200                    // waiting files told of, per folder
)

// beat writes the agent's sign of life, at once when something changes.
func (a *agent) beat(ctx context.Context) error {
	tick := time.NewTicker(liveEvery)
	defer tick.Stop()
	var last []byte
	var written time.Time
	before := time.Now()
	for {
		now := time.Now()
		if wentBack(now.Round(0).Sub(before.Round(0)), now.Sub(before)) {
			a.clockSetBack(now)
		}
		before = now
		text, err := json.Marshal(a.live())
		if err != nil {
			return err
		}
		if !bytes.Equal(text, last) || now.Sub(written) >= overview.BeatEvery {
			if err := a.ledger.Beat(now, text); err != nil {
				a.log.Warn("The agent's sign of life could not be written", "error", err)
			}
			last, written = text, now
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

func (a *agent) live() overview.Live {
	l := overview.Live{Problem: a.parts.problem()}
	if trouble := a.pageTrouble.Load(); l.Problem == "" && trouble != nil {
		l.Problem = *trouble
	}
	for _, h := range a.parts.folders() {
		st := h.status(time.Now())
		st.Waiting = st.Waiting[:min(len(st.Waiting), liveFiles)]
		l.Folders = append(l.Folders, overview.Folder{Bench: h.Title(), Path: h.Path, Role: connectors.Role(h.Role), To: h.To, Status: st})
	}
	for _, p := range a.parts.accounts() {
		if p.sender != nil {
			l.Accounts = append(l.Accounts, p.sender.Status())
		}
		if p.collector != nil {
			l.Sources = append(l.Sources, p.collector.Status())
		}
		l.Folders = append(l.Folders, chosenAt(p)...)
	}
	return l
}

// wentBack reports whether the wall clock was set back by more than a minute:
// it says that so much time passed, while so much really did.
func wentBack(said, passed time.Duration) bool { return said < passed-time.Minute }

func (a *agent) clockSetBack(now time.Time) {
	n, err := a.ledger.ClockSetBack(now)
	a.log.Warn("The clock was set back; what waited for a later time goes on at once", "jobs", n, "error", err)
}
