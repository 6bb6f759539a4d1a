package outbound

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/sync/ledger"
	"github.com/studio-agent/studio-agent/watch"
)

// digestFirst is the size up to which a new file is read before it is queued;
// a larger one is digested while it is sent, unless its name or size is known.
const digestFirst = 64 << 20

// A Target is an account that a hot folder sends to.
type Target struct {
	Account string
	Vet     func(context.Context, connectors.Photo) (string, error) // nil: nothing to ask
	Marks   bool                                                    // it can mark what was delivered
}

// An Enqueuer turns the finished files of one hot folder into jobs.
type Enqueuer struct {
	Ledger   *ledger.Ledger
	Bench    string
	Role     connectors.Role
	Folder   string // root of the hot folder
	Targets  []Target
	First    FirstSight
	Together time.Duration // how long RAW and developed files of one stem wait for each other; 0: not at all
	Resend   bool          // send a renamed file again under its new name
	Skip     watch.Skip    // for the first sight
	Log      *slog.Logger

	turn  sync.Mutex // held while files are judged and entered: generations are counted
	pairs pairs      // guarded by turn

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

// Emit takes a finished file over: what follows from it is on disk when it
// returns nil. A *watch.LaterError says when to offer the file again.
func (e *Enqueuer) Emit(ctx context.Context, f watch.File) error {
	if err := e.sight(ctx); err != nil {
		return err
	}
	now := time.Now()
	if err := e.held(ctx, now); err != nil {
		return err
	}
	e.turn.Lock()
	defer e.turn.Unlock()
	group, err := e.gather(f, now)
	if err != nil {
		return err
	}
	var d decision
	for _, member := range group {
		if err := e.decide(ctx, member, &d); err != nil {
			e.leave(member)
			return later(err, member)
		}
	}
	if err := e.enter(d, now); err != nil {
		return err
	}
	e.went(f)
	return nil
}

// A decision is what follows from finished files that belong together.
type decision struct {
	ledger.Acceptance
	moot []moot
}

// A moot is a parked delivery of a name that its file has no more.
type moot struct {
	ledger.Job
	now string // the name that it has
}

// enter puts a decision on disk.
func (e *Enqueuer) enter(d decision, now time.Time) error {
	if len(d.Files) == 0 {
		return nil
	}
	if err := e.Ledger.Accept(now, d.Acceptance); err != nil {
		return err
	}
	for _, j := range d.Jobs {
		if j.State == ledger.Parked {
			e.Log.Warn("Photo is held: a person must act", "account", j.Account, "bench", e.Bench, "name", j.Name, "reason", j.Reason)
		}
	}
	for _, m := range d.moot {
		event := ledger.Event{What: ledger.Overtaken, At: now, Reason: "the file was renamed to " + m.now}
		if _, err := e.Ledger.Record(m.Job, event); err != nil && !errors.Is(err, ledger.ErrLost) {
			e.Log.Warn("A held photo was renamed, but stays held under its old name", "name", m.Name, "error", err)
		}
	}
	return nil
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
	return e.accept(ctx, f, before, seen, d)
}

// noTime is the time of a file that was accepted and then not sent: whatever
// comes under its name is looked at, even if it looks as before.
var noTime = time.Unix(0, math.MinInt64)

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
		if stamp(f).same(before.Stamp) {
			err = e.accept(ctx, f, before, seen, &d)
		} else {
			err = errChanged
		}
		if err == nil {
			return e.enter(d, time.Now())
		}
	}
	before.ModTime = noTime
	return e.Ledger.Accept(time.Now(), ledger.Acceptance{Files: []ledger.File{before}})
}

func (e *Enqueuer) accept(ctx context.Context, f watch.File, before ledger.File, seen bool, d *decision) error {
	if from, err := e.leftAlone(ctx, f, seen); err != nil {
		return err
	} else if from != "" {
		d.Notes = withNote(d.Notes, len(d.Files), "left alone as "+from+", in another folder now")
		d.Files = append(d.Files, ledger.File{Folder: e.Folder, Name: f.Name, Stamp: ledger.Stamp(stamp(f))})
		return nil
	}
	digests, err := e.digest(ctx, f, seen)
	if err != nil {
		return err
	}
	file := ledger.File{Folder: e.Folder, Name: f.Name, Stamp: ledger.Stamp(stamp(f)), SHA256: digests.SHA256, Generation: before.Generation + 1}
	var earlier []ledger.Job
	if seen {
		if earlier, err = e.Ledger.Jobs(ctx, e.Folder, f.Name); err != nil {
			return err
		}
	}
	if seen && unchangedContent(before, file) && !dropped(earlier, before.Generation) {
		file.Generation = before.Generation
		d.Files = append(d.Files, file)
		return nil
	}
	return e.jobs(ctx, f, file, digests, earlier, d)
}

// dropped reports whether a job of this generation was given up because its file
// was gone or changed for a while. Now that it is back it has to be sent.
func dropped(jobs []ledger.Job, generation int) bool {
	return slices.ContainsFunc(jobs, func(j ledger.Job) bool {
		return j.Generation == generation && j.State == ledger.Superseded
	})
}

// digest reads a file whose content may be known already, every small one, and
// every select, because a mark finds its photo by content. The digests of
// another large new file are made while it is sent.
func (e *Enqueuer) digest(ctx context.Context, f watch.File, seen bool) (connectors.Digests, error) {
	known, err := e.Ledger.SizeKnown(ctx, e.Bench, f.Size)
	if err != nil || !seen && !known && f.Size > digestFirst && !slices.ContainsFunc(e.Targets, e.marks) {
		return connectors.Digests{}, err
	}
	return digest(f.Path, f.Size, f.ModTime)
}

// marks reports whether t learns of a photo in this folder by a mark.
func (e *Enqueuer) marks(t Target) bool { return t.Marks && e.Role == connectors.Select }

// unchangedContent reports whether only times differ. Of a file that was left
// alone at first sight no digest is known; its size and time must do.
func unchangedContent(before, now ledger.File) bool {
	if before.SHA256 != "" {
		return before.SHA256 == now.SHA256
	}
	return before.Generation == 0 && before.Size == now.Size && before.ModTime.Equal(now.ModTime)
}

// stamp compares as watch does; the ledger stores.
type fileStamp ledger.Stamp

func stamp(f watch.File) fileStamp {
	return fileStamp{Size: f.Size, ModTime: f.ModTime, Changed: f.Changed}
}

func (s fileStamp) same(b ledger.Stamp) bool {
	return watch.Stamp(s).Same(watch.Stamp(b))
}
