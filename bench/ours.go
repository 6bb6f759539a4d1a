//go:build integration && linux

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/studio-agent/studio-agent/integration"
)

// deliver starts the program, new to the world, on a hot folder that is full,
// and waits until the last photo is done: found, settled, digested, entered,
// sent under a temporary name, verified and renamed. Then it looks whether what
// arrived is what was sent.
func deliver(ctx context.Context, exe string, d *dataset, s *integration.Server, connections int, scratch string) (outcome, error) {
	home := filepath.Join(scratch, "agent")
	if err := mkdirs(home); err != nil {
		return outcome{}, err
	}
	defer os.RemoveAll(home)
	dst := filepath.Join(s.Root, "in")
	begin := time.Now()
	a, err := start(exe, home, transferConfig(d, s, connections), "BENCH_PASSWORD="+s.Password)
	if err != nil {
		return outcome{}, err
	}
	sending, err := a.awaitDeliveries(ctx, d.files, dst)
	if err != nil {
		a.cmd.Process.Kill()
		a.cmd.Wait()
		return outcome{}, err
	}
	_, latest := a.log.deliveries()
	_, peak, err := a.memory()
	if err != nil {
		return outcome{}, err
	}
	cpu, err := a.cpu()
	if err != nil {
		return outcome{}, err
	}
	if err := a.stop(); err != nil {
		return outcome{}, err
	}
	return outcome{wall: latest.Sub(begin), sending: latest.Sub(sending), cpu: cpu, rss: peak}, d.arrived(dst, true)
}

func transferConfig(d *dataset, s *integration.Server, connections int) string {
	host := fmt.Sprintf("host: %q, user: %s, put: in, connections: %d", s.Addr, s.User, connections)
	account := fmt.Sprintf("{type: sftp, %s, key: \"file:%s\", known_hosts: %s}", host, s.Key, s.KnownHosts)
	if s.Kind != integration.OpenSSH {
		account = fmt.Sprintf("{type: ftp, %s, password: env:BENCH_PASSWORD, tls: plain}", host)
	}
	return fmt.Sprintf(`
page: off
accounts: {far: %s}
benches: [{name: bench, captures: {folder: %s, to: [far], hold_above: off}}]
`, account, d.dir)
}

// awaitDeliveries waits until the log tells of n, and returns when the first
// name showed at the destination.
func (a *agent) awaitDeliveries(ctx context.Context, n int, dst string) (first time.Time, err error) {
	for {
		if first.IsZero() {
			if entries, err := os.ReadDir(dst); err == nil && len(entries) > 0 {
				first = time.Now()
			}
		}
		done, _ := a.log.deliveries()
		if done >= n {
			return first, nil
		}
		select {
		case <-ctx.Done():
			return first, fmt.Errorf("%d of %d were delivered: %w\n%s", done, n, ctx.Err(), a.log.tail())
		case <-time.After(2 * time.Millisecond):
		}
	}
}

// tail is the end of what the program said.
func (j *journal) tail() string {
	text := j.String()
	return text[max(0, len(text)-4000):]
}

// deliveries is how many photos were told delivered, and when the last was.
func (j *journal) deliveries() (n int, latest time.Time) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.delivered, j.latest
}
