package medialoopster

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/faults"
	"github.com/studio-agent/studio-agent/connectors/medialoopster/medialoopstersim"
)

// mortal is an account that dies at the fuse's end.
func (w *world) mortal(f *faults.Fuse) *account {
	s := w.setup()
	s.Memory = f.Memory(w.memory)
	s.HTTP = f.Client(w.http.Transport)
	return w.newAccount(s)
}

// An engine does with a bundle of one medium what the sender does: it asks before
// a second try, twice where something may have been imported, and commits.
type engine struct {
	started   bool
	published bool // on disk
	receipt   connectors.Receipt
}

func (e *engine) try(t *testing.T, a *account, f *faults.Fuse) error {
	p, content := medium("S/a.mov")
	for range map[bool]int{true: 2, false: 1}[e.published] {
		if !e.started || !e.receipt.Zero() {
			break
		}
		found, err := a.Find(t.Context(), []connectors.Photo{p})
		if err != nil {
			return err
		}
		e.receipt = found[0]
		time.Sleep(doubt)
	}
	e.started = true
	if e.receipt.Zero() {
		receipt, err := a.Deliver(t.Context(), p, opener(content), func() error {
			if err := f.Step(); err != nil {
				return err
			}
			e.published = true
			return f.Step()
		})
		if err == nil {
			err = f.Step()
		}
		if err != nil {
			return err
		}
		if !receipt.Verified {
			return errors.New("not yet")
		}
		e.receipt = receipt
	}
	return a.commit(t.Context(), folder+"S", []connectors.Receipt{e.receipt}, f.Step)
}

// Whenever the program dies, and whatever answer it dies on: in the end there is
// one asset and one project, and they are linked.
func TestKilledAnywhere(t *testing.T) {
	for _, trouble := range []faults.Fault{{}, {LoseReply: true}, {FailAfter: 502}, {Cut: -1}} {
		kills := 0
		for survived := false; !survived; kills++ {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, how{Options: medialoopstersim.Options{SlowImports: true, Step: 2 * time.Second}})
				w.faults.Then("create", trouble)
				e, f := &engine{}, faults.NewFuse(kills)
				err := e.try(t, w.mortal(f), f)
				survived = !f.Blown()
				for tries := 0; err != nil || tries == 0; tries++ {
					if tries > 20 {
						t.Fatalf("killed at step %d: %v", kills, err)
					}
					err = e.try(t, w.newAccount(w.setup()), faults.NewFuse(1000))
					time.Sleep(doubt)
				}
				if p := w.one(); len(p.Linked) != 1 || w.sim.Creates(there+"S/") != 1 || w.sim.CreatedTwice() != nil || w.sim.Requests("import") > 2 {
					t.Fatalf("killed at step %d with %+v: %+v, %+v", kills, trouble, w.sim.Projects(), w.sim.Assets())
				}
			})
			if kills > 100 {
				t.Fatal("it never ends")
			}
		}
		if kills < 25 {
			t.Errorf("only %d moments to be killed at", kills)
		}
	}
}

// A night with a bad line: whatever breaks wherever, each bundle becomes one
// project and each medium one asset.
func TestABadNight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const bundles = 25
		w := newWorld(t, how{})
		for _, op := range []string{"projects", "create", "addasset", "assets", "productions"} {
			w.faults.Chance(op, 0.12, faults.Fault{Cut: -1})
			w.faults.Chance(op, 0.12, faults.Fault{LoseReply: true})
			w.faults.Chance(op, 0.10, faults.Fault{FailAfter: 502})
			w.faults.Chance(op, 0.05, faults.Fault{Status: 429, RetryAfter: time.Second})
		}
		tries := 0
		for i := range bundles {
			id := w.sim.AddAsset(medialoopstersim.Asset{Kind: "video", Path: fmt.Sprint(i), Status: 6})
			media := []connectors.Receipt{{ID: fmt.Sprintf("video/%d", id), Name: fmt.Sprint(i)}}
			for {
				tries++
				err := w.commit(t.Context(), fmt.Sprintf("%sS%d", folder, i), media, published)
				if err == nil {
					break
				}
				if m := meaning(err); m == "rejected" || m == "denied" || tries > 50*bundles {
					t.Fatalf("bundle %d after %d tries: %v", i, tries, err)
				}
				time.Sleep(time.Second)
			}
		}
		if all := w.sim.Projects(); len(all) != bundles || w.sim.CreatedTwice() != nil {
			t.Errorf("%d projects of %d bundles, twice: %v", len(all), bundles, w.sim.CreatedTwice())
		}
		for _, p := range w.sim.Projects() {
			if len(p.Linked) != 1 {
				t.Errorf("%+v lacks its medium", p)
			}
		}
		if tries < bundles+15 {
			t.Errorf("only %d tries: it was no bad night", tries)
		}
	})
}
