package watch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/studio-agent/studio-agent/watch/settle"
)

// A kind is what becomes of an entry.
type kind int

const (
	goes    kind = iota // a regular file
	folder              // is descended
	skipped             // by name, or a link
	odd                 // a pipe, socket or device: never opened, never sent
)

// An entry is one name in a folder. err, if set, is why it could not be looked
// at closer; it is there all the same.
type entry struct {
	base   string
	isDir  bool
	kind   kind
	reason string // why it is skipped or odd
	stamp  Stamp  // of a regular file
	id     fileID
	err    error
}

// A fileID tells a folder from another one of the same name; zero is unknown.
type fileID struct{ dev, inode uint64 }

// A lister reads folders of one tree, one at a time, in pieces: a folder of a
// million files is never in memory as such.
type lister struct {
	root    string
	skip    Skip
	tells   bool // somebody wants to know the names
	changed bool // whether Stamp.Changed means something here
	read    func(path string, visit func(fs.DirEntry) error) error
}

func (l lister) path(dir string) string { return filepath.Join(l.root, filepath.FromSlash(dir)) }

// each visits what is in dir, in no order. An error says that the rest was not
// seen, whatever visit got before.
func (l lister) each(ctx context.Context, dir string, visit func(entry) error) error {
	return l.read(l.path(dir), func(d fs.DirEntry) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		e := l.classify(dir, d)
		if errors.Is(e.err, fs.ErrNotExist) {
			return nil // left while we read
		}
		return visit(e)
	})
}

func (l lister) classify(dir string, d fs.DirEntry) entry {
	e := entry{base: d.Name(), isDir: d.IsDir()}
	if e.reason = l.skip.reason(dir, e.base, d.IsDir()); e.reason != "" {
		e.kind = skipped
		return e
	}
	if e.kind, e.reason = kindOf(d.Type()); e.kind == skipped || e.kind == odd {
		return e
	}
	info, err := d.Info()
	if err != nil {
		e.err = err
		return e
	}
	if k, reason := kindOf(info.Mode()); k != e.kind { // replaced while we read
		return entry{base: e.base, isDir: info.IsDir(), kind: k, reason: reason, stamp: l.stamp(info)}
	}
	e.stamp, e.id = l.stamp(info), idOf(info)
	if e.kind == goes {
		if e.reason = l.skip.also(join(dir, e.base)); e.reason != "" {
			e.kind = skipped
		}
	}
	return e
}

// Changed is a file's inode change time; zero where the system does not tell.
func Changed(info fs.FileInfo) time.Time { return changedTime(info) }

func (l lister) stamp(info fs.FileInfo) Stamp {
	s := Stamp{Size: info.Size(), ModTime: info.ModTime()}
	if l.changed {
		s.Changed = changedTime(info)
	}
	return s
}

func kindOf(m fs.FileMode) (kind, string) {
	switch {
	case m.IsRegular():
		return goes, ""
	case m.IsDir():
		return folder, ""
	case m&fs.ModeSymlink != 0:
		return skipped, "it is a link; links are not followed"
	case m&fs.ModeNamedPipe != 0:
		return odd, "it is a pipe, not a file"
	case m&fs.ModeSocket != 0:
		return odd, "it is a socket, not a file"
	case m&fs.ModeDevice != 0:
		return odd, "it is a device, not a file"
	case runtime.GOOS == "windows":
		return skipped, "it is a link to another folder; links are not followed"
	}
	return odd, "it is neither a file nor a folder"
}

func readFolder(path string, visit func(fs.DirEntry) error) error {
	d, err := os.OpenFile(path, os.O_RDONLY|folderFlags, 0)
	if err != nil {
		return err
	}
	defer d.Close()
	for {
		entries, err := d.ReadDir(512)
		for _, e := range entries {
			if err := visit(e); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// A listing is what is in one folder. err is the first trouble with a single
// entry: the listing is then complete in names, not in what is known of them.
type listing struct {
	files   []settle.Entry // Name is the last part of the name
	odd     []entry
	subs    []entry
	skipped int
	names   []Name // if somebody wants to know them
	print   uint64
	err     error
}

func (l lister) list(ctx context.Context, dir string) (listing, error) {
	var ls listing
	var p printer
	err := l.each(ctx, dir, func(e entry) error {
		if e.err != nil && ls.err == nil {
			ls.err = e.err
		}
		if name, told := e.name(); l.tells && told {
			ls.names = append(ls.names, name)
		}
		switch e.kind {
		case goes:
			ls.print += p.print(e)
			ls.files = append(ls.files, settle.Entry{Name: e.base, Size: e.stamp.Size, ModTime: e.stamp.ModTime, Changed: e.stamp.Changed})
		case odd:
			ls.print += p.print(e)
			ls.odd = append(ls.odd, e)
		case folder:
			ls.subs = append(ls.subs, e)
		case skipped:
			ls.skipped++
		}
		return nil
	})
	return ls, err
}

// explain turns an error of the file system into a clause for a person; nil is "".
func explain(err error) string {
	if err == nil {
		return ""
	}
	if pe := (*fs.PathError)(nil); errors.As(err, &pe) {
		err = pe.Err
	}
	if errors.Is(err, fs.ErrPermission) {
		return fmt.Sprintf("the agent has no permission to read it (%v)", err)
	}
	return fmt.Sprintf("it cannot be read (%v)", err)
}
