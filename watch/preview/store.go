package preview

import (
	"cmp"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	suffix  = ".jpg"
	scratch = ".preview-tmp" // of what is being written or fetched
)

// A store keeps the files of a Cache. The time of a file is that of its last
// use, so that a restart remembers it. Nothing in it matters: what cannot be
// read is made again, what cannot be written is not kept.
type store struct {
	dir string
	max int64 // bytes

	mu      sync.Mutex
	counted bool
	used    int64 // bytes; a guess if somebody else deletes files
}

// read returns the file of that name, or nil if it is not there or damaged.
func (s *store) read(name string) []byte {
	path := filepath.Join(s.dir, name)
	b, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	if !isJPEG(b) {
		os.Remove(path)
		return nil
	}
	const often = time.Minute // as exact as the order of use need be
	now := time.Now()
	if info, err := os.Stat(path); err == nil && now.Sub(info.ModTime()) > often {
		os.Chtimes(path, now, now)
	}
	return b
}

// write keeps b under that name, whole or not at all.
func (s *store) write(name string, b []byte) {
	f, err := s.temporary()
	if err != nil {
		return
	}
	_, err = f.Write(b)
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(f.Name(), filepath.Join(s.dir, name))
	}
	if err != nil {
		os.Remove(f.Name())
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.used += int64(len(b)); !s.counted || s.used > s.max {
		s.evict()
	}
}

// temporary makes an empty file in the folder, and the folder if it is gone.
func (s *store) temporary() (*os.File, error) {
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return nil, err
	}
	return os.CreateTemp(s.dir, "*"+scratch)
}

// evict counts what is there and, if that is more than max, deletes what was not
// used for the longest time until a tenth is free.
func (s *store) evict() {
	var files []fs.FileInfo
	s.used, s.counted = 0, true
	s.each(suffix, func(info fs.FileInfo) {
		files = append(files, info)
		s.used += info.Size()
	})
	if s.used <= s.max {
		return
	}
	slices.SortFunc(files, func(a, b fs.FileInfo) int {
		return cmp.Or(a.ModTime().Compare(b.ModTime()), cmp.Compare(a.Name(), b.Name()))
	})
	for _, info := range files {
		if s.used <= s.max-s.max/10 {
			return
		}
		if os.Remove(filepath.Join(s.dir, info.Name())) == nil {
			s.used -= info.Size()
		}
	}
}

// sweep deletes what a crash left half written.
func (s *store) sweep() {
	s.each(scratch, func(info fs.FileInfo) { os.Remove(filepath.Join(s.dir, info.Name())) })
}

// each shows the files whose names end so.
func (s *store) each(end string, show func(fs.FileInfo)) {
	entries, _ := os.ReadDir(s.dir)
	for _, e := range entries {
		if info, err := e.Info(); err == nil && info.Mode().IsRegular() && strings.HasSuffix(e.Name(), end) {
			show(info)
		}
	}
}
