package outbound

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/studio-agent/studio-agent/sync/ledger"
	"github.com/studio-agent/studio-agent/watch"
)

// A FirstSight says what to do with the files that lie in a hot folder when the
// agent meets it for the first time ever.
type FirstSight struct {
	Ignore    bool      // leave them all alone
	Since     time.Time // leave those alone that are older; zero: none
	HoldFiles int       // more files than this wait for a person
	HoldBytes int64     // more bytes than this wait for a person
}

// sight takes the first sight, once in the life of a hot folder.
func (e *Enqueuer) sight(ctx context.Context) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.sighted {
		return nil
	}
	known, seen, err := e.Ledger.FindFolder(ctx, e.Folder)
	if err != nil {
		return err
	}
	if !seen || known.Held == ledger.Unsighted {
		if known, err = e.firstSight(ctx, known); err != nil {
			return err
		}
	}
	e.known, e.sighted = known, true
	return nil
}

// Identify notes of which disk and folder the hot folder's root is, for
// watch.Folder. On another disk a first sight may have to be taken anew.
func (e *Enqueuer) Identify(identity string) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.sighted = false
	return e.Ledger.SetIdentity(e.Folder, e.Bench, identity)
}

// firstSight may be a second try of one that was broken off: what came since is
// not taken for what lay there before.
func (e *Enqueuer) firstSight(ctx context.Context, known ledger.Folder) (ledger.Folder, error) {
	folder := ledger.Folder{Path: e.Folder, Bench: e.Bench, Identity: known.Identity, Seen: known.Seen, Held: ledger.Unsighted}
	if folder.Seen.IsZero() {
		folder.Seen = time.Now()
	}
	if err := e.Ledger.PutFolder(folder); err != nil {
		return folder, err
	}
	census := census{enqueuer: e, met: folder.Seen}
	if err := watch.Walk(ctx, e.Folder, e.Skip, census.visit); err != nil {
		return folder, err
	}
	if err := census.flush(); err != nil {
		return folder, err
	}
	folder.Held = census.verdict()
	if folder.Held != "" {
		e.Log.Warn("Hot folder is held: a person must release it", "bench", e.Bench, "folder", e.Folder, "files", census.files, "bytes", census.bytes)
	}
	return folder, e.Ledger.PutFolder(folder)
}

// A census counts the files of a first sight, and enters those to be left alone.
type census struct {
	enqueuer *Enqueuer
	met      time.Time // when the agent first met the folder
	files    int       // to be sent
	bytes    int64
	alone    ledger.Acceptance
}

func (c *census) visit(f watch.Found) error {
	if f.Err != nil || f.Skipped != "" {
		return nil // watching reports what cannot be read
	}
	first := c.enqueuer.First
	arrived := f.Changed
	if arrived.IsZero() {
		arrived = f.ModTime
	}
	if !arrived.Before(c.met) || !first.Ignore && !f.ModTime.Before(first.Since) {
		if !c.enqueuer.onlyRead(f.Name) {
			c.files++
			c.bytes += f.Size
		}
		return nil
	}
	c.alone.Files = append(c.alone.Files, ledger.File{Folder: c.enqueuer.Folder, Name: f.Name, Stamp: ledger.Stamp(stamp(f.File))})
	c.alone.Notes = withNote(c.alone.Notes, len(c.alone.Files)-1, "was here before the agent; left alone, as `existing` says")
	if len(c.alone.Files) == 500 {
		return c.flush()
	}
	return nil
}

func (c *census) flush() error {
	err := c.enqueuer.Ledger.Accept(time.Now(), c.alone)
	c.alone = ledger.Acceptance{}
	return err
}

// verdict is why the folder must wait; empty if it need not.
func (c *census) verdict() string {
	first := c.enqueuer.First
	if c.files <= first.HoldFiles && c.bytes <= first.HoldBytes {
		return ""
	}
	return fmt.Sprintf("%d files (%s) lay here when the agent first saw this folder; `studio-agent release %s` sends them",
		c.files, Bytes(c.bytes), cmp.Or(c.enqueuer.Bench, c.enqueuer.Folder))
}

// offersASecond bounds how often the files of a held folder are offered.
const offersASecond = 500

// held is a *watch.LaterError while the hot folder waits for a person. It asks
// the ledger only then.
func (e *Enqueuer) held(ctx context.Context, now time.Time) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.known.Held == "" {
		return nil
	}
	if known, seen, err := e.Ledger.FindFolder(ctx, e.Folder); err == nil && seen {
		e.known = known
	}
	if e.known.Held == "" {
		return nil
	}
	if e.slot = e.slot.Add(time.Second / offersASecond); e.slot.Before(now.Add(time.Second)) {
		e.slot = now.Add(time.Second)
	}
	return &watch.LaterError{Until: e.slot, Reason: e.known.Held}
}

// met is when the agent first saw the hot folder.
func (e *Enqueuer) met() time.Time {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.known.Seen
}

// Release lets the files of a held bench go; it returns how many folders it
// released. The error says so if the bench has none.
func Release(ctx context.Context, l *ledger.Ledger, bench string, folders []string) (int, error) {
	n, err := l.Release(ctx, folders)
	if n == 0 && err == nil {
		return 0, errors.New("no folder of bench " + bench + " is held")
	}
	return n, err
}

// Bytes writes a number of bytes for people: 512 B, 3.4 MB, 20 GB.
func Bytes(n int64) string {
	if n < 1000 {
		return fmt.Sprintf("%d B", n)
	}
	v, unit := float64(n), ""
	for _, unit = range []string{"kB", "MB", "GB", "TB"} {
		if v /= 1000; v < 1000 {
			break
		}
	}
	if v < 10 {
		return fmt.Sprintf("%.1f %s", v, unit)
	}
	return fmt.Sprintf("%.0f %s", v, unit)
}
