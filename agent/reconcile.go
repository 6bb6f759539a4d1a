package main

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/text/unicode/norm"

	"github.com/studio-agent/studio-agent/agent/config"
	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/sync/ledger"
	"github.com/studio-agent/studio-agent/sync/outbound"
	"github.com/studio-agent/studio-agent/watch"
)

func (c *cli) reconcileCommand() *cobra.Command {
	var bench, since string
	var asCSV bool
	cmd := &cobra.Command{
		Use: "reconcile", Short: "Compare the disk with the remotes: is every picture there?", Args: cobra.NoArgs,
		Long: "Compare the disk with the remotes, picture by picture, by asking them. Nothing is sent or changed.\nExit code 0: all agree; 1: something is missing, extra or different, and is listed.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, l, err := c.beside(cmd.Context())
			if err != nil {
				return err
			}
			defer l.Close()
			made, err := c.tools(cfg, nil).connect(cfg)
			if err != nil {
				return err
			}
			var from time.Time
			if since != "" {
				if from, err = time.ParseInLocation(time.DateOnly, since, time.Local); err != nil {
					return &usageError{fmt.Errorf("%q is not a date; write 2026-11-22", since)}
				}
			}
			var all []comparison
			for _, b := range cfg.Benches {
				if bench != "" && b.Name != bench {
					continue
				}
				some, err := reconcileBench(cmd.Context(), cfg, l, b, made, from)
				if err != nil {
					return err
				}
				all = append(all, some...)
			}
			if len(all) == 0 {
				return fmt.Errorf("there is no bench %q in %s", bench, cfg.File)
			}
			return tellComparisons(cmd.OutOrStdout(), all, asCSV)
		},
	}
	cmd.Flags().StringVar(&bench, "bench", "", "only the bench of this `NAME`")
	cmd.Flags().StringVar(&since, "since", "", "only files changed since this `DATE`, such as 2026-11-22")
	cmd.Flags().BoolVar(&asCSV, "csv", false, "write a table for a spreadsheet")
	cmd.RegisterFlagCompletionFunc("bench", c.completeBenches)
	return cmd
}

// A comparison is one bench's disk against one account.
type comparison struct {
	bench, account string
	disk, remote   int
	findings       []finding
}

type finding struct{ name, verdict, detail string }

const (
	missing   = "missing"   // on disk, not at the remote
	extra     = "extra"     // at the remote, not on disk
	different = "different" // at both, with another content
)

func reconcileBench(ctx context.Context, cfg *config.Config, l *ledger.Ledger, b config.Bench, made map[string]connection, since time.Time) ([]comparison, error) {
	var all []comparison
	for _, account := range sortedKeys(cfg.Accounts) {
		if !sendsTo(b, account) {
			continue
		}
		photos, err := photosOnDisk(ctx, cfg, l, b.Name, account, made, since)
		if err != nil {
			return nil, err
		}
		ours, err := sentSince(ctx, l, account, b.Name, since)
		if err != nil {
			return nil, err
		}
		books := books{ours: ours, why: func(p connectors.Photo) string { return whyMissing(ctx, l, p) }}
		c, err := compare(ctx, b.Name, account, made[account].Connector, photos, books)
		if err != nil {
			return nil, fmt.Errorf("compare bench %s with account %s: %w", b.Name, account, err)
		}
		all = append(all, c)
	}
	return all, nil
}

