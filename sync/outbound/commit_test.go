package outbound

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/faults"
	"github.com/studio-agent/studio-agent/connectors/memory"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

// ordering has the rig's remote take batches, of which lacks says what is
// missing; nil means never anything.
func ordering(r *rig, lacks func() []string) {
	ofTasks(r, TaskRule{Quiet: 5 * time.Second})
	r.remote.Missing = func(string, []connectors.Receipt) []string {
		if lacks == nil {
			return nil
		}
		return lacks()
	}
	r.newSender()
}

// ordered is what was submitted, in one line for each time.
func (r *rig) ordered() []string {
	r.t.Helper()
	var all []string
	for _, s := range r.remote.Submissions() {
		var names []string
		for _, receipt := range s.Receipts {
			names = append(names, receipt.Name)
		}
		all = append(all, strings.Join(names, " "))
	}
	return all
}

func (r *rig) wantTask(i int, state ledger.TaskState, reason string) ledger.Task {
	r.t.Helper()
	task := r.tasks()[i]
	if task.State != state || !strings.Contains(task.Reason, reason) {
		r.t.Errorf("task %d is %s (%s), want %s with %q", i, task.State, task.Reason, state, reason)
	}
	return task
}

func TestATaskIsCommittedOnceWhenItHasClosedAndAllIsThere(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		ordering(r, nil)
		r.plan.Then(memory.OpDeliver, faults.Fault{Delay: 20 * time.Second})
		r.start()
		r.drop("a.jpg", "A")
		pass(time.Second)
		r.drop("b.jpg", "B")
		pass(18 * time.Second)
		if got := r.ordered(); len(got) != 0 {
			t.Errorf("ordered %q while a photo was on its way", got)
		}
		pass(3 * time.Second)
		if got := r.ordered(); len(got) != 1 || got[0] != "a.jpg b.jpg" {
			t.Errorf("ordered %q, want both once", got)
		}
		r.wantTask(0, ledger.AtVendor, "")
		pass(time.Hour)
		if got := r.ordered(); len(got) != 1 {
			t.Errorf("ordered %q", got)
		}
		r.drop("c.jpg", "C")
		pass(time.Minute)
		if got := r.ordered(); len(got) != 2 || got[1] != "c.jpg" {
			t.Errorf("ordered %q, want the next task by itself", got)
		}
	})
}

// TestATaskThatClosesWhileAnotherIsSubmittedFollowsAtOnce, and not at the next
// look, which may be a minute off.
func TestATaskThatClosesWhileAnotherIsSubmittedFollowsAtOnce(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		ordering(r, nil)
		r.enq.Targets[0].Task.By = ByFolder
		r.plan.Then(memory.OpCommit, faults.Fault{Delay: 3 * time.Second})
		r.start()
		r.drop("look1/a.jpg", "A")
		pass(time.Second)
		r.drop("look2/b.jpg", "B")
		pass(8 * time.Second)
		if got := r.ordered(); len(got) != 2 {
			t.Errorf("ordered %q, want both tasks", got)
		}
	})
}

func TestOfEachNameTheNewestIsCommitted(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		ordering(r, nil)
		r.enq.Targets[0].Task.Quiet = time.Minute
		r.start()
		r.drop("a.jpg", "A")
		pass(5 * time.Second)
		again := r.drop("a.jpg", "A again")
		pass(2 * time.Minute)
		subs := r.remote.Submissions()
		if len(subs) != 1 || len(subs[0].Receipts) != 1 || subs[0].Receipts[0].Size != int64(len(again)) {
			t.Errorf("submitted %+v, want the newest of the name", subs)
		}
	})
}

func TestWithoutCommitATaskIsAtItsVendorWhenAllIsThere(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		ofTasks(r, TaskRule{Quiet: 5 * time.Second})
		r.start()
		r.drop("a.jpg", "A")
		pass(4 * time.Second)
		r.wantTask(0, ledger.Collecting, "")
		pass(2 * time.Second)
		r.wantTask(0, ledger.AtVendor, "")
	})
}

