package outbound

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/studio-agent/studio-agent/sync/ledger"
	"github.com/studio-agent/studio-agent/watch"
	"github.com/studio-agent/studio-agent/watch/picture"
)

// A siblings is what is known of one folder, so that thousands of sidecars that
// come at once do not each ask for all of it.
type siblings struct {
	dir   string
	known map[string]ledger.Stamp // nil: not asked
}

// heed adds to d what follows for its pictures from a sidecar that was written.
// A picture that is accepted later reads it then.
func (e *Enqueuer) heed(ctx context.Context, f watch.File, d *decision) error {
	if !e.listens() {
		return nil
	}
	if why, err := unreadable(f); err != nil {
		return err
	} else if why != "" {
		e.Log.Warn("A sidecar cannot be read", "bench", e.Bench, "name", f.Name, "reason", why)
		d.note(e.Folder, f.Name, why)
		return nil
	}
	dir := path.Dir(f.Name)
	if e.siblings.dir != dir || e.siblings.known == nil {
		known, err := e.Ledger.Known(ctx, e.Folder, dir)
		if err != nil {
			return err
		}
		e.siblings = siblings{dir, known}
	}
	for _, base := range owners(e.siblings.known, f.Name) {
		if err := e.heard(ctx, path.Join(dir, base), d); err != nil {
			return err
		}
	}
	return nil
}

// heard looks anew at the tags of an accepted picture. One that is not as it was
// accepted is offered by itself.
func (e *Enqueuer) heard(ctx context.Context, name string, d *decision) error {
	file, seen, err := e.Ledger.FindFile(ctx, e.Folder, name)
	if err != nil || !seen {
		return err
	}
	p := filepath.Join(e.Folder, filepath.FromSlash(name))
	info, err := os.Lstat(p)
	if err != nil || info.Size() != file.Size || !info.ModTime().Equal(file.ModTime) {
		return nil
	}
	f := watch.File{Name: name, Path: p, Stamp: watch.Stamp(file.Stamp)}
	tags, clear := e.tagsOf(f)
	s := subject{File: f, known: file, was: file, tags: tags, clear: clear, fresh: true}
	return e.choose(ctx, &s, d)
}

// onlyRead reports whether a file is a sidecar that is read and not sent.
func (e *Enqueuer) onlyRead(name string) bool {
	skip := e.Skip
	skip.Sidecars = false
	return e.Skip.Sidecars && strings.EqualFold(filepath.Ext(name), ".xmp") && skip.Reason(name, false) != ""
}

// isSidecar reports whether a file speaks of others.
func isSidecar(name string) bool {
	stem, _ := picture.SidecarOf(name)
	return stem != ""
}

// unreadable says why nothing follows from a sidecar. An error means that it
// must be looked at again.
func unreadable(f watch.File) (why string, err error) {
	_, err = picture.ReadTags(f.Path)
	if path := (*fs.PathError)(nil); errors.As(err, &path) {
		return "", err
	}
	if err != nil {
		return "its rating and label cannot be read: " + err.Error(), nil
	}
	return "", nil
}

// owners lists those of the accepted files of a folder that a sidecar speaks of.
func owners(known map[string]ledger.Stamp, sidecar string) []string {
	stem, exact := picture.SidecarOf(filepath.Base(sidecar))
	var names []string
	for base := range known {
		kind := picture.KindOf(base)
		if kind == picture.Sidecar || kind == picture.Other {
			continue
		}
		if exact && base == stem || !exact && strings.TrimSuffix(base, filepath.Ext(base)) == stem {
			names = append(names, base)
		}
	}
	slices.Sort(names)
	return names
}
