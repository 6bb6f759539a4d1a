package creativeforce

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/faults"
)

// mortal is an account that dies at the fuse's end.
func (w *world) mortal(f *faults.Fuse) *account {
	w.t.Helper()
	s := w.setup()
	s.Memory = f.Memory(w.memory)
	s.HTTP = f.Client(w.http.Transport)
	a, err := newAccount(s)
	if err != nil {
		w.t.Fatal(err)
	}
	return a
}

// A bench gives back one round as the engine does: it writes down what it knows,
// asks Find before it sends anything a second time, and commits until it is told
// that the round is taken.
type engine struct {
	*world
	receipts map[string]connectors.Receipt // by photo name and content: the ledger
	started  map[string]bool
	batch    string
}

func (e *engine) round(ctx context.Context, a *account, contents map[string]string) error {
	for _, name := range []string{"J/P/front.jpg", "J/P/back.jpg"} {
		content, due := contents[name]
		job := name + " " + content
		if _, done := e.receipts[job]; done || !due {
			continue
		}
		p := photo(name, []byte(content))
		batch, err := a.vet(ctx, p)
		if err != nil {
			return err
		}
		p.Batch, e.batch = batch, batch
		if e.started[job] {
			found, err := a.Find(ctx, []connectors.Photo{p})
			if err != nil {
				return err
			}
			if !found[0].Zero() {
				e.receipts[job] = found[0]
				continue
			}
		}
		e.started[job] = true
		r, err := a.Deliver(ctx, p, opener([]byte(content)), published)
		if err != nil {
			return err
		}
		e.receipts[job] = r
	}
	var all []connectors.Receipt
	for _, r := range e.receipts {
		all = append(all, r)
	}
	return a.commit(ctx, e.batch, all, published)
}

// finish goes on after the kill until the round is taken.
func (e *engine) finish(ctx context.Context, contents map[string]string) {
	e.t.Helper()
	for try := 0; ; try++ {
		err := e.round(ctx, e.account, contents)
		if err == nil {
			return
		}
		if refused(err) || try > 60 {
			e.t.Fatalf("after the kill: %v", err)
		}
		time.Sleep(10 * time.Second)
	}
}

// Whenever the program dies around presign, PUT and submit, in the first round or
// after a rejection: no round is submitted twice or short.
func TestKilledAnywhere(t *testing.T) {
	kills := 0
	for _, s := range []struct{ editorial, second bool }{{false, false}, {false, true}, {true, false}, {true, true}} {
		survived := false
		for n := 0; !survived; n++ {
			kills++
			synctest.Test(t, func(t *testing.T) { survived = killed(t, n, s.editorial, s.second) })
			if t.Failed() || n > 200 {
				t.Fatalf("killed at step %d, %+v", n, s)
			}
		}
	}
	if kills < 100 {
		t.Errorf("only %d kills, want 100", kills)
	}
}

func killed(t *testing.T, n int, editorial, second bool) (survived bool) {
	w := newWorld(t, how{})
	task := shoe("J", "P")
	task.Editorial = editorial
	id := w.sim.AddTask(task)
	w.land()
	e := &engine{world: w, receipts: map[string]connectors.Receipt{}, started: map[string]bool{}}
	contents, rounds := map[string]string{"J/P/front.jpg": "front", "J/P/back.jpg": "back"}, 1
	if second {
		e.finish(t.Context(), contents)
		w.rejected(id, "front.jpg", "too dark")
		w.pending()
		contents, rounds = map[string]string{"J/P/front.jpg": "front, corrected"}, 2
	}
	f := faults.NewFuse(n)
	survived = e.round(t.Context(), w.mortal(f), contents) == nil
	w.account = w.restart()
	w.again()
	e.finish(t.Context(), contents)
	w.wantOnce(id, rounds)
	last := w.sim.Submissions()[rounds-1]
	for name, content := range contents {
		want := photo(name, []byte(content)).Digests.SHA256
		if got := last.Files[name[len("J/P/"):]].SHA256; got != want {
			t.Errorf("%s was not submitted as it is: %v", name, last.Files)
		}
	}
	if len(last.Files) != len(contents) {
		t.Errorf("submitted %v, want %s", last.Files, fmt.Sprint(contents))
	}
	return survived
}
