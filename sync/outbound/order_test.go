package outbound

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

// A shop is a vendor of whom each picture is ordered by itself, and which knows
// its orders by Photo.ID.
type shop struct {
	mu      sync.Mutex
	orders  []connectors.Photo
	finds   int
	trouble func(step string) error // before: nothing was ordered; after: the answer is lost. nil: none
}

func (s *shop) fails(step string) error {
	s.mu.Lock()
	trouble := s.trouble
	s.mu.Unlock()
	if trouble == nil {
		return nil
	}
	return trouble(step)
}

func (s *shop) suffer(trouble func(step string) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.trouble = trouble
}

func (s *shop) Find(_ context.Context, ps []connectors.Photo) ([]connectors.Receipt, error) {
	if err := s.fails("find"); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.finds++
	found := make([]connectors.Receipt, len(ps))
	for i, p := range ps {
		if slices.ContainsFunc(s.orders, func(o connectors.Photo) bool { return o.ID == p.ID }) {
			found[i] = receiptOf(p)
		}
	}
	return found, nil
}

func (s *shop) Deliver(ctx context.Context, p connectors.Photo, open func() (io.ReadCloser, error), publish func() error) (connectors.Receipt, error) {
	body, err := open()
	if err != nil {
		return connectors.Receipt{}, err
	}
	defer body.Close()
	if _, err := io.Copy(io.Discard, body); err != nil {
		return connectors.Receipt{}, err
	}
	if err := publish(); err != nil {
		return connectors.Receipt{}, err
	}
	if err := s.fails("before"); err != nil {
		return connectors.Receipt{}, err
	}
	s.mu.Lock()
	s.orders = append(s.orders, p)
	s.mu.Unlock()
	if err := cmp.Or(s.fails("after"), ctx.Err()); err != nil {
		return connectors.Receipt{}, err
	}
	return receiptOf(p), nil
}

func receiptOf(p connectors.Photo) connectors.Receipt {
	return connectors.Receipt{ID: "order " + p.ID, Name: p.Name, Size: p.Size, Verified: true}
}

// times is how often a photo was ordered under each of its IDs.
func (s *shop) times(name string) (all []int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	byID := map[string]int{}
	for _, o := range s.orders {
		if o.Name == name {
			byID[o.ID]++
		}
	}
	for _, n := range byID {
		all = append(all, n)
	}
	return all
}

// shopping makes the rig's account a shop that gets nothing by itself.
func shopping(r *rig) *shop {
	s := &shop{}
	r.enq.Targets = nil
	r.sender.Connector = connectors.Connector{Out: s, Probe: func(context.Context) error { return nil }}
	return s
}

// order makes a task of these files, as a person does.
func (r *rig) order(id string, names ...string) ledger.Task {
	r.t.Helper()
	now := time.Now()
	t := ledger.Task{ID: id, Account: "gs", Bench: "bench", Title: id, Round: 1, State: ledger.Collecting, ByHand: true, Created: now, Closes: now,
		Template: "Green BG", Comment: "brighter", Deadline: now.Add(48 * time.Hour)}
	a := ledger.Acceptance{Tasks: []ledger.Task{t}}
	for _, name := range names {
		j, err := r.enq.Order(r.t.Context(), Order{Account: "gs", Name: name, Task: id, Round: 1})
		must(r.t, err)
		a.Jobs = append(a.Jobs, j)
	}
	must(r.t, r.ledger.Accept(now, a))
	r.sender.Wake()
	return t
}

// reorder orders one picture of a task once more.
func (r *rig) reorder(id, name, comment string) error {
	r.t.Helper()
	t, _, err := r.ledger.Task(r.t.Context(), id)
	must(r.t, err)
	j, err := r.enq.Order(r.t.Context(), Order{Account: "gs", Name: name, Task: id, Round: t.Round + 1, Comment: comment})
	must(r.t, err)
	err = r.ledger.Decide(time.Now(), ledger.Decision{
		Acceptance: ledger.Acceptance{Jobs: []ledger.Job{j}},
		TaskSteps:  []ledger.TaskStep{{Task: t, Event: ledger.TaskEvent{What: ledger.Reordered, At: time.Now()}}},
	})
	r.sender.Wake()
	return err
}

