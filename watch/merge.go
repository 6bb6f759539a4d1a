package watch

import (
	"context"
	"time"

	"github.com/studio-agent/studio-agent/watch/settle"
)

const (
	// maxWaiting bounds the memory for files that are not accepted yet, at about
	// 1.3 KB each. What is beyond stays on disk and is taken in, folder by folder,
	// when half of them are gone.
	maxWaiting = 20_000
	// maxKnown bounds the names that are kept of the answers of Known, to spare
	// the question at each change of a folder in which something waits.
	maxKnown = 50_000

	// longAgo is when a file was last changed that need not rest before our eyes.
	longAgo = 10 * time.Second

	whyResting = "it waits until it does not change any more"
)

func (f *Folder) askKnown(ctx context.Context, n *node) (map[string]Stamp, error) {
	if n.known != nil || f.Known == nil {
		return n.known, nil
	}
	return f.Known(ctx, n.dir)
}

// mergeFolders compares n's sub-folders with the tree: new ones are looked at
// soon, those that are not there any more are forgotten with all below them.
func (f *Folder) mergeFolders(n *node, subs []entry, scanning bool, now time.Time) {
	for _, e := range subs {
		s := n.subs[e.base]
		if s != nil && (s.left || s.id != e.id && s.id != (fileID{}) && e.id != (fileID{})) {
			f.uproot(s) // another folder has its name, or it was away for a while
			s = nil
		}
		fresh := s == nil
		if fresh {
			s = n.sub(e.base, e.id)
		}
		s.pass = f.passes
		if scanning {
			f.scan.queue = append(f.scan.queue, s)
		} else if fresh {
			f.hinted[s] = now
		}
	}
	for base, s := range n.subs {
		if s.pass != f.passes {
			f.uproot(s)
			delete(n.subs, base)
		}
	}
}

// uproot forgets n and all below it, and ends their events.
func (f *Folder) uproot(n *node) {
	if f.Hints != nil {
		f.Hints.Disarm(n.dir)
	}
	n.all(func(n *node) {
		n.gone = true
		for _, it := range n.waiting {
			f.settler.Forget(join(n.dir, it.base))
		}
		f.waiting -= len(n.waiting)
		f.kept -= len(n.known)
		delete(f.active, n)
		delete(f.hinted, n)
		delete(f.crowded, n)
	})
}

// mergeFiles takes in the files of a folder that has changed: what was not
// accepted before as it is now has to come to rest.
func (f *Folder) mergeFiles(n *node, ls listing, known map[string]Stamp, now time.Time) {
	n.files, n.skipped, n.more = len(ls.files), ls.skipped, false
	for _, e := range ls.files {
		k, ok := known[e.Name]
		if !ok || !k.Same(Stamp{e.Size, e.ModTime, e.Changed}) {
			f.admit(n, e, now)
		}
	}
	for _, e := range ls.odd {
		f.admitOdd(n, e, now)
	}
	for _, it := range n.waiting {
		if it.pass != f.passes && ls.err == nil {
			f.drop(n, it)
		}
	}
	n.print, n.sure = ls.print, ls.err == nil && !n.more
	f.keepKnown(n, known)
	f.setActive(n)
}

// keepKnown keeps an answer of Known while something waits in n, if there is
// room; nil lets it go.
func (f *Folder) keepKnown(n *node, known map[string]Stamp) {
	f.kept -= len(n.known)
	n.known = nil
	if len(n.waiting) > 0 && f.kept+len(known) <= maxKnown {
		n.known = known
		f.kept += len(known)
	}
}

func (f *Folder) admit(n *node, e settle.Entry, now time.Time) {
	it := f.item(n, e.Name)
	if it == nil {
		return
	}
	e.Name = join(n.dir, e.Name)
	e, _ = f.settler.See(now, e)
	if it.odd || it.since.IsZero() || e.Rested == 0 {
		next := now.Add(f.set.settle)
		if f.restedBefore(e, now) {
			f.settler.Vouch(e.Name)
			next = now
		}
		*it = item{base: it.base, modTime: e.ModTime, reason: whyResting, since: now, next: next, pass: it.pass}
	}
}

// restedBefore tells by the inode change time that a file had its rest before it
// was seen: the kernel sets that time, by the clock that is asked here, whatever
// programs and cameras say of the file. A clock that is put right meanwhile makes
// no long time of a short one, but for a leap that is longer; whether the file is
// open for writing and whole is looked at all the same.
func (f *Folder) restedBefore(e settle.Entry, now time.Time) bool {
	return !e.Changed.IsZero() && now.Sub(e.Changed) >= max(longAgo, f.set.settle)
}

func (f *Folder) admitOdd(n *node, e entry, now time.Time) {
	if it := f.item(n, e.base); it != nil && !(it.odd && it.reason == e.reason) {
		f.settler.Forget(join(n.dir, e.base))
		*it = item{base: it.base, odd: true, reason: e.reason, since: now, held: true, pass: it.pass}
		f.set.log.Warn("File held", "name", join(n.dir, e.base), "reason", e.reason)
	}
}

// item finds or makes the item of a name that the present look has listed. It
// returns nil if there is no room for one.
func (f *Folder) item(n *node, base string) *item {
	it := n.waiting[base]
	if it == nil {
		if f.waiting >= f.set.most {
			n.more = true
			f.crowded[n] = struct{}{}
			return nil
		}
		it = &item{base: base}
		if n.waiting == nil {
			n.waiting = make(map[string]*item)
		}
		n.waiting[base] = it
		f.waiting++
	}
	it.pass = f.passes
	return it
}

// drop forgets an item, for whatever reason.
func (f *Folder) drop(n *node, it *item) {
	if n.waiting[it.base] != it {
		return
	}
	delete(n.waiting, it.base)
	f.waiting--
	f.settler.Forget(join(n.dir, it.base))
}

// setActive keeps the list of nodes with something to say, and n.due.
func (f *Folder) setActive(n *node) {
	n.due = time.Time{}
	for _, it := range n.waiting {
		n.due = earlier(n.due, it.next)
	}
	f.due = earlier(f.due, n.due)
	if len(n.waiting) == 0 {
		n.waiting = nil
		f.keepKnown(n, nil)
	}
	if len(n.waiting) == 0 && n.trouble == "" {
		delete(f.active, n)
		return
	}
	f.active[n] = struct{}{}
}
