package outbound

import (
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

// blocks are used for one file after the other.
var blocks = sync.Pool{New: func() any { return new([64 << 10]byte) }}

// digest reads the file at path, which must stay as size and modTime say. The
// error wraps errChanged if it does not.
func digest(path string, size int64, modTime time.Time, withSHA1 bool) (connectors.Digests, error) {
	f, err := picture.Open(path)
	if err != nil {
		return connectors.Digests{}, err
	}
	defer f.Close()
	h := newHashes(withSHA1)
	block := blocks.Get().(*[64 << 10]byte)
	defer blocks.Put(block)
	n, err := io.CopyBuffer(h, struct{ io.Reader }{f}, block[:])
	if err != nil {
		return connectors.Digests{}, fmt.Errorf("read %s: %w", path, err)
	}
	info, err := f.Stat()
	if err != nil {
		return connectors.Digests{}, err
	}
	if n != size || info.Size() != size || !info.ModTime().Equal(modTime) {
		return connectors.Digests{}, errChanged
	}
	return h.digests(), nil
}
