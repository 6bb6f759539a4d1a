package ftp

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"path"
	"strings"
	"time"

	"github.com/jlaffaye/ftp"

	"github.com/studio-agent/studio-agent/sync/atomicfile"
)

// An entry is what stands under a name at the server. The time is to the second,
// as the server tells it, and zero if it does not.
type entry struct {
	size   int64 // -1 if unknown
	time   time.Time
	folder bool
}

// stat looks at one name, by MLST, by SIZE and MDTM, or in the folder's listing.
func (s *session) stat(name string) (e entry, there bool, err error) {
	if e, there, err = s.size(name); err != nil || !there || s.conn.IsTimePreciseInList() || s.book.profile().NoSize {
		return e, there, err
	}
	e.time, err = s.modTime(name)
	return e, err == nil, missing(err)
}

// size is stat without the time, where that is a question of its own.
func (s *session) size(name string) (e entry, there bool, err error) {
	if s.conn.IsTimePreciseInList() {
		found, err := s.conn.GetEntry(name)
		if err == nil {
			return entryOf(found), true, nil
		}
		return entry{}, false, missing(s.heard.told(err))
	}
	if s.book.profile().NoSize {
		return s.statListed(name)
	}
	e.size, err = s.conn.FileSize(name)
	if err = s.heard.told(err); err != nil {
		if _, unknown := refused(err, 500, 501, 502, 504); unknown {
			if err := s.book.learn("SIZE", func(p *profile) { p.NoSize = true }); err != nil {
				return e, false, err
			}
			return s.statListed(name)
		}
		return entry{}, false, missing(err)
	}
	return e, true, nil
}

// modTime is zero where the server does not tell.
func (s *session) modTime(name string) (time.Time, error) {
	if !s.conn.IsGetTimeSupported() {
		return time.Time{}, nil
	}
	t, err := s.conn.GetTime(name)
	err = s.heard.told(err)
	var misspelt *time.ParseError
	if _, unknown := refused(err, 500, 501, 502, 504); unknown || errors.As(err, &misspelt) {
		return time.Time{}, nil
	}
	return t, err
}

// statListed reads the time for nothing: in a LIST it is too coarse.
func (s *session) statListed(name string) (entry, bool, error) {
	list, err := s.list(path.Dir(name))
	if err != nil {
		return entry{}, false, missing(err)
	}
	for _, found := range list {
		if found.Name == path.Base(name) {
			e := entryOf(found)
			e.time, err = s.modTime(name)
			return e, err == nil, missing(err)
		}
	}
	return entry{}, false, nil
}

// missing makes no error of "550 no such file".
func missing(err error) error {
	if _, ok := refused(err, 550); ok {
		return nil
	}
	return err
}

func entryOf(e *ftp.Entry) entry {
	size := int64(-1)
	if e.Size <= math.MaxInt64 {
		size = int64(e.Size)
	}
	return entry{size, e.Time, e.Type == ftp.EntryTypeFolder}
}

// list reads a folder, without "." and "..". It goes there first: the argument
// of LIST is a pattern or an option to some servers.
func (s *session) list(dir string) ([]*ftp.Entry, error) {
	if err := s.chdir(dir); err != nil {
		return nil, err
	}
	s.listing = new(bytes.Buffer)
	entries, err := s.conn.List("")
	raw := s.listing.String()
	s.listing = nil
	if err := s.heard.told(err); err != nil {
		return nil, fmt.Errorf("list %s: %w", dir, err)
	}
	return understood(raw, entries)
}

// understood returns the files, folders and links of a listing. The library
// passes over lines that it cannot read; a file may be in each of them, so that
// is an error.
func understood(raw string, entries []*ftp.Entry) (list []*ftp.Entry, _ error) {
	for line := range strings.Lines(raw) {
		line = strings.TrimRight(line, "\r\n")
		switch {
		case strings.TrimSpace(line) == "" || strings.HasPrefix(line, "total "):
		case len(entries) > 0 && (strings.HasSuffix(line, entries[0].Name) || strings.Contains(line, entries[0].Name+" -> ")):
			e := entries[0]
			entries = entries[1:]
			if facts, _, _ := strings.Cut(strings.ToLower(line), " "); strings.Contains(facts, "type=os.unix=") {
				e.Type = ftp.EntryTypeLink // RFC 3659, section 7.5.1: what is neither file nor folder
			}
			if e.Name != "." && e.Name != ".." {
				list = append(list, e)
			}
		case strings.ContainsAny(line[:1], "bcps") && len(line) > 10 && line[10] == ' ': // a device, pipe or socket
		default:
			return nil, fmt.Errorf("the server's listing has a line that cannot be understood: %.200q", line)
		}
	}
	return list, nil
}

func (s *session) chdir(dir string) error {
	if err := s.heard.told(s.conn.ChangeDir(dir)); err != nil {
		return fmt.Errorf("open the folder %s: %w", dir, err)
	}
	return nil
}

// retr copies a file from offset to w and returns how many bytes came.
func (s *session) retr(name string, offset int64, w io.Writer) (int64, error) {
	r, err := s.conn.RetrFrom(name, uint64(offset))
	if err != nil {
		return 0, s.heard.told(err)
	}
	to := &noted{w: w}
	n, err := io.CopyBuffer(to, struct{ io.Reader }{r}, make([]byte, 64<<10))
	closed := s.heard.told(r.Close())
	if to.err != nil {
		return n, to.err // and the server complains that we hung up
	}
	return n, errors.Join(err, closed)
}

// noted tells the writer's errors from the reader's.
type noted struct {
	w   io.Writer
	err error
}

func (n *noted) Write(p []byte) (int, error) {
	var k int
	k, n.err = n.w.Write(p)
	return k, n.err
}

// rename does RNFR and RNTO. What it returns may be a refusal of either.
func (s *session) rename(from, to string) error {
	if s.proven && !s.book.profile().NoTogether {
		return s.renameAtOnce(from, to)
	}
	return s.heard.told(s.conn.Rename(from, to))
}

func (s *session) remove(name string) error {
	return s.heard.told(s.conn.Delete(name))
}

// date gives a file the time that it has in the studio, where the server lets
// one, and returns the time that it has then; zero if that cannot be known.
func (s *session) date(name string, want time.Time) (time.Time, error) {
	want = want.UTC().Truncate(time.Second)
	if !want.IsZero() && !s.noTimes && s.conn.IsSetTimeSupported() {
		err := s.heard.told(s.conn.SetTime(name, want))
		switch {
		case forGood(err):
			s.noTimes = true
		case err != nil:
			return time.Time{}, err
		case s.keepsTimes:
			return want, nil
		}
	}
	e, _, err := s.stat(name)
	s.keepsTimes = err == nil && !s.noTimes && e.time.Equal(want)
	return e.time, err
}

// unseen reports names that nobody could look for.
func (s *session) unseen(name string) bool {
	return s.book.profile().NoSize && strings.HasPrefix(path.Base(name), ".")
}

// part is the temporary name of a photo. Listings of some servers leave out
// names that begin with a dot, and where SIZE is missing all rests on listings.
func (s *session) part(final, id string) string {
	name := atomicfile.PartName(id)
	if p := s.book.profile(); p.NoDots || p.NoSize {
		name = strings.TrimPrefix(name, ".")
	}
	return path.Join(path.Dir(final), name)
}
