package outbound

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/faults"
	"github.com/studio-agent/studio-agent/connectors/memory"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

func TestAStopGivesTransfersEightSeconds(t *testing.T) {
	tests := []struct {
		takes time.Duration
		state ledger.State
		stops time.Duration // how long the stop takes
	}{
		{5 * time.Second, ledger.Done, 4 * time.Second},
		{time.Hour, ledger.Queued, 8 * time.Second},
	}
	for _, tc := range tests {
		t.Run(tc.takes.String(), func(t *testing.T) {
			inBubble(t, func(t *testing.T, r *rig) {
				r.plan.Then(memory.OpDeliver, faults.Fault{Delay: tc.takes})
				content := r.drop("a.jpg", "picture")
				r.start()
				pass(time.Second)
				r.drop("b.jpg", "another")
				r.plan.Then(memory.OpDeliver, faults.Fault{})
				pass(0)
				begun := time.Now()
				r.stop()
				if took := time.Since(begun); took != tc.stops {
					t.Errorf("the stop took %v, want %v", took, tc.stops)
				}
				j := r.wantState("a.jpg", tc.state)
				if j.Failures != 0 || j.Published {
					t.Errorf("%d failures, published %v; a stop is no failure", j.Failures, j.Published)
				}
				if tc.state == ledger.Queued && !strings.Contains(j.Reason, "stopped") {
					t.Errorf("reason %q", j.Reason)
				}
				r.drop("c.jpg", "after the stop")
				pass(time.Hour)
				r.wantStored("c.jpg")

				r.restart()
				pass(time.Minute)
				r.wantStored("a.jpg", content)
				r.wantStored("b.jpg", "another")
				r.wantStored("c.jpg", "after the stop")
			})
		})
	}
}

func TestAStopWhilePublishingLeavesOnePicture(t *testing.T) {
	for _, platform := range []bool{false, true} {
		inBubbleNamed(t, map[bool]string{false: "folder", true: "platform"}[platform], func(t *testing.T, r *rig) {
			r.remote.Platform = platform
			r.plan.Then(memory.OpPublish, faults.Fault{Delay: time.Hour})
			content := r.drop("a.jpg", "picture")
			r.start()
			pass(time.Second)
			r.stop()
			if j := r.wantState("a.jpg", ledger.Queued); !j.Published || j.Failures != 0 {
				t.Errorf("published %v, %d failures; it may be visible, and nothing failed", j.Published, j.Failures)
			}
			r.restart()
			pass(time.Minute)
			r.wantStored("a.jpg", content)
			r.wantState("a.jpg", ledger.Done)
		})
	}
}

func inBubbleNamed(t *testing.T, name string, test func(t *testing.T, r *rig)) {
	t.Run(name, func(t *testing.T) { inBubble(t, test) })
}

// crash ends the sender without letting it write anything down any more.
func (r *rig) crash() {
	r.t.Helper()
	must(r.t, r.ledger.Close())
	r.stop()
	r.restart()
}

func TestACrashAtAnyMomentLeavesOnePicture(t *testing.T) {
	hour := faults.Fault{Delay: time.Hour}
	tests := []struct {
		name  string
		op    string
		fault faults.Fault
		state ledger.State // on disk when it crashes
	}{
		{"while it is sent", memory.OpDeliver, hour, ledger.Moving},
		{"between publish and showing", memory.OpPublish, hour, ledger.Publishing},
	}
	for _, platform := range []bool{false, true} {
		for _, tc := range tests {
			inBubbleNamed(t, tc.name, func(t *testing.T, r *rig) {
				r.remote.Platform = platform
				r.plan.Then(tc.op, tc.fault)
				content := r.drop("a.jpg", "picture")
				r.start()
				pass(time.Second)
				r.wantState("a.jpg", tc.state)
				r.crash()
				pass(time.Minute)
				r.wantStored("a.jpg", content)
				r.wantState("a.jpg", ledger.Done)
			})
		}
		inBubbleNamed(t, "after it shows, before that is written down", func(t *testing.T, r *rig) {
			r.remote.Platform = platform
			tap := r.tap()
			tap.onStored = func() { r.ledger.Close() }
			content := r.drop("a.jpg", "picture")
			r.start()
			pass(time.Second)
			r.wantStored("a.jpg", content)
			r.stop()
			r.restart()
			pass(time.Minute)
			r.wantStored("a.jpg", content)
			r.wantState("a.jpg", ledger.Done)
			if _, delivers := tap.counts(); delivers != 1 {
				t.Errorf("the first agent delivered %d times, want once", delivers)
			}
		})
	}
}

func TestAStopWhileTheAccountIsClosedIsImmediate(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.tap().onDeliver = func(connectors.Photo) error { return connectors.Denied("wrong login") }
		r.drop("a.jpg", "A")
		r.start()
		pass(30 * time.Second)
		begun := time.Now()
		r.stop()
		if took := time.Since(begun); took != 0 {
			t.Errorf("the stop took %v", took)
		}
		if n := r.log.count("could not be checked"); n != 0 {
			t.Errorf("a stop is logged as trouble")
		}
	})
}

func TestAStopDuringTheFirstProbeIsNoTrouble(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.plan.Then(memory.OpProbe, faults.Fault{Delay: time.Hour})
		r.drop("a.jpg", "A")
		r.start()
		pass(time.Second)
		r.stop()
		r.wantStored("a.jpg")
		if n := r.log.count("could not be checked"); n != 0 {
			t.Errorf("a stop is logged as trouble")
		}
	})
}

func TestLeasesAreRenewedWhileAPhotoIsOnItsWay(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.plan.Then(memory.OpDeliver, faults.Fault{Delay: time.Hour})
		r.drop("a.jpg", "A")
		r.start()
		pass(10 * time.Minute)
		db := openDB(t, r.dir+"/ledger/l.db")
		defer db.Close()
		var lease int64
		must(t, db.QueryRow(`SELECT lease FROM jobs WHERE name = 'a.jpg'`).Scan(&lease))
		if until := time.Unix(0, lease); until.Before(time.Now()) {
			t.Errorf("the lease ended %v ago", time.Since(until))
		}
	})
}

func TestASenderSurvivesALedgerThatCannotBeRead(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.remote.Platform, r.remote.Lag = true, time.Minute
		content := r.drop("a.jpg", "A")
		r.start()
		pass(time.Second)
		r.sqlSay(`ALTER TABLE jobs RENAME TO hidden`)
		pass(5 * time.Minute)
		if n := r.log.count("ledger cannot be read"); n == 0 || n > 40 {
			t.Errorf("%d log lines about the ledger, want a few", n)
		}
		r.sqlSay(`ALTER TABLE hidden RENAME TO jobs`)
		pass(5 * time.Minute)
		r.wantStored("a.jpg", content)
		r.wantState("a.jpg", ledger.Done)
	})
}

func TestWhatTheRemoteSaysIsWrittenDownEvenAsTheAgentStops(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		tap := r.tap()
		tap.onDeliver = func(connectors.Photo) error {
			time.Sleep(7 * time.Second)
			return errors.Join(connectors.Rejected("not a picture"))
		}
		r.drop("a.jpg", "A")
		r.start()
		pass(time.Second)
		r.stop()
		if j := r.wantState("a.jpg", ledger.Parked); !strings.Contains(j.Reason, "not a picture") {
			t.Errorf("reason %q", j.Reason)
		}
	})
}