// know has the folder's files accepted, though no account gets them.
func (r *rig) know(names ...string) {
	r.t.Helper()
	for _, name := range names {
		r.drop(name, "picture "+name)
	}
}

func TestWhatATaskAsksForGoesWithItsPhotos(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		s := shopping(r)
		r.know("a.jpg", "b.jpg")
		urls := 0
		r.sender.Public = func(_ context.Context, j ledger.Job) (func(context.Context) (string, error), error) {
			urls++
			if j.Name == "b.jpg" {
				return nil, nil
			}
			return func(context.Context) (string, error) { return "https://gs/" + j.Name, nil }, nil
		}
		task := r.order("t", "a.jpg", "b.jpg")
		r.start()
		pass(time.Second)
		r.wantTask(0, ledger.AtVendor, "")
		must(t, r.reorder("t", "a.jpg", "darker"))
		pass(time.Second)
		if len(s.orders) != 3 {
			t.Fatalf("%d orders, want 3", len(s.orders))
		}
		for i, comment := range []string{"brighter", "brighter", "darker"} {
			p := s.orders[i]
			if p.Template != "Green BG" || p.Comment != comment || !p.Deadline.Equal(task.Deadline) || p.Batch != "t" || p.Role != connectors.Select {
				t.Errorf("ordered %+v, want the comment %q", p, comment)
			}
			if (p.URL != nil) != (p.Name == "a.jpg") {
				t.Errorf("%s has an address: %v", p.Name, p.URL != nil)
			}
		}
		if url, err := s.orders[2].URL(t.Context()); err != nil || url != "https://gs/a.jpg" || s.orders[0].ID == s.orders[2].ID {
			t.Errorf("address %q, %v; IDs %s and %s", url, err, s.orders[0].ID, s.orders[2].ID)
		}
	})
}

// TestAnAddressThatIsNotThereYetIsWaitedFor, and the account is not blamed.
func TestAnAddressThatIsNotThereYetIsWaitedFor(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		s := shopping(r)
		r.know("a.jpg")
		ready := time.Now().Add(time.Minute)
		r.sender.Public = func(context.Context, ledger.Job) (func(context.Context) (string, error), error) {
			return func(context.Context) (string, error) {
				if time.Now().Before(ready) {
					return "", NotYet("gs does not have it yet")
				}
				return "https://gs/a", nil
			}, nil
		}
		tap := r.tap()
		tap.onDeliver = func(p connectors.Photo) error {
			if _, err := p.URL(context.Background()); err != nil {
				return fmt.Errorf("get its address: %w", err)
			}
			return nil
		}
		r.order("t", "a.jpg")
		r.start()
		pass(30 * time.Second)
		if j := r.wantState("a.jpg", ledger.Queued); !strings.Contains(j.Reason, "gs does not have it yet") {
			t.Errorf("reason %q", j.Reason)
		}
		if closed, _, _ := r.sender.Gate.State(time.Now()); closed != "" {
			t.Errorf("the account is closed: %s", closed)
		}
		pass(5 * time.Minute)
		r.wantState("a.jpg", ledger.Done)
		if len(s.orders) != 1 {
			t.Errorf("%d orders", len(s.orders))
		}
	})
}

func TestEachTaskHasItsOwnOrderOfOneContent(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		s := shopping(r)
		r.know("a.jpg")
		r.start()
		r.order("t", "a.jpg")
		r.order("u", "a.jpg")
		pass(time.Second)
		if got := s.times("a.jpg"); !slices.Equal(got, []int{1, 1}) {
			t.Errorf("orders %v, want one for each task", got)
		}
		r.wantTask(0, ledger.AtVendor, "")
		r.wantTask(1, ledger.AtVendor, "")
	})
}

