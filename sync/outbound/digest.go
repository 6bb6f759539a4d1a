package outbound

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"sync"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/watch/picture"
)

// errChanged says that a file is not any more what was to be sent.
var errChanged = errors.New("the file changed while it was read")

// hashes makes the digests of what is written to it, in one pass: SHA-256, by
// which the agent knows a file again, and SHA-1 where a connector wants it. MD5
// would take longer than both together, and nobody asks for it.
type hashes struct {
	sha256, sha1 hash.Hash // sha1 may be nil
	io.Writer
}

func newHashes(withSHA1 bool) hashes {
	h := hashes{sha256: sha256.New()}
	h.Writer = h.sha256
	if withSHA1 {
		h.sha1 = sha1.New()
		h.Writer = io.MultiWriter(h.sha256, h.sha1)
	}
	return h
}

func (h hashes) digests() connectors.Digests {
	d := connectors.Digests{SHA256: sum(h.sha256)}
	if h.sha1 != nil {
		d.SHA1 = sum(h.sha1)
	}
	return d
}

func sum(h hash.Hash) string { return hex.EncodeToString(h.Sum(nil)) }

// enough reports whether d has what is asked of it.
func enough(d connectors.Digests, withSHA1 bool) bool {
	return d.SHA256 != "" && (d.SHA1 != "" || !withSHA1)
}

// blocks are used for one file after the other. What fits into one is read once,
// whoever looks at it.
var blocks = sync.Pool{New: func() any { return new([blockSize]byte) }}

const blockSize = 512 << 10

// digest reads the file at path, which must stay as size and modTime say. The
// error wraps errChanged if it does not.
func digest(path string, size int64, modTime time.Time, withSHA1 bool) (d connectors.Digests, err error) {
	err = inside(path, size, modTime, func(c content) error {
		d, err = digestOf(c, size, withSHA1)
		return err
	})
	return d, err
}

// A content is what a file holds.
type content interface {
	io.Reader
	io.ReaderAt
}

// inside hands what the file at path holds to read. The file must stay as size
// and modTime say; the error wraps errChanged if it does not.
func inside(path string, size int64, modTime time.Time, read func(content) error) error {
	f, err := picture.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	c := content(f)
	if size <= blockSize {
		block := blocks.Get().(*[blockSize]byte)
		defer blocks.Put(block)
		n, err := io.ReadFull(f, block[:size])
		if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
			return fmt.Errorf("read %s: %w", path, err)
		}
		c = bytes.NewReader(block[:n])
	}
	if err := read(c); err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if info.Size() != size || !info.ModTime().Equal(modTime) {
		return errChanged
	}
	return nil
}

// digestOf makes the digests of c. The error is errChanged if it has not size
// bytes.
func digestOf(c content, size int64, withSHA1 bool) (connectors.Digests, error) {
	h := newHashes(withSHA1)
	n, err := io.Copy(h, c)
	if err == nil && n != size {
		err = errChanged
	}
	return h.digests(), err
}
