package main

import (
	"context"
	"strings"
	"testing"

	"github.com/studio-agent/studio-agent/agent/config"
	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/all"
)

func TestCheckSaysWhichBenchTakesWhichJobs(t *testing.T) {
	const accounts = "accounts:\n  cf: {type: creativeforce}\n  nas: {type: folder, put: /x}\n  other: {type: folder, get: /y}\nbenches:\n"
	for benches, want := range map[string]struct {
		says []string
		bad  int
	}{
		"  - {name: a, jobs: [Shoes*, Boots], imports: {folder: /a, from: [cf]}, captures: {folder: /b, to: [cf]}}\n  - {name: b, imports: {folder: /c, from: [cf]}, captures: {folder: /d, to: [cf]}}\n": {
			[]string{"bench a, tasks of cf: jobs Shoes*, Boots\n", "bench b, tasks of cf: every job that no other bench takes\n"}, 0,
		},
		"  - {name: a, jobs: [Shoes*], imports: {folder: /a, from: [cf]}, captures: {folder: /b, to: [nas]}}\n": {
			[]string{"outputs have no folder that they leave from", "to: [cf]", "tasks of a job that no bench names under jobs go to no bench"}, 2,
		},
		"  - {name: a, jobs: ['*'], imports: {folder: /a, from: [cf]}, captures: {folder: /b, to: [cf]}}\n": {[]string{"bench a, tasks of cf: jobs *\n"}, 0},
		"  - {name: a, imports: {folder: /a, from: [other]}}\n":                                             {[]string{"go to no bench"}, 1},
	} {
		cfg, err := config.Parse("agent.yaml", []byte(accounts+benches), all.Registry().Types()...)
		if err != nil {
			t.Fatal(err)
		}
		made := map[string]connection{"cf": {Connector: connectors.Connector{Assignments: func(context.Context) ([]connectors.Assignment, error) { return nil, nil }}}}
		out := &strings.Builder{}
		r := &report{out: out}
		r.received(cfg, made)
		for _, text := range want.says {
			if !strings.Contains(out.String(), text) {
				t.Errorf("%s\nit does not say %q:\n%s", benches, text, out)
			}
		}
		if r.bad != want.bad {
			t.Errorf("%s\n%d findings, want %d:\n%s", benches, r.bad, want.bad, out)
		}
	}
}
