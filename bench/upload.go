//go:build linux

package main

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/studio-agent/studio-agent/connectors/grandshooting/grandshootingsim"
)

// upload sends one 10 GB file to a simulated Grand Shooting, which digests it
// and throws it away.
func upload(dir string) error {
	const size = 10_000_000_000
	exe, err := build(dir)
	if err != nil {
		return err
	}
	sim := grandshootingsim.New(grandshootingsim.Options{Token: "bench-token"})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	go sim.Serve(l)
	defer sim.Close()
	root := sim.AddProduction("Bench", 10, 40)[0].ID
	captures := filepath.Join(dir, "captures")
	if err := mkdirs(captures); err != nil {
		return err
	}
	a, err := start(exe, dir, fmt.Sprintf(`
page: off
accounts: {gs: {type: grandshooting, url: "http://%s/v2", token: env:BENCH_TOKEN}}
benches: [{name: bench, production: %d, captures: {folder: %s, to: [gs]}}]
`, l.Addr(), root, captures), "BENCH_TOKEN=bench-token")
	if err != nil {
		return err
	}
	video, err := os.Create(filepath.Join(captures, "video.bin"))
	if err != nil {
		return err
	}
	if err := video.Truncate(size); err != nil { // sparse: reading it costs no disk
		return err
	}
	if _, err := video.WriteString("a format that nobody knows"); err != nil { // all zeros would look reserved, not written
		return err
	}
	if err := video.Close(); err != nil {
		return err
	}
	begin := time.Now()
	for end := begin.Add(10 * time.Minute); len(sim.Pictures()) == 0; time.Sleep(100 * time.Millisecond) {
		if time.Now().After(end) {
			return fmt.Errorf("the video never arrived\n%s", a.log.String())
		}
	}
	took := time.Since(begin)
	_, peak, err := a.memory()
	if err != nil {
		return err
	}
	if got := sim.Pictures()[0].Size; got != size {
		return fmt.Errorf("%d bytes arrived", got)
	}
	fmt.Printf("| one video of 10 GB | time | MB/s | RSS peak |\n|---|---|---|---|\n")
	fmt.Printf("| studio-agent, simulator on the same machine | %v | %.0f | %.0f MiB |\n", took.Round(time.Second), size/1e6/took.Seconds(), peak)
	return a.stop()
}
