package watch

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/studio-agent/studio-agent/watch/settle"
)

// turn is how long the files of one folder are offered before hints and other
// folders have their turn.
const turn = 250 * time.Millisecond

// So many files, or so many bytes, are offered at once at most: what is taken
// together costs less, but the first waits for the last.
const (
	groupFiles = 64
	groupBytes = 16 << 20
)

// A pass is one round of offering the files of one folder.
type pass struct {
	number   int
	accepted map[string]bool // stems
}

// offerDue looks at the files that are due, and emits those that are finished.
func (f *Folder) offerDue(ctx context.Context, now time.Time, emit Emit) (did bool) {
	if f.due.IsZero() || now.Before(f.due) {
		return false
	}
	var due []*node
	f.due = time.Time{}
	for n := range f.active {
		if n.due.IsZero() || now.Before(n.due) {
			f.due = earlier(f.due, n.due)
		} else {
			due = append(due, n)
		}
	}
	for _, n := range due {
		f.offerFolder(ctx, n, emit)
	}
	return len(due) > 0
}

func (f *Folder) offerFolder(ctx context.Context, n *node, emit Emit) {
	f.passes++
	p := pass{number: f.passes, accepted: make(map[string]bool)}
	began := time.Now()
	for due := dueItems(n, began); len(due) > 0; {
		if ctx.Err() != nil || time.Since(began) > turn {
			break // the rest stays due
		}
		due = f.offer(ctx, n, due, &p, emit)
	}
	for again := partners(n, p); len(again) > 0 && ctx.Err() == nil; {
		again = f.offer(ctx, n, again, &p, emit)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.setActive(n)
}

// dueItems are in the order in which a person waits for them: the newest first.
func dueItems(n *node, now time.Time) []*item {
	var due []*item
	for _, it := range n.waiting {
		if !it.next.IsZero() && !now.Before(it.next) {
			due = append(due, it)
		}
	}
	slices.SortFunc(due, func(a, b *item) int { return b.modTime.Compare(a.modTime) })
	return due
}

// partners are the files that emit wanted later and that an accepted one may
// have released.
func partners(n *node, p pass) []*item {
	var again []*item
	for _, it := range n.waiting {
		if it.later && len(p.accepted) > 0 && (it.offered == p.number || p.accepted[stem(it.base)]) {
			again = append(again, it)
		}
	}
	return again
}

// stem is what RAW, JPEG and XMP of one picture have in common.
func stem(base string) string {
	if i := strings.IndexByte(base, '.'); i > 0 {
		base = base[:i]
	}
	return strings.ToLower(base)
}

// offer brings the first of items from rest to emit, as far as they get, and
// returns those that are left.
func (f *Folder) offer(ctx context.Context, n *node, items []*item, p *pass, emit Emit) (left []*item) {
	var ready []*item
	var files []File
	for bytes := int64(0); len(items) > 0 && len(files) < groupFiles && bytes < groupBytes && ctx.Err() == nil; items = items[1:] {
		it := items[0]
		if file, ok := f.finished(n, it); ok {
			it.offered = p.number
			ready, files = append(ready, it), append(files, file)
			bytes += file.Size
		}
	}
	if len(files) == 0 {
		return items
	}
	errs := emit(ctx, files)
	for i, it := range ready {
		if errs == nil || errs[i] == nil {
			f.accept(n, it, files[i].Stamp, p)
		} else {
			f.refused(ctx, n, it, errs[i])
		}
	}
	return items
}

// finished looks whether a file is, and says when to look again if not.
func (f *Folder) finished(n *node, it *item) (File, bool) {
	name := join(n.dir, it.base)
	path := filepath.Join(f.set.root, filepath.FromSlash(name))
	e, ok := f.rested(n, it, path)
	if !ok {
		return File{}, false
	}
	if d := f.judge(path, e); d != (doubt{}) {
		f.wait(n, it, d)
		return File{}, false
	}
	e, ok = f.rested(n, it, path) // it may have changed while we looked into it
	it.calm = e.Rested
	return File{Name: name, Path: path, Stamp: Stamp{e.Size, e.ModTime, e.Changed}}, ok
}

// refused says when to offer a file again that was not taken.
func (f *Folder) refused(ctx context.Context, n *node, it *item, err error) {
	if later := (*LaterError)(nil); errors.As(err, &later) {
		f.wait(n, it, doubt{reason: later.Reason, wait: max(time.Until(later.Until), f.set.settle)})
		it.later = true
	} else if ctx.Err() == nil {
		f.set.log.Warn("File not taken", "name", join(n.dir, it.base), "error", err)
		f.wait(n, it, doubt{reason: fmt.Sprintf("it could not be taken: %v", err), wait: f.grow(max(it.calm, 4*time.Second), maxPoll)})
	}
}

// rested looks at the file itself: a listing may be older than a rename, and on
// Windows shows a file that is being written as it was before.
func (f *Folder) rested(n *node, it *item, path string) (settle.Entry, bool) {
	fi, err := os.Lstat(path)
	now := time.Now()
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) || err == nil && !fi.Mode().IsRegular() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.drop(n, it)
		n.sure = false // if it comes back as it was, it must be asked about
		f.hint(n, now)
		return settle.Entry{}, false
	}
	if err != nil {
		f.wait(n, it, doubt{explain(err), maxProbe, true})
		return settle.Entry{}, false
	}
	s := f.lister.stamp(fi)
	e, ok := f.settler.See(now, settle.Entry{Name: join(n.dir, it.base), Size: s.Size, ModTime: s.ModTime, Changed: s.Changed})
	if !ok {
		f.wait(n, it, doubt{reason: whyResting, wait: f.set.settle - e.Rested})
	}
	return e, ok
}

func (f *Folder) accept(n *node, it *item, s Stamp, p *pass) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.drop(n, it)
	if n.known != nil {
		f.kept -= len(n.known)
		n.known[it.base] = s
		f.kept += len(n.known)
	}
	p.accepted[stem(it.base)] = true
}

func (f *Folder) wait(n *node, it *item, d doubt) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := time.Now()
	if it.reason != d.reason {
		it.reason, it.since = d.reason, now
	}
	if d.held && !it.held {
		f.set.log.Warn("File held", "name", join(n.dir, it.base), "reason", d.reason)
	}
	it.held, it.later, it.next = d.held, false, now.Add(d.wait)
}
