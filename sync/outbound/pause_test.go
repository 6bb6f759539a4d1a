package outbound

import (
	"strings"
	"testing"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/faults"
	"github.com/studio-agent/studio-agent/connectors/memory"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

func TestAPersonPausesAndResumes(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.sender.Gate.Pause(time.Time{})
		r.drop("a.jpg", "A")
		r.start()
		pass(24 * time.Hour)
		r.wantStored("a.jpg")
		if st := r.sender.Status(); st.Closed != "paused by a person" || !st.Until.IsZero() {
			t.Errorf("status %+v", st)
		}
		r.sender.Gate.Resume(t.Context())
		pass(time.Second)
		r.wantStored("a.jpg", "A")

		r.sender.Gate.Pause(time.Now().Add(time.Hour))
		r.drop("b.jpg", "B") // a worker was already waiting for it
		pass(59 * time.Minute)
		r.wantStored("b.jpg")
		if j := r.wantState("b.jpg", ledger.Queued); j.Reason != "paused by a person" {
			t.Errorf("reason %q", j.Reason)
		}
		pass(2 * time.Minute)
		r.wantStored("b.jpg", "B")
	})
}

func TestAPauseLetsRunningTransfersFinish(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.plan.Then(memory.OpDeliver, faults.Fault{Delay: time.Minute})
		r.drop("a.jpg", "A")
		r.start()
		pass(time.Second)
		r.sender.Gate.Pause(time.Time{})
		st := r.sender.Status()
		if len(st.Transfers) != 1 || st.Transfers[0].Name != "a.jpg" || st.Transfers[0].Size != 1 || st.Transfers[0].Bench != "bench" {
			t.Errorf("transfers %+v, want a.jpg", st.Transfers)
		}
		pass(2 * time.Minute)
		r.wantStored("a.jpg", "A")
		if st = r.sender.Status(); len(st.Transfers) != 0 {
			t.Errorf("transfers %+v, want none", st.Transfers)
		}
	})
}

func TestVetHoldsRenamesOrIsAskedAgain(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		x := &examiner{}
		r.sender.Connector.Vet = x.vet
		r.start()

		x.say("task 7", nil)
		r.drop("a.jpg", "A")
		pass(time.Second)
		if j := r.wantState("a.jpg", ledger.Done); j.Batch != ledger.TaskID("gs", "task 7") || r.remote.Deliveries("a.jpg")[0].Photo.Batch != "task 7" {
			t.Errorf("batch %q, want task 7, told to the remote too", j.Batch)
		}

		x.say("", errOffline) // the catalogue cannot be reached
		r.drop("b.jpg", "B")
		pass(time.Minute)
		if j := r.wantState("b.jpg", ledger.Queued); !strings.Contains(j.Reason, "no route") {
			t.Errorf("reason %q", j.Reason)
		}
		x.say("", nil)
		pass(10 * time.Minute)
		r.wantStored("b.jpg", "B")

		x.say("", connectors.Rejected("no such reference"))
		r.drop("c.jpg", "C")
		pass(time.Second)
		j := r.wantState("c.jpg", ledger.Parked)
		if j.Reason != "no such reference" {
			t.Errorf("reason %q", j.Reason)
		}
		_, err := r.ledger.Record(j, ledger.Event{What: ledger.Retried, At: time.Now()})
		must(t, err)
		pass(time.Minute)
		j = r.wantState("c.jpg", ledger.Parked)
		_, err = r.ledger.Record(j, ledger.Event{What: ledger.Retried, At: time.Now(), Forced: true}) // "send anyway"
		must(t, err)
		pass(time.Minute)
		r.wantStored("c.jpg", "C")
	})
}
