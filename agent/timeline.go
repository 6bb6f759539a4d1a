package main

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// Who speaks in a timeline, besides the accounts.
const (
	whoDemo         = "demo"
	whoPhotographer = "photographer"
	whoAgent        = "agent"
	whoChaos        = "chaos"
	whoImporter     = "importer"
	whoManager      = "manager"
	whoArtist       = "retoucher"
)

// A timeline tells a person line by line what happens. Its methods may be
// called from several goroutines.
type timeline struct {
	mu    sync.Mutex
	out   io.Writer
	start time.Time
	bench int // width of the column of benches
	who   int // and of those who speak
}

func newTimeline(out io.Writer, benches, accounts []string) *timeline {
	t := &timeline{out: out, start: time.Now(), who: len(whoPhotographer)}
	for _, name := range benches {
		t.bench = max(t.bench, len(name))
	}
	for _, name := range accounts {
		t.who = max(t.who, len(name))
	}
	return t
}

// say writes one line: when, at which bench (may be empty), who, and what.
func (t *timeline) say(bench, who, format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	fmt.Fprintf(t.out, "%5.1f s  %-*s  %-*s  %s\n", time.Since(t.start).Seconds(), t.bench, bench, t.who, who, shown(fmt.Sprintf(format, args...)))
}

// print writes what is not an event.
func (t *timeline) print(format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	fmt.Fprintf(t.out, format, args...)
}

// short writes a duration of seconds as people say it: 0.6 s.
func short(d time.Duration) string { return fmt.Sprintf("%.1f s", max(0, d).Seconds()) }
