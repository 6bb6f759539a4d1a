//go:build linux

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// idle measures the processor time of an agent that has nothing to do.
func idle(dir string) error {
	const files, watched = 100_000, time.Minute
	_, a, err := startOnTree(dir, files)
	if err != nil {
		return err
	}
	time.Sleep(5 * time.Second) // let the start be over
	before, err := a.cpu()
	if err != nil {
		return err
	}
	time.Sleep(watched)
	after, err := a.cpu()
	if err != nil {
		return err
	}
	now, peak, err := a.memory()
	if err != nil {
		return err
	}
	fmt.Printf("| at rest, %d files watched | processor | RSS now | RSS peak |\n|---|---|---|---|\n", files)
	fmt.Printf("| studio-agent, over %v | %.2f %% of a core | %.0f MiB | %.0f MiB |\n", watched, 100*(after-before).Seconds()/watched.Seconds(), now, peak)
	return a.stop()
}

// memory measures a million known files: their first sight, then a restart that
// compares all of them with the ledger.
func memory(dir string) error {
	const files = 1_000_000
	exe, a, err := startOnTree(dir, files)
	if err != nil {
		return err
	}
	_, first, err := a.memory()
	if err != nil {
		return err
	}
	if err := a.stop(); err != nil {
		return err
	}
	begin := time.Now()
	if a, err = start(exe, dir, treeConfig(dir)); err != nil {
		return err
	}
	if err := a.awaitLight(exe, "by events", 10*time.Minute); err != nil {
		return err
	}
	scanned := time.Since(begin)
	now, again, err := a.memory()
	if err != nil {
		return err
	}
	fmt.Printf("| %d known files | RSS peak | RSS now | time |\n|---|---|---|---|\n", files)
	fmt.Printf("| first sight (`existing: ignore`) | %.0f MiB | | |\n", first)
	fmt.Printf("| restart: all scanned and compared with the ledger | %.0f MiB | %.0f MiB | %v |\n", again, now, scanned.Round(100*time.Millisecond))
	return a.stop()
}

func treeConfig(dir string) string {
	return fmt.Sprintf(`
page: off
accounts: {nas: {type: folder, put: %s}}
benches: [{name: bench, captures: {folder: %s, to: [nas], existing: ignore}}]
`, filepath.Join(dir, "dst"), filepath.Join(dir, "tree"))
}

// startOnTree makes a tree of files that are to be left alone, and an agent
// that has seen it all.
func startOnTree(dir string, files int) (exe string, a *agent, err error) {
	if exe, err = build(dir); err != nil {
		return "", nil, err
	}
	if err := mkdirs(filepath.Join(dir, "dst")); err != nil {
		return "", nil, err
	}
	const perFolder = 200
	for i := range files {
		folder := filepath.Join(dir, "tree", fmt.Sprintf("day_%04d", i/perFolder/50), fmt.Sprintf("ref_%04d", i/perFolder))
		if i%perFolder == 0 {
			if err := mkdirs(folder); err != nil {
				return "", nil, err
			}
		}
		if err := os.WriteFile(filepath.Join(folder, fmt.Sprintf("IMG_%06d.jpg", i)), []byte("x"), 0o644); err != nil {
			return "", nil, err
		}
	}
	if a, err = start(exe, dir, treeConfig(dir)); err != nil {
		return "", nil, err
	}
	return exe, a, a.awaitLight(exe, "by events", 10*time.Minute)
}
