package main

import (
	"context"
	"time"

	"github.com/studio-agent/studio-agent/agent/overview"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

// receivedJSON is what scripts get to know of a task that was handed out, besides.
type receivedJSON struct {
	Word     string      `json:"word"`   // its state as people say it
	Status   string      `json:"status"` // as the remote says it
	Link     string      `json:"link,omitempty"`
	Held     bool        `json:"held"` // it waits for task send
	Missing  []string    `json:"missing"`
	Inputs   []inputJSON `json:"inputs,omitempty"`
	Here     int         `json:"inputs_here"`
	Outputs  int         `json:"outputs_delivered"`
	HeldFile []inputJSON `json:"held_outputs,omitempty"`
}

type inputJSON struct {
	Name   string `json:"name"`
	Path   string `json:"path"`
	State  string `json:"state"`
	Reason string `json:"reason,omitempty"`
}

func (j *taskJSON) addReceived(ctx context.Context, l *ledger.Ledger, t ledger.Task) error {
	now := time.Now()
	r, err := readReceived(ctx, l, t, now)
	if err != nil {
		return err
	}
	j.Received = true
	j.receivedJSON = &receivedJSON{
		Word: r.word(), Status: t.Status, Link: t.Link, Held: overview.TaskHeld(now, t), Missing: append([]string{}, r.Missing...),
		Here: r.here(), Outputs: r.sent(), Inputs: filesAsJSON(r.inputs), HeldFile: filesAsJSON(r.held),
	}
	return nil
}

func filesAsJSON(jobs []ledger.Job) (all []inputJSON) {
	for _, j := range jobs {
		all = append(all, inputJSON{j.Name, j.Path(), string(j.State), j.Reason})
	}
	return all
}
