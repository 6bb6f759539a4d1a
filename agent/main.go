// Command studio-agent watches the hot folders of a photo studio and brings
// their pictures to platforms and retouchers, each once and whole.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/studio-agent/studio-agent/agent/config"
)

// Exit codes. Scripts and service managers tell them apart.
const (
	exitFine     = 0
	exitFailed   = 1  // something did not work, or pictures are left
	exitUsage    = 2  // the command line makes no sense
	exitBadSetup = 78 // agent.yaml has mistakes (EX_CONFIG)
)

func main() { os.Exit(execute()) }

func execute() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	root := commands()
	err := root.ExecuteContext(ctx)
	var problems config.Errors
	var usage *usageError
	switch {
	case err == nil:
		return exitFine
	case errors.Is(err, errSaid):
		return exitFailed
	case errors.As(err, &problems):
		fmt.Fprintln(os.Stderr, err)
		return exitBadSetup
	case errors.As(err, &usage):
		fmt.Fprintf(os.Stderr, "studio-agent: %v\nTry: studio-agent --help\n", err)
		return exitUsage
	}
	fmt.Fprintf(os.Stderr, "studio-agent: %v\n", err)
	return exitFailed
}

// errSaid ends a command that has already told what is wrong.
var errSaid = errors.New("told already")

// A usageError is a command line that makes no sense.
type usageError struct{ error }

func commands() *cobra.Command {
	var c cli
	root := &cobra.Command{
		Use:           "studio-agent",
		Short:         "Brings a studio's pictures from hot folders to platforms and retouchers, each once and whole.",
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return &usageError{fmt.Errorf("there is no command %q", args[0])}
			}
			return cmd.Help()
		},
		Args: cobra.ArbitraryArgs,
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return &usageError{err} })
	root.PersistentFlags().StringVar(&c.config, "config", defaultConfig(), "the configuration `FILE`")
	root.AddGroup(&cobra.Group{ID: "setup", Title: "Set up:"}, &cobra.Group{ID: "work", Title: "Work:"}, &cobra.Group{ID: "look", Title: "Look and ask:"})
	add := func(group string, cmds ...*cobra.Command) {
		for _, cmd := range cmds {
			cmd.GroupID = group
			root.AddCommand(cmd)
		}
	}
	add("setup", c.demoCommand(), c.checkCommand(), c.planCommand(), c.doctorCommand(), c.serviceCommand())
	add("work", c.runCommand(), c.releaseCommand(), c.retryCommand(), c.pauseCommand(), c.resumeCommand(), c.taskCommand(), c.projectCommand())
	add("look", c.statusCommand(), c.whyCommand(), c.reconcileCommand(), c.gsCommand())
	root.AddCommand(versionCommand())
	root.AddCommand(previewWorker())
	return root
}

// exactly is cobra.ExactArgs with an error that the exit code can be told from.
func exactly(n int, what string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) != n {
			return &usageError{fmt.Errorf("give %s", what)}
		}
		return nil
	}
}

func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Say which version this is", Args: cobra.NoArgs,
		Run: func(cmd *cobra.Command, _ []string) {
			fmt.Fprintf(cmd.OutOrStdout(), "studio-agent %s (%s %s/%s)\n", version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
		},
	}
}
