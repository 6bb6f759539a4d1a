package ftp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/studio-agent/studio-agent/connectors"
)

// lookFirst is the size from which it is worth a question whether the photo is
// there already before it is sent; once one was, it is for all.
const lookFirst = 1 << 20

// destination writes photos into put, and into the folders of mirrors.
type destination struct{ *account }

// place is the remote folder that must be there and where p belongs below it.
func (d destination) place(p connectors.Photo) (root, name string, err error) {
	if name, err = d.layout.Name(p); err != nil {
		return "", "", err
	}
	root = d.Put
	if p.Role == connectors.Mirror {
		root = p.Remote
	}
	if root == "" {
		return "", "", errors.New("the account has no folder to deliver to: add put, or a mirror")
	}
	return root, name, nil
}

// Deliver sends p beside its final name, has the server confirm its size, calls
// publish and renames. A rename replaces silently on most servers, so the final
// name is looked at right before it.
func (d destination) Deliver(ctx context.Context, p connectors.Photo, open func() (io.ReadCloser, error), publish func() error) (connectors.Receipt, error) {
	root, name, err := d.place(p)
	if err != nil {
		return connectors.Receipt{}, err
	}
	var receipt connectors.Receipt
	publish = sync.OnceValue(publish) // do may run the whole twice
	err = d.pool.do(ctx, working, func(s *session) (err error) {
		one := delivery{session: s, photo: p, there: &d.there, root: s.path(root), name: name, open: open, publish: publish}
		receipt, err = one.run(ctx)
		return err
	})
	if err != nil {
		return connectors.Receipt{}, fmt.Errorf("deliver %s to %s on %s: %w", p.Name, root, d.Host, err)
	}
	return receipt, nil
}

// A delivery is one photo on its way to its final name, with one session.
type delivery struct {
	*session
	photo   connectors.Photo
	there   *atomic.Bool // see account
	root    string       // absolute
	name    string       // below root
	open    func() (io.ReadCloser, error)
	publish func() error
}

func (d *delivery) final() string { return path.Join(d.root, d.name) }

func (d *delivery) run(ctx context.Context) (connectors.Receipt, error) {
	if d.unseen(d.name) {
		return connectors.Receipt{}, connectors.Rejected("the server shows no names that begin with a dot; rename the file")
	}
	if d.book.profile().NoRename {
		return d.direct(ctx)
	}
	if d.photo.Size >= lookFirst || d.there.Load() {
		if receipt, _, err := d.look(ctx); err != nil || !receipt.Zero() {
			return receipt, err
		}
		d.there.Store(false)
	}
	if err := d.makeFolders(); err != nil {
		return connectors.Receipt{}, err
	}
	part, sum, err := d.upload(ctx)
	if err != nil {
		return connectors.Receipt{}, err
	}
	// Asked now: once it shows, somebody may take it away at once.
	when, err := d.date(part, d.photo.ModTime)
	if err != nil {
		return connectors.Receipt{}, d.giveUp(part, err)
	}
	receipt, ours, err := d.look(ctx)
	if err != nil {
		return connectors.Receipt{}, d.giveUp(part, err)
	}
	if !receipt.Zero() {
		d.remove(part) // superfluous, and the final name tells the story
		d.there.Store(true)
		return receipt, nil
	}
	if err := d.publish(); err != nil {
		return connectors.Receipt{}, err
	}
	if err := d.place(ctx, part, ours); err != nil {
		return d.beaten(ctx, err)
	}
	return d.receipt(entry{size: d.photo.Size, time: when}, sum), d.forget()
}

// giveUp removes the temporary file, unless it is what tells that the photo has
// never been there (Photo.Published).
func (d *delivery) giveUp(part string, err error) error {
	if !d.photo.Published {
		d.remove(part)
	}
	return err
}

// place gives the sealed file its final name.
func (d *delivery) place(ctx context.Context, part string, ours bool) error {
	err := d.rename(part, d.final())
	r, ok := refused(err)
	if !ok || r.code < 500 {
		return err
	}
	if r.verb == "RNTO" && ours { // a server that does not replace
		if err := d.remove(d.final()); err != nil {
			return fmt.Errorf("the earlier version cannot be removed: %w", err)
		}
		return d.rename(part, d.final())
	}
	if r.verb != "RNFR" {
		return err
	}
	// Once more, for this is remembered for long.
	err = d.rename(part, d.final())
	if r, ok := refused(err); !ok || r.verb != "RNFR" || r.code < 500 {
		return err
	}
	if _, there, looked := d.stat(part); looked != nil || !there {
		return errors.Join(err, looked)
	}
	return errors.Join(
		fmt.Errorf("the server refuses to rename; from now on files are sent under their final names, with a file NAME%s as the last: %w", marker, err),
		d.book.learn("RNFR", func(p *profile) { p.NoRename = true }))
}

// beaten asks, when the rename failed, whether somebody was faster.
func (d *delivery) beaten(ctx context.Context, err error) (connectors.Receipt, error) {
	if r, ok := refused(err); !ok || r.verb != "RNTO" {
		return connectors.Receipt{}, err
	}
	if receipt, _, looked := d.look(ctx); looked != nil || !receipt.Zero() {
		return receipt, looked
	}
	return connectors.Receipt{}, badName(err, d.name)
}

// look says what stands under the final name: the photo itself (a receipt), a
// file that is ours to replace, nothing, or somebody else's (an error).
func (d *delivery) look(ctx context.Context) (_ connectors.Receipt, ours bool, _ error) {
	e, there, err := d.stat(d.final())
	if err != nil || !there {
		return connectors.Receipt{}, false, err
	}
	p := d.photo
	if p.Digests.SHA256 == "" && e.size == p.Size && !sameTime(e, p) {
		// Times prove nothing here: only the content can tell.
		if p.Digests.SHA256, err = digestOf(ctx, d.open); err != nil {
			return connectors.Receipt{}, false, err
		}
	}
	same, err := d.isPhoto(d.final(), e, p)
	switch {
	case err != nil:
		return connectors.Receipt{}, false, err
	case same:
		return receiptOf(d.name, e, p.Digests.SHA256), false, nil
	}
	ours, err = d.isStill(d.final(), e, p.Replaces.ID)
	if err != nil || ours {
		return connectors.Receipt{}, ours, err
	}
	return connectors.Receipt{}, false, connectors.Rejected("a different file of this name is already there that the agent did not put there; move it away and retry")
}

func (d *delivery) receipt(e entry, sum string) connectors.Receipt {
	return receiptOf(d.name, e, sum)
}

// makeFolders makes what is missing between root and the photo, root never.
func (d *delivery) makeFolders() error {
	dir := path.Dir(d.final())
	if dir == d.root || d.folders[dir] {
		return nil
	}
	if d.chdir(dir) != nil {
		if err := d.chdir(d.root); err != nil {
			return err
		}
		level := d.root
		for part := range strings.SplitSeq(path.Dir(d.name), "/") {
			level = path.Join(level, part)
			err := d.heard.told(d.conn.MakeDir(level))
			if err == nil || d.chdir(level) == nil { // made, or there already
				continue
			}
			if r, ok := refused(err); ok && r.code >= 500 {
				return connectors.Rejected("the server lets nobody make folders (%d %s): make %s there and retry, or say layout: flat", r.code, r.text, level)
			}
			return err
		}
	}
	d.folders[dir] = true
	return nil
}
