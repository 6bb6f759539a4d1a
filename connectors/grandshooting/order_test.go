package grandshooting

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/faults"
	"github.com/studio-agent/studio-agent/connectors/grandshooting/grandshootingsim"
)

const withEdit = `{production: Autumn 2026, edit: {transfer: 12, get_path: back, put_path: out, provision_code: CUT}}`

// captures puts n pictures on the capture bench and returns their receipts.
func (w *world) captures(n int) (receipts []connectors.Receipt) {
	for i := range n {
		name := fmt.Sprintf("%04d.jpg", i)
		receipts = append(receipts, connectors.Receipt{ID: fmt.Sprint(w.capture(name)), Name: name})
	}
	return receipts
}

// orderedOnce says that each of receipts was sent to edit exactly once.
func (w *world) orderedOnce(receipts []connectors.Receipt) {
	w.t.Helper()
	if twice := w.sim.OrderedTwice(); len(twice) > 0 {
		w.t.Errorf("ordered more than once: %v", twice)
	}
	var got []string
	for _, o := range w.sim.Orders() {
		got = append(got, fmt.Sprint(o.Picture))
	}
	for _, r := range receipts {
		if !slices.Contains(got, r.ID) {
			w.t.Errorf("%s was not ordered", r.Name)
		}
	}
	if len(got) != len(receipts) {
		w.t.Errorf("%d pictures were ordered, want %d", len(got), len(receipts))
	}
}

func TestOrder(t *testing.T) {
	w := newWorld(t, how{bench: withEdit})
	receipts, published := w.captures(120), 0
	w.returned(w.capture("0007.jpg"), []byte("ordered by hand"))
	publish := func() error { published++; return nil }
	for range 2 {
		if err := w.commit(t.Context(), "batch", receipts, publish); err != nil {
			t.Fatal(err)
		}
	}
	w.account = w.newAccount(quick, withEdit) // and after a restart, in another batch
	if err := w.commit(t.Context(), "other", receipts[:60], publish); err != nil {
		t.Fatal(err)
	}
	w.orderedOnce(slices.Delete(slices.Clone(receipts), 7, 8))
	if published != 1 || w.sim.Requests("edit") != 3 {
		t.Errorf("published %d times, %d calls; want 1 and 3 of at most 50", published, w.sim.Requests("edit"))
	}
	o := w.sim.Orders()[0]
	if o.Field("transfer_id") != "12" || o.Field("get_path") != "back" || o.Field("put_path") != "out" || o.Field("provision_code") != "CUT" || o.Field("account_id") != "" {
		t.Errorf("ordered with %v", o.Fields)
	}
}

func TestWhatIsNotOrdered(t *testing.T) {
	w := newWorld(t, how{bench: withEdit})
	receipts := w.captures(2)
	var incomplete *connectors.IncompleteError
	if err := w.commit(t.Context(), "b", append(receipts, connectors.Receipt{Name: "later.jpg"}), published); !errors.As(err, &incomplete) || !slices.Equal(incomplete.Missing, []string{"later.jpg"}) {
		t.Errorf("a receipt without an id: %v", err)
	}
	if err := w.commit(t.Context(), "b", nil, published); err != nil {
		t.Errorf("an empty batch: %v", err)
	}
	w.account = w.newAccount(quick, "production: Autumn 2026")
	if err := w.commit(t.Context(), "b", receipts, published); err != nil {
		t.Errorf("a bench without edit: %v", err)
	}
	w.sim.AddProduction("Flat", 10, 40)
	other := w.sim.AddProduction("Other", 10, 20, 40)
	stranger := w.sim.AddPicture(grandshootingsim.Picture{Bench: other[0].ID, Sent: "a.jpg"})
	for name, tt := range map[string]struct {
		bench string
		want  string
	}{
		"another bench's": {withEdit, "which no bench of account gs sends to"},
		"no edit bench":   {strings.Replace(withEdit, "Autumn 2026", "Flat", 1), "which no bench"},
	} {
		w.account = w.newAccount(quick, tt.bench)
		if err := w.commit(t.Context(), "b", []connectors.Receipt{{ID: fmt.Sprint(stranger)}}, published); !errors.Is(err, connectors.ErrRejected) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want a refusal that says %s", name, err, tt.want)
		}
	}
	if err := w.commit(t.Context(), "b", []connectors.Receipt{{ID: "77"}}, published); !errors.Is(err, connectors.ErrRejected) {
		t.Errorf("a picture that is gone: %v", err)
	}
	w.orderedOnce(nil)
}

