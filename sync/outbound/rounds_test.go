package outbound

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

// TestAnOrderOfUnknownOutcomeIsAskedForBeforeAnything, in each round.
func TestAnOrderOfUnknownOutcomeIsAskedForBeforeAnything(t *testing.T) {
	for _, step := range []string{"before", "after"} {
		inBubbleNamed(t, step+" it was placed", func(t *testing.T, r *rig) {
			s := shopping(r)
			r.know("a.jpg")
			r.start()
			r.order("t", "a.jpg")
			pass(time.Second)
			left := 1
			s.suffer(func(at string) error {
				if at != step || left == 0 {
					return nil
				}
				left--
				return errors.New("the connection broke")
			})
			must(t, r.reorder("t", "a.jpg", ""))
			pass(10 * time.Millisecond)
			asked := s.finds
			if j := r.job("a.jpg"); j.Round != 2 || !j.Published || j.State != ledger.Queued {
				t.Fatalf("after a broken connection %+v", j)
			}
			pass(time.Minute)
			if s.finds == asked {
				t.Error("nobody was asked")
			}
			if got := s.times("a.jpg"); !slices.Equal(got, []int{1, 1}) {
				t.Errorf("orders %v, want each round once", got)
			}
			r.wantTask(0, ledger.AtVendor, "")
		})
	}
}

func TestARoundIsOrderedOnceHoweverOftenItIsAsked(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		s := shopping(r)
		r.know("a.jpg")
		r.start()
		r.order("t", "a.jpg")
		pass(time.Second)
		task, _, err := r.ledger.Task(t.Context(), "t")
		must(t, err)
		j, err := r.enq.Order(t.Context(), Order{Account: "gs", Name: "a.jpg", Task: "t", Round: 2})
		must(t, err)
		again := ledger.Decision{
			Acceptance: ledger.Acceptance{Jobs: []ledger.Job{j}},
			TaskSteps:  []ledger.TaskStep{{Task: task, Event: ledger.TaskEvent{What: ledger.Reordered, At: time.Now()}}},
		}
		must(t, r.ledger.Decide(time.Now(), again))
		for range 2 {
			pass(time.Second)
			if err := r.ledger.Decide(time.Now(), again); !errors.Is(err, ledger.ErrLost) {
				t.Errorf("the same once more: %v", err)
			}
		}
		if got := s.times("a.jpg"); !slices.Equal(got, []int{1, 1}) {
			t.Errorf("orders %v, want each round once", got)
		}
	})
}

// TestNothingIsOrderedTwiceWhateverBreaks sends pictures through rounds while
// connections break, answers are lost, and the agent is killed.
func TestNothingIsOrderedTwiceWhateverBreaks(t *testing.T) {
	for seed := range uint64(12) {
		inBubbleNamed(t, fmt.Sprint("seed ", seed), func(t *testing.T, r *rig) {
			rnd, luck := rand.New(rand.NewPCG(seed, 1)), rand.New(rand.NewPCG(seed, 2))
			s := shopping(r)
			var mu sync.Mutex // guards luck
			s.suffer(func(string) error {
				mu.Lock()
				defer mu.Unlock()
				if luck.IntN(3) > 0 {
					return nil
				}
				return errors.New("the connection broke")
			})
			names := []string{"a.jpg", "b.jpg", "c.jpg"}
			r.know(names...)
			r.start()
			r.order("t", names...)
			rounds := map[string]int{"a.jpg": 1, "b.jpg": 1, "c.jpg": 1}
			for range 20 {
				pass(time.Duration(rnd.IntN(40)) * time.Second)
				if rnd.IntN(3) == 0 {
					connector := r.sender.Connector
					must(t, r.ledger.Close())
					r.stop()
					r.openLedger()
					r.enq = r.enqueuer(r.hot, connectors.Capture)
					r.newSender()
					r.enq.Targets, r.sender.Connector = nil, connector
					r.start()
				}
				name := names[rnd.IntN(len(names))]
				if r.job(name).State == ledger.Done && r.tasks()[0].State == ledger.AtVendor {
					must(t, r.reorder("t", name, "again"))
					rounds[name]++
				}
			}
			s.suffer(nil)
			pass(time.Hour)
			for _, name := range names {
				got := s.times(name)
				if len(got) != rounds[name] || slices.Max(got) != 1 {
					t.Errorf("%s was ordered %v times, want once in each of %d rounds", name, got, rounds[name])
				}
			}
			r.wantTask(0, ledger.AtVendor, "")
		})
	}
}

func TestOneWrittenOffWhileItIsSentIsNotTriedAgain(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		s := shopping(r)
		r.know("a.jpg")
		s.suffer(func(step string) error {
			if step == "before" {
				time.Sleep(time.Minute)
				return connectors.Rejected("no")
			}
			return nil
		})
		r.order("t", "a.jpg")
		r.start()
		pass(time.Second)
		_, err := r.ledger.Record(r.wantState("a.jpg", ledger.Publishing), ledger.Event{What: ledger.WrittenOff, At: time.Now(), Reason: "a person wrote it off"})
		must(t, err)
		s.suffer(nil)
		pass(time.Hour)
		if len(s.orders) != 0 {
			t.Errorf("%d orders, want none", len(s.orders))
		}
		r.wantTask(0, ledger.Closed, "")
	})
}
