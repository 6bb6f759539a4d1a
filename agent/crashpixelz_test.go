package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/studio-agent/studio-agent/connectors/faults"
	"github.com/studio-agent/studio-agent/connectors/pixelz/pixelzsim"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

// TestKilledAtAnyMomentEachPictureIsOrderedOnce kills the real binary while a
// person creates tasks, imports, sends back, orders again and writes off, and
// while answers of the vendor are lost: half of the times just as a certain
// request is with the vendor, before or after that has done it. Afterwards each
// order that a person wanted was placed once, and each retouch that a person
// wanted has landed once and whole.
func TestKilledAtAnyMomentEachPictureIsOrderedOnce(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d, %d kills", seed, *kills)
	in := install(t, "", "CRASH_KEY=crash-test-key")
	o := newOrdering(t, in, seed)
	yaml := fmt.Sprintf(`
name: crash
log: {level: debug}
page: off
accounts:
  pixelz: {type: pixelz, url: %s, email: crash@test.example, key: env:CRASH_KEY, rate: 500, poll: 1s, recheck: 100ms}
  nas: {type: folder, put: there/in}
benches:
  - name: taken
    captures: {folder: selects/taken, to: [nas], settle: 50ms, rescan: 1s}
    imports: {folder: back/taken, from: [pixelz], import: ask}
`, o.serve()+pixelzsim.Base)
	if err := os.WriteFile(in.config, []byte(yaml), 0o600); err != nil {
		t.Fatal(err)
	}
	stop := o.play()
	for range *kills {
		agent := in.start()
		o.trap.set(func() { agent.Process.Kill() })
		o.shoot(1 + o.rnd.IntN(3))
		o.moment()
		agent.Process.Kill()
		agent.Wait()
	}
	o.trap.disarm()
	o.shoot(1)
	in.start()
	until(t, 4*time.Minute, "everything is ordered, returned and imported", func() bool { return o.over() && in.idle() })
	time.Sleep(time.Second) // for what should not happen any more
	stop()
	landed := len(o.imported)
	o.verify()
	if !t.Failed() {
		t.Logf("%d kills: %d pictures in %d tasks, %d orders, %d retouches, %d sent back, %d written off, %d landed; 0 ordered twice, 0 landed twice, 0 lost",
			*kills, len(o.chosen), o.tasks, len(o.sim.Orders()), o.retouched(), o.sentBack, len(o.closed), landed)
	}
}

// An ordering is everybody but the agent: a round's studio and importer, a
// vendor with an API, and a person who orders (in crashperson_test.go).
type ordering struct {
	*round
	sim    *pixelzsim.Sim
	trap   *trap
	ledger *ledger.Ledger // nil before the agent has made it
	will   *rand.Rand     // the person's

	made     map[string][]string // digests of the retouches of a photo, by its own
	ordered  map[string]int      // how often a person ordered a photo, by its name
	refused  map[string]int      // how often a person asked to send a photo's retouch back, by its name
	returned map[string]bool     // and was heard
	closed   map[string]bool     // written off
	errands  []errand
	tasks    int
	sentBack int
}

func newOrdering(t *testing.T, in *installation, seed uint64) *ordering {
	plan := faults.NewPlan(seed)
	for op, share := range map[string]float64{"order": 0.15, "upload": 0.05, "lookup": 0.05, "images": 0.05, "image": 0.05, "reject": 0.2, "presign": 0.05} {
		plan.Chance(op, share, faults.Fault{LoseReply: true})
	}
	plan.Chance("order", 0.1, faults.Fault{FailAfter: 500})
	plan.Chance("order", 0.05, faults.Fault{Status: 500})
	plan.Chance("download", 0.1, faults.Fault{Cut: 2000})
	o := &ordering{
		round: newRound(t, in, seed), will: rand.New(rand.NewPCG(seed, 4)), trap: &trap{
			rnd: rand.New(rand.NewPCG(seed, 5)), opOf: pixelzOp,
			ops: []string{"order", "order", "order", "presign", "upload", "lookup", "images", "image", "download", "download", "reject"},
		},
		made: map[string][]string{}, ordered: map[string]int{}, refused: map[string]int{}, returned: map[string]bool{}, closed: map[string]bool{},
	}
	o.sim = pixelzsim.New(pixelzsim.Options{
		Email: "crash@test.example", Key: "crash-test-key", After: 600 * time.Millisecond, FailEvery: 5, Faults: plan, Retouch: o.retouch,
	})
	return o
}

