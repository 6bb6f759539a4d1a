package grandshooting

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/rest"
)

// benchesMaxAge is how old the list may be when a bench is not in it, before
// the platform is asked anew: somebody may just have made the production.
const benchesMaxAge = time.Minute

// benches is the account's list of productions, read once and again when it
// proves wrong.
type benches struct {
	client *Client
	turn   chan struct{} // held while the list is used or read
	list   []Bench
	read   time.Time // zero: never
}

func newBenches(c *Client) *benches {
	return &benches{client: c, turn: make(chan struct{}, 1)}
}

// A found bench, and how old that knowledge is.
type foundBench struct {
	Bench
	read time.Time
}

// find returns the bench that t sends to, from a list read after wrong. Its
// error wraps ErrRejected if there is no such bench or it takes no uploads, and
// means "later" if the list could not be had.
func (b *benches) find(ctx context.Context, t target, wrong time.Time) (found foundBench, err error) {
	err = b.search(ctx, wrong, func() (err error) {
		found.Bench, err = pick(b.list, t)
		found.read = b.read
		return err
	})
	return found, err
}

// production returns all benches of t's production, by their steps, archived or
// not. Its errors are those of find.
func (b *benches) production(ctx context.Context, t target) (all []Bench, err error) {
	err = b.search(ctx, time.Time{}, func() error {
		root, err := pickProduction(b.list, t)
		all = nil
		for _, bench := range b.list {
			if err == nil && bench.Root == root {
				all = append(all, bench)
			}
		}
		return err
	})
	slices.SortFunc(all, func(x, y Bench) int { return int(x.Step - y.Step) })
	return all, err
}

// search lets pick look at the list, and once more if it fails and the list is
// old.
func (b *benches) search(ctx context.Context, wrong time.Time, pick func() error) error {
	if err := b.lock(ctx); err != nil {
		return err
	}
	defer b.unlock()
	if b.read.IsZero() || !b.read.After(wrong) {
		if err := b.fetch(ctx, false); err != nil {
			return err
		}
	}
	err := pick()
	if err == nil || time.Since(b.read) <= benchesMaxAge {
		return err
	}
	if err := b.fetch(ctx, false); err != nil {
		return err
	}
	return pick()
}

// load reads the list anew.
func (b *benches) load(ctx context.Context, probe bool) error {
	if err := b.lock(ctx); err != nil {
		return err
	}
	defer b.unlock()
	return b.fetch(ctx, probe)
}

func (b *benches) lock(ctx context.Context) error {
	select {
	case b.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (b *benches) unlock() { <-b.turn }

func (b *benches) fetch(ctx context.Context, probe bool) error {
	reply, err := b.client.rest.Do(ctx, rest.Request{Method: http.MethodGet, Path: "/production", Probe: probe})
	if err != nil {
		return later("reading the productions", err)
	}
	list, err := decodeBenches(reply.Body)
	if err != nil {
		return err
	}
	b.list, b.read = list, time.Now()
	return nil
}

// pick finds t's bench in all the productions.
func pick(list []Bench, t target) (Bench, error) {
	root, err := pickProduction(list, t)
	if err != nil {
		return Bench{}, err
	}
	var found []Bench
	for _, b := range list {
		if b.Root == root && int(b.Step) == t.step {
			found = append(found, b)
		}
	}
	if len(found) != 1 {
		return Bench{}, connectors.Rejected("bench %s: production %s has %d benches of step %d, not one: correct production or step in agent.yaml",
			t.bench, t.production, len(found), t.step)
	}
	if s := found[0].Status; s >= archivedFrom {
		return Bench{}, connectors.Rejected("bench %s: production %s is archived on the platform (benchstatus %d) and takes no uploads", t.bench, t.production, s)
	}
	return found[0], nil
}

func pickProduction(list []Bench, t target) (ID, error) {
	var roots []string
	for _, b := range list {
		hit := string(b.Root) == t.production
		if t.byName { // "the 'smalltext' attribute of the first bench"
			hit = b.ID == b.Root && b.Smalltext == t.production
		}
		if hit && !slices.Contains(roots, string(b.Root)) {
			roots = append(roots, string(b.Root))
		}
	}
	what := "number " + t.production
	if t.byName {
		what = fmt.Sprintf("the name %q", t.production)
	}
	switch len(roots) {
	case 1:
		return ID(roots[0]), nil
	case 0:
		return "", connectors.Rejected("bench %s: no production with %s on the platform: correct production in agent.yaml", t.bench, what)
	}
	return "", connectors.Rejected("bench %s: productions %s all have %s: write the number of the right one as production in agent.yaml",
		t.bench, strings.Join(roots, ", "), what)
}

// benchIsWrong says whether err may mean that the list of benches is out of
// date: 404, or 400 with words to that effect (public, v3).
func benchIsWrong(err error) bool {
	status, said := rest.StatusOf(err)
	if status == http.StatusBadRequest {
		said = strings.ToLower(said)
		return strings.Contains(said, "invalid bench") || strings.Contains(said, "archived")
	}
	return status == http.StatusNotFound
}

// outdated returns err, and has the productions read anew if it may come of a
// list that is out of date, so that the next try knows better.
func (a *account) outdated(ctx context.Context, err error) error {
	if benchIsWrong(err) {
		return errors.Join(err, a.benches.load(ctx, false))
	}
	return err
}
