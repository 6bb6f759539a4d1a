package grandshooting

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/faults"
	"github.com/studio-agent/studio-agent/connectors/grandshooting/grandshootingsim"
)

// withNames is a bench that checks names, on a world with n products.
func withNames(t *testing.T, n int, opt grandshootingsim.Options, rate float64) *world {
	t.Helper()
	w := newWorld(t, how{Options: opt, rate: rate, bench: `{production: Autumn 2026, names: '^(?P<ref>[^_]+)_\d+\.'}`})
	for i := range n {
		w.sim.AddReference(fmt.Sprintf("REF%06d", i), fmt.Sprintf("35966542%05d", i), fmt.Sprintf("ALT%06d", i))
	}
	return w
}

func (w *world) vetName(name string) error {
	_, err := w.vet(w.t.Context(), photo(name, nil))
	return err
}

func TestVetNames(t *testing.T) {
	w := withNames(t, 0, grandshootingsim.Options{}, 0)
	w.sim.AddReference("FW19_ALDA_PINK", "3596654282883", "2309309834093")
	w.sim.AddReference("SS18", "")
	for name, want := range map[string]string{
		"3596654282883_1.jpg":        "",
		"2309309834093_12.CR3":       "",
		"x/y/SS18_1.jpg":             "",
		"3596654282833_1.jpg":        "no reference 3596654282833 in the catalogue. Nearest: 3596654282883",
		"ss18_1.jpg":                 "no reference ss18 in the catalogue. Nearest: SS18",
		"completely-different_1.tif": "no reference completely-different in the catalogue",
		"IMG4711.jpg":                "the name does not fit names of bench packshot: IMG4711.jpg does not match",
		"_1.jpg":                     "the name does not fit",
	} {
		err := w.vetName(name)
		switch {
		case want == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case want != "" && (err == nil || !strings.HasPrefix(err.Error(), want) || !errors.Is(err, connectors.ErrRejected)):
			t.Errorf("%s: got %v, want a refusal: %s", name, err, want)
		}
	}
}

func TestVetWithoutNamesReadsNoCatalogue(t *testing.T) {
	w := newWorld(t, how{})
	if err := w.vetName("anything.jpg"); err != nil || w.sim.Requests("reference") != 0 {
		t.Errorf("got %v after %d calls", err, w.sim.Requests("reference"))
	}
}

// One call reads the catalogue; the others do not block.
func TestOneReadsTheCatalogue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := withNames(t, 1500, grandshootingsim.Options{Rate: 5, ExactWindow: true}, 5)
		var good, told atomic.Int32
		var jobs sync.WaitGroup
		for range 10 {
			jobs.Go(func() {
				begin := time.Now()
				err := w.vetName("REF000007_1.jpg")
				var throttled *connectors.ThrottledError
				switch {
				case err == nil:
					good.Add(1)
				case errors.As(err, &throttled) && time.Until(throttled.Until) == loadingPause && time.Since(begin) < time.Second:
					told.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		jobs.Wait()
		if good.Load() != 1 || told.Load() != 9 {
			t.Errorf("%d answered, %d told to wait; want 1 and 9", good.Load(), told.Load())
		}
		if n := w.sim.Requests("reference"); n != 15 || w.sim.TooMany() != 0 {
			t.Errorf("%d calls, %d refused; want 15 and 0", n, w.sim.TooMany())
		}
	})
}

// A misnamed capture is known within a second, however large the catalogue is.
func TestAMissIsQuick(t *testing.T) {
	for _, size := range []int{200, 9_950, 10_100} {
		synctest.Test(t, func(t *testing.T) {
			w := withNames(t, size, grandshootingsim.Options{Rate: 5, ExactWindow: true}, 5)
			if err := w.vetName("REF000007_1.jpg"); err != nil {
				t.Fatal(err)
			}
			time.Sleep(missMaxAge + time.Second)
			begin, calls := time.Now(), w.sim.Requests("reference")
			if err := w.vetName("REF00000X_1.jpg"); !errors.Is(err, connectors.ErrRejected) || !strings.Contains(err.Error(), "Nearest: REF000000") {
				t.Errorf("%d products: %v", size, err)
			}
			if took := time.Since(begin); took > time.Second || w.sim.Requests("reference")-calls > 1 {
				t.Errorf("%d products: %v and %d calls", size, took, w.sim.Requests("reference")-calls)
			}
			w.sim.AddReference("NEW1", "")
			time.Sleep(missMaxAge / 2)
			if err := w.vetName("NEW1_1.jpg"); !errors.Is(err, connectors.ErrRejected) {
				t.Errorf("within a minute of the last look: %v", err)
			}
			time.Sleep(missMaxAge + time.Second)
			begin = time.Now()
			if err := w.vetName("NEW1_1.jpg"); err != nil || time.Since(begin) > time.Second {
				t.Errorf("%d products: a new one after a minute: %v, in %v", size, err, time.Since(begin))
			}
		})
	}
}

func TestTheCatalogueIsReadAnewAfterTenMinutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := withNames(t, 300, grandshootingsim.Options{}, 0)
		for range 5 {
			if err := w.vetName("REF000001_1.jpg"); err != nil {
				t.Fatal(err)
			}
		}
		if n := w.sim.Requests("reference"); n != 3 {
			t.Errorf("%d calls for 300 products, want 3", n)
		}
		w.sim.AddReference("REF000002", "CHANGED") // of the same number
		time.Sleep(catalogueMaxAge + time.Second)
		if err := w.vetName("CHANGED_1.jpg"); err != nil {
			t.Errorf("a changed EAN after ten minutes: %v", err)
		}
		if n := w.sim.Requests("reference"); n != 6 {
			t.Errorf("%d calls, want 6", n)
		}
	})
}

