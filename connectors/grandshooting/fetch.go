package grandshooting

import (
	"context"
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/rest"
)

// Fetch downloads a picture ("Download"), after a look whether it is still the
// version that was listed. It may be redirected, to a host of the account only.
func (a *account) Fetch(ctx context.Context, rt connectors.Retouch, w io.Writer) error {
	id, err := parseRetouchID(rt.ID)
	if err != nil {
		return fmt.Errorf("%s: %w", rt.Name, err)
	}
	at := "/picture/" + url.PathEscape(string(id.picture))
	var pic Picture
	if err := a.client.get(ctx, at, &pic); err != nil {
		return err
	}
	if versionOf(pic) != id.version {
		return fmt.Errorf("%s has a new version on the platform, which is listed at the next look", rt.Name)
	}
	got := &tally{w: w}
	sum := sha1.New()
	err = a.client.rest.Stream(ctx, rest.Request{Method: http.MethodGet, Path: at + "/download"}, io.MultiWriter(got, sum))
	switch {
	case err != nil:
		return err
	case got.bytes != int64(pic.Filesize):
		return fmt.Errorf("%s came with %d bytes, and the platform says %d: it is fetched again", rt.Name, got.bytes, pic.Filesize)
	case a.hashIsSHA1.Load() && pic.Hash != "" && !strings.EqualFold(pic.Hash, hex.EncodeToString(sum.Sum(nil))):
		return fmt.Errorf("%s came with other content than the platform's hash says: it is fetched again", rt.Name)
	}
	return nil
}

// A tally counts what is written to w.
type tally struct {
	w     io.Writer
	bytes int64
}

func (t *tally) Write(p []byte) (int, error) {
	n, err := t.w.Write(p)
	t.bytes += int64(n)
	return n, err
}

// Acknowledge has nothing to tell the platform. Where an export is wanted, what
// is back is noted for it.
func (a *account) Acknowledge(ctx context.Context, rts []connectors.Retouch) error {
	back := map[ID]map[ID]string{} // by production
	for _, rt := range rts {
		id, err := parseRetouchID(rt.ID)
		if err != nil || id.capture == "" || !a.exports(ctx, id.root) {
			continue // another remote's, or nobody waits for it
		}
		if back[id.root] == nil {
			back[id.root] = map[ID]string{}
		}
		back[id.root][id.capture] = rt.ID
	}
	for root, some := range back {
		if err := a.noteBack(ctx, root, some); err != nil {
			return err
		}
	}
	return nil
}

func (a *account) noteBack(ctx context.Context, root ID, back map[ID]string) error {
	if err := a.orders.lock(ctx); err != nil {
		return err
	}
	defer a.orders.unlock()
	j, err := a.orders.recall(root)
	if err != nil {
		return err
	}
	changed := false
	for capture, retouch := range back {
		changed = changed || j.Back[capture] != retouch
		j.Back[capture] = retouch
	}
	if !changed {
		return nil
	}
	return a.orders.keep(root, j)
}
