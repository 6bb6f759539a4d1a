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

	"github.com/studio-agent/studio-agent/connectors"
)

// takenID is the receipt of a photo that was delivered and taken away before
// anybody saw it there. It matches no file, so nothing is replaced by it.
const takenID = "taken"

// Find reads what stands under each name.
func (d destination) Find(ctx context.Context, ps []connectors.Photo) ([]connectors.Receipt, error) {
	roots := map[string]*os.Root{} // by folder; photos of one question may be of several mirrors
	defer func() {
		for _, root := range roots {
			root.Close()
		}
	}()
	receipts := make([]connectors.Receipt, len(ps))
	for i, p := range ps {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		dir, name, err := d.where(p)
		if err != nil {
			continue // what cannot be sent is not there
		}
		root := roots[dir]
		if root == nil {
			if root, err = d.open(dir); err != nil {
				return nil, err
			}
			roots[dir] = root
		}
		if receipts[i], err = find(ctx, root, name, p); err != nil {
			return nil, fmt.Errorf("look for %s in %s: %w", p.Name, dir, d.trouble(dir, err))
		}
	}
	return receipts, nil
}

func find(ctx context.Context, root *os.Root, name string, p connectors.Photo) (connectors.Receipt, error) {
	info, err := root.Lstat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return findGone(root, name, p)
	case unstorable(err), err != nil && blocked(root, name) != nil:
		return connectors.Receipt{}, nil // no photo gets there, and the others need their answers
	case err != nil:
		return connectors.Receipt{}, err
	}
	same, err := isPhoto(ctx, root, name, info, p)
	if err != nil || !same {
		return connectors.Receipt{}, err
	}
	return receiptOf(p, name, info), nil
}

// findGone tells "never got there" from "was there and was picked up".
func findGone(root *os.Root, name string, p connectors.Photo) (connectors.Receipt, error) {
	if !p.Published {
		return connectors.Receipt{}, nil
	}
	_, err := root.Lstat(part(name, p))
	if errors.Is(err, fs.ErrNotExist) {
		return connectors.Receipt{ID: takenID, Name: shown(p, name), Size: p.Size, Verified: true}, nil
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
