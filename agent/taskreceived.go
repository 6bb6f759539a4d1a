package main

import (
	"context"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/studio-agent/studio-agent/agent/overview"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

// A received is a task that a remote has handed out, with all that belongs to it.
type received struct {
	ledger.Task
	inputs    []ledger.Job
	delivered []ledger.Picture // or on their way
	held      []ledger.Job     // outputs in its folder that may not go as they are
}

func readReceived(ctx context.Context, l *ledger.Ledger, t ledger.Task, now time.Time) (r received, err error) {
	r.Task = t
	if r.inputs, err = l.Inputs(ctx, t.ID); err != nil {
		return r, err
	}
	if r.delivered, err = l.Pictures(ctx, t.ID, now); err != nil || !t.State.Open() {
		return r, err
	}
	r.Missing = slices.DeleteFunc(slices.Clone(t.Missing), func(name string) bool { // it may have come since the last look
		return slices.ContainsFunc(r.delivered, func(p ledger.Picture) bool {
			return p.State == ledger.Delivered && path.Base(p.Out.Receipt.Name) == name
		})
	})
	parked, err := l.Parked(ctx, 1000)
	for _, j := range parked {
		here := j.Flow == ledger.Out && j.Account == t.Account && slices.ContainsFunc(r.inputs, func(in ledger.Job) bool { return path.Dir(in.Name) == path.Dir(j.Name) })
		known := slices.ContainsFunc(r.delivered, func(p ledger.Picture) bool { return p.Out.ID == j.ID })
		if here && !known {
			r.held = append(r.held, j)
		}
	}
	return r, err
}

// here is how many of the inputs have landed.
func (r received) here() (n int) {
	for _, in := range r.inputs {
		if in.State == ledger.Landed || in.State == ledger.Done {
			n++
		}
	}
	return n
}

// sent is how many outputs the remote has.
func (r received) sent() (n int) {
	for _, p := range r.delivered {
		if p.State == ledger.Delivered {
			n++
		}
	}
	return n
}

// word is what people call its state.
func (r received) word() string {
	switch r.State {
	case ledger.Collecting:
		if len(r.Missing) == 0 && r.sent() > 0 && r.Reason == "" {
			return "being submitted"
		}
		return "at the bench"
	case ledger.Committing:
		return "being submitted"
	case ledger.AtVendor:
		return "submitted"
	case ledger.Closed:
		return strings.TrimPrefix(r.Reason, "it was ") // sent back; or submitted, and not from here
	}
	return string(r.State)
}

func (r received) sign(now time.Time) string {
	switch {
	case overview.TaskHeld(now, r.Task) || overview.TaskLate(now, r.Task) > 0 || len(r.held) > 0:
		return signNeeds
	case r.State == ledger.AtVendor || r.State == ledger.TaskDone:
		return signFine
	case r.State.Open():
		return signWorking
	}
	return signWaiting
}

// head is the task in one line, and below it what is there and what is not.
func (r received) head(now time.Time) string {
	line := fmt.Sprintf("%s %s  %s (%s ← %s), %s, round %d, since %s", r.sign(now), shortID(r.ID), shown(r.Title), orNoBench(r.Bench), r.Account, r.word(), r.Round, clock(now, r.Created))
	if late := overview.TaskLate(now, r.Task); late > 0 {
		line += ", " + rough(late) + " late"
	} else if !r.Deadline.IsZero() && r.State.Open() {
		line += ", due " + clock(now, r.Deadline)
	}
	if r.Reason != "" && r.State != ledger.Closed {
		line += ": " + r.Reason
	}
	if overview.TaskHeld(now, r.Task) {
		line += ". Put it right, then: studio-agent task send " + shortID(r.ID)
	}
	return line + "\n  " + r.counts()
}

func orNoBench(bench string) string {
	if bench == "" {
		return "no bench takes it: see jobs"
	}
	return bench
}

// counts say what is there in one line.
func (r received) counts() string {
	text := fmt.Sprintf("%d of %s here; %s delivered", r.here(), count(len(r.inputs), "file"), count(r.sent(), "output"))
	if len(r.held) > 0 {
		text += fmt.Sprintf(", %d held", len(r.held))
	}
	if r.State == ledger.Collecting && len(r.Missing) > 0 {
		text += ", missing " + someOf(r.Missing)
	}
	if r.Status != "" && r.State == ledger.Collecting {
		text += fmt.Sprintf("; %s calls it %q", r.Account, r.Status)
	}
	return text
}

// someOf are the first of many names.
func someOf(names []string) string {
	const most = 5
	var all []string
	for _, name := range names[:min(most, len(names))] {
		all = append(all, shown(name))
	}
	if more := len(names) - most; more > 0 {
		all = append(all, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(all, ", ")
}

func listReceived(ctx context.Context, out io.Writer, l *ledger.Ledger, t ledger.Task, now time.Time) error {
	r, err := readReceived(ctx, l, t, now)
	if err == nil {
		fmt.Fprintln(out, r.head(now))
	}
	return err
}

func showReceived(ctx context.Context, out io.Writer, l *ledger.Ledger, t ledger.Task, now time.Time) error {
	r, err := readReceived(ctx, l, t, now)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, r.head(now))
	if r.Link != "" {
		fmt.Fprintf(out, "  see it at %s\n", shown(r.Link))
	}
	for _, in := range r.inputs {
		fmt.Fprintf(out, "  in   %s\n", line(overview.ComingBack(now, in)))
	}
	for _, p := range r.delivered {
		fmt.Fprintf(out, "  out  %s\n", outputLine(p, now))
	}
	for _, j := range r.held {
		fmt.Fprintf(out, "  out  %s %s: held: %s\n", signNeeds, shown(j.Name), j.Reason)
	}
	if r.State == ledger.Collecting {
		for _, name := range r.Missing {
			fmt.Fprintf(out, "  out  %s %s: missing\n", signWaiting, shown(name))
		}
	}
	return nil
}

// outputLine says where one output is.
func outputLine(p ledger.Picture, now time.Time) string {
	if p.State == ledger.Delivered {
		return fmt.Sprintf("%s %s: delivered %s", signFine, shown(p.Out.Name), clock(now, p.Out.SentAt))
	}
	return pictureLine(p, now)
}

// notOurs says why nothing but `task send` can be done here with a task.
func notOurs(t ledger.Task) error {
	switch t.Kind {
	case ledger.ReceivedTask:
		return fmt.Errorf("%s is %s's task: to have it changed, rejected or called off, ask there", taskName(t), t.Account)
	case ledger.ProjectTask:
		return fmt.Errorf("%s is an edit project: see `studio-agent project list`", taskName(t))
	}
	return nil
}

// sendReceived tries to submit a task once more.
func (a *agent) sendReceived(c ledger.Control, t ledger.Task) (string, error) {
	held := overview.TaskHeld(time.Now(), t)
	switch {
	case t.State == ledger.Committing:
		return "", fmt.Errorf("%s is just being submitted", taskName(t))
	case !t.State.Open() || t.State == ledger.AtVendor:
		return "", fmt.Errorf("%s is %s already", taskName(t), received{Task: t}.word())
	case !held && len(t.Missing) > 0:
		return "", fmt.Errorf("%s is submitted by itself once nothing is missing any more: %s", taskName(t), someOf(t.Missing))
	}
	full := ledger.TaskStep{Task: t, Event: ledger.TaskEvent{What: ledger.Full, At: time.Now(), Reason: "a person said: submit it again"}}
	answer, err := a.decide(c, taskName(t)+" is submitted again, if all of it is there", ledger.Decision{TaskSteps: []ledger.TaskStep{full}})
	a.wakeSender(t.Account)
	return answer, err
}
