package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/studio-agent/studio-agent/agent/config"
	"github.com/studio-agent/studio-agent/sync/ledger"
	"github.com/studio-agent/studio-agent/sync/outbound"
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
			v, err := viewOf(cmd.Context(), cfg, l)
			if err != nil {
				return err
			}
			v.print(cmd.OutOrStdout())
			return nil
		},
	}
	cmd.Flags().BoolVar(&watching, "watch", false, "keep showing it, live, until Ctrl-C")
	return cmd
}

// A view is all that status shows, read at one moment.
type view struct {
	now     time.Time
	name    string
	agent   ledger.Agent
	running bool
	live    live
	benches []benchView
	parked  []ledger.Job            // held, or given up by a vendor
	coming  map[string][]ledger.Job // by account: what comes back and waits for a reason
	tasks   int                     // of which something is still expected
	late    int                     // of these
	pauses  []ledger.Pause
	speeds  map[string]float64 // bytes per second by account and name, where known
}

type benchView struct {
	name    string
	folders []liveFolder
	tallies []ledger.Tally
}

func viewOf(ctx context.Context, cfg *config.Config, l *ledger.Ledger) (view, error) {
	v := view{now: time.Now(), name: cfg.Name}
	var err error
	if v.agent, v.running, err = runningAgent(ctx, l); err != nil {
		return v, err
	}
	if v.running {
		if err := json.Unmarshal(v.agent.Live, &v.live); err != nil {
			return v, fmt.Errorf("read what the agent says of itself: %w", err)
		}
	}
	tallies, err := l.Tallies(ctx, v.now)
	if err != nil {
		return v, err
	}
	mirrors := map[string]string{} // the account of each, by title
	names := benchNames(cfg)
	for _, f := range cfg.HotFolders() {
		if f.Role == config.MirrorRole {
			names, mirrors[f.Title()] = append(names, f.Title()), f.To[0]
		}
	}
	for _, name := range names {
		bench := benchView{name: name}
		for _, t := range tallies {
			if t.Bench == name || t.Bench == "" && t.Account == mirrors[name] {
				bench.tallies = append(bench.tallies, t)
			}
		}
		for _, f := range v.live.Folders {
			if f.Bench == name {
				bench.folders = append(bench.folders, f)
			}
		}
		v.benches = append(v.benches, bench)
	}
	if v.parked, err = l.Parked(ctx, 50); err != nil {
		return v, err
	}
	failed, err := l.GivenUp(ctx, 50)
	if err != nil {
		return v, err
	}
	v.parked = append(v.parked, failed...)
	if v.coming, err = comingTo(ctx, l, v.live.Sources); err != nil {
		return v, err
	}
	tasks, err := l.Tasks(ctx, "", false)
	if err != nil {
		return v, err
	}
	for _, t := range tasks {
		v.tasks++
		if !t.Deadline.IsZero() && v.now.After(t.Deadline) {
			v.late++
		}
	}
	v.pauses, err = l.Pauses(ctx, v.now)
	return v, err
}

// watchStatus shows the view again and again, in place.
func watchStatus(ctx context.Context, out io.Writer, cfg *config.Config, l *ledger.Ledger) error {
	meter := newMeter()
	for {
		v, err := viewOf(ctx, cfg, l)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		v.speeds = meter.measure(v.now, v.live.Accounts)
		var page strings.Builder
		v.print(&page)
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

// A meter learns the speed of transfers from one view to the next.
type meter struct {
	at    time.Time
	bytes map[string]int64
}

func newMeter() *meter { return &meter{bytes: map[string]int64{}} }

func (m *meter) measure(now time.Time, accounts []outbound.Status) map[string]float64 {
	speeds, bytes := map[string]float64{}, map[string]int64{}
	for _, a := range accounts {
		for _, t := range a.Transfers {
			key := a.Account + "\x00" + t.Name
			bytes[key] = t.Bytes
			if before, ok := m.bytes[key]; ok && t.Bytes >= before {
				speeds[key] = float64(t.Bytes-before) / now.Sub(m.at).Seconds()
			} else if age := now.Sub(t.Since).Seconds(); age > 0.5 {
				speeds[key] = float64(t.Bytes) / age
			}
		}
	}
	m.at, m.bytes = now, bytes
	return speeds
}
