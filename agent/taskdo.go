package main

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

// mostTries bounds how often something is begun anew because a picture got on
// meanwhile.
const mostTries = 3

// obeyTask does what is asked of tasks. What is written is written together with
// its answer, so that an agent that is killed does nothing twice.
func (a *agent) obeyTask(ctx context.Context, c ledger.Control) (string, error) {
	do := taskVerbs[c.Verb]
	if do == nil {
		return "", fmt.Errorf("this version does not know %q", c.Verb)
	}
	for try := 1; ; try++ {
		was, err := a.ledger.Control(ctx, c.Seq)
		if err != nil || !was.Taken.IsZero() {
			return was.Answer, err
		}
		answer, err := do(a, ctx, c)
		again := errors.Is(err, ledger.ErrLost) || errors.Is(err, ledger.ErrAnswered)
		if !again || try == mostTries {
			return answer, err
		}
	}
}

// decide writes what follows from c.
func (a *agent) decide(c ledger.Control, answer string, d ledger.Decision) (string, error) {
	d.Control, d.Answer = c.Seq, answer
	return answer, a.ledger.Decide(time.Now(), d)
}

// names are the file names that c speaks of.
func names(c ledger.Control) []string {
	if c.Args["names"] == "" {
		return nil
	}
	return strings.Split(c.Args["names"], "\n")
}

// taskAndPictures are those that c names. Only a task of ours can be changed here.
func (a *agent) taskAndPictures(ctx context.Context, c ledger.Control) (ledger.Task, []ledger.Picture, error) {
	t, err := findTask(ctx, a.ledger, c.Args["task"])
	if err == nil {
		err = notOurs(t)
	}
	if err != nil {
		return t, nil, err
	}
	pictures, err := a.ledger.Pictures(ctx, t.ID, time.Now())
	return t, pictures, err
}

// pick returns the pictures that a person means, each by its name with or
// without folders, its path, or the name of what came back.
func pick(pictures []ledger.Picture, names []string) ([]ledger.Picture, error) {
	var picked []ledger.Picture
	for _, name := range names {
		var exact, loose []ledger.Picture
		for _, p := range pictures {
			switch {
			case name == p.Out.Name || name == p.Out.Path() || p.HasIn && name == p.In.Name:
				exact = append(exact, p)
			case name == path.Base(p.Out.Name) || p.HasIn && name == path.Base(p.In.Name):
				loose = append(loose, p)
			}
		}
		found := exact
		if len(exact) == 0 {
			found = loose
		}
		switch len(found) {
		case 0:
			return nil, fmt.Errorf("the task has no picture named %s", shown(name))
		case 1:
			if !slices.ContainsFunc(picked, func(p ledger.Picture) bool { return p.Out.ID == found[0].Out.ID }) {
				picked = append(picked, found[0])
			}
		default:
			return nil, fmt.Errorf("%d pictures of the task are named %s; say which: %s or %s", len(found), shown(name), shown(found[0].Out.Path()), shown(found[1].Out.Path()))
		}
	}
	return picked, nil
}

// account is a running account, both ends.
func (a *agent) account(name string) (p part, c connectors.Connector, err error) {
	for _, p := range a.parts.accounts() {
		if p.account != name {
			continue
		}
		if p.sender != nil {
			return p, p.sender.Connector, nil
		}
		if p.collector != nil {
			return p, p.collector.Connector, nil
		}
		return p, c, nil
	}
	return p, c, fmt.Errorf("there is no account %q; there are %s", name, strings.Join(sortedKeys(a.parts.config().Accounts), ", "))
}

// wakeSender has an account look now whether a task of it is complete.
func (a *agent) wakeSender(account string) {
	if p, _, err := a.account(account); err == nil && p.sender != nil {
		p.sender.Wake()
	}
}

// listed writes some of the problems of many pictures in one text.
func listed(problems []string) string {
	const most = 5
	if more := len(problems) - most; more > 0 {
		problems = append(slices.Clone(problems[:most]), fmt.Sprintf("and %d more", more))
	}
	return strings.Join(problems, "; ")
}

func taskName(t ledger.Task) string { return "task " + shortID(t.ID) }
