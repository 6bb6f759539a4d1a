package outbound

import (
	"context"
	"io"
	"strings"
	"sync"

	"github.com/studio-agent/studio-agent/connectors"
)

// A tap stands between the sender and the remote: it counts, and lets a test do
// something at each stage. Nil hooks do nothing.
type tap struct {
	connectors.Destination
	onFind    func()
	onDeliver func(p connectors.Photo) error // before anything; its error ends the delivery
	onRead    func(p connectors.Photo)       // after the first bytes were read
	onPublish func(p connectors.Photo)       // right before publish
	onStored  func()                         // after it was stored, before that is told
	mu        sync.Mutex
	finds     []int // of how many photos each was
	delivers  []string
}

// tap puts a tap into the rig's sender.
func (r *rig) tap() *tap {
	t := &tap{Destination: r.sender.Connector.Out}
	r.sender.Connector.Out = t
	return t
}

func (t *tap) Find(ctx context.Context, ps []connectors.Photo) ([]connectors.Receipt, error) {
	t.mu.Lock()
	t.finds = append(t.finds, len(ps))
	t.mu.Unlock()
	if t.onFind != nil {
		t.onFind()
	}
	return t.Destination.Find(ctx, ps)
}

func (t *tap) Deliver(ctx context.Context, p connectors.Photo, open func() (io.ReadCloser, error), publish func() error) (connectors.Receipt, error) {
	t.mu.Lock()
	t.delivers = append(t.delivers, p.Name)
	t.mu.Unlock()
	if t.onDeliver != nil {
		if err := t.onDeliver(p); err != nil {
			return connectors.Receipt{}, err
		}
	}
	defer func() {
		if t.onStored != nil {
			t.onStored()
		}
	}()
	return t.Destination.Deliver(ctx, p, func() (io.ReadCloser, error) {
		f, err := open()
		if err == nil && t.onRead != nil {
			f = &tapped{ReadCloser: f, then: func() { t.onRead(p) }}
		}
		return f, err
	}, func() error {
		if t.onPublish != nil {
			t.onPublish(p)
		}
		return publish()
	})
}

// counts returns how many calls of Find and of Deliver there were.
func (t *tap) counts() (finds, delivers int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.finds), len(t.delivers)
}

// order is the names that were delivered, in order.
func (t *tap) order() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.Join(t.delivers, " ")
}

// tapped calls then once, after the first bytes.
type tapped struct {
	io.ReadCloser
	then func()
}

func (f *tapped) Read(b []byte) (int, error) {
	n, err := f.ReadCloser.Read(b[:min(len(b), 100)])
	if then := f.then; n > 0 && then != nil {
		f.then = nil
		then()
	}
	return n, err
}