func TestAnIncompleteTaskIsAskedAboutAgainAndSaysWhatItLacks(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		var complete atomic.Bool
		ordering(r, func() []string {
			if complete.Load() {
				return nil
			}
			return []string{"back.jpg"}
		})
		r.start()
		r.drop("a.jpg", "A")
		pass(time.Minute)
		r.wantTask(0, ledger.Collecting, "still lacks back.jpg")
		complete.Store(true)
		pass(5 * time.Minute)
		r.wantTask(0, ledger.AtVendor, "")
		if got := r.ordered(); len(got) != 1 {
			t.Errorf("ordered %q", got)
		}
	})
}

func TestARefusedTaskIsHeldForAPerson(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		ordering(r, nil)
		r.plan.Then(memory.OpCommit, faults.Fault{Status: 422})
		r.start()
		r.drop("a.jpg", "A")
		pass(time.Hour)
		task := r.wantTask(0, ledger.Collecting, "422")
		if n := r.log.count("WARN A task is held"); n != 1 || len(r.ordered()) != 0 {
			t.Errorf("%d warnings, ordered %q", n, r.ordered())
		}
		_, err := r.ledger.RecordTask(task, ledger.TaskEvent{What: ledger.Waited, At: time.Now(), Clean: true}) // a person says: again
		must(t, err)
		pass(2 * time.Minute)
		r.wantTask(0, ledger.AtVendor, "")
	})
}

func TestAnUnknownOutcomeIsAskedAgainAndNotOrderedTwice(t *testing.T) {
	tests := []struct {
		name  string
		fault faults.Fault
	}{
		{"it was ordered and the answer got lost", faults.Fault{LoseReply: true}},
		{"it was not ordered", faults.Fault{Status: 500}},
	}
	for _, tc := range tests {
		inBubbleNamed(t, tc.name, func(t *testing.T, r *rig) {
			ordering(r, nil)
			r.plan.Then(memory.OpCommit, tc.fault)
			r.start()
			r.drop("a.jpg", "A")
			pass(6 * time.Second)
			if task := r.tasks()[0]; task.State != ledger.AtVendor && (task.State != ledger.Committing || !task.Published) {
				t.Errorf("after the broken try the task is %+v, want its intent on disk", task)
			}
			pass(5 * time.Minute)
			r.wantTask(0, ledger.AtVendor, "")
			if got := r.ordered(); len(got) != 1 {
				t.Errorf("ordered %d times", len(got))
			}
		})
	}
}

func TestTheIntentIsOnDiskBeforeATaskIsSubmitted(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		ordering(r, nil)
		var mu sync.Mutex
		var at ledger.TaskState
		commit := r.sender.Connector.Commit
		r.sender.Connector.Commit = func(ctx context.Context, batch string, rs []connectors.Receipt, publish func() error) error {
			return commit(ctx, batch, rs, func() error {
				err := publish()
				mu.Lock()
				defer mu.Unlock()
				at = r.tasks()[0].State
				return err
			})
		}
		r.start()
		r.drop("a.jpg", "A")
		pass(time.Minute)
		mu.Lock()
		defer mu.Unlock()
		if at != ledger.Committing {
			t.Errorf("while it was submitted the task was %q, want committing", at)
		}
	})
}

func TestWhatAnErrorOfCommitMeans(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.sender.init()
		until := time.Now().Add(time.Hour)
		tests := []struct {
			name  string
			err   error
			what  ledger.What
			clean bool
			until time.Duration // at most; 0: at once
		}{
			{"throttled", &connectors.ThrottledError{Until: until}, ledger.Waited, true, time.Hour},
			{"denied", connectors.Denied("wrong password"), ledger.Waited, true, 0},
			{"incomplete", &connectors.IncompleteError{Missing: []string{"b"}}, ledger.Failed, false, 8 * time.Second},
			{"anything else", errors.New("connection reset"), ledger.Failed, false, 8 * time.Second},
			{"the ledger", &localError{errors.New("disk full")}, ledger.Failed, false, 8 * time.Second},
		}
		for _, tc := range tests {
			e := r.sender.taskTrouble(t.Context(), ledger.Task{Failures: 3}, tc.err)
			wait := max(0, time.Until(e.Until))
			if e.What != tc.what || e.Clean != tc.clean || wait > tc.until || tc.until > 0 && wait == 0 || e.Reason == "" {
				t.Errorf("%s: %+v in %v", tc.name, e, wait)
			}
		}
	})
}

