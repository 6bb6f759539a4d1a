package watch

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"syscall"
	"time"
)

const (
	// A folder that changes all the time is looked at after 10 ms, 20 ms and so
	// on up to 250 ms: a short write is noticed at once, a long one costs little.
	// After a moment without a change it begins anew.
	minGap   = 10 * time.Millisecond
	maxGap   = 250 * time.Millisecond
	hintRest = 100 * time.Millisecond

	// retry is when a folder that could not be read is tried again.
	retry = 10 * time.Second

	// calm is how many times as long as a scan the time between two is, so that
	// scanning takes at most 0.2 % of a core.
	calm = 500

	minPoll = 10 * time.Second
	maxPoll = time.Minute
)

// A scanState is the walk through the whole tree, one folder at a time.
type scanState struct {
	queue []*node
	due   time.Time     // of the next scan
	spent time.Duration // in this scan
	again bool          // events were lost during this scan
	ended time.Time     // of the latest complete scan
	took  time.Duration // it
	files int           // it found
}

func (f *Folder) takeHints(now time.Time) {
	f.makeUseOfRoom(now)
	if f.Hints == nil {
		return
	}
	dirs, all := f.Hints.take()
	if !f.root.there && (all || len(dirs) > 0) {
		f.root.next = now
	}
	for dir := range dirs {
		f.hint(f.top.near(dir), now)
	}
	if all && len(f.scan.queue) > 0 {
		f.scan.again = true
	} else if all {
		f.scan.due = earlier(f.scan.due, f.scan.ended.Add(max(time.Second, 4*f.scan.took)))
	}
}

// makeUseOfRoom goes back to folders of which not all files could wait.
func (f *Folder) makeUseOfRoom(now time.Time) {
	few := 8 // not all at once: they would fill up again, and be listed in vain
	for n := range f.crowded {
		if few--; few < 0 || f.waiting > f.set.most/2 {
			return
		}
		delete(f.crowded, n)
		f.hint(n, now)
	}
}

// hint plans a look at n, the later the more often it was looked at lately.
func (f *Folder) hint(n *node, now time.Time) {
	rested := now.Sub(n.hinted) > hintRest
	n.hinted = now
	if rested {
		n.gap = minGap
	}
	if at, ok := f.hinted[n]; ok && at.Before(now.Add(minGap)) || ok && !rested && at.Before(now.Add(maxGap)) {
		return
	}
	n.gap = max(n.gap, minGap)
	at := n.looked.Add(n.gap)
	if at.Before(now) {
		at = now
	}
	n.gap = min(2*n.gap, maxGap)
	f.hinted[n] = at
}

func (f *Folder) lookHinted(ctx context.Context, now time.Time) (did bool) {
	var due []*node
	for n, at := range f.hinted {
		if !at.After(now) {
			due = append(due, n)
			delete(f.hinted, n)
		}
	}
	for _, n := range due {
		f.look(ctx, n, false)
	}
	return len(due) > 0
}

// scanStep looks at the next folder of a scan that is due or under way.
func (f *Folder) scanStep(ctx context.Context, now time.Time) (did bool) {
	s := &f.scan
	if len(s.queue) == 0 {
		if now.Before(s.due) {
			return false
		}
		s.queue, s.spent = append(s.queue, f.top), 0
		f.armErr = nil
	}
	n := s.queue[len(s.queue)-1]
	s.queue = s.queue[:len(s.queue)-1]
	f.look(ctx, n, true)
	s.spent += time.Since(now)
	switch {
	case len(s.queue) > 0 || ctx.Err() != nil:
	case f.top.trouble != "":
		s.due = time.Now().Add(retry)
	default:
		f.endScan()
	}
	return true
}

func (f *Folder) endScan() {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := &f.scan
	files := 0
	f.top.all(func(n *node) { files += n.files })
	if files == 0 && s.files > 0 {
		f.root.emptied = time.Now()
	} else if files > 0 {
		f.root.emptied = time.Time{}
	}
	s.ended, s.took, s.files = time.Now(), s.spent, files
	s.due = s.ended.Add(f.interval())
	if s.again {
		s.again = false
		s.due = s.ended.Add(max(time.Second, 4*s.took))
	}
}

// interval is the time from one scan to the next.
func (f *Folder) interval() time.Duration {
	if f.polling() == "" {
		return max(f.set.rescan, calm*f.scan.took)
	}
	return max(min(f.set.rescan, minPoll), min(calm*f.scan.took, maxPoll))
}

// look lists one folder, after arming it, and takes in what has changed. Its
// sub-folders are looked at by the scan; new ones are in any case.
func (f *Folder) look(ctx context.Context, n *node, scanning bool) {
	if n.gone {
		return
	}
	began := time.Now()
	f.arm(n)
	ls, err := f.lister.list(ctx, n.dir)
	changed := !n.sure || n.print != ls.print
	var known map[string]Stamp
	trouble := explain(err)
	if err == nil && changed {
		if known, err = f.askKnown(ctx, n); err != nil {
			trouble = fmt.Sprintf("what was sent from here before is not known at the moment: %v", err)
		}
	}
	if ctx.Err() != nil {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	now := time.Now()
	n.looked, n.gap = now, max(n.gap, now.Sub(began))
	if err != nil {
		f.unseen(n, err, trouble, now)
		return
	}
	f.setTrouble(n, explain(ls.err), now)
	if f.Seen != nil {
		f.Seen(n.dir, ls.names)
	}
	f.passes++
	f.mergeFolders(n, ls.subs, scanning, now)
	if changed {
		f.mergeFiles(n, ls, known, now)
	}
}

// unseen deals with a folder that could not be read. What is known of it stays.
func (f *Folder) unseen(n *node, err error, trouble string, now time.Time) {
	left := errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
	if n.parent != nil && left {
		n.left = true
		f.hint(n.parent, now)
		return
	}
	f.setTrouble(n, trouble, now)
	if n.parent == nil {
		f.root.next = now
	}
}

// setTrouble notes why n, or something in it, cannot be read; "" ends it.
func (f *Folder) setTrouble(n *node, why string, now time.Time) {
	if why != "" {
		f.hinted[n] = now.Add(retry)
	}
	if why != "" && n.trouble == "" {
		n.since = now
		f.set.log.Warn("Folder not readable", "folder", n.dir, "reason", why)
	}
	n.trouble = why
	f.setActive(n)
}

// arm asks for events of n, unless they do not come from where it is.
func (f *Folder) arm(n *node) {
	if f.Hints == nil || f.share != "" {
		return
	}
	err := f.Hints.Arm(n.dir)
	if err == nil || errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.ENOTDIR) {
		return // if the folder is the matter, listing it says so
	}
	if f.armErr == nil {
		f.armErr = err
	}
}
