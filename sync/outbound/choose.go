package outbound

import (
	"context"
	"os"
	"path/filepath"
	"slices"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/sync/ledger"
	"github.com/studio-agent/studio-agent/watch"
	"github.com/studio-agent/studio-agent/watch/picture"
)

// A subject is an accepted picture whose tags, or whose place in a folder, may
// change what accounts are told of it.
type subject struct {
	watch.File
	known   ledger.File // as it is to be remembered
	was     ledger.File // before; the same content or picture
	digests connectors.Digests
	same    []ledger.File // names of the bench that have or had this content
	tags    picture.Tags
	clear   bool // the tags could be read
	fresh   bool // the tags are of a content or sidecar that was not seen before
	back    bool // it was not in this folder before, or had left it
	// chosen is what a platform calls a photo that people chose there; empty for
	// all others.
	chosen string
}

// choose adds to d what accounts are told, and the deliveries of a capture that
// became a select to accounts that get selects only.
func (e *Enqueuer) choose(ctx context.Context, s *subject, d *decision) error {
	if !e.listens() {
		return nil
	}
	for _, t := range e.everyone() {
		if s.known.Generation == 0 && !e.selects(t) {
			continue // left alone: nothing of it is anywhere
		}
		tr, err := traceOf(ctx, e.Ledger, t.Account, e.Bench, s.known, s.was)
		if err != nil {
			return err
		}
		if err := e.chooseFor(ctx, t, s, tr, d); err != nil {
			return err
		}
	}
	return nil
}

// everyone are the accounts that get captures or selects of the bench.
func (e *Enqueuer) everyone() []Target {
	if e.Selects == nil {
		return e.Targets
	}
	all := slices.Clone(e.Selects.Targets)
	for _, t := range e.Targets {
		if !isOf(all, t) {
			all = append(all, t)
		}
	}
	return all
}

// wantsSHA1 reports whether any of them compares files by SHA-1.
func (e *Enqueuer) wantsSHA1() bool {
	return slices.ContainsFunc(e.everyone(), func(t Target) bool { return t.SHA1 })
}

func isOf(all []Target, t Target) bool {
	return slices.ContainsFunc(all, func(a Target) bool { return a.Account == t.Account })
}

// selects reports whether t gets the selects of this folder.
func (e *Enqueuer) selects(t Target) bool {
	return e.Role == connectors.Select || e.Selects != nil && isOf(e.Selects.Targets, t)
}

func (e *Enqueuer) chooseFor(ctx context.Context, t Target, s *subject, tr trace, d *decision) error {
	if e.selects(t) && !isOf(e.Targets, t) {
		if err := e.handOver(ctx, t, s, tr, d); err != nil {
			return err
		}
	}
	if !t.Marks {
		return nil
	}
	now, by := tr.stance()
	want := e.want(t, s, tr, now, by)
	if want == now || s.chosen == "" && e.said(want, s, tr) {
		return nil
	}
	if !want.selected && len(tr.has) == 0 && !d.delivers(t.Account, s.Name) && by.ID == "" {
		return nil // nothing is there that could bear tags
	}
	return e.addMark(ctx, t, s, tr, want, d)
}

// want is what the account is to think of the photo from now on. What the
// picture does not speak of stays as it is.
func (e *Enqueuer) want(t Target, s *subject, tr trace, now stance, by ledger.Job) stance {
	w, speaks := now, e.speaks(s, tr)
	if speaks {
		w.rating, w.label = s.tags.Rating, s.tags.Label
	}
	switch {
	case e.Role == connectors.Select:
		w.selected = true
	case !e.selects(t):
	case e.picks(s):
		w.selected = true
	case now.selected:
		w.selected = !e.dropped(s, tr, by, speaks)
	}
	return w
}

// speaks reports whether the picture says what its tags are. One that said so
// before and now says nothing has had them taken away.
func (e *Enqueuer) speaks(s *subject, tr trace) bool {
	return s.tags.Given || s.clear && s.fresh && slices.ContainsFunc(tr.jobs, func(j ledger.Job) bool {
		return e.isOf(s, j) && (j.Kind == ledger.Mark || j.Role == connectors.Select)
	})
}

// picks reports whether a capture is a select, by what is written in it or
// because people chose it at a platform.
func (e *Enqueuer) picks(s *subject) bool { return s.chosen != "" || e.Selects.matches(s.tags) }

