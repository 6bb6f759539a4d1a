package inbound

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/faults"
	"github.com/studio-agent/studio-agent/connectors/memory"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

func TestARetouchLandsOnceWithItsTimeAndIsAcknowledged(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		shot := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
		out := r.sent("one", "0001.CR3")
		content := photo(1)
		r.remote.Offer(connectors.Retouch{Name: "0001.jpg", ModTime: shot, Link: "https://vendor.example/1"}, content)
		r.collect()
		r.wantFiles("retouched", map[string][]byte{"0001.jpg": content})
		info, err := os.Stat(filepath.Join(r.folder, "0001.jpg"))
		if err != nil || !info.ModTime().Equal(shot) {
			t.Errorf("its time is %v, %v; want that at the remote, %v", info.ModTime(), err, shot)
		}
		j := r.wantState(id("0001.jpg", content), ledger.Done, "")
		if j.Answers != out.ID || j.Bench != "one" || j.Digests.SHA256 != sha(content) || j.Receipt.Link != "https://vendor.example/1" {
			t.Errorf("its job is %+v; want the answer to %s, with its digest and link", j, out.ID)
		}
		r.tap.wantAcks(t, "0001.jpg")
		pass(time.Hour) // though it is listed still
		if n := r.tap.fetched(); n != 1 {
			t.Errorf("it was fetched %d times, want once", n)
		}
		r.tap.wantAcks(t, "0001.jpg")
		if n := r.log.count("INFO Retouch landed"); n != 1 {
			t.Errorf("%d log lines tell of it, want one", n)
		}
	})
}

func TestARemoteFileRests(t *testing.T) {
	for _, c := range []struct {
		name  string
		final bool
		rest  time.Duration
		asked time.Duration
	}{
		{name: "0001.jpg", rest: 2 * time.Second},
		{name: "0001.pdf", rest: 20 * time.Second},
		{name: "0001.jpg", asked: 30 * time.Second, rest: 30 * time.Second},
		{name: "0001.pdf", final: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, r *rig) {
				r.with(func(col *Collector) { col.Imports[0].Settle = c.asked })
				r.sent("one", "0001.CR3")
				r.remote.Offer(connectors.Retouch{Name: c.name, Final: c.final}, photo(1))
				r.start()
				if c.rest > 0 {
					pass(c.rest - time.Millisecond)
					r.wantFiles("retouched", nil)
					if st := r.collector.Status(); st.Settling != 1 || len(st.Waiting) != 1 {
						t.Errorf("status says %+v, want one file settling", st)
					}
				}
				pass(10 * time.Millisecond)
				r.wantFiles("retouched", map[string][]byte{c.name: nil})
			})
		})
	}
}

func TestAFileThatGrowsInTheListingIsNotFetchedBeforeItRests(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.sent("one", "0001.CR3")
		content := photo(1)
		for n := 100; n < len(content); n += 40 {
			r.remote.Return("0001.jpg", content[:n])
			if n == 100 {
				r.start()
			}
			pass(1900 * time.Millisecond)
		}
		if n := r.tap.fetched(); n != 0 {
			t.Errorf("it was fetched %d times while it grew", n)
		}
		r.remote.Return("0001.jpg", content)
		pass(10 * time.Second)
		r.wantFiles("retouched", map[string][]byte{"0001.jpg": content})
		if n := r.tap.fetched(); n != 1 {
			t.Errorf("it was fetched %d times, want once", n)
		}
	})
}

func TestTheAccountIsLookedAtOncePerPollAndWhenWoken(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.start()
		pass(10*time.Minute + 30*time.Second)
		looks := r.tap.looked()
		if len(looks) < 10 || len(looks) > 12 {
			t.Fatalf("%d looks in ten minutes, want one a minute", len(looks))
		}
		same := true
		for i := range looks[2:] {
			same = same && looks[i+2].Sub(looks[i+1]) == looks[1].Sub(looks[0])
		}
		if same {
			t.Error("all looks are equally far apart; many agents would look at one moment")
		}
		n := len(looks)
		r.collector.Wake()
		pass(time.Millisecond)
		if got := len(r.tap.looked()); got != n+1 {
			t.Errorf("%d looks after Wake, want %d", got, n+1)
		}
	})
}

func TestALookThatFailsIsNoEmptyListing(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.plan.Then(memory.OpPending, faults.Fault{Status: 500}, faults.Fault{Cut: -1})
		content := r.offers("0001.jpg", 1)
		r.start()
		pass(100 * time.Millisecond)
		if st := r.collector.Status(); st.Trouble == "" || !st.Looked.IsZero() {
			t.Errorf("status says %+v, want the trouble", st)
		}
		pass(20 * time.Second)
		r.wantFiles("retouched", map[string][]byte{"0001.jpg": content})
		if st := r.collector.Status(); st.Trouble != "" || st.Listed != 1 || st.Looked.IsZero() {
			t.Errorf("status says %+v, want it well", st)
		}
	})
}

