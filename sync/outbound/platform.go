package outbound

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/studio-agent/studio-agent/sync/ledger"
	"github.com/studio-agent/studio-agent/watch"
)

// Choose makes a select of a capture of this folder that people chose at the
// platform that has it, just as if it had been rated here. delivered is any job
// by which it got there. One that is a select already stays as it is; one whose
// file is just being changed is left for another time.
//
// A capture that has left the folder is still marked, and ordered, where it was
// delivered. If it must go to another account, too, that is an error, and nothing
// is done.
func (e *Enqueuer) Choose(ctx context.Context, delivered ledger.Job) error {
	if err := e.sight(ctx); err != nil {
		return err
	}
	e.turn.Lock()
	defer e.turn.Unlock()
	s, known, err := e.chosen(ctx, delivered)
	if err != nil || !known {
		return err
	}
	var d decision
	if err := e.choose(ctx, &s, &d); err != nil || len(d.Jobs) == 0 {
		return err
	}
	d.remember(s.known)
	d.note(e.Folder, s.Name, "people selected it on the platform "+delivered.Account)
	return e.enter(ctx, d, time.Now())
}

// chosen finds the file of this folder that holds what was delivered; known is
// false if there is none, or none that is as it was accepted.
func (e *Enqueuer) chosen(ctx context.Context, delivered ledger.Job) (s subject, known bool, err error) {
	files, err := e.acceptedAs(ctx, delivered)
	if err != nil || len(files) == 0 {
		return s, false, err
	}
	if !exists(e.Folder, ".") {
		return s, false, errNoRoot
	}
	left := true
	for _, f := range files {
		p := filepath.Join(e.Folder, filepath.FromSlash(f.Name))
		s = subject{File: watch.File{Name: f.Name, Path: p, Stamp: watch.Stamp(f.Stamp)}, known: f, was: f, chosen: delivered.Receipt.ID}
		info, err := os.Lstat(p)
		switch {
		case err == nil && info.Size() == f.Size && info.ModTime().Equal(f.ModTime):
			s.tags, s.clear = e.tagsOf(s.File)
			return s, true, nil
		case !errors.Is(err, os.ErrNotExist):
			left = false
		}
	}
	only := func(t Target) bool { return !isOf(e.Targets, t) }
	if i := slices.IndexFunc(e.Selects.Targets, only); left && i >= 0 {
		return s, false, fmt.Errorf("it has left the captures folder and cannot be sent to %s: put it back, or order it on the platform by hand", e.Selects.Targets[i].Account)
	}
	return s, left, nil
}

// acceptedAs lists the files of this folder that were accepted with the content
// of a job, or with the same picture under its name.
func (e *Enqueuer) acceptedAs(ctx context.Context, j ledger.Job) ([]ledger.File, error) {
	files, err := e.Ledger.SameContent(ctx, e.Bench, j.Size, j.Digests.SHA256)
	if err != nil {
		return nil, err
	}
	files = slices.DeleteFunc(files, func(f ledger.File) bool { return f.Folder != e.Folder })
	if j.Folder != e.Folder || j.Core == "" {
		return files, nil
	}
	f, seen, err := e.Ledger.FindFile(ctx, e.Folder, j.Name)
	if seen && f.Core == j.Core && f.SHA256 != j.Digests.SHA256 {
		files = append(files, f)
	}
	return files, err
}
