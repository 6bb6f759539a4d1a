package medialoopster

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/rest"
	"github.com/studio-agent/studio-agent/watch/bundle"
)

const (
	// doubt is how long a project whose creation has an unknown outcome must not show
	// before it is created anew.
	doubt = 30 * time.Second
	// perLink is how many media are linked in one request (facts.md, 47).
	perLink = 50
)

// commit registers a bundle, whose folder on this machine is batch, and links the
// media that were delivered from it. It is called again as more media come, and
// links what is not linked yet. Without media it only registers. publish is called
// right before a project asset is created, and not where one is there.
func (a *account) commit(ctx context.Context, batch string, delivered []connectors.Receipt, publish func() error) error {
	root, err := a.rootOf(batch)
	if err != nil {
		return err
	}
	b, err := a.benchOf(batch)
	if err != nil {
		return err
	}
	p, err := a.projectAt(ctx, root)
	if errors.Is(err, errNotThere) {
		p, err = a.create(ctx, b, root, batch, publish)
	}
	if err == nil {
		err = a.forgetCreation(root) // there is no doubt any more
	}
	if err != nil {
		return err
	}
	return a.link(ctx, p, delivered)
}

// rootOf is a folder as medialoopster sees it, with the slash at the end that the
// filter must have (Get All Project Assets).
func (a *account) rootOf(local string) (string, error) {
	server, err := a.paths.server(local)
	return strings.TrimSuffix(server, "/") + "/", err
}

// projectAt is the one project asset of a folder, or errNotThere. No rule forbids
// several, so there may be: then a person must choose.
func (a *account) projectAt(ctx context.Context, root string) (projectAsset, error) {
	all, err := list(ctx, a, "/projectassets/", url.Values{"bundle_root": {root}}, func(p projectAsset) bool {
		return strings.TrimSuffix(string(p.BundleRoot), "/")+"/" == root && p.Deleted == "" && p.ID > 0
	})
	switch {
	case err != nil:
		return projectAsset{}, later("asking for the project of "+root, err)
	case len(all) == 0:
		return projectAsset{}, errNotThere
	case len(all) > 1:
		var ids []string
		for _, p := range all {
			ids = append(ids, p.ID.String())
		}
		return projectAsset{}, connectors.Rejected("medialoopster has %d projects for %s (%s): delete all but one there, then retry", len(all), root, namesOf(ids))
	}
	return all[0], nil
}

// create makes the project asset of a bundle unless somebody else has by now. The
// intent is on disk before the request: where its outcome is unknown, medialoopster
// must have had time to show it before it is believed not to be there.
func (a *account) create(ctx context.Context, b bench, root, batch string, publish func() error) (projectAsset, error) {
	in, err := a.productionOf(ctx, b.production)
	if err != nil {
		return projectAsset{}, err
	}
	select {
	case a.turn <- struct{}{}:
		defer func() { <-a.turn }()
	case <-ctx.Done():
		return projectAsset{}, ctx.Err()
	}
	if p, err := a.projectAt(ctx, root); !errors.Is(err, errNotThere) {
		return p, err
	}
	if err := a.doubted(root); err != nil {
		return projectAsset{}, err
	}
	asked := false
	r, err := a.withFields(rest.Request{Method: http.MethodPost, Path: "/projectassets/", Before: func() error {
		if err := publish(); err != nil {
			return err
		}
		asked = true
		return a.keepCreation(root)
	}}, []field{{"name", bundle.Title(batch)}, {"bundle_root", root}, {"production_id", int64(in.ID)}})
	if err != nil {
		return projectAsset{}, err
	}
	reply, err := a.exchange(ctx, r)
	switch {
	case err != nil && !asked:
		return projectAsset{}, err
	case saidNo(err):
		return projectAsset{}, errors.Join(err, a.forgetCreation(root))
	case err != nil:
		return projectAsset{}, errors.Join(err, a.keepCreation(root)) // the doubt begins now
	}
	p, err := decodeProject(reply.Body)
	if err != nil {
		return p, unreadable("the creation of "+root, err)
	}
	return p, nil
}

func creationKey(root string) string { return "create/" + root }

func (a *account) keepCreation(root string) error {
	return a.memory.Keep(creationKey(root), time.Now().UTC().Format(time.RFC3339Nano))
}

func (a *account) forgetCreation(root string) error {
	if kept, err := a.memory.Recall(creationKey(root)); err != nil || kept == "" {
		return err
	}
	return a.memory.Keep(creationKey(root), "")
}

// doubted is an error while a creation that was asked for may still come true.
func (a *account) doubted(root string) error {
	kept, err := a.memory.Recall(creationKey(root))
	if err != nil || kept == "" {
		return err
	}
	since, err := time.Parse(time.RFC3339Nano, kept)
	if until := since.Add(doubt); err == nil && time.Now().Before(until) {
		return &connectors.ThrottledError{Until: until, Reason: fmt.Sprintf("whether the project of %s was created is not known yet; medialoopster is asked again", root)}
	}
	return err
}

// link links media that are not linked yet.
func (a *account) link(ctx context.Context, p projectAsset, delivered []connectors.Receipt) error {
	has := map[mention]bool{}
	for kind, assets := range p.linked() {
		for _, x := range assets {
			has[mention{x.ID, kind}] = true
		}
	}
	var missing []mention
	names := map[mention]string{}
	for _, r := range delivered {
		m, err := parseMention(r.ID)
		if err != nil {
			return fmt.Errorf("linking %s: %w; it will be tried again", r.Name, err)
		}
		if !has[m] {
			missing, has[m], names[m] = append(missing, m), true, r.Name
		}
	}
	var refused []string
	for start := 0; start < len(missing); start += perLink {
		bad, err := a.linkSome(ctx, p.ID, missing[start:min(start+perLink, len(missing))])
		if err != nil {
			return fmt.Errorf("linking with project %s: %w", p.ID, err)
		}
		for _, m := range bad {
			refused = append(refused, fmt.Sprintf("%s (%s)", names[m], m))
		}
	}
	if len(refused) > 0 {
		return connectors.Rejected("medialoopster would not link %s with project %s (%s): look there whether they were deleted, then retry",
			namesOf(refused), a.oneLine(string(p.Name)), p.ID)
	}
	return nil
}

// linkSome links at most perLink media and returns those that cannot be. Silent
// mode lists them within a success; without it the first one ends it all (Add
// Media Asset to Project Asset).
func (a *account) linkSome(ctx context.Context, project number, media []mention) (refused []mention, err error) {
	r, err := rest.Request{Method: http.MethodPost, Path: "/projectassets/" + project.String() + "/addasset/"}.JSON(struct {
		List   []mention `json:"asset_list"`
		Silent bool      `json:"silent_mode"`
	}{media, true})
	if err != nil {
		return nil, err
	}
	reply, err := a.exchange(ctx, r)
	if errors.Is(err, errNotThere) {
		return nil, later("looked for a moment ago", err) // it is looked for anew
	}
	if err != nil {
		return nil, err
	}
	said, err := decodeLinks(reply.Body)
	if err != nil {
		return nil, unreadable("addasset", err)
	}
	told := map[mention]bool{}
	for _, m := range append(said.New, said.Already...) {
		told[m] = true
	}
	for _, m := range said.Invalid {
		told[m] = true
		refused = append(refused, m)
	}
	for _, m := range media {
		if !told[m] {
			return nil, fmt.Errorf("medialoopster says nothing about %s; it will be tried again", m)
		}
	}
	return refused, nil
}
