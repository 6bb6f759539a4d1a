// Package atomicfile puts files in place whole or not at all: written beside
// under a temporary name, synced, renamed, and the folder synced.
//
//	f, err := atomicfile.Create(root, "packshot/0001.jpg", job)
//	defer f.Close()
//	io.Copy(f, source)
//	f.Seal(mtime)    // on disk under its temporary name, whatever happens next
//	f.Commit(ctx)    // visible, if nobody holds the final name
//
// All names go through an os.Root, so neither "../x" nor a symbolic link on the
// way can lead outside of it.
package atomicfile

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"
)

const (
	partPrefix = ".studio-"
	partSuffix = ".part"
	maxID      = 40 // keeps PartName under 60 bytes, whatever the final name
)

// PartName is the temporary name of the file with that id, in the folder of its
// final name. A file of that name says that the final rename has not happened.
func PartName(id string) string { return partPrefix + id + partSuffix }

// IsPart reports whether base, a name without folder, is one of PartName.
func IsPart(base string) bool {
	return strings.HasPrefix(base, partPrefix) && strings.HasSuffix(base, partSuffix)
}

// A File is on its way to its final name. Its methods are for one goroutine.
type File struct {
	folder *os.Root // of the final name
	file   *os.File // nil once sealed
	part   string
	final  string
}

// Create starts the file that is to become name, which is slash-separated and
// relative to root. Missing folders on the way are made, root itself never. id
// (1 to 40 letters, digits, '-' or '_') is the same on every try: what an
// earlier one left behind is replaced, and is never missing in between.
func Create(root *os.Root, name, id string) (*File, error) {
	if !fs.ValidPath(name) || name == "." || !filepath.IsLocal(filepath.FromSlash(name)) {
		return nil, fmt.Errorf("the name %q leaves its folder", name)
	}
	if !validID(id) {
		return nil, fmt.Errorf("the id %q does not fit into a file name", id)
	}
	dir, base := path.Split(name)
	folder, err := openFolder(root, path.Clean(dir))
	if err != nil {
		return nil, err
	}
	f := &File{folder: folder, part: PartName(id), final: base}
	if f.file, err = f.open(); err != nil {
		folder.Close()
		return nil, err
	}
	return f, nil
}

// open never truncates what is there: where a rename without replacing is a hard
// link and a removal, a crash in between leaves both names to one content.
func (f *File) open() (*os.File, error) {
	const fresh = os.O_WRONLY | os.O_CREATE | os.O_EXCL
	file, err := f.folder.OpenFile(f.part, fresh, 0o666)
	if !errors.Is(err, fs.ErrExist) {
		return file, err
	}
	scratch := strings.TrimSuffix(f.part, partSuffix) + ".new" + partSuffix
	f.folder.Remove(scratch) // from a crash in these very lines, or not there
	file, err = f.folder.OpenFile(scratch, fresh, 0o666)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(file.Close(), f.folder.Rename(scratch, f.part)); err != nil {
		f.folder.Remove(scratch)
		return nil, err
	}
	return f.folder.OpenFile(f.part, os.O_WRONLY, 0)
}

// Write appends to the temporary file.
func (f *File) Write(p []byte) (int, error) {
	if f.file == nil {
		return 0, fmt.Errorf("write %s: %w", f.final, fs.ErrClosed)
	}
	return f.file.Write(p)
}

// Seal ends the writing and puts content, time and temporary name on disk, so
// that they survive a power cut. A zero mtime leaves the time of writing.
func (f *File) Seal(mtime time.Time) error {
	if f.file == nil {
		return fmt.Errorf("seal %s: %w", f.final, fs.ErrClosed)
	}
	err := f.file.Sync()
	err = errors.Join(err, f.file.Close())
	f.file = nil
	if err != nil {
		return err
	}
	if !mtime.IsZero() {
		// After closing: Windows sets the time of the last write when it closes.
		if err := f.folder.Chtimes(f.part, time.Time{}, mtime); err != nil {
			return err
		}
	}
	return syncFolder(f.folder)
}

// Commit gives the sealed file its final name. If that name is taken, nothing
// changes and the error wraps fs.ErrExist. On Windows it waits up to 10 s for
// a virus scanner to let go.
func (f *File) Commit(ctx context.Context) error {
	return f.place(ctx, func() error { return renameNoReplace(f.folder, f.part, f.final) })
}

// Replace is Commit for a final name whose content is ours to replace.
func (f *File) Replace(ctx context.Context) error {
	return f.place(ctx, func() error { return f.folder.Rename(f.part, f.final) })
}

func (f *File) place(ctx context.Context, rename func() error) error {
	if f.file != nil {
		return fmt.Errorf("rename %s: it is not sealed", f.final)
	}
	if err := patiently(ctx, busy, rename); err != nil {
		return err
	}
	return syncFolder(f.folder)
}

// Close lets go of the file and leaves the temporary one where it is.
func (f *File) Close() error {
	var err error
	if f.file != nil {
		err = f.file.Close()
		f.file = nil
	}
	return errors.Join(err, f.folder.Close())
}

// Abort lets go of the file and removes the temporary one. After Commit or
// Replace it is the same as Close.
func (f *File) Abort() error {
	if f.file != nil {
		f.file.Close() // the content is given up
		f.file = nil
	}
	err := f.folder.Remove(f.part)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrClosed) {
		err = nil
	}
	return errors.Join(err, f.folder.Close())
}

func validID(id string) bool {
	odd := func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_')
	}
	return id != "" && len(id) <= maxID && !strings.ContainsFunc(id, odd)
}
