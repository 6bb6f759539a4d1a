package main

import (
	"context"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/studio-agent/studio-agent/sync/ledger"
	"github.com/studio-agent/studio-agent/watch"
	"github.com/studio-agent/studio-agent/watch/bundle"
)

// why says in a clause why a file does not go, or "" for a medium of a known
// project, for watch.Skip.
func (p *projectWatch) why(name string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	b, ok := bundleOf(p.there, name)
	if !ok {
		if slices.ContainsFunc(p.loose, func(e bundle.Entry) bool { return e.Name == name }) {
			return whyLoose
		}
		return "it lies in no edit project: no folder on the way to it holds a project file"
	}
	k, known := p.places[b.Root]
	switch {
	case !known:
		return fmt.Sprintf("its edit project %s is still being written, or not looked at yet", b.Root)
	case k.Alone:
		return fmt.Sprintf("its edit project was here before the agent and is left alone, as `existing` says; to register it: studio-agent project register %q", p.key(k.Root))
	case k.Deleted:
		return fmt.Sprintf("a person had its edit project deleted at %s; to register it again: studio-agent project register %q", p.To[0], p.key(k.Root))
	case k.From != "":
		return "of its edit project: " + p.elsewhere(k)
	}
	return p.whyNoMedium(b, name)
}

const whyLoose = "it is a project file that lies in no folder of its own: put it into one, with its media, and it is registered; or name it in `link.exclude`"

func (p *projectWatch) whyNoMedium(b bundle.Bundle, name string) string {
	if _, why := b.Medium(name); why != "" {
		return why
	}
	for i := range name {
		if name[i] == '/' {
			if why := p.link.Reason(name[:i], true); why != "" {
				return linkWords.Replace(why)
			}
		}
	}
	return linkWords.Replace(p.link.Reason(name, false))
}

var linkWords = strings.NewReplacer("`exclude:", "`link.exclude:", "`include`", "`link.include`")

// counts is why for the first sight of the folder, which comes before any project
// is known: what will go, once its project has come to rest.
func (p *projectWatch) counts(name string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	b, ok := bundleOf(p.counted, name)
	if !ok || p.first && p.alone(b) {
		return "it is not counted"
	}
	return p.whyNoMedium(b, name)
}

// batch is the task that a medium belongs to, or "".
func (p *projectWatch) batch(name string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	b, ok := bundleOf(p.there, name)
	if !ok {
		return ""
	}
	if k, known := p.places[b.Root]; !known || !k.goes() {
		return ""
	}
	return ledger.TaskID(p.To[0], p.key(b.Root))
}

// bundleOf is the project that a name lies in.
func bundleOf(all map[string]bundle.Bundle, name string) (bundle.Bundle, bool) {
	for i := range name {
		if name[i] == '/' {
			if b, ok := all[name[:i]]; ok {
				return b, true
			}
		}
	}
	return bundle.Bundle{}, false
}

// known is the enqueuer's Known: before the first sight of the folder is taken, all
// of it is looked through, so that its media can be counted.
func (p *projectWatch) known(next func(context.Context, string) (map[string]watch.Stamp, error)) func(context.Context, string) (map[string]watch.Stamp, error) {
	return func(ctx context.Context, dir string) (map[string]watch.Stamp, error) {
		f, seen, err := p.ledger.FindFolder(ctx, p.Path)
		if err == nil && (!seen || f.Held == ledger.Unsighted) {
			err = p.survey(ctx, ".")
		}
		if err != nil {
			return nil, err
		}
		return next(ctx, dir)
	}
}

// survey recognises the projects in a folder by walking through it.
func (p *projectWatch) survey(ctx context.Context, below string) error {
	var listing []bundle.Entry
	root := filepath.Join(p.Path, filepath.FromSlash(below))
	err := watch.Walk(ctx, root, watch.Skip{}, func(f watch.Found) error {
		if f.Err == nil && f.Skipped == "" {
			listing = append(listing, bundle.Entry{Name: path.Join(below, f.Name), Dir: f.Folder, Size: f.Size, ModTime: f.ModTime})
		}
		return nil
	})
	if err != nil {
		return err
	}
	all, loose := bundle.Recognize(listing, bundle.Programs())
	p.mu.Lock()
	defer p.mu.Unlock()
	p.counted, p.loose = map[string]bundle.Bundle{}, loose
	for _, b := range all {
		p.counted[b.Root] = b
	}
	return nil
}

// foresee prepares why for a file of which no running agent tells: as if all
// projects had come to rest. Only what lies in below is looked through.
func (p *projectWatch) foresee(ctx context.Context, below string) error {
	if err := p.survey(ctx, below); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.there = p.counted
	for _, root := range sortedKeys(p.there) {
		if _, known := p.places[root]; !known {
			b := p.there[root]
			p.kept = append(p.kept, keptProject{Identity: b.Identity(), Alone: p.first && p.alone(b)})
		}
	}
	p.places = placesOf(p.kept)
	return nil
}

// fates says what became of projects that are not where they were registered, by
// what they are called in the ledger.
func (p *projectWatch) fates() map[string]string {
	p.mu.Lock()
	defer p.mu.Unlock()
	fates := map[string]string{}
	for _, k := range p.kept {
		switch {
		case !k.Gone.IsZero() && !k.Alone && !k.Deleted:
			fates[p.key(k.home())] = p.away(k)
		case k.From != "":
			fates[p.key(k.From)] = p.elsewhere(k)
		}
	}
	return fates
}

// goneTold is how long `status` speaks of a project that is gone.
const goneTold = 7 * 24 * time.Hour

// waiting is what people should know of the projects, as files that wait.
func (p *projectWatch) waiting(now time.Time) (all []watch.Waiting) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, k := range p.kept {
		switch {
		case k.Alone, k.Deleted:
		case !k.Gone.IsZero() && now.Sub(k.Gone) < goneTold:
			all = append(all, watch.Waiting{Name: k.Root + "/", Reason: p.away(k), Since: k.Gone})
		case k.Gone.IsZero() && k.From != "":
			all = append(all, watch.Waiting{Name: k.Root + "/", Reason: p.elsewhere(k), Since: k.Since, Held: true})
		}
	}
	for _, e := range p.loose {
		if (watch.Skip{Exclude: p.link.Exclude}).Reason(e.Name, false) == "" {
			all = append(all, watch.Waiting{Name: e.Name, Reason: whyLoose, Since: e.ModTime, Held: true})
		}
	}
	return all
}

// status is how the folder is watched, with what people should know of projects in
// it.
func (h *hotFolder) status(now time.Time) watch.Status {
	st, more := h.watch.Status(), h.troubled(now)
	for _, w := range more {
		if w.Held {
			st.Held++
		}
	}
	st.Waits += len(more)
	st.Waiting = append(more, st.Waiting...)
	return st
}

// troubled is what people should know of projects in the folder.
func (h *hotFolder) troubled(now time.Time) []watch.Waiting {
	if h.projects == nil {
		return nil
	}
	return h.projects.waiting(now)
}

// projectStir is how long the watcher may take to look at media that are wanted
// anew.
const projectStir = time.Second

// busy reports whether projects are still to be recognised or registered.
func (p *projectWatch) busy() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return !p.looked || p.resting > 0 || time.Since(p.stirred) < projectStir
}
