package outbound

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/sync/ledger"
	"github.com/studio-agent/studio-agent/watch"
)

// digestFirst is the size up to which a new file is read before it is queued. A
// larger one is digested while it is sent, unless it may be known by another
// name. Where contents are compared, by a rule for selects or by the remote,
// compareFirst takes its place.
const (
	digestFirst  = 8 << 20
	compareFirst = 64 << 20
)

// A Target is an account that a hot folder sends to.
type Target struct {
	Account string
	Vet     func(context.Context, connectors.Photo) (string, error) // nil: nothing to ask
	Marks   bool                                                    // it can mark what was delivered
	SHA1    bool                                                    // it compares files by SHA-1
	Task    *TaskRule                                               // for selects: how they become tasks; nil: they do not
}

// An Enqueuer turns the finished files of one hot folder into jobs.
type Enqueuer struct {
	Ledger   *ledger.Ledger
	Bench    string // empty for a mirror
	Role     connectors.Role
	Remote   string // of a mirror: the remote folder, as agent.yaml spells it
	Folder   string // root of the hot folder
	Targets  []Target
	Selects  *SelectRule // of captures: which of them are selects; nil: none are
	First    FirstSight
	Together time.Duration // how long RAW and developed files of one stem wait for each other; 0: not at all
	Resend   bool          // send a renamed file again under its new name; a mirror always does
	Metadata bool          // send a file of which only metadata changed again; a mirror always does
	// Batch names, for the ledger, the task that a file belongs to by where it lies;
	// "" means that it is not known just now. Nil: files belong to none.
	Batch func(name string) string
	Skip  watch.Skip // for the first sight, and for sidecars: those that it lets through are not sent
	Log   *slog.Logger

	turn     sync.Mutex // held while files are judged and entered: generations are counted
	pairs    pairs      // guarded by turn
	siblings siblings   // guarded by turn

	mu      sync.Mutex // guards what follows
	sighted bool
	known   ledger.Folder
	slot    time.Time // when the next file of a held folder may be offered again
}

// Known is what the ledger remembers of one folder, for watch.Folder. The first
// call takes the first sight of the hot folder.
func (e *Enqueuer) Known(ctx context.Context, dir string) (map[string]watch.Stamp, error) {
	if err := e.sight(ctx); err != nil {
		return nil, err
	}
	stamps, err := e.Ledger.Known(ctx, e.Folder, dir)
	known := make(map[string]watch.Stamp, len(stamps))
	for name, s := range stamps {
		known[name] = watch.Stamp{Size: s.Size, ModTime: s.ModTime, Changed: s.Changed}
	}
	return known, err
}

// Emit takes finished files over, for watch.Folder: what follows from those
// without an error is on disk when it returns. A *watch.LaterError says when to
// offer a file again.
func (e *Enqueuer) Emit(ctx context.Context, files []watch.File) []error {
	b := batch{e: e, errs: make([]error, len(files))}
	if err := e.sight(ctx); err != nil {
		for i := range files {
			b.errs[i] = err
		}
		return b.errs
	}
	e.turn.Lock()
	defer e.turn.Unlock()
	for i, f := range files {
		if b.errs[i] = e.held(ctx, time.Now()); b.errs[i] == nil {
			b.take(ctx, i, f)
		}
	}
	b.enter(ctx)
	return b.errs
}

// later turns a file that changed or left while it was looked at into a second
// look.
func later(err error, f watch.File) error {
	if errors.Is(err, errChanged) || errors.Is(err, os.ErrNotExist) {
		return &watch.LaterError{Until: time.Now().Add(time.Second), Reason: f.Name + " changed while it was read"}
	}
	return err
}

// decide adds to d what follows from one finished file.
func (e *Enqueuer) decide(ctx context.Context, f watch.File, d *decision) error {
	before, seen, err := e.Ledger.FindFile(ctx, e.Folder, f.Name)
	if err != nil {
		return err
	}
	if seen && stamp(f).same(before.Stamp) {
		return nil
	}
	if e.onlyRead(f.Name) {
		d.remember(ledger.File{Folder: e.Folder, Name: f.Name, Stamp: ledger.Stamp(stamp(f))})
		return e.heed(ctx, f, d)
	}
	return e.accept(ctx, f, before, seen, d)
}

// Again looks anew at a file that was accepted and is gone, or turned out to be
// another than its size and times say: no watcher may see that.
func (e *Enqueuer) Again(ctx context.Context, name string) error {
	e.turn.Lock()
	defer e.turn.Unlock()
	before, seen, err := e.Ledger.FindFile(ctx, e.Folder, name)
	if err != nil || !seen {
		return err
	}
	path := filepath.Join(e.Folder, filepath.FromSlash(name))
	if info, err := os.Lstat(path); err == nil && info.Mode().IsRegular() {
		f := watch.File{Name: name, Path: path, Stamp: watch.Stamp{Size: info.Size(), ModTime: info.ModTime(), Changed: before.Changed}}
		var d decision
		if e.accepted(ctx, f, before) {
			err = e.accept(ctx, f, before, seen, &d)
		} else {
			err = errChanged
		}
		if err == nil {
			return e.enter(ctx, d, time.Now())
		}
	}
	before.ModTime = ledger.NoTime
	return e.Ledger.Accept(time.Now(), ledger.Acceptance{Files: []ledger.File{before}})
}

// accepted reports whether a file still is as it was accepted last: the ledger
// forgets that when it gives up a job.
func (e *Enqueuer) accepted(ctx context.Context, f watch.File, before ledger.File) bool {
	if !before.ModTime.Equal(ledger.NoTime) {
		return stamp(f).same(before.Stamp)
	}
	jobs, err := e.Ledger.Jobs(ctx, e.Folder, f.Name)
	return err == nil && slices.ContainsFunc(jobs, func(j ledger.Job) bool {
		return stamp(f).same(ledger.Stamp{Size: j.Size, ModTime: j.ModTime, Changed: j.Changed})
	})
}

// stamp compares as watch does; the ledger stores.
type fileStamp ledger.Stamp

func stamp(f watch.File) fileStamp {
	return fileStamp{Size: f.Size, ModTime: f.ModTime, Changed: f.Changed}
}

func (s fileStamp) same(b ledger.Stamp) bool {
	return watch.Stamp(s).Same(watch.Stamp(b))
}
