package ftp

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
)

// takenID is the receipt of a photo that was delivered and taken away before
// anybody saw it there. It matches no file, so nothing is replaced by it.
const takenID = "taken"

// Find asks what stands under each name.
func (d destination) Find(ctx context.Context, ps []connectors.Photo) ([]connectors.Receipt, error) {
	if err := ctx.Err(); err != nil || len(ps) == 0 {
		return nil, err
	}
	receipts := make([]connectors.Receipt, len(ps))
	err := d.pool.do(ctx, working, func(s *session) error {
		looked := map[string]bool{}
		for i, p := range ps {
			root, name, err := d.place(p)
			if err != nil {
				continue // what cannot be sent is not there
			}
			root = s.path(root)
			if !looked[root] {
				if err := s.chdir(root); err != nil { // or all would seem to be gone
					return err
				}
				looked[root] = true
			}
			if receipts[i], err = s.find(root, name, p); err != nil {
				return fmt.Errorf("look for %s: %w", p.Name, err)
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("ask %s: %w", d.Host, err)
	}
	return receipts, nil
}

func (s *session) find(root, name string, p connectors.Photo) (connectors.Receipt, error) {
	if s.unseen(name) {
		return connectors.Receipt{}, nil // was never sent
	}
	final := path.Join(root, name)
	e, there, err := s.stat(final)
	if err != nil {
		return connectors.Receipt{}, err
	}
	if !there {
		return s.findGone(final, name, p)
	}
	if s.book.profile().NoRename {
		if _, marked, err := s.stat(final + marker); err != nil || !marked {
			return connectors.Receipt{}, err
		}
	}
	same, err := s.isPhoto(final, e, p)
	if err != nil || !same {
		return connectors.Receipt{}, err
	}
	return receiptOf(name, e, p.Digests.SHA256), nil
}

// findGone tells "never got there" from "was there and was picked up".
func (s *session) findGone(final, name string, p connectors.Photo) (connectors.Receipt, error) {
	if !p.Published {
		return connectors.Receipt{}, nil
	}
	if begun, err := s.book.memory.Recall(directKey + p.ID); err != nil || begun != "" {
		return connectors.Receipt{}, err
	}
	part := s.part(final, p.ID)
	if _, there, err := s.stat(part); err != nil || there {
		return connectors.Receipt{}, err
	}
	// A photo depends on it, so the folder is asked, too: a server may answer
	// 550 to whoever may not know.
	list, err := s.list(path.Dir(final))
	if missing(err) != nil {
		return connectors.Receipt{}, err
	}
	for _, e := range list {
		switch e.Name {
		case path.Base(final):
			return connectors.Receipt{}, errors.New("the server lists the file and says that it is not there; try doctor")
		case path.Base(part), strings.TrimPrefix(path.Base(part), "."):
			return connectors.Receipt{}, nil
		}
	}
	return connectors.Receipt{ID: takenID, Name: name, Size: p.Size, Verified: true}, nil
}

// isPhoto reports whether the file is p: by size and time, or by size and
// digest where times differ, or where an earlier generation was there. Size
// alone proves nothing.
func (s *session) isPhoto(name string, e entry, p connectors.Photo) (bool, error) {
	switch {
	case e.folder || e.size != p.Size:
		return false, nil
	case sameTime(e, p) && (p.Generation <= 1 || p.Digests.SHA256 == ""):
		return true, nil
	case p.Digests.SHA256 == "":
		return false, nil
	}
	return s.hasDigest(name, e.size, p.Digests.SHA256)
}

func sameTime(e entry, p connectors.Photo) bool {
	return !p.ModTime.IsZero() && e.time.Equal(p.ModTime.Truncate(time.Second))
}

// hasDigest reads the file back.
func (s *session) hasDigest(name string, size int64, want string) (bool, error) {
	sum := sha256.New()
	n, err := s.retr(name, 0, sum)
	if err != nil {
		return false, missing(err)
	}
	return n == size && hex.EncodeToString(sum.Sum(nil)) == want, nil
}

// isStill reports whether a file is what a receipt's ID says: of its size and
// time, or of its size and digest.
func (s *session) isStill(name string, e entry, id string) (bool, error) {
	parts := strings.Split(id, "-")
	if len(parts) != 3 || e.folder || parts[0] != strconv.FormatInt(e.size, 10) {
		return false, nil
	}
	if !e.time.IsZero() && parts[1] == strconv.FormatInt(e.time.Unix(), 10) {
		return true, nil
	}
	if parts[2] == "" {
		return false, nil
	}
	return s.hasDigest(name, e.size, parts[2])
}

// identity tells a file from any other that may stand under its name later:
// size, time in seconds since 1970 (0 for unknown) and digest, if known.
func identity(e entry, sum string) string {
	var seconds int64
	if !e.time.IsZero() {
		seconds = e.time.Unix()
	}
	return fmt.Sprintf("%d-%d-%s", e.size, seconds, sum)
}

func receiptOf(name string, e entry, sum string) connectors.Receipt {
	return connectors.Receipt{ID: identity(e, sum), Name: name, Size: e.size, Verified: true}
}

func digestOf(ctx context.Context, open func() (io.ReadCloser, error)) (string, error) {
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