// photosOnDisk lists what should be at the account: every file that would be
// sent, with its digests.
func photosOnDisk(ctx context.Context, cfg *config.Config, l *ledger.Ledger, bench, account string, made map[string]connection, since time.Time) ([]connectors.Photo, error) {
	var photos []connectors.Photo
	seen := map[string]bool{} // by job: a select and its capture are one picture
	for _, f := range cfg.HotFolders() {
		if f.Bench != bench || !slices.Contains(f.To, account) {
			continue
		}
		e := enqueuer(l, f, made)
		err := watch.Walk(ctx, f.Path, e.Skip, func(found watch.Found) error {
			if found.Err != nil {
				return found.Err
			}
			if found.Skipped != "" || found.ModTime.Before(since) {
				return nil
			}
			p, wanted, err := e.Expected(ctx, account, found.File)
			if wanted && !seen[p.ID] {
				photos, seen[p.ID] = append(photos, p), true
			}
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", f.Path, err)
		}
	}
	return photos, nil
}

// findGroup is how many photos are asked for at once.
const findGroup = 100

// books are what the ledger knows, for a comparison.
type books struct {
	ours func(name string) bool          // whether a name at the remote counts
	why  func(p connectors.Photo) string // why a photo may be missing; empty if nothing is known
}

// whyMissing says what the ledger knows of a photo that is not at the remote.
func whyMissing(ctx context.Context, l *ledger.Ledger, p connectors.Photo) string {
	j, known, err := l.Job(ctx, p.ID)
	switch {
	case err != nil || !known:
		return "not taken up yet"
	case j.State == ledger.Done:
		return "it was there " + clock(time.Now(), j.SentAt)
	}
	return reasonOf(j)
}

func compare(ctx context.Context, bench, account string, to connectors.Connector, photos []connectors.Photo, books books) (comparison, error) {
	c := comparison{bench: bench, account: account, disk: len(photos)}
	if to.List == nil {
		return c, errors.New("this type of account cannot list what it has")
	}
	there, err := to.List(ctx, bench)
	if err != nil {
		return c, err
	}
	remote := map[string]connectors.Receipt{}
	for _, r := range there {
		remote[key(r.Name)] = r
	}
	for group := range slices.Chunk(photos, findGroup) {
		found, err := to.Out.Find(ctx, group)
		if err != nil {
			return c, err
		}
		for i, p := range group {
			r, listed := remote[key(p.Name)]
			delete(remote, key(p.Name))
			switch {
			case !found[i].Zero():
				c.remote++
			case listed:
				c.remote++
				c.findings = append(c.findings, finding{p.Name, different, fmt.Sprintf("%s on disk, %s there", outbound.Bytes(p.Size), outbound.Bytes(r.Size))})
			default:
				c.findings = append(c.findings, finding{p.Name, missing, books.why(p)})
			}
		}
	}
	for _, k := range sortedKeys(remote) {
		if books.ours(k) {
			c.remote++
			c.findings = append(c.findings, finding{remote[k].Name, extra, "not on disk"})
		}
	}
	return c, nil
}

// sentSince tells which names at the remote count: all, or with a date only
// those that were sent from here since then. The others cannot be dated.
func sentSince(ctx context.Context, l *ledger.Ledger, account, bench string, since time.Time) (func(name string) bool, error) {
	if since.IsZero() {
		return func(string) bool { return true }, nil
	}
	jobs, err := l.SentSince(ctx, account, bench, since)
	names := map[string]bool{}
	for _, j := range jobs {
		names[key(j.Name)] = true
	}
	return func(name string) bool { return names[name] }, err
}

// key compares names as remotes do that know one spelling of accents only.
func key(name string) string { return norm.NFC.String(name) }

func tellComparisons(out io.Writer, all []comparison, asCSV bool) error {
	agree := true
	table := csv.NewWriter(out)
	if asCSV {
		table.Write([]string{"bench", "account", "file", "verdict", "detail"})
	}
	for _, c := range all {
		agree = agree && len(c.findings) == 0
		if asCSV {
			for _, f := range c.findings {
				table.Write([]string{c.bench, c.account, harmless(f.name), f.verdict, f.detail})
			}
			continue
		}
		sign := signFine
		if len(c.findings) > 0 {
			sign = signNeeds
		}
		fmt.Fprintf(out, "%s bench %s: %d on disk, %d on %s\n", sign, c.bench, c.disk, c.remote, c.account)
		for _, f := range c.findings {
			fmt.Fprintln(out, strings.TrimRight(fmt.Sprintf("  %-9s  %s  %s", f.verdict, shown(f.name), f.detail), " "))
		}
	}
	table.Flush()
	if err := table.Error(); err != nil {
		return err
	}
	if !agree {
		return errSaid
	}
	return nil
}

// harmless keeps a spreadsheet from taking a file name for a formula.
func harmless(name string) string {
	if strings.ContainsAny(name[:min(1, len(name))], "=+-@\t\r") {
		return "'" + name
	}
	return name
}
