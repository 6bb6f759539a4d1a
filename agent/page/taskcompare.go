package page

import (
	"context"
	"fmt"
	"net/http"

	"github.com/studio-agent/studio-agent/agent/overview"
	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

// A comparison is a picture before and after, with its neighbours.
type comparison struct {
	Task           ledger.Task
	Picture        ledger.Picture
	Tile           tile
	Nth, Of        int
	Previous, Next string // addresses; empty at the ends
	Refusable      bool   // it can be sent back to the vendor
}

func (s *Server) compare(ctx context.Context, r *http.Request) (any, error) {
	t, err := s.ordered(ctx, r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	album, err := s.album(ctx, t.ID)
	if err != nil {
		return nil, err
	}
	name := r.URL.Query().Get("name")
	c := comparison{Task: t, Of: len(album)}
	for i, p := range album {
		if p.Name != name {
			continue
		}
		pictures, err := s.Ledger.Look(ctx, album[i:i+1])
		if err != nil {
			return nil, err
		}
		if len(pictures) == 0 {
			break
		}
		c.Picture, c.Nth = pictures[0], i+1
		c.Tile = tileOf(t, c.Picture, known(ctx).Now)
		if i > 0 {
			c.Previous = comparePath(t.ID, album[i-1].Name)
		}
		if i+1 < len(album) {
			c.Next = comparePath(t.ID, album[i+1].Name)
		}
		c.Refusable = refusable(c.Picture, s.Connector(t.Account))
		return c, nil
	}
	return nil, notFound{fmt.Errorf("the task has no picture %q", overview.Shown(name))}
}

// refusable reports whether a person may send p back: it is here or could be, and
// its vendor takes it.
func refusable(p ledger.Picture, to connectors.Connector) bool {
	return p.HasIn && to.Reject != nil && (p.State == ledger.ReadyToImport || p.State == ledger.PictureImported)
}
