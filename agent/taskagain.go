package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/sync/ledger"
	"github.com/studio-agent/studio-agent/sync/outbound"
)

// reorderPictures orders pictures of a task once more, as they lie in their
// folders now: all that are named, or none and every reason why.
func (a *agent) reorderPictures(ctx context.Context, c ledger.Control) (string, error) {
	t, pictures, err := a.taskAndPictures(ctx, c)
	if err != nil {
		return "", err
	}
	_, connector, err := a.account(t.Account)
	switch {
	case err != nil:
		return "", err
	case connector.Mark != nil:
		return "", fmt.Errorf("at %s pictures are ordered by selecting them; order them again there", t.Account)
	case t.State == ledger.Committing:
		return "", fmt.Errorf("%s is just being submitted; try again in a moment", taskName(t))
	case len(names(c)) == 0:
		return "", errors.New("no picture is named")
	}
	picked, err := pick(pictures, names(c))
	if err != nil {
		return "", err
	}
	r := reorder{agent: a, connector: connector, task: t, number: roundAfter(t, pictures), comment: c.Args["comment"], at: time.Now()}
	var problems []string
	for _, p := range picked {
		if err := r.add(ctx, p); err != nil {
			problems = append(problems, err.Error())
		}
	}
	if len(problems) > 0 {
		return "", errors.New(listed(problems))
	}
	answer, err := a.decide(c, r.answer(), r.decision())
	a.wakeSender(t.Account)
	return answer, err
}

// roundAfter is the number of the next round of a task.
func roundAfter(t ledger.Task, pictures []ledger.Picture) int {
	last := t.Round
	for _, p := range pictures {
		last = max(last, p.Out.Round)
	}
	return last + 1
}

// A reorder is what is ordered once more, in the making.
type reorder struct {
	*agent
	connector connectors.Connector
	task      ledger.Task
	number    int
	comment   string
	at        time.Time

	jobs   []ledger.Job
	steps  []ledger.Step
	unsure int // pictures of which nobody knows whether the last order stands
}

// add orders p, or says why it cannot be: only what the vendor surely does not
// work on is ordered again.
func (r *reorder) add(ctx context.Context, p ledger.Picture) error {
	name, id := shown(p.Out.Name), shortID(r.task.ID)
	switch {
	case p.State == ledger.Importing:
		return fmt.Errorf("%s is just being imported", name)
	case p.State == ledger.Sending && p.Out.Published:
		return fmt.Errorf("the last order of %s broke off: the vendor is asked for it by itself, and gets it if it does not have it", name)
	case p.State == ledger.Sending || p.Out.State == ledger.Queued || p.Out.State == ledger.Moving || p.Out.State == ledger.Publishing:
		return fmt.Errorf("%s is on its way; try again in a moment", name)
	case p.State == ledger.AtRetouch:
		return fmt.Errorf("%s is at retouch; if the vendor has lost it, write it off first: studio-agent task close %s %s", name, id, name)
	case p.Out.State == ledger.Parked && unsure(p.Out):
		r.step(p.Out, ledger.Event{What: ledger.Retried, Reason: "a person ordered it again; the vendor is asked first whether it has it"})
		r.unsure++
		return nil
	}
	o := outbound.Order{Account: r.task.Account, SHA1: r.connector.SHA1, Name: p.Out.Name, Task: r.task.ID, Round: r.number, Comment: r.comment}
	j, err := r.delivery(ctx, p.Out.Folder, o)
	if err != nil {
		return err
	}
	r.jobs = append(r.jobs, j)
	if p.Out.State == ledger.Parked {
		r.step(p.Out, ledger.Event{What: ledger.CalledOff, Reason: "it was ordered again"})
	}
	if p.HasIn && waits(p.In) {
		r.step(p.In, ledger.Event{What: ledger.WrittenOff, Reason: "the picture was ordered again"})
	}
	return nil
}

func (r *reorder) step(j ledger.Job, e ledger.Event) {
	e.At = r.at
	r.steps = append(r.steps, ledger.Step{Job: j, Event: e})
}

// unsure reports whether nobody knows if the vendor has a held photo.
func unsure(j ledger.Job) bool { return j.Published || !j.SentAt.IsZero() }

// waits reports whether a retouch waits for a person.
func waits(j ledger.Job) bool {
	return j.State == ledger.Offered || j.State == ledger.Parked || j.State == ledger.GivenUp
}

func (r *reorder) decision() ledger.Decision {
	d := ledger.Decision{Acceptance: ledger.Acceptance{Jobs: r.jobs}, Steps: r.steps}
	switch {
	case r.task.State == ledger.Collecting && (r.task.Closes.IsZero() || r.task.Closes.After(r.at)): // it collects anyway
	case len(r.jobs) > 0:
		d.TaskSteps = []ledger.TaskStep{{Task: r.task, Event: ledger.TaskEvent{What: ledger.Reordered, At: r.at}}}
	case !r.task.State.Open():
		d.TaskSteps = []ledger.TaskStep{{Task: r.task, Event: ledger.TaskEvent{What: ledger.Reopened, At: r.at}}}
	}
	return d
}

func (r *reorder) answer() string {
	text := ""
	if len(r.jobs) > 0 {
		text = fmt.Sprintf("%s of %s %s ordered again (round %d)", count(len(r.jobs), "picture"), taskName(r.task), isOrAre(len(r.jobs)), r.number)
	}
	if r.unsure > 0 {
		if text != "" {
			text += "; "
		}
		text += fmt.Sprintf("of %s the vendor is asked first whether it has the last order, for nobody is charged twice", count(r.unsure, "picture"))
	}
	return text
}

func isOrAre(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}
