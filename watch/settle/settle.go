// Package settle decides from listings over time which names have come to
// rest. It holds no clock, reads no disk and starts nothing, so it serves local
// folders and remote ones alike.
package settle

import (
	"maps"
	"time"
)

// DefaultQuiet is the rest that a Settler asks for when Quiet is zero: the
// least that a listing without other evidence deserves.
const DefaultQuiet = 2 * time.Second

// An Entry is one name as a listing shows it.
type Entry struct {
	Name    string
	Size    int64     // bytes; -1 if the listing does not tell
	ModTime time.Time // zero if the listing does not tell
	Changed time.Time // inode change time; zero where unknown, and then not compared
	// Rested is how long the entry has looked the same. Observe and See fill
	// it; what the caller puts there is ignored.
	Rested time.Duration
}

func (e Entry) same(o Entry) bool {
	if e.Size != o.Size || !e.ModTime.Equal(o.ModTime) {
		return false
	}
	return e.Changed.IsZero() || o.Changed.IsZero() || e.Changed.Equal(o.Changed)
}

// A Settler remembers since when each name has looked as it looks. Rest is the
// difference of the times handed in, never a file's own time against the clock:
// a camera whose clock runs ahead settles like any other. The zero Settler is
// ready for use; it is not safe for concurrent use.
type Settler struct {
	// Quiet is how long size and times must stay the same. Zero or less means
	// DefaultQuiet. It takes at least two looks to see rest.
	Quiet time.Duration

	seen    map[string]rest
	now     time.Time // of the latest look
	listing int       // counts calls of Observe
}

type rest struct {
	entry   Entry
	since   time.Time
	listing int // the latest one that showed it
}

func (s *Settler) quiet() time.Duration {
	if s.Quiet <= 0 {
		return DefaultQuiet
	}
	return s.Quiet
}

// Observe takes a complete listing made at now and returns the entries that
// have rested, in the order of the listing. They are returned again by each
// Observe until they change or Forget is called. A name that the listing lacks
// is forgotten; if it comes back, its rest starts anew.
func (s *Settler) Observe(now time.Time, listing []Entry) (ready []Entry) {
	s.listing++
	for _, e := range listing {
		if e, ok := s.See(now, e); ok {
			ready = append(ready, e)
		}
	}
	maps.DeleteFunc(s.seen, func(_ string, r rest) bool { return r.listing != s.listing })
	s.now = now
	return ready
}

// See takes one entry as it looked at now, fills Rested and reports whether it
// has rested. Nothing else is forgotten: See is for a caller that looks at one
// name, or that knows by itself which names are gone.
func (s *Settler) See(now time.Time, e Entry) (Entry, bool) {
	if s.seen == nil {
		s.seen = make(map[string]rest)
	}
	r, ok := s.seen[e.Name]
	if !ok || !r.entry.same(e) || now.Before(r.since) {
		r.since = now
	}
	e.Rested = now.Sub(r.since)
	r.entry, r.listing = e, s.listing
	s.seen[e.Name] = r
	s.now = now
	return e, e.Rested >= s.quiet()
}

// Vouch says that name, as it looked at the latest look, has rested for Quiet by
// then: the caller knows it otherwise. A name that was not seen is not vouched for.
func (s *Settler) Vouch(name string) {
	if r, ok := s.seen[name]; ok {
		r.since = s.now.Add(-max(s.quiet(), s.now.Sub(r.since)))
		s.seen[name] = r
	}
}

// Forget drops what is known about name: it was taken, or it is gone.
func (s *Settler) Forget(name string) { delete(s.seen, name) }

// Len is the number of names that are remembered.
func (s *Settler) Len() int { return len(s.seen) }

// Next says when the next name that had not rested at the latest look will have
// rested, if it stays as it is. False means that there is none to wait for.
func (s *Settler) Next() (time.Time, bool) {
	var next time.Time
	for _, r := range s.seen {
		at := r.since.Add(s.quiet())
		if at.After(s.now) && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	return next, !next.IsZero()
}
