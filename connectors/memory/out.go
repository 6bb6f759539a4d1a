package memory

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
)

type outbox struct{ *Remote }

// Find answers from what has shown up. A photo that was published and of which
// nothing is there was taken, unless the remote is like a platform.
func (o outbox) Find(ctx context.Context, ps []connectors.Photo) ([]connectors.Receipt, error) {
	t, err := o.suffer(ctx, OpFind)
	if err != nil {
		return nil, err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.sweep()
	receipts := make([]connectors.Receipt, len(ps))
	for i, p := range ps {
		name := place(p.Remote, p.Name)
		f, there := o.files[name]
		switch {
		case there && f.is(p) && time.Since(f.stored) >= o.Lag:
			receipts[i] = f.receipt(name, true)
		case !there && p.Published && !o.parts[p.ID] && !o.Platform:
			receipts[i] = connectors.Receipt{ID: "taken", Name: name, Size: p.Size, Verified: true}
		}
	}
	return receipts, t.reply()
}

func (o outbox) Deliver(ctx context.Context, p connectors.Photo, open func() (io.ReadCloser, error), publish func() error) (connectors.Receipt, error) {
	if err := connectors.CheckName(p.Name); err != nil {
		return connectors.Receipt{}, err
	}
	t, err := o.suffer(ctx, OpDeliver)
	if err != nil {
		return connectors.Receipt{}, err
	}
	name := place(p.Remote, p.Name)
	if f, there := o.look(name); there && f.is(p) {
		return f.receipt(name, !o.Platform), t.reply()
	} else if there && f.id != p.Replaces.ID {
		return connectors.Receipt{}, taken(name)
	}
	content, err := receive(ctx, p, open, t)
	if err != nil {
		return connectors.Receipt{}, fmt.Errorf("deliver %s: %w", p.Name, err)
	}
	f, err := o.show(ctx, p, name, content, publish)
	if err != nil {
		return connectors.Receipt{}, err
	}
	if err := t.reply(); err != nil {
		return connectors.Receipt{}, err
	}
	return f.receipt(name, !o.Platform), nil
}

func (o outbox) look(name string) (file, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.sweep()
	f, there := o.files[name]
	return f, there
}

// show gives a photo that is whole its final name.
func (o outbox) show(ctx context.Context, p connectors.Photo, name string, content []byte, publish func() error) (file, error) {
	o.mu.Lock()
	o.parts[p.ID] = true
	o.mu.Unlock()
	if err := publish(); err != nil {
		return file{}, err
	}
	t, err := o.suffer(ctx, OpPublish)
	if err != nil {
		return file{}, err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if f, there := o.files[name]; there && f.id != p.Replaces.ID {
		return file{}, taken(name)
	}
	delete(o.parts, p.ID)
	f := o.store(name, content, p.ModTime)
	o.deliveries[name] = append(o.deliveries[name], Delivery{Photo: p, At: f.stored, SHA256: digest(content)})
	return f, t.reply()
}

// receive reads all of p, or as much as the fault lets through.
func receive(ctx context.Context, p connectors.Photo, open func() (io.ReadCloser, error), t trouble) ([]byte, error) {
	body, err := open()
	if err != nil {
		return nil, err
	}
	defer body.Close()
	var content bytes.Buffer
	n, err := io.Copy(t.cut(&content), &reader{ctx, io.LimitReader(body, p.Size+1)})
	if err != nil {
		return nil, err
	}
	if n != p.Size {
		return nil, fmt.Errorf("the file gave at least %d bytes where %d were announced; it is being changed", n, p.Size)
	}
	if sum := digest(content.Bytes()); p.Digests.SHA256 != "" && p.Digests.SHA256 != sum {
		return nil, fmt.Errorf("the file is not what it was when it was seen; it is being changed")
	}
	return content.Bytes(), nil
}

// reader ends with its context.
type reader struct {
	ctx context.Context
	r   io.Reader
}

func (r *reader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.r.Read(p)
}

// is reports whether f is p: by digest, or by size and time where p has none.
func (f file) is(p connectors.Photo) bool {
	if int64(len(f.content)) != p.Size {
		return false
	}
	if p.Digests.SHA256 != "" {
		return digest(f.content) == p.Digests.SHA256
	}
	return f.modTime.Equal(p.ModTime)
}

func (f file) receipt(name string, verified bool) connectors.Receipt {
	return connectors.Receipt{ID: f.id, Name: name, Size: int64(len(f.content)), Verified: verified}
}

func taken(name string) error {
	return connectors.Rejected("a different file named %s is already there that the agent did not put there; move it away and retry", name)
}
