package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/studio-agent/studio-agent/agent/config"
	"github.com/studio-agent/studio-agent/agent/overview"
	"github.com/studio-agent/studio-agent/connectors/all"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

// cli is what the command line says to all commands.
type cli struct {
	config string
}

// release is set when a version is built for people: -ldflags "-X main.release=1.2.3".
var release = ""

func version() string {
	if release != "" {
		return release
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}

// defaultConfig is agent.yaml here, if there is one, else where a service has it.
func defaultConfig() string {
	if _, err := os.Stat("agent.yaml"); err == nil {
		return "agent.yaml"
	}
	switch runtime.GOOS {
	case "windows":
		return filepath.Join(cmp.Or(os.Getenv("ProgramData"), `C:\ProgramData`), "studio-agent", "agent.yaml")
	case "darwin":
		return "/Library/Application Support/studio-agent/agent.yaml"
	}
	return "/etc/studio-agent/agent.yaml"
}

// load reads agent.yaml. Mistakes in the accounts' own options are told along
// with the others, so that nobody has to correct one after the other.
func (c *cli) load() (*config.Config, error) {
	cfg, err := config.Load(c.config, all.Registry().Types()...)
	var problems, more config.Errors
	if !errors.As(err, &problems) {
		return cfg, err
	}
	if cfg != nil {
		if _, err := c.tools(cfg, nil).connect(cfg); errors.As(err, &more) {
			problems = append(problems, more...)
		}
	}
	return nil, problems
}

// tools are the parts that commands share with the agent; log may be nil.
func (c *cli) tools(cfg *config.Config, log *slog.Logger) toolbox {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return toolbox{registry: all.Registry(), secrets: config.NewSecrets(cfg.File), http: newHTTP(), shared: &sync.Map{}, log: log}
}

// beside opens the ledger to look and to ask, while an agent may be running.
func (c *cli) beside(ctx context.Context) (*config.Config, *ledger.Ledger, error) {
	cfg, err := c.load()
	if err != nil {
		return nil, nil, err
	}
	l, err := ledger.OpenForPeople(ctx, ledger.Options{Path: cfg.Ledger})
	return cfg, l, err
}

// ask has the agent do something and prints what came of it. An agent that is
// not running does it when it starts.
func (c *cli) ask(cmd *cobra.Command, verb string, args map[string]string) error {
	_, l, err := c.beside(cmd.Context())
	if err != nil {
		return err
	}
	defer l.Close()
	return askAgent(cmd.Context(), l, cmd.OutOrStdout(), verb, args)
}

// patience is how long a command waits for a running agent to answer.
func patience(verb string) time.Duration {
	if taskVerbs[verb] != nil || projectVerbs[verb] != nil {
		return 2 * time.Minute // a vendor is asked
	}
	return 5 * time.Second
}

func askAgent(ctx context.Context, l *ledger.Ledger, out io.Writer, verb string, args map[string]string) error {
	seq, err := l.Ask(verb, args)
	if err != nil {
		return err
	}
	agent, running, err := overview.RunningAgent(ctx, l)
	if err != nil {
		return err
	}
	if !running {
		fmt.Fprintln(out, "The agent is not running: this is noted, and done when it starts.")
		return nil
	}
	answer, err := awaitAnswer(ctx, l, seq, patience(verb))
	if errors.Is(err, errNoAnswer) {
		return fmt.Errorf("the agent %s (process %d) does not answer; what you asked for is noted, and done when it does", agent.Name, agent.PID)
	} else if err != nil {
		return err
	}
	fmt.Fprintln(out, answer)
	if strings.HasPrefix(answer, notDone) {
		return errSaid
	}
	return nil
}

var errNoAnswer = errors.New("the agent does not answer yet; what you asked for is noted, and done when it does")

// awaitAnswer returns what came of a control, or errNoAnswer if nothing has for
// that long.
func awaitAnswer(ctx context.Context, l *ledger.Ledger, seq int64, patience time.Duration) (string, error) {
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		control, err := l.Control(ctx, seq)
		if err != nil {
			return "", err
		}
		if !control.Taken.IsZero() {
			return control.Answer, nil
		}
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
	return "", errNoAnswer
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
