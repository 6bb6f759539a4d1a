package memory

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
)

type inbox struct{ *Remote }

type offer struct {
	retouch connectors.Retouch
	content []byte
}

// Return offers content as a finished retouch, in place of what was offered
// under that name before.
func (r *Remote) Return(name string, content []byte) {
	r.Withdraw(name)
	r.Offer(connectors.Retouch{Name: name}, content)
}

// Offer offers rt with content. An empty ID, an unset size and an unset time are
// filled in; an rt of an ID that is offered already replaces it.
func (r *Remote) Offer(rt connectors.Retouch, content []byte) {
	if rt.ID == "" {
		rt.ID = place(rt.Remote, rt.Name) + "#" + digest(content)[:16]
	}
	if rt.Size == 0 {
		rt.Size = int64(len(content))
	}
	if rt.ModTime.IsZero() {
		rt.ModTime = time.Now()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, known := r.offers[rt.ID]; !known {
		r.order = append(r.order, rt.ID)
	}
	r.offers[rt.ID] = offer{rt, content}
}

// Withdraw takes back all that is offered under name; of a mirrored folder, with
// that before it.
func (r *Remote) Withdraw(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var left []string
	for _, id := range r.order {
		if rt := r.offers[id].retouch; place(rt.Remote, rt.Name) != name {
			left = append(left, id)
			continue
		}
		delete(r.offers, id)
	}
	r.order = left
}

// Acknowledged is how often the retouch of that id was acknowledged.
func (r *Remote) Acknowledged(id string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.acks[id]
}

// Pending lists all offers in their order, acknowledged or not.
func (b inbox) Pending(ctx context.Context) ([]connectors.Retouch, error) {
	t, err := b.suffer(ctx, OpPending)
	if err != nil {
		return nil, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	var list []connectors.Retouch
	for _, id := range b.order {
		list = append(list, b.offers[id].retouch)
	}
	return list, t.reply()
}

func (b inbox) Fetch(ctx context.Context, rt connectors.Retouch, w io.Writer) error {
	t, err := b.suffer(ctx, OpFetch)
	if err != nil {
		return err
	}
	b.mu.Lock()
	o, there := b.offers[rt.ID]
	b.mu.Unlock()
	if !there {
		return fmt.Errorf("%s is not at the remote any more", rt.Name)
	}
	if _, err := t.cut(w).Write(o.content); err != nil {
		return fmt.Errorf("fetch %s: %w", rt.Name, err)
	}
	return t.reply()
}

func (b inbox) Acknowledge(ctx context.Context, rts []connectors.Retouch) error {
	t, err := b.suffer(ctx, OpAcknowledge)
	if err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, rt := range rts {
		b.acks[rt.ID]++
	}
	return t.reply()
}
