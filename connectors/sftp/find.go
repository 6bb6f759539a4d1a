package sftp

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/sync/atomicfile"
)

const (
	// takenID is the receipt of a photo that was delivered and taken away before
	// anybody saw it there. It matches no file, so nothing is replaced by it.
	takenID = "taken"
	// questions are how many files are looked for at the same time.
	questions = 8
)

// Find looks at what stands under each name. It reads a file back where only
// that can tell, as on servers that keep no times.
func (d *destination) Find(ctx context.Context, ps []connectors.Photo) ([]connectors.Receipt, error) {
	receipts := make([]connectors.Receipt, len(ps))
	err := d.pool.do(ctx, func(c *conn) error {
		g, ctx := errgroup.WithContext(ctx)
		g.SetLimit(questions)
		for i, p := range ps {
			at, err := d.place(p)
			if err != nil {
				continue // what cannot be sent is not there
			}
			g.Go(func() error {
				receipt, err := find(ctx, c, at, p)
				if err != nil {
					return fmt.Errorf("look for %s in %s: %w", p.Name, at.base, err)
				}
				receipts[i] = receipt
				return nil
			})
		}
		return g.Wait()
	})
	if err != nil {
		return nil, err
	}
	return receipts, nil
}

func find(ctx context.Context, c *conn, at spot, p connectors.Photo) (connectors.Receipt, error) {
	if err := ctx.Err(); err != nil {
		return connectors.Receipt{}, err
	}
	info, err := c.Lstat(at.final())
	if errors.Is(err, fs.ErrNotExist) {
		return findGone(c, at, p)
	}
	if err != nil {
		if c.blocked(at) != nil {
			err = nil // no photo gets there, and the others need their answers
		}
		return connectors.Receipt{}, err
	}
	same, err := isPhoto(ctx, c, at.final(), info, p)
	if err != nil || !same {
		return connectors.Receipt{}, err
	}
	return receiptOf(at.name, info.Size(), info.ModTime(), p), nil
}

// findGone tells "never got there" from "was there and was picked up". A folder
// of agent.yaml that is missing, as on a disk that is not mounted, tells nothing.
func findGone(c *conn, at spot, p connectors.Photo) (connectors.Receipt, error) {
	if err := c.mustExist(at.base); err != nil || !p.Published {
		return connectors.Receipt{}, err
	}
	for _, part := range []string{at.part(p), at.scratch(p)} {
		if _, err := c.Lstat(part); !errors.Is(err, fs.ErrNotExist) {
			return connectors.Receipt{}, err
		}
	}
	return connectors.Receipt{ID: takenID, Name: at.name, Size: p.Size, Verified: true}, nil
}

// isPhoto reports whether the file is p: by size and time, which are ours alone
// as the agent sets the time of what it sends, or else by digest. The protocol
// knows whole seconds only: where p's last generation had the same size and
// second, the digest must tell.
func isPhoto(ctx context.Context, c *conn, name string, info fs.FileInfo, p connectors.Photo) (bool, error) {
	if !info.Mode().IsRegular() || info.Size() != p.Size {
		return false, nil
	}
	if hasTimeOf(p, info.ModTime()) && !looksLike(info, p.Replaces) {
		return true, nil
	}
	if p.Digests.SHA256 == "" {
		return false, nil
	}
	sum, err := c.digest(ctx, name, p.Size)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil // taken in this very moment
	}
	return sum == p.Digests.SHA256, err
}

// isReplaced reports whether the file still is what p.Replaces says.
func isReplaced(ctx context.Context, c *conn, name string, info fs.FileInfo, p connectors.Photo) (bool, error) {
	if !info.Mode().IsRegular() || !looksLike(info, p.Replaces) {
		return false, nil
	}
	parts := strings.SplitN(p.Replaces.ID, "-", 3)
	if len(parts) < 3 {
		return true, nil
	}
	sum, err := c.digest(ctx, name, info.Size())
	return err == nil && strings.HasPrefix(sum, parts[2]), err
}

func hasTimeOf(p connectors.Photo, at time.Time) bool { return at.Unix() == p.ModTime.Unix() }

// looksLike reports whether the file has size and time of a receipt.
func looksLike(info fs.FileInfo, r connectors.Receipt) bool {
	return strings.HasPrefix(r.ID+"-", identity(info)+"-")
}

// identity tells a file from others that may stand under its name later.
func identity(info fs.FileInfo) string {
	return identify(info.Size(), info.ModTime())
}

func identify(size int64, at time.Time) string { return fmt.Sprintf("%d-%d", size, at.Unix()) }

// receiptOf also notes the digest, if known, where the server did not keep the
// time: the time of arrival is easily that of somebody else's file.
func receiptOf(name string, size int64, at time.Time, p connectors.Photo) connectors.Receipt {
	r := connectors.Receipt{ID: identify(size, at), Name: name, Size: size, Verified: true}
	if sum := p.Digests.SHA256; !hasTimeOf(p, at) && len(sum) >= 16 {
		r.ID += "-" + sum[:16]
	}
	return r
}

// A spot is where a photo belongs.
type spot struct {
	base string // a folder of agent.yaml
	name string // below it
}

func (s spot) final() string { return path.Join(s.base, s.name) }

func (s spot) folder() string { return path.Dir(s.final()) }

// part is the temporary name of p.
func (s spot) part(p connectors.Photo) string {
	return path.Join(s.folder(), atomicfile.PartName(p.ID))
}

// scratch is the name under which a part is made anew.
func (s spot) scratch(p connectors.Photo) string {
	return path.Join(s.folder(), atomicfile.PartName(p.ID+".new"))
}

// place is where p belongs on the server.
func (d *destination) place(p connectors.Photo) (spot, error) {
	at := spot{base: d.put}
	if p.Role == connectors.Mirror {
		at.base = p.Remote
	}
	if at.base == "" {
		return at, connectors.Rejected("the account says no folder on the server for it; add put: to agent.yaml")
	}
	var err error
	at.name, err = d.layout.Name(p)
	return at, err
}

// sourceDigest reads p at home.
func sourceDigest(ctx context.Context, open func() (io.ReadCloser, error)) (string, error) {
	body, err := open()
	if err != nil {
		return "", err
	}
	defer body.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, untilDone{ctx, body}); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}
