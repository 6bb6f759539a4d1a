package rest

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// starts makes n starts under l from several users at once, each exchange
// lasting so long, and returns when they began, from the first.
func starts(t *testing.T, l *Limiter, n int, lasting time.Duration) []time.Duration {
	t.Helper()
	var mu sync.Mutex
	var at []time.Duration
	begin := time.Now()
	work := make(chan int, n)
	for i := range n {
		work <- i
	}
	close(work)
	var users sync.WaitGroup
	for range 10 {
		users.Go(func() {
			for range work {
				ticket, err := l.start(t.Context(), false, nil)
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				at = append(at, time.Since(begin))
				mu.Unlock()
				time.Sleep(lasting)
				ticket.done()
			}
		})
	}
	users.Wait()
	return at
}

func TestStartsAreEvenAndUseTheRate(t *testing.T) {
	for _, rate := range []float64{0.5, 1, 5, 20} {
		synctest.Test(t, func(t *testing.T) {
			l := newLimiter(Limits{Rate: rate, InFlight: 100})
			const n = 100
			at := starts(t, l, n, 0)
			gap := time.Duration(float64(time.Second) / rate)
			for i := 1; i < n; i++ {
				if got := at[i] - at[i-1]; got < gap || got > gap+gap/20 {
					t.Fatalf("rate %v: start %d came %v after the last, want from %v to 5%% more", rate, i, got, gap)
				}
			}
			if used := float64(n-1) / at[n-1].Seconds() / rate; used < 0.95 || used > 1 {
				t.Errorf("rate %v: %.3f of it used, want 0.95 to 1", rate, used)
			}
		})
	}
}

func TestNoCreditFromIdleTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLimiter(Limits{Rate: 5, InFlight: 100})
		starts(t, l, 1, 0)
		time.Sleep(time.Hour)
		at := starts(t, l, 6, 0)
		if span := at[5] - at[0]; span < time.Second {
			t.Errorf("6 starts within %v after a pause, want no 6 within a second", span)
		}
	})
}

func TestALateStartKeepsTheSchedule(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLimiter(Limits{Rate: 5, InFlight: 100})
		gap := gapOf(5)
		l.claim(1)
		for _, c := range []struct{ late, wait time.Duration }{
			{10 * time.Millisecond, gap - 10*time.Millisecond}, // a slow timer is made up for
			{50 * time.Millisecond, gap},                       // a lost turn is not
		} {
			time.Sleep(l.claim(1) + c.late)
			if wait := l.claim(1); wait > 0 {
				t.Fatalf("not due, for another %v", wait)
			}
			if got := l.claim(1); got != c.wait {
				t.Errorf("%v late: next in %v, want %v", c.late, got, c.wait)
			}
		}
	})
}

func TestSharedByHostAndSecret(t *testing.T) {
	var m sync.Map
	want := Limits{Rate: 5, InFlight: 5, Bulky: 3}
	first := Shared(&m, "api-13.example", "token", want)
	if Shared(&m, "api-13.example", "token", Limits{Rate: 2, InFlight: 8, Bulky: 3}) != first {
		t.Error("the same key has two limiters")
	}
	if first.gap != gapOf(2) || first.max != 5 {
		t.Errorf("gap %v and %d in flight, want the lower of both: %v and 5", first.gap, first.max, gapOf(2))
	}
	Shared(&m, "api-13.example", "token", want)
	if first.gap != gapOf(2) {
		t.Error("a higher rate took the place of a lower one")
	}
	for _, other := range []*Limiter{
		Shared(&m, "api-13.example", "other", want),
		Shared(&m, "api-15.example", "token", want),
		Shared(nil, "api-13.example", "token", want),
	} {
		if other == first {
			t.Error("another key has the same limiter")
		}
	}
	m.Range(func(key, _ any) bool {
		if k, ok := key.(sharedKey); !ok || string(k.secret[:]) == "token" {
			t.Errorf("key %v", key)
		}
		return true
	})
}

