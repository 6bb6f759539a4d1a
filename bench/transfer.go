//go:build integration && linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/studio-agent/studio-agent/integration"
)

// patience is what one run gets.
const patience = 5 * time.Minute

// An outcome is one run.
type outcome struct {
	wall    time.Duration
	sending time.Duration // of wall, since the first name showed at the destination; 0: not told
	cpu     time.Duration // of the processors, for all its processes; not the server's
	rss     float64       // peak of all its processes, MiB
}

// A contender is one row of a table.
type contender struct {
	name string
	ours bool
	run  func(ctx context.Context) (outcome, error)
	got  []outcome
	err  error // of the first run that failed; others are not tried
}

// lain is how long the files of a set have been there when they are sent at first:
// the agent lets younger ones rest.
const lain = 11 * time.Second

// transfer sends data sets to a real server with our program and with others, in
// turn, so that whatever else the machine does disturbs all of them.
func transfer(dir string, words []string) error {
	kinds, sets, err := wanted(words)
	if err != nil {
		return err
	}
	exe, err := build(dir)
	if err != nil {
		return err
	}
	var failed []error
	for _, d := range sets {
		src := filepath.Join(dir, "set-"+d.key)
		if err := d.make(src); err != nil {
			return err
		}
		time.Sleep(lain) // or the first run would be of another kind
		for _, kind := range kinds {
			failed = append(failed, compare(filepath.Join(dir, d.key+"-"+kind), exe, kind, d))
		}
		if d.many() { // see clear
			continue
		}
		if err := os.RemoveAll(src); err != nil {
			return err
		}
	}
	return errors.Join(failed...)
}

// wanted reads the command line.
func wanted(words []string) (kinds []string, sets []*dataset, err error) {
	kinds, keys := []string{integration.OpenSSH, integration.Vsftpd}, ""
	for _, w := range words {
		switch w {
		case "-short":
		case "sftp":
			kinds = kinds[:1]
		case "ftp":
			kinds = kinds[len(kinds)-1:]
		case "a", "b", "c", "d":
			keys += w
		default:
			return nil, nil, fmt.Errorf("%q is neither sftp, ftp, a, b, c, d nor -short", w)
		}
	}
	sets = datasets(slices.Contains(words, "-short"))
	return kinds, slices.DeleteFunc(sets, func(d *dataset) bool { return keys != "" && !strings.Contains(keys, d.key) }), nil
}

// compare is one table.
func compare(dir, exe, kind string, d *dataset) error {
	scratch := filepath.Join(dir, "scratch")
	if err := mkdirs(scratch, filepath.Join(dir, "server")); err != nil {
		return err
	}
	s, err := integration.Launch(kind, filepath.Join(dir, "server"), integration.Options{})
	if err != nil {
		return err
	}
	defer s.Close()
	all := contenders(exe, d, s, scratch)
	for r := range d.runs {
		for i := range all { // who comes first may pay for what was before
			c := all[(i+r)%len(all)]
			if c.err != nil {
				continue
			}
			if err := d.clear(filepath.Join(s.Root, "in")); err != nil {
				return err
			}
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			o, err := c.run(ctx)
			cancel()
			if err != nil {
				c.err = fmt.Errorf("%s, set %s, %s: %w", kind, d.key, c.name, err)
				continue
			}
			c.got = append(c.got, o)
		}
	}
	report(kind, d, all)
	var failed []error
	for _, c := range all {
		failed = append(failed, c.err)
	}
	return errors.Join(failed...)
}

func contenders(exe string, d *dataset, s *integration.Server, scratch string) (all []*contender) {
	for _, n := range []int{4, 8} {
		all = append(all, &contender{name: fmt.Sprintf("studio-agent, %d connections", n), ours: true, run: func(ctx context.Context) (outcome, error) {
			return deliver(ctx, exe, d, s, n, scratch)
		}})
	}
	all = append(all, &contender{name: "our connector alone, 8 connections", ours: true, run: func(ctx context.Context) (outcome, error) {
		return handOver(ctx, d, s, 8, scratch)
	}})
	for _, p := range peers(s.Kind, d) {
		all = append(all, &contender{name: p.name, run: func(ctx context.Context) (outcome, error) {
			o, err := p.run(ctx, d, s, scratch)
			return o, errors.Join(err, d.arrived(filepath.Join(s.Root, "in"), false))
		}})
	}
	return all
}

// report prints the median of each, and compares with the fastest of the others.
func report(kind string, d *dataset, all []*contender) {
	best := time.Duration(0)
	for _, c := range all {
		if wall := c.median(outcome.wallTime); !c.ours && wall > 0 && (best == 0 || wall < best) {
			best = wall
		}
	}
	fmt.Printf("| %s, set %s: %s | time (runs) | MB/s | files/s | ratio | since the first byte | ratio | processor | RSS peak |\n|---|---|---|---|---|---|---|---|---|\n", kind, d.key, d.title)
	for _, c := range all {
		if len(c.got) == 0 {
			fmt.Printf("| %s | failed | | | | | | | |\n", c.name)
			continue
		}
		wall, sending := c.median(outcome.wallTime), c.median(outcome.sendingTime)
		since, ratio, memory := "", "", ""
		if sending > 0 {
			since, ratio = fmt.Sprintf("%.2fs", sending.Seconds()), fmt.Sprintf("%.2f", sending.Seconds()/best.Seconds())
		}
		var runs []string
		peak := 0.0
		for _, o := range c.got {
			runs = append(runs, fmt.Sprintf("%.1f", o.wall.Seconds()))
			peak = max(peak, o.rss)
		}
		if peak > 0 {
			memory = fmt.Sprintf("%.0f MiB", peak)
		}
		fmt.Printf("| %s | %.2fs (%s) | %.0f | %.0f | %.2f | %s | %s | %.1fs | %s |\n", c.name, wall.Seconds(), strings.Join(runs, ", "),
			float64(d.bytes())/1e6/wall.Seconds(), float64(d.files)/wall.Seconds(), wall.Seconds()/best.Seconds(), since, ratio, c.median(outcome.cpuTime).Seconds(), memory)
	}
	fmt.Println()
}

func (o outcome) wallTime() time.Duration    { return o.wall }
func (o outcome) sendingTime() time.Duration { return o.sending }
func (o outcome) cpuTime() time.Duration     { return o.cpu }

// median of two runs is their mean; of none 0.
func (c *contender) median(of func(outcome) time.Duration) time.Duration {
	var took []time.Duration
	for _, o := range c.got {
		took = append(took, of(o))
	}
	slices.Sort(took)
	n := len(took)
	if n == 0 {
		return 0
	}
	return (took[(n-1)/2] + took[n/2]) / 2
}
