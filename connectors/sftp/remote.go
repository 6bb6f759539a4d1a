package sftp

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
	"strings"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/sync/atomicfile"
)

const (
	posixRename = "posix-rename@openssh.com"
	fileSync    = "fsync@openssh.com"
	statVFS     = "statvfs@openssh.com"
)

// mustExist says why a folder of agent.yaml cannot be used, or nil. It is never
// made: on a server whose disk is not mounted it would swallow photos.
func (c *conn) mustExist(dir string) error {
	info, err := c.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("the folder %s is missing on the server; make it there, or correct it in agent.yaml", dir)
	case errors.Is(err, fs.ErrPermission):
		return connectors.Denied("the user may not look at the folder %s on the server; ask the vendor to allow it: %w", dir, err)
	case err != nil:
		return fmt.Errorf("the folder %s cannot be looked at: %w", dir, err)
	case !info.IsDir():
		return fmt.Errorf("%s is a file on the server, not a folder; correct it in agent.yaml", dir)
	}
	return nil
}

// makeFolders makes the folders rel (a/b/c) below base.
func (c *conn) makeFolders(base, rel string) error {
	if err := c.mustExist(base); err != nil || rel == "." {
		return err
	}
	dir := base
	for part := range strings.SplitSeq(rel, "/") {
		dir = path.Join(dir, part)
		failed := c.Mkdir(dir)
		if failed == nil {
			continue
		}
		info, err := c.Stat(dir)
		if err != nil {
			return fmt.Errorf("the folder %s cannot be made: %w", dir, failed)
		}
		if !info.IsDir() {
			return notFolder(dir)
		}
	}
	return nil
}

// blocked says why no photo can ever get to a spot, or nil: on the way there is
// a file.
func (c *conn) blocked(at spot) error {
	for dir := at.folder(); dir != path.Clean(at.base) && dir != path.Dir(dir); dir = path.Dir(dir) {
		if info, err := c.Stat(dir); err == nil && !info.IsDir() {
			return notFolder(dir)
		}
	}
	return nil
}

func notFolder(dir string) error {
	return connectors.Rejected("%s is a file where a folder is needed; move it away and retry", dir)
}

// replace gives a file of ours the name of another of ours.
func (c *conn) replace(from, to string) error {
	if c.offers(posixRename) && !c.profile.NoPosixRename {
		return c.PosixRename(from, to)
	}
	if err := c.Remove(to); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return c.Rename(from, to)
}

// tryWriting puts a block into dir and takes it away again.
func (c *conn) tryWriting(dir string) error {
	name := path.Join(dir, atomicfile.PartName("probe"))
	f, err := c.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC)
	if err != nil {
		return err
	}
	_, err = f.Write(make([]byte, 4096))
	err = errors.Join(err, f.Close())
	if removed := c.Remove(name); !errors.Is(removed, fs.ErrNotExist) { // another agent's may be faster
		err = errors.Join(err, removed)
	}
	return err
}

// digest reads a remote file; at most size bytes and one.
func (c *conn) digest(ctx context.Context, name string, size int64) (string, error) {
	f, err := c.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := f.WriteTo(&bounded{ctx, sum, size}); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// A bounded writer takes no more than left bytes, whatever a server sends.
type bounded struct {
	ctx  context.Context
	w    io.Writer
	left int64
}

func (b *bounded) Write(p []byte) (int, error) {
	if err := b.ctx.Err(); err != nil {
		return 0, err
	}
	if b.left -= int64(len(p)); b.left < 0 {
		return 0, errors.New("the file gives more bytes than the server says it has; is it still being written?")
	}
	return b.w.Write(p)
}

// untilDone ends reading with ctx.
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
