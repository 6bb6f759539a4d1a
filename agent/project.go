package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/studio-agent/studio-agent/agent/overview"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

const whichProject = "one project: its number, its folder, or its name"

func (c *cli) projectCommand() *cobra.Command {
	var account string
	project := &cobra.Command{
		Use: "project", Short: "See and copy edit projects at medialoopster, and link media with them", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	project.PersistentFlags().StringVar(&account, "account", "", "the `ACCOUNT`; default: the only one that keeps edit projects")
	project.AddCommand(c.projectListCommand(&account), c.projectShowCommand(&account), c.projectCopyCommand(&account),
		&cobra.Command{
			Use: "link PROJECT FILE…", Short: "Link files that the account knows with a project", Args: between(2, 0, "a project, and the files"),
			RunE: func(cmd *cobra.Command, args []string) error {
				files, err := absolutes(args[1:])
				if err != nil {
					return err
				}
				return c.ask(cmd, verbProjectLink, map[string]string{"account": account, "project": meantPath(args[0]), "names": strings.Join(files, "\n")})
			},
		},
		c.projectDeleteCommand(&account),
		&cobra.Command{
			Use: "register FOLDER", Short: "Register a project that was left alone, or whose folder was renamed",
			Long: "Register a project that was left alone (`existing`), or whose folder was renamed or moved after it was registered.\n" +
				"A renamed one becomes another project: the first one stays where it was until somebody deletes it.",
			Args: exactly(1, "the folder of one project"),
			RunE: func(cmd *cobra.Command, args []string) error {
				path, err := filepath.Abs(args[0])
				if err != nil {
					return err
				}
				return c.ask(cmd, verbProjectRegister, map[string]string{"project": path})
			},
		})
	return project
}

// meantPath makes a path whole if it is one of something that is there.
func meantPath(said string) string {
	if _, err := os.Lstat(said); err != nil || strings.Trim(said, "0123456789") == "" {
		return said
	}
	path, err := filepath.Abs(said)
	if err != nil {
		return said
	}
	return path
}

func absolutes(names []string) (all []string, err error) {
	for _, name := range names {
		if strings.Contains(name, "\n") {
			return nil, fmt.Errorf("the name %q holds a line break; rename the file", name)
		}
		if name, err = filepath.Abs(name); err != nil {
			return nil, err
		}
		all = append(all, name)
	}
	return all, nil
}

func (c *cli) projectDeleteCommand(account *string) *cobra.Command {
	var name string
	cmd := &cobra.Command{
		Use: "delete PROJECT", Short: "Have a project and all of its files deleted; its name must be typed",
		Long: "Have a project and all of its files deleted by the account. The media that are linked with it stay.\nIt cannot be undone, so the project's name must be typed, or given with --yes.",
		Args: exactly(1, whichProject),
		RunE: func(cmd *cobra.Command, args []string) error {
			if name == "" {
				fmt.Fprintf(cmd.OutOrStdout(), "Project %s and all of its files will be deleted. Type its name to have it done: ", args[0])
				line, err := bufio.NewReader(cmd.InOrStdin()).ReadString('\n')
				if name = strings.TrimRight(line, "\r\n"); name == "" {
					return errors.Join(errors.New("no name was typed: nothing is deleted"), err)
				}
			}
			return c.ask(cmd, verbProjectDelete, map[string]string{"account": *account, "project": meantPath(args[0]), "name": name})
		},
	}
	cmd.Flags().StringVar(&name, "yes", "", "the project's `NAME`, for scripts")
	return cmd
}

func (c *cli) projectCopyCommand(account *string) *cobra.Command {
	var args struct{ name, folder, production, description string }
	var share, noWait bool
	cmd := &cobra.Command{
		Use: "copy PROJECT --name NAME", Short: "Have a project copied, and show how far it is",
		Example: "  studio-agent project copy /Volumes/projects/edit-1/Spot --name \"Spot, English\"\n" +
			"  studio-agent project copy 17 --name Spot-EN --folder /Volumes/projects/edit-2/Spot-EN --production Archive --share --no-wait",
		Args: exactly(1, whichProject),
		RunE: func(cmd *cobra.Command, given []string) (err error) {
			if args.name == "" {
				return &usageError{errors.New("say what the copy is called: --name NAME")}
			}
			if args.folder != "" {
				if args.folder, err = filepath.Abs(args.folder); err != nil {
					return err
				}
			}
			ask := map[string]string{"account": *account, "project": meantPath(given[0]), "name": args.name, "folder": args.folder, "production": args.production, "description": args.description}
			if share {
				ask["share"] = "yes"
			}
			if err := c.ask(cmd, verbProjectCopy, ask); err != nil || noWait {
				return err
			}
			return c.followCopy(cmd, *account, ask)
		},
	}
	cmd.Flags().StringVar(&args.name, "name", "", "the `NAME` of the copy")
	cmd.Flags().StringVar(&args.folder, "folder", "", "the `FOLDER` of the copy, on this machine; default: beside the original")
	cmd.Flags().StringVar(&args.production, "production", "", "the `PRODUCTION` of the copy, by number or name; default: that of the bench, or of the original")
	cmd.Flags().StringVar(&args.description, "description", "", "a `TEXT`; default: that of the original")
	cmd.Flags().BoolVar(&share, "share", false, "share the linked media with the production of the copy")
	cmd.Flags().BoolVar(&noWait, "no-wait", false, "return once it has begun; `project show` tells how far it is")
	return cmd
}

// followCopy shows how far a copy is until it is done or has failed.
func (c *cli) followCopy(cmd *cobra.Command, account string, copied map[string]string) error {
	_, l, err := c.beside(cmd.Context())
	if err != nil {
		return err
	}
	defer l.Close()
	folder := copied["folder"]
	if folder == "" {
		original, err := c.askProjects(cmd.Context(), l, verbProjectShow, account, copied["project"])
		if err != nil || len(original) == 0 {
			return err
		}
		folder = filepath.Join(filepath.Dir(original[0].Folder), copied["name"])
	}
	for said, pause := "", time.Second; ; pause = min(pause+time.Second, 10*time.Second) {
		views, err := c.askProjects(cmd.Context(), l, verbProjectShow, account, folder)
		if err != nil {
			return err
		}
		for _, v := range views {
			if now := v.progress(); now != said {
				said = now
				fmt.Fprintln(cmd.OutOrStdout(), now)
			}
			switch v.Stage {
			case "ready":
				return nil
			case "failed":
				return errSaid
			}
		}
		if !sleepFor(cmd.Context(), pause) {
			return cmd.Context().Err()
		}
	}
}

// askProjects has the agent ask an account about its projects.
func (c *cli) askProjects(ctx context.Context, l *ledger.Ledger, verb, account, project string) ([]projectView, error) {
	_, running, err := overview.RunningAgent(ctx, l)
	if err != nil {
		return nil, err
	}
	if !running {
		return nil, errNotRunning
	}
	seq, err := l.Ask(verb, map[string]string{"account": account, "project": project})
	if err != nil {
		return nil, err
	}
	answer, err := awaitAnswer(ctx, l, seq, patience(verb))
	if err != nil {
		return nil, err
	}
	if why, no := strings.CutPrefix(answer, notDone); no {
		return nil, errors.New(why)
	}
	var views []projectView
	return views, json.Unmarshal([]byte(answer), &views)
}

var errNotRunning = errors.New("the agent is not running, so the account cannot be asked")
