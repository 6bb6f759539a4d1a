package preview

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"sync"
	"time"
)

const (
	defaultMax   = 256 << 20
	mostFetched  = 200 << 20 // bytes of a picture that comes from elsewhere
	fetchLimit   = 2 * time.Minute
	mostWaiting  = 1000            // pictures in the row; a page shows far fewer at a time
	mostFailures = 10_000          // that are remembered
	remembered   = 5 * time.Minute // how long a failure is not tried again
)

// ErrBusy says that more pictures wait than will be drawn soon: ask again later.
var ErrBusy = errors.New("too many previews are waiting already")

// errEnded is the answer after Run has ended.
var errEnded = errors.New("previews are no longer drawn: the agent is stopping")

// A Cache keeps previews in a folder of its own and has missing ones made: one at
// a time, the newest wish first, each once however many ask for it. What could
// not be made is not tried again for five minutes, unless its file was not there.
// The folder may be deleted at any time, and where it cannot be written, previews
// are made and not kept.
//
// Get and GetFrom answer from the folder at any time; what is missing needs Run.
type Cache struct {
	store store
	draw  func(ctx context.Context, path string, edge int) ([]byte, error)

	making sync.Mutex // of whoever calls draw

	mu       sync.Mutex
	ended    bool
	jobs     map[string]*job // by file name: waiting or running
	local    lane
	remote   lane // of pictures that must be fetched first, so that no vendor holds up the others
	failures map[string]failure
}

type failure struct {
	err   error
	until time.Time
}

// NewCache keeps at most max bytes (0: 256 MiB) of previews in dir, which is made
// when needed and belongs to this Cache alone: it deletes its own kinds of files
// there. draw is usually a Worker's Make.
func NewCache(dir string, max int64, draw func(ctx context.Context, path string, edge int) ([]byte, error)) *Cache {
	if max == 0 {
		max = defaultMax
	}
	return &Cache{
		store: store{dir: dir, max: max}, draw: draw,
		jobs: map[string]*job{}, failures: map[string]failure{},
		local: lane{wake: newWake()}, remote: lane{wake: newWake()},
	}
}

func newWake() chan struct{} { return make(chan struct{}, 1) }

// Get returns the preview of the file at path, as Make describes it. key names
// the content of the file and is the same for no other: a digest, or a job's id.
// When ctx ends, Get returns its error, and what nobody else waits for and has
// not begun is dropped. Other errors are draw's, or ErrBusy.
func (c *Cache) Get(ctx context.Context, key, path string, edge int) ([]byte, error) {
	return c.get(ctx, &c.local, key, edge, func(ctx context.Context) ([]byte, error) {
		return c.drawOne(ctx, path, edge)
	})
}

// GetFrom is Get for a picture that is not on this machine. fetch, which is only
// called if the preview is missing, writes the picture, at most 200 MiB
// in two minutes; it lies in the Cache's folder until the preview is made. One is
// fetched at a time.
func (c *Cache) GetFrom(ctx context.Context, key string, edge int, fetch func(ctx context.Context, w io.Writer) error) ([]byte, error) {
	return c.get(ctx, &c.remote, key, edge, func(ctx context.Context) ([]byte, error) {
		f, err := c.store.temporary()
		if err != nil {
			return nil, fmt.Errorf("no place to fetch a picture to: %w", err)
		}
		defer os.Remove(f.Name())
		limit, cancel := context.WithTimeout(ctx, fetchLimit)
		defer cancel()
		err = fetch(limit, &limited{w: f, left: mostFetched})
		if err = errors.Join(err, f.Close()); err != nil {
			return nil, err
		}
		return c.drawOne(ctx, f.Name(), edge)
	})
}

func (c *Cache) drawOne(ctx context.Context, path string, edge int) ([]byte, error) {
	c.making.Lock()
	defer c.making.Unlock()
	return c.draw(ctx, path, edge)
}

func (c *Cache) get(ctx context.Context, l *lane, key string, edge int, work func(context.Context) ([]byte, error)) ([]byte, error) {
	sum := sha256.Sum256([]byte(key))
	name := hex.EncodeToString(sum[:]) + "-" + strconv.Itoa(edge) + suffix
	if b := c.store.read(name); b != nil {
		return b, nil
	}
	j, err := c.join(l, name, work)
	if err != nil {
		return nil, err
	}
	select {
	case <-j.done:
		return j.preview, j.err
	case <-ctx.Done():
		c.leave(j)
		return nil, ctx.Err()
	}
}

// A limited writes at most left bytes.
type limited struct {
	w    io.Writer
	left int64
}

func (l *limited) Write(b []byte) (int, error) {
	if l.left -= int64(len(b)); l.left < 0 {
		return 0, fmt.Errorf("the picture is longer than %d MiB, too long to fetch for a preview", mostFetched>>20)
	}
	return l.w.Write(b)
}
