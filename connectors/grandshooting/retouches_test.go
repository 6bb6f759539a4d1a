package grandshooting

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/faults"
	"github.com/studio-agent/studio-agent/connectors/grandshooting/grandshootingsim"
)

const fromLast = `{production: Autumn 2026, import_step: last}`

// copied puts a picture's own bytes on the bench of that step, as the platform
// may do before a retoucher has done anything.
func (w *world) copied(of, step int) int {
	w.t.Helper()
	for _, p := range w.sim.Pictures() {
		if p.ID == of {
			return w.sim.AddPicture(grandshootingsim.Picture{Bench: w.benches[step].ID, Sent: p.Sent, Size: p.Size, SHA256: p.SHA256, SHA1: p.SHA1, Parent: of})
		}
	}
	w.t.Fatalf("no picture %d", of)
	return 0
}

func TestWhichRetouchesAreReady(t *testing.T) {
	tests := map[string]struct {
		put    func(w *world) (retouch, capture int)
		stage  connectors.Stage
		reason string
	}{
		"retouched in both phases": {func(w *world) (int, int) {
			return w.twoPhases("day1/a.jpg", "retouched"), w.capture("day1/a.jpg")
		}, connectors.Ready, ""},
		"retouched in phase 2 alone": {func(w *world) (int, int) {
			return w.returned(w.copied(w.capture("day1/a.jpg"), 20), []byte("retouched")), w.capture("day1/a.jpg")
		}, connectors.Ready, ""},
		"same size, other content": {func(w *world) (int, int) {
			return w.twoPhases("day1/a.jpg", "CAPTURE day1/a.jpg"), w.capture("day1/a.jpg")
		}, connectors.Ready, ""},
		"a copy of phase 1": {func(w *world) (int, int) {
			return w.copied(w.returned(w.capture("day1/a.jpg"), []byte("phase 1")), 30), w.capture("day1/a.jpg")
		}, connectors.Working, "only a copy"},
		"a copy of the capture after phase 1": {func(w *world) (int, int) {
			return w.twoPhases("day1/a.jpg", "capture day1/a.jpg"), w.capture("day1/a.jpg")
		}, connectors.Working, "only a copy"},
		"refused by the retouchers": {func(w *world) (int, int) {
			id := w.twoPhases("day1/a.jpg", "retouched")
			w.sim.SetStatus(id, 35)
			return id, w.capture("day1/a.jpg")
		}, connectors.Working, "refused by the retouchers"},
		"being taken in": {func(w *world) (int, int) {
			id := w.twoPhases("day1/a.jpg", "retouched")
			w.sim.SetStatus(id, 2)
			return id, w.capture("day1/a.jpg")
		}, connectors.Working, "still taking it in"},
		"without an original": {func(w *world) (int, int) {
			return w.sim.AddPicture(grandshootingsim.Picture{Bench: w.benches[30].ID, Sent: "day1/a.jpg", Size: 9}), 0
		}, connectors.Working, "no original"},
		"with an original that is gone": {func(w *world) (int, int) {
			return w.sim.AddPicture(grandshootingsim.Picture{Bench: w.benches[30].ID, Sent: "day1/a.jpg", Size: 9, Parent: 7}), 0
		}, connectors.Working, "no original"},
	}
	for name, tt := range tests {
		for _, variant := range []grandshootingsim.Options{{}, {RewriteNames: true, OpaqueHash: true, NewVersionIDs: true}} {
			w := newWorld(t, how{bench: fromLast, Options: variant})
			retouch, capture := tt.put(w)
			for range 2 {
				list := w.pending()
				if len(list) != 1 {
					t.Fatalf("%s: got %+v, want one", name, list)
				}
				rt := list[0]
				answers := ""
				if capture != 0 {
					answers = fmt.Sprint(capture)
				}
				if rt.Stage != tt.stage || !strings.HasPrefix(rt.Reason, tt.reason) && !strings.Contains(rt.Reason, tt.reason) || rt.Answers != answers ||
					rt.Name != "day1/a.jpg" || rt.Bench != "packshot" || !rt.Final || rt.Link == "" || rt.ModTime.IsZero() {
					t.Errorf("%s: got %+v; want stage %d, %q, answering %q", name, rt, tt.stage, tt.reason, answers)
				}
				if id, err := parseRetouchID(rt.ID); err != nil || string(id.picture) != fmt.Sprint(retouch) {
					t.Errorf("%s: id %s, %v; want picture %d", name, rt.ID, err, retouch)
				}
			}
		}
	}
}

