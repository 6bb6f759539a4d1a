package main

import (
	"time"

	"github.com/studio-agent/studio-agent/agent/overview"
)

// The words that all commands use, by short names.
const (
	signFine    = string(overview.Fine)
	signWorking = string(overview.Working)
	signWaiting = string(overview.Waiting)
	signNeeds   = string(overview.Needs)
)

func clock(now, t time.Time) string   { return overview.Clock(now, t) }
func rough(d time.Duration) string    { return overview.Rough(d) }
func count(n int, noun string) string { return overview.Count(n, noun) }
func shown(name string) string        { return overview.Shown(name) }
