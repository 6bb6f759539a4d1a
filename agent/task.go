package main

import (
	"context"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/studio-agent/studio-agent/sync/ledger"
)

func (c *cli) taskCommand() *cobra.Command {
	task := &cobra.Command{
		Use: "task", Short: "Follow what is at a retoucher: list, show, import, close", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	var all bool
	list := &cobra.Command{
		Use: "list", Short: "List the tasks of which something is still expected, the newest first", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, l, err := c.beside(cmd.Context())
			if err != nil {
				return err
			}
			defer l.Close()
			return listTasks(cmd.Context(), cmd.OutOrStdout(), l, all)
		},
	}
	list.Flags().BoolVar(&all, "all", false, "finished ones, too")
	task.AddCommand(list,
		&cobra.Command{
			Use: "show TASK", Short: "Say of each picture of a task where it is", Args: exactly(1, "the task's ID; `studio-agent task list` shows it"),
			RunE: func(cmd *cobra.Command, args []string) error {
				_, l, err := c.beside(cmd.Context())
				if err != nil {
					return err
				}
				defer l.Close()
				return showTask(cmd.Context(), cmd.OutOrStdout(), l, args[0])
			},
		},
		&cobra.Command{
			Use: "send TASK", Short: "Add nothing more to a task that still collects: it is complete", Args: exactly(1, "the task's ID; `studio-agent task list` shows it"),
			RunE: func(cmd *cobra.Command, args []string) error {
				return c.ask(cmd, verbSend, map[string]string{"task": args[0]})
			},
		},
		&cobra.Command{
			Use: "import TASK|BENCH [FILE…]", Short: "Import what is ready (where `import: ask` has it wait)", Args: cobra.MinimumNArgs(1),
			RunE: func(cmd *cobra.Command, args []string) error {
				return c.ask(cmd, verbImport, map[string]string{"task": args[0], "names": strings.Join(args[1:], "\n")})
			},
		},
		&cobra.Command{
			Use: "close TASK", Short: "Write off what has not come back", Args: exactly(1, "the task's ID; `studio-agent task list` shows it"),
			RunE: func(cmd *cobra.Command, args []string) error {
				return c.ask(cmd, verbClose, map[string]string{"task": args[0]})
			},
		})
	return task
}

// shortID is how people name a task.
func shortID(id string) string { return id[:min(8, len(id))] }

// findTask returns the task whose ID begins with what a person typed.
func findTask(ctx context.Context, l *ledger.Ledger, id string) (ledger.Task, error) {
	tasks, err := l.Tasks(ctx, "", true)
	if err != nil {
		return ledger.Task{}, err
	}
	tasks = slices.DeleteFunc(tasks, func(t ledger.Task) bool { return !strings.HasPrefix(t.ID, strings.ToLower(id)) })
	switch {
	case id == "" || len(tasks) == 0:
		return ledger.Task{}, fmt.Errorf("there is no task %q; `studio-agent task list --all` shows them", id)
	case len(tasks) > 1:
		return ledger.Task{}, fmt.Errorf("%d tasks begin with %q: type more of it", len(tasks), id)
	}
	return tasks[0], nil
}

// A count of pictures by state.
type pictureCount struct {
	states map[ledger.PictureState]int
	all    int
	late   int
}

func countPictures(ctx context.Context, l *ledger.Ledger, t ledger.Task, now time.Time) (pictureCount, []ledger.Picture, error) {
	pictures, err := l.Pictures(ctx, t.ID, now)
	c := pictureCount{states: map[ledger.PictureState]int{}, all: len(pictures)}
	for _, p := range pictures {
		c.states[p.State]++
		if p.Late {
			c.late++
		}
	}
	return c, pictures, err
}

// sign is the state of a task in one sign.
func (c pictureCount) sign(t ledger.Task) string {
	switch {
	case c.states[ledger.Error] > 0 || c.late > 0 && t.State.Open():
		return signNeeds
	case !t.State.Open():
		return signFine
	case c.states[ledger.ReadyToImport] > 0:
		return signNeeds
	}
	return signWorking
}

// text counts pictures in words: 12 pictures: 8 at retouch, 4 imported.
func (c pictureCount) text() string {
	var parts []string
	for _, s := range []ledger.PictureState{ledger.Sending, ledger.AtRetouch, ledger.ReadyToImport, ledger.Importing, ledger.PictureImported, ledger.Error} {
		if c.states[s] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", c.states[s], s))
		}
	}
	text := count(c.all, "picture")
	if len(parts) > 0 {
		text += ": " + strings.Join(parts, ", ")
	}
	if c.late > 0 {
		text += fmt.Sprintf("; %d late", c.late)
	}
	return text
}