func TestImportsFromTheStepOfTheBench(t *testing.T) {
	w := newWorld(t, how{bench: `{production: Autumn 2026, import_step: 20}`})
	w.twoPhases("a.jpg", "retouched")
	if list := w.pending(); len(list) != 1 || list[0].Size != int64(len("phase 1 of a.jpg")) || list[0].Stage != connectors.Ready {
		t.Errorf("got %+v, want phase 1", list)
	}
	w.account = w.newAccount(quick, `{production: Winter, import_step: 20}`)
	if list, err := w.Pending(t.Context()); err == nil || errors.Is(err, connectors.ErrRejected) {
		t.Errorf("a production that is not there: %v, %v", list, err)
	}
	w.sim.AddProduction("Flat", 10, 40)
	w.account = w.newAccount(quick, `{production: Flat, import_step: last}`)
	if list, err := w.Pending(t.Context()); err == nil || !strings.Contains(err.Error(), "production Flat has no retouching bench") {
		t.Errorf("no retouching bench: %v, %v", list, err)
	}
}

// An archived production takes no uploads, and still gives back.
func TestAnArchivedProductionGivesBack(t *testing.T) {
	w := newWorld(t, how{bench: fromLast})
	w.twoPhases("a.jpg", "retouched")
	for _, b := range w.benches {
		w.sim.SetBenchStatus(b.ID, 40)
	}
	if list := w.pending(); len(list) != 1 || list[0].Stage != connectors.Ready {
		t.Errorf("got %+v", list)
	}
}

// What two benches of agent.yaml share is listed once, and the photo tells whose
// it is.
func TestBenchesThatShareAProduction(t *testing.T) {
	w := newWorld(t, how{})
	w.twoPhases("a.jpg", "retouched")
	s := w.setup(quick, fromLast)
	s.Benches = append(s.Benches, connectors.Bench{Name: "second", Imports: true, Decode: looseYAML(fromLast)})
	s.Benches = append(s.Benches, connectors.Bench{Name: "third", Decode: looseYAML(fromLast)})
	a, err := newAccount(s)
	if err != nil {
		t.Fatal(err)
	}
	if list, err := a.Pending(t.Context()); err != nil || len(list) != 1 || list[0].Bench != "" || list[0].Answers == "" {
		t.Errorf("got %+v, %v", list, err)
	}
}

// A poll costs a call for each hundred pictures, however many were looked at
// before; the first one reads the originals' benches instead of asking for each.
func TestWhatAPollCosts(t *testing.T) {
	w := newWorld(t, how{bench: fromLast})
	for i := range 250 {
		w.twoPhases(fmt.Sprintf("%d.jpg", i), fmt.Sprintf("retouched %d", i))
	}
	cost := func() (lists, pictures int) {
		lists, pictures = w.sim.Requests("list"), w.sim.Requests("picture")
		for _, rt := range w.pending() {
			if rt.Stage != connectors.Ready {
				t.Fatalf("got %+v", rt)
			}
		}
		return w.sim.Requests("list") - lists, w.sim.Requests("picture") - pictures
	}
	if lists, pictures := cost(); lists != 9 || pictures > few {
		t.Errorf("at first %d pages and %d pictures, want 9 and at most %d", lists, pictures, few)
	}
	if lists, pictures := cost(); lists != 3 || pictures != 0 {
		t.Errorf("then %d pages and %d pictures, want 3 and 0", lists, pictures)
	}
	w.twoPhases("7.jpg", "a new version")
	if lists, pictures := cost(); lists != 3 || pictures != 2 {
		t.Errorf("with a new version %d pages and %d pictures, want 3 and 2", lists, pictures)
	}
}

// The copy was made of the first version of the capture; a second version of it
// does not make the copy a retouch.
func TestANewVersionOfTheCaptureMakesNoRetouch(t *testing.T) {
	w := newWorld(t, how{bench: `{production: Autumn 2026, import_step: 20}`})
	id := w.capture("a.jpg")
	w.copied(id, 20)
	w.pending()
	again := photo("a.jpg", []byte("shot again"))
	w.sim.AddPicture(grandshootingsim.Picture{Bench: w.benches[10].ID, Sent: "a.jpg", Size: again.Size, SHA256: again.Digests.SHA256, SHA1: again.Digests.SHA1})
	if list := w.pending(); len(list) != 1 || list[0].Stage != connectors.Working {
		t.Errorf("got %+v", list)
	}
}

func TestPendingReadsTheProductionsAgain(t *testing.T) {
	w := newWorld(t, how{bench: fromLast})
	w.twoPhases("a.jpg", "retouched")
	w.pending()
	before := w.sim.Requests("production")
	w.faults.Then("list", faults.Fault{Status: 404})
	if list, err := w.Pending(t.Context()); err == nil {
		t.Errorf("got %+v without an error", list)
	}
	if list := w.pending(); len(list) != 1 || w.sim.Requests("production") != before+1 {
		t.Errorf("got %+v after %d questions for productions", list, w.sim.Requests("production")-before)
	}
	w.faults.Then("picture", faults.Fault{Status: 500})
	w.twoPhases("b.jpg", "retouched")
	if list, err := w.Pending(t.Context()); err == nil {
		t.Errorf("an original that cannot be looked at: got %+v", list)
	}
}
