//go:build integration && linux

package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/studio-agent/studio-agent/agent/config"
	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/all"
	"github.com/studio-agent/studio-agent/integration"
)

// handOver has the connector alone deliver a set, from this process: no watch, no
// ledger, no verdict on what is whole. What the product takes longer, those cost.
func handOver(ctx context.Context, d *dataset, s *integration.Server, connections int, scratch string) (outcome, error) {
	far, err := connect(d, s, connections, scratch)
	if err != nil {
		return outcome{}, err
	}
	names := make(chan string)
	begin, used := time.Now(), ownProcessor()
	sending, ctx := errgroup.WithContext(ctx)
	sending.Go(func() error {
		defer close(names)
		for name := range d.sums {
			select {
			case names <- name:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
	for range 4 * connections {
		sending.Go(func() error {
			for name := range names {
				if err := d.hand(ctx, far.Out, name); err != nil {
					return err
				}
			}
			return nil
		})
	}
	err = sending.Wait()
	took := outcome{wall: time.Since(begin), cpu: ownProcessor() - used}
	if err != nil {
		return outcome{}, err
	}
	return took, d.arrived(filepath.Join(s.Root, "in"), true)
}

// connect makes the connector that the agent would have.
func connect(d *dataset, s *integration.Server, connections int, scratch string) (connectors.Connector, error) {
	if err := os.Setenv("BENCH_PASSWORD", s.Password); err != nil {
		return connectors.Connector{}, err
	}
	file := filepath.Join(scratch, "alone.yaml")
	if err := os.WriteFile(file, []byte(transferConfig(d, s, connections)), 0o600); err != nil {
		return connectors.Connector{}, err
	}
	cfg, err := config.Load(file)
	if err != nil {
		return connectors.Connector{}, err
	}
	account := cfg.Accounts["far"]
	factory, known := all.Registry().Find(account.Type)
	if !known {
		return connectors.Connector{}, fmt.Errorf("there is no account type %q", account.Type)
	}
	return factory.New(connectors.Setup{
		Account: account.Name, Dir: scratch, Decode: account.Decode, Connections: account.Connections,
		Memory: new(connectors.ShortMemory), Secret: config.NewSecrets(file).Resolve, Shared: &sync.Map{}, Log: slog.New(slog.DiscardHandler),
	})
}

// hand delivers one file of the set.
func (d *dataset) hand(ctx context.Context, to connectors.Destination, name string) error {
	path := filepath.Join(d.dir, name)
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	photo := connectors.Photo{ID: fmt.Sprintf("%x", d.sums[name])[:20], Bench: "bench", Role: connectors.Capture, Name: name, Size: info.Size(), ModTime: info.ModTime()}
	open := func() (io.ReadCloser, error) { return os.Open(path) }
	_, err = to.Deliver(ctx, photo, open, func() error { return nil })
	return err
}

// ownProcessor is the processor time of this process so far.
func ownProcessor() time.Duration {
	var used syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &used) != nil {
		return 0
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
