// Package creativeforce makes the agent the bench of a vendor of Creative Force:
// it receives the tasks of the External Post step, brings their pictures and
// instructions into folders JOB/PRODUCT, and gives complete tasks back.
//
// What it knows is from creative-force-external-post.txt ("the guide"); what
// public texts add is marked "public", and what nobody states "unverified": each
// such thing is one option with a default. The bodies stand in api.go.
package creativeforce

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
)

// Factory makes the connectors of type creativeforce.
var Factory = connectors.Factory{Type: "creativeforce", New: New}

// New checks the options of an account and of its benches.
//
// A batch is one round of one task: the first, or another after a rejection. Its
// name begins with ecommerce- or editorial- and ends with the round.
//
// Hook, which is there if webhook_secret is, answers 202 if the account should be
// looked at now, 200 to what is genuine and not new, and otherwise an error.
func New(setup connectors.Setup) (connectors.Connector, error) {
	a, err := newAccount(setup)
	if err != nil {
		return connectors.Connector{}, err
	}
	c := connectors.Connector{
		Out: a, In: a, Workers: a.workers,
		Vet: a.vet, Commit: a.commit, Probe: a.probe, Examine: a.examine, Specify: a.specify, Assignments: a.assignments,
	}
	if a.hook != nil {
		c.Hook = a.hook
	}
	return c, nil
}

// account is one login and the benches that use it.
type account struct {
	name    string
	opt     options
	workers int
	gateway *gateway
	web     web
	benches []bench
	memory  connectors.Memory
	log     *slog.Logger
	hook    http.Handler // nil without a secret
	desk    *desk        // the tasks that are known
	names   names        // of jobs, products, projects and deliverables
	specs   specs

	submitting chan struct{} // holds a token while a batch is submitted
	placing    sync.Mutex    // held while a folder is given to a task
	strange    sync.Map      // status words that were told of
}

// probe asks for the first page of tasks. It is ErrDenied only if the login is
// refused.
func (a *account) probe(ctx context.Context) error {
	for _, k := range a.kinds() {
		if _, _, err := a.page(ctx, k, 1, 1, true); err != nil {
			return err
		}
	}
	return nil
}

// kinds are the kinds of content that the account works on.
func (a *account) kinds() []kind {
	switch a.opt.Content {
	case string(ecommerce):
		return []kind{ecommerce}
	case string(editorial):
		return []kind{editorial}
	}
	return []kind{ecommerce, editorial}
}

// sleep waits, or returns the error of ctx.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
