package outbound

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

// A director chooses photos at the platform.
type director struct {
	mu     sync.Mutex
	chosen []connectors.Receipt
	err    error
	looks  int
}

func (d *director) list(context.Context, string) ([]connectors.Receipt, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.looks++
	return d.chosen, d.err
}

func (d *director) asked() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.looks
}

func (d *director) choose(receipts ...connectors.Receipt) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.chosen = append(d.chosen, receipts...)
}

func (d *director) say(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.err = err
}

// directed makes captures of a rig go to gs, and what is chosen there a select
// for gs, where selects become tasks, and for "vendor".
func directed(r *rig, vendor bool) *director {
	gs := Target{Account: "gs", Marks: true, Task: &TaskRule{}}
	r.enq.Targets = []Target{{Account: "gs", Marks: true}}
	r.enq.Selects = &SelectRule{Rating: 3, Targets: []Target{gs}}
	if vendor {
		withVendor(r)
	}
	return &director{}
}

// startChooser looks every minute, until the test ends.
func startChooser(r *rig, d *director) *Chooser {
	c := &Chooser{
		Account: "gs", Chosen: d.list, Benches: []string{"bench"}, Ledger: r.ledger, Gate: r.sender.Gate, Log: slog.New(r.log),
		Choose: func(ctx context.Context, bench string, j ledger.Job) error { return r.enq.Choose(ctx, j) },
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := c.Run(ctx); err != nil {
			r.t.Errorf("Run: %v", err)
		}
	}()
	stop := r.stop
	r.stop = func() { cancel(); <-done; stop() }
	return c
}

// shots drops pictures and has them delivered to gs.
func (r *rig) shots(names ...string) {
	r.t.Helper()
	for i, name := range names {
		r.drop(name, shot(uint8(10*i+len(name)), ""))
	}
	pass(2 * time.Second)
	for _, name := range names {
		r.wantState(name, ledger.Done)
	}
}

func (r *rig) receipt(name string) connectors.Receipt { return r.at("gs", name)[0].Receipt }

func wantPending(t *testing.T, c *Chooser, why string, names ...string) {
	t.Helper()
	var got []string
	for _, p := range c.Pending("bench") {
		got = append(got, p.Name)
		if !strings.Contains(p.Reason, why) {
			t.Errorf("%s waits because %q, want a reason with %q", p.Name, p.Reason, why)
		}
	}
	if !c.Looked() || fmt.Sprint(got) != fmt.Sprint(names) {
		t.Errorf("pending: %v (looked: %v), want %v", got, c.Looked(), names)
	}
}

func TestWhatIsChosenAtThePlatformIsOrderedAndSentOnce(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		d := directed(r, true)
		r.start()
		vendor := startVendor(r)
		r.shots("a.jpg", "b.jpg", "c.jpg")
		c := startChooser(r, d)
		pass(time.Minute)
		d.choose(r.receipt("a.jpg"), r.receipt("c.jpg"), connectors.Receipt{ID: "not from here", Name: "b.jpg"})
		pass(5 * time.Minute)
		r.wantTold("a.jpg", "select")
		r.wantTold("b.jpg", "")
		r.wantTold("c.jpg", "select")
		for name, n := range map[string]int{"a.jpg": 1, "b.jpg": 0, "c.jpg": 1} {
			wantAt(t, vendor, name, n)
			if told := strings.Contains(fmt.Sprint(r.reasons(name)), "people selected it on the platform gs"); told != (n == 1) {
				t.Errorf("the history of %s tells of it: %v", name, told)
			}
		}
		if tasks := r.tasks(); len(tasks) != 1 || r.names(tasks[0]) != "a.jpg c.jpg" {
			t.Errorf("tasks: %+v", tasks)
		}
		wantPending(t, c, "")
		if r.log.count("Photo selected on the platform") != 2 {
			t.Error("it is not logged once for each photo")
		}
	})
}

