package gate

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
)

func TestBackoff(t *testing.T) {
	tests := []struct {
		n    int
		most time.Duration
	}{
		{-1, time.Second}, {0, time.Second}, {1, time.Second}, {2, 2 * time.Second}, {5, 16 * time.Second},
		{9, 256 * time.Second}, {10, 5 * time.Minute}, {1 << 40, 5 * time.Minute},
	}
	for _, tc := range tests {
		seen := map[time.Duration]bool{}
		for range 1000 {
			got := Backoff(tc.n)
			if got < tc.most/2 || got > tc.most {
				t.Fatalf("Backoff(%d) = %v, want %v to %v", tc.n, got, tc.most/2, tc.most)
			}
			seen[got] = true
		}
		if len(seen) < 900 {
			t.Errorf("Backoff(%d) takes %d values in 1000, want it to scatter", tc.n, len(seen))
		}
	}
}

func TestGateStates(t *testing.T) {
	denied := errors.New("wrong token")
	tests := []struct {
		name   string
		do     func(g *Gate, now time.Time)
		reason string
		until  time.Duration // 0: no end by itself
		later  string        // the reason an hour later
	}{
		{"fresh", func(*Gate, time.Time) {}, "", 0, ""},
		{"paused for a while", func(g *Gate, now time.Time) { g.pause(now.Add(time.Minute)) }, "paused by a person", time.Minute, ""},
		{"paused for good", func(g *Gate, now time.Time) { g.pause(Forever) }, "paused by a person", 0, "paused by a person"},
		{"paused into the past", func(g *Gate, now time.Time) { g.pause(now.Add(-time.Minute)) }, "", 0, ""},
		{"paused and resumed", func(g *Gate, now time.Time) { g.pause(Forever); g.pause(time.Time{}) }, "", 0, ""},
		{"denied", func(g *Gate, now time.Time) { g.deny(denied) }, "wrong token", 0, "wrong token"},
		{"denied and open again", func(g *Gate, now time.Time) { g.deny(denied); g.deny(nil) }, "", 0, ""},
		{"throttled", func(g *Gate, now time.Time) { g.Slow(now.Add(time.Minute), "slow down") }, "slow down", time.Minute, ""},
		{"throttled twice, the longer counts", func(g *Gate, now time.Time) {
			g.Slow(now.Add(2*time.Minute), "long")
			g.Slow(now.Add(time.Minute), "short")
		}, "long", 2 * time.Minute, ""},
		{"a person's pause is told before a refusal", func(g *Gate, now time.Time) {
			g.deny(denied)
			g.Slow(now.Add(time.Minute), "slow down")
			g.pause(now.Add(time.Second))
		}, "paused by a person", time.Second, "wrong token"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g, now := New(nil, slog.New(slog.DiscardHandler)), time.Now()
				tc.do(g, now)
				reason, until, _ := g.State(now)
				if reason != tc.reason {
					t.Errorf("closed because %q, want %q", reason, tc.reason)
				}
				if got := until.Sub(now); tc.until > 0 && got != tc.until || tc.until == 0 && !until.IsZero() {
					t.Errorf("until %v, want %v from now", until, tc.until)
				}
				time.Sleep(time.Hour)
				if reason, _, _ := g.State(time.Now()); reason != tc.later {
					t.Errorf("an hour later: %q, want %q", reason, tc.later)
				}
			})
		})
	}
}

func TestSinceIsWhenItOpenedOrClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, start := New(nil, slog.New(slog.DiscardHandler)), time.Now()
		since := func() time.Duration {
			_, _, since := g.State(time.Now())
			return since.Sub(start)
		}
		time.Sleep(10 * time.Second)
		g.Slow(time.Now().Add(10*time.Second), "slow down")
		time.Sleep(5 * time.Second)
		g.Slow(time.Now().Add(10*time.Second), "still") // until 25 s
		if got := since(); got != 10*time.Second {
			t.Errorf("closed since %v, want 10s: it has been closed all the time", got)
		}
		time.Sleep(20 * time.Second)
		if got := since(); got != 25*time.Second {
			t.Errorf("open since %v, want 25s, when the time was over", got)
		}
	})
}

