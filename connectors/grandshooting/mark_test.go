package grandshooting

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/faults"
)

func TestMark(t *testing.T) {
	tests := map[string]struct {
		role   connectors.Role
		rating int
		label  string
		// what the platform has then, and how many tag calls it took
		status, stars int
		colour        string
		tagCalls      int
	}{
		"a select":                       {connectors.Select, 0, "", 30, 0, "", 0},
		"a select with stars and colour": {connectors.Select, 3, "Green", 30, 3, "green", 1},
		"a select with a colour only":    {connectors.Select, 0, "red", 30, 0, "red", 1},
		"stars":                          {connectors.Capture, 5, "", 10, 5, "", 1},
		"stars taken away":               {connectors.Capture, 0, "", 10, 0, "", 1},
		"rejected":                       {connectors.Capture, -1, "purple", 10, 0, "purple", 1},
		"a colour that GS has not":       {connectors.Capture, 1, "Cyan", 10, 1, "", 1},
	}
	for name, tt := range tests {
		w := newWorld(t, how{})
		p := w.mustDeliver("a.jpg", []byte("a"))
		p.Role, p.Rating, p.Label = tt.role, tt.rating, tt.label
		r := w.find(p)
		for range 2 {
			if err := w.mark(t.Context(), p, r); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		got := w.sim.Pictures()[0]
		if got.Status != tt.status || got.Rating != tt.stars || got.Label != tt.colour || w.sim.Requests("tag") != 2*tt.tagCalls {
			t.Errorf("%s: status %d, rating %d, label %q after %d tag calls; want %+v", name, got.Status, got.Rating, got.Label, w.sim.Requests("tag"), tt)
		}
	}
}

func TestMarkLooksForThePicture(t *testing.T) {
	w := newWorld(t, how{})
	p := photo("a.jpg", []byte("a"))
	p.Role = connectors.Select
	if err := w.mark(t.Context(), p, connectors.Receipt{Name: "a.jpg"}); err == nil || errors.Is(err, connectors.ErrRejected) {
		t.Errorf("before it is there: %v, want later", err)
	}
	w.mustDeliver("a.jpg", []byte("a"))
	if err := w.mark(t.Context(), p, connectors.Receipt{Name: "a.jpg"}); err != nil || w.sim.Pictures()[0].Status != 30 {
		t.Errorf("got %v, status %d", err, w.sim.Pictures()[0].Status)
	}
	w.faults.Then("status", faults.Fault{Status: 500})
	if err := w.mark(t.Context(), p, connectors.Receipt{Name: "a.jpg"}); err == nil {
		t.Error("a status that fails is no error")
	}
	if err := w.mark(t.Context(), p, connectors.Receipt{ID: "77"}); !errors.Is(err, connectors.ErrRejected) {
		t.Errorf("a picture that is gone: %v", err)
	}
}

// "Depending on the workflow step, available status for pictures are different".
func TestStatusesOfSteps(t *testing.T) {
	want := map[int][]int{10: {5, 10, 30}, 20: {30, 35}, 30: {30, 35}, 40: {31, 40, 50, 51, 52, 55, 80}}
	for step, allowed := range want {
		for _, status := range []int{0, 1, 5, 10, 30, 31, 35, 40, 50, 51, 52, 55, 80, 90} {
			err := checkStatus(step, status)
			if (err == nil) != slices.Contains(allowed, status) {
				t.Errorf("step %d, status %d: %v", step, status, err)
			}
			if err != nil && (!errors.Is(err, connectors.ErrRejected) || !strings.Contains(err.Error(), "only one of")) {
				t.Errorf("step %d, status %d: %v", step, status, err)
			}
		}
	}
	if err := checkStatus(0, 55); err != nil {
		t.Errorf("an unknown step: %v", err)
	}
}

// A select that is none any more goes back to 10, unless it is at retouch.
func TestDeselect(t *testing.T) {
	tests := map[string]struct {
		before  func(w *world, id int)
		status  int // then
		refused bool
		changes int
	}{
		"a select":             {func(w *world, id int) { w.sim.SetStatus(id, 30) }, 10, false, 1},
		"no select":            {func(*world, int) {}, 10, false, 0},
		"to be shot again":     {func(w *world, id int) { w.sim.SetStatus(id, 5) }, 5, false, 0},
		"at retouch":           {func(w *world, id int) { w.sim.SetStatus(id, 30); w.returned(id, []byte("copy")) }, 30, true, 0},
		"at retouch, phase 2":  {func(w *world, id int) { w.sim.SetStatus(id, 30); w.copied(id, 30) }, 30, true, 0},
		"ordered":              {func(w *world, id int) { w.sim.SetStatus(id, 30); w.order1(id, faults.Fault{}) }, 30, true, 0},
		"perhaps ordered":      {func(w *world, id int) { w.sim.SetStatus(id, 30); w.order1(id, faults.Fault{Status: 500}) }, 30, true, 0},
		"ordered, but refused": {func(w *world, id int) { w.sim.SetStatus(id, 30); w.order1(id, faults.Fault{Status: 400}) }, 10, false, 1},
	}
	for name, tt := range tests {
		w := newWorld(t, how{bench: withEdit})
		p := w.mustDeliver("a.jpg", []byte("a"))
		r := w.find(p)
		w.returned(w.capture("other.jpg"), []byte("not this one's"))
		tt.before(w, w.capture("a.jpg"))
		w.account = w.newAccount(quick, withEdit)
		p.Role, p.Deselected, p.Label = connectors.Select, true, "red"
		for range 2 {
			err := w.mark(t.Context(), p, r)
			if errors.Is(err, connectors.ErrRejected) != tt.refused || !tt.refused && err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if err != nil && !strings.Contains(err.Error(), "a.jpg is at retouch already") {
				t.Errorf("%s: %v", name, err)
			}
		}
		got := w.sim.Pictures()[0]
		if got.Status != tt.status || got.Label != "red" || len(w.sim.StatusChanges()) != tt.changes {
			t.Errorf("%s: status %d, label %q, changes %+v; want %+v", name, got.Status, got.Label, w.sim.StatusChanges(), tt)
		}
	}
}

// order1 orders one picture.
func (w *world) order1(id int, f faults.Fault) {
	w.faults.Then("edit", f)
	err := w.commit(w.t.Context(), "b", []connectors.Receipt{{ID: fmt.Sprint(id)}}, published)
	if (err != nil) != (f != faults.Fault{}) {
		w.t.Errorf("order with %+v: %v", f, err)
	}
}

func TestDeselectThatCannotLook(t *testing.T) {
	w := newWorld(t, how{})
	p := w.mustDeliver("a.jpg", []byte("a"))
	r := w.find(p)
	w.sim.SetStatus(w.capture("a.jpg"), 30)
	p.Deselected = true
	for op, status := range map[string]int{"picture": 500, "list": 403, "status": 503} {
		w.faults.Then(op, faults.Fault{Status: status})
		if err := w.mark(t.Context(), p, r); err == nil || errors.Is(err, connectors.ErrRejected) {
			t.Errorf("%s: %v, want later", op, err)
		}
	}
	if err := w.mark(t.Context(), p, r); err != nil || w.sim.Pictures()[0].Status != 10 {
		t.Errorf("once it is well again: %v, status %d", err, w.sim.Pictures()[0].Status)
	}
}
