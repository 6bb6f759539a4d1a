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
	"time"

	"github.com/studio-agent/studio-agent/connectors"
)

// small is the size below which it is not worth a question whether the photo is
// there already before it is sent, unless one was; and below which others do not
// wait long for the session.
const small = 1 << 20

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
	one := &delivery{photo: p, there: &d.there, root: root, name: name, open: open}
	one.publish = sync.OnceValue(publish) // the pool may run a step twice
	if p.Size < small {
		err = d.pool.inTwo(ctx, working, one.on(ctx, one.hand), one.announce, one.on(ctx, one.show))
	} else {
		err = d.pool.do(ctx, working, one.on(ctx, one.run))
	}
	if err != nil {
		return connectors.Receipt{}, fmt.Errorf("deliver %s to %s on %s: %w", p.Name, root, d.Host, err)
	}
	return one.receipt, nil
}

// A delivery is one photo on its way to its final name: handed over (hand),
// announced (publish) and shown.
type delivery struct {
	*session // that has the turn
	photo    connectors.Photo
	there    *atomic.Bool // see account
	root     string       // where photos go, as agent.yaml spells it
	name     string       // below root
	open     func() (io.ReadCloser, error)
	publish  func() error

	temp    string             // that was handed over
	ours    bool               // what stands under the final name may be replaced
	receipt connectors.Receipt // for what was handed over
	looked  time.Time          // when the final name was looked at
	over    bool               // nothing is left to be announced and shown
}

// on gives a step its session.
func (d *delivery) on(ctx context.Context, step func(context.Context) error) func(*session) error {
	return func(s *session) error {
		d.session = s
		return step(ctx)
	}
}

// base is the folder that must be there, absolute.
func (d *delivery) base() string { return d.path(d.root) }

func (d *delivery) final() string { return path.Join(d.base(), d.name) }

func (d *delivery) run(ctx context.Context) error {
	if err := d.hand(ctx); err != nil {
		return err
	}
	if err := d.announce(); err != nil {
		return err
	}
	return d.show(ctx)
}

// hand brings the photo under its temporary name and looks at the final one. It may
// find that this is the photo already.
func (d *delivery) hand(ctx context.Context) (err error) {
	d.temp, d.ours, d.receipt, d.over = "", false, connectors.Receipt{}, false // of an attempt that failed
	if d.unseen(d.name) {
		return connectors.Rejected("the server shows no names that begin with a dot; rename the file")
	}
	if d.book.profile().NoRename {
		d.over = true
		d.receipt, err = d.direct(ctx)
		return err
	}
	if d.photo.Size >= small || d.there.Load() {
		if d.receipt, _, err = d.look(ctx); err != nil || !d.receipt.Zero() {
			d.over = true
			return err
		}
		d.there.Store(false)
	}
	if err := d.makeFolders(); err != nil {
		return err
	}
	part, sum, err := d.upload(ctx)
	if err != nil {
		return err
	}
	d.temp = part
	return d.seal(ctx, sum)
}

// seal has the server say that it has the photo, gives it its time, and looks at
// the final name: right before it is announced.
func (d *delivery) seal(ctx context.Context, sum string) error {
	e := entry{size: d.photo.Size, time: d.photo.ModTime.Truncate(time.Second)}
	d.looked = time.Now()
	sealed, err := d.sealAtOnce()
	if err == nil && !sealed {
		if err = d.verify(d.temp); err != nil && d.photo.Size > resumable {
			return err // to be resumed
		}
		if err == nil {
			// Asked now: once it shows, somebody may take it away at once.
			e.time, err = d.date(d.temp, d.photo.ModTime)
		}
		if err == nil {
			d.receipt, d.ours, err = d.look(ctx)
		}
	}
	switch {
	case err != nil:
		return d.giveUp(d.temp, err)
	case d.receipt.Zero():
		d.receipt = receiptOf(d.name, e, sum)
	default:
		d.remove(d.temp) // superfluous, and the final name tells the story
		d.there.Store(true)
		d.over = true
	}
	return nil
}

func (d *delivery) announce() error {
	if d.over {
		return nil
	}
	return d.publish()
}

// lately is how old a look at the final name may be when the photo gets that name.
const lately = time.Second

// show gives the photo its final name. If it had to wait for that, it looks again.
func (d *delivery) show(ctx context.Context) error {
	if d.over {
		return nil
	}
	if time.Since(d.looked) > lately {
		receipt, ours, err := d.look(ctx)
		if err != nil {
			return err
		}
		if !receipt.Zero() {
			d.receipt = receipt
			d.remove(d.temp)
			return nil
		}
		d.ours = ours
	}
	if err := d.place(d.temp, d.ours); err != nil {
		d.receipt, err = d.beaten(ctx, err)
		return err
	}
	return d.forget()
}

// giveUp removes the temporary file, unless it is what tells that the photo has
// never been there (Photo.Published).
func (d *delivery) giveUp(part string, err error) error {
	if !d.photo.Published {
		d.remove(part)
	}
	return err
}

// place renames.
func (d *delivery) place(part string, ours bool) error {
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

// makeFolders makes what is missing between root and the photo, root never.
func (d *delivery) makeFolders() error {
	dir := path.Dir(d.final())
	if dir == d.base() || d.folders[dir] {
		return nil
	}
	if d.chdir(dir) != nil {
		level := d.base()
		if err := d.chdir(level); err != nil {
			return err
		}
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