func listTasks(ctx context.Context, out io.Writer, l *ledger.Ledger, all bool) error {
	tasks, err := l.Tasks(ctx, "", all)
	if err != nil {
		return err
	}
	if len(tasks) == 0 {
		fmt.Fprintln(out, "No task is at a retoucher.")
	}
	now := time.Now()
	for _, t := range tasks {
		c, _, err := countPictures(ctx, l, t, now)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "%s %s  %s\n  %s\n", c.sign(t), shortID(t.ID), taskLine(t, now), c.text())
	}
	return listReady(ctx, out, l)
}

// listReady tells what waits for a person, bench by bench: it need not belong to
// a task.
func listReady(ctx context.Context, out io.Writer, l *ledger.Ledger) error {
	offered, err := l.OfferedTo(ctx, "", "")
	ready := map[string]int{} // by bench
	for _, j := range offered {
		ready[j.Bench]++
	}
	for _, bench := range sortedKeys(ready) {
		fmt.Fprintf(out, "%s %s: %d ready to import: studio-agent task import %s\n", signNeeds, bench, ready[bench], bench)
	}
	return err
}

// taskLine is a task in one line: what, from where to where, its age and deadline.
func taskLine(t ledger.Task, now time.Time) string {
	line := fmt.Sprintf("%s (%s → %s), %s, since %s", shown(t.Title), t.Bench, t.Account, t.State, clock(now, t.Created))
	if !t.Deadline.IsZero() && t.State.Open() {
		line += ", due " + clock(now, t.Deadline)
	}
	if t.Reason != "" {
		line += ": " + t.Reason
	}
	return line
}

func showTask(ctx context.Context, out io.Writer, l *ledger.Ledger, id string) error {
	t, err := findTask(ctx, l, id)
	if err != nil {
		return err
	}
	now := time.Now()
	c, pictures, err := countPictures(ctx, l, t, now)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s %s  %s\n  %s\n", c.sign(t), shortID(t.ID), taskLine(t, now), c.text())
	for _, p := range pictures {
		sign := map[ledger.PictureState]string{ledger.Error: signNeeds, ledger.ReadyToImport: signNeeds, ledger.PictureImported: signFine}[p.State]
		if sign == "" {
			sign = signWorking
		}
		line := fmt.Sprintf("%s %s: %s", sign, shown(p.Out.Name), p.State)
		if p.HasIn && p.State == ledger.PictureImported {
			line += " as " + shown(p.In.Path())
		}
		if p.Late {
			line += ", late"
		}
		if p.Reason != "" {
			line += ": " + p.Reason
		}
		fmt.Fprintf(out, "  %s\n", line)
	}
	return nil
}

// importTask lets go what waits for a person: all that is ready of a task or of a
// bench, or the named files of it.
func (a *agent) importTask(ctx context.Context, id string, names []string) (string, error) {
	what, ready, err := a.ready(ctx, id)
	if err != nil {
		return "", err
	}
	n := 0
	for _, p := range ready {
		if len(names) > 0 && !slices.ContainsFunc(names, func(name string) bool { return isNamed(name, p) }) {
			continue
		}
		if _, err := a.ledger.Record(p.In, ledger.Event{What: ledger.Imported, At: time.Now(), Reason: "a person imports it"}); err != nil {
			return "", err
		}
		n++
	}
	if n == 0 && len(names) > 0 {
		return "", fmt.Errorf("nothing of %s that you named is ready to import", what)
	}
	if n == 0 {
		return "", fmt.Errorf("nothing of %s is ready to import", what)
	}
	return count(n, "picture") + " of " + what + " imported", nil
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
	if err != nil {
		return "", nil, err
	}
	pictures, err := a.ledger.Pictures(ctx, t.ID, time.Now())
	pictures = slices.DeleteFunc(pictures, func(p ledger.Picture) bool { return p.State != ledger.ReadyToImport })
	return "task " + shortID(t.ID), pictures, err
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

func (a *agent) closeTask(ctx context.Context, id string) (string, error) {
	t, err := findTask(ctx, a.ledger, id)
	if err != nil {
		return "", err
	}
	_, err = a.ledger.RecordTask(t, ledger.TaskEvent{What: ledger.WrittenOff, At: time.Now(), Reason: "a person wrote off what was missing"})
	return "task " + shortID(t.ID) + " is closed: nothing more is expected of it", err
}

func (a *agent) sendTask(ctx context.Context, id string) (string, error) {
	t, err := findTask(ctx, a.ledger, id)
	if err != nil {
		return "", err
	}
	_, err = a.ledger.RecordTask(t, ledger.TaskEvent{What: ledger.Full, At: time.Now(), Reason: "a person said send"})
	for _, p := range a.parts.accounts() {
		if p.account == t.Account && p.sender != nil {
			p.sender.Wake()
		}
	}
	return "task " + shortID(t.ID) + " takes no more and is sent", err
}
