package grandshooting

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/faults"
)

func TestPick(t *testing.T) {
	list, err := decodeBenches([]byte(`[
		[{"bench_id":1,"root_id":1,"smalltext":"Autumn","benchsteptype":10,"benchstatus":10},
		 {"bench_id":2,"root_id":1,"parent_id":1,"smalltext":"Autumn (Retouching)","benchsteptype":20},
		 {"bench_id":3,"root_id":1,"parent_id":2,"smalltext":"Autumn (Export)","benchsteptype":40}],
		[{"bench_id":11,"root_id":11,"smalltext":"Twin","benchsteptype":10},{"bench_id":12,"root_id":11,"benchsteptype":20},{"bench_id":13,"root_id":11,"benchsteptype":20}],
		[{"bench_id":21,"root_id":21,"smalltext":"Twin","benchsteptype":10}],
		[{"bench_id":31,"root_id":31,"smalltext":"Old","benchsteptype":10,"benchstatus":35}],
		[{"bench_id":41,"root_id":41,"smalltext":"1","benchsteptype":10}]]`))
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		production string
		byName     bool
		step       int
		want       ID
		message    string
	}{
		{"1", false, 10, "1", ""},
		{"1", false, 20, "2", ""},
		{"Autumn", true, 20, "2", ""},
		{"1", true, 10, "41", ""},
		{"2", false, 10, "", "bench b: no production with number 2 on the platform"},
		{"Autumn (Retouching)", true, 20, "", `no production with the name "Autumn (Retouching)"`},
		{"1", false, 30, "", "production 1 has 0 benches of step 30"},
		{"11", false, 20, "", "production 11 has 2 benches of step 20"},
		{"Twin", true, 10, "", `productions 11, 21 all have the name "Twin"`},
		{"31", false, 10, "", "production 31 is archived on the platform (benchstatus 35)"},
	}
	for _, tt := range tests {
		got, err := pick(list, target{bench: "b", production: tt.production, byName: tt.byName, step: tt.step})
		if got.ID != tt.want || (err == nil) != (tt.message == "") {
			t.Errorf("%+v: got %+v, %v", tt, got, err)
		}
		if err != nil && (!strings.Contains(err.Error(), tt.message) || !errors.Is(err, connectors.ErrRejected)) {
			t.Errorf("got %v, want a refusal that says %q", err, tt.message)
		}
	}
}

func TestBenchesAreReadOnceAndAgainWhenWrong(t *testing.T) {
	w := newWorld(t, how{bench: `production: "Autumn 2026"`})
	for _, name := range []string{"1.jpg", "2.jpg", "3.jpg"} {
		w.mustDeliver(name, []byte(name))
	}
	if n := w.sim.Requests("production"); n != 1 {
		t.Errorf("productions were read %d times, want once", n)
	}
	w.sim.RemoveProduction(w.benches[10].Root)
	anew := w.sim.AddProduction("Autumn 2026", 10, 40)
	calls := 0
	p := photo("4.jpg", []byte("4"))
	_, err := w.Deliver(t.Context(), p, opener([]byte("4")), func() error { calls++; return nil })
	if err != nil || calls != 1 {
		t.Fatalf("after the production was made anew: %v, published %d times", err, calls)
	}
	pics := w.sim.Pictures()
	if last := pics[len(pics)-1]; last.Bench != anew[0].ID || last.Sent != "4.jpg" {
		t.Errorf("it went to %+v, want bench %d", last, anew[0].ID)
	}
	if w.find(p).Zero() {
		t.Error("it is not found there")
	}
}

func TestFindReadsBenchesAgain(t *testing.T) {
	w := newWorld(t, how{})
	p := w.mustDeliver("1.jpg", []byte("1"))
	w.faults.Then("list", faults.Fault{Status: 404})
	if w.find(p).Zero() {
		t.Error("not found")
	}
	if n := w.sim.Requests("production"); n != 2 {
		t.Errorf("productions were read %d times, want twice", n)
	}
	w.faults.Then("list", faults.Fault{Status: 404}, faults.Fault{Status: 404})
	if _, err := w.Find(t.Context(), []connectors.Photo{p}); err == nil {
		t.Error("a bench that cannot be listed is no error")
	}
}

func TestABenchThatVanishes(t *testing.T) {
	w := newWorld(t, how{})
	w.mustDeliver("1.jpg", []byte("1"))
	w.sim.RemoveProduction(w.benches[10].Root)
	content := []byte("2")
	_, err := w.deliver(t.Context(), photo("2.jpg", content), content)
	if !errors.Is(err, connectors.ErrRejected) || !strings.Contains(err.Error(), "no production with number") {
		t.Errorf("got %v, want a refusal", err)
	}
}

func TestAnArchivedBenchTakesNothing(t *testing.T) {
	w := newWorld(t, how{})
	w.mustDeliver("1.jpg", []byte("1"))
	w.sim.SetBenchStatus(w.benches[10].ID, 40)
	content := []byte("2")
	_, err := w.deliver(t.Context(), photo("2.jpg", content), content)
	if !errors.Is(err, connectors.ErrRejected) || !strings.Contains(err.Error(), "archived") {
		t.Errorf("got %v, want a refusal", err)
	}
	if _, err := w.vet(t.Context(), photo("3.jpg", content)); !errors.Is(err, connectors.ErrRejected) {
		t.Errorf("Vet: got %v, want a refusal", err)
	}
}

func TestAMissingBenchIsLookedForAgainAfterAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, how{bench: "production: Winter"})
		p := photo("1.jpg", []byte("1"))
		for range 3 {
			if _, err := w.vet(t.Context(), p); !errors.Is(err, connectors.ErrRejected) {
				t.Fatalf("got %v, want a refusal", err)
			}
		}
		if n := w.sim.Requests("production"); n != 1 {
			t.Errorf("asked %d times within a minute, want once", n)
		}
		w.sim.AddProduction("Winter", 10, 40)
		time.Sleep(benchesMaxAge + time.Second)
		if _, err := w.vet(t.Context(), p); err != nil {
			t.Errorf("a minute after it was made: %v", err)
		}
	})
}

func TestProbe(t *testing.T) {
	w := newWorld(t, how{})
	if err := w.probe(t.Context()); err != nil {
		t.Error(err)
	}
	for status, denied := range map[int]bool{401: true, 403: true, 404: true, 500: false} {
		w.faults.Then("production", faults.Fault{Status: status})
		if err := w.probe(t.Context()); err == nil || errors.Is(err, connectors.ErrDenied) != denied {
			t.Errorf("%d: got %v, want denied %v", status, err, denied)
		}
	}
	w.sim.SetBenchStatus(w.benches[10].ID, 40)
	if err := w.probe(t.Context()); err == nil || errors.Is(err, connectors.ErrDenied) || !strings.Contains(err.Error(), "bench packshot") {
		t.Errorf("an archived bench: %v", err)
	}
	bad := w.newAccount(quick, "production: 77")
	if err := bad.probe(t.Context()); err == nil || !strings.Contains(err.Error(), "bench packshot: no production with number 77") {
		t.Errorf("a missing production: %v", err)
	}
}
