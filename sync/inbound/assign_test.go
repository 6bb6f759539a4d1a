package inbound

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

// TestWhatTheRemoteHandsOutIsATask with what comes for it.
func TestWhatTheRemoteHandsOutIsATask(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		var assigned atomic.Int32
		var trouble atomic.Bool
		r.with(func(c *Collector) {
			c.Assigned = func() { assigned.Add(1) }
			c.Connector.Assignments = func(context.Context) ([]connectors.Assignment, error) {
				if trouble.Load() {
					return nil, errors.New("the memory cannot be read")
				}
				return []connectors.Assignment{{Batch: "7-1", Title: "Job / Product", Bench: "one", Round: 1, Missing: []string{"a.tif"}}}, nil
			}
		})
		rt := connectors.Retouch{ID: "7-1/a", Name: "Job/Product/a.jpg", Bench: "one", Batch: "7-1", Final: true}
		r.remote.Offer(rt, photo(1))
		r.collect()
		pass(10 * time.Minute)
		task, ok, err := r.ledger.Task(t.Context(), ledger.TaskID("acme", "7-1"))
		if err != nil || !ok || task.State != ledger.Collecting || task.Title != "Job / Product" {
			t.Errorf("task %+v, %v, %v", task, ok, err)
		}
		inputs, err := r.ledger.Inputs(t.Context(), task.ID)
		if err != nil || len(inputs) != 1 || inputs[0].Name != "Job/Product/a.jpg" || inputs[0].State != ledger.Done {
			t.Errorf("inputs %+v, %v", inputs, err)
		}
		if n := assigned.Load(); n != 1 {
			t.Errorf("news were told %d times, want once", n)
		}
		r.wantFiles("retouched", map[string][]byte{"Job/Product/a.jpg": nil})

		trouble.Store(true) // nothing else stops for it
		rt.ID, rt.Name = "7-1/b", "Job/Product/b.jpg"
		r.remote.Offer(rt, photo(2))
		pass(2 * time.Minute)
		r.wantFiles("retouched", map[string][]byte{"Job/Product/a.jpg": nil, "Job/Product/b.jpg": nil})
		if r.log.count("tasks cannot be taken over") == 0 {
			t.Error("nobody is told that the tasks cannot be read")
		}
	})
}

// TestAnInputAnswersNoOutputOfAnEarlierRound, though they are called alike.
func TestAnInputAnswersNoOutputOfAnEarlierRound(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.with(func(c *Collector) {
			c.Connector.Assignments = func(context.Context) ([]connectors.Assignment, error) {
				return []connectors.Assignment{{Batch: "7-2", Title: "Job / Product", Bench: "one", Round: 2, Earlier: "7-1"}}, nil
			}
		})
		_, err := r.ledger.Assign(time.Now(), "acme", []connectors.Assignment{{Batch: "7-1", Title: "Job / Product", Bench: "one", Round: 1}})
		must(t, err)
		r.sentTo(ledger.TaskID("acme", "7-1"), "one", "Job/Product/a.tif")
		r.remote.Offer(connectors.Retouch{ID: "7-2/a", Name: "Job/Product/a.jpg", Bench: "one", Batch: "7-2", Final: true}, photo(1))
		r.collect()
		if j := r.wantState("7-2/a", ledger.Done, ""); j.Answers != "" {
			t.Errorf("it answers %s", j.Answers)
		}
	})
}
