package creativeforce

import (
	"context"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
)

// assignments are the tasks on the desk, each in its present round.
func (a *account) assignments(ctx context.Context) ([]connectors.Assignment, error) {
	var all []connectors.Assignment
	for _, t := range a.desk.tasks() {
		have, err := a.received(t)
		if err != nil {
			return nil, err
		}
		as := connectors.Assignment{
			Batch: t.batch(), Title: t.title(), Bench: a.benchOf(t.job), Round: t.round, Progress: t.progress(),
			Status: t.word, Link: a.linkOf(t.key), Deadline: moment(t.deadline),
		}
		if t.round > 1 {
			as.Earlier = t.key.batch(t.round - 1)
		}
		for _, o := range t.due() {
			if as.Progress == connectors.Assigned && !have[o.id] {
				as.Missing = append(as.Missing, o.disk)
			}
		}
		all = append(all, as)
	}
	return all, ctx.Err()
}

// progress says what a task's status means to those who work on it. One whose word
// is not known is taken for one to be worked on: nothing of it is sent, and the
// reason is told.
func (t *task) progress() connectors.Progress {
	switch t.status {
	case review:
		return connectors.Submitted
	case done:
		return connectors.Finished
	case cancelled:
		return connectors.Recalled
	}
	return connectors.Assigned
}

// moment reads a deadline; its form is unverified. What cannot be read is none, and
// a day is meant up to its end.
func moment(text string) time.Time {
	if day, err := time.Parse(time.DateOnly, text); err == nil {
		return day.Add(24*time.Hour - time.Minute)
	}
	for _, form := range []string{time.RFC3339, "2006-01-02T15:04:05", time.DateTime} {
		if at, err := time.Parse(form, text); err == nil {
			return at
		}
	}
	return time.Time{}
}
