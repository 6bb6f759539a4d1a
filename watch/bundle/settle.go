package bundle

import (
	"slices"
	"time"
)

// DefaultQuiet is the rest that a Settler asks for when Quiet is zero: programs
// write a project file and what belongs to it within seconds.
const DefaultQuiet = 5 * time.Second

// A Settler remembers since when the set of each bundle has looked as it looks.
// Media do not count: they may arrive for hours, and each settles by itself. Rest
// is the difference of the times handed in, never a file's own time against the
// clock. The zero Settler is ready for use; it is not safe for concurrent use.
type Settler struct {
	// Quiet is how long nothing of a set may change. Zero or less means
	// DefaultQuiet. It takes at least two looks to see rest.
	Quiet time.Duration

	seen map[string]rest // by Bundle.Root
}

type rest struct {
	set   []Entry
	since time.Time
}

// Observe takes all bundles as they looked at now and returns those that have
// rested, in the same order. One that is missing is forgotten: if it comes back,
// its rest starts anew.
func (s *Settler) Observe(now time.Time, bundles []Bundle) (ready []Bundle) {
	quiet := s.Quiet
	if quiet <= 0 {
		quiet = DefaultQuiet
	}
	seen := make(map[string]rest, len(bundles))
	for _, b := range bundles {
		r, known := s.seen[b.Root]
		if !known || now.Before(r.since) || !slices.EqualFunc(r.set, b.Set, same) {
			r = rest{set: slices.Clone(b.Set), since: now}
		}
		seen[b.Root] = r
		if now.Sub(r.since) >= quiet {
			ready = append(ready, b)
		}
	}
	s.seen = seen
	return ready
}

// same compares what a listing shows of two files. Their IDs are not compared:
// some shares hand out new ones each time they are mounted.
func same(a, b Entry) bool {
	return a.Name == b.Name && a.Size == b.Size && a.ModTime.Equal(b.ModTime)
}