// reasons are what the history of a capture says.
func (r *rig) reasons(name string) (all []string) {
	r.t.Helper()
	entries, err := r.ledger.History(r.t.Context(), r.hot, name)
	must(r.t, err)
	for _, e := range entries {
		all = append(all, e.Reason)
	}
	return all
}

// It costs money: what was chosen before the first look waits, be it one.
func TestWhatWasChosenBeforeTheFirstLookWaitsForAPerson(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		d := directed(r, true)
		r.start()
		vendor := startVendor(r)
		r.shots("a.jpg", "b.jpg", "rated.jpg")
		r.rewrite("rated.jpg", shot(29, xmp(stars(4)))) // a select by itself needs no release
		d.choose(r.receipt("a.jpg"), r.receipt("rated.jpg"))
		c := startChooser(r, d)
		pass(time.Second)
		wantPending(t, c, "one of 1 that were selected on gs before the agent first looked there; `studio-agent release bench` orders them", "a.jpg")
		d.choose(r.receipt("b.jpg"))
		pass(3 * time.Minute)
		wantPending(t, c, "release bench", "a.jpg", "b.jpg")
		r.wantTold("a.jpg", "")
		wantAt(t, vendor, "a.jpg", 0)
		if n := r.log.count("Selects on the platform are held"); n != 1 {
			t.Errorf("told %d times, want once", n)
		}

		for _, want := range []bool{true, false} {
			if got, err := ReleaseChosen(t.Context(), r.ledger, "gs", "bench"); got != want || err != nil {
				t.Errorf("released: %v, %v, want %v", got, err, want)
			}
		}
		c.Wake()
		pass(30 * time.Second)
		wantPending(t, c, "")
		r.wantTold("a.jpg", "select")
		r.wantTold("b.jpg", "select")
		wantAt(t, vendor, "a.jpg", 1)
	})
}

func TestABrakeOutlivesTheAgent(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		d := directed(r, false)
		r.start()
		r.shots("a.jpg")
		d.choose(r.receipt("a.jpg"))
		startChooser(r, d)
		pass(time.Second)
		r.stop()
		rule, targets := r.enq.Selects, r.enq.Targets
		r.restart()
		r.enq.Selects, r.enq.Targets = rule, targets
		c := startChooser(r, d)
		pass(2 * time.Minute)
		wantPending(t, c, "release bench", "a.jpg")
		r.wantTold("a.jpg", "")
	})
}

// What the photographer writes into a file does not undo what the director has
// chosen, and taking a rating back still undoes what that rating chose.
func TestTagsDoNotTakeBackWhatWasChosenAtThePlatform(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		d := directed(r, true)
		r.start()
		startVendor(r)
		r.shots("a.jpg", "rated.jpg")
		startChooser(r, d)
		pass(time.Minute)
		d.choose(r.receipt("a.jpg"))
		pass(2 * time.Minute)
		r.rewrite("a.jpg", shot(5, xmp(stars(2))))
		r.rewrite("a.jpg", shot(5, xmp(stars(1))))
		r.rewrite("rated.jpg", shot(19, xmp(stars(4))))
		r.rewrite("rated.jpg", shot(19, xmp(stars(1))))
		pass(2 * time.Minute)
		r.wantTold("a.jpg", "select, select 2, select 1")
		r.wantTold("rated.jpg", "select 4, none 1")
		if said := fmt.Sprint(r.reasons("a.jpg")); strings.Contains(said, "no select any more") {
			t.Errorf("the history says %s", said)
		}
	})
}

