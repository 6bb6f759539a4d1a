package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

// rejectPicture sends a retouch back to the vendor, with what a person says is
// wrong.
func (a *agent) rejectPicture(ctx context.Context, c ledger.Control) (string, error) {
	t, pictures, err := a.taskAndPictures(ctx, c)
	if err != nil {
		return "", err
	}
	picked, err := pick(pictures, []string{c.Args["name"]})
	if err != nil {
		return "", err
	}
	p, name := picked[0], shown(picked[0].Out.Name)
	part, connector, err := a.account(t.Account)
	if err != nil {
		return "", err
	}
	if connector.Reject == nil {
		return "", fmt.Errorf("account %s cannot take a retouch back: order it again with `studio-agent task reorder %s %s`", t.Account, shortID(t.ID), name)
	}
	refusal := connectors.Refusal{Photo: p.Out.Receipt, Retouch: p.In.Source.ID, Comment: strings.TrimSpace(c.Args["comment"]), Markup: strings.TrimSpace(c.Args["markup"])}
	if err := refusable(p, refusal); err != nil {
		return "", err
	}
	if err := a.sendBack(ctx, t.Account, connector, refusal); err != nil {
		return "", fmt.Errorf("%s was not sent back: %w", name, err)
	}
	step := ledger.Step{Job: p.In, Event: ledger.Event{What: ledger.SentBack, At: time.Now(), Reason: "sent back to " + t.Account + ": " + refusal.Comment}}
	answer, err := a.decide(c, fmt.Sprintf("%s is sent back to %s: %s", name, t.Account, refusal.Comment), ledger.Decision{Steps: []ledger.Step{step}})
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

// refusable says why a picture cannot be sent back.
func refusable(p ledger.Picture, r connectors.Refusal) error {
	name := shown(p.Out.Name)
	switch {
	case r.Comment == "":
		return errors.New("say what is wrong, for the retoucher: --comment TEXT")
	case r.Markup != "" && !isHTTPS(r.Markup):
		return fmt.Errorf("%q is no https address of a marked picture", r.Markup)
	case p.State == ledger.Importing:
		return fmt.Errorf("%s is just being imported; try again in a moment", name)
	case !p.HasIn:
		return fmt.Errorf("nothing has come back for %s that could be sent back: it is %s", name, p.State)
	case p.In.State == ledger.GivenUp:
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
