package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/spf13/cobra"

	"github.com/studio-agent/studio-agent/agent/config"
	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

func (c *cli) doctorCommand() *cobra.Command {
	return &cobra.Command{
		Use: "doctor ACCOUNT", Short: "Try out what an account's server can do, and have transfers obey it", Args: exactly(1, "the account"),
		Long: "Try out what an account's server can do: log in, list, make folders, rename, keep times and odd names,\n" +
			"serve several connections, delete. It works on files of its own and leaves nothing behind. What it\n" +
			"finds is kept in the ledger, and transfers obey it from their next connection on.\n\n" +
			"Exit code 0: all that is needed works; 1: something is broken.",
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.doctor(cmd.Context(), args[0], &report{out: cmd.OutOrStdout()})
		},
	}
}

func (c *cli) doctor(ctx context.Context, account string, r *report) error {
	cfg, err := c.load()
	if err != nil {
		return err
	}
	if _, known := cfg.Accounts[account]; !known {
		return &usageError{fmt.Errorf("there is no account %q; there are %s", account, strings.Join(sortedKeys(cfg.Accounts), ", "))}
	}
	l, err := anyLedger(ctx, cfg)
	if err != nil {
		return err
	}
	defer l.Close()
	tools := c.tools(cfg, nil)
	tools.memory = l.Memory
	made, err := tools.connect(cfg)
	if err != nil {
		return err
	}
	examine := made[account].Examine
	if examine == nil {
		return fmt.Errorf("there is nothing to examine at a %s account; `studio-agent check` asks whether it can be used", cfg.Accounts[account].Type)
	}
	if err := examine(ctx, r.finding); err != nil {
		r.wrong("and then", err.Error(), "mend this first, then examine again")
	}
	return r.verdict()
}

// anyLedger opens the ledger beside a running agent, or makes it for the first.
func anyLedger(ctx context.Context, cfg *config.Config) (*ledger.Ledger, error) {
	l, err := ledger.OpenForPeople(ctx, ledger.Options{Path: cfg.Ledger})
	if errors.Is(err, fs.ErrNotExist) {
		return openLedger(ctx, cfg, nil)
	}
	return l, err
}

// finding prints one line of the doctor's table.
func (r *report) finding(f connectors.Finding) {
	sign := map[connectors.Health]string{connectors.Fine: signFine, connectors.Odd: signWorking, connectors.Broken: signNeeds}[f.Health]
	if f.Health == connectors.Broken {
		r.bad++
	}
	fmt.Fprintf(r.out, "%s %-22s %s\n", sign, f.What, shown(f.Text))
	if f.Advice != "" {
		fmt.Fprintf(r.out, "  %-22s → %s\n", "", shown(f.Advice))
	}
}