func TestInFlightAndBulky(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLimiter(Limits{Rate: 1000, InFlight: 3, Bulky: 1})
		big, err := l.start(t.Context(), true, nil)
		if err != nil {
			t.Fatal(err)
		}
		soon, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if _, err := l.start(soon, true, nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a second bulky one got %v, want to wait", err)
		}
		small, err := l.start(t.Context(), false, nil)
		if err != nil {
			t.Fatalf("small ones wait behind a bulky one: %v", err)
		}
		if _, err := l.start(t.Context(), false, nil); err != nil {
			t.Fatal(err)
		}
		soon, cancel = context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if _, err := l.start(soon, false, nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a fourth got %v, want to wait", err)
		}
		small.done()
		if _, err := l.start(t.Context(), false, nil); err != nil {
			t.Fatal(err)
		}
		big.done()
		if _, err := l.start(t.Context(), true, nil); err != nil {
			t.Errorf("the bulky place was not given back: %v", err)
		}
	})
}

func TestPausesGrowAndEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLimiter(Limits{Rate: 5, InFlight: 5})
		start := func() *ticket {
			x, err := l.start(t.Context(), false, nil)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(x.done)
			return x
		}
		a, b := start(), start()
		for _, c := range []struct {
			x    *ticket
			wish time.Duration
			want time.Duration
		}{{a, 0, time.Second}, {b, 0, time.Second}} { // under way together: one strike
			if got := time.Until(c.x.refused(c.wish)); got != c.want {
				t.Errorf("paused for %v, want %v", got, c.want)
			}
		}
		before := time.Now()
		c := start()
		if waited := time.Since(before); waited != time.Second {
			t.Errorf("started after %v, want after the pause", waited)
		}
		if got := time.Until(c.refused(0)); got != 2*time.Second {
			t.Errorf("the second pause is %v, want 2 s", got)
		}
		d := start()
		if got := time.Until(d.refused(40 * time.Second)); got != 40*time.Second {
			t.Errorf("paused for %v, want the 40 s that were wished", got)
		}
		e := start()
		e.answered()
		if got := time.Until(e.refused(0)); got != time.Second {
			t.Errorf("after an answer the pause is %v, want 1 s again", got)
		}
		if got := time.Until(e.refused(1000 * time.Hour)); got != longestWish {
			t.Errorf("paused for %v, want at most %v", got, longestWish)
		}
	})
}

func TestBeforeRunsJustAheadAndNotInAPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLimiter(Limits{Rate: 5, InFlight: 5})
		first, err := l.start(t.Context(), false, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer first.done()
		first.refused(time.Minute)
		begin := time.Now()
		var at time.Duration
		second, err := l.start(t.Context(), false, func() error {
			at = time.Since(begin)
			time.Sleep(30 * time.Millisecond) // a slow disk
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		defer second.done()
		if at != time.Minute {
			t.Errorf("before ran after %v, want at the end of the pause", at)
		}
		failed := errors.New("disk full")
		if _, err := l.start(t.Context(), false, func() error { return failed }); !errors.Is(err, failed) {
			t.Errorf("got %v, want before's error", err)
		}
		if l.inFlight != 2 {
			t.Errorf("%d in flight, want 2", l.inFlight)
		}
	})
}

func TestWaitingEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLimiter(Limits{Rate: 0.001, InFlight: 5, Bulky: 1})
		x, err := l.start(t.Context(), true, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer x.done()
		for _, bulky := range []bool{true, false} {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			begin := time.Now()
			if _, err := l.start(ctx, bulky, nil); !errors.Is(err, context.DeadlineExceeded) || time.Since(begin) != time.Second {
				t.Errorf("bulky %v: got %v after %v", bulky, err, time.Since(begin))
			}
		}
		if l.inFlight != 1 || len(l.turn) != 0 {
			t.Errorf("%d in flight, turn held %d times", l.inFlight, len(l.turn))
		}
	})
}