func TestWhatCannotBeOrdered(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		shopping(r)
		r.know("a.jpg", "changed.jpg", "gone.jpg")
		r.write("new.jpg", "not seen yet")
		pass(time.Second)
		r.write("changed.jpg", "something else")
		r.write("notes.xmp", "<x:xmpmeta/>")
		must(t, os.Remove(filepath.Join(r.hot, "gone.jpg")))
		must(t, os.Symlink(filepath.Join(r.hot, "a.jpg"), filepath.Join(r.hot, "link.jpg")))
		must(t, os.Mkdir(filepath.Join(r.hot, "look"), 0o755))
		for name, want := range map[string]string{
			"new.jpg": "is not finished yet", "changed.jpg": "has just been changed", "gone.jpg": "is not in", "never.jpg": "is not in", "a.jpg/b.jpg": "is not in",
			"look": "is a folder", "link.jpg": "is a link", "notes.xmp": "",
		} {
			if _, err := r.enq.Order(t.Context(), Order{Account: "gs", Name: name, Task: "t", Round: 1}); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, want %q", name, err, want)
			}
		}
	})
}

// TestWhatWasLeftAloneCanBeOrdered: it is read now.
func TestWhatWasLeftAloneCanBeOrdered(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		s := shopping(r)
		r.know("a.jpg")
		content := r.write("old.jpg", "an old picture")
		old := file(t, r.hot, "old.jpg")
		must(t, r.ledger.Accept(time.Now(), ledger.Acceptance{Files: []ledger.File{{Folder: r.hot, Name: "old.jpg", Stamp: ledger.Stamp(stamp(old))}}}))
		r.order("t", "old.jpg")
		r.start()
		pass(time.Second)
		if len(s.orders) != 1 || s.orders[0].Digests.SHA256 != sha(content) || s.orders[0].Generation != 1 {
			t.Errorf("orders %+v", s.orders)
		}
	})
}

// TestAPersonIsToldThatAChosenPictureIsNotWhatWasChosen: nothing else takes its
// place in the task.
func TestAPersonIsToldThatAChosenPictureIsNotWhatWasChosen(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		s := shopping(r)
		r.know("changed.jpg", "gone.jpg", "fine.jpg")
		r.order("t", "changed.jpg", "gone.jpg", "fine.jpg")
		pass(time.Second)
		r.write("changed.jpg", "other content")
		must(t, os.Remove(filepath.Join(r.hot, "gone.jpg")))
		r.start()
		pass(time.Minute)
		pictures, err := r.ledger.Pictures(t.Context(), "t", time.Now())
		must(t, err)
		var got []string
		for _, p := range pictures {
			got = append(got, fmt.Sprintf("%s %s", p.Out.Name, p.State))
		}
		if want := []string{"changed.jpg error", "fine.jpg at retouch", "gone.jpg error"}; !slices.Equal(got, want) {
			t.Errorf("pictures %q, want %q", got, want)
		}
		if len(s.orders) != 1 || !strings.Contains(pictures[0].Reason, "task reorder") || !strings.Contains(pictures[2].Reason, "put it back") {
			t.Errorf("%d orders; %q and %q", len(s.orders), pictures[0].Reason, pictures[2].Reason)
		}
	})
}

func TestWhatAPersonCalledOffIsNotSentAndStaysSo(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		ofTasks(r, TaskRule{Quiet: 5 * time.Second})
		content := r.drop("a.jpg", "A")
		j := r.job("a.jpg")
		_, err := r.ledger.Record(j, ledger.Event{What: ledger.CalledOff, At: time.Now(), Reason: "a person said cancel"})
		must(t, err)
		r.wantTask(0, ledger.Cancelled, "")
		r.start()
		pass(time.Minute)
		r.write("a.jpg", content) // saved again, the same
		r.emit("a.jpg")
		pass(time.Minute)
		r.wantStored("a.jpg")
		again := r.drop("a.jpg", "A, edited")
		pass(time.Minute)
		r.wantStored("a.jpg", again)
	})
}

func TestASelectsFolderMayNameItsTemplate(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		s := shopping(r)
		ofTasks(r, TaskRule{By: ByFolder, Quiet: 5 * time.Second, Template: "Ghost mannequin"})
		r.start()
		r.drop("look/a.jpg", "A")
		pass(time.Minute)
		if task := r.wantTask(0, ledger.AtVendor, ""); task.Template != "Ghost mannequin" || len(s.orders) != 1 || s.orders[0].Template != "Ghost mannequin" {
			t.Errorf("task %+v, orders %+v", task, s.orders)
		}
	})
}
