package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/studio-agent/studio-agent/agent/config"
	"github.com/studio-agent/studio-agent/service"
	"github.com/studio-agent/studio-agent/sync/outbound"
)

func (c *cli) runCommand() *cobra.Command {
	var once bool
	cmd := &cobra.Command{
		Use: "run", Short: "Watch the hot folders and deliver, until stopped", Args: cobra.NoArgs,
		Long: "Watch the hot folders and deliver, until stopped.\n\nWith --once, deliver what is there now, say what arrived and what did not, and end:\nexit code 0 if all arrived, 1 if not.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := c.load()
			if err != nil {
				return err
			}
			tools, level, logs, err := c.logging(cfg, cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			defer logs.Close()
			if once {
				sum, err := runOnce(cmd.Context(), cfg, tools, level)
				return sum.report(cmd.OutOrStdout(), err)
			}
			leaveRoom()
			return service.Run(serviceOptions(cfg.File), func(ctx context.Context) error {
				err := runAgent(ctx, cfg, tools, level)
				if err != nil {
					tools.log.Error("Agent ended", "error", err)
				}
				return err
			})
		},
	}
	cmd.Flags().BoolVar(&once, "once", false, "deliver what is there now, then end")
	return cmd
}

// roomToGrow is by how much of what is in use the heap may grow before it is swept,
// in percent: of a few MiB, Go's 100 is spent a hundred times in a second while
// photos go out. At 200 a full folder took 64 MiB of memory, which is too much.
const roomToGrow = 140

// leaveRoom sets it, unless the environment says otherwise.
func leaveRoom() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(roomToGrow)
	}
}

// logging makes the tools of a running agent, which has a real log.
func (c *cli) logging(cfg *config.Config, console io.Writer) (toolbox, *slog.LevelVar, io.Closer, error) {
	tools := c.tools(cfg, nil)
	level := new(slog.LevelVar)
	log, closer, err := newLogger(cfg.Log, tools.secrets, console, level)
	if err != nil {
		return tools, level, nil, err
	}
	tools.log = log
	return tools, level, closer, nil
}

func (s summary) report(out io.Writer, err error) error {
	if err != nil {
		return err
	}
	landed := ""
	if s.landed > 0 {
		landed = ", " + count(s.landed, "retouch") + " landed"
	}
	fmt.Fprintf(out, "%s delivered (%s)%s in %s\n", count(s.delivered, "photo"), outbound.Bytes(s.bytes), landed, s.took.Round(100_000_000))
	for _, line := range s.left {
		fmt.Fprintln(out, "not delivered:", line)
	}
	if !s.ok() {
		return errSaid
	}
	return nil
}

func serviceOptions(configFile string) service.Options {
	exe, _ := os.Executable()
	return service.Options{
		Name: "studio-agent", DisplayName: "Studio Agent",
		Description: "Brings pictures from hot folders to platforms and retouchers.",
		Executable:  exe, Arguments: []string{"run", "--config", configFile},
	}
}
