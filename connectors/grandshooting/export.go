package grandshooting

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/rest"
)

// exports says whether some bench wants production root to be exported.
func (a *account) exports(ctx context.Context, root ID) bool {
	for _, t := range a.targets {
		if t.edit == nil || !t.edit.export {
			continue
		}
		if all, err := a.benches.production(ctx, t); err == nil && all[0].Root == root {
			return true
		}
	}
	return false
}

// exportWhenWhole starts the export of p's production when everything that was
// ordered for it is ready and acknowledged, and nothing else on p is still being
// worked on: an export takes all. Each set is exported once. After an unclear
// answer, and after a refusal, the validation bench is looked at; only when it
// has shown nothing of the set for as long as doubt is the export started again.
func (a *account) exportWhenWhole(ctx context.Context, p place, rts []connectors.Retouch) error {
	if err := a.orders.lock(ctx); err != nil {
		return err
	}
	defer a.orders.unlock()
	j, err := a.orders.recall(p.Root)
	if err != nil {
		return err
	}
	set := j.whole(rts)
	if set == nil {
		return nil
	}
	sum := sha256.Sum256([]byte(strings.Join(set, "\n")))
	digest := hex.EncodeToString(sum[:16])
	if j.Export.Set == digest {
		if j.Export.Sure {
			return nil
		}
		if shown, err := a.validated(ctx, p, set); err != nil {
			return err
		} else if shown {
			j.Export.Sure = true
			return a.orders.keep(p.Root, j)
		}
		if time.Since(j.Export.At) < doubt {
			return nil
		}
	}
	j.Export = export{Set: digest, At: time.Now()}
	if err := a.orders.keep(p.Root, j); err != nil {
		return err
	}
	path := "/production/" + url.PathEscape(string(p.Root)) + "/startexport"
	state, _, err := a.client.startExport(ctx, rest.Request{Method: http.MethodGet, Path: path})
	if err != nil {
		return err
	}
	a.log.Info("Export asked for", "production", p.Root, "retouches", len(set), "state", state)
	j.Export.Sure = state == exportStarted
	return a.orders.keep(p.Root, j)
}

// whole returns the acknowledged retouches of all that was ordered, sorted, or
// nil if something is missing or still being worked on.
func (j *journal) whole(rts []connectors.Retouch) (set []string) {
	if len(j.Ordered) == 0 || len(j.Open) > 0 {
		return nil
	}
	ready := map[ID][]string{}
	for _, rt := range rts {
		switch {
		case rt.Stage == connectors.Ready:
			ready[ID(rt.Answers)] = append(ready[ID(rt.Answers)], rt.ID)
		case rt.Answers != "":
			return nil
		}
	}
	for _, id := range j.Ordered {
		if !slices.Contains(ready[id], j.Back[id]) {
			return nil
		}
		set = append(set, j.Back[id])
	}
	slices.Sort(set)
	return set
}

// validated says whether the validation bench has a picture that was made from
// one of the set.
func (a *account) validated(ctx context.Context, p place, set []string) (bool, error) {
	if p.last.ID == "" {
		return false, fmt.Errorf("production %s has no validation bench", p.Root)
	}
	pics, err := a.all(ctx, pictureListing(p.last.ID, nil))
	if err != nil {
		return false, later("looking at the validation bench", err)
	}
	made := map[ID]bool{}
	for _, retouch := range set {
		id, err := parseRetouchID(retouch)
		made[id.picture] = err == nil
	}
	return slices.ContainsFunc(pics, func(pic Picture) bool { return made[pic.Parent] }), nil
}
