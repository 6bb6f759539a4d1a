// Package grandshooting sends photos to Grand Shooting, API v2, orders their
// retouching, brings the retouches back, and reaches the rest of that API for
// people. What it knows is from grand-shooting-api.txt,
// named by section; what public texts add is marked "public", and what nobody
// states "unverified".
package grandshooting

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync/atomic"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
)

// Factory makes the connectors of type grandshooting.
var Factory = connectors.Factory{Type: "grandshooting", New: New}

// New checks the options of an account and of its benches.
func New(setup connectors.Setup) (connectors.Connector, error) {
	a, err := newAccount(setup)
	if err != nil {
		return connectors.Connector{}, err
	}
	c := connectors.Connector{
		Out: a, Workers: a.client.connections, SHA1: true,
		Vet: a.vet, Mark: a.mark, Chosen: a.chosen, List: a.listAll, Probe: a.probe, Specify: a.specify,
		Public: a.public, Preview: a.preview, Rate: a.client.rest.Rate,
	}
	for _, t := range a.targets {
		if t.imports {
			c.In = a
		}
		if t.edit != nil {
			c.Commit = a.commit
		}
	}
	return c, nil
}

// account is one login and the benches that use it.
type account struct {
	client    *Client
	log       *slog.Logger
	targets   map[string]target // by the bench's name in agent.yaml
	benches   *benches
	catalogue *catalogue
	orders    *orders

	kinship kinship // of retouches that were looked at before

	hashIsSHA1 atomic.Bool  // a picture's hash was once equal to its file's SHA-1
	repeats    atomic.Int32 // what a repeated smalltext means: repeats…
}

func newAccount(setup connectors.Setup) (*account, error) {
	client, err := NewClient(setup)
	if err != nil {
		return nil, err
	}
	a := &account{
		client:    client,
		log:       setup.Log,
		targets:   map[string]target{},
		benches:   newBenches(client),
		catalogue: newCatalogue(client),
		orders:    newOrders(setup.Memory),
	}
	var errs []error
	for _, b := range setup.Benches {
		t, err := newTarget(b)
		if err != nil {
			errs = append(errs, err)
		}
		a.targets[b.Name] = t
	}
	return a, errors.Join(errs...)
}

// target finds the settings of a bench.
func (a *account) target(bench string) (target, error) {
	t, ok := a.targets[bench]
	if !ok {
		return target{}, connectors.Rejected("Grand Shooting needs a bench with a production, and %q is none of account %s", bench, a.client.account)
	}
	return t, nil
}

// probe asks for the productions and looks whether each bench takes uploads. It
// is ErrDenied only if the login is refused.
func (a *account) probe(ctx context.Context) error {
	if err := a.benches.load(ctx, true); err != nil {
		return err
	}
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(a.targets)) {
		if _, err := a.benches.find(ctx, a.targets[name], time.Time{}); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// later turns a refusal into "ask again later": a list that the platform does
// not give is not this photo's fault.
func later(what string, err error) error {
	if errors.Is(err, connectors.ErrRejected) {
		return fmt.Errorf("%s: %v", what, err)
	}
	return fmt.Errorf("%s: %w", what, err)
}
