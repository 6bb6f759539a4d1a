package outbound

import (
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/sync/ledger"
	"github.com/studio-agent/studio-agent/watch"
	"github.com/studio-agent/studio-agent/watch/picture"
)

var (
	// errGone says that a file left its hot folder before it was sent.
	errGone = errors.New("the file was moved away or deleted before it could be sent")
	// errUnsent says that there is nothing at the remote to be marked.
	errUnsent = errors.New("the photo itself was not sent; there is nothing to mark")
	// errTouched says that nobody can tell what was read of a file.
	errTouched = errors.New("the file was touched while it was sent; it is sent once more")
	// errNoRoot says that nothing can be said of the file, for its whole hot
	// folder is not to be seen.
	errNoRoot = errors.New("its hot folder is missing or empty; is the disk or share mounted?")
)

// A localError is trouble on this machine, a file that cannot be read or a
// ledger that cannot be written: it says nothing about the remote.
type localError struct{ err error }

func (e *localError) Error() string { return e.err.Error() }
func (e *localError) Unwrap() error { return e.err }

// A source opens a job's file for a connector, as often as it likes, and sees
// to it that what is read is what was accepted.
type source struct {
	job  ledger.Job
	sha1 bool         // the connector wants one
	read atomic.Int64 // bytes of the latest opening, for progress bars

	mu   sync.Mutex         // guards made: a connector may read elsewhere
	made connectors.Digests // by the latest opening that reached the end
}

// digests are those that were made while sending; empty if they were known.
func (s *source) digests() connectors.Digests {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.made
}

// check says whether the file still is what was accepted: nil, errGone,
// errNoRoot, errChanged, or a localError if that cannot be told. A file of which
// only the times have changed is read once more: it is the same picture.
func (s *source) check() error {
	info, err := os.Lstat(s.job.Path())
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		if rootGone(s.job.Folder) {
			return errNoRoot
		}
		return errGone
	}
	if err != nil {
		return &localError{err}
	}
	if s.differs(info) {
		return errChanged
	}
	if info.ModTime().Equal(s.job.ModTime) {
		return nil
	}
	now, err := digest(s.job.Path(), info.Size(), info.ModTime(), false)
	if err == nil && now.SHA256 != s.job.Digests.SHA256 {
		err = errChanged
	}
	if err != nil && !errors.Is(err, errChanged) {
		err = &localError{err}
	}
	return err
}

// differs reports whether a file surely is not what was accepted. Where the
// digest is known, other times prove nothing.
func (s *source) differs(info fs.FileInfo) bool {
	return !info.Mode().IsRegular() || info.Size() != s.job.Size ||
		s.job.Digests.SHA256 == "" && !info.ModTime().Equal(s.job.ModTime)
}

// untouched reports whether nobody can have written to a file since it was
// accepted, and so since it was digested: its inode has not changed, which no
// program can set back. Only local disks that have such a time tell.
func (s *source) untouched(info fs.FileInfo) bool {
	return !s.job.Changed.IsZero() && watch.Changed(info).Equal(s.job.Changed) && !s.differs(info)
}

// rootGone reports whether a hot folder is missing or wholly empty, so that the
// absence of a file in it means nothing.
func rootGone(folder string) bool {
	d, err := os.Open(folder)
	if err != nil {
		return true
	}
	defer d.Close()
	_, err = d.Readdirnames(1)
	return err != nil
}

// open starts reading from the beginning.
func (s *source) open() (io.ReadCloser, error) {
	f, err := picture.Open(s.job.Path())
	if err != nil {
		if why := s.check(); why != nil {
			return nil, why
		}
		return nil, &localError{err}
	}
	info, err := f.Stat()
	if err != nil || s.differs(info) {
		f.Close()
		return nil, cmp.Or(err, errChanged)
	}
	s.read.Store(0)
	r := &reader{source: s, f: f}
	switch {
	case s.job.Digests.SHA256 == "":
		r.make = newHashes(s.sha1)
		r.sink = r.make
	case !s.untouched(info):
		r.verify = sha256.New()
		r.sink = r.verify
	}
	return r, nil
}

// A reader passes a file on while it counts, digests and compares. It fails
// instead of ending if the file is not what was accepted.
type reader struct {
	source *source
	f      *os.File
	n      int64
	sink   io.Writer // nil while the file is untouched
	verify hash.Hash // when the digest is known and must be compared
	make   hashes    // when it is not known
	end    error     // io.EOF or errChanged, once known
}

func (r *reader) Read(b []byte) (int, error) {
	if r.end != nil {
		return 0, r.end
	}
	if left := r.source.job.Size - r.n; int64(len(b)) > left {
		b = b[:left]
	}
	n, err := r.f.Read(b)
	r.n += int64(n)
	if r.sink != nil {
		r.sink.Write(b[:n])
	}
	r.source.read.Store(r.n)
	// The last bytes are handed over only when all is known to be right, so
	// that a remote which counts bytes never has the whole of a wrong file.
	if err == io.EOF || r.n == r.source.job.Size {
		if bad := r.finish(); bad != nil {
			return 0, bad
		}
		r.end = io.EOF
		return n, err
	}
	if err != nil {
		return n, &localError{fmt.Errorf("read %s: %w", r.source.job.Name, err)}
	}
	return n, nil
}

func (r *reader) finish() error {
	info, err := r.f.Stat()
	if err != nil {
		return &localError{err}
	}
	if r.n != r.source.job.Size || r.source.differs(info) {
		return r.changed()
	}
	if r.sink == nil {
		if r.source.untouched(info) {
			return nil
		}
		r.end = &localError{errTouched} // the next try compares what it reads
		return r.end
	}
	if r.verify == nil {
		r.source.mu.Lock()
		r.source.made = r.make.digests()
		r.source.mu.Unlock()
		return nil
	}
	if sum(r.verify) != r.source.job.Digests.SHA256 {
		return r.changed()
	}
	return nil
}

func (r *reader) changed() error {
	r.end = errChanged
	return errChanged
}

// SHA256 is the digest of what was read, once that has ended with io.EOF: the one
// that was known, or the one that was made. Nobody else need make it again.
func (r *reader) SHA256() string {
	if r.end != io.EOF {
		return ""
	}
	return cmp.Or(r.source.job.Digests.SHA256, r.source.digests().SHA256)
}

func (r *reader) Close() error { return r.f.Close() }
