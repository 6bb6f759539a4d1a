package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/studio-agent/studio-agent/agent/config"
)

// received looks whether every task that an account hands out has a bench, and each
// bench a folder that outputs leave from.
func (r *report) received(cfg *config.Config, made map[string]connection) {
	for _, account := range sortedKeys(cfg.Accounts) {
		if made[account].Assignments == nil {
			continue
		}
		rest := false
		for _, b := range cfg.Benches {
			if !importsFrom(b, account) {
				continue
			}
			var opt struct {
				Jobs []string `yaml:"jobs"`
			}
			if b.Decode(&opt) != nil {
				continue // told already
			}
			what := "bench " + b.Name + ", tasks of " + account
			text := "every job that no other bench takes"
			rest = rest || len(opt.Jobs) == 0 || slices.Contains(opt.Jobs, "*")
			if len(opt.Jobs) > 0 {
				text = "jobs " + strings.Join(opt.Jobs, ", ")
			}
			if !sendsTo(b, account) {
				r.wrong(what, "outputs have no folder that they leave from", fmt.Sprintf("write captures: {folder: …, to: [%s]} under the bench", account))
				continue
			}
			r.fine(what, text)
		}
		if !rest {
			r.wrong("tasks of "+account, "tasks of a job that no bench names under jobs go to no bench", "leave jobs out under one bench, or write jobs: ['*'] there")
		}
	}
}
