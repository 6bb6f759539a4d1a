package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/studio-agent/studio-agent/agent/config"
	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/watch"
)

func (c *cli) checkCommand() *cobra.Command {
	var offline bool
	cmd := &cobra.Command{
		Use: "check", Short: "Examine agent.yaml, the folders as this user, and the accounts; change nothing", Args: cobra.NoArgs,
		Long: "Examine agent.yaml, the folders as this user, and the accounts; change nothing.\n\n" +
			"Run it as the user that the service runs as. Exit code 0: all is well; 1: something is wrong; 78: agent.yaml has mistakes.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := c.load()
			if err != nil {
				return err
			}
			tools := c.tools(cfg, nil)
			made, err := tools.connect(cfg)
			if err != nil {
				return err
			}
			r := &report{out: cmd.OutOrStdout()}
			r.fine("agent.yaml", fmt.Sprintf("%s, %s", count(len(cfg.Benches), "bench"), count(len(cfg.Accounts), "account")))
			r.ledger(cfg)
			for _, f := range cfg.HotFolders() {
				r.folder(f)
			}
			r.landings(cfg)
			r.received(cfg, made)
			r.page(tools, cfg.Page)
			if !offline {
				r.accounts(cmd.Context(), tools, cfg, made)
			}
			return r.verdict()
		},
	}
	cmd.Flags().BoolVar(&offline, "offline", false, "do not ask the accounts")
	return cmd
}

// A report tells findings, each bad one with its fix.
type report struct {
	out io.Writer
	bad int
}

func (r *report) fine(what, text string) { fmt.Fprintf(r.out, "%s %s: %s\n", signFine, what, text) }

func (r *report) wrong(what, text, fix string) {
	r.bad++
	fmt.Fprintf(r.out, "%s %s: %s\n    → %s\n", signNeeds, what, text, fix)
}

func (r *report) verdict() error {
	if r.bad == 0 {
		return nil
	}
	fmt.Fprintf(r.out, "\n%s to fix\n", count(r.bad, "thing"))
	return errSaid
}

func (r *report) ledger(cfg *config.Config) {
	dir := nearest(filepath.Dir(cfg.Ledger)) // the folder is made at the first start
	if share, kind := watch.OnNetwork(dir); share {
		r.wrong("ledger", cfg.Ledger+" is on a network share ("+kind+"), where SQLite loses data", "set `ledger:` to a path on a local disk")
		return
	}
	probe, err := os.CreateTemp(dir, ".studio-check-*")
	if err != nil {
		r.wrong("ledger", fmt.Sprintf("%s cannot be written: %v", dir, err), "give this user the right to write there, or set `ledger:` to another place")
		return
	}
	probe.Close()
	os.Remove(probe.Name())
	r.fine("ledger", cfg.Ledger)
}

func (r *report) folder(f config.HotFolder) {
	what := fmt.Sprintf("bench %s, %ss", f.Bench, f.Role)
	if f.Role == config.MirrorRole {
		what = f.Title()
	}
	info, err := os.Stat(f.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		r.wrong(what, f.Path+" does not exist", "create it, or mount its disk or share; the agent waits for it until then")
		return
	case err != nil:
		r.wrong(what, err.Error(), "let this user see the folder")
		return
	case !info.IsDir():
		r.wrong(what, f.Path+" is not a folder", "set `folder:` to the folder itself")
		return
	}
	files, skipped, broken := 0, 0, error(nil)
	skip := skipOf(f)
	if f.Role == config.Project {
		p, _ := newProjectWatch(context.Background(), nil, f, nil) // without a ledger there is nothing to fail
		if err := p.foresee(context.Background(), "."); err != nil {
			r.wrong(what, fmt.Sprintf("not all of %s can be read: %v", f.Path, err), "let this user read the folder and everything in it")
			return
		}
		what += " (" + count(len(p.there), "project") + ")"
		skip.Also = p.why
	}
	err = watch.Walk(context.Background(), f.Path, skip, func(found watch.Found) error {
		switch {
		case found.Err != nil:
			broken = found.Err
		case found.Skipped != "":
			skipped++
		default:
			files++
		}
		return nil
	})
	if err = errors.Join(err, broken); err != nil {
		r.wrong(what, fmt.Sprintf("not all of %s can be read: %v", f.Path, err), "let this user read the folder and everything in it")
		return
	}
	text := fmt.Sprintf("%s, %s to send, %d others", f.Path, count(files, "file"), skipped)
	if share, kind := watch.OnNetwork(f.Path); share {
		text += "; on a network share (" + kind + "), so it is polled"
	}
	r.fine(what, text)
}

func (r *report) accounts(ctx context.Context, tools toolbox, cfg *config.Config, made map[string]connection) {
	for _, name := range sortedKeys(made) {
		what := "account " + name
		if made[name].Probe == nil {
			r.fine(what, "nothing to ask")
			continue
		}
		ctx, cancel := context.WithTimeout(ctx, time.Minute)
		err := made[name].Probe(ctx)
		cancel()
		switch {
		case errors.Is(err, connectors.ErrDenied):
			r.wrong(what, err.Error(), "correct the login in agent.yaml or at the remote")
		case err != nil:
			r.wrong(what, err.Error(), "check the address and this machine's network")
		default:
			r.fine(what, cfg.Accounts[name].Type+", usable")
		}
	}
}
