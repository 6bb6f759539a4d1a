package sftp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/pkg/sftp"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/layout"
)

// destination writes photos into the folder put, or that of a mirror.
type destination struct {
	pool   *pool
	put    string // empty: mirrors only
	layout layout.Layout
	memory connectors.Memory
	space  *space
}

// Deliver writes p beside its final name, has the server put it on disk where
// it can, calls publish and renames without replacing. Only a file that still is
// what p.Replaces says is replaced.
func (d *destination) Deliver(ctx context.Context, p connectors.Photo, open func() (io.ReadCloser, error), publish func() error) (connectors.Receipt, error) {
	at, err := d.place(p)
	if err != nil {
		return connectors.Receipt{}, err
	}
	var receipt connectors.Receipt
	var handed *conn
	err = d.pool.do(ctx, func(c *conn) (err error) {
		on := delivery{p, c, at, open, d.memory, d.space}
		swift := false
		if receipt, swift, err = on.swift(ctx); swift {
			handed = c
		} else if err == nil {
			receipt, err = on.run(ctx, publish)
		}
		return explain(c, at, err)
	})
	if err == nil && handed != nil {
		receipt, err = d.uncover(ctx, delivery{p, handed, at, open, d.memory, d.space}, receipt, publish)
	}
	if err != nil {
		return connectors.Receipt{}, fmt.Errorf("deliver %s to %s: %w", p.Name, at.base, err)
	}
	return receipt, nil
}

// uncover shows a photo that was handed over swiftly. While publish writes to the
// disk here, others use the connection.
func (d *destination) uncover(ctx context.Context, on delivery, receipt connectors.Receipt, publish func() error) (connectors.Receipt, error) {
	if err := publish(); err != nil {
		return connectors.Receipt{}, err
	}
	err := d.pool.beside(ctx, on.c, func(c *conn) (err error) {
		on.c = c
		if on.shown() {
			return nil
		}
		if err = on.show(false); err != nil {
			receipt, err = on.beaten(ctx, err)
		}
		return explain(c, on.at, err)
	})
	return receipt, err
}

// explain makes of an error what a person can act on.
func explain(c *conn, at spot, err error) error {
	var refused *sftp.StatusError
	switch {
	case errors.Is(err, fs.ErrPermission) && errors.Is(c.tryWriting(at.base), fs.ErrPermission):
		return connectors.Denied("the user may not write to the folder; ask the vendor to allow it: %w", err)
	case errors.As(err, &refused) && !errors.Is(err, connectors.ErrRejected):
		if why := c.blocked(at); why != nil {
			return why
		}
	}
	return err
}

// A delivery is one photo on its way to its final name.
type delivery struct {
	photo  connectors.Photo
	c      *conn
	at     spot
	open   func() (io.ReadCloser, error)
	memory connectors.Memory
	space  *space
}

func (d delivery) run(ctx context.Context, publish func() error) (connectors.Receipt, error) {
	if err := ctx.Err(); err != nil {
		return connectors.Receipt{}, err
	}
	receipt, ours, err := d.look(ctx)
	if err != nil || !receipt.Zero() {
		return receipt, errors.Join(err, d.forgetIf(err == nil || errors.Is(err, connectors.ErrRejected)))
	}
	// Once publish was called, a missing temporary file means that the rename
	// happened (Photo.Published). Only the rename may remove it from then on. And
	// what was written of a large file is worth keeping.
	keep := d.photo.Published
	defer func() {
		if !keep {
			d.c.Remove(d.at.part(d.photo))
		}
	}()
	resumable, err := d.write(ctx)
	if err != nil {
		keep = keep || resumable
		return connectors.Receipt{}, err
	}
	info, err := d.seal()
	if err != nil {
		return connectors.Receipt{}, err
	}
	keep = true
	if err := publish(); err != nil {
		return connectors.Receipt{}, err
	}
	if err := d.show(ours); err != nil {
		return d.beaten(ctx, err)
	}
	return receiptOf(d.at.name, info.Size(), info.ModTime(), d.photo), nil
}

// seal gives the temporary file its time, and says what the server has of it.
// Asked now: once it shows, somebody may take it away at once.
func (d delivery) seal() (fs.FileInfo, error) {
	part, p := d.at.part(d.photo), d.photo
	if !d.c.profile.ForgetsTimes && !p.ModTime.IsZero() {
		// After closing, as some servers set the time then. Some refuse: Find reads
		// the file back there.
		if err := d.c.Chtimes(part, p.ModTime, p.ModTime); err != nil && d.c.wire.broken.Load() {
			return nil, err
		}
	}
	info, err := d.c.Lstat(part)
	if err == nil && info.Size() != p.Size {
		err = fmt.Errorf("the server has kept %d of its %d bytes", info.Size(), p.Size)
	}
	return info, err
}

// show makes the photo visible in one step.
func (d delivery) show(ours bool) error {
	part, final := d.at.part(d.photo), d.at.final()
	if ours {
		return d.c.replace(part, final)
	}
	if d.c.profile.RenameReplaces { // all that can be done there
		if _, err := d.c.Lstat(final); !errors.Is(err, fs.ErrNotExist) {
			return errors.Join(fs.ErrExist, err)
		}
	}
	return d.c.Rename(part, final)
}

// beaten asks, if somebody was faster under the final name, with what. Version 3
// of the protocol has no code for "is there".
func (d delivery) beaten(ctx context.Context, err error) (connectors.Receipt, error) {
	var refused *sftp.StatusError
	if errors.As(err, &refused) || errors.Is(err, fs.ErrExist) {
		if receipt, ours, looked := d.look(ctx); looked != nil || !receipt.Zero() && !ours {
			return receipt, looked
		}
	}
	return connectors.Receipt{}, err
}

// look says what stands under the final name: p itself (a receipt), a file that
// is ours to replace, nothing, or somebody else's file (an error).
func (d delivery) look(ctx context.Context) (_ connectors.Receipt, ours bool, _ error) {
	p, name := d.photo, d.at.final()
	info, err := d.c.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return connectors.Receipt{}, false, nil
	}
	if err != nil {
		return connectors.Receipt{}, false, err
	}
	same, err := isPhoto(ctx, d.c, name, info, p)
	if err == nil && !same && p.Digests.SHA256 == "" && info.Mode().IsRegular() && info.Size() == p.Size {
		// Only the content can tell.
		if p.Digests.SHA256, err = sourceDigest(ctx, d.open); err == nil {
			same, err = isPhoto(ctx, d.c, name, info, p)
		}
	}
	if err == nil && same {
		return receiptOf(d.at.name, info.Size(), info.ModTime(), p), false, nil
	}
	if err == nil {
		ours, err = isReplaced(ctx, d.c, name, info, p)
	}
	if err != nil || ours {
		return connectors.Receipt{}, ours, err
	}
	return connectors.Receipt{}, false, connectors.Rejected("a different file of this name is already there that the agent did not put there; move it away and retry")
}
