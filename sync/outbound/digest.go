package outbound

import (
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/watch/picture"
)

// errChanged says that a file is not any more what was to be sent.
var errChanged = errors.New("the file changed while it was read")

// hashes makes the digests that some connector uses, of what is written to it, in
// one pass. MD5 is not among them: it alone would take longer than the others
// together, and nobody asks for it.
type hashes struct {
	sha256, sha1 hash.Hash
	io.Writer
}

func newHashes() hashes {
	h := hashes{sha256: sha256.New(), sha1: sha1.New()}
	h.Writer = io.MultiWriter(h.sha256, h.sha1)
	return h
}

func (h hashes) digests() connectors.Digests {
	return connectors.Digests{SHA256: sum(h.sha256), SHA1: sum(h.sha1)}
}

func sum(h hash.Hash) string { return hex.EncodeToString(h.Sum(nil)) }

// digest reads the file at path, which must stay as size and modTime say. The
// error wraps errChanged if it does not.
func digest(path string, size int64, modTime time.Time) (connectors.Digests, error) {
	f, err := picture.Open(path)
	if err != nil {
		return connectors.Digests{}, err
	}
	defer f.Close()
	h := newHashes()
	n, err := io.CopyBuffer(h, struct{ io.Reader }{f}, make([]byte, 256<<10))
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
