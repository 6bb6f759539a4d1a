package main

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/studio-agent/studio-agent/agent/config"
)

// A shot is one content that the photographer has made: it must be at each
// account of its hot folder, once.
type shot struct {
	bench, name string   // name as it was first finished, below the hot folder
	to          []string // accounts
	sha         string
	size        int64
	done        time.Time // when its last byte was written; zero while it is being written
	chosen      []string  // accounts that it goes to as a select; nil if it is none
	chosenAt    time.Time
	starred     bool // it was chosen by what its XMP says, not by its folder
	selected    bool // of a wanted one: the account must show it as selected
	ordered     bool // a person ordered it on the page
	again       int  // how often it was ordered once more
	waived      bool // a person waits for its retouch no more
	withheld    bool // it must not arrive
}

// column is what stands for a bench or mirror in the column of benches: nothing
// for a mirror, whose title is long.
func column(title string) string {
	if isMirror(title) {
		return ""
	}
	return title
}

func isMirror(title string) bool { return strings.Contains(title, " ") }

// wanted reports whether s must be at an account.
func (s shot) wanted(account string) bool {
	return !s.withheld && (slices.Contains(s.to, account) || slices.Contains(s.chosen, account))
}

// since is when s was ready to go to an account.
func (s shot) since(account string) time.Time {
	if !slices.Contains(s.to, account) {
		return s.chosenAt
	}
	return s.done
}

// An album is all that the photographer knows. It may be used from several
// goroutines.
type album struct {
	mu      sync.Mutex
	shots   []*shot
	arrived map[arrival]time.Time
	renamed int // pictures that got another name after they were finished
	fixed   int // pictures that went once they had their right name
}

type arrival struct{ account, sha string }

func newAlbum() *album { return &album{arrived: map[arrival]time.Time{}} }

func digestOf(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// begin notes a content that is about to be written.
func (a *album) begin(f config.HotFolder, name string, content []byte) *shot {
	a.mu.Lock()
	defer a.mu.Unlock()
	s := &shot{bench: f.Title(), to: f.To, name: name, sha: digestOf(content), size: int64(len(content))}
	if f.Role == config.Select {
		s.chosen = f.To
	}
	a.shots = append(a.shots, s)
	return s
}

// finish notes that the last byte of s is written.
func (a *album) finish(s *shot) {
	a.mu.Lock()
	defer a.mu.Unlock()
	s.done = time.Now()
}

// choose notes that s is a select from now on.
func (a *album) choose(s *shot, to []string, starred bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	s.chosen, s.chosenAt, s.starred = to, time.Now(), starred
}

// order notes that a person orders s from an account, or orders it once more.
func (a *album) order(s *shot, account string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if s.ordered {
		s.again++
		return
	}
	s.chosen, s.chosenAt, s.ordered = []string{account}, time.Now(), true
}

func (a *album) update(change func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	change()
}

// finished are all contents that must arrive.
func (a *album) finished() []shot {
	a.mu.Lock()
	defer a.mu.Unlock()
	var all []shot
	for _, s := range a.shots {
		if !s.done.IsZero() {
			all = append(all, *s)
		}
	}
	return all
}

// arrive notes that an account has a content. known is false if nobody has made
// it; again, if it was there before.
func (a *album) arrive(account, sha string, at time.Time) (s shot, known, again bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	i := slices.IndexFunc(a.shots, func(s *shot) bool { return s.sha == sha })
	if i < 0 {
		return shot{}, false, false
	}
	key := arrival{account, sha}
	if _, again = a.arrived[key]; !again {
		a.arrived[key] = at
	}
	return *a.shots[i], true, again
}

// isAt reports whether an account has what s is.
func (a *album) isAt(account string, s *shot) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	_, there := a.arrived[arrival{account, s.sha}]
	return there
}

// count is how many contents have arrived anywhere.
func (a *album) count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.arrived)
}

// has reports whether a photographer has made a content.
func (a *album) has(sha string) bool { return a.benchOf(sha) != "" }

// benchOf is where a content was made; empty if nobody made it.
func (a *album) benchOf(sha string) string {
	s, _ := a.shotOf(sha)
	return s.bench
}

// shotOf is what has a content; ok is false if nobody made it.
func (a *album) shotOf(sha string) (s shot, ok bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	i := slices.IndexFunc(a.shots, func(s *shot) bool { return s.sha == sha })
	if i < 0 {
		return shot{}, false
	}
	return *a.shots[i], true
}

// latest is the newest content under a name.
func (a *album) latest(bench, name string) (shot, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, s := range slices.Backward(a.shots) {
		if s.bench == bench && s.name == name {
			return *s, true
		}
	}
	return shot{}, false
}

// delays are the times from last byte to arrival, the shortest first.
func (a *album) delays() []time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	var all []time.Duration
	for key, at := range a.arrived {
		for _, s := range a.shots {
			if s.sha == key.sha && !s.done.IsZero() {
				all = append(all, max(0, at.Sub(s.since(key.account))))
			}
		}
	}
	slices.Sort(all)
	return all
}

// remarks tell what the photographers did besides taking pictures. The proof
// says whether it went well.
func (a *album) remarks() (lines []string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	moved, starred, ordered := 0, 0, 0
	for _, s := range a.shots {
		switch {
		case s.ordered:
			ordered++
		case s.starred:
			starred++
		case s.chosen != nil:
			moved++
		}
	}
	add := func(n int, text string) {
		if n > 0 {
			lines = append(lines, count(n, "picture")+" "+text)
		}
	}
	add(a.renamed, "got a new name or folder after the shot: none may come twice")
	add(moved, "went into selects: a platform must show them as selected (status 30)")
	add(starred, "got stars in an XMP sidecar: a select where it lies")
	add(ordered, "got ordered on the page: each order must be placed once")
	add(a.fixed, "had a name without a product: held until the name was right")
	return lines
}
