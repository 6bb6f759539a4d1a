package grandshooting

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/faults"
	"github.com/studio-agent/studio-agent/connectors/grandshooting/grandshootingsim"
)

const withExport = `{production: Autumn 2026, import_step: 30, edit: {transfer: 12, export: after}}`

// orderAndReturn orders n pictures and plays both phases for each.
func (w *world) orderAndReturn(n int) []connectors.Receipt {
	w.t.Helper()
	receipts := w.captures(n)
	if err := w.commit(w.t.Context(), "b", receipts, published); err != nil {
		w.t.Fatal(err)
	}
	for _, r := range receipts {
		w.twoPhases(r.Name, "retouched "+r.Name)
	}
	return receipts
}

func (w *world) twoPhases(name, content string) int {
	w.t.Helper()
	return w.returned(w.returned(w.capture(name), []byte("phase 1 of "+name)), []byte(content))
}

func (w *world) pending() []connectors.Retouch {
	w.t.Helper()
	rts, err := w.Pending(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	return rts
}

func (w *world) acknowledge(rts ...connectors.Retouch) {
	w.t.Helper()
	if err := w.Acknowledge(w.t.Context(), rts); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) wantExports(when string, want int) {
	w.t.Helper()
	w.pending()
	if got := w.sim.Exports(w.benches[10].ID); got != want {
		w.t.Errorf("%s: %d exports, want %d", when, got, want)
	}
}

func TestExportAfterAllIsBack(t *testing.T) {
	w := newWorld(t, how{bench: withExport})
	w.orderAndReturn(3)
	rts := w.pending()
	w.wantExports("nothing acknowledged", 0)
	w.acknowledge(rts[:2]...)
	w.wantExports("two of three acknowledged", 0)
	w.acknowledge(rts...)
	copied := w.sim.AddPicture(grandshootingsim.Picture{Bench: w.benches[30].ID, Sent: "by hand.jpg", Size: int64(len("capture by hand.jpg")), SHA1: photo("", []byte("capture by hand.jpg")).Digests.SHA1, Parent: w.capture("by hand.jpg")})
	w.wantExports("another picture of the bench is at retouch", 0)
	w.sim.SetStatus(copied, 35)
	w.wantExports("a retoucher refused it", 0)
	if _, err := w.sim.ReturnEdit(w.returned(w.capture("by hand.jpg"), []byte("phase 1")), []byte("done")); err != nil {
		t.Fatal(err)
	}
	w.wantExports("all is ready", 1)
	w.wantExports("once", 1)
	w.account = w.newAccount(quick, withExport)
	w.acknowledge(w.pending()...)
	w.wantExports("and after a restart", 1)

	w.twoPhases(rts[0].Name, "second version")
	w.wantExports("a new version that is not acknowledged", 1)
	w.acknowledge(w.pending()...)
	w.wantExports("a new version", 2)
}

func TestNoExportUnlessAskedFor(t *testing.T) {
	for _, bench := range []string{
		`{production: Autumn 2026, import_step: 30, edit: {transfer: 12}}`,
		`{production: Autumn 2026, import_step: 20, edit: {transfer: 12}}`,
	} {
		w := newWorld(t, how{bench: bench})
		w.orderAndReturn(2)
		w.acknowledge(w.pending()...)
		w.wantExports(bench, 0)
	}
	w := newWorld(t, how{bench: withExport})
	w.twoPhases("by hand.jpg", "retouched")
	w.acknowledge(w.pending()...)
	w.wantExports("nothing was ordered here", 0)
}

// 102, 423 and silence are "perhaps running": it is not asked again while the
// validation bench may still show it.
func TestAnExportThatPerhapsRuns(t *testing.T) {
	for name, trouble := range map[string]func(w *world){
		"102": func(w *world) { w.sim.SetExporting(true) },
		"423": func(w *world) { w.faults.Then("export", faults.Fault{Status: 423}) },
		"500": func(w *world) { w.faults.Then("export", faults.Fault{Status: 500}) },
		"400": func(w *world) { w.faults.Then("export", faults.Fault{Status: 400}) },
	} {
		for _, shows := range []bool{true, false} {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, how{bench: withExport})
				w.orderAndReturn(2)
				w.acknowledge(w.pending()...)
				trouble(w)
				w.wantExports(name, 0)
				w.sim.SetExporting(false)
				if shows {
					parent := w.twoPhases("0001.jpg", "retouched 0001.jpg")
					w.sim.AddPicture(grandshootingsim.Picture{Bench: w.benches[40].ID, Sent: "final.jpg", Parent: parent})
				}
				for begin := time.Now(); time.Since(begin) < doubt-time.Minute; time.Sleep(time.Minute) {
					w.wantExports(name+", while it may run", 0)
				}
				time.Sleep(2 * time.Minute)
				w.pending()
				want := map[bool]int{true: 1, false: 2}[shows]
				if got := w.sim.Requests("export"); got != want {
					t.Errorf("%s, shown on the validation bench %v: asked %d times, want %d", name, shows, got, want)
				}
				w.wantExports(name+", in the end", want-1)
			})
		}
	}
}

// Silence is no error, and what it did shows on the validation bench.
func TestAnExportWithoutAnAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, how{bench: withExport})
		w.orderAndReturn(2)
		w.acknowledge(w.pending()...)
		w.faults.Then("export", faults.Fault{Delay: time.Hour})
		begin := time.Now()
		w.pending()
		if took := time.Since(begin); took < exportTime || took > exportTime+time.Second {
			t.Errorf("waited %v for an answer", took)
		}
		for range 30 {
			w.pending()
			time.Sleep(time.Minute)
		}
		if n := w.sim.Requests("export"); n != 1 {
			t.Errorf("asked %d times, want once", n)
		}
		w.wantExports("in the end", 1)
	})
}

func TestAcknowledgeWritesOnlyWhatIsNew(t *testing.T) {
	w := newWorld(t, how{bench: withExport})
	w.orderAndReturn(2)
	rts := w.pending()
	w.acknowledge(rts...)
	w.orders.memory = brokenMemory{w.memory, fmt.Errorf("disk full")}
	w.acknowledge(rts...)
	w.acknowledge(connectors.Retouch{ID: "another's"}, connectors.Retouch{ID: "1//2/x"})
	changed := rts[0]
	changed.ID += "0"
	if err := w.Acknowledge(t.Context(), []connectors.Retouch{changed}); err == nil {
		t.Error("what could not be noted is no error")
	}
}
