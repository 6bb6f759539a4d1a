package settle

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var start = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)

func at(seconds float64) time.Time {
	return start.Add(time.Duration(seconds * float64(time.Second)))
}

func file(name string, size int64, mtime float64) Entry {
	return Entry{Name: name, Size: size, ModTime: at(mtime)}
}

func names(es []Entry) []string {
	out := []string{}
	for _, e := range es {
		out = append(out, e.Name)
	}
	return out
}

// A look is one listing and the names that must be ready after it.
type look struct {
	at   float64
	list []Entry
	want []string
}

func TestObserve(t *testing.T) {
	a, b := file("a", 10, 0), file("b", 20, 0)
	touched := file("a", 10, 9)
	changed := a
	changed.Changed = at(5)
	changedAgain := a
	changedAgain.Changed = at(6)
	future := file("a", 10, 1e9)
	tests := []struct {
		name  string
		looks []look
	}{
		{"one look proves nothing", []look{{0, []Entry{a}, nil}}},
		{"rests after two seconds", []look{{0, []Entry{a}, nil}, {1.9, []Entry{a}, nil}, {2, []Entry{a}, []string{"a"}}}},
		{"is offered again", []look{{0, []Entry{a}, nil}, {2, []Entry{a}, []string{"a"}}, {3, []Entry{a}, []string{"a"}}}},
		{"growth starts anew", []look{{0, []Entry{a}, nil}, {1.5, []Entry{file("a", 11, 0)}, nil}, {3, []Entry{file("a", 11, 0)}, nil}, {3.5, []Entry{file("a", 11, 0)}, []string{"a"}}}},
		{"shrinking starts anew", []look{{0, []Entry{a}, nil}, {2, []Entry{file("a", 9, 0)}, nil}}},
		{"a new time starts anew", []look{{0, []Entry{a}, nil}, {2, []Entry{touched}, nil}, {4, []Entry{touched}, []string{"a"}}}},
		{"a time set back starts anew", []look{{0, []Entry{touched}, nil}, {2, []Entry{a}, nil}}},
		{"inode change starts anew", []look{{0, []Entry{changed}, nil}, {2, []Entry{changedAgain}, nil}}},
		{"unknown inode change is not compared", []look{{0, []Entry{changed}, nil}, {2, []Entry{a}, []string{"a"}}}},
		{"a time far ahead is as good as any", []look{{0, []Entry{future}, nil}, {2, []Entry{future}, []string{"a"}}}},
		{"absence is forgotten", []look{{0, []Entry{a, b}, nil}, {1, []Entry{b}, nil}, {2, []Entry{a, b}, []string{"b"}}, {4, []Entry{b, a}, []string{"b", "a"}}}},
		{"size unknown", []look{{0, []Entry{file("a", -1, 0)}, nil}, {2, []Entry{file("a", -1, 0)}, []string{"a"}}}},
		{"a clock that jumps back starts anew", []look{{100, []Entry{a}, nil}, {1, []Entry{a}, nil}, {2, []Entry{a}, nil}, {3, []Entry{a}, []string{"a"}}}},
		{"empty listing", []look{{0, []Entry{a}, nil}, {1, nil, nil}, {2, []Entry{a}, nil}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := &Settler{Quiet: 2 * time.Second}
			for _, l := range tt.looks {
				got := names(s.Observe(at(l.at), l.list))
				if !slices.Equal(got, append([]string{}, l.want...)) {
					t.Fatalf("at %v s: ready %q, want %q", l.at, got, l.want)
				}
			}
		})
	}
}

func TestZeroSettlerAsksForDefaultQuiet(t *testing.T) {
	var s Settler
	s.Forget("nobody")
	s.Observe(start, []Entry{file("a", 1, 0)})
	if next, ok := s.Next(); !ok || !next.Equal(start.Add(DefaultQuiet)) {
		t.Errorf("Next() = %v, %v, want %v", next, ok, start.Add(DefaultQuiet))
	}
	ready := s.Observe(start.Add(DefaultQuiet), []Entry{file("a", 1, 0)})
	if len(ready) != 1 || ready[0].Rested != DefaultQuiet {
		t.Errorf("after DefaultQuiet: %+v, want a rested %v", ready, DefaultQuiet)
	}
	if next, ok := s.Next(); ok {
		t.Errorf("Next() = %v though all have rested", next)
	}
}

