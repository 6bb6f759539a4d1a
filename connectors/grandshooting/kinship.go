package grandshooting

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/studio-agent/studio-agent/connectors/rest"
)

// mostAncestors is more than the steps of a production.
const mostAncestors = 5

// An origin is what a retouch was made from. The zero origin: nothing that is
// on the platform.
type origin struct {
	capture ID   // the first picture of the chain
	same    bool // its content is that of a picture of the chain: it is a copy
}

// kinship keeps the origins of what was listed last, so that a poll asks only
// about what is new. The zero kinship is empty.
type kinship struct {
	mu    sync.Mutex
	known map[string]origin
}

// kinKey changes with the content: an original may get a new version later, and
// then says nothing of the copy that was made before.
func kinKey(pic Picture) string {
	return strings.Join([]string{string(pic.ID), string(pic.Parent), versionOf(pic)}, "/")
}

func (k *kinship) of(pic Picture) (origin, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	from, known := k.known[kinKey(pic)]
	return from, known
}

func (k *kinship) keep(known map[string]origin) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.known = known
}

// A family looks originals up: the first few one by one, and then all of the
// production's earlier benches in one go.
type family struct {
	*account
	lower  []Bench
	known  map[ID]Picture
	asked  int
	listed bool
}

// originOf follows parent_id to the capture.
func (f *family) originOf(ctx context.Context, pic Picture) (origin, error) {
	var from origin
	for id, n := pic.Parent, 0; id != "" && n < mostAncestors; n++ {
		parent, found, err := f.get(ctx, id)
		if err != nil || !found {
			return origin{}, err
		}
		from.capture = parent.ID
		from.same = from.same || sameContent(pic, parent)
		if id = parent.Parent; parent.Step == captureStep {
			break
		}
	}
	return from, nil
}

// sameContent: "hash computed from image content"; where one is missing the
// size must do.
func sameContent(x, y Picture) bool {
	return x.Filesize == y.Filesize && (x.Hash == "" || y.Hash == "" || strings.EqualFold(x.Hash, y.Hash))
}

func (f *family) get(ctx context.Context, id ID) (pic Picture, found bool, err error) {
	if pic, found = f.known[id]; found {
		return pic, true, nil
	}
	if f.asked++; f.asked > few && !f.listed {
		if err := f.readAll(ctx); err != nil {
			return pic, false, err
		}
		if pic, found = f.known[id]; found {
			return pic, true, nil
		}
	}
	err = f.client.get(ctx, "/picture/"+url.PathEscape(string(id)), &pic)
	if status, _ := rest.StatusOf(err); status == http.StatusNotFound {
		return pic, false, nil
	}
	if err == nil {
		f.known[id] = pic
	}
	return pic, err == nil && pic.ID != "", err
}

func (f *family) readAll(ctx context.Context) error {
	for _, b := range f.lower {
		pics, err := f.all(ctx, pictureListing(b.ID, nil))
		if err != nil {
			return err
		}
		for _, pic := range pics {
			f.known[pic.ID] = pic
		}
	}
	f.listed = true
	return nil
}
