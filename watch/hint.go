package watch

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
)

// maxHints is the number of folders after which it is cheaper to look at all.
const maxHints = 10_000

var errEnded = errors.New("the agent is stopping")

// Hints boils the events of the operating system down to "look again in this
// folder": a set without order, doubles or detail. It never blocks the source of
// the events, and it may be wrong in both directions: whoever takes a hint looks
// for himself, and looks at everything from time to time anyway.
type Hints struct {
	root string
	wake chan struct{} // holds one token while the set is not empty

	opened chan *watcher // from Arm to Run

	mu   sync.Mutex // guards the rest; not held while the system is asked for a watch
	dirs map[string]struct{}
	all  bool
	sys  *watcher // nil until the first Arm
	gone error    // why no watch will be had any more
}

// NewHints makes the hints of one hot folder. Nothing is opened before the
// first Arm. With an empty root nothing is ever opened: only Look gives hints.
func NewHints(root string) *Hints {
	if root != "" {
		root = filepath.Clean(root)
	}
	return &Hints{
		root:   root,
		wake:   make(chan struct{}, 1),
		opened: make(chan *watcher, 1),
		dirs:   make(map[string]struct{}),
	}
}

// Look asks for a look at dir, relative to the root with '/'; "." is the root.
// A name that is no folder means the folder that holds it.
func (h *Hints) Look(dir string) {
	h.mu.Lock()
	if len(h.dirs) < maxHints {
		h.dirs[dir] = struct{}{}
	} else {
		h.all = true
	}
	h.mu.Unlock()
	h.ring()
}

// LookAll asks for a look at everything: events were lost.
func (h *Hints) LookAll() {
	h.mu.Lock()
	h.all = true
	h.mu.Unlock()
	h.ring()
}

func (h *Hints) ring() {
	select {
	case h.wake <- struct{}{}:
	default:
	}
}

// take empties the set.
func (h *Hints) take() (dirs map[string]struct{}, all bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	dirs, all = h.dirs, h.all
	h.dirs, h.all = make(map[string]struct{}), false
	return dirs, all
}

// Run takes the events until ctx ends and returns ctx.Err(). It must run while
// a Folder uses h.
func (h *Hints) Run(ctx context.Context) error {
	defer h.close(errEnded)
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case sys := <-h.opened:
			sys.drain(ctx, h)
			h.LookAll() // what happened since is lost
		}
	}
}

// Arm makes dir, relative to the root, a source of hints: what changes in it
// after Arm has returned gives one. Repeating it is cheap and renews a watch
// that a rename has led astray. The errors are those of the system, such as
// ENOSPC when no more watches are allowed; then no change in dir is promised to
// give a hint. Arm and Disarm are for one goroutine, that of the Folder.
func (h *Hints) Arm(dir string) error {
	if h.root == "" {
		return nil
	}
	sys, err := h.open()
	if err != nil {
		return err
	}
	err = sys.arm(h.path(dir))
	if errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) {
		// Where each watched file costs a descriptor, give them all back: the
		// connections and the ledger need some, too.
		h.close(err)
	}
	return err
}

func (h *Hints) open() (*watcher, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.sys != nil || h.gone != nil {
		return h.sys, h.gone
	}
	sys, err := openWatcher(h.root)
	if err != nil {
		return nil, err
	}
	h.sys = sys
	h.opened <- sys // has room: there is one watcher in a life
	return sys, nil
}

func (h *Hints) close(why error) {
	h.mu.Lock()
	sys := h.sys
	h.sys, h.gone = nil, why
	h.mu.Unlock()
	if sys != nil {
		sys.close()
	}
}

// Disarm ends what Arm began, for dir and everything below it.
func (h *Hints) Disarm(dir string) {
	h.mu.Lock()
	sys := h.sys
	h.mu.Unlock()
	if sys != nil {
		sys.disarm(h.path(dir))
	}
}

func (h *Hints) path(dir string) string { return filepath.Join(h.root, filepath.FromSlash(dir)) }

// relative turns a path below the root into a name; ok is false for any other.
func (h *Hints) relative(path string) (name string, ok bool) {
	if path == h.root {
		return ".", true
	}
	prefix := h.root
	if !strings.HasSuffix(prefix, string(filepath.Separator)) {
		prefix += string(filepath.Separator)
	}
	name, ok = strings.CutPrefix(path, prefix)
	return filepath.ToSlash(name), ok
}
