package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/studio-agent/studio-agent/sync/ledger"
)

func (c *cli) releaseCommand() *cobra.Command {
	return &cobra.Command{
		Use: "release BENCH", Short: "Let a bench send that was held because of its many old files",
		Args:              exactly(1, "one bench"),
		ValidArgsFunction: c.completeBenches,
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.ask(cmd, verbRelease, map[string]string{"bench": args[0]})
		},
	}
}

func (c *cli) pauseCommand() *cobra.Command {
	return &cobra.Command{
		Use: "pause [ACCOUNT] [DURATION]", Short: "Send nothing for a while, or until resume",
		Example: "  studio-agent pause            all accounts, until resume\n  studio-agent pause gs 1h      one account, for an hour",
		Args:    cobra.MaximumNArgs(2), ValidArgsFunction: c.completeAccounts,
		RunE: func(cmd *cobra.Command, args []string) error {
			account, until := "*", ""
			for _, arg := range args {
				if d, err := time.ParseDuration(arg); err == nil && d > 0 {
					until = time.Now().Add(d).Format(time.RFC3339)
				} else if account == "*" {
					account = arg
				} else {
					return &usageError{fmt.Errorf("%q is not a duration; write 1h or 30m", arg)}
				}
			}
			if err := c.knows(account); err != nil {
				return err
			}
			return c.ask(cmd, verbPause, map[string]string{"account": account, "until": until})
		},
	}
}

func (c *cli) resumeCommand() *cobra.Command {
	return &cobra.Command{
		Use: "resume [ACCOUNT]", Short: "Go on after a pause, and try a refused account at once",
		Args: cobra.MaximumNArgs(1), ValidArgsFunction: c.completeAccounts,
		RunE: func(cmd *cobra.Command, args []string) error {
			account := "*"
			if len(args) == 1 {
				account = args[0]
			}
			if err := c.knows(account); err != nil {
				return err
			}
			return c.ask(cmd, verbResume, map[string]string{"account": account})
		},
	}
}

func (c *cli) retryCommand() *cobra.Command {
	var anyway, everything bool
	cmd := &cobra.Command{
		Use: "retry FILE… | --all", Short: "Send held photos again",
		Long:    "Send held photos again. A name may be given without its folders.\n\nWith --anyway, what held them (a name without a reference, …) is not asked again.",
		Example: "  studio-agent retry SS18_110_3.jpg --anyway\n  studio-agent retry --all",
		RunE: func(cmd *cobra.Command, args []string) error {
			if everything == (len(args) > 0) {
				return &usageError{fmt.Errorf("give names of held photos, or --all")}
			}
			_, l, err := c.beside(cmd.Context())
			if err != nil {
				return err
			}
			defer l.Close()
			parked, err := l.Parked(cmd.Context(), 1_000_000)
			if err != nil {
				return err
			}
			ids, err := choose(parked, args)
			if err != nil {
				return err
			}
			answer := map[string]string{"jobs": strings.Join(ids, ",")}
			if anyway {
				answer["anyway"] = "yes"
			}
			return askAgent(cmd.Context(), l, cmd.OutOrStdout(), verbRetry, answer)
		},
	}
	cmd.Flags().BoolVar(&anyway, "anyway", false, "do not ask again whether the photo may go")
	cmd.Flags().BoolVar(&everything, "all", false, "all held photos")
	return cmd
}

// choose returns the jobs of the named photos, or all if none is named.
func choose(parked []ledger.Job, names []string) ([]string, error) {
	var ids []string
	if len(names) == 0 {
		for _, j := range parked {
			ids = append(ids, j.ID)
		}
		if len(ids) == 0 {
			return nil, fmt.Errorf("no photo is held")
		}
		return ids, nil
	}
	for _, name := range names {
		found := false
		for _, j := range parked {
			if strings.HasSuffix("/"+j.Name, "/"+name) || j.Path() == name || j.ID == name {
				ids, found = append(ids, j.ID), true
			}
		}
		if !found {
			return nil, fmt.Errorf("no held photo is named %s; `studio-agent status` lists what is held", name)
		}
	}
	return ids, nil
}

// knows refuses an account that is not in agent.yaml.
func (c *cli) knows(account string) error {
	cfg, err := c.load()
	if err != nil || account == "*" {
		return err
	}
	if _, ok := cfg.Accounts[account]; !ok {
		return fmt.Errorf("there is no account %q in %s; there are %s", account, cfg.File, strings.Join(sortedKeys(cfg.Accounts), ", "))
	}
	return nil
}

func (c *cli) completeAccounts(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	cfg, err := c.load()
	if err != nil || len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return sortedKeys(cfg.Accounts), cobra.ShellCompDirectiveNoFileComp
}

func (c *cli) completeBenches(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	cfg, err := c.load()
	if err != nil || len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var names []string
	for _, b := range cfg.Benches {
		names = append(names, b.Name)
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}
