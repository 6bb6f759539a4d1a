package grandshooting

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/faults"
	"github.com/studio-agent/studio-agent/connectors/grandshooting/grandshootingsim"
)

// select30 puts a picture on the capture bench that a person has selected.
func (w *world) select30(name string) int {
	id := w.capture(name)
	w.sim.SetStatus(id, 30)
	return id
}

func (w *world) wantChosen(want ...string) {
	w.t.Helper()
	list, err := w.chosen(w.t.Context(), "packshot")
	if err != nil {
		w.t.Fatal(err)
	}
	var got []string
	for _, r := range list {
		got = append(got, r.Name)
		if r.ID != fmt.Sprint(w.capture(r.Name)) || r.Size != int64(len("capture "+r.Name)) {
			w.t.Errorf("got %+v", r)
		}
	}
	if !slices.Equal(got, want) {
		w.t.Errorf("chosen: %v, want %v", got, want)
	}
}

func TestChosen(t *testing.T) {
	for _, variant := range []grandshootingsim.Options{{}, {RewriteNames: true, OpaqueHash: true}} {
		w := newWorld(t, how{bench: withEdit, Options: variant})
		w.wantChosen()
		w.capture("live.jpg")
		w.sim.SetStatus(w.capture("again.jpg"), 5)
		w.select30("day1/a_1.jpg")
		w.returned(w.select30("returned.jpg"), []byte("retouched"))
		w.copied(w.select30("copied.jpg"), 30)
		w.copied(w.select30("exported.jpg"), 40) // says nothing of retouching
		w.order1(w.select30("ordered.jpg"), faults.Fault{})
		w.order1(w.select30("perhaps.jpg"), faults.Fault{Status: 500})
		w.order1(w.select30("refused.jpg"), faults.Fault{Status: 400})
		w.wantChosen("day1/a_1.jpg", "exported.jpg", "refused.jpg")
		w.account = w.newAccount(quick, withEdit) // also after a restart
		w.wantChosen("day1/a_1.jpg", "exported.jpg", "refused.jpg")
		w.sim.SetStatus(w.capture("refused.jpg"), 10)
		w.wantChosen("day1/a_1.jpg", "exported.jpg")
		if len(w.sim.StatusChanges()) > 0 || w.sim.Requests("edit") != 3 {
			t.Errorf("looking changed something: %+v", w.sim.StatusChanges())
		}
	}
}

// A filter that the platform ignores must not make everything a select.
func TestChosenBelievesNoFilter(t *testing.T) {
	s := setupOf(goodAccount, map[string]string{"b": "production: 1"})
	s.Rate, s.HTTP = quick, replies(`[{"picture_id":7,"bench_id":1,"root_id":1,"benchsteptype":10,"picturestatus":10,"path":"a.jpg","smalltext":"a.jpg"}]`, "1")
	a, err := newAccount(s)
	if err != nil {
		t.Fatal(err)
	}
	if list, err := a.chosen(t.Context(), "b"); len(list) > 0 || err != nil {
		t.Errorf("got %+v, %v", list, err)
	}
}

func TestChosenOfManyAreAllLookedFor(t *testing.T) {
	w := newWorld(t, how{bench: withEdit})
	for i := range 230 {
		w.select30(fmt.Sprintf("%03d.jpg", i))
	}
	w.returned(w.capture("007.jpg"), []byte("retouched"))
	if list, err := w.chosen(t.Context(), "packshot"); len(list) != 229 || err != nil {
		t.Errorf("%d chosen, %v, want 229", len(list), err)
	}
}

func TestChosenThatCannotLook(t *testing.T) {
	w := newWorld(t, how{bench: withEdit})
	w.select30("a.jpg")
	for _, f := range []faults.Fault{{Status: 500}, {Status: 401}, {}} {
		w.faults.Then("list", f)
		list, err := w.chosen(t.Context(), "packshot")
		if (err == nil) != (f == faults.Fault{}) || err != nil && len(list) > 0 {
			t.Errorf("%+v: got %v, %v", f, list, err)
		}
		if errors.Is(err, connectors.ErrDenied) != (f.Status == 401) {
			t.Errorf("%+v: %v", f, err)
		}
	}
	for bench, want := range map[string]string{
		`{production: Autumn 2026, step: 20}`: "where every picture counts as selected",
		`{production: Winter}`:                "no production",
	} {
		w.account = w.newAccount(quick, bench)
		if list, err := w.chosen(t.Context(), "packshot"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, %v", bench, list, err)
		}
	}
	if _, err := w.chosen(t.Context(), "other"); !errors.Is(err, connectors.ErrRejected) {
		t.Errorf("a bench that is not the account's: %v", err)
	}
}
