package inbound

import (
	"io"
	"testing"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/faults"
	"github.com/studio-agent/studio-agent/connectors/memory"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

func TestABatchIsAcknowledgedOnceWhenAllOfItIsSafe(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		for _, name := range []string{"0001", "0002", "0003"} {
			r.sent("one", name+".CR3")
			r.remote.Offer(connectors.Retouch{Name: name + ".jpg", Batch: "order-7"}, photo(len(name)))
		}
		r.remote.Offer(connectors.Retouch{Name: "0004.jpg", Batch: "order-7", Stage: connectors.Working}, photo(9))
		r.sent("one", "single.CR3")
		r.remote.Offer(connectors.Retouch{Name: "single.jpg"}, photo(5))
		r.plan.Then(memory.OpFetch, faults.Fault{Status: 500}, faults.Fault{Status: 500})
		r.start()
		pass(2 * time.Minute)
		r.tap.wantAcks(t, "0001.jpg+0002.jpg+0003.jpg", "single.jpg")
	})
}

func TestTheRestOfABatchDoesNotWaitForWhatIsHeld(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.with(func(c *Collector) { c.Poll = time.Hour })
		for n, name := range []string{"0001", "0002"} {
			r.sent("one", name+".CR3")
			r.remote.Offer(connectors.Retouch{Name: name + ".jpg", Batch: "order-7", Final: true}, photo(n))
		}
		r.tap.onFetch = func(rt connectors.Retouch, _ io.Writer) (bool, error) {
			if rt.Name == "0001.jpg" {
				return false, nil
			}
			time.Sleep(10 * time.Second)
			return true, connectors.Rejected("it was withdrawn")
		}
		r.start()
		pass(5 * time.Second)
		r.tap.wantAcks(t)
		pass(10 * time.Second)
		r.tap.wantAcks(t, "0001.jpg")
	})
}

func TestABatchWaitsForWhatStillComesToRest(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.sent("one", "0001.CR3")
		r.remote.Offer(connectors.Retouch{Name: "0001.jpg", Batch: "order-7", Final: true}, photo(1))
		r.remote.Offer(connectors.Retouch{Name: "0001.pdf", Batch: "order-7"}, photo(2))
		r.start()
		pass(15 * time.Second)
		r.wantFiles("retouched", map[string][]byte{"0001.jpg": nil})
		r.tap.wantAcks(t)
		pass(15 * time.Second)
		r.tap.wantAcks(t, "0001.jpg+0001.pdf")
	})
}

func TestAnAcknowledgementThatFailsIsRepeatedAndNothingElse(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		content := r.offers("0001.jpg", 1)
		r.plan.Then(memory.OpAcknowledge, faults.Fault{Status: 500}, faults.Fault{LoseReply: true})
		r.collect()
		r.wantState(id("0001.jpg", content), ledger.Done, "")
		r.tap.wantAcks(t, "0001.jpg")
		if n := r.tap.fetched(); n != 1 {
			t.Errorf("it was fetched %d times, want once", n)
		}
	})
}
