package inbound

import (
	"testing"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/faults"
	"github.com/studio-agent/studio-agent/connectors/memory"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

func TestAskedImportsWaitForAPerson(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.with(func(c *Collector) { c.Imports[0].Ask = true })
		content := r.offers("0001.jpg", 1)
		r.start()
		pass(time.Hour)
		r.wantFiles("retouched", nil)
		j := r.wantState(id("0001.jpg", content), ledger.Offered, "ready")
		_, err := r.ledger.Record(j, ledger.Event{What: ledger.Imported, At: time.Now()})
		must(t, err)
		pass(time.Second)
		r.wantFiles("retouched", map[string][]byte{"0001.jpg": content})
		r.wantState(id("0001.jpg", content), ledger.Done, "")
	})
}

func TestAnOfferThatVanishesIsGivenUpAfterTwoLooks(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.with(func(c *Collector) { c.Imports[0].Ask = true })
		r.offers("other.jpg", 2)
		content := r.offers("0001.jpg", 1)
		r.collect()
		r.remote.Withdraw("0001.jpg")
		r.collector.Wake()
		pass(time.Second)
		r.wantState(id("0001.jpg", content), ledger.Offered, "")
		r.collector.Wake()
		pass(time.Second)
		r.wantState(id("0001.jpg", content), ledger.Superseded, "left the remote")
		r.remote.Return("0001.jpg", content) // and is back
		pass(3 * time.Minute)
		offered, err := r.ledger.OfferedTo(t.Context(), "acme", "one")
		if err != nil || len(offered) != 2 {
			t.Errorf("%d are offered, %v; want it back beside the other", len(offered), err)
		}
	})
}

func TestAFileThatVanishesBeforeItIsFetchedIsSuperseded(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.offers("other.jpg", 2)
		content := r.offers("0001.jpg", 1)
		r.plan.Chance(memory.OpFetch, 1, faults.Fault{Status: 500})
		r.collect()
		r.wantState(id("0001.jpg", content), ledger.Queued, "500")
		r.plan.Calm()
		r.remote.Withdraw("0001.jpg")
		pass(10 * time.Minute)
		r.wantState(id("0001.jpg", content), ledger.Superseded, "left the remote")
		r.wantFiles("retouched", map[string][]byte{"other.jpg": nil})
	})
}

func TestANewVersionSupersedesWhatWasNotFetchedYet(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.with(func(c *Collector) { c.Imports[0].Ask = true })
		first := r.offers("0001.jpg", 1)
		r.collect()
		second := photo(2)
		r.remote.Return("0001.jpg", second)
		pass(2 * time.Minute)
		r.wantState(id("0001.jpg", first), ledger.Superseded, "newer version")
		r.wantState(id("0001.jpg", second), ledger.Offered, "")
	})
}

func TestTwoOffersOfOneNameThatAreBothListedStay(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.with(func(c *Collector) { c.Imports[0].Ask = true })
		r.sent("one", "0001.CR3")
		r.remote.Offer(connectors.Retouch{ID: "a", Name: "0001.jpg"}, photo(1))
		r.collect()
		r.remote.Offer(connectors.Retouch{ID: "b", Name: "0001.jpg"}, photo(2))
		pass(2 * time.Minute)
		r.wantState("a", ledger.Offered, "")
		r.wantState("b", ledger.Offered, "")
	})
}

func TestTheVendorGivesUp(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.sent("one", "0001.CR3")
		rt := connectors.Retouch{ID: "v1", Name: "0001.jpg", Stage: connectors.Working}
		r.remote.Offer(rt, photo(1))
		r.collect()
		if st := r.collector.Status(); st.Working != 1 || r.job("v1").ID != "" {
			t.Errorf("at work: status %+v, job %+v; want it counted and nothing else", st, r.job("v1"))
		}
		rt.Stage, rt.Reason = connectors.Failed, "the mask is missing"
		r.remote.Offer(rt, photo(1))
		pass(2 * time.Minute)
		r.wantState("v1", ledger.GivenUp, "the mask is missing")
		rt.Stage, rt.Reason = connectors.Ready, ""
		r.remote.Offer(rt, photo(1))
		pass(2 * time.Minute)
		r.wantState("v1", ledger.Done, "")
		r.wantFiles("retouched", map[string][]byte{"0001.jpg": nil})
	})
}

func TestTheVendorGivesUpWhatWasOffered(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.with(func(c *Collector) { c.Imports[0].Ask = true })
		r.sent("one", "0001.CR3")
		rt := connectors.Retouch{ID: "v1", Name: "0001.jpg"}
		r.remote.Offer(rt, photo(1))
		r.collect()
		rt.Stage = connectors.Failed
		r.remote.Offer(rt, photo(1))
		pass(2 * time.Minute)
		r.wantState("v1", ledger.GivenUp, "without a reason")
		if n := r.log.count("WARN The vendor gave up"); n != 1 {
			t.Errorf("it is logged %d times, want once", n)
		}
	})
}

func TestUnfetchedForADayIsToldOnce(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.with(func(c *Collector) { c.Imports[0].Ask, c.Poll = true, 10*time.Minute })
		r.offers("0001.jpg", 1)
		r.start()
		pass(23 * time.Hour)
		if st := r.collector.Status(); len(st.Unfetched) != 0 {
			t.Errorf("after 23 h status says %+v", st.Unfetched)
		}
		pass(4 * time.Hour)
		st := r.collector.Status()
		if len(st.Unfetched) != 1 || st.Unfetched[0].Name != "0001.jpg" || st.Unfetched[0].Bench != "one" {
			t.Errorf("after 27 h status says %+v, want 0001.jpg of bench one", st.Unfetched)
		}
		if n := r.log.count("WARN A retouch was not fetched for a day"); n != 1 {
			t.Errorf("it is logged %d times, want once", n)
		}
	})
}
