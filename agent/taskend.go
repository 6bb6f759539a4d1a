package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

// closeTask writes off what has not come back of a task, or the named pictures
// of it. What comes all the same is taken as ever.
func (a *agent) closeTask(ctx context.Context, c ledger.Control) (string, error) {
	t, pictures, err := a.taskAndPictures(ctx, c)
	switch {
	case err != nil:
		return "", err
	case len(names(c)) > 0:
		return a.closePictures(c, t, pictures)
	case !t.State.Open():
		return "", fmt.Errorf("%s is %s already", taskName(t), t.State)
	}
	d := ledger.Decision{TaskSteps: []ledger.TaskStep{{Task: t, Event: ledger.TaskEvent{What: ledger.WrittenOff, At: time.Now(), Reason: "a person wrote off what was missing"}}}}
	for _, p := range pictures {
		if !p.Settled() {
			d.Steps = append(d.Steps, ending(p, ledger.WrittenOff, writtenOff)...)
		}
	}
	return a.decide(c, taskName(t)+" is closed: nothing more is expected of it", d)
}

const writtenOff = "a person wrote it off"

func (a *agent) closePictures(c ledger.Control, t ledger.Task, pictures []ledger.Picture) (string, error) {
	picked, err := pick(pictures, names(c))
	if err != nil {
		return "", err
	}
	var d ledger.Decision
	var problems []string
	for _, p := range picked {
		if p.Settled() || p.State == ledger.Importing {
			problems = append(problems, fmt.Sprintf("%s is %s already", shown(p.Out.Name), p.State))
		}
		d.Steps = append(d.Steps, ending(p, ledger.WrittenOff, writtenOff)...)
	}
	if len(problems) > 0 {
		return "", errors.New(listed(problems))
	}
	return a.decide(c, fmt.Sprintf("%s of %s written off", count(len(picked), "picture"), taskName(t)), d)
}

// ending is what ends the waiting for a picture: nothing of it is sent any more,
// and what waits for a person does so no longer.
func ending(p ledger.Picture, what ledger.What, reason string) (steps []ledger.Step) {
	now := time.Now()
	if p.HasIn && waits(p.In) {
		steps = append(steps, ledger.Step{Job: p.In, Event: ledger.Event{What: ledger.WrittenOff, At: now, Reason: reason}})
	}
	if !p.Out.Closed && p.State != ledger.Importing {
		steps = append(steps, ledger.Step{Job: p.Out, Event: ledger.Event{What: what, At: now, Reason: reason}})
	}
	return steps
}

// cancelTask takes back what can be taken back of a task: what was not sent, and
// what the vendor still gives back. Each picture is written down as it goes, so
// that a second try goes on where the first one ended. What the vendor works on
// is awaited as before: it will be paid.
func (a *agent) cancelTask(ctx context.Context, c ledger.Control) (string, error) {
	t, pictures, err := a.taskAndPictures(ctx, c)
	if err != nil {
		return "", err
	}
	if !t.State.Open() {
		return a.cancelled(ctx, c, t, nil)
	}
	if t.State == ledger.Collecting && (t.Closes.IsZero() || t.Closes.After(time.Now())) {
		if t, err = a.ledger.RecordTask(t, ledger.TaskEvent{What: ledger.Full, At: time.Now(), Reason: "a person cancels it"}); err != nil {
			return "", err
		}
	}
	_, connector, err := a.account(t.Account)
	if err != nil {
		return "", err
	}
	var left []string
	for _, p := range pictures {
		if p.Settled() {
			continue
		}
		why, err := a.cancelPicture(ctx, connector, t.Account, p)
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		if err != nil {
			return "", err
		}
		if why != "" {
			left = append(left, shown(p.Out.Name)+" "+why)
		}
	}
	return a.cancelled(ctx, c, t, left)
}

// cancelPicture takes one picture back, or says why it cannot be.
func (a *agent) cancelPicture(ctx context.Context, connector connectors.Connector, account string, p ledger.Picture) (why string, err error) {
	const reason = "a person cancelled the task"
	out := p.Out
	switch {
	case p.State == ledger.Importing:
		return "is just being imported", nil
	case p.State == ledger.ReadyToImport:
		return "is retouched, and ready to import", nil
	case p.HasIn: // given up, or held here: nobody works on it
	case out.State == ledger.Parked && unsure(out):
		return "may be there or not: look at the vendor's", nil
	case out.State == ledger.Moving || out.State == ledger.Publishing || out.State == ledger.Queued && out.Published:
		return "is just being sent; cancel once more in a minute", nil
	case out.State == ledger.Sent || out.State == ledger.Done:
		if connector.Withdraw == nil {
			return "is with the vendor, and " + account + " takes nothing back", nil
		}
		if err := connector.Withdraw(ctx, out.Receipt); errors.Is(err, connectors.ErrRejected) {
			return "cannot be taken back: " + err.Error(), nil
		} else if err != nil {
			return "could not be taken back now: " + err.Error(), nil
		}
	}
	err = a.ledger.Decide(time.Now(), ledger.Decision{Steps: ending(p, ledger.CalledOff, reason)})
	return "", err
}

// cancelled says what came of it, from how the pictures stand now.
func (a *agent) cancelled(ctx context.Context, c ledger.Control, t ledger.Task, left []string) (string, error) {
	now, pictures, err := a.taskAndPictures(ctx, c)
	if err != nil {
		return "", err
	}
	off, imported := 0, 0
	for _, p := range pictures {
		switch p.State {
		case ledger.PictureClosed:
			off++
		case ledger.PictureImported:
			imported++
		}
	}
	if len(pictures) == 0 && now.State.Open() {
		_, err := a.ledger.RecordTask(now, ledger.TaskEvent{What: ledger.CalledOff, At: time.Now(), Reason: "a person cancelled it"})
		return taskName(t) + " is cancelled; there was nothing in it", err
	}
	if len(left) == 0 && (off == 0 || now.State == ledger.Closed) {
		return "", fmt.Errorf("%s is %s already", taskName(t), now.State)
	}
	text := fmt.Sprintf("%s: %s called off", taskName(t), count(off, "picture"))
	if imported > 0 {
		text += fmt.Sprintf(", %d imported before", imported)
	}
	if len(left) == 0 {
		return text + "; nothing more is expected of it", nil
	}
	text += fmt.Sprintf("; %d cannot be, and %s awaited: %s", len(left), isOrAre(len(left)), listed(left))
	if off == 0 {
		return "", errors.New(text)
	}
	return strings.TrimSuffix(text, ".") + ". To wait for these no more: studio-agent task close " + shortID(t.ID), nil
}