func TestOrderNeedsARetouchingBench(t *testing.T) {
	w := newWorld(t, how{bench: strings.Replace(withEdit, "Autumn 2026", "Flat", 1)})
	flat := w.sim.AddProduction("Flat", 10, 40)
	id := w.sim.AddPicture(grandshootingsim.Picture{Bench: flat[0].ID, Sent: "a.jpg"})
	err := w.commit(t.Context(), "b", []connectors.Receipt{{ID: fmt.Sprint(id)}}, published)
	if !errors.Is(err, connectors.ErrRejected) || !strings.Contains(err.Error(), "has no retouching bench") || w.sim.Requests("edit") != 0 {
		t.Errorf("got %v", err)
	}
}

func TestBenchesOfOneProductionGoOneWay(t *testing.T) {
	w := newWorld(t, how{})
	receipts := w.captures(1)
	for other, refused := range map[string]bool{
		"production: Autumn 2026": false,
		withEdit:                  false,
		strings.Replace(withEdit, "transfer: 12", "transfer: 13", 1):   true,
		strings.Replace(withEdit, "Autumn 2026", "not there (yet)", 1): false,
	} {
		s := w.setup(quick, withEdit)
		s.Benches = append(s.Benches, connectors.Bench{Name: "z", Decode: looseYAML(other)})
		a, err := newAccount(s)
		if err != nil {
			t.Fatal(err)
		}
		if err := a.commit(t.Context(), "b", receipts, published); errors.Is(err, connectors.ErrRejected) != refused || !refused && err != nil {
			t.Errorf("beside %s: %v, refused: %v", other, err, refused)
		}
	}
	w.orderedOnce(receipts)
}

func TestAnOrderThatIsRefused(t *testing.T) {
	for _, f := range []faults.Fault{{Status: 400}, {Status: 404}, {Status: 401}, {Status: 423}, {Status: 429}} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, how{bench: withEdit})
			receipts := w.captures(3)
			w.faults.Then("edit", f)
			err := w.commit(t.Context(), "b", receipts, published)
			if !refused(err) || errors.Is(err, connectors.ErrRejected) != (f.Status == 400 || f.Status == 404) {
				t.Errorf("%d: %v", f.Status, err)
			}
			time.Sleep(10 * time.Second) // the limiter's pause, not the doubt
			if err := w.commit(t.Context(), "b", receipts, published); err != nil {
				t.Errorf("%d: after that: %v", f.Status, err)
			}
			w.orderedOnce(receipts)
		})
	}
}

func TestAnOrderThatCannotBeNotedIsNotMade(t *testing.T) {
	w := newWorld(t, how{bench: withEdit})
	receipts, full := w.captures(2), errors.New("disk full")
	if err := w.commit(t.Context(), "b", receipts, func() error { return full }); !errors.Is(err, full) {
		t.Errorf("publish fails: %v", err)
	}
	w.orders.memory = brokenMemory{w.memory, full}
	if err := w.commit(t.Context(), "b", receipts, published); !errors.Is(err, full) {
		t.Errorf("the journal fails: %v", err)
	}
	if n := w.sim.Requests("edit"); n != 0 {
		t.Errorf("%d calls", n)
	}
	w.orders.memory = w.memory
	if err := w.commit(t.Context(), "b", receipts, published); err != nil {
		t.Error(err)
	}
	w.orderedOnce(receipts)
}

type brokenMemory struct {
	connectors.Memory
	err error
}

func (m brokenMemory) Keep(string, string) error { return m.err }

