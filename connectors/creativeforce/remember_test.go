package creativeforce

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/creativeforce/creativeforcesim"
)

// progressOf is how far the account says that a task is, after it looked; -1 if it
// says nothing.
func (w *world) progressOf(id string) connectors.Progress {
	w.t.Helper()
	w.pending()
	all, err := w.assignments(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	for _, a := range all {
		if strings.Contains(a.Batch, id) {
			return a.Progress
		}
	}
	return -1
}

// What becomes of a task while no agent runs is seen when one runs again, and the
// folder says so.
func TestWhatHappenedMeanwhileIsSeen(t *testing.T) {
	submit := func(w *world, id string) {
		batch, receipts := w.sendAll("J/P", "")
		w.submitted(batch, receipts)
	}
	for name, test := range map[string]struct {
		before, meanwhile func(w *world, id string)
		gone              bool
		want              connectors.Progress
		says              string
	}{
		"it is looked at":      {before: submit, want: connectors.Submitted, says: "Submitted."},
		"it was accepted":      {before: submit, meanwhile: func(w *world, id string) { w.sim.Approve(id) }, want: connectors.Finished, says: "Accepted."},
		"it was sent back":     {before: submit, meanwhile: func(w *world, id string) { w.sim.Reject(id) }, want: connectors.Assigned, says: "Round 2"},
		"it was cancelled":     {meanwhile: func(w *world, id string) { w.sim.Cancel(id) }, want: connectors.Recalled, says: "was cancelled"},
		"it is not there":      {meanwhile: func(w *world, id string) { w.sim.Cancel(id) }, gone: true, want: connectors.Recalled, says: "was cancelled"},
		"it is still in hand":  {want: connectors.Assigned, says: "2 missing"},
		"somebody else did it": {meanwhile: func(w *world, id string) { w.sim.SetStatus(id, creativeforcesim.InReview) }, want: connectors.Submitted, says: "Submitted."},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, how{Options: creativeforcesim.Options{Gone: test.gone}})
			id := w.sim.AddTask(shoe("J", "P"))
			w.land()
			if test.before != nil {
				test.before(w, id)
				w.pending()
			}
			w.account = w.restart()
			if test.meanwhile != nil {
				test.meanwhile(w, id)
			}
			if got := w.progressOf(id); got != test.want {
				t.Errorf("its progress is %d, want %d", got, test.want)
			}
			if page := w.fetched("J/P/INSTRUCTIONS.html"); !strings.Contains(page, test.says) {
				t.Errorf("the instructions do not say %q:\n%s", test.says, page)
			}
		})
	}
}

// A task that was over before anybody here knew of it is none of ours, whatever the
// list says.
func TestWhatWasOverBeforeIsLeftAlone(t *testing.T) {
	w := newWorld(t, how{})
	id := w.sim.AddTask(shoe("J", "P"))
	w.sim.SetStatus(id, creativeforcesim.InReview)
	if got := w.progressOf(id); got != -1 || w.sim.Requests("task") != 0 {
		t.Errorf("its progress is %d after %d requests, want none", got, w.sim.Requests("task"))
	}
}

// A cancelled task that is wanted again says in its folder what it said before: that
// is another edition, which must land.
func TestAContentThatComesBackIsAnotherEdition(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, how{})
		id := w.sim.AddTask(shoe("J", "P"))
		var ids []string
		for range 2 {
			w.land()
			for _, rt := range w.pending() {
				if strings.HasSuffix(rt.Name, instructionsName) {
					ids = append(ids, rt.ID)
				}
			}
			w.sim.Cancel(id)
			time.Sleep(time.Second)
			w.pending()
			w.sim.SetStatus(id, creativeforcesim.ToDo)
			time.Sleep(time.Second)
		}
		if ids[0] == ids[1] {
			t.Errorf("both are %s", ids[0])
		}
		if page := w.fetched("J/P/INSTRUCTIONS.html"); strings.Contains(page, "cancelled") {
			t.Errorf("the instructions still say that it was cancelled:\n%s", page)
		}
		again := w.pending()
		w.account = w.restart()
		if !slices.Equal(w.pending(), again) {
			t.Error("after a restart the same is offered as something else")
		}
	})
}

// A list without the tasks in review hides when they are accepted: they are read
// now and then, also after a restart.
func TestATaskInReviewThatIsNotListedIsFollowed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, how{Options: creativeforcesim.Options{QuietReview: true}})
		id := w.sim.AddTask(shoe("J", "P"))
		w.land()
		batch, receipts := w.sendAll("J/P", "")
		w.submitted(batch, receipts)
		if got := w.progressOf(id); got != connectors.Submitted {
			t.Fatalf("its progress is %d, want submitted", got)
		}
		w.account = w.restart()
		if got := w.progressOf(id); got != connectors.Submitted {
			t.Errorf("after a restart its progress is %d, want submitted", got)
		}
		for range 3 {
			time.Sleep(20 * time.Hour)
			if got := w.progressOf(id); got != connectors.Submitted {
				t.Errorf("days later its progress is %d, want submitted", got)
			}
		}
		reads := w.sim.Requests("task")
		for range 10 {
			time.Sleep(time.Minute)
			w.pending()
		}
		if n := w.sim.Requests("task") - reads; n > 0 {
			t.Errorf("in ten minutes it was read %d times", n)
		}
		w.sim.Approve(id)
		time.Sleep(reviewGap)
		if got := w.progressOf(id); got != connectors.Finished {
			t.Errorf("accepted, its progress is %d, want finished", got)
		}
	})
}

// A fullDisk keeps nothing of what is open.
type fullDisk struct{ connectors.Memory }

func (d fullDisk) Keep(key, value string) error {
	if key == deskKey {
		return errors.New("no space left on device")
	}
	return d.Memory.Keep(key, value)
}

// TestWhatCouldNotBeRememberedIsRememberedLater, though nothing has changed since.
func TestWhatCouldNotBeRememberedIsRememberedLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, how{})
		id := w.sim.AddTask(shoe("J", "P"))
		memory := w.account.memory
		w.account.memory = fullDisk{memory}
		if _, err := w.account.Pending(t.Context()); err == nil {
			t.Error("it looked, and what is open is not on disk")
		}
		w.account.memory = memory
		w.again()
		w.pending()
		if kept, err := memory.Recall(deskKey); err != nil || !strings.Contains(kept, id) {
			t.Errorf("kept is %q, %v; want task %s in it", kept, err, id)
		}
	})
}
