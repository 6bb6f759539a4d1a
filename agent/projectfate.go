package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/studio-agent/studio-agent/sync/ledger"
	"github.com/studio-agent/studio-agent/watch/bundle"
)

// A projectLook is one look at all projects of a folder.
type projectLook struct {
	*projectWatch
	all    []bundle.Bundle
	rested map[string]bool // roots
	unseen []string        // folders that could not be looked at

	next  []keptProject
	fresh []string // roots of which media go from now on
	stale []string // and of which they do so no more
	notes []projectNote
}

// A projectNote is what is to be told of a project.
type projectNote struct {
	root string // under which it is registered
	text string
	warn bool
}

// settle compares what there is with what was kept, keeps what there is now, and
// tells what has become of the rest. It returns how many projects are still being
// written. The caller holds the turn.
func (s *projectLook) settle(ctx context.Context) (resting int, err error) {
	before, now := s.identities(ctx)
	for _, c := range bundle.Compare(before, now, s.unseen) {
		if c.Fate == bundle.Appeared && !s.rested[c.Now.Root] && !(s.first && s.alone(s.bundle(c.Now.Root))) {
			resting++
		}
	}
	for _, c := range bundle.Compare(before, now, s.unseen) {
		if c.Fate == bundle.Appeared {
			s.appeared(c.Now)
			continue
		}
		k := s.kept[slices.IndexFunc(s.kept, func(k keptProject) bool { return k.Root == c.Before.Root })]
		switch c.Fate {
		case bundle.Stayed:
			s.stayed(&k, c.Now)
		case bundle.Renamed, bundle.Moved:
			if err := s.moved(ctx, &k, c.Now); err != nil {
				return resting, err
			}
		case bundle.Vanished:
			if err := s.vanished(ctx, &k, resting); err != nil {
				return resting, err
			}
		}
		s.next = append(s.next, k)
	}
	if err := s.save(s.next); err != nil {
		return resting, err
	}
	s.publish()
	return resting, s.tell(ctx)
}

// identities are what was kept, and what there is now. The content of a project
// file is only known once it has come to rest.
func (s *projectLook) identities(ctx context.Context) (before, now []bundle.Identity) {
	known := map[string]bool{}
	for _, k := range s.kept {
		before = append(before, k.Identity)
		known[k.Root] = true
	}
	for _, b := range s.all {
		id := b.Identity()
		if s.rested[b.Root] || known[b.Root] {
			id.Content = s.digest(ctx, b.Project)
		}
		now = append(now, id)
	}
	return before, now
}

func (s *projectLook) appeared(now bundle.Identity) {
	k := keptProject{Identity: now, Alone: s.first && s.alone(s.bundle(now.Root))}
	if !s.rested[now.Root] && !k.Alone {
		return
	}
	s.next = append(s.next, k)
	if k.goes() {
		s.fresh = append(s.fresh, now.Root)
	}
}

// alone reports whether a project that was there before the agent is left alone.
func (p *projectWatch) alone(b bundle.Bundle) bool {
	return p.Existing.Ignore || b.Project.ModTime.Before(p.Existing.Since)
}

func (s *projectLook) bundle(root string) bundle.Bundle {
	for _, b := range s.all {
		if b.Root == root {
			return b
		}
	}
	return bundle.Bundle{}
}

func (s *projectLook) stayed(k *keptProject, now bundle.Identity) {
	if !k.Gone.IsZero() {
		s.note(*k, false, "its folder %s is back", k.Root)
	}
	if now.Content == "" { // cannot be read just now
		now.Content = k.Content
	}
	k.Identity, k.Gone = now, time.Time{}
	if _, there := s.there[k.Root]; !there && k.goes() {
		s.fresh = append(s.fresh, k.Root)
	}
}

