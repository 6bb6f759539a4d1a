package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/studio-agent/studio-agent/agent/config"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

func (c *cli) taskCommand() *cobra.Command {
	task := &cobra.Command{
		Use: "task", Short: "Order retouching, and follow what is at a retoucher", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	verb := func(verb, use, short string, least, most int, args func(given []string) map[string]string) *cobra.Command {
		return &cobra.Command{
			Use: use, Short: short, Args: between(least, most, "the task's ID (`studio-agent task list` shows it), and files where the command takes any"),
			RunE: func(cmd *cobra.Command, given []string) error { return c.ask(cmd, verb, args(given)) },
		}
	}
	whole := func(given []string) map[string]string { return map[string]string{"task": given[0]} }
	some := func(given []string) map[string]string {
		return map[string]string{"task": given[0], "names": strings.Join(given[1:], "\n")}
	}
	task.AddCommand(c.taskCreateCommand(), c.taskListCommand(), c.taskShowCommand(),
		verb(verbSend, "send TASK", "Add nothing more to a task that still collects: it is complete. Of a held one that we work on: submit it again", 1, 1, whole),
		verb(verbImport, "import TASK|BENCH [FILE…]", "Import what is ready (where `import: ask` has it wait)", 1, 0, some),
		c.taskRejectCommand(), c.taskReorderCommand(),
		verb(verbClose, "close TASK [FILE…]", "Write off what has not come back, or some of it", 1, 0, some),
		verb(verbCancel, "cancel TASK", "Take back what is not sent or not in production yet", 1, 1, whole))
	return task
}

// between is cobra.RangeArgs with an error that the exit code can be told from; a
// most of 0 means any number.
func between(least, most int, what string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) < least || most > 0 && len(args) > most {
			return &usageError{fmt.Errorf("give %s", what)}
		}
		return nil
	}
}

func (c *cli) taskCreateCommand() *cobra.Command {
	args := map[string]*string{}
	cmd := &cobra.Command{
		Use: "create --account ACCOUNT FILE…", Short: "Send pictures to a retoucher as one task",
		Long: "Send pictures to a retoucher as one task: all of them, or none and the reasons why.\n\nA file is a path, or with --bench a name in the captures or selects folder of that bench.",
		Example: "  studio-agent task create --account pixelz --template \"Green BG\" --deadline 48h captures/look1/*.jpg\n" +
			"  studio-agent task create --account acme --bench packshot-1 --comment \"no shadow\" 0001.jpg 0002.jpg",
		Args: between(1, 0, "the pictures to send"),
	}
	var again bool
	for flag, use := range map[string]string{
		"account": "the retoucher's `ACCOUNT`", "template": "what is ordered, by the vendor's `NAME` or ID; default: as the account is configured", "comment": "a `TEXT` for the retoucher",
		"deadline": "when all should be back: `48h`, or a date like 2026-11-25 or \"2026-11-25 18:00\"", "title": "a `TITLE`, for people; default: the bench and the time",
		"bench": "the `BENCH` whose folders the files lie in",
	} {
		args[flag] = cmd.Flags().String(flag, "", use)
	}
	cmd.Flags().BoolVar(&again, "again", false, "also pictures that are awaited already: they are paid twice")
	cmd.RunE = func(cmd *cobra.Command, files []string) error {
		asked := map[string]string{}
		for flag, value := range args {
			asked[flag] = *value
		}
		if again {
			asked["again"] = "yes"
		}
		return c.create(cmd, asked, files)
	}
	return cmd
}

// create asks for a task. What the command line alone can see to be wrong is told
// at once.
func (c *cli) create(cmd *cobra.Command, args map[string]string, files []string) error {
	if args["account"] == "" {
		return &usageError{errors.New("say which retoucher: --account ACCOUNT")}
	}
	if err := c.knows(args["account"]); err != nil {
		return err
	}
	cfg, err := c.load()
	if err != nil {
		return err
	}
	if args["deadline"], err = deadline(time.Now(), args["deadline"]); err != nil {
		return &usageError{err}
	}
	if args["bench"], files, err = meantFiles(cfg, args["bench"], files); err != nil {
		return err
	}
	args["names"] = strings.Join(files, "\n")
	return c.ask(cmd, verbCreate, args)
}

