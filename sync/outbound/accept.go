package outbound

import (
	"context"
	"slices"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/sync/ledger"
	"github.com/studio-agent/studio-agent/watch"
	"github.com/studio-agent/studio-agent/watch/picture"
)

// accept adds to d what follows from a file that is new, or not as it was.
func (e *Enqueuer) accept(ctx context.Context, f watch.File, before ledger.File, seen bool, d *decision) error {
	file := ledger.File{Folder: e.Folder, Name: f.Name, Stamp: ledger.Stamp(stamp(f))}
	if from, err := e.leftAlone(ctx, f, seen); err != nil {
		return err
	} else if from != "" {
		d.remember(file)
		d.note(e.Folder, f.Name, "left alone as "+from+", in another folder now")
		return nil
	}
	s := subject{File: f, known: file, was: before, back: !seen || before.ModTime.Equal(ledger.NoTime)}
	if err := e.look(ctx, &s, seen); err != nil {
		return err
	}
	var earlier []ledger.Job
	if seen {
		var err error
		if earlier, err = e.Ledger.Jobs(ctx, e.Folder, f.Name); err != nil {
			return err
		}
	}
	if err := e.inHand(before, s.known, earlier); err != nil {
		return err
	}
	if seen && !e.gaveUp(earlier, before.Generation) && e.samePicture(before, s.known, earlier) {
		s.known.Generation = before.Generation
		d.remember(s.known)
		if before.SHA256 != "" && before.SHA256 != s.known.SHA256 {
			d.note(e.Folder, f.Name, "only its metadata changed; the picture is not sent again")
		}
	} else {
		s.known.Generation = newest(earlier, before.Generation) + 1
		s.was = s.known
		if err := e.jobs(ctx, &s, earlier, d); err != nil {
			return err
		}
	}
	return e.follow(ctx, &s, d)
}

// look reads the file's tags and content.
func (e *Enqueuer) look(ctx context.Context, s *subject, seen bool) error {
	if e.listens() {
		s.tags, s.clear = e.tagsOf(s.File)
	}
	var err error
	if s.digests, s.known.Core, err = e.digest(ctx, s.File, seen, s.tags); err != nil {
		return err
	}
	s.known.SHA256 = s.digests.SHA256
	s.fresh = s.known.SHA256 == "" || s.known.SHA256 != s.was.SHA256
	if !e.mirrors() {
		s.same, err = e.Ledger.SameContent(ctx, e.Bench, s.Size, s.known.SHA256)
	}
	return err
}

// follow adds to d what follows from an accepted file for other names and files.
func (e *Enqueuer) follow(ctx context.Context, s *subject, d *decision) error {
	e.vacate(s, d)
	if err := e.choose(ctx, s, d); err != nil || !isSidecar(s.Name) {
		return err
	}
	return e.heed(ctx, s.File, d)
}

// newest is the generation that a name has come to.
func newest(jobs []ledger.Job, known int) int {
	for _, j := range jobs {
		if j.Kind == ledger.Deliver {
			known = max(known, j.Generation)
		}
	}
	return known
}

// samePicture reports whether a file of which size or times differ is the same
// for all accounts: nothing else has changed, or only its metadata after it went.
func (e *Enqueuer) samePicture(before, now ledger.File, earlier []ledger.Job) bool {
	if unchangedContent(before, now) {
		return true
	}
	return e.sameCore(before.Core, now.Core) && !slices.ContainsFunc(earlier, func(j ledger.Job) bool {
		return j.Kind == ledger.Deliver && j.Generation == before.Generation && waits(j)
	})
}

// inHand puts off a file whose metadata changed just while it is sent: it is
// delivered as it was, or not at all.
func (e *Enqueuer) inHand(before, now ledger.File, earlier []ledger.Job) error {
	if unchangedContent(before, now) || !e.sameCore(before.Core, now.Core) {
		return nil
	}
	for _, j := range earlier {
		if j.Kind == ledger.Deliver && j.Generation == before.Generation && underWay(j) {
			return &watch.LaterError{Until: time.Now().Add(time.Second), Reason: "its metadata changed while it is sent to " + j.Account}
		}
	}
	return nil
}

// sameCore reports whether two contents differ in nothing that has to be sent.
func (e *Enqueuer) sameCore(a, b string) bool { return a != "" && a == b && e.cores() }

// waits reports whether a delivery has not begun, so that newer metadata can
// still go with it.
func waits(j ledger.Job) bool {
	return j.State == ledger.Queued && !j.Published || j.State == ledger.Parked && j.SentAt.IsZero()
}

// gaveUp reports whether a delivery of this generation was given up because its
// file was gone or changed for a while, and not by a person. Now that it is back it has to be sent.
// What goes only because it is a select is looked at by itself.
func (e *Enqueuer) gaveUp(jobs []ledger.Job, generation int) bool {
	return slices.ContainsFunc(jobs, func(j ledger.Job) bool {
		return j.Kind == ledger.Deliver && j.Generation == generation && j.State == ledger.Superseded && !j.Closed && isOf(e.Targets, Target{Account: j.Account})
	})
}

// vacate forgets the stamps that this content has under names of other folders
// where it lies no more: if it is moved back there, it comes as something new.
func (e *Enqueuer) vacate(s *subject, d *decision) {
	for _, f := range s.same {
		if f.Folder != e.Folder && !f.ModTime.Equal(ledger.NoTime) && exists(f.Folder, ".") && !exists(f.Folder, f.Name) {
			f.ModTime = ledger.NoTime
			d.remember(f)
		}
	}
}

// cores reports whether files are compared without their metadata.
func (e *Enqueuer) cores() bool { return !e.Metadata && !e.mirrors() }

// digest reads a file whose content may be known already, every small one, and
// what is or may be marked, because a mark finds its photo by content. The
// digests of another large new file are made while it is sent. core is empty
// where the format does not tell it.
func (e *Enqueuer) digest(ctx context.Context, f watch.File, seen bool, tags picture.Tags) (d connectors.Digests, core string, err error) {
	first, err := e.readsFirst(ctx, f, seen, tags)
	if err != nil || !first && !e.cores() {
		return d, "", err
	}
	err = inside(f.Path, f.Size, f.ModTime, func(c content) error {
		if e.cores() {
			if core, err = picture.Core(c, f.Size); err != nil {
				return err
			}
		}
		if first {
			d, err = digestOf(c, f.Size, e.wantsSHA1())
		}
		return err
	})
	return d, core, err
}

// readsFirst reports whether a file is to be read before it is queued.
func (e *Enqueuer) readsFirst(ctx context.Context, f watch.File, seen bool, tags picture.Tags) (bool, error) {
	marks := func(t Target) bool { return t.Marks && (e.Role == connectors.Select || tags.Given) }
	if seen || f.Size <= digestFirst || slices.ContainsFunc(e.Targets, marks) {
		return true, nil
	}
	if e.Role == connectors.Select || e.listens() || e.wantsSHA1() {
		known, err := e.Ledger.SizeKnown(ctx, e.Bench, f.Size)
		return known || f.Size <= compareFirst, err
	}
	return e.mayBeRenamed(ctx, f)
}

// unchangedContent reports whether only times differ. Of a file that was left
// alone at first sight no digest is known; its size and time must do.
func unchangedContent(before, now ledger.File) bool {
	if before.SHA256 != "" {
		return before.SHA256 == now.SHA256
	}
	return before.Generation == 0 && before.Size == now.Size && before.ModTime.Equal(now.ModTime)
}
