package main

import (
	"context"
	"os"
	"strings"
	"time"

	"github.com/studio-agent/studio-agent/agent/config"
)

const configEvery = 2 * time.Second

// watchConfig applies agent.yaml anew when it changes on disk, or when SIGHUP
// asks for it. A file with mistakes is refused, and what runs goes on.
func (a *agent) watchConfig(ctx context.Context) error {
	hup, stop := onHangup()
	defer stop()
	tick := time.NewTicker(configEvery)
	defer tick.Stop()
	file := a.parts.config().File
	last := fileStamp(file)
	for {
		asked := false
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-hup:
			asked = true
		case <-tick.C:
		}
		now := fileStamp(file)
		if !asked && (now == last || now == stamp{}) {
			continue
		}
		last = now
		a.reload(ctx, file)
	}
}

func (a *agent) reload(ctx context.Context, file string) {
	before := a.parts.config()
	cfg, err := config.Load(file, a.registry.Types()...)
	if err == nil {
		err = a.apply(ctx, cfg)
	}
	if ctx.Err() != nil {
		return
	}
	if err != nil {
		a.log.Error("The changed configuration is refused; the earlier one goes on", "config", file, "error", err)
		a.parts.complain("the changed agent.yaml is refused, the earlier one goes on: " + err.Error())
		return
	}
	a.parts.complain(needsRestart(before, cfg))
	a.log.Info("Configuration applied", "config", file)
}

// needsRestart says which changes a running agent cannot apply; empty if none.
func needsRestart(before, now *config.Config) string {
	var changed []string
	if before.Name != now.Name {
		changed = append(changed, "name")
	}
	if before.Ledger != now.Ledger {
		changed = append(changed, "ledger")
	}
	was, is := before.Log, now.Log
	was.Level, is.Level = "", ""
	if was != is {
		changed = append(changed, "log")
	}
	if len(changed) == 0 {
		return ""
	}
	return "restart the agent: it goes on with the earlier " + strings.Join(changed, ", ") + " until then"
}

type stamp struct {
	size int64
	time int64
}

func fileStamp(path string) stamp {
	info, err := os.Stat(path)
	if err != nil {
		return stamp{} // being replaced: look again
	}
	return stamp{info.Size(), info.ModTime().UnixNano()}
}