// meantFiles are the files that a person names, of one bench: absolute, unless the
// bench is named, too.
func meantFiles(cfg *config.Config, bench string, files []string) (string, []string, error) {
	if bench != "" && !slices.Contains(benchNames(cfg), bench) {
		return "", nil, fmt.Errorf("there is no bench %q; there are %s", bench, strings.Join(benchNames(cfg), ", "))
	}
	var meant []string
	for _, name := range files {
		if strings.Contains(name, "\n") {
			return "", nil, fmt.Errorf("the name %q holds a line break; rename the file", name)
		}
		if bench == "" || filepath.IsAbs(name) {
			absolute, err := filepath.Abs(name)
			if err != nil {
				return "", nil, err
			}
			name = absolute
		}
		meant = append(meant, name)
	}
	if bench != "" {
		return bench, meant, nil
	}
	for _, name := range meant {
		f, _, err := locate(cfg, bench, name)
		if err != nil {
			return "", nil, err
		}
		if bench != "" && bench != f.Bench {
			return "", nil, fmt.Errorf("%s is of bench %s, and others are of %s; make a task for each bench", shown(name), f.Bench, bench)
		}
		bench = f.Bench
	}
	return bench, meant, nil
}

// deadline is what a person typed, as a moment: so long from now, a day's end, or
// a time of a day.
func deadline(now time.Time, text string) (string, error) {
	if text == "" {
		return "", nil
	}
	if d, err := time.ParseDuration(text); err == nil && d > 0 {
		return now.Add(d).Format(time.RFC3339), nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02 15:04", time.DateOnly} {
		at, err := time.ParseInLocation(layout, text, now.Location())
		if err != nil {
			continue
		}
		if layout == time.DateOnly {
			at = at.AddDate(0, 0, 1).Add(-time.Minute)
		}
		if !at.After(now) {
			return "", fmt.Errorf("the deadline %s has passed", text)
		}
		return at.Format(time.RFC3339), nil
	}
	return "", fmt.Errorf("%q is no deadline; write 48h, 2026-11-25 or \"2026-11-25 18:00\"", text)
}

func (c *cli) taskRejectCommand() *cobra.Command {
	var comment, markup string
	cmd := &cobra.Command{
		Use: "reject TASK FILE --comment TEXT", Short: "Send a retouch back to the retoucher", Args: between(2, 2, "the task's ID and one picture of it"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if strings.TrimSpace(comment) == "" {
				return &usageError{errors.New("say what is wrong: --comment TEXT")}
			}
			_, l, err := c.beside(cmd.Context())
			if err != nil {
				return err
			}
			defer l.Close()
			retouch, err := cameBack(cmd.Context(), l, args[0], args[1])
			if err != nil {
				return err
			}
			return askAgent(cmd.Context(), l, cmd.OutOrStdout(), verbReject, map[string]string{"task": args[0], "retouch": retouch, "comment": comment, "markup": markup})
		},
	}
	cmd.Flags().StringVar(&comment, "comment", "", "what is wrong, for the retoucher: `TEXT`")
	cmd.Flags().StringVar(&markup, "markup", "", "the https `URL` of a picture with marks drawn on it")
	return cmd
}

func (c *cli) taskReorderCommand() *cobra.Command {
	var comment string
	cmd := &cobra.Command{
		Use: "reorder TASK FILE…", Short: "Order pictures of a task once more, as they lie in their folders now: another round",
		Args: between(2, 0, "the task's ID and pictures of it"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.ask(cmd, verbReorder, map[string]string{"task": args[0], "names": strings.Join(args[1:], "\n"), "comment": comment})
		},
	}
	cmd.Flags().StringVar(&comment, "comment", "", "a `TEXT` for the retoucher; default: the task's")
	return cmd
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
