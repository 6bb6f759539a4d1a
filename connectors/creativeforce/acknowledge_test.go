package creativeforce

import (
	"errors"
	"testing"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/creativeforce/creativeforcesim"
	"github.com/studio-agent/studio-agent/connectors/faults"
)

func TestATaskIsStartedWhenAllItsInputsHaveLanded(t *testing.T) {
	w := newWorld(t, how{})
	id := w.sim.AddTask(shoe("J", "P"))
	rts := w.pending()
	for i := range rts { // one by one, with a restart between
		if err := w.Acknowledge(t.Context(), rts[i:i+1]); err != nil {
			t.Fatal(err)
		}
		if got, want := w.task(id).Starts, map[bool]int{true: 1}[i > 0]; got != want {
			t.Errorf("after %s: started %d times, want %d", rts[i].Name, got, want)
		}
		w.account = w.restart()
	}
	for range 2 {
		if err := w.Acknowledge(t.Context(), rts); err != nil {
			t.Fatal(err)
		}
	}
	if got := w.task(id); got.Starts != 1 || w.sim.Requests("start") != 1 {
		t.Errorf("started %d times by %d requests, want once", got.Starts, w.sim.Requests("start"))
	}
}

func TestATaskIsReadBeforeItIsStarted(t *testing.T) {
	for name, change := range map[string]func(w *world, id string){
		"cancelled": func(w *world, id string) { w.sim.Cancel(id) },
		"started":   func(w *world, id string) { w.sim.SetStatus(id, creativeforcesim.InProgress) },
		"in review": func(w *world, id string) { w.sim.SetStatus(id, creativeforcesim.InReview) },
		"another round": func(w *world, id string) {
			w.sim.SetStatus(id, creativeforcesim.InReview)
			w.sim.Reject(id)
		},
	} {
		w := newWorld(t, how{})
		id := w.sim.AddTask(shoe("J", "P"))
		rts := w.pending()
		change(w, id)
		if err := w.Acknowledge(t.Context(), rts); err != nil || w.sim.Requests("start") != 0 {
			t.Errorf("%s: %v after %d starts, want none", name, err, w.sim.Requests("start"))
		}
	}
}

func TestAlreadyStartedIsSuccessAndTroubleIsNot(t *testing.T) {
	for name, c := range map[string]struct {
		fault faults.Fault
		fails bool
	}{
		"started, and the answer lost": {faults.Fault{LoseReply: true}, false},
		"started, and 409":             {faults.Fault{FailAfter: 409}, false},
		"refused":                      {faults.Fault{Status: 400}, true},
		"trouble":                      {faults.Fault{Status: 500}, true},
	} {
		w := newWorld(t, how{})
		id := w.sim.AddTask(shoe("J", "P"))
		rts := w.pending()
		w.faults.Then("start", c.fault)
		err := w.Acknowledge(t.Context(), rts)
		if (err != nil) != c.fails || errors.Is(err, connectors.ErrRejected) {
			t.Errorf("%s: %v, want failure %v", name, err, c.fails)
		}
		if err := w.Acknowledge(t.Context(), rts); err != nil || w.task(id).Starts != 1 {
			t.Errorf("%s, told again: %v, started %d times", name, err, w.task(id).Starts)
		}
	}
}

func TestStartOnOpenStartsNothing(t *testing.T) {
	w := newWorld(t, how{yaml: "start: on-open"})
	id := w.sim.AddTask(shoe("J", "P"))
	w.land()
	batch, receipts := w.sendAll("J/P", "")
	if err := w.commitAll(t.Context(), batch, receipts); err != nil || w.task(id).Starts != 0 {
		t.Errorf("submitted with %v, started %d times; want no start", err, w.task(id).Starts)
	}
}

// A submission may show late: what was submitted before it was started is To Do
// still, and a start would open it again.
func TestWhatWasSubmittedIsNotStarted(t *testing.T) {
	w := newWorld(t, how{Options: creativeforcesim.Options{Settle: time.Minute}})
	id := w.sim.AddTask(shoe("J", "P"))
	rts := w.pending()
	batch, receipts := w.sendAll("J/P", "")
	w.submitted(batch, receipts)
	w.account = w.restart()
	if err := w.Acknowledge(t.Context(), rts); err != nil || w.sim.Requests("start") != 0 {
		t.Errorf("%v after %d starts, want none", err, w.sim.Requests("start"))
	}
	w.wantOnce(id, 1)
}
