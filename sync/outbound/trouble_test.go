package outbound

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/faults"
	"github.com/studio-agent/studio-agent/connectors/memory"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

var errOffline = errors.New("no route to host")

func TestANightWithoutTheRemoteParksNothingAndEndsByItself(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		const photos, night = 500, time.Hour // the gate's test sits through ten
		tap := r.tap()
		r.plan.Chance("*", 1, faults.Fault{Cut: -1})
		for i := range photos {
			r.drop(fmt.Sprintf("%d.jpg", i), fmt.Sprint("content ", i))
		}
		r.start()
		pass(night)
		finds, delivers := tap.counts()
		if tries := finds + delivers; tries < 60 || tries > 200 {
			t.Errorf("%d tries in an hour, want two a minute at the end", tries)
		}
		tally, err := r.ledger.Tallies(t.Context(), time.Now())
		must(t, err)
		if tally[0].Queued != photos {
			t.Errorf("in the morning %+v, want all %d queued", tally[0], photos)
		}
		if st := r.sender.Status(); !strings.Contains(st.Closed, "cut") || st.Until.IsZero() {
			t.Errorf("status %+v does not tell why nothing is sent, and until when", st)
		}
		if n := r.log.count("out of reach"); n != 1 {
			t.Errorf("%d log lines about it, want 1", n)
		}
		r.plan.Calm()
		pass(30 * time.Minute)
		for i := range photos {
			r.wantStored(fmt.Sprintf("%d.jpg", i), fmt.Sprint("content ", i))
		}
		if n := r.log.count("in reach again"); n != 1 {
			t.Errorf("%d log lines about its end, want 1", n)
		}
	})
}

func TestOneBadFileDoesNotStopTheGoodOnes(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.tap().onDeliver = func(p connectors.Photo) error {
			if strings.HasPrefix(p.Name, "bad") {
				return errors.New("the remote stumbles over it")
			}
			return nil
		}
		r.start()
		r.drop("bad.jpg", "bad")
		for i := range 100 {
			r.drop(fmt.Sprintf("%d.jpg", i), fmt.Sprint("content ", i))
			pass(100 * time.Millisecond)
		}
		pass(time.Second)
		for i := range 100 {
			r.wantState(fmt.Sprintf("%d.jpg", i), ledger.Done)
		}
		if j := r.wantState("bad.jpg", ledger.Queued); j.Failures == 0 || !strings.Contains(j.Reason, "stumbles") || j.NotBefore.IsZero() {
			t.Errorf("the bad one has %d failures, reason %q, next try %v", j.Failures, j.Reason, j.NotBefore)
		}
	})
}

func TestLocalTroubleIsNotTheRemotes(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.tap().onDeliver = func(connectors.Photo) error {
			return fmt.Errorf("deliver: %w", &localError{errors.New("read a.jpg: input/output error")})
		}
		for i := range 10 {
			r.drop(fmt.Sprintf("%d.jpg", i), "content")
		}
		r.start()
		pass(time.Minute)
		if st := r.sender.Status(); st.Closed != "" {
			t.Errorf("the account is closed: %s", st.Closed)
		}
		if j := r.wantState("3.jpg", ledger.Queued); j.Failures < 2 || j.Failures > 8 || !strings.Contains(j.Reason, "input/output") {
			t.Errorf("%d failures in a minute, reason %q; want a few, with the reason", j.Failures, j.Reason)
		}
	})
}

func TestARefusalParksWithItsReasonAndARetrySendsAgain(t *testing.T) {
	for _, op := range []string{memory.OpDeliver, memory.OpPublish} {
		t.Run("at "+op, func(t *testing.T) {
			inBubble(t, func(t *testing.T, r *rig) {
				r.plan.Then(op, faults.Fault{Status: 422})
				content := r.drop("a.jpg", "picture")
				r.start()
				pass(time.Hour)
				j := r.wantState("a.jpg", ledger.Parked)
				if !strings.Contains(j.Reason, "422") || j.Published {
					t.Errorf("parked with reason %q, published %v", j.Reason, j.Published)
				}
				r.wantStored("a.jpg")
				if n := r.log.count("a person must act"); n != 1 {
					t.Errorf("%d log lines for the person, want 1", n)
				}
				// Even if nothing of it is left at the remote: it was refused, so
				// nobody has picked it up.
				_, err := r.ledger.Record(j, ledger.Event{What: ledger.Retried, At: time.Now()})
				must(t, err)
				pass(time.Minute)
				r.wantStored("a.jpg", content)
				r.wantState("a.jpg", ledger.Done)
			})
		})
	}
}

