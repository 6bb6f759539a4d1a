package pixelz

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/faults"
	"github.com/studio-agent/studio-agent/connectors/pixelz/pixelzsim"
)

// mortal is an account that dies at the fuse's end.
func (w *world) mortal(f *faults.Fuse) *account {
	s := w.setup()
	s.Memory = f.Memory(w.memory)
	s.HTTP = f.Client(w.http.Transport)
	a, err := newAccount(s)
	w.must(err)
	return a
}

// An engine does what the sender does with a photo: it asks before a second try,
// and twice where something may have been ordered.
type engine struct {
	photo     connectors.Photo
	content   []byte
	started   bool
	published bool // on disk
}

func (e *engine) try(t *testing.T, a *account, f *faults.Fuse) (connectors.Receipt, error) {
	for range map[bool]int{true: 2, false: 1}[e.published] {
		if !e.started {
			break
		}
		p := e.photo
		p.Published = e.published
		found, err := a.Find(t.Context(), []connectors.Photo{p})
		if err != nil {
			return connectors.Receipt{}, err
		}
		if !found[0].Zero() {
			return found[0], nil
		}
	}
	e.started = true
	receipt, err := a.Deliver(t.Context(), e.photo, opener(e.content), func() error {
		if err := f.Step(); err != nil {
			return err
		}
		e.published = true
		return f.Step()
	})
	if m := meaning(err); m == "rejected" || m == "denied" || m == "throttled" {
		e.published = false
	}
	return receipt, err
}

// Whenever the program dies while it orders, the picture is ordered once in the
// end.
func TestKilledWhileOrdering(t *testing.T) {
	for _, lacks := range []bool{false, true} {
		kills := 0
		for survived := false; !survived; kills++ {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, how{Options: pixelzsim.Options{NoPresign: lacks}})
				e := &engine{content: []byte("a picture"), photo: photo("a.jpg", []byte("a picture"))}
				e.photo.URL = at("http://127.0.0.1" + pixelzsim.Base + "/nowhere.jpg")
				f := faults.NewFuse(kills)
				_, err := e.try(t, w.mortal(f), f)
				survived = err == nil && !f.Blown()
				receipt, err := e.try(t, w.newAccount(), faults.NewFuse(1000))
				if err != nil {
					t.Fatalf("killed at step %d: %v", kills, err)
				}
				if orders := w.sim.Orders(); len(orders) != 1 || orders[0].Ticket != receipt.ID || w.sim.OrderedTwice() != nil {
					t.Fatalf("killed at step %d: %+v for %+v", kills, orders, receipt)
				}
			})
			if kills > 60 {
				t.Fatal("it never ends")
			}
		}
		if kills < 12 {
			t.Errorf("only %d moments to be killed at", kills)
		}
	}
}

// A night with a bad line: whatever breaks wherever, each picture is ordered once.
func TestABadNight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const photos = 40
		w := newWorld(t, how{})
		for _, op := range []string{"presign", "upload", "lookup", "order", "templates"} {
			w.faults.Chance(op, 0.15, faults.Fault{Cut: -1})
			w.faults.Chance(op, 0.15, faults.Fault{LoseReply: true})
			w.faults.Chance(op, 0.10, faults.Fault{FailAfter: 502})
			w.faults.Chance(op, 0.05, faults.Fault{Status: 429, RetryAfter: time.Second})
		}
		tries := 0
		for i := range photos {
			content := []byte(fmt.Sprint("picture ", i))
			e := &engine{content: content, photo: photo(fmt.Sprintf("%02d.jpg", i), content)}
			for {
				tries++
				if _, err := e.try(t, w.account, faults.NewFuse(1000)); err == nil {
					break
				} else if m := meaning(err); m == "rejected" || m == "denied" || tries > 50*photos {
					t.Fatalf("%s after %d tries: %v", e.photo.Name, tries, err)
				}
			}
		}
		if n := len(w.sim.Orders()); n != photos || w.sim.OrderedTwice() != nil {
			t.Errorf("%d orders of %d pictures, twice: %v", n, photos, w.sim.OrderedTwice())
		}
		if tries < photos+20 {
			t.Errorf("only %d tries: it was no bad night", tries)
		}
	})
}
