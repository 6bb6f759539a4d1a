package outbound

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/faults"
	"github.com/studio-agent/studio-agent/connectors/memory"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

// expecting has the rig's remote hand out tasks, which expect some names each, and
// examine what is sent.
func expecting(r *rig, tasks map[string][]string) *examiner {
	x := &examiner{}
	r.remote.Missing = func(batch string, have []connectors.Receipt) (missing []string) {
		for _, name := range tasks[batch] {
			if !slices.ContainsFunc(have, func(h connectors.Receipt) bool { return h.Name == name }) {
				missing = append(missing, name)
			}
		}
		return missing
	}
	r.newSender()
	r.sender.Connector.Vet = x.vet
	return x
}

// assign has the remote tell of one task.
func (r *rig) assign(a connectors.Assignment) {
	r.t.Helper()
	_, err := r.ledger.Assign(time.Now(), "gs", []connectors.Assignment{a})
	must(r.t, err)
	r.sender.Wake()
	pass(time.Second)
}

func (r *rig) wantReceived(batch string, state ledger.TaskState, reason string, missing ...string) ledger.Task {
	r.t.Helper()
	task, ok, err := r.ledger.Task(r.t.Context(), ledger.TaskID("gs", batch))
	must(r.t, err)
	if !ok || task.State != state || !strings.Contains(task.Reason, reason) || !slices.Equal(task.Missing, missing) {
		r.t.Errorf("task %s is %s (%s), missing %q; want %s with %q, missing %q", batch, task.State, task.Reason, task.Missing, state, reason, missing)
	}
	return task
}

func TestAReceivedTaskIsSubmittedOnceItIsComplete(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		x := expecting(r, map[string][]string{"task 7": {"a.jpg", "b.jpg"}})
		x.say("task 7", nil)
		r.start()
		r.assign(connectors.Assignment{Batch: "task 7", Title: "Job / Product", Missing: []string{"a.jpg", "b.jpg"}})
		r.wantReceived("task 7", ledger.Collecting, "", "a.jpg", "b.jpg")

		r.drop("a.jpg", "A")
		pass(time.Second)
		r.wantReceived("task 7", ledger.Collecting, "", "b.jpg")
		pass(time.Hour)
		if got := r.ordered(); len(got) != 0 {
			t.Errorf("submitted %q, and it is not complete", got)
		}
		r.drop("b.jpg", "B")
		pass(time.Second)
		r.wantReceived("task 7", ledger.AtVendor, "")
		pass(time.Hour)
		if got := r.ordered(); !slices.Equal(got, []string{"a.jpg b.jpg"}) {
			t.Errorf("submitted %q, want both, once", got)
		}
		for _, p := range pictures(t, r, "task 7") {
			if p.State != ledger.Delivered || !p.Settled() {
				t.Errorf("%s is %s", p.Out.Name, p.State)
			}
		}
	})
}

func pictures(t *testing.T, r *rig, batch string) []ledger.Picture {
	t.Helper()
	all, err := r.ledger.Pictures(t.Context(), ledger.TaskID("gs", batch), time.Now())
	must(t, err)
	if len(all) == 0 {
		t.Errorf("%s has no pictures", batch)
	}
	return all
}

// TestWhatIsDeliveredBeforeItsTaskIsTold counts when that is told.
func TestWhatIsDeliveredBeforeItsTaskIsTold(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		expecting(r, map[string][]string{"task 7": {"a.jpg"}}).say("task 7", nil)
		r.start()
		r.drop("a.jpg", "A")
		pass(time.Minute)
		if got := r.ordered(); len(got) != 0 {
			t.Errorf("submitted %q of a task that nobody knows", got)
		}
		r.assign(connectors.Assignment{Batch: "task 7", Title: "Job / Product"})
		r.wantReceived("task 7", ledger.AtVendor, "")
	})
}

// TestNewsDuringACommitAreNotLost: what comes to rest while the remote answers
// "incomplete" may be what was missing.
func TestNewsDuringACommitAreNotLost(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		expecting(r, map[string][]string{"task 7": {"a.jpg", "b.jpg"}}).say("task 7", nil)
		commit := r.sender.Connector.Commit
		r.sender.Connector.Commit = func(ctx context.Context, batch string, delivered []connectors.Receipt, publish func() error) error {
			if len(delivered) == 1 {
				time.Sleep(10 * time.Second) // of the bubble: meanwhile the other arrives
			}
			return commit(ctx, batch, delivered, publish)
		}
		r.start()
		r.assign(connectors.Assignment{Batch: "task 7", Title: "Job / Product"})
		r.drop("a.jpg", "A")
		pass(5 * time.Second)
		r.drop("b.jpg", "B")
		pass(time.Minute)
		r.wantReceived("task 7", ledger.AtVendor, "")
		if got := r.ordered(); len(got) != 1 {
			t.Errorf("submitted %q", got)
		}
	})
}