func TestADeniedAccountPausesAndComesBack(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.plan.Then(memory.OpPending, faults.Fault{Status: 401})
		content := r.offers("0001.jpg", 1)
		r.start()
		pass(10 * time.Second)
		if st := r.collector.Status(); st.Closed == "" || len(r.tap.looked()) != 1 {
			t.Errorf("after a refusal: status %+v, %d looks; want it closed after one", st, len(r.tap.looked()))
		}
		pass(2 * time.Minute)
		r.wantFiles("retouched", map[string][]byte{"0001.jpg": content})
	})
}

func TestAThrottledAccountWaitsForItsTime(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.plan.Then(memory.OpFetch, faults.Fault{Status: 429, RetryAfter: 90 * time.Second})
		content := r.offers("0001.jpg", 1)
		r.start()
		pass(80 * time.Second)
		if j := r.wantState(id("0001.jpg", content), ledger.Queued, "429"); j.Failures != 0 {
			t.Errorf("%d failures are counted, want none: it was asked for peace", j.Failures)
		}
		pass(30 * time.Second)
		r.wantFiles("retouched", map[string][]byte{"0001.jpg": content})
	})
}

func TestANightWithoutTheRemoteParksNothing(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		content := r.offers("0001.jpg", 1)
		r.start()
		r.plan.Chance(memory.OpFetch, 1, faults.Fault{Cut: 20})
		pass(8 * time.Hour)
		r.wantFiles("retouched", nil)
		r.wantState(id("0001.jpg", content), ledger.Queued, "cut")
		r.plan.Calm()
		pass(6 * time.Minute)
		r.wantFiles("retouched", map[string][]byte{"0001.jpg": content})
	})
}

func TestAPausedAccountFetchesNothing(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		content := r.offers("0001.jpg", 1)
		r.collector.Gate.Pause(time.Time{})
		r.start()
		pass(time.Hour)
		if len(r.tap.looked()) != 0 {
			t.Errorf("it was looked at %d times", len(r.tap.looked()))
		}
		r.collector.Gate.Resume(t.Context())
		pass(10 * time.Second)
		r.wantFiles("retouched", map[string][]byte{"0001.jpg": content})
	})
}

func TestAStopInMidFetchLeavesNothingTornAndTheNextStartGoesOn(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		content := r.offers("0001.jpg", 1)
		r.plan.Then(memory.OpFetch, faults.Fault{Delay: time.Minute})
		r.start()
		pass(10 * time.Second)
		if st := r.collector.Status(); len(st.Transfers) != 1 || st.Transfers[0].Size != int64(len(content)) {
			t.Errorf("status says %+v, want one transfer", st.Transfers)
		}
		begun := time.Now()
		r.stop()
		if took := time.Since(begun); took != grace {
			t.Errorf("the stop took %v, want %v", took, grace)
		}
		r.wantFiles("retouched", nil)
		if j := r.wantState(id("0001.jpg", content), ledger.Queued, "stopped"); j.Failures != 0 {
			t.Errorf("the stop counts as %d failures", j.Failures)
		}
		r.reopen()
		r.collect()
		r.wantFiles("retouched", map[string][]byte{"0001.jpg": content})
	})
}

func TestAJobWhoseFolderIsConfiguredNoMoreIsHeld(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.with(func(c *Collector) { c.Imports[0].Ask = true })
		content := r.offers("0001.jpg", 1)
		r.collect()
		r.stop()
		r.with(func(c *Collector) { c.Imports = nil })
		r.reopen()
		r.start()
		_, err := r.ledger.Record(r.job(id("0001.jpg", content)), ledger.Event{What: ledger.Imported, At: time.Now()})
		must(t, err)
		pass(time.Second)
		r.wantState(id("0001.jpg", content), ledger.Parked, "agent.yaml")
	})
}

func TestJudge(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		c := r.collector
		c.init()
		for _, k := range []struct {
			err   error
			want  ledger.What
			clean bool
		}{
			{&waitError{"no disk"}, ledger.Waited, false},
			{&lateError{"newer"}, ledger.Overtaken, false},
			{&localError{errors.New("disk")}, ledger.Failed, false},
			{&tornError{"torn"}, ledger.Failed, false},
			{&remoteError{errors.New("cut")}, ledger.Failed, false},
			{connectors.Rejected("never"), ledger.Held, true},
			{&remoteError{connectors.Denied("login")}, ledger.Waited, false},
			{&remoteError{&connectors.ThrottledError{Until: time.Now().Add(time.Minute)}}, ledger.Waited, false},
		} {
			e := c.judge(t.Context(), ledger.Job{Created: time.Now()}, k.err)
			if e.What != k.want || e.Clean != k.clean || e.Reason == "" {
				t.Errorf("%v is judged %+v, want %s", k.err, e, k.want)
			}
		}
	})
}
