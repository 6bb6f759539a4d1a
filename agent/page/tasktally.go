package page

import (
	"context"
	"sync"
	"time"

	"github.com/studio-agent/studio-agent/agent/overview"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

// taskPages are what the pages of tasks keep for a moment.
type taskPages struct {
	mu     sync.Mutex
	stamp  string // of the ledger when the albums were read
	albums map[string][]ledger.Print

	templates templateCache
}

// album returns the pictures of a task. All open pages share what was read since
// the last news.
func (s *Server) album(ctx context.Context, task string) ([]ledger.Print, error) {
	stamp, err := s.Ledger.Stamp(ctx)
	if err != nil {
		return nil, err
	}
	c := &s.tasks
	c.mu.Lock()
	defer c.mu.Unlock()
	if stamp != c.stamp || c.albums == nil {
		c.stamp, c.albums = stamp, map[string][]ledger.Print{}
	}
	if album, ok := c.albums[task]; ok {
		return album, nil
	}
	album, err := s.Ledger.Album(ctx, task)
	if err == nil {
		c.albums[task] = album
	}
	return album, err
}

// A taskTally counts the pictures of a task.
type taskTally struct {
	All                                          int
	Sending, Retouch, Ready, Importing, Imported int
	Errors, Closed                               int
	Late                                         int // still awaited, though the deadline has passed
}

func tallyOf(t ledger.Task, album []ledger.Print, now time.Time) taskTally {
	c := taskTally{All: len(album)}
	counts := map[ledger.PictureState]*int{
		ledger.Sending: &c.Sending, ledger.AtRetouch: &c.Retouch, ledger.ReadyToImport: &c.Ready, ledger.Importing: &c.Importing,
		ledger.PictureImported: &c.Imported, ledger.Error: &c.Errors, ledger.PictureClosed: &c.Closed,
	}
	passed := !t.Deadline.IsZero() && now.After(t.Deadline)
	for _, p := range album {
		*counts[p.State]++
		if passed && !p.Settled() {
			c.Late++
		}
	}
	return c
}

// sign is the state of a task in one sign.
func (c taskTally) sign(t ledger.Task) overview.Sign {
	switch {
	case t.State == ledger.Cancelled || t.State == ledger.Closed && c.Imported == 0:
		return overview.Waiting
	case t.State.Open() && c.Errors+c.Ready+c.Late > 0, c.Errors+c.Ready > 0:
		return overview.Needs
	case !t.State.Open():
		return overview.Fine
	}
	return overview.Working
}

// A slice is one part of a bar.
type slice struct {
	Class    string
	From, To float64 // per cent
}

// Width is the slice's, in per cent.
func (s slice) Width() float64 { return s.To - s.From }

// Bar is c as a bar: what is imported, ready, in error, at retouch, written off.
func (c taskTally) Bar() (bar []slice) {
	at := 0
	for _, part := range []struct {
		class string
		n     int
	}{{"imported", c.Imported + c.Importing}, {"ready", c.Ready}, {"errors", c.Errors}, {"retouch", c.Retouch + c.Sending}, {"closed", c.Closed}} {
		if part.n > 0 {
			bar = append(bar, slice{part.class, percent(at, c.All), percent(at+part.n, c.All)})
		}
		at += part.n
	}
	return bar
}

// percent is n of all, to a tenth.
func percent(n, all int) float64 { return float64(n*1000/max(1, all)) / 10 }