func TestARefusalAfterPublishIsNotTakenForPickedUp(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		tap := r.tap()
		tap.onPublish = func(p connectors.Photo) { r.remote.Put(p.Name, []byte("somebody else's")) }
		content := r.drop("a.jpg", "picture")
		r.start()
		pass(time.Hour)
		j := r.wantState("a.jpg", ledger.Parked)
		r.wantStored("a.jpg")
		tap.onPublish = nil
		r.remote.Take("a.jpg")
		_, err := r.ledger.Record(j, ledger.Event{What: ledger.Retried, At: time.Now()})
		must(t, err)
		pass(time.Minute)
		r.wantStored("a.jpg", content)
	})
}

func TestADeniedAccountIsPausedProbedAndResumesByItself(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		tap := r.tap()
		probes := 0
		r.sender.Connector.Probe = probe(&probes, r.sender.Connector.Probe)
		r.plan.Then(memory.OpDeliver, faults.Fault{}, faults.Fault{Status: 401}, faults.Fault{Status: 401})
		r.start()
		r.drop("good.jpg", "good")
		pass(time.Second)
		if probes != 1 {
			t.Errorf("%d probes at start, want 1", probes)
		}
		r.plan.Chance(memory.OpProbe, 1, faults.Fault{Status: 403})
		for i := range 20 {
			r.drop(fmt.Sprintf("%d.jpg", i), fmt.Sprint("content ", i))
		}
		pass(10 * time.Minute)
		if n := r.log.count("Account is paused"); n != 1 {
			t.Errorf("%d log lines about the pause, want 1", n)
		}
		if probes < 10 || probes > 12 {
			t.Errorf("%d probes in 10 minutes, want one a minute", probes)
		}
		if _, delivers := tap.counts(); delivers > 3 {
			t.Errorf("%d deliveries, want no more than 3: one good, one for each worker", delivers)
		}
		if st := r.sender.Status(); !strings.Contains(st.Closed, "401") || !st.Until.IsZero() {
			t.Errorf("status %+v", st)
		}
		for i := range 20 {
			if j := r.wantState(fmt.Sprintf("%d.jpg", i), ledger.Queued); j.Failures != 0 {
				t.Errorf("%s counts %d failures, want none", j.Name, j.Failures)
			}
		}
		r.plan.Calm()
		pass(2 * time.Minute)
		for i := range 20 {
			r.wantStored(fmt.Sprintf("%d.jpg", i), fmt.Sprint("content ", i))
		}
		if n := r.log.count("usable again"); n != 1 {
			t.Errorf("%d log lines about its end, want 1", n)
		}
	})
}

func TestAnAccountThatIsDeniedAtStartSendsNothing(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		tap := r.tap()
		r.plan.Chance(memory.OpProbe, 1, faults.Fault{Status: 401})
		r.drop("a.jpg", "A")
		r.start()
		pass(time.Hour)
		if _, delivers := tap.counts(); delivers != 0 {
			t.Errorf("%d deliveries, want none", delivers)
		}
		r.plan.Calm()
		r.sender.Gate.Resume(t.Context()) // a person has mended it, and says so
		pass(time.Second)
		r.wantStored("a.jpg", "A")
	})
}

func TestAnUnreachableRemoteAtStartIsNoReasonToPause(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.plan.Then(memory.OpProbe, faults.Fault{Cut: -1})
		r.drop("a.jpg", "A")
		r.start()
		pass(time.Second)
		r.wantStored("a.jpg", "A")
	})
}

