package main

import (
	"testing"

	"github.com/studio-agent/studio-agent/agent/config"
)

func TestWhatARunningAgentCannotApplyIsSaid(t *testing.T) {
	before := &config.Config{Name: "studio-3", Ledger: "/a/ledger.db", Log: config.Log{Level: "info", Format: "text"}}
	tests := []struct {
		name   string
		change func(*config.Config)
		want   string
	}{
		{"nothing", func(*config.Config) {}, ""},
		{"the level", func(c *config.Config) { c.Log.Level = "debug" }, ""},
		{"the ledger", func(c *config.Config) { c.Ledger = "/b/ledger.db" }, "restart the agent: it goes on with the earlier ledger until then"},
		{"name and log", func(c *config.Config) { c.Name, c.Log.File = "studio-4", "/var/log/x" }, "restart the agent: it goes on with the earlier name, log until then"},
	}
	for _, test := range tests {
		now := *before
		test.change(&now)
		if got := needsRestart(before, &now); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}
