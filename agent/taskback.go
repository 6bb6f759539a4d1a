package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

// cameBack is the ID of what has come back for a picture of a task, which a person
// names as pick says. What is sent back is named so when a person asks for it: the
// vendor may have made another version when the agent gets to it.
func cameBack(ctx context.Context, l *ledger.Ledger, task, name string) (retouch string, err error) {
	t, err := findTask(ctx, l, task)
	if err == nil {
		err = notOurs(t)
	}
	if err != nil {
		return "", err
	}
	pictures, err := l.Pictures(ctx, t.ID, time.Now())
	if err != nil {
		return "", err
	}
	picked, err := pick(pictures, []string{name})
	if err != nil {
		return "", err
	}
	if p := picked[0]; !p.HasIn {
		return "", fmt.Errorf("nothing has come back for %s that could be sent back: it is %s", shown(p.Out.Name), p.State)
	}
	return picked[0].In.ID, nil
}

// rejectPicture sends a retouch back to the vendor, with what a person says is
// wrong.
func (a *agent) rejectPicture(ctx context.Context, c ledger.Control) (string, error) {
	t, pictures, err := a.taskAndPictures(ctx, c)
	if err != nil {
		return "", err
	}
	out, in, err := a.exchanged(ctx, t, c.Args["retouch"])
	if err != nil {
		return "", err
	}
	name := shown(out.Name)
	part, connector, err := a.account(t.Account)
	if err != nil {
		return "", err
	}
	if connector.Reject == nil {
		return "", fmt.Errorf("account %s cannot take a retouch back: order it again with `studio-agent task reorder %s %s`", t.Account, shortID(t.ID), name)
	}
	refusal := connectors.Refusal{Photo: out.Receipt, Retouch: in.Source.ID, Comment: strings.TrimSpace(c.Args["comment"]), Markup: strings.TrimSpace(c.Args["markup"])}
	if err := complete(refusal); err != nil {
		return "", err
	}
	asked, err := a.ledger.Memory(t.Account).Recall(sendingBack(refusal))
	if err == nil && asked == "" { // otherwise the vendor may have heard it, and says so
		err = refusable(pictures, out, in)
	}
	if err != nil {
		return "", err
	}
	if err := a.sendBack(ctx, t.Account, connector, refusal); err != nil {
		return "", fmt.Errorf("%s was not sent back: %w", name, err)
	}
	var d ledger.Decision
	sentBack := ledger.Event{What: ledger.SentBack, At: time.Now(), Reason: "sent back to " + t.Account + ": " + refusal.Comment}
	if _, over := in.After(sentBack); over == nil { // the next version has not taken its place
		d.Steps = []ledger.Step{{Job: in, Event: sentBack}}
	}
	answer, err := a.decide(c, fmt.Sprintf("%s is sent back to %s: %s", name, t.Account, refusal.Comment), d)
	if err != nil {
		return "", err
	}
	if err := a.ledger.Memory(t.Account).Keep(sendingBack(refusal), ""); err != nil {
		a.log.Debug("A note in the ledger could not be removed", "name", name, "error", err)
	}
	if part.collector != nil {
		part.collector.Wake()
	}
	return answer, nil
}

// exchanged returns the retouch with that ID and the photo of the task that it
// answers.
func (a *agent) exchanged(ctx context.Context, t ledger.Task, retouch string) (out, in ledger.Job, err error) {
	if retouch == "" { // of a page that has shown it no more
		return out, in, errors.New("there is nothing now that could be sent back: look at what is there")
	}
	in, known, err := a.ledger.Job(ctx, retouch)
	if err == nil && known {
		out, known, err = a.ledger.Job(ctx, in.Answers)
	}
	if err == nil && (!known || out.Batch != t.ID) {
		err = fmt.Errorf("nothing with the ID %q has come back for task %s", retouch, shortID(t.ID))
	}
	return out, in, err
}

// complete says what a refusal lacks.
func complete(r connectors.Refusal) error {
	switch {
	case r.Comment == "":
		return errors.New("say what is wrong, for the retoucher: --comment TEXT")
	case r.Markup != "" && !isHTTPS(r.Markup):
		return fmt.Errorf("%q is no https address of a marked picture", r.Markup)
	}
	return nil
}

// refusable says why a retouch cannot be sent back.
func refusable(pictures []ledger.Picture, out, in ledger.Job) error {
	i := slices.IndexFunc(pictures, func(p ledger.Picture) bool { return p.HasIn && p.In.ID == in.ID })
	name := shown(out.Name)
	switch {
	case in.Closed:
		return fmt.Errorf("this version of %s was sent back or put aside before", name)
	case i < 0:
		return fmt.Errorf("another version of %s has come back since, or it was ordered again: look at what is there now", name)
	case pictures[i].State == ledger.Importing:
		return fmt.Errorf("%s is just being imported; try again in a moment", name)
	case in.State == ledger.GivenUp:
		return fmt.Errorf("the vendor gave %s up: order it again with `task reorder`", name)
	}
	return nil
}

func isHTTPS(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Scheme == "https" && u.Host != ""
}

// sendBackTries are made while nobody knows whether the vendor has heard it, half
// a second apart at first and twice as long each time.
const sendBackTries = 5

// sendBack asks the vendor. That it does is written down first: if then the answer
// is lost, or the agent is killed, the vendor refuses the second try, and that
// says that the first one was heard.
func (a *agent) sendBack(ctx context.Context, account string, connector connectors.Connector, r connectors.Refusal) error {
	notes, key := a.ledger.Memory(account), sendingBack(r)
	note, err := notes.Recall(key)
	if err != nil {
		return err
	}
	if err := notes.Keep(key, "asked"); err != nil {
		return err
	}
	perhaps := note != "" // an earlier try may have been heard
	for try := 1; ; try++ {
		err := connector.Reject(ctx, r)
		refused := errors.Is(err, connectors.ErrRejected)
		unheard := refused || errors.Is(err, connectors.ErrDenied) || errors.As(err, new(*connectors.ThrottledError))
		switch {
		case err == nil || refused && perhaps:
			return nil
		case ctx.Err() != nil:
			return ctx.Err() // the next start finds out
		case unheard && !perhaps:
			return errors.Join(err, notes.Keep(key, ""))
		case unheard || try == sendBackTries:
			return fmt.Errorf("%w; nobody knows whether %s has heard it: look there, or ask again later", err, account)
		}
		perhaps = true
		select {
		case <-ctx.Done():
		case <-time.After(time.Second / 4 << try):
		}
	}
}

// sendingBack is under what it is kept that a retouch is being sent back.
func sendingBack(r connectors.Refusal) string { return "studio-agent sends back " + r.Retouch }
