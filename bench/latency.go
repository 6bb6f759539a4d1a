//go:build linux

package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"
)

const (
	drops    = 50
	dropSize = 300_000
)

// latency drops finished JPEGs one by one into a hot folder and measures from
// their closing to the moment in which they are whole at the destination; then
// the same for inotifywait and cp, which check nothing.
func latency(dir string) error {
	exe, err := build(dir)
	if err != nil {
		return err
	}
	src, dst := filepath.Join(dir, "src"), filepath.Join(dir, "dst")
	if err := mkdirs(src, dst); err != nil {
		return err
	}
	a, err := start(exe, dir, fmt.Sprintf(`
page: off
accounts: {nas: {type: folder, put: %s}}
benches: [{name: bench, captures: {folder: %s, to: [nas]}}]
`, dst, src))
	if err != nil {
		return err
	}
	if err := a.awaitLight(exe, "all delivered", 20*time.Second); err != nil {
		return err
	}
	ours, err := dropAll(src, dst)
	if err != nil {
		return fmt.Errorf("%w\n%s", err, a.log.String())
	}
	if err := a.stop(); err != nil {
		return err
	}
	src, dst = filepath.Join(dir, "src2"), filepath.Join(dir, "dst2")
	if err := mkdirs(src, dst); err != nil {
		return err
	}
	plain, err := startPlain(src, dst)
	if err != nil {
		return err
	}
	theirs, err := dropAll(src, dst)
	plain.Process.Kill()
	plain.Wait()
	if err != nil {
		return err
	}
	fmt.Printf("| drop to delivered, %d JPEGs of 300 KB | p50 | p99 | max |\n|---|---|---|---|\n", drops)
	fmt.Printf("| studio-agent, default settings (250 ms of rest included) | %s |\n", row(ours))
	fmt.Printf("| inotifywait + cp | %s |\n", row(theirs))
	return nil
}

func mkdirs(paths ...string) error {
	for _, p := range paths {
		if err := os.MkdirAll(p, 0o755); err != nil {
			return err
		}
	}
	return nil
}

// startPlain runs the peer in a process group that dies with its shell.
func startPlain(src, dst string) (*exec.Cmd, error) {
	if _, err := exec.LookPath("inotifywait"); err != nil {
		return nil, fmt.Errorf("the peer is missing: install inotify-tools: %w", err)
	}
	script := fmt.Sprintf(`exec inotifywait -q -m -e close_write --format %%f %q`, src)
	watch := exec.Command("sh", "-c", script)
	out, err := watch.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := watch.Start(); err != nil {
		return nil, err
	}
	copyLoop := exec.Command("sh", "-c", fmt.Sprintf(`while read -r f; do cp %q/"$f" %q/"$f"; done`, src, dst))
	copyLoop.Stdin = out
	if err := copyLoop.Start(); err != nil {
		return nil, err
	}
	time.Sleep(time.Second) // until its watches are set
	return watch, nil
}

// dropAll drops the pictures and returns how long each took.
func dropAll(src, dst string) ([]time.Duration, error) {
	rnd := rand.New(rand.NewPCG(1, 2))
	var took []time.Duration
	for i := range drops {
		content := jpeg(rnd)
		name := fmt.Sprintf("IMG_%04d.jpg", i)
		if err := os.WriteFile(filepath.Join(src, name), content, 0o644); err != nil {
			return nil, err
		}
		closed := time.Now()
		if err := awaitWhole(filepath.Join(dst, name), content, closed.Add(20*time.Second)); err != nil {
			return nil, err
		}
		took = append(took, time.Since(closed))
		time.Sleep(100*time.Millisecond + time.Duration(rnd.IntN(200))*time.Millisecond)
	}
	slices.Sort(took)
	return took, nil
}

// awaitWhole returns once the file is there with all its bytes.
func awaitWhole(path string, content []byte, deadline time.Time) error {
	for time.Now().Before(deadline) {
		if info, err := os.Stat(path); err == nil && info.Size() == int64(len(content)) {
			if got, err := os.ReadFile(path); err == nil && bytes.Equal(got, content) {
				return nil
			}
		}
		time.Sleep(time.Millisecond)
	}
	return fmt.Errorf("%s never arrived", path)
}

// What stands before and behind the data of a file that looks like a whole JPEG.
const (
	jpegHead = "\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00"
	jpegTail = "\xff\xd9"
)

// jpeg makes a file that looks like a whole JPEG.
func jpeg(rnd *rand.Rand) []byte {
	b := []byte(jpegHead)
	for len(b) < dropSize-len(jpegTail) {
		b = append(b, byte(rnd.IntN(255))) // never 0xff: no marker by chance
	}
	return append(b, jpegTail...)
}

func row(sorted []time.Duration) string {
	at := func(share float64) time.Duration {
		return sorted[min(len(sorted)-1, int(share*float64(len(sorted))))].Round(time.Millisecond)
	}
	return fmt.Sprintf("%v | %v | %v", at(0.50), at(0.99), sorted[len(sorted)-1].Round(time.Millisecond))
}
