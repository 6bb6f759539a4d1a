package inbound

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
)

// A tap stands between the collector and the remote: it counts, and lets a test
// do something at each stage. Nil hooks do nothing.
type tap struct {
	connectors.Source
	onFetch   func(rt connectors.Retouch, w io.Writer) (done bool, err error) // in place of the remote, if done
	onFetched func()                                                          // when all was given
	mu        sync.Mutex
	looks     []time.Time
	fetches   []string
	acks      []string // names, those of one call with + between
}

func (t *tap) Pending(ctx context.Context) ([]connectors.Retouch, error) {
	t.mu.Lock()
	t.looks = append(t.looks, time.Now())
	t.mu.Unlock()
	return t.Source.Pending(ctx)
}

func (t *tap) Fetch(ctx context.Context, rt connectors.Retouch, w io.Writer) error {
	t.mu.Lock()
	t.fetches = append(t.fetches, rt.Name)
	t.mu.Unlock()
	if t.onFetch != nil {
		if done, err := t.onFetch(rt, w); done {
			return err
		}
	}
	err := t.Source.Fetch(ctx, rt, w)
	if t.onFetched != nil {
		t.onFetched()
	}
	return err
}

func (t *tap) Acknowledge(ctx context.Context, rts []connectors.Retouch) error {
	if err := t.Source.Acknowledge(ctx, rts); err != nil {
		return err
	}
	var names []string
	for _, rt := range rts {
		names = append(names, rt.Name)
	}
	slices.Sort(names)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.acks = append(t.acks, strings.Join(names, "+"))
	return nil
}

// looked is when each look was.
func (t *tap) looked() []time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.looks)
}

func (t *tap) fetched() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.fetches)
}

func (t *tap) wantAcks(tt *testing.T, want ...string) {
	tt.Helper()
	t.mu.Lock()
	defer t.mu.Unlock()
	got := slices.Clone(t.acks)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		tt.Errorf("acknowledged %q, want %q", got, want)
	}
}

// A logbook keeps what was logged, as text.
type logbook struct {
	mu    sync.Mutex
	lines []string
}

func (l *logbook) Enabled(context.Context, slog.Level) bool { return true }
func (l *logbook) WithAttrs([]slog.Attr) slog.Handler       { return l }
func (l *logbook) WithGroup(string) slog.Handler            { return l }
func (l *logbook) Handle(_ context.Context, rec slog.Record) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s", rec.Level, rec.Message)
	rec.Attrs(func(a slog.Attr) bool { fmt.Fprintf(&b, " %s=%v", a.Key, a.Value); return true })
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, b.String())
	return nil
}

// count is how many lines contain text.
func (l *logbook) count(text string) (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, line := range l.lines {
		if strings.Contains(line, text) {
			n++
		}
	}
	return n
}