func TestWhatIsChosenAndHasLeftTheFolder(t *testing.T) {
	for name, vendor := range map[string]bool{"the platform alone": false, "a vendor too": true} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, r *rig) {
				d := directed(r, vendor)
				r.start()
				r.shots("a.jpg", "renamed.jpg")
				c := startChooser(r, d)
				pass(time.Minute)
				away := filepath.Join(r.mkdir("archive"), "a.jpg")
				must(t, os.Rename(filepath.Join(r.hot, "a.jpg"), away))
				must(t, os.Rename(filepath.Join(r.hot, "renamed.jpg"), filepath.Join(r.hot, "new.jpg")))
				r.emit("new.jpg")
				d.choose(r.receipt("a.jpg"), r.receipt("renamed.jpg"))
				pass(2 * time.Minute)
				if n := len(r.at("vendor", "new.jpg")); (n == 1) != vendor || len(r.remote.Marks()["renamed.jpg"]) != 1 {
					t.Errorf("the renamed one has %d jobs at the vendor, and was marked %v", n, r.remote.Marks())
				}
				if !vendor {
					r.wantTold("a.jpg", "select") // nobody needs the file any more
					wantPending(t, c, "")
					return
				}
				r.wantTold("a.jpg", "")
				wantPending(t, c, "it has left the captures folder and cannot be sent to vendor: put it back", "a.jpg")
				if n := r.log.count("is not ordered yet"); n != 1 {
					t.Errorf("warned %d times, want once", n)
				}
				must(t, os.Rename(away, filepath.Join(r.hot, "a.jpg")))
				pass(time.Minute + 10*time.Second)
				r.wantTold("a.jpg", "select")
				wantPending(t, c, "")
			})
		})
	}
}

func TestAFolderThatIsAwaySaysNothingOfWhatWasChosen(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		d := directed(r, false)
		r.start()
		r.shots("a.jpg")
		c := startChooser(r, d)
		pass(time.Minute)
		must(t, os.Rename(r.hot, r.hot+" away"))
		d.choose(r.receipt("a.jpg"))
		pass(2 * time.Minute)
		r.wantTold("a.jpg", "")
		wantPending(t, c, "is selected on gs, but nothing follows yet", "a.jpg")
		must(t, os.Rename(r.hot+" away", r.hot))
		pass(time.Minute + 10*time.Second)
		r.wantTold("a.jpg", "select")
	})
}

func TestWhatIsNotOfTheBenchIsLeftOut(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		d := directed(r, false)
		r.start()
		r.shots("a.jpg")
		other := r.enqueuer(r.mkdir("other"), connectors.Capture)
		other.Bench = "other"
		writeAt(t, filepath.Join(other.Folder, "o.jpg"), "of another bench", time.Now())
		must(t, emit(t.Context(), other, file(t, other.Folder, "o.jpg")))
		pass(2 * time.Second)
		jobs, err := r.ledger.Jobs(t.Context(), other.Folder, "o.jpg")
		must(t, err)
		d.choose(jobs[0].Receipt)
		c := startChooser(r, d) // it does not even count for the brake
		pass(time.Second)
		d.choose(r.receipt("a.jpg"))
		pass(2 * time.Minute)
		r.wantTold("o.jpg", "")
		r.wantTold("a.jpg", "select")
		wantPending(t, c, "")
	})
}

func TestAPlatformThatCannotBeLookedAt(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		d := directed(r, false)
		r.start()
		r.shots("a.jpg")
		startChooser(r, d)
		pass(time.Minute)
		d.choose(r.receipt("a.jpg"))
		d.say(errors.New("no network"))
		pass(10 * time.Minute)
		r.wantTold("a.jpg", "")
		if n := r.log.count("could not be looked at for what is selected there"); n != 1 {
			t.Errorf("warned %d times, want once", n)
		}
		d.say(&connectors.ThrottledError{Until: time.Now().Add(time.Hour), Reason: "peace"})
		pass(2 * time.Minute)
		asked := d.asked()
		d.say(nil)
		pass(30 * time.Minute)
		if n := d.asked() - asked; n != 0 {
			t.Errorf("asked %d times while the platform wants peace", n)
		}
		pass(31 * time.Minute)
		r.wantTold("a.jpg", "select")

		d.say(connectors.Denied("account gs: the login was refused"))
		pass(time.Minute + 10*time.Second)
		if n := r.log.count("Account is paused: the remote refuses it"); n == 0 {
			t.Error("a refused login does not close the account")
		}
	})
}
