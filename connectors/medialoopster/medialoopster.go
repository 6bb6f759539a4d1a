// Package medialoopster registers edit projects and their media with
// medialoopster (nachtblau tv), version 1 of its web API. Nothing is uploaded:
// medialoopster reads from the same storage, so each path is translated to how it
// sees it. A medium is imported as an asset, a bundle is created as a project
// asset, and the media are linked with it.
//
// Sources: medialoopster-projectassets.txt for project assets, named by section,
// and facts.md, section 5 for the rest, which is public but not verified against a
// server. Guesses beyond both are marked "unverified".
package medialoopster

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"sync"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/rest"
)

// Factory makes the connectors of type medialoopster.
var Factory = connectors.Factory{Type: "medialoopster", New: New}

// New checks the options of an account, and that each bench's projects lie where
// medialoopster can see them.
func New(setup connectors.Setup) (connectors.Connector, error) {
	a, err := newAccount(setup)
	if err != nil {
		return connectors.Connector{}, err
	}
	return a.connector(), nil
}

func (a *account) connector() connectors.Connector {
	return connectors.Connector{
		Out: a, Workers: a.workers, Looks: true,
		Vet: a.vet, Commit: a.commit, Projects: a.projects(), Probe: a.probe, Examine: a.examine, Rate: a.api.Rate,
	}
}

// account is one login.
type account struct {
	name    string
	api     *rest.Client
	secrets []string // in all spellings
	plain   bool     // the login travels unencrypted
	form    bool     // bodies are form-data
	paths   pathMap
	benches []bench
	workers int
	turn    chan struct{} // held while a project is looked for and created

	known sync.Map // knownProduction by what is configured
	told  sync.Map // paths of which the log has said that their import failed

	memory connectors.Memory
	log    *slog.Logger
}

// probe asks whether the server is up, which needs no login (GET /ping/), and then
// whether it takes the login.
func (a *account) probe(ctx context.Context) error {
	if _, err := a.exchange(ctx, rest.Request{Method: http.MethodGet, Path: "/ping/", Probe: true}); err != nil {
		return err
	}
	return a.login(ctx)
}

func (a *account) login(ctx context.Context) error {
	_, err := a.exchange(ctx, rest.Request{Method: http.MethodGet, Path: "/productions/", Query: url.Values{"limit": {"1"}}, Probe: true})
	return err
}