func TestThrottlingPausesTheWholeAccountAndCountsNoFailure(t *testing.T) {
	for _, platform := range []bool{false, true} { // a delivery, or a question, is answered with 429
		t.Run(fmt.Sprint("platform ", platform), func(t *testing.T) {
			inBubble(t, func(t *testing.T, r *rig) {
				r.remote.Platform = platform
				tap := r.tap()
				op := map[bool]string{false: memory.OpDeliver, true: memory.OpFind}[platform]
				r.plan.Then(op, faults.Fault{Status: 429, RetryAfter: 5 * time.Minute})
				r.drop("a.jpg", "A")
				r.start()
				pass(time.Second)
				_, before := tap.counts()
				for i := range 20 {
					r.drop(fmt.Sprintf("%d.jpg", i), fmt.Sprint("content ", i))
				}
				pass(4 * time.Minute)
				if _, delivers := tap.counts(); delivers != before {
					t.Errorf("%d deliveries while the remote asked for peace", delivers-before)
				}
				if st := r.sender.Status(); !strings.Contains(st.Closed, "429") || st.Until.IsZero() {
					t.Errorf("status %+v", st)
				}
				pass(2 * time.Minute)
				for i := range 20 {
					if j := r.wantState(fmt.Sprintf("%d.jpg", i), ledger.Done); j.Failures != 0 {
						t.Errorf("%s counts %d failures", j.Name, j.Failures)
					}
				}
				r.wantStored("a.jpg", "A")
			})
		})
	}
}

func TestGoodPhotosBesideAnOutageWakeTheAccount(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.plan.Chance(memory.OpDeliver, 1, faults.Fault{Cut: -1})
		for i := range 4 {
			r.drop(fmt.Sprintf("%d.jpg", i), "x")
		}
		r.start()
		pass(5 * time.Minute)
		r.plan.Calm()
		start := time.Now()
		for r.sender.Status().Closed != "" {
			pass(time.Second)
		}
		r.drop("new.jpg", "new")
		synctest.Wait()
		pass(time.Second)
		r.wantState("new.jpg", ledger.Done)
		if took := time.Since(start); took > 61*time.Second {
			t.Errorf("it took %v to notice that the remote is back, want a minute at most", took)
		}
	})
}

func TestVerdicts(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		until := time.Now().Add(time.Hour)
		stopped, cancel := context.WithCancel(t.Context())
		cancel()
		tests := []struct {
			name   string
			ctx    context.Context
			err    error
			what   ledger.What
			closes bool // two of them close the account
		}{
			{"the file changed", t.Context(), fmt.Errorf("send: %w", errChanged), ledger.Overtaken, false},
			{"the file is gone", t.Context(), fmt.Errorf("send: %w", errGone), ledger.Overtaken, false},
			{"the folder is gone", t.Context(), errNoRoot, ledger.Waited, false},
			{"refused", t.Context(), connectors.Rejected("no"), ledger.Held, false},
			{"refused as we stop", stopped, connectors.Rejected("no"), ledger.Held, false},
			{"denied", t.Context(), connectors.Denied("no"), ledger.Waited, true},
			{"throttled", t.Context(), fmt.Errorf("send: %w", &connectors.ThrottledError{Until: until}), ledger.Waited, true},
			{"stopped", stopped, context.Canceled, ledger.Waited, false},
			{"a disk in trouble", t.Context(), &localError{errOffline}, ledger.Failed, false},
			{"a timeout of the connector's own", t.Context(), context.DeadlineExceeded, ledger.Failed, true},
			{"anything else", t.Context(), errOffline, ledger.Failed, true},
		}
		for _, tc := range tests {
			r.newSender()
			r.sender.init()
			for range 2 {
				if e := r.sender.verdict(tc.ctx, ledger.Job{}, tc.err); e.What != tc.what || e.Reason == "" {
					t.Errorf("%s: %s (%q), want %s with a reason", tc.name, e.What, e.Reason, tc.what)
				}
			}
			if got := r.sender.Status().Closed != ""; got != tc.closes {
				t.Errorf("%s: the account is closed: %v, want %v", tc.name, got, tc.closes)
			}
		}
		r.newSender()
		r.sender.init()
		for range 5 { // a refusal shows that the remote can be reached
			r.sender.verdict(t.Context(), ledger.Job{}, errOffline)
			r.sender.verdict(t.Context(), ledger.Job{}, connectors.Rejected("no"))
		}
		if st := r.sender.Status(); st.Closed != "" {
			t.Errorf("a remote that answers is called out of reach: %s", st.Closed)
		}
	})
}
