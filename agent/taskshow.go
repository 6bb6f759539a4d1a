package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/studio-agent/studio-agent/sync/ledger"
)

func (c *cli) taskListCommand() *cobra.Command {
	var all, asJSON bool
	cmd := &cobra.Command{
		Use: "list", Short: "List the tasks of which something is still expected, ours and those that we work on, the newest first", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, l, err := c.beside(cmd.Context())
			if err != nil {
				return err
			}
			defer l.Close()
			if asJSON {
				return tasksAsJSON(cmd.Context(), cmd.OutOrStdout(), l, all)
			}
			return listTasks(cmd.Context(), cmd.OutOrStdout(), l, all)
		},
	}
	cmd.Flags().BoolVar(&all, "all", false, "finished ones, too")
	cmd.Flags().BoolVar(&asJSON, "json", false, "for scripts")
	return cmd
}

func (c *cli) taskShowCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "show TASK", Short: "Say of each picture of a task where it is", Args: exactly(1, "the task's ID; `studio-agent task list` shows it"),
		RunE: func(cmd *cobra.Command, args []string) error {
			_, l, err := c.beside(cmd.Context())
			if err != nil {
				return err
			}
			defer l.Close()
			t, err := findTask(cmd.Context(), l, args[0])
			if err == nil && t.Kind == ledger.ProjectTask {
				err = notOurs(t)
			}
			if err != nil {
				return err
			}
			if asJSON {
				return taskAsJSON(cmd.Context(), cmd.OutOrStdout(), l, t)
			}
			return showTask(cmd.Context(), cmd.OutOrStdout(), l, t)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "for scripts")
	return cmd
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
	text := count(c.all, "picture")
	between := ": "
	for _, s := range []ledger.PictureState{ledger.Sending, ledger.AtRetouch, ledger.ReadyToImport, ledger.Importing, ledger.PictureImported, ledger.PictureClosed, ledger.Error} {
		if c.states[s] > 0 {
			text += fmt.Sprintf("%s%d %s", between, c.states[s], s)
			between = ", "
		}
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
	tasks = slices.DeleteFunc(tasks, func(t ledger.Task) bool { return t.Kind == ledger.ProjectTask })
	if len(tasks) == 0 {
		fmt.Fprintln(out, "No task is at a retoucher.")
	}
	now := time.Now()
	for _, t := range tasks {
		if t.Kind == ledger.ReceivedTask {
			if err := listReceived(ctx, out, l, t, now); err != nil {
				return err
			}
			continue
		}
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
	if t.Template != "" {
		line += ", " + shown(t.Template)
	}
	if t.Round > 1 {
		line += fmt.Sprintf(", round %d", t.Round)
	}
	if !t.Deadline.IsZero() && t.State.Open() {
		line += ", due " + clock(now, t.Deadline)
	}
	if t.Reason != "" {
		line += ": " + t.Reason
	}
	return line
}

func showTask(ctx context.Context, out io.Writer, l *ledger.Ledger, t ledger.Task) error {
	now := time.Now()
	if t.Kind == ledger.ReceivedTask {
		return showReceived(ctx, out, l, t, now)
	}
	c, pictures, err := countPictures(ctx, l, t, now)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s %s  %s\n  %s\n", c.sign(t), shortID(t.ID), taskLine(t, now), c.text())
	if t.Comment != "" {
		fmt.Fprintf(out, "  for the retoucher: %s\n", shown(t.Comment))
	}
	for _, p := range pictures {
		fmt.Fprintf(out, "  %s\n", pictureLine(p, now))
	}
	return nil
}

// pictureLine says where one picture is, why, since when, and where to see it.
func pictureLine(p ledger.Picture, now time.Time) string {
	sign := map[ledger.PictureState]string{
		ledger.Error: signNeeds, ledger.ReadyToImport: signNeeds, ledger.PictureImported: signFine, ledger.PictureClosed: signFine,
	}[p.State]
	if sign == "" {
		sign = signWorking
	}
	line := fmt.Sprintf("%s %s: %s", sign, shown(p.Out.Name), p.State)
	if p.State == ledger.AtRetouch && !p.Out.SentAt.IsZero() {
		line += " since " + clock(now, p.Out.SentAt)
	}
	if p.HasIn && p.State == ledger.PictureImported {
		line += " as " + shown(p.In.Path())
	}
	if p.Out.Round > 1 {
		line += fmt.Sprintf(", round %d", p.Out.Round)
	}
	if p.Late {
		line += ", late"
	}
	if p.Reason != "" {
		line += ": " + p.Reason
	}
	if link := linkOf(p); link != "" {
		line += " (" + shown(link) + ")"
	}
	return line
}

// linkOf is where a person sees a picture at the vendor, if anywhere.
func linkOf(p ledger.Picture) string { return cmp.Or(p.In.Source.Link, p.Out.Receipt.Link) }

// A taskJSON is a task for scripts. Times that are not set are left out.
type taskJSON struct {
	ID       string         `json:"id"`
	Received bool           `json:"received,omitempty"` // a remote has handed it out, and what follows "pictures" is told
	Title    string         `json:"title"`
	Account  string         `json:"account"`
	Bench    string         `json:"bench"`
	State    string         `json:"state"`
	Template string         `json:"template,omitempty"`
	Comment  string         `json:"comment,omitempty"`
	Round    int            `json:"round"`
	Created  time.Time      `json:"created"`
	Deadline time.Time      `json:"deadline,omitzero"`
	Reason   string         `json:"reason,omitempty"`
	Late     int            `json:"late"`
	Counts   map[string]int `json:"counts"`             // pictures by state
	Pictures []pictureJSON  `json:"pictures,omitempty"` // that go out
	*receivedJSON
}

type pictureJSON struct {
	Name     string    `json:"name"`
	Path     string    `json:"path"`
	State    string    `json:"state"`
	Reason   string    `json:"reason,omitempty"`
	Round    int       `json:"round"`
	Late     bool      `json:"late,omitempty"`
	Sent     time.Time `json:"sent,omitzero"`
	Imported string    `json:"imported,omitempty"` // the file it has landed as
	Link     string    `json:"link,omitempty"`
}

func tasksAsJSON(ctx context.Context, out io.Writer, l *ledger.Ledger, all bool) error {
	tasks, err := l.Tasks(ctx, "", all)
	if err != nil {
		return err
	}
	tasks = slices.DeleteFunc(tasks, func(t ledger.Task) bool { return t.Kind == ledger.ProjectTask })
	list := make([]taskJSON, len(tasks))
	for i, t := range tasks {
		if list[i], err = jsonOf(ctx, l, t); err != nil {
			return err
		}
		list[i].Pictures = nil // show tells them
		if list[i].receivedJSON != nil {
			list[i].Inputs = nil
		}
	}
	return encode(out, list)
}

func taskAsJSON(ctx context.Context, out io.Writer, l *ledger.Ledger, t ledger.Task) error {
	j, err := jsonOf(ctx, l, t)
	if err != nil {
		return err
	}
	return encode(out, j)
}

func jsonOf(ctx context.Context, l *ledger.Ledger, t ledger.Task) (taskJSON, error) {
	c, pictures, err := countPictures(ctx, l, t, time.Now())
	j := taskJSON{
		ID: t.ID, Title: t.Title, Account: t.Account, Bench: t.Bench, State: string(t.State), Template: t.Template, Comment: t.Comment, Round: t.Round,
		Created: t.Created, Deadline: t.Deadline, Reason: t.Reason, Late: c.late, Counts: map[string]int{},
	}
	for state, n := range c.states {
		j.Counts[string(state)] = n
	}
	for _, p := range pictures {
		row := pictureJSON{
			Name: p.Out.Name, Path: p.Out.Path(), State: string(p.State), Reason: p.Reason, Round: max(1, p.Out.Round), Late: p.Late, Sent: p.Out.SentAt, Link: linkOf(p),
		}
		if p.HasIn && p.State == ledger.PictureImported {
			row.Imported = p.In.Path()
		}
		j.Pictures = append(j.Pictures, row)
	}
	if err == nil && t.Kind == ledger.ReceivedTask {
		err = j.addReceived(ctx, l, t)
	}
	return j, err
}

func encode(out io.Writer, v any) error {
	e := json.NewEncoder(out)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
