package inbound

import (
	"fmt"
	"strings"
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

func TestWhatTheVendorMendsWaitsForAPersonWhereOneIsAsked(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.with(func(c *Collector) { c.Imports[0].Ask = true })
		r.sent("one", "0001.CR3")
		rt := connectors.Retouch{ID: "v1", Name: "0001.jpg", Stage: connectors.Failed, Reason: "the mask is missing"}
		r.remote.Offer(rt, photo(1))
		r.collect()
		r.wantState("v1", ledger.GivenUp, "the mask is missing")
		rt.Stage, rt.Reason = connectors.Ready, ""
		r.remote.Offer(rt, photo(1))
		pass(2 * time.Minute)
		j := r.wantState("v1", ledger.Offered, "after all")
		r.wantFiles("retouched", nil)
		_, err := r.ledger.Record(j, ledger.Event{What: ledger.Imported, At: time.Now()})
		must(t, err)
		pass(time.Second)
		r.wantFiles("retouched", map[string][]byte{"0001.jpg": photo(1)})
	})
}

// TestOneThatTheVendorGivesUpHoldsNobodyElse, though nothing of it was ever ready.
func TestOneThatTheVendorGivesUpHoldsNobodyElse(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		for _, name := range []string{"a", "b", "c"} {
			r.sentTo("task", "one", name+".CR3")
			rt := connectors.Retouch{ID: name, Name: name + ".jpg", Batch: "task", Answers: "receipt-" + name + ".CR3", Size: -1, Final: true}
			if name == "b" {
				rt.Stage, rt.Reason = connectors.Failed, "no subject found"
			}
			r.remote.Offer(rt, photo(1))
		}
		r.collect()
		r.wantState("a", ledger.Done, "")
		r.wantState("c", ledger.Done, "")
		j := r.wantState("b", ledger.GivenUp, "no subject found")
		pictures, err := r.ledger.Pictures(t.Context(), "task", time.Now())
		if err != nil || len(pictures) != 3 || pictures[1].State != ledger.Error || pictures[1].In.ID != j.ID || !strings.Contains(pictures[1].Reason, "no subject found") {
			t.Errorf("pictures %+v, %v", pictures, err)
		}
	})
}

func TestWhatWasSentBackIsNotTakenUpAgainAndTheCorrectedOneReplacesIt(t *testing.T) {
	for _, ask := range []bool{false, true} {
		t.Run(fmt.Sprint("ask: ", ask), func(t *testing.T) {
			inBubble(t, func(t *testing.T, r *rig) {
				r.with(func(c *Collector) { c.Imports[0].Ask = ask })
				r.sent("one", "0001.CR3")
				r.remote.Offer(connectors.Retouch{ID: "v1", Name: "0001.jpg"}, photo(1))
				r.collect()
				j := r.job("v1")
				_, err := r.ledger.Record(j, ledger.Event{What: ledger.SentBack, At: time.Now(), Reason: "a halo"})
				must(t, err)
				pass(10 * time.Minute) // a vendor may list it for a while
				r.wantState("v1", ledger.Superseded, "a halo")
				if n, err := r.ledger.AnswersTo(t.Context(), j.Answers); err != nil || len(n) != 1 {
					t.Errorf("%d answers, %v; want the one that was sent back", len(n), err)
				}
				r.remote.Withdraw("0001.jpg")
				r.remote.Offer(connectors.Retouch{ID: "v2", Name: "0001.jpg"}, photo(2))
				pass(10 * time.Minute)
				if ask {
					r.wantState("v2", ledger.Offered, "")
					return
				}
				r.wantState("v2", ledger.Done, "")
				r.wantFiles("retouched", map[string][]byte{"0001.jpg": photo(2)})
			})
		})
	}
}

// TestARetouchThatIsFasterThanTheReceiptOfItsPhotoIsNotAStranger: the agent was
// killed as it ordered, or is just ordering.
func TestARetouchThatIsFasterThanTheReceiptOfItsPhotoIsNotAStranger(t *testing.T) {
	for _, stage := range []connectors.Stage{connectors.Ready, connectors.Failed} {
		for _, state := range []ledger.State{ledger.Moving, ledger.Queued} {
			t.Run(fmt.Sprint(state, stage), func(t *testing.T) {
				inBubble(t, func(t *testing.T, r *rig) {
					out := ledger.Job{
						ID: ledger.NewID("acme", ledger.Deliver, r.dir, "a.CR3", "task", 1), Account: "acme", Bench: "one", Role: connectors.Select, Folder: r.dir,
						Name: "a.CR3", Batch: "task", Flow: ledger.Out, Kind: ledger.Deliver, Generation: 1, State: state, Published: true,
					}
					must(t, r.ledger.Accept(time.Now(), ledger.Acceptance{Jobs: []ledger.Job{out}}))
					r.remote.Offer(connectors.Retouch{ID: "7/1", Name: "ticket 7.jpg", Answers: "7", Stage: stage, Final: true}, photo(1))
					r.collect()
					if j := r.job("7/1"); j.ID != "" {
						t.Fatalf("it was entered as %+v", j)
					}
					if state == ledger.Queued {
						var err error
						out, err = r.ledger.Next(t.Context(), "acme", ledger.Out)
						must(t, err)
					}
					_, err := r.ledger.Record(out, ledger.Event{What: ledger.Confirmed, At: time.Now(), Receipt: connectors.Receipt{ID: "7"}})
					must(t, err)
					pass(10 * time.Second)
					if j := r.job("7/1"); j.Answers != out.ID || j.Bench != "one" {
						t.Errorf("it answers %q for bench %q: %s", j.Answers, j.Bench, j.Reason)
					}
				})
			})
		}
	}
}

// TestAStrangersOrderIsNotWaitedForForEver.
func TestAStrangersOrderIsNotWaitedForForEver(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.sent("one", "a.CR3")
		r.remote.Offer(connectors.Retouch{ID: "8/1", Name: "ticket 8.jpg", Answers: "8", Final: true}, photo(1))
		r.collect()
		r.wantState("8/1", ledger.Parked, "no photo named ticket 8 was sent")
	})
}
