package outbound

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/faults"
	"github.com/studio-agent/studio-agent/connectors/memory"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

// A limiter lets one caller go at a time, first come, first served.
type limiter struct {
	every time.Duration
	mu    sync.Mutex
	next  time.Time
}

func (l *limiter) wait() {
	l.mu.Lock()
	now := time.Now()
	if l.next.Before(now) {
		l.next = now
	}
	turn := l.next
	l.next = l.next.Add(l.every)
	l.mu.Unlock()
	time.Sleep(turn.Sub(now))
}

func TestConfirmingTakesATenthOfASharedRateAtMost(t *testing.T) {
	for _, workers := range []int{1, 2, 5} {
		inBubbleNamed(t, fmt.Sprint(workers, " workers"), func(t *testing.T, r *rig) {
			r.remote.Platform = true
			r.sender.Connector.Workers = workers
			tap := r.tap()
			queue := limiter{every: 200 * time.Millisecond} // as Grand Shooting's: 5 a second, no burst
			tap.onFind = queue.wait
			tap.onDeliver = func(connectors.Photo) error { queue.wait(); return nil }
			for i := range 300 {
				r.drop(fmt.Sprintf("%d.jpg", i), fmt.Sprint("content ", i))
			}
			r.start()
			pass(50 * time.Second) // 250 requests, and still a backlog
			finds, delivers := tap.counts()
			if finds == 0 || finds > (finds+delivers)/10 {
				t.Errorf("%d questions and %d deliveries: more than a tenth, or none", finds, delivers)
			}
			if finds+delivers < 240 {
				t.Errorf("%d requests in 50 s, want the rate of 5 a second", finds+delivers)
			}
			pass(time.Minute)
			r.wantState("0.jpg", ledger.Done)
		})
	}
}

func TestPhotosThatWereSentOneByOneAreAskedForInGroups(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.remote.Platform, r.remote.Lag = true, 20*time.Second
		tap := r.tap()
		r.start()
		for i := range 50 {
			r.drop(fmt.Sprintf("%d.jpg", i), fmt.Sprint("content ", i))
			pass(200 * time.Millisecond)
		}
		pass(time.Minute)
		for i := range 50 {
			r.wantState(fmt.Sprintf("%d.jpg", i), ledger.Done)
		}
		if finds, _ := tap.counts(); finds > 120 {
			t.Errorf("%d questions for 50 photos: %v", finds, tap.finds)
		}
	})
}

func TestQuestionsThatFailAreAskedLessAndLess(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.remote.Platform = true
		tap := r.tap()
		r.plan.Chance(memory.OpFind, 1, faults.Fault{Status: 503})
		content := r.drop("a.jpg", "picture")
		r.start()
		pass(2 * time.Hour)
		if finds, _ := tap.counts(); finds < 60 || finds > 270 {
			t.Errorf("%d questions in 2 hours, want about one a minute", finds)
		}
		r.wantState("a.jpg", ledger.Sent)
		r.plan.Calm()
		pass(2 * time.Minute)
		r.wantState("a.jpg", ledger.Done)
		r.wantStored("a.jpg", content)
	})
}

func TestADeniedQuestionPausesTheAccount(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.remote.Platform = true
		r.plan.Then(memory.OpFind, faults.Fault{Status: 401})
		r.plan.Then(memory.OpProbe, faults.Fault{}, faults.Fault{Status: 401})
		r.drop("a.jpg", "A")
		r.start()
		pass(time.Minute)
		if st := r.sender.Status(); st.Closed == "" {
			t.Error("the account is open")
		}
		pass(3 * time.Minute)
		r.wantState("a.jpg", ledger.Done)
	})
}

func TestStillOut(t *testing.T) {
	start := time.Date(2026, 11, 22, 14, 30, 0, 0, time.UTC)
	tests := []struct {
		out    time.Duration
		asks   int
		what   ledger.What
		until  time.Duration // after the question
		reason string
	}{
		{time.Second, 0, ledger.StillOut, time.Second, ""},
		{9 * time.Minute, 5, ledger.StillOut, 32 * time.Second, ""},
		{10 * time.Minute, 20, ledger.StillOut, 5 * time.Minute, "the remote took it at 14:30 but does not show it yet"},
		{24*time.Hour - 1, 300, ledger.StillOut, 5 * time.Minute, "the remote took it at 14:30 but does not show it yet"},
		{24 * time.Hour, 300, ledger.Held, 0, "the remote took it 22 Nov 14:30 but does not show it; look there, then retry or leave it"},
	}
	for _, tc := range tests {
		now := start.Add(tc.out)
		e := stillOut(ledger.Job{SentAt: start, Asks: tc.asks}, now)
		if e.What != tc.what || e.Reason != tc.reason || tc.until > 0 && e.Until.Sub(now) != tc.until {
			t.Errorf("after %v: %s until +%v, %q; want %s until +%v, %q", tc.out, e.What, e.Until.Sub(now), e.Reason, tc.what, tc.until, tc.reason)
		}
	}
}
