package grandshooting

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
)

// A place is a retouching bench that is imported from.
type place struct {
	Bench
	lower   []Bench  // of its production: where the originals of its pictures are
	last    Bench    // of its production: exports and validation; zero if there is none
	benches []string // of agent.yaml, sorted
	export  bool     // started when all that was ordered is back
}

// Pending lists the pictures of the retouching benches that benches of
// agent.yaml import from. One is ready when it has an original, no retoucher has
// refused it, and its content is that of none of its originals: the platform may
// put a copy there first. Answers is the capture that it goes back to.
//
// Where an export is wanted and all that was ordered is ready and acknowledged,
// it is started here; trouble with it is logged.
func (a *account) Pending(ctx context.Context) ([]connectors.Retouch, error) {
	places, err := a.places(ctx)
	if err != nil {
		return nil, later("finding the retouching benches", err)
	}
	var list []connectors.Retouch
	kin := map[string]origin{}
	for _, p := range places {
		rts, err := a.pendingOn(ctx, p, kin)
		if err != nil {
			return nil, a.outdated(ctx, fmt.Errorf("listing the retouches of production %s: %w", p.Root, err))
		}
		list = append(list, rts...)
		if p.export {
			if err := a.exportWhenWhole(ctx, p, rts); err != nil {
				a.log.Warn("Export not started", "production", p.Root, "err", err)
			}
		}
	}
	a.kinship.keep(kin)
	return list, nil
}

// places finds the retouching benches, each once, in the order of their ids.
func (a *account) places(ctx context.Context) ([]place, error) {
	found := map[ID]place{}
	for _, name := range slices.Sorted(maps.Keys(a.targets)) {
		t := a.targets[name]
		if !t.imports {
			continue
		}
		all, err := a.benches.production(ctx, t)
		if err != nil {
			return nil, err
		}
		at := t.importFrom(all)
		if at < 0 {
			return nil, fmt.Errorf("bench %s: production %s has no retouching bench to import from: add one on the platform, or correct production or step in agent.yaml", name, t.production)
		}
		p := found[all[at].ID]
		p.Bench, p.lower = all[at], all[:at]
		p.benches = append(p.benches, name)
		p.export = p.export || t.edit != nil && t.edit.export
		if end := all[len(all)-1]; end.Step == exportStep {
			p.last = end
		}
		found[p.ID] = p
	}
	return slices.SortedFunc(maps.Values(found), func(x, y place) int {
		return strings.Compare(string(x.ID), string(y.ID))
	}), nil
}

// importFrom is the index of the bench that t imports from, in the benches of its
// production by their steps; -1 if there is none.
func (t target) importFrom(all []Bench) int {
	for i, b := range slices.Backward(all) {
		step := int(b.Step)
		last := t.importStep == 0 && step > t.step && step < exportStep
		if last || t.importStep != 0 && step == t.importStep {
			return i
		}
	}
	return -1
}

func (a *account) pendingOn(ctx context.Context, p place, kin map[string]origin) ([]connectors.Retouch, error) {
	pics, err := a.all(ctx, pictureListing(p.ID, nil))
	if err != nil {
		return nil, err
	}
	family := &family{account: a, lower: p.lower, known: map[ID]Picture{}}
	var list []connectors.Retouch
	for _, pic := range pics {
		from, known := a.kinship.of(pic)
		if !known {
			if from, err = family.originOf(ctx, pic); err != nil {
				return nil, err
			}
		}
		kin[kinKey(pic)] = from
		list = append(list, p.retouch(pic, from))
	}
	return list, nil
}

func (p place) retouch(pic Picture, from origin) connectors.Retouch {
	rt := connectors.Retouch{
		ID:      retouchID{p.Root, from.capture, pic.ID, versionOf(pic)}.String(),
		Name:    sentName(pic),
		Answers: string(from.capture),
		Link:    pic.Thumbnail,
		Size:    int64(pic.Filesize),
		ModTime: createdAt(pic),
		Stage:   connectors.Working,
		Final:   true,
	}
	if len(p.benches) == 1 { // else the photo that it answers tells the bench
		rt.Bench = p.benches[0]
	}
	switch {
	case from.capture == "":
		rt.Reason = "no original of it is on the platform"
	case pic.Status == statusRefused:
		rt.Reason = "refused by the retouchers"
	case pic.Filesize == 0 || 0 < pic.Status && pic.Status < statusLive: // under 10 is transient (public)
		rt.Reason = "the platform is still taking it in"
	case from.same:
		rt.Reason = "only a copy of the original is there so far"
	default:
		rt.Stage = connectors.Ready
	}
	return rt
}

// createdAt reads date_cre, whose form is unverified; zero if that fails.
func createdAt(pic Picture) time.Time {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", time.DateTime} {
		if at, err := time.Parse(layout, pic.Created); err == nil {
			return at
		}
	}
	return time.Time{}
}

// versionOf names a content: new content has a new hash, or at least another size.
func versionOf(pic Picture) string { return fmt.Sprintf("%s-%d", pic.Hash, pic.Filesize) }

// A retouchID is what Retouch.ID holds, so that nothing need be remembered.
type retouchID struct {
	root, capture, picture ID
	version                string
}

func (id retouchID) String() string {
	return fmt.Sprintf("%s/%s/%s/%s", id.root, id.capture, id.picture, id.version)
}

var errNoRetouch = errors.New("it is no retouch of Grand Shooting")

func parseRetouchID(text string) (retouchID, error) {
	parts := strings.SplitN(text, "/", 4)
	if len(parts) != 4 || parts[2] == "" {
		return retouchID{}, errNoRetouch
	}
	return retouchID{ID(parts[0]), ID(parts[1]), ID(parts[2]), parts[3]}, nil
}