// A platform that does not list by age: what is new is not at the end.
func TestAnotherOrderIsNoticed(t *testing.T) {
	old := &edition{names: []string{"A", "B"}, refs: 2, read: time.Now()}
	s := setupOf(goodAccount, nil)
	s.Rate = quick
	s.HTTP = replies(`[{"reference_id":2,"ref":"B"}]`, "3")
	a, err := newAccount(s)
	if err != nil {
		t.Fatal(err)
	}
	if e, err := a.catalogue.readNew(t.Context(), old); e != nil || err != nil {
		t.Errorf("got %+v, %v; want to be told to read all", e, err)
	}
}

func TestACatalogueThatFails(t *testing.T) {
	w := withNames(t, 1, grandshootingsim.Options{}, 0)
	for _, status := range []int{400, 403, 404, 500} {
		w.faults.Then("reference", faults.Fault{Status: status})
		if err := w.vetName("REF000000_1.jpg"); err == nil || errors.Is(err, connectors.ErrRejected) {
			t.Errorf("%d: got %v, want an error that means later: it is not the photo's fault", status, err)
		}
	}
	w.faults.Then("reference", faults.Fault{Status: 401})
	if err := w.vetName("REF000000_1.jpg"); !errors.Is(err, connectors.ErrDenied) {
		t.Errorf("401: got %v, want denied", err)
	}
	if err := w.vetName("REF000000_1.jpg"); err != nil {
		t.Errorf("after that: %v", err)
	}
}

func TestNearest(t *testing.T) {
	names := []string{"", "3596654282883", "3596654282999", "FW19_ALDA_PINK", "X"}
	for word, want := range map[string]string{
		"3596654282833":  "3596654282883",
		"359665428299":   "3596654282999",
		"35966542829999": "3596654282999",
		"FW19_ALDA_PNK":  "FW19_ALDA_PINK",
		"fw19-alda-pink": "FW19_ALDA_PINK",
		"4596654282000":  "",
		"":               "",
		"Y":              "",
		"unlike":         "",
	} {
		if got := nearest(word, names); got != want {
			t.Errorf("%s: nearest is %q, want %q", word, got, want)
		}
	}
}

func TestEdits(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"a", "", 1}, {"kitten", "sitting", 3}, {"flaw", "lawn", 2}, {"abc", "abc", 0}, {"abcdefgh", "x", 5}, {"aaaaaaaa", "bbbbbbbb", 5}} {
		if got := edits(tt.a, tt.b, 5); got != tt.want {
			t.Errorf("%s, %s: %d, want %d", tt.a, tt.b, got, tt.want)
		}
		if got := edits(tt.b, tt.a, 5); got != tt.want {
			t.Errorf("%s, %s: %d, want %d", tt.b, tt.a, got, tt.want)
		}
	}
}
