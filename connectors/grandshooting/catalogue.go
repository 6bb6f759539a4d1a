package grandshooting

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
)

const (
	// catalogueMaxAge is how old the catalogue may be while it is in use.
	catalogueMaxAge = 10 * time.Minute
	// missMaxAge is how old the last look for new products may be when a name
	// is found to have none.
	missMaxAge = time.Minute
	// loadingPause is how long others wait while one reads the catalogue.
	loadingPause = 500 * time.Millisecond
)

// A catalogue knows the references and EANs of all products. It is read by the
// call that needs it; others are told to wait a moment, so that none blocks.
type catalogue struct {
	client  *Client
	loading chan struct{} // held by the one that reads

	mu   sync.Mutex
	now  *edition  // nil: never read
	look time.Time // when it was last compared with the platform
}

// An edition is one state of the catalogue. It does not change.
type edition struct {
	names []string // references and EANs, sorted
	refs  int      // products
	last  ID       // the highest reference_id
	read  time.Time
}

func newCatalogue(c *Client) *catalogue {
	return &catalogue{client: c, loading: make(chan struct{}, 1)}
}

// find looks ref up. If it is not there, nearest is the name most like it, or
// empty. Its error is a connectors.ThrottledError while another call reads the
// catalogue.
func (c *catalogue) find(ctx context.Context, ref string) (found bool, nearest string, err error) {
	e, look := c.state()
	found = e.has(ref)
	stale := e == nil || time.Since(e.read) > catalogueMaxAge
	if !stale && (found || time.Since(look) <= missMaxAge) {
		return found, e.nearest(ref, found), nil
	}
	select {
	case c.loading <- struct{}{}:
		defer func() { <-c.loading }()
	default:
		if found {
			return true, "", nil
		}
		return false, "", &connectors.ThrottledError{Until: time.Now().Add(loadingPause), Reason: "the catalogue is being read"}
	}
	if e, err = c.refresh(ctx); err != nil {
		return false, "", err
	}
	found = e.has(ref)
	return found, e.nearest(ref, found), nil
}

func (c *catalogue) state() (*edition, time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now, c.look
}

// refresh reads what is new, or all of it where that does not add up. The
// caller holds loading.
func (c *catalogue) refresh(ctx context.Context) (*edition, error) {
	old, _ := c.state()
	began := time.Now()
	e, err := c.readNew(ctx, old)
	if err == nil && e == nil {
		e, err = c.readAll(ctx)
	}
	if err != nil {
		return nil, later("reading the catalogue", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now, c.look = e, began
	return e, nil
}

// readAll reads the whole catalogue ("List references"), 100 a call.
func (c *catalogue) readAll(ctx context.Context) (*edition, error) {
	e := &edition{read: time.Now()}
	_, err := c.add(ctx, e, listing{path: "/reference", key: "reference_id"}, nil)
	return e, err
}

// readNew asks only for products that old has not, which is one call where
// there are none. It returns nil if old is too old, or if the platform's count
// shows that more has changed than products added at the end.
func (c *catalogue) readNew(ctx context.Context, old *edition) (*edition, error) {
	if old == nil || old.refs == 0 || time.Since(old.read) > catalogueMaxAge {
		return nil, nil
	}
	l := listing{path: "/reference", key: "reference_id", from: old.refs}
	if old.refs >= farthest {
		l.from, l.query = 0, url.Values{"sort_by": {l.key}, l.key: {"gt:" + string(old.last)}}
	}
	_, total, err := c.client.page(ctx, l, l.from)
	if err != nil {
		return nil, err
	}
	if l.from == 0 {
		total += old.refs
	}
	switch {
	case total == old.refs:
		return old, nil
	case total < old.refs:
		return nil, nil
	}
	e := &edition{names: slices.Clone(old.names), refs: old.refs, last: old.last, read: old.read}
	known, err := c.add(ctx, e, l, old)
	if err != nil || known > 0 { // what came was known: the order is not by age
		return nil, err
	}
	return e, nil
}

// add reads l into e and counts the products that old has already.
func (c *catalogue) add(ctx context.Context, e *edition, l listing, old *edition) (known int, err error) {
	err = c.client.pages(ctx, l, func(rows []json.RawMessage) error {
		for _, row := range rows {
			var r reference
			if err := json.Unmarshal(row, &r); err != nil {
				return fmt.Errorf("a reference in the platform's list cannot be read: %w", err)
			}
			if old.has(r.Ref) {
				known++
			}
			e.names = append(append(e.names, r.Ref, r.EAN), r.EANs...)
			if e.last.Less(r.ID) {
				e.last = r.ID
			}
		}
		e.refs += len(rows)
		return nil
	})
	slices.Sort(e.names)
	e.names = slices.Clip(slices.Compact(e.names))
	return known, err
}

func (e *edition) has(ref string) bool {
	if e == nil || ref == "" {
		return false
	}
	_, found := slices.BinarySearch(e.names, ref)
	return found
}

func (e *edition) nearest(ref string, found bool) string {
	if found {
		return ""
	}
	return nearest(ref, e.names)
}
