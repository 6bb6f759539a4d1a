package main

import (
	"context"
	"fmt"
	"path"
	"slices"
	"time"

	"github.com/studio-agent/studio-agent/sync/ledger"
)

// importTask lets go what waits for a person: all that is ready of a task or of a
// bench, or the named files of it.
func (a *agent) importTask(ctx context.Context, c ledger.Control) (string, error) {
	what, ready, err := a.ready(ctx, c.Args["task"])
	if err != nil {
		return "", err
	}
	wanted := names(c)
	var d ledger.Decision
	for _, p := range ready {
		if len(wanted) > 0 && !slices.ContainsFunc(wanted, func(name string) bool { return isNamed(name, p) }) {
			continue
		}
		d.Steps = append(d.Steps, ledger.Step{Job: p.In, Event: ledger.Event{What: ledger.Imported, At: time.Now(), Reason: "a person imports it"}})
	}
	switch n := len(d.Steps); {
	case n == 0 && len(wanted) > 0:
		return "", fmt.Errorf("nothing of %s that you named is ready to import", what)
	case n == 0:
		return "", fmt.Errorf("nothing of %s is ready to import", what)
	default:
		return a.decide(c, count(n, "picture")+" of "+what+" imported", d)
	}
}

// ready is what waits for a person: of a task or, whether it belongs to one or
// not, of a bench.
func (a *agent) ready(ctx context.Context, id string) (what string, ready []ledger.Picture, err error) {
	if slices.Contains(benchNames(a.parts.config()), id) {
		offered, err := a.ledger.OfferedTo(ctx, "", id)
		for _, j := range offered {
			ready = append(ready, ledger.Picture{In: j, HasIn: true, State: ledger.ReadyToImport})
		}
		return "bench " + id, ready, err
	}
	t, err := findTask(ctx, a.ledger, id)
	if err == nil {
		err = notOurs(t)
	}
	if err != nil {
		return "", nil, err
	}
	pictures, err := a.ledger.Pictures(ctx, t.ID, time.Now())
	pictures = slices.DeleteFunc(pictures, func(p ledger.Picture) bool { return p.State != ledger.ReadyToImport })
	return taskName(t), pictures, err
}

// isNamed reports whether a person means p by name: its own or that of what came
// back, with or without folders.
func isNamed(name string, p ledger.Picture) bool {
	for _, full := range []string{p.Out.Name, p.In.Name} {
		if name == full || name == path.Base(full) {
			return true
		}
	}
	return false
}

// sendTask says that a task is complete, or that one that was handed out is to be
// submitted again, or a project to be registered.
func (a *agent) sendTask(ctx context.Context, c ledger.Control) (string, error) {
	t, err := findTask(ctx, a.ledger, c.Args["task"])
	switch {
	case err != nil:
		return "", err
	case t.Kind == ledger.ReceivedTask:
		return a.sendReceived(c, t)
	case t.Kind == ledger.ProjectTask:
		return a.sendProject(c, t)
	}
	full := ledger.TaskStep{Task: t, Event: ledger.TaskEvent{What: ledger.Full, At: time.Now(), Reason: "a person said send"}}
	answer, err := a.decide(c, taskName(t)+" takes no more and is sent", ledger.Decision{TaskSteps: []ledger.TaskStep{full}})
	a.wakeSender(t.Account)
	return answer, err
}
