package folder

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/layout"
	"github.com/studio-agent/studio-agent/sync/atomicfile"
)

// destination writes photos into the folder put and into mirrored ones.
type destination struct {
	*keeper
	layout layout.Layout
	puts   map[string]string // folders by Photo.Remote; put has none
}

// folders are all that deliveries go to, sorted.
func (d destination) folders() []string {
	return slices.Sorted(maps.Values(d.puts))
}

// where is the folder that p belongs to, and its name there.
func (d destination) where(p connectors.Photo) (dir, name string, err error) {
	dir, known := d.puts[p.Remote]
	if !known && p.Remote == "" {
		return "", "", connectors.Rejected("account %s has no folder for it; give it put: in agent.yaml and retry", d.account)
	}
	if !known {
		return "", "", connectors.Rejected("account %s mirrors nothing to %s any more; add the mirror to agent.yaml and retry", d.account, p.Remote)
	}
	name, err = d.layout.Name(p)
	return dir, name, err
}

// Deliver writes p beside its final name, syncs it, calls publish and renames
// without replacing. Only a file that still is what p.Replaces says is replaced.
func (d destination) Deliver(ctx context.Context, p connectors.Photo, open func() (io.ReadCloser, error), publish func() error) (connectors.Receipt, error) {
	dir, name, err := d.where(p)
	if err != nil {
		return connectors.Receipt{}, err
	}
	root, err := d.open(dir)
	if err != nil {
		return connectors.Receipt{}, err
	}
	defer root.Close()
	times, err := d.recall(timesKey, dir)
	if err != nil {
		return connectors.Receipt{}, err
	}
	receipt, err := delivery{p, root, name, reading(open), times != timesRefused}.run(ctx, publish)
	if err != nil {
		return connectors.Receipt{}, fmt.Errorf("deliver %s to %s: %w", p.Name, dir, d.explain(dir, root, name, err))
	}
	return receipt, nil
}

// A delivery is one photo on its way to its final name.
type delivery struct {
	photo connectors.Photo
	root  *os.Root
	final string
	open  func() (io.ReadCloser, error)
	times bool // the folder lets the agent set them
}

func (d delivery) run(ctx context.Context, publish func() error) (connectors.Receipt, error) {
	receipt, ours, err := d.look(ctx)
	if err != nil || !receipt.Zero() {
		return receipt, err
	}
	f, err := atomicfile.Create(d.root, d.final, d.photo.ID)
	if err != nil {
		return connectors.Receipt{}, err
	}
	// Once publish was called, a missing temporary file means that the rename
	// happened (Photo.Published). Only the rename may remove it from then on.
	keep := d.photo.Published
	defer func() {
		if keep {
			f.Close()
		} else {
			f.Abort()
		}
	}()
	if err := d.write(ctx, f); err != nil {
		return connectors.Receipt{}, err
	}
	// Asked now: once it shows, somebody may take it away at once.
	info, err := d.root.Lstat(part(d.final, d.photo))
	if err != nil {
		return connectors.Receipt{}, err
	}
	keep = true
	if err := publish(); err != nil {
		return connectors.Receipt{}, err
	}
	place := f.Commit
	if ours {
		place = f.Replace
	}
	if err := place(ctx); err != nil {
		return d.beaten(ctx, err)
	}
	return receiptOf(d.photo, d.final, info), nil
}

// beaten asks, if somebody was faster under the final name, with what.
func (d delivery) beaten(ctx context.Context, err error) (connectors.Receipt, error) {
	if errors.Is(err, fs.ErrExist) {
		if receipt, _, looked := d.look(ctx); looked != nil || !receipt.Zero() {
			return receipt, looked
		}
	}
	return connectors.Receipt{}, err
}

// look says what stands under the final name: p itself (a receipt), a file that
// is ours to replace, nothing, or somebody else's file (an error).
func (d delivery) look(ctx context.Context) (_ connectors.Receipt, ours bool, _ error) {
	p := d.photo
	info, err := d.root.Lstat(d.final)
	if errors.Is(err, fs.ErrNotExist) {
		return connectors.Receipt{}, false, nil
	}
	if err != nil {
		return connectors.Receipt{}, false, err
	}
	same, err := isPhoto(ctx, d.root, d.final, info, p)
	if err == nil && !same && p.Digests.SHA256 == "" && info.Mode().IsRegular() && info.Size() == p.Size {
		// A folder that keeps times badly: only the content can tell.
		if p.Digests.SHA256, err = digest(ctx, d.open); err == nil {
			same, err = isPhoto(ctx, d.root, d.final, info, p)
		}
	}
	switch {
	case err != nil:
		return connectors.Receipt{}, false, err
	case same:
		return receiptOf(p, d.final, info), false, nil
	case stillIs(info, p.Replaces):
		return connectors.Receipt{}, true, nil
	}
	return connectors.Receipt{}, false, connectors.Rejected("a different file of this name is already there that the agent did not put there; move it away and retry")
}

// write puts exactly the photo on disk under its temporary name.
func (d delivery) write(ctx context.Context, f *atomicfile.File) error {
	body, err := d.open()
	if err != nil {
		return err
	}
	defer body.Close()
	var w io.Writer = f
	size, want, sum := d.photo.Size, d.photo.Digests.SHA256, sha256.New()
	if want != "" {
		w = io.MultiWriter(f, sum)
	}
	n, err := copyAll(ctx, w, io.LimitReader(body, size+1))
	switch {
	case err != nil:
		return err
	case n > size:
		return fmt.Errorf("the file gave more than its %d bytes; is it still being written?", size)
	case n < size:
		return fmt.Errorf("the file gave %d of its %d bytes; is it still being written?", n, size)
	case want != "" && want != hex.EncodeToString(sum.Sum(nil)):
		return fmt.Errorf("the file is not what it was when it was seen; is it still being written?")
	}
	if !d.times {
		return f.Seal(time.Time{})
	}
	return f.Seal(d.photo.ModTime)
}

func part(name string, p connectors.Photo) string {
	return path.Join(path.Dir(name), atomicfile.PartName(p.ID))
}
