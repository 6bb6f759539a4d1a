package medialoopster

import (
	"context"
	"fmt"
	"io"
	"sync"
	"testing"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/connectortest"
	"github.com/studio-agent/studio-agent/connectors/medialoopster/medialoopstersim"
)

// What the suite does not ask here, for these abilities do not exist: a Source,
// and with it all of returns (nothing comes back); strangers (Put, Take: nobody
// writes where medialoopster only reads); mirrors; Mark. Ops.Publish is the
// import, which is Deliver, too.
//
// An asset is a path, whatever lies there. The suite wants each generation to be
// known apart, so here each lies on a path of its own: what happens to one that
// does not is in TestANewGenerationIsTheSameAsset.
func TestContract(t *testing.T) {
	connectortest.Run(t, func(t *testing.T) connectortest.Rig {
		share := &share{content: map[string][]byte{}}
		w := newWorld(t, how{Options: medialoopstersim.Options{Exists: share.exists}})
		c := w.connector()
		c.Out = onShare{w.account, share}
		vet := c.Vet
		c.Vet = func(ctx context.Context, p connectors.Photo) (string, error) { return vet(ctx, place(p)) }
		return connectortest.Rig{
			Connector: c,
			Bench:     "edit-1",
			Files: func() (list []connectortest.File) {
				for _, a := range w.sim.Assets() {
					list = append(list, connectortest.FileOf(a.Name, share.get(a.Path)))
				}
				return list
			},
			Faults: w.faults, HTTP: true, Healthy: true,
			Ops: connectortest.Ops{Deliver: "import", Publish: "import", Find: "assets", Probe: "productions"},
		}
	})
}

// A share is the storage that the studio writes to and medialoopster reads from.
type share struct {
	mu      sync.Mutex
	content map[string][]byte // by path as medialoopster sees it
}

func (s *share) exists(path string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.content[path] != nil
}

func (s *share) get(path string) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.content[path]
}

// place puts a photo of the suite where the bench's projects lie, or where its name
// leads it.
func place(p connectors.Photo) connectors.Photo {
	p.Path = fmt.Sprintf("%s%d/%s", folder, p.Generation, p.Name)
	return p
}

// onShare is the account with the files lying on the share by the time that they
// are read to their end.
type onShare struct {
	*account
	share *share
}

func (o onShare) Find(ctx context.Context, ps []connectors.Photo) ([]connectors.Receipt, error) {
	placed := make([]connectors.Photo, len(ps))
	for i, p := range ps {
		placed[i] = place(p)
	}
	return o.account.Find(ctx, placed)
}

func (o onShare) Deliver(ctx context.Context, p connectors.Photo, open func() (io.ReadCloser, error), publish func() error) (connectors.Receipt, error) {
	p = place(p)
	path, err := o.paths.server(p.Path)
	if err != nil {
		path = "nowhere"
	}
	return o.account.Deliver(ctx, p, func() (io.ReadCloser, error) {
		source, err := open()
		return &written{source, o.share, path, []byte{}}, err
	}, publish)
}

type written struct {
	io.ReadCloser
	share *share
	path  string
	got   []byte
}

func (w *written) Read(p []byte) (int, error) {
	n, err := w.ReadCloser.Read(p)
	w.got = append(w.got, p[:n]...)
	return n, err
}

func (w *written) Close() error {
	w.share.mu.Lock()
	defer w.share.mu.Unlock()
	w.share.content[w.path] = w.got
	return w.ReadCloser.Close()
}
