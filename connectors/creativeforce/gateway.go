package creativeforce

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/rest"
)

// A gateway makes the calls of an account.
type gateway struct {
	login *login
	paths *paths
	log   *slog.Logger
}

// A call is one of those that the guide lists.
type call struct {
	method string
	path   string // its name
	kind   kind
	id     string // goes into the path
	query  url.Values
	body   any // as JSON; nil means none
	probe  bool
	accept []int        // see rest.Request
	before func() error // see rest.Request
}

// do makes a call. Where a path is not there, which means that nothing was
// changed, its other spelling is tried once, and kept for the run if it answers.
func (g *gateway) do(ctx context.Context, c call) (rest.Reply, error) {
	key, path := g.paths.of(c.kind, c.path)
	reply, err := g.try(ctx, c, path)
	other := alternate(c.path, path)
	if other == "" || !notThere(err) {
		return reply, err
	}
	again, second := g.try(ctx, c, other)
	if status, _ := rest.StatusOf(second); notThere(second) || second != nil && status == 0 {
		return reply, err
	}
	g.log.Warn("Creative Force spells a path otherwise than its guide; write it into paths", "path", key, "guide", path, "answers", other)
	g.paths.use(key, other)
	return again, second
}

// cleaner takes secrets out of the platform's own words.
func (g *gateway) cleaner(ctx context.Context) func(string) string {
	_, secrets, err := g.login.client(ctx, nil)
	return func(s string) string {
		if err != nil {
			return "" // nobody knows what may be in them
		}
		for _, secret := range secrets {
			s = strings.ReplaceAll(s, secret, "***")
		}
		return s
	}
}

func notThere(err error) bool {
	status, _ := rest.StatusOf(err)
	return status == http.StatusNotFound || status == http.StatusMethodNotAllowed
}

// try makes a call with a token, and once more with a new one if that was
// refused: a token lives for one hour (guide, Step 2).
func (g *gateway) try(ctx context.Context, c call, path string) (rest.Reply, error) {
	var refused *rest.Client
	for {
		client, _, err := g.login.client(ctx, refused)
		if err != nil {
			return rest.Reply{}, err
		}
		r := rest.Request{
			Method: c.method, Query: c.query, Probe: c.probe, Accept: c.accept, Before: c.before,
			Path: placeholder.ReplaceAllLiteralString(path, url.PathEscape(c.id)),
		}
		if c.body != nil {
			if r, err = r.JSON(c.body); err != nil {
				return rest.Reply{}, err
			}
		}
		reply, err := client.Do(ctx, r)
		if status, _ := rest.StatusOf(err); status != http.StatusUnauthorized || refused != nil {
			return reply, err
		}
		refused = client
	}
}

// refused says that an exchange has certainly changed nothing.
func refused(err error) bool {
	var throttled *connectors.ThrottledError
	return errors.Is(err, connectors.ErrRejected) || errors.Is(err, connectors.ErrDenied) || errors.As(err, &throttled)
}

// later turns a refusal into "ask again later": what the platform does not tell
// of a task is no photo's fault.
func later(what string, err error) error {
	if errors.Is(err, connectors.ErrRejected) {
		return fmt.Errorf("%s: %v", what, err)
	}
	return fmt.Errorf("%s: %w", what, err)
}
