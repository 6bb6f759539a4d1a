package ftp

import (
	"context"
	"fmt"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/jlaffaye/ftp"

	"github.com/studio-agent/studio-agent/connectors/layout"
)

// deepest is how many folders may lie in each other. More is a loop.
const deepest = 50

// walk visits all finished files below dir, which is absolute. Links are not
// followed, and folders in skip not entered. What cannot be read is an error.
func (s *session) walk(ctx context.Context, dir string, skip map[string]bool, visit func(name string, e *ftp.Entry) error) error {
	type folder struct {
		name  string // below dir
		depth int
	}
	for todo := []folder{{}}; len(todo) > 0; {
		f := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if err := ctx.Err(); err != nil {
			return err
		}
		if f.depth > deepest {
			return fmt.Errorf("the folder %s lies in %d others; is it a loop?", path.Join(dir, f.name), f.depth)
		}
		list, err := s.list(path.Join(dir, f.name))
		if _, gone := refused(err, 550); gone && f.depth > 0 && !s.listed(path.Join(dir, f.name)) {
			continue // taken away in this very moment
		}
		if err != nil {
			return err
		}
		for _, e := range list {
			name := e.Name
			if f.name != "" {
				name = f.name + "/" + e.Name
			}
			switch {
			case layout.Unfinished(e.Name) || e.Type == ftp.EntryTypeLink:
			case e.Type == ftp.EntryTypeFolder:
				if usable(e.Name) && !skip[path.Join(dir, name)] {
					todo = append(todo, folder{name, f.depth + 1})
				}
			default:
				if err := visit(name, e); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// listed reports whether the folder above lists name; true where it cannot be
// asked.
func (s *session) listed(name string) bool {
	list, err := s.list(path.Dir(name))
	if err != nil {
		return true
	}
	for _, e := range list {
		if e.Name == path.Base(name) {
			return true
		}
	}
	return false
}

// usable reports whether a listed name may be sent back to the server.
func usable(base string) bool {
	return layout.Ours(base) && !strings.Contains(base, "/")
}

// A timeCache holds times asked by MDTM: a LIST has them to the minute, in
// nobody knows which time zone, and without a year. An entry that looks the same
// for steady needs no question: a rewrite would show another minute by then.
type timeCache struct {
	mu   sync.Mutex
	seen map[string]timed
}

const steady = 2 * time.Minute

type timed struct {
	size   uint64
	listed time.Time
	first  time.Time // when it was first seen so, by our clock
	exact  time.Time
}

// when is the time of a listed file, to the second if the server tells it.
func (c *timeCache) when(s *session, name string, e *ftp.Entry) (time.Time, error) {
	if s.conn.IsTimePreciseInList() || !s.conn.IsGetTimeSupported() {
		return e.Time, nil
	}
	c.mu.Lock()
	known, ok := c.seen[name]
	c.mu.Unlock()
	same := ok && known.size == e.Size && known.listed.Equal(e.Time)
	if same && time.Since(known.first) > steady {
		return known.exact, nil
	}
	exact, err := s.modTime(name)
	if missing(err) != nil {
		return time.Time{}, err
	}
	if exact.IsZero() {
		exact = e.Time
	}
	if !same || !known.exact.Equal(exact) {
		known = timed{size: e.Size, listed: e.Time, first: time.Now(), exact: exact}
	}
	c.mu.Lock()
	c.seen[name] = known
	c.mu.Unlock()
	return exact, nil
}
