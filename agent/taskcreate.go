package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/studio-agent/studio-agent/agent/config"
	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/sync/ledger"
	"github.com/studio-agent/studio-agent/sync/outbound"
)

// templatesWithin is how long a vendor may take to list its templates; one that
// does not answer takes or refuses each picture itself.
const templatesWithin = 5 * time.Second

// createTask sends the pictures that a person chose to a retoucher as one task:
// all of them, or none and every reason why. Its ID follows from the request.
func (a *agent) createTask(ctx context.Context, c ledger.Control) (string, error) {
	account, files := c.Args["account"], names(c)
	if len(files) == 0 {
		return "", errors.New("no picture is named")
	}
	bench, err := benchOf(a.parts.config(), c.Args["bench"], files)
	if err != nil {
		return "", err
	}
	connector, err := a.retoucher(account, bench)
	if err != nil {
		return "", err
	}
	t, err := newTask(c, bench, time.Now())
	if err != nil {
		return "", err
	}
	if t.Template, err = template(ctx, connector, account, t.Template); err != nil {
		return "", err
	}
	jobs, err := a.deliveries(ctx, bench, files, outbound.Order{Account: account, SHA1: connector.SHA1, Task: t.ID, Round: 1})
	if err != nil {
		return "", err
	}
	if c.Args["again"] == "" {
		awaited, err := a.awaited(ctx, account, bench)
		if err == nil {
			err = twice(jobs, awaited)
		}
		if err != nil {
			return "", err
		}
	}
	answer := fmt.Sprintf("%s: %s of bench %s to %s", shortID(t.ID), count(len(jobs), "picture"), bench, account)
	if t.Template != "" {
		answer += ", " + t.Template
	}
	answer, err = a.decide(c, answer, ledger.Decision{Acceptance: ledger.Acceptance{Jobs: jobs, Tasks: []ledger.Task{t}}})
	a.wakeSender(account)
	return answer, err
}

// benchOf is the one bench that all files lie at.
func benchOf(cfg *config.Config, bench string, files []string) (string, error) {
	var problems []string
	for _, name := range files {
		f, _, err := locate(cfg, bench, name)
		switch {
		case err != nil:
			problems = append(problems, err.Error())
		case bench == "":
			bench = f.Bench
		}
	}
	if len(problems) > 0 {
		return "", errors.New(listed(problems))
	}
	return bench, nil
}

// retoucher is an account that takes pictures of a bench one by one and gives
// retouches of them back.
func (a *agent) retoucher(account, bench string) (connectors.Connector, error) {
	p, connector, err := a.account(account)
	if err != nil {
		return connector, err
	}
	switch {
	case p.sender == nil:
		return connector, fmt.Errorf("account %s takes no pictures", account)
	case connector.Mark != nil:
		return connector, fmt.Errorf("at %s pictures are ordered by selecting them: rate or label them, or put them into the bench's selects folder", account)
	}
	for _, b := range a.parts.config().Benches {
		if b.Name == bench && importsFrom(b, account) {
			return connector, nil
		}
	}
	return connector, fmt.Errorf("bench %s imports nothing from %s: retouches would have nowhere to land; add %s to `from:` of its `imports:`", bench, account, account)
}

// newTask is the task that a person asks for, complete from the beginning.
func newTask(c ledger.Control, bench string, now time.Time) (ledger.Task, error) {
	t := ledger.Task{
		ID:      ledger.NewID(c.Args["account"], "task", bench, fmt.Sprint("request ", c.Seq), c.At.UTC().Format(time.RFC3339Nano), 1),
		Account: c.Args["account"], Bench: bench, Title: cmp.Or(strings.TrimSpace(c.Args["title"]), bench+", "+c.At.Local().Format("2 Jan 15:04")),
		Round: 1, State: ledger.Collecting, ByHand: true, Template: strings.TrimSpace(c.Args["template"]), Comment: strings.TrimSpace(c.Args["comment"]),
		Created: now, Closes: now,
	}
	if text := c.Args["deadline"]; text != "" {
		var err error
		if t.Deadline, err = time.Parse(time.RFC3339, text); err != nil {
			return t, fmt.Errorf("the deadline %q is no moment; write it like %s", text, now.Format(time.RFC3339))
		}
		if !t.Deadline.After(now) {
			return t, fmt.Errorf("the deadline, %s, has passed", clock(now, t.Deadline))
		}
	}
	return t, nil
}

// template is the vendor's spelling of a template's name or ID; as it is given if
// the vendor lists none, or does not answer now.
func template(ctx context.Context, connector connectors.Connector, account, given string) (string, error) {
	if given == "" || connector.Templates == nil {
		return given, nil
	}
	ctx, cancel := context.WithTimeout(ctx, templatesWithin)
	defer cancel()
	all, err := connector.Templates(ctx)
	if err != nil {
		return given, nil
	}
	var known []string
	for _, t := range all {
		if strings.EqualFold(t.Name, given) {
			return t.Name, nil
		}
		known = append(known, cmp.Or(t.Name, t.ID))
	}
	for i, t := range all {
		if t.ID == given && t.Name != "" && !slices.Contains(known[:i], t.Name) {
			return t.Name, nil // people read names
		}
		if t.ID == given {
			return given, nil
		}
	}
	return "", fmt.Errorf("%s has no template %q; there are %s", account, given, strings.Join(known, ", "))
}
