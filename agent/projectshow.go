package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/studio-agent/studio-agent/agent/config"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

func (c *cli) projectListCommand(account *string) *cobra.Command {
	var all, asJSON bool
	cmd := &cobra.Command{
		Use: "list", Short: "List the edit projects of this agent's folders, as the account has them", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.tellProjects(cmd, verbProjectList, *account, "", asJSON, func(out io.Writer, views []projectView) {
				if !all {
					views = slices.DeleteFunc(views, func(v projectView) bool { return v.Bench == "" || v.ID == "" && v.State == givenUp })
				}
				for _, v := range views {
					v.line(out)
				}
				if len(views) == 0 {
					fmt.Fprintln(out, "There is no edit project.")
				}
			})
		},
	}
	cmd.Flags().BoolVar(&all, "all", false, "also those at the account that are of no folder of this agent, and those that were deleted")
	cmd.Flags().BoolVar(&asJSON, "json", false, "for scripts; all of them")
	return cmd
}

func (c *cli) projectShowCommand(account *string) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "show PROJECT", Short: "Say how a project is, at the account and here, and what is linked with it", Args: exactly(1, whichProject),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.tellProjects(cmd, verbProjectShow, *account, meantPath(args[0]), asJSON, func(out io.Writer, views []projectView) {
				for _, v := range views {
					v.line(out)
					v.details(out)
				}
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "for scripts")
	return cmd
}

// tellProjects asks and prints. What the account does not answer, the ledger still
// tells in part.
func (c *cli) tellProjects(cmd *cobra.Command, verb, account, project string, asJSON bool, print func(io.Writer, []projectView)) error {
	cfg, l, err := c.beside(cmd.Context())
	if err != nil {
		return err
	}
	defer l.Close()
	out := cmd.OutOrStdout()
	views, err := c.askProjects(cmd.Context(), l, verb, account, project)
	if err != nil {
		known, ledgerErr := notedProjects(cmd.Context(), cfg, l, account)
		if ledgerErr != nil {
			return ledgerErr
		}
		views = slices.DeleteFunc(known, func(v projectView) bool {
			return project != "" && v.Folder != project && !strings.EqualFold(v.Name, project)
		})
		if len(views) == 0 || asJSON && !errors.Is(err, errNotRunning) {
			return err
		}
		fmt.Fprintf(cmd.ErrOrStderr(), "%s %v; this is what the agent has noted:\n", signNeeds, err)
	}
	if asJSON {
		e := json.NewEncoder(out)
		e.SetIndent("", "  ")
		return e.Encode(append([]projectView{}, views...))
	}
	print(out, views)
	return nil
}

// notedProjects are those that the ledger knows.
func notedProjects(ctx context.Context, cfg *config.Config, l *ledger.Ledger, account string) ([]projectView, error) {
	fates := map[string]string{}
	for _, f := range cfg.HotFolders() {
		if f.Role != config.Project {
			continue
		}
		p, err := newProjectWatch(ctx, l, f, nil)
		if err != nil {
			return nil, err
		}
		maps.Copy(fates, p.fates())
	}
	return projectViews(ctx, l, account, nil, fates)
}

// line is a project in two lines.
func (v projectView) line(out io.Writer) {
	fmt.Fprintf(out, "%s %s\n", v.sign(), v.progress())
	var parts []string
	if v.ID != "" {
		parts = append(parts, count(v.Linked, "linked file"))
	}
	if v.Open > 0 {
		parts = append(parts, fmt.Sprintf("%d on the way", v.Open))
	}
	if len(v.Held) > 0 {
		parts = append(parts, fmt.Sprintf("%d held", len(v.Held)))
	}
	if v.Bench != "" {
		parts = append(parts, v.State)
	}
	where := v.Folder
	if where == "" {
		where = v.Root + " there"
	}
	fmt.Fprintf(out, "  %s  %s\n", shown(where), strings.Join(parts, ", "))
	if v.Reason != "" {
		fmt.Fprintf(out, "  %s %s\n", signNeeds, v.Reason)
	}
}

func (v projectView) sign() string {
	switch {
	case v.Stage == "failed" || v.Reason != "" || len(v.Held) > 0:
		return signNeeds
	case v.Stage == "working" || v.Open > 0 || v.ID == "":
		return signWorking
	}
	return signFine
}

// progress is what a project is called and how far the account is with it.
func (v projectView) progress() string {
	text := shown(v.Name)
	switch {
	case v.ID == "" && v.State == givenUp:
		return text + ": not at " + v.Account + " any more"
	case v.ID == "":
		return text + ": not at " + v.Account + " yet"
	}
	text += fmt.Sprintf(" (%s %s)", v.Account, v.ID)
	switch v.Stage {
	case "working":
		text += fmt.Sprintf(": step %d of %d", v.Step, v.Steps)
	case "failed":
		text += ": failed"
	default:
		text += ": ready"
	}
	if v.Said != "" {
		text += ": " + v.Said
	}
	return text
}

func (v projectView) details(out io.Writer) {
	for _, d := range []struct{ what, text string }{
		{"seen there as", v.Root}, {"project file", v.File}, {"program", v.Program}, {"production", v.Production}, {"bench", v.Bench},
	} {
		if d.text != "" {
			fmt.Fprintf(out, "  %s: %s\n", d.what, shown(d.text))
		}
	}
	for _, h := range v.Held {
		fmt.Fprintf(out, "  %s held: %s\n", signNeeds, h)
	}
	for _, m := range v.Media {
		sign := map[string]string{"ready": signFine, "working": signWorking, "failed": signNeeds}[m.Stage]
		text := shown(m.Path)
		if text == "" {
			text = shown(m.Name)
		}
		if m.Said != "" {
			text += ": " + m.Said
		}
		fmt.Fprintf(out, "  %s %s\n", sign, text)
	}
}