// isOf reports whether a job was made for this very file.
func (e *Enqueuer) isOf(s *subject, j ledger.Job) bool {
	return j.Folder == e.Folder && j.Name == s.Name
}

// dropped reports whether a select is none any more: it was one by its tags, and
// they do not say so now; or it was moved out of the selects folder, back here.
// That a file is missing proves nothing alone: a share may be away. What was
// chosen at a platform was never one by its tags.
func (e *Enqueuer) dropped(s *subject, tr trace, by ledger.Job, speaks bool) bool {
	lies := slices.ContainsFunc(tr.files, func(f ledger.File) bool { return f.Folder != e.Folder && exists(f.Folder, f.Name) })
	if lies || by.Source.ID != "" {
		return false
	}
	if by.Folder == e.Folder {
		return speaks
	}
	return s.back && exists(by.Folder, ".") && !exists(by.Folder, by.Name)
}

func exists(folder, name string) bool {
	_, err := os.Lstat(filepath.Join(folder, filepath.FromSlash(name)))
	return err == nil
}

// said reports whether this file has said the same before, and another file of
// the photo has had the last word since: two that disagree do not quarrel.
func (e *Enqueuer) said(want stance, s *subject, tr trace) bool {
	if s.back || len(tr.marks) == 0 || e.isOf(s, tr.marks[len(tr.marks)-1]) {
		return false
	}
	for _, m := range slices.Backward(tr.marks) {
		if e.isOf(s, m) {
			return stance{m.Role == connectors.Select, m.Rating, m.Label} == want
		}
	}
	return false
}

// addMark adds a mark with the number that follows: it supersedes those of the
// same file that still wait, and goes after those under way.
func (e *Enqueuer) addMark(ctx context.Context, t Target, s *subject, tr trace, want stance, d *decision) error {
	if err := e.identify(s, d); err != nil {
		return err
	}
	e.adopt(s, want.selected, d)
	now, by := tr.stance()
	base := e.base(s)
	base.Generation, base.Role = tr.serial+1, connectors.Capture
	base.Rating, base.Label = want.rating, want.label
	if want.selected {
		base.Role = connectors.Select
	}
	// A mark that this one supersedes may not have been set yet.
	base.Deselected = !want.selected && (now.selected || by.Deselected && by.State != ledger.Done)
	switch {
	case want.selected && !now.selected:
		base.Source.ID = s.chosen
		if err := e.join(ctx, t, &base, d); err != nil {
			return err
		}
	case want.selected:
		base.Source = by.Source
		if by.State.Open() {
			base.Batch, base.Round = by.Batch, by.Round
		}
	}
	d.Jobs = append(d.Jobs, newJob(t.Account, ledger.Mark, base))
	return nil
}

// adopt counts a picture that was left alone as one of ours, now that it is
// wanted.
func (e *Enqueuer) adopt(s *subject, wanted bool, d *decision) {
	if wanted && s.known.Generation == 0 {
		s.known.Generation = 1
		d.remember(s.known)
	}
}

// base is a job of s without an account.
func (e *Enqueuer) base(s *subject) ledger.Job {
	return ledger.Job{
		Bench: e.Bench, Role: e.Role, Remote: e.Remote, Folder: e.Folder, Name: s.Name, Generation: s.known.Generation,
		Size: s.Size, ModTime: s.ModTime, Changed: s.Changed, Digests: s.digests, Core: s.known.Core,
		Rating: s.tags.Rating, Label: s.tags.Label, Ask: s.ModTime.Before(e.met()),
	}
}

// identify sees to it that s has a digest: a mark finds its photo by it.
func (e *Enqueuer) identify(s *subject, d *decision) error {
	if s.digests.SHA256 == "" {
		s.digests.SHA256 = s.known.SHA256
	}
	if s.digests.SHA256 != "" {
		return nil
	}
	return e.read(s, d)
}

// read makes all digests of s.
func (e *Enqueuer) read(s *subject, d *decision) error {
	var err error
	if s.digests, err = digest(s.Path, s.Size, s.ModTime, e.wantsSHA1()); err == nil && s.known.SHA256 != s.digests.SHA256 {
		s.known.SHA256 = s.digests.SHA256
		d.remember(s.known)
	}
	return err
}