func TestAReceivedTaskThatIsRefusedWaitsForAPersonOrNews(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		expecting(r, nil).say("task 7", nil)
		asked, refused := 0, true
		r.sender.Connector.Commit = func(context.Context, string, []connectors.Receipt, func() error) error {
			if asked++; refused {
				return connectors.Rejected("the third picture is not as ordered")
			}
			return nil
		}
		r.start()
		r.assign(connectors.Assignment{Batch: "task 7", Title: "Job / Product"})
		r.drop("a.jpg", "A")
		pass(time.Hour)
		r.wantReceived("task 7", ledger.Collecting, "third picture")
		if asked != 1 {
			t.Errorf("asked %d times, want once", asked)
		}
		r.drop("b.jpg", "B")
		pass(time.Minute)
		if asked != 2 {
			t.Errorf("asked %d times, want once more for what came", asked)
		}
		refused = false
		task := r.wantReceived("task 7", ledger.Collecting, "third picture")
		_, err := r.ledger.RecordTask(task, ledger.TaskEvent{What: ledger.Full, At: time.Now()})
		must(t, err)
		r.sender.Wake()
		pass(time.Second)
		r.wantReceived("task 7", ledger.AtVendor, "")
	})
}

// TestWhatIsSentAnywayIsInItsBatch though the connector would have held it.
func TestWhatIsSentAnywayIsInItsBatch(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		expecting(r, map[string][]string{"task 7": {"a.jpg"}}).say("task 7", connectors.Rejected("it is too small"))
		r.start()
		r.assign(connectors.Assignment{Batch: "task 7", Title: "Job / Product"})
		r.drop("a.jpg", "A")
		pass(time.Second)
		j := r.wantState("a.jpg", ledger.Parked)
		_, err := r.ledger.Record(j, ledger.Event{What: ledger.Retried, At: time.Now(), Forced: true})
		must(t, err)
		pass(time.Minute)
		if j := r.wantState("a.jpg", ledger.Done); j.Batch != ledger.TaskID("gs", "task 7") {
			t.Errorf("batch %q", j.Batch)
		}
		r.wantReceived("task 7", ledger.AtVendor, "")
	})
}

// TestWhatIsFoundThereIsInItsBatch, after a delivery of which nobody knew how it
// ended.
func TestWhatIsFoundThereIsInItsBatch(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		expecting(r, map[string][]string{"task 7": {"a.jpg"}}).say("task 7", nil)
		r.plan.Then(memory.OpDeliver, faults.Fault{LoseReply: true})
		r.start()
		r.assign(connectors.Assignment{Batch: "task 7", Title: "Job / Product"})
		r.drop("a.jpg", "A")
		pass(time.Minute)
		if j := r.wantState("a.jpg", ledger.Done); j.Starts < 2 || j.Batch != ledger.TaskID("gs", "task 7") {
			t.Errorf("%d starts, batch %q; want it found at the second start, in its batch", j.Starts, j.Batch)
		}
		r.wantReceived("task 7", ledger.AtVendor, "")
	})
}

// TestAProjectIsCommittedAtOnceAndWithAllThatComes for as long as it lives.
func TestAProjectIsCommittedAtOnceAndWithAllThatComes(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		expecting(r, nil).say("", nil)
		r.start()
		must(t, r.ledger.AddProject(time.Now(), ledger.Task{Account: "gs", Bench: "bench", Key: "/studio/film", Title: "film"}))
		r.sender.Wake()
		pass(time.Second)
		r.wantReceived("/studio/film", ledger.AtVendor, "")
		if got := r.remote.Submissions(); len(got) != 1 || got[0].Batch != "/studio/film" || len(got[0].Receipts) != 0 {
			t.Errorf("submitted %+v, want the bare project", got)
		}
		for _, name := range []string{"a.jpg", "b.jpg"} {
			j := newJob("gs", ledger.Deliver, ledger.Job{Bench: "bench", Folder: r.enq.Folder, Name: name, Generation: 1,
				Size: 1, ModTime: time.Now(), Batch: ledger.TaskID("gs", "/studio/film")})
			r.write(name, name[:1])
			info := file(t, r.enq.Folder, name)
			j.ModTime = info.ModTime
			must(t, r.ledger.Accept(time.Now(), ledger.Acceptance{Jobs: []ledger.Job{j}}))
			pass(time.Minute)
			if p := r.remote.Deliveries(name); len(p) != 1 || p[0].Photo.Batch != "/studio/film" {
				t.Errorf("delivered %+v, want it once, in its project", p)
			}
		}
		r.wantReceived("/studio/film", ledger.AtVendor, "")
		if got := r.ordered(); !slices.Equal(got, []string{"", "a.jpg", "a.jpg b.jpg"}) {
			t.Errorf("submitted %q", got)
		}
	})
}