// What was ordered is known as long as the program runs, even if the disk is
// full just then.
func TestASuccessThatCannotBeNoted(t *testing.T) {
	w := newWorld(t, how{bench: withEdit})
	receipts, full := w.captures(2), errors.New("disk full")
	publish := func() error { w.orders.memory = brokenMemory{w.memory, full}; return nil }
	for range 2 {
		if err := w.commit(t.Context(), "b", receipts, publish); !errors.Is(err, full) {
			t.Errorf("got %v", err)
		}
	}
	w.orders.memory = w.memory
	if err := w.commit(t.Context(), "b", receipts, published); err != nil {
		t.Error(err)
	}
	w.account = w.newAccount(quick, withEdit)
	if err := w.commit(t.Context(), "b", receipts, published); err != nil {
		t.Error(err)
	}
	w.orderedOnce(receipts)
}

// After an unclear answer nothing is ordered again before the retouching bench
// has shown nothing for ten minutes.
func TestAnOrderOfUnknownOutcome(t *testing.T) {
	tests := map[string]struct {
		fault   faults.Fault
		arrived bool
	}{
		"reply lost":         {faults.Fault{LoseReply: true}, true},
		"500 after the work": {faults.Fault{FailAfter: 500}, true},
		"500 before":         {faults.Fault{Status: 500}, false},
		"broken off":         {faults.Fault{Cut: -1}, true},
		"silence":            {faults.Fault{Delay: time.Hour}, false},
	}
	for name, tt := range tests {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, how{bench: withEdit, Options: grandshootingsim.Options{Placeholder: 3 * time.Minute}})
			receipts := w.captures(5)
			w.faults.Then("edit", tt.fault)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			err := w.commit(ctx, "b", receipts, published)
			began := time.Now()
			if err == nil || refused(err) || !strings.Contains(err.Error(), "by "+began.Add(doubt).Format("15:04:05")) {
				t.Errorf("%s: %v, want an ordinary error that says until when", name, err)
			}
			w.account = w.newAccount(quick, withEdit)
			for err = errors.New("not tried"); err != nil && time.Since(began) < time.Hour; time.Sleep(time.Minute) {
				if err = w.commit(t.Context(), "b", receipts, published); err != nil && refused(err) {
					t.Fatalf("%s: %v", name, err)
				}
			}
			if took := time.Since(began); tt.arrived != (took < doubt) || err != nil {
				t.Errorf("%s: settled after %v, %v", name, took, err)
			}
			w.orderedOnce(receipts)
		})
	}
}

// A call that is worked off slowly: what shows counts, and the rest gets ten
// more minutes.
func TestAnOrderThatArrivedInPart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, how{bench: withEdit})
		receipts := w.captures(3)
		w.faults.Then("edit", faults.Fault{Status: 503})
		if err := w.commit(t.Context(), "b", receipts, published); err == nil {
			t.Fatal("no error")
		}
		time.Sleep(doubt - time.Minute)
		w.returned(w.capture(receipts[1].Name), []byte("retouched"))
		if err := w.commit(t.Context(), "b", receipts, published); err == nil {
			t.Error("no error while the rest is open")
		}
		time.Sleep(doubt - time.Second)
		if err := w.commit(t.Context(), "b", receipts, published); err == nil || w.sim.Requests("edit") != 1 {
			t.Errorf("asked again %v after the first one showed: %v", doubt-time.Second, err)
		}
		time.Sleep(2 * time.Second)
		if err := w.commit(t.Context(), "b", receipts, published); err != nil {
			t.Error(err)
		}
		w.orderedOnce([]connectors.Receipt{receipts[0], receipts[2]})
	})
}

func TestARetouchingBenchThatCannotBeListedOrdersNothing(t *testing.T) {
	w := newWorld(t, how{bench: withEdit})
	receipts := w.captures(5)
	for _, status := range []int{403, 404, 500} {
		w.faults.Then("list", faults.Fault{Status: status})
		if err := w.commit(t.Context(), "b", receipts, published); err == nil || errors.Is(err, connectors.ErrRejected) {
			t.Errorf("%d: %v, want later", status, err)
		}
	}
	w.orderedOnce(nil)
}
