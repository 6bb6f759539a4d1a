package grandshooting

import (
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/grandshooting/grandshootingsim"
)

var errKilled = errors.New("killed")

// A fuse kills the program at its nth step: from then on nothing has an effect.
// Steps are what is written to disk and what goes over the network, each with a
// moment before and one after.
type fuse struct{ left int }

func (f *fuse) dead() bool {
	f.left--
	return f.left < 0
}

type mortalMemory struct {
	connectors.Memory
	fuse *fuse
}

func (m mortalMemory) Keep(key, value string) error {
	if m.fuse.dead() {
		return errKilled
	}
	return errors.Join(m.Memory.Keep(key, value), m.fuse.after())
}

func (f *fuse) after() error {
	if f.dead() {
		return errKilled
	}
	return nil
}

type mortalTransport struct {
	http.RoundTripper
	fuse *fuse
}

func (m mortalTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	if m.fuse.dead() {
		return nil, errKilled
	}
	resp, err := m.RoundTripper.RoundTrip(r)
	if err == nil && m.fuse.dead() {
		resp.Body.Close()
		return nil, errKilled
	}
	return resp, err
}

// mortal is an account that dies at the fuse's end.
func (w *world) mortal(bench string, f *fuse) *account {
	w.t.Helper()
	s := w.setup(quick, bench)
	s.Memory = mortalMemory{w.memory, f}
	s.HTTP = &http.Client{Transport: mortalTransport{w.http.Transport, f}}
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
			receipts, f := w.captures(70), &fuse{n}
			err := w.mortal(withEdit, f).commit(t.Context(), "b", receipts, f.after)
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
			f := &fuse{n}
			a := w.mortal(withExport, f)
			rts, err := a.Pending(t.Context())
			err = errors.Join(err, a.Acknowledge(t.Context(), rts))
			_, again := a.Pending(t.Context())
			survived = errors.Join(err, again) == nil && f.left >= 0
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
