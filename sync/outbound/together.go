package outbound

import (
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/studio-agent/studio-agent/watch"
	"github.com/studio-agent/studio-agent/watch/picture"
)

// lateFor is how long a pair that has gone is remembered, so that a late member
// follows without waiting for anybody.
const lateFor = 10 * time.Minute

// pairs holds, by stem, the finished files that wait for their partner: a RAW
// file for the developed one, and the other way round.
type pairs map[string]*pair

type pair struct {
	since   time.Time
	gone    bool
	members map[string]watch.File // by name
}

// gather says which files go now that f has been offered: f with all that
// waited for it, or nothing but a later time. A late member goes alone.
func (e *Enqueuer) gather(f watch.File, now time.Time) ([]watch.File, error) {
	if !e.pairing(f) {
		return []watch.File{f}, nil
	}
	key := stem(f.Name)
	p := e.pairs[key]
	if p == nil {
		p = &pair{since: now, members: map[string]watch.File{}}
		if e.pairs == nil {
			e.pairs = pairs{}
		}
		e.pairs[key] = p
	}
	if p.gone {
		return []watch.File{f}, nil
	}
	p.members[f.Name] = f
	if until := p.since.Add(e.Together); now.Before(until) && !p.complete() {
		return nil, &watch.LaterError{Until: until, Reason: "waiting for its partner (RAW and JPEG go together) until " + until.Format("15:04:05")}
	}
	return slices.Collect(maps.Values(p.members)), nil
}

// went notes that f is on disk with all that waited for it.
func (e *Enqueuer) went(f watch.File) {
	if !e.pairing(f) {
		return
	}
	if p := e.pairs[stem(f.Name)]; !p.gone {
		p.gone, p.members = true, nil
	}
	maps.DeleteFunc(e.pairs, func(_ string, p *pair) bool { return time.Since(p.since) > e.Together+lateFor })
}

// leave takes a file that changed or left meanwhile out of its pair, so that
// nobody waits for it.
func (e *Enqueuer) leave(f watch.File) {
	if p := e.pairs[stem(f.Name)]; p != nil {
		delete(p.members, f.Name)
	}
}

// pairing reports whether f waits for a partner.
func (e *Enqueuer) pairing(f watch.File) bool {
	kind := picture.KindOf(f.Name)
	return e.Together > 0 && kind != picture.Video && kind != picture.Other && !e.onlyRead(f.Name)
}

// stem is what the names of one picture have in common: IMG_1.CR3, IMG_1.JPG,
// IMG_1.xmp and IMG_1.CR3.xmp belong together.
func stem(name string) string {
	base := strings.TrimSuffix(name, path.Ext(name))
	if picture.KindOf(name) != picture.Sidecar {
		return base
	}
	if kind := picture.KindOf(base); kind == picture.Raw || kind == picture.Developed {
		base = strings.TrimSuffix(base, path.Ext(base))
	}
	return base
}

func (p *pair) complete() bool {
	var raw, developed bool
	for name := range p.members {
		kind := picture.KindOf(name)
		raw = raw || kind == picture.Raw
		developed = developed || kind == picture.Developed
	}
	return raw && developed
}
