package watch

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"time"
)

// maxShown is how many waiting files a Status names.
const maxShown = 1000

// A Status is how a Folder stands.
type Status struct {
	Watching string    // "events", "polling" or "blind"; empty before Run has looked
	Reason   string    // a sentence: why polling or blind, or that the folder was emptied
	Since    time.Time // of Watching
	Scanned  time.Time // end of the latest complete scan; zero if there was none yet
	Took     time.Duration
	Folders  int // that are watched
	Files    int // in them that go or went, as last seen
	Skipped  int // names that do not go
	Waiting  []Waiting
	Waits    int // how many wait; Waiting names at most 1000 of them, those that need a person first
	Held     int // how many of those need a person or their writer
}

// A Waiting is a file that is not accepted yet, and why.
type Waiting struct {
	Name   string // relative to the hot folder; a folder that cannot be read ends with '/'
	Reason string // a clause for a photographer
	Since  time.Time
	Next   time.Time // when it is looked at again, if it does not change before; zero: when it changes
	Held   bool      // only a person, or the program that writes it, can help
}

// Status may be called at any time, from any goroutine.
func (f *Folder) Status() Status {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := Status{
		Watching: f.mode.watching, Reason: f.mode.reason, Since: f.mode.since,
		Scanned: f.scan.ended, Took: f.scan.took, Waits: f.waiting,
	}
	if f.top == nil {
		return s
	}
	f.top.all(func(n *node) {
		s.Folders++
		s.Files += n.files
		s.Skipped += n.skipped
	})
	for n := range f.active {
		s.Waiting = n.waits(s.Waiting)
	}
	for _, w := range s.Waiting {
		if w.Held {
			s.Held++
		}
	}
	s.Waits = len(s.Waiting)
	slices.SortFunc(s.Waiting, mostUrgent)
	s.Waiting = slices.Clip(s.Waiting[:min(len(s.Waiting), maxShown)])
	return s
}

func (n *node) waits(ws []Waiting) []Waiting {
	if n.trouble != "" {
		ws = append(ws, Waiting{Name: n.dir + "/", Reason: n.trouble, Since: n.since, Next: n.looked.Add(retry), Held: true})
	}
	for _, it := range n.waiting {
		w := Waiting{Name: join(n.dir, it.base), Reason: it.reason, Since: it.since, Next: it.next, Held: it.held}
		if w.Reason == whyBusy {
			w.Reason = fmt.Sprintf("%s (since %s)", whyBusy, it.since.Format("15:04:05"))
		}
		ws = append(ws, w)
	}
	return ws
}

func mostUrgent(a, b Waiting) int {
	if a.Held != b.Held {
		if a.Held {
			return -1
		}
		return 1
	}
	if c := a.Since.Compare(b.Since); c != 0 {
		return c
	}
	return strings.Compare(a.Name, b.Name)
}

// A mode is how changes are noticed.
type mode struct {
	watching, reason string
	since            time.Time
}

func (f *Folder) setMode(now time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	m := mode{watching: "events", since: now}
	if why := f.polling(); why != "" {
		m.watching, m.reason = "polling", fmt.Sprintf("The folder is looked at every %v, because %s.", f.interval().Round(time.Second), why)
	}
	if at := f.root.emptied; !at.IsZero() {
		m.reason = strings.TrimSpace(m.reason + fmt.Sprintf(" The folder was emptied at %s.", at.Format("15:04:05")))
	}
	if !f.root.there {
		m.watching, m.reason = "blind", sentence(f.root.why)
	}
	if m.watching == f.mode.watching {
		m.since = f.mode.since
	} else if m.watching == "polling" {
		f.set.log.Info("Hot folder polled", "folder", f.set.root, "reason", m.reason)
	}
	f.mode = m
}

func sentence(clause string) string {
	if clause == "" {
		return ""
	}
	return strings.ToUpper(clause[:1]) + clause[1:] + "."
}

// polling says why events cannot be relied upon, or "".
func (f *Folder) polling() string {
	switch {
	case f.share != "":
		return "it is on a " + f.share + ", which gives no reliable events"
	case f.Hints == nil:
		return "events are switched off"
	case errors.Is(f.armErr, syscall.ENOSPC):
		return "the system allows no more watched folders (raise fs.inotify.max_user_watches)"
	case errors.Is(f.armErr, syscall.EMFILE), errors.Is(f.armErr, syscall.ENFILE):
		return "the system allows no more watchers or open files (raise fs.inotify.max_user_instances or the limit of open files)"
	case f.armErr != nil:
		return fmt.Sprintf("the system gives no events (%v)", f.armErr)
	}
	return ""
}
