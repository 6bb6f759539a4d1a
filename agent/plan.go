package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/studio-agent/studio-agent/agent/config"
	"github.com/studio-agent/studio-agent/sync/ledger"
	"github.com/studio-agent/studio-agent/watch"
)

func (c *cli) planCommand() *cobra.Command {
	return &cobra.Command{
		Use: "plan [BENCH]", Short: "Say what would happen to each file that lies in a hot folder, and why; touch nothing",
		Args: cobra.MaximumNArgs(1), ValidArgsFunction: c.completeBenches,
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := c.load()
			if err != nil {
				return err
			}
			made, err := c.tools(cfg, nil).connect(cfg)
			if err != nil {
				return err
			}
			l, err := ledger.OpenForPeople(cmd.Context(), ledger.Options{Path: cfg.Ledger})
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
			if l != nil {
				defer l.Close()
			}
			for _, f := range cfg.HotFolders() {
				if len(args) == 1 && f.Bench != args[0] {
					continue
				}
				if err := planFolder(cmd.Context(), cmd.OutOrStdout(), l, f, made); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

// planFolder tells the fate of each file of one hot folder. l is nil if the
// agent has never run.
func planFolder(ctx context.Context, out io.Writer, l *ledger.Ledger, f config.HotFolder, made map[string]connection) error {
	fmt.Fprintf(out, "%s, %ss: %s → %v\n", f.Bench, f.Role, f.Path, f.To)
	e := enqueuer(l, f, made)
	e.Log = slog.New(slog.DiscardHandler)
	if f.Role == config.Project {
		p, err := newProjectWatch(ctx, l, f, e.Log)
		if err == nil {
			err = p.foresee(ctx, ".")
		}
		if err != nil {
			return fmt.Errorf("plan %s: %w", f.Path, err)
		}
		e.Skip.Also = p.why
	}
	going, bytes := 0, int64(0)
	err := watch.Walk(ctx, f.Path, e.Skip, func(found watch.Found) error {
		switch {
		case found.Err != nil:
			fmt.Fprintf(out, "  %s %s: %v\n", signNeeds, shown(found.Name), found.Err)
		case found.Skipped != "":
			fmt.Fprintf(out, "    %s: not sent, %s\n", shown(found.Name), found.Skipped)
		default:
			fate, goes, err := e.Foresee(ctx, found.File)
			if err != nil {
				return err
			}
			fmt.Fprintf(out, "  %s %s: %s\n", map[bool]string{true: signWaiting, false: " "}[goes], shown(found.Name), fate)
			if goes {
				going++
				bytes += found.Size
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("plan %s: %w", f.Path, err)
	}
	if brake := e.Brake(ctx, going, bytes); brake != "" {
		fmt.Fprintf(out, "  %s held at first: %s\n", signNeeds, brake)
	}
	return nil
}
