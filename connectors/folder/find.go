package folder

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"

	"github.com/studio-agent/studio-agent/connectors"
)

// takenID is the receipt of a photo that was delivered and taken away before
// anybody saw it there. It matches no file, so nothing is replaced by it.
const takenID = "taken"

// Find reads what stands under each name.
func (d destination) Find(ctx context.Context, ps []connectors.Photo) ([]connectors.Receipt, error) {
	root, err := openRoot(d.put)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	receipts := make([]connectors.Receipt, len(ps))
	for i, p := range ps {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		name, err := d.place(p)
		if err != nil {
			continue // what cannot be sent is not there
		}
		if receipts[i], err = find(ctx, root, name, p); err != nil {
			return nil, fmt.Errorf("look for %s in %s: %w", p.Name, d.put, err)
		}
	}
	return receipts, nil
}

func find(ctx context.Context, root *os.Root, name string, p connectors.Photo) (connectors.Receipt, error) {
	info, err := root.Lstat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return findGone(root, name, p)
	case err != nil && blocked(root, name) != nil:
		return connectors.Receipt{}, nil // no photo gets there, and the others need their answers
	case err != nil:
		return connectors.Receipt{}, err
	}
	same, err := isPhoto(ctx, root, name, info, p)
	if err != nil || !same {
		return connectors.Receipt{}, err
	}
	return receiptOf(name, info), nil
}

// findGone tells "never got there" from "was there and was picked up".
func findGone(root *os.Root, name string, p connectors.Photo) (connectors.Receipt, error) {
	if !p.Published {
		return connectors.Receipt{}, nil
	}
	_, err := root.Lstat(part(name, p))
	if errors.Is(err, fs.ErrNotExist) {
		return connectors.Receipt{ID: takenID, Name: name, Size: p.Size, Verified: true}, nil
	}
	return connectors.Receipt{}, err
}

// isPhoto reports whether the file is p: by digest, or by size and time where p
// has none. Size alone proves nothing.
func isPhoto(ctx context.Context, root *os.Root, name string, info fs.FileInfo, p connectors.Photo) (bool, error) {
	if !info.Mode().IsRegular() || info.Size() != p.Size {
		return false, nil
	}
	if p.Digests.SHA256 == "" {
		return info.ModTime().Equal(p.ModTime), nil
	}
	sum, err := digest(ctx, func() (io.ReadCloser, error) { return root.Open(name) })
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil // taken in this very moment
	}
	return sum == p.Digests.SHA256, err
}

func digest(ctx context.Context, open func() (io.ReadCloser, error)) (string, error) {
	body, err := open()
	if err != nil {
		return "", err
	}
	defer body.Close()
	sum := sha256.New()
	if _, err := copyAll(ctx, sum, body); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// copyAll is io.Copy that ends with ctx.
func copyAll(ctx context.Context, w io.Writer, r io.Reader) (int64, error) {
	return io.CopyBuffer(struct{ io.Writer }{w}, untilDone{ctx, r}, make([]byte, 256<<10))
}

type untilDone struct {
	ctx context.Context
	r   io.Reader
}

func (u untilDone) Read(p []byte) (int, error) {
	if err := u.ctx.Err(); err != nil {
		return 0, err
	}
	return u.r.Read(p)
}

// identity tells a file from any other that may stand under its name later.
func identity(info fs.FileInfo) string {
	return fmt.Sprintf("%d-%d", info.Size(), info.ModTime().UnixNano())
}

func receiptOf(name string, info fs.FileInfo) connectors.Receipt {
	return connectors.Receipt{ID: identity(info), Name: name, Size: info.Size(), Verified: true}
}

// explain makes of an error what a person can act on.
func explain(root *os.Root, name string, err error) error {
	if why := blocked(root, name); why != nil {
		return why
	}
	if errors.Is(err, fs.ErrPermission) && writable(root) != nil {
		return connectors.Denied("the agent's user may not write to the folder; give it access: %w", err)
	}
	return err
}

// blocked says why no photo can ever get to name, or nil: on the way there is a
// file, or a link that leads out of the folder.
func blocked(root *os.Root, name string) error {
	for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
		info, err := root.Lstat(dir)
		if err != nil {
			continue // missing, or what is in its way lies further up
		}
		if info.Mode()&fs.ModeSymlink != 0 {
			if info, err = root.Stat(dir); err != nil {
				return connectors.Rejected("%s is a link that leads nowhere or out of the folder; make it a folder and retry", dir)
			}
		}
		if !info.IsDir() {
			return connectors.Rejected("%s is a file where a folder is needed; move it away and retry", dir)
		}
	}
	return nil
}
