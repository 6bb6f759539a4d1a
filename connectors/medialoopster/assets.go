package medialoopster

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/rest"
	"github.com/studio-agent/studio-agent/watch/bundle"
)

// collection is where assets of a kind are listed (facts.md, 5.3, has images and
// the maker's site audio; that videos are alike is unverified).
func collection(kind bundle.Kind) string { return "/" + string(kind) + "assets/" }

// assetAt is the asset of a file as medialoopster sees it. ok is false if there is
// none. Of several, which others made, it is the oldest.
func (a *account) assetAt(ctx context.Context, kind bundle.Kind, path string) (found asset, ok bool, err error) {
	all, err := list(ctx, a, collection(kind), url.Values{"path_file": {path}}, func(x asset) bool { return string(x.PathFile) == path })
	if err != nil {
		return asset{}, false, later("asking for "+path, err)
	}
	for _, x := range all {
		if x.Deleted == "" && x.ID > 0 && (!ok || x.ID < found.ID) {
			found, ok = x, true
		}
	}
	return found, ok, nil
}

// broken reports whether medialoopster gave up on an asset, and what it says.
func (x asset) broken() bool { return x.Status != nil && *x.Status == statusError }

// logsOf are the imports of a file that medialoopster remembers.
func (a *account) logsOf(ctx context.Context, path string) ([]importLog, error) {
	all, err := list(ctx, a, "/importlogs/", url.Values{"asset_path": {path}}, func(l importLog) bool { return string(l.Path) == path })
	return all, later("asking how the import of "+path+" went", err)
}

// newest is the latest log after that one.
func newest(logs []importLog, after number) (latest importLog, ok bool) {
	for _, l := range logs {
		if l.ID > after && l.ID > latest.ID {
			latest, ok = l, true
		}
	}
	return latest, ok
}

// begin asks for an import. medialoopster leaves the file where it is: move_asset
// is false, always. It answers before anything has been looked at.
func (a *account) begin(ctx context.Context, kind bundle.Kind, production, name, path string, publish func() error) error {
	type meta struct {
		Name     string `json:"name"`
		PathFile string `json:"path_file"`
	}
	type body struct {
		Type       bundle.Kind     `json:"type"`
		Production string          `json:"production"`
		Move       bool            `json:"move_asset"`
		Asset      map[string]meta `json:"asset"`
	}
	r, err := rest.Request{Method: http.MethodPost, Path: "/asset/import/", Before: publish}.JSON(body{
		Type: kind, Production: production, Asset: map[string]meta{"asset_meta": {name, path}},
	})
	if err != nil {
		return err
	}
	_, err = a.exchange(ctx, r)
	if errors.Is(err, errNotThere) {
		return later("importing "+path, err) // not the file, but the way to say it
	}
	return err
}

// productions lists all.
func (a *account) productions(ctx context.Context) ([]production, error) {
	all, err := list[production](ctx, a, "/productions/", nil, nil)
	return all, later("asking for the productions", err)
}

// devices lists all.
func (a *account) devices(ctx context.Context) ([]device, error) {
	all, err := list[device](ctx, a, "/devices/", nil, nil)
	return all, later("asking for the devices", err)
}

// fresh is how long a production that was found is not asked for again.
const fresh = 5 * time.Minute

type knownProduction struct {
	production
	at time.Time
}

// productionOf is findProduction, remembered for a while.
func (a *account) productionOf(ctx context.Context, configured string) (production, error) {
	if v, ok := a.known.Load(configured); ok && time.Since(v.(knownProduction).at) < fresh {
		return v.(knownProduction).production, nil
	}
	p, err := a.findProduction(ctx, configured)
	if err == nil {
		a.known.Store(configured, knownProduction{p, time.Now()})
	}
	return p, err
}

// findProduction finds a bench's production, by ID or by name. The ID of a name is
// kept, so that a production may be renamed.
func (a *account) findProduction(ctx context.Context, configured string) (production, error) {
	all, err := a.productions(ctx)
	if err != nil {
		return production{}, err
	}
	key := "production/" + configured
	kept, err := a.memory.Recall(key)
	if err != nil {
		return production{}, err
	}
	var found []production
	for _, p := range all {
		switch configured {
		case p.ID.String():
			return p, nil
		case string(p.Name):
			found = append(found, p)
		}
	}
	for _, p := range all {
		if len(found) == 0 && p.ID.String() == kept {
			return p, nil
		}
	}
	if len(found) != 1 {
		return production{}, connectors.Rejected("medialoopster shows %d productions called %q to this login, not one: correct production in agent.yaml, or ask for the right to it", len(found), configured)
	}
	if id := found[0].ID.String(); id != kept {
		err = a.memory.Keep(key, id)
	}
	return found[0], err
}

// benchOf is the bench whose projects a path on this machine lies in.
func (a *account) benchOf(local string) (best bench, err error) {
	plain, err := plainPath(local)
	if err != nil {
		return bench{}, connectors.Rejected("%q %w", local, err)
	}
	for _, b := range a.benches {
		if _, ok := below(plain, b.folder); ok && len(b.folder) > len(best.folder) {
			best = b
		}
	}
	if best.folder == "" {
		return bench{}, connectors.Rejected("%s lies in no folder of projects of account %s: name it under projects of a bench", local, a.name)
	}
	return best, nil
}

// stageOf is how far medialoopster is with something of that status.
func stageOf(status *number) (stage connectors.Stage, step int) {
	switch {
	case status == nil || *status >= statusDone:
		return connectors.Ready, statusDone
	case *status == statusError:
		return connectors.Failed, 0
	}
	return connectors.Working, int(max(*status, 0))
}

// failure is the error of an import that came to nothing.
func (a *account) failure(path string, l importLog) error {
	said := a.oneLine(fmt.Sprintf("%s: %s", l.Status, l.Error))
	return connectors.Rejected("medialoopster could not import %s (%s): if it does not see the file, correct paths of account %s or its mount, then retry", path, said, a.name)
}
