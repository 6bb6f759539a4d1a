package grandshooting

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/studio-agent/studio-agent/connectors/faults"
	"github.com/studio-agent/studio-agent/connectors/grandshooting/grandshootingsim"
)

// mortal is an account that dies at the fuse's end.
func (w *world) mortal(bench string, f *faults.Fuse) *account {
	w.t.Helper()
	s := w.setup(quick, bench)
	s.Memory = f.Memory(w.memory)
	s.HTTP = f.Client(w.http.Transport)
	a, err := newAccount(s)
	if err != nil {
		w.t.Fatal(err)
	}
	return a
}

// Whenever the program dies while it orders, each picture is ordered once in
// the end.
func TestKilledWhileOrdering(t *testing.T) {
	survived := false
	for n := 0; !survived; n++ {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, how{bench: withEdit, Options: grandshootingsim.Options{Placeholder: time.Minute}})
			receipts, f := w.captures(70), faults.NewFuse(n)
			err := w.mortal(withEdit, f).commit(t.Context(), "b", receipts, f.Step)
			survived = err == nil
			if n > 100 {
				t.Fatal("it never ends")
			}
			w.account = w.newAccount(quick, withEdit)
			for tries := 0; ; tries++ {
				err := w.commit(t.Context(), "b", receipts, published)
				if err == nil {
					break
				}
				if refused(err) || tries > 30 {
					t.Fatalf("killed at step %d: %v", n, err)
				}
				time.Sleep(time.Minute)
			}
			w.orderedOnce(receipts)
			if t.Failed() {
				t.Fatalf("killed at step %d", n)
			}
		})
	}
}

// Whenever the program dies while it exports, the set is exported once.
func TestKilledWhileExporting(t *testing.T) {
	survived := false
	for n := 0; !survived; n++ {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, how{bench: withExport})
			w.orderAndReturn(3)
			f := faults.NewFuse(n)
			a := w.mortal(withExport, f)
			rts, err := a.Pending(t.Context())
			err = errors.Join(err, a.Acknowledge(t.Context(), rts))
			_, again := a.Pending(t.Context())
			survived = errors.Join(err, again) == nil && !f.Blown()
			if n > 100 {
				t.Fatal("it never ends")
			}
			w.account = w.newAccount(quick, withExport)
			for range 30 { // the engine acknowledges again what it has
				if err := w.Acknowledge(t.Context(), w.pending()); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Minute)
			}
			if got := w.sim.Exports(w.benches[10].ID); got != 1 {
				t.Fatalf("killed at step %d: %d exports, want 1", n, got)
			}
		})
	}
}