func TestATaskOfWhichNothingIsLeftIsCalledOff(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		ordering(r, nil)
		byXMP(r)
		r.enq.Role = connectors.Capture
		r.enq.Selects.Targets[0].Task = &TaskRule{Quiet: time.Minute}
		r.start()
		r.drop("a.jpg", shot(9, xmp(stars(4))))
		r.drop("b.jpg", shot(8, xmp(stars(4))))
		pass(10 * time.Second)
		r.rewrite("a.jpg", shot(9, xmp(stars(1))))
		r.rewrite("b.jpg", shot(8, xmp(stars(1))))
		pass(3 * time.Minute)
		r.wantTask(0, ledger.Cancelled, "no photo is left")
		if got := r.ordered(); len(got) != 0 {
			t.Errorf("ordered %q, which are no selects any more", got)
		}
	})
}

func TestATaskWhosePhotosAreAllHeldSaysSo(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		ordering(r, nil)
		r.plan.Then(memory.OpDeliver, faults.Fault{Status: 422})
		r.start()
		r.drop("a.jpg", "A")
		pass(time.Minute)
		r.wantTask(0, ledger.Collecting, "its photos are held")
	})
}

func TestAPausedAccountCommitsWhenItGoesOn(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		ordering(r, nil)
		r.start()
		r.drop("a.jpg", "A")
		pass(time.Second)
		r.sender.Gate.Pause(time.Time{})
		pass(time.Hour)
		if got := r.ordered(); len(got) != 0 {
			t.Errorf("ordered %q while the account is paused", got)
		}
		r.sender.Gate.Resume(t.Context())
		pass(time.Second)
		r.wantTask(0, ledger.AtVendor, "")
	})
}

func TestACommitUnderWayIsFinishedWhenTheAgentStops(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		ordering(r, nil)
		r.plan.Then(memory.OpCommit, faults.Fault{Delay: 4 * time.Second})
		r.start()
		r.drop("a.jpg", "A")
		pass(6 * time.Second)
		r.stop()
		r.stop = func() {}
		r.wantTask(0, ledger.AtVendor, "")
	})
}

func TestACommitThatABrokenOffAgentLeftIsAskedAbout(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		ordering(r, nil)
		r.plan.Then(memory.OpCommit, faults.Fault{Delay: time.Minute})
		r.start()
		r.drop("a.jpg", "A")
		pass(6 * time.Second)
		r.stop()
		r.wantTask(0, ledger.Committing, "stopped")
		r.restart()
		pass(time.Minute)
		r.wantTask(0, ledger.AtVendor, "")
		if got := r.ordered(); len(got) != 1 {
			t.Errorf("ordered %d times", len(got))
		}
	})
}

func TestALateTaskIsToldOnce(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		ofTasks(r, TaskRule{Quiet: 5 * time.Second, Deadline: time.Hour})
		r.start()
		r.drop("a.jpg", "A")
		pass(time.Hour)
		if n := r.log.count("WARN A task is late"); n != 0 {
			t.Errorf("told %d times before the deadline", n)
		}
		pass(6 * time.Second)
		if n := r.log.count("WARN A task is late"); n != 1 {
			t.Errorf("told %d times right after the deadline, want once", n)
		}
		pass(time.Hour)
		if n := r.log.count("WARN A task is late"); n != 1 {
			t.Errorf("told %d times, want once", n)
		}
		pictures, err := r.ledger.Pictures(t.Context(), r.tasks()[0].ID, time.Now())
		must(t, err)
		if len(pictures) != 1 || !pictures[0].Late {
			t.Errorf("pictures %+v, want one that is late", pictures)
		}
	})
}