// moved follows a project to another place. One that the account has heard of stays
// registered where it was.
func (s *projectLook) moved(ctx context.Context, k *keptProject, now bundle.Identity) error {
	home, was := k.home(), k.Root
	k.Identity, k.Gone = now, time.Time{}
	s.stale = append(s.stale, was)
	switch {
	case k.Alone, k.Deleted:
		return nil
	case now.Root == home:
		k.From, k.Since = "", time.Time{}
		s.note(*k, false, "its folder is called %s again", home)
	default:
		known, err := s.heardOf(ctx, home)
		if err != nil {
			return err
		}
		k.From, k.Since = "", time.Time{}
		if known {
			k.From, k.Since = home, time.Now()
			s.note(*k, true, "%s", s.elsewhere(*k))
		}
	}
	if k.goes() {
		s.fresh = append(s.fresh, now.Root)
	}
	return nil
}

// elsewhere says what to do with a project whose folder has another name.
func (p *projectWatch) elsewhere(k keptProject) string {
	return fmt.Sprintf("its folder %s is called %s now, but the project at %s still points to the old place, and it cannot be told there. Nothing more of it is imported or linked: give the folder its old name back, or register it as another project: studio-agent project register %q",
		k.From, k.Root, p.To[0], p.key(k.Root))
}

// vanished notes that a project is not there any more. While another one is still
// coming to rest, that may be it. IDs of what is gone are given to other files.
func (s *projectLook) vanished(ctx context.Context, k *keptProject, resting int) error {
	if resting > 0 || !k.Gone.IsZero() {
		return nil
	}
	k.Gone, k.Folder, k.File = time.Now(), "", ""
	s.stale = append(s.stale, k.Root)
	known, err := s.heardOf(ctx, k.home())
	if err != nil || k.Alone || k.Deleted || !known {
		return err
	}
	s.note(*k, true, "%s", s.away(*k))
	return nil
}

func (p *projectWatch) away(k keptProject) string {
	return fmt.Sprintf("its folder %s has left %s; the project at %s stays as it is. It goes on when the folder is back; if it is not wanted any more, delete it there, or: studio-agent project delete %q",
		k.Root, p.Path, p.To[0], p.key(k.home()))
}

// heardOf reports whether the account may have heard of a project. If it surely has
// not, the project is called off, and may be registered under another name.
func (s *projectLook) heardOf(ctx context.Context, root string) (bool, error) {
	t, entered, err := s.task(ctx, root)
	if err != nil || !entered {
		return false, err
	}
	life, err := s.ledger.History(ctx, "", t.ID)
	if err != nil {
		return false, err
	}
	heard := t.State != ledger.Collecting || t.Published || slices.ContainsFunc(life, func(e ledger.Entry) bool {
		return e.What == ledger.Published || e.What == ledger.Accepted
	})
	if heard {
		return t.State != ledger.Cancelled, nil
	}
	_, err = s.ledger.RecordTask(t, ledger.TaskEvent{What: ledger.CalledOff, At: time.Now(), Reason: "its folder left before it was registered"})
	delete(s.tasks, root)
	if errors.Is(err, ledger.ErrLost) {
		return true, nil // it is just being registered
	}
	return false, err
}

func (s *projectLook) note(k keptProject, warn bool, format string, args ...any) {
	s.notes = append(s.notes, projectNote{k.home(), fmt.Sprintf(format, args...), warn})
}

// publish has the watcher look again where media go from now on, or no more.
func (s *projectLook) publish() {
	there := map[string]bundle.Bundle{}
	for _, b := range s.all {
		there[b.Root] = b
	}
	s.mu.Lock()
	s.there = there
	if len(s.fresh) > 0 {
		s.stirred = time.Now()
	}
	var dirs []string
	for dir := range s.names {
		if slices.ContainsFunc(append(s.fresh, s.stale...), func(root string) bool { return dir == root || strings.HasPrefix(dir, root+"/") }) {
			dirs = append(dirs, dir)
		}
	}
	s.mu.Unlock()
	for _, dir := range dirs {
		s.relook(dir)
	}
}

// tell writes what became of projects into the log and into their lives.
func (s *projectLook) tell(ctx context.Context) error {
	for _, n := range s.notes {
		level := s.log.Info
		if n.warn {
			level = s.log.Warn
		}
		level("Edit project", "project", n.root, "reason", n.text)
		t, entered, err := s.task(ctx, n.root)
		if err == nil && entered {
			err = s.ledger.NoteTask(time.Now(), t, n.text)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
