package watch

import (
	"cmp"
	"context"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/studio-agent/studio-agent/watch/picture"
)

// An Emit takes finished files of one folder over. It returns an error for each,
// in order; nil means that all were taken. An error means "offer it again soon",
// a LaterError "offer it again then".
type Emit func(ctx context.Context, files []File) []error

// Run watches until ctx ends and returns ctx.Err(). It calls emit for each
// finished file, some of one folder at a time, and again when the file changes;
// meanwhile it looks nowhere, so emit should record and return. Whatever goes
// wrong below Root is in Status and never ends Run.
//
// When a file was accepted, files of the same folder and stem that got a
// LaterError are offered again at once, and so are all of the same pass: RAW and
// JPEG release each other.
func (f *Folder) Run(ctx context.Context, emit Emit) error {
	f.prepare()
	var wake <-chan struct{}
	if f.Hints != nil {
		wake = f.Hints.wake
	}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-wake:
		case <-timer.C:
		}
		timer.Reset(time.Until(f.work(ctx, emit)))
	}
}

func (f *Folder) prepare() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.set = settings{
		root: filepath.Clean(f.Root), settle: cmp.Or(max(f.Settle, 0), DefaultSettle), rescan: cmp.Or(max(f.Rescan, 0), DefaultRescan),
		look: f.Look, busy: f.Busy, log: f.Log, read: f.read, peek: f.peek, most: cmp.Or(f.most, maxWaiting),
	}
	if f.set.look == nil {
		f.set.look = picture.Look
	}
	if f.set.busy == nil {
		f.set.busy = openForWriting
	}
	if f.set.log == nil {
		f.set.log = slog.New(slog.DiscardHandler)
	}
	if f.set.read == nil {
		f.set.read = readFolder
	}
	if f.set.peek == nil {
		f.set.peek = peekRoot
	}
	f.settler.Quiet = f.set.settle
	f.root = rootState{id: f.Identity}
	f.plant()
}

// plant begins with an empty memory: nothing is known of the tree.
func (f *Folder) plant() {
	if f.top != nil {
		f.uproot(f.top)
	}
	f.top = &node{dir: "."}
	f.active = make(map[*node]struct{})
	f.hinted = make(map[*node]time.Time)
	f.crowded = make(map[*node]struct{})
	f.scan.queue = nil
}

// work does all that is due and says when to come back. Between two folders
// of a scan it looks where hints point and offers what has come to rest, so that
// a capture need not wait for the end of a long scan.
func (f *Folder) work(ctx context.Context, emit Emit) time.Time {
	for ctx.Err() == nil {
		now := time.Now()
		f.takeHints(now)
		if !f.rootThere(now) {
			return f.root.next
		}
		f.setMode(now)
		did := f.lookHinted(ctx, now)
		did = f.offerDue(ctx, now, emit) || did
		did = f.scanStep(ctx, now) || did
		if !did {
			f.setMode(now)
			return f.next()
		}
	}
	return time.Now()
}

func (f *Folder) next() time.Time {
	next := earlier(f.root.next, f.scan.due)
	next = earlier(next, f.due)
	for _, at := range f.hinted {
		next = earlier(next, at)
	}
	return next
}

// earlier is the earlier of two times; zero is never.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