// retouch makes another content each time.
func (o *ordering) retouch(original []byte) []byte {
	o.mu.Lock()
	defer o.mu.Unlock()
	sum := sumOf(original)
	content := onGreen(original, len(o.made[sum])+1)
	o.made[sum] = append(o.made[sum], sumOf(content))
	return content
}

func (o *ordering) retouched() (n int) {
	for _, all := range o.made {
		n += len(all)
	}
	return n
}

// shoot makes photos, every other one in a folder.
func (o *ordering) shoot(n int) {
	for range n {
		o.mu.Lock()
		name := fmt.Sprintf("IMG_%04d.jpg", len(o.chosen))
		if len(o.chosen)%2 == 1 {
			name = "look1/" + name
		}
		content := paint(o.rnd, 60+o.rnd.IntN(40))
		o.chosen[name] = sumOf(content)
		o.mu.Unlock()
		o.write(o.path("selects", "taken", name), content)
	}
}

// moment waits for a random one, one in which something lands, or the trap.
func (o *ordering) moment() {
	switch o.rnd.IntN(4) {
	case 0, 1:
		o.round.moment()
	default:
		o.trap.arm()
		for end := time.Now().Add(4 * time.Second); time.Now().Before(end) && o.trap.armed(); {
			time.Sleep(time.Millisecond)
		}
		o.trap.disarm()
	}
}

// play lets the person and the importer work until stop is called.
func (o *ordering) play() (stop func()) {
	done := make(chan struct{})
	var working sync.WaitGroup
	for _, do := range []func(){o.manage, func() { o.take(o.path("back", "taken")) }} {
		working.Go(func() {
			for {
				do()
				select {
				case <-done:
					return
				case <-time.After(5 * time.Millisecond):
				}
			}
		})
	}
	stop = sync.OnceFunc(func() {
		close(done)
		working.Wait()
		if o.ledger != nil {
			o.tell()
			o.ledger.Close()
		}
	})
	o.t.Cleanup(stop)
	return stop
}

// tell says what is awaited, if that is still so.
func (o *ordering) tell() {
	open, err := o.ledger.Tasks(context.Background(), "pixelz", false)
	for _, t := range open {
		pictures, _ := o.ledger.Pictures(context.Background(), t.ID, time.Now()) // the test has failed already
		for _, p := range pictures {
			if !p.Settled() {
				o.t.Errorf("%s of task %s, %s, is %s: %s", p.Out.Name, shortID(t.ID), t.State, p.State, p.Reason)
			}
		}
	}
	if err != nil || len(o.errands) > 0 {
		o.t.Errorf("not answered: %+v (%v)", o.errands, err)
	}
}

// over reports whether all is ordered, and nothing more is awaited.
func (o *ordering) over() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.ledger == nil || len(o.errands) > 0 || len(o.ordered) < len(o.chosen) {
		return false
	}
	open, err := o.ledger.Tasks(context.Background(), "pixelz", false)
	return err == nil && len(open) == 0
}

// verify says what was ordered, landed or sent back too often or not at all.
func (o *ordering) verify() {
	o.t.Helper()
	for _, id := range o.sim.OrderedTwice() {
		o.t.Errorf("two orders have the customerImageId %s", id)
	}
	orders := map[string]int{} // by content
	for _, order := range o.sim.Orders() {
		orders[order.SHA256]++
		for name, sum := range o.chosen {
			if sum == order.SHA256 && len(order.Rejections) > o.refused[name] {
				o.t.Errorf("%s was sent back %d times, and a person asked %d times", name, len(order.Rejections), o.refused[name])
			}
		}
	}
	for name, sum := range o.chosen {
		if orders[sum] != o.ordered[name] {
			o.t.Errorf("%s was ordered %d times, want %d", name, orders[sum], o.ordered[name])
		}
		delete(orders, sum)
		versions := o.made[sum]
		for i, version := range versions {
			want := 0
			if i == len(versions)-1 && !o.closed[name] {
				want = 1
			}
			what := "taken/" + name + " " + version
			if o.imported[what] != want {
				o.t.Errorf("version %d of %d of %s has landed %d times, want %d", i+1, len(versions), name, o.imported[what], want)
			}
			if o.imported[what] == want {
				delete(o.imported, what)
			}
		}
		if len(versions) == 0 && !o.closed[name] {
			o.t.Errorf("%s was never retouched", name)
		}
	}
	for sum := range orders {
		o.t.Errorf("a content was ordered that nobody made: %s", sum)
	}
	for what := range o.imported {
		o.t.Errorf("landed, and should not so: %s", what)
	}
	if kept := countFiles(filepath.Join(o.in.dir, "state", "quarantine")); kept > 0 {
		o.t.Errorf("%d files are in quarantine", kept)
	}
}
