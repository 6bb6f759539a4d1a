package overview

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/studio-agent/studio-agent/sync/ledger"
)

const (
	// farOff is further away than any try by itself.
	farOff = 365 * 24 * time.Hour
	// mostMissing is how many missing files are named in a sentence.
	mostMissing = 3
	// mostOfBench is how many held jobs of a bench are shown at least.
	mostOfBench = 10
)

// A TaskNeed is a task that is not ours and needs a person, with the reason.
type TaskNeed struct {
	ledger.Task
	Held bool   // it goes on once somebody says that it is to be tried again
	Text string // why, in words, without what can be done
}

// TaskHeld reports whether a task that is not ours waits until somebody has put
// right what its Reason says, and has it tried again.
func TaskHeld(now time.Time, t ledger.Task) bool {
	return t.Kind != ledger.OrderedTask && t.State == ledger.Collecting && t.Reason != "" && t.NotBefore.Sub(now) > farOff
}

// TaskLate says for how long something of t has been overdue; 0 if nothing is. Of
// a ReceivedTask nothing is, once it is submitted.
func TaskLate(now time.Time, t ledger.Task) time.Duration {
	if t.Deadline.IsZero() || !t.State.Open() || t.Kind == ledger.ReceivedTask && t.State == ledger.AtVendor {
		return 0
	}
	return max(0, now.Sub(t.Deadline))
}

// taskNeed reports whether t needs a person, and why.
func taskNeed(now time.Time, t ledger.Task) (n TaskNeed, needs bool) {
	late := TaskLate(now, t)
	n = TaskNeed{Task: t, Held: TaskHeld(now, t)}
	switch {
	case t.Kind == ledger.OrderedTask:
		return n, false
	case n.Held && late > 0:
		n.Text = Rough(late) + " late, and held: " + t.Reason
	case n.Held:
		n.Text = "held: " + t.Reason
	case late > 0:
		n.Text = Rough(late) + " late: " + missing(t)
	}
	return n, n.Text != ""
}

// missing names what t is without.
func missing(t ledger.Task) string {
	var names []string
	for _, name := range t.Missing[:min(mostMissing, len(t.Missing))] {
		names = append(names, Shown(name))
	}
	if more := len(t.Missing) - len(names); more > 0 {
		names = append(names, fmt.Sprintf("and %d more", more))
	}
	switch len(t.Missing) {
	case 0:
		return "it is not submitted yet"
	case 1:
		return names[0] + " is missing"
	}
	return strings.Join(names, ", ") + " are missing"
}

// addTasks sorts the tasks of which something is expected by whose they are, and
// by what needs a person.
func (o *Overview) addTasks(tasks []ledger.Task) {
	place := map[string]int{}
	for i, b := range o.Benches {
		if !b.Mirror {
			place[b.Name] = i
		}
	}
	for _, t := range tasks {
		late := TaskLate(o.Now, t) > 0
		switch t.Kind {
		case ledger.OrderedTask:
			o.Tasks++
		case ledger.ReceivedTask:
			o.Received++
		}
		if late {
			o.Late++
		}
		need, needs := taskNeed(o.Now, t)
		if needs {
			o.TaskNeeds = append(o.TaskNeeds, need)
		}
		i, here := place[t.Bench]
		if !here {
			continue
		}
		if needs {
			o.Benches[i].Needs = append(o.Benches[i].Needs, need)
		}
		if t.Kind == ledger.ReceivedTask && t.State != ledger.AtVendor {
			o.Benches[i].ToDo++
		}
	}
}

// readHeld reads what is held: the newest of all, and of each bench that these
// leave out some of its own.
func (o *Overview) readHeld(ctx context.Context, l *ledger.Ledger) error {
	parked, err := l.Parked(ctx, most)
	if err != nil {
		return err
	}
	failed, err := l.GivenUp(ctx, most)
	if err != nil {
		return err
	}
	o.Held = append(parked, failed...)
	if len(parked) < most && len(failed) < most {
		return nil
	}
	known := map[string]bool{}
	of := map[[2]string]int{}
	for _, j := range o.Held {
		known[j.ID] = true
		of[[2]string{j.Bench, j.Account}]++
	}
	for _, b := range o.Benches {
		for _, t := range b.Tallies {
			if n := of[[2]string{t.Bench, t.Account}]; n >= min(mostOfBench, t.Parked+t.Stuck) {
				continue
			}
			found, err := l.Search(ctx, ledger.Search{Bench: t.Bench, Account: t.Account, States: []ledger.State{ledger.Parked, ledger.GivenUp}, Most: mostOfBench})
			if err != nil {
				return err
			}
			for _, j := range found.Jobs {
				if j.Bench == t.Bench && !known[j.ID] {
					known[j.ID] = true
					o.Held = append(o.Held, j)
				}
			}
		}
	}
	return nil
}