func TestForgetStartsAnew(t *testing.T) {
	s := Settler{Quiet: time.Second}
	list := []Entry{file("a", 1, 0)}
	s.Observe(at(0), list)
	s.Forget("a")
	if s.Len() != 0 {
		t.Errorf("Len() = %d after Forget, want 0", s.Len())
	}
	if ready := s.Observe(at(5), list); len(ready) != 0 {
		t.Errorf("ready %v right after Forget, want none", names(ready))
	}
}

func TestSeeForgetsNobody(t *testing.T) {
	s := Settler{Quiet: time.Second}
	s.See(at(0), file("a", 1, 0))
	s.See(at(0.5), file("b", 1, 0))
	e, ok := s.See(at(1), file("a", 1, 0))
	if !ok || e.Rested != time.Second {
		t.Errorf("See = %v, %v, want rested 1s, true", e.Rested, ok)
	}
	if next, ok := s.Next(); !ok || !next.Equal(at(1.5)) {
		t.Errorf("Next() = %v, %v, want %v", next, ok, at(1.5))
	}
}

func TestVouchedForHasRestedUntilItChanges(t *testing.T) {
	s := Settler{Quiet: 3 * time.Second}
	s.Vouch("a") // which nobody has seen
	for _, step := range []struct {
		at, mtime float64
		vouch     bool
		rested    time.Duration
		ready     bool
	}{
		{at: 1, rested: 0},
		{at: 2, vouch: true, rested: time.Second},
		{at: 2, rested: 3 * time.Second, ready: true},
		{at: 7, vouch: true, rested: 8 * time.Second, ready: true},
		{at: 8, rested: 9 * time.Second, ready: true}, // vouching takes nothing away
		{at: 9, mtime: 9, rested: 0},
		{at: 11, mtime: 9, rested: 2 * time.Second},
	} {
		e, ready := s.See(at(step.at), file("a", 1, step.mtime))
		if ready != step.ready || e.Rested != step.rested {
			t.Errorf("at %v: rested %v, ready %v; want %v, %v", step.at, e.Rested, ready, step.rested, step.ready)
		}
		if step.vouch {
			s.Vouch("a")
		}
	}
}

// TestModel compares with the definition: an entry is ready when every look
// of the last Quiet, the first of them at least Quiet ago, showed it the same.
func TestModel(t *testing.T) {
	type shot struct {
		at   time.Time
		list map[string]Entry
	}
	rapid.Check(t, func(t *rapid.T) {
		quiet := time.Duration(rapid.IntRange(1, 5).Draw(t, "quiet")) * time.Second
		s := Settler{Quiet: quiet}
		now := start
		var past []shot
		rested := func(name string) (time.Duration, bool) {
			last := past[len(past)-1]
			e, ok := last.list[name]
			if !ok {
				return 0, false
			}
			since := last.at
			for _, p := range slices.Backward(past) {
				if o, ok := p.list[name]; !ok || o != e {
					break
				}
				since = p.at
			}
			return last.at.Sub(since), true
		}
		for range rapid.IntRange(1, 30).Draw(t, "looks") {
			now = now.Add(time.Duration(rapid.IntRange(0, 3000).Draw(t, "ms")) * time.Millisecond)
			list := map[string]Entry{}
			var listing []Entry
			for _, name := range []string{"a", "b", "c"} {
				if rapid.IntRange(0, 5).Draw(t, "there") == 0 {
					continue
				}
				e := file(name, int64(rapid.IntRange(0, 1).Draw(t, "size")), 0)
				list[name], listing = e, append(listing, e)
			}
			past = append(past, shot{now, list})
			ready := names(s.Observe(now, listing))
			var next time.Time
			for _, e := range listing {
				d, _ := rested(e.Name)
				if got, want := slices.Contains(ready, e.Name), d >= quiet; got != want {
					t.Fatalf("%s rested %v of %v: ready is %v", e.Name, d, quiet, got)
				}
				if due := now.Add(quiet - d); d < quiet && (next.IsZero() || due.Before(next)) {
					next = due
				}
			}
			if got, ok := s.Next(); ok == next.IsZero() || !got.Equal(next) {
				t.Fatalf("Next() = %v, %v, want %v", got, ok, next)
			}
			if s.Len() != len(list) {
				t.Fatalf("Len() = %d, want %d", s.Len(), len(list))
			}
		}
	})
}
