package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/studio-agent/studio-agent/agent/config"
	"github.com/studio-agent/studio-agent/agent/overview"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

func (c *cli) statusCommand() *cobra.Command {
	var watching bool
	cmd := &cobra.Command{
		Use: "status", Short: "Say what is delivered, what is on its way, and what needs a person", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, l, err := c.beside(cmd.Context())
			if err != nil {
				return err
			}
			defer l.Close()
			if watching {
				return watchStatus(cmd.Context(), cmd.OutOrStdout(), cfg, l)
			}
			o, err := overview.Read(cmd.Context(), cfg, l)
			if err != nil {
				return err
			}
			view{o}.print(cmd.OutOrStdout())
			return nil
		},
	}
	cmd.Flags().BoolVar(&watching, "watch", false, "keep showing it, live, until Ctrl-C")
	return cmd
}

// A view is an overview on a terminal.
type view struct{ overview.Overview }

// watchStatus shows the view again and again, in place.
func watchStatus(ctx context.Context, out io.Writer, cfg *config.Config, l *ledger.Ledger) error {
	var meter overview.Meter
	for {
		o, err := overview.Read(ctx, cfg, l)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		o.Speeds = meter.Measure(o.Now, o.Live)
		var page strings.Builder
		view{o}.print(&page)
		// Home, then each line cleared to its end, then the rest of the screen:
		// nothing flickers.
		fmt.Fprint(out, "\x1b[H"+strings.ReplaceAll(page.String(), "\n", "\x1b[K\n")+"\x1b[J")
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(time.Second):
		}
	}
}