func TestAsManyFailuresInARowAsWorkersCloseTheGateLongerEachTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := New(nil, slog.New(slog.DiscardHandler))
		var news, closed int
		var total time.Duration
		for i := range 20 {
			if g.Failure(2, "offline") {
				news++
			}
			_, until, _ := g.State(time.Now())
			if i%2 == 0 {
				if !until.IsZero() {
					t.Errorf("failure %d of one worker alone closed the gate", i+1)
				}
				continue
			}
			closed++
			wait := time.Until(until)
			if most := min(Doubled(closed), time.Minute); wait > most || wait < most/2 {
				t.Errorf("round %d closes for %v, want %v at most", closed, wait, most)
			}
			total += wait
			time.Sleep(wait)
		}
		if news != 1 {
			t.Errorf("%d times news, want once", news)
		}
		if n := g.Success(); n != 20 {
			t.Errorf("success forgets %d failures, want 20", n)
		}
		if n := g.Success(); n != 0 {
			t.Errorf("then %d, want none", n)
		}
	})
}

func TestANightOfFailuresIsABoundedNumberOfTries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, tries := New(nil, slog.New(slog.DiscardHandler)), 0
		for begun := time.Now(); time.Since(begun) < 10*time.Hour; {
			for range 2 { // the workers, however many files wait
				g.Failure(2, "offline")
				tries++
			}
			if err := g.Wait(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if tries < 1000 || tries > 2*10*120 {
			t.Errorf("%d tries in ten hours, want two every half to whole minute", tries)
		}
	})
}

func TestOnlyOneOfManyRefusalsIsNews(t *testing.T) {
	g := New(nil, slog.New(slog.DiscardHandler))
	var news atomic.Int32
	var group sync.WaitGroup
	for range 50 {
		group.Go(func() {
			if g.deny(errors.New("no")) {
				news.Add(1)
			}
		})
	}
	group.Wait()
	if n := news.Load(); n != 1 {
		t.Errorf("%d times news, want once", n)
	}
}

func TestWaitEndsWhenTheGateOpensOrTheContextEnds(t *testing.T) {
	tests := []struct {
		name string
		do   func(g *Gate, cancel func())
		took time.Duration
		want error
	}{
		{"its time is over", func(*Gate, func()) {}, time.Hour, nil},
		{"a person resumes", func(g *Gate, _ func()) { time.Sleep(time.Minute); g.pause(time.Time{}) }, time.Minute, nil},
		{"it is prolonged", func(g *Gate, _ func()) { g.pause(time.Now().Add(2 * time.Hour)) }, 2 * time.Hour, nil},
		{"another reason remains", func(g *Gate, _ func()) {
			g.deny(errors.New("no"))
			time.Sleep(3 * time.Hour)
			g.deny(nil)
		}, 3 * time.Hour, nil},
		{"the agent stops", func(_ *Gate, cancel func()) { time.Sleep(time.Second); cancel() }, time.Second, context.Canceled},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				g, start := New(nil, slog.New(slog.DiscardHandler)), time.Now()
				g.pause(start.Add(time.Hour))
				go tc.do(g, cancel)
				if err := g.Wait(ctx); !errors.Is(err, tc.want) {
					t.Errorf("got %v, want %v", err, tc.want)
				}
				if took := time.Since(start); took != tc.took {
					t.Errorf("it took %v, want %v", took, tc.took)
				}
			})
		})
	}
}

func TestHeed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		until := time.Now().Add(time.Minute)
		for _, tc := range []struct {
			err    error
			reason string // why the gate is closed; empty: it is open
		}{
			{nil, ""},
			{errors.New("no route to host"), ""},
			{connectors.Rejected("a bad name"), ""},
			{fmt.Errorf("asking: %w", connectors.Denied("wrong token")), "wrong token"},
			{fmt.Errorf("asking: %w", &connectors.ThrottledError{Until: until, Reason: "slow down"}), "slow down"},
		} {
			g := New(nil, slog.New(slog.DiscardHandler))
			heeded := g.Heed(tc.err)
			reason, _, _ := g.State(time.Now())
			if heeded != (tc.reason != "") || !strings.Contains(reason, tc.reason) || (reason == "") != (tc.reason == "") {
				t.Errorf("%v: heeded %v, closed for %q; want %q", tc.err, heeded, reason, tc.reason)
			}
		}
	})
}
