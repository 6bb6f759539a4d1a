//go:build !windows

package atomicfile

import (
	"errors"
	"io/fs"
	"os"
)

// linkAndRemove is a rename that cannot replace, in two steps: a crash between
// them leaves both names, and the final one is whole.
func linkAndRemove(folder *os.Root, from, to string) error {
	err := folder.Link(from, to)
	if err == nil {
		return folder.Remove(from)
	}
	if errors.Is(err, fs.ErrExist) {
		return err
	}
	return checkAndRename(folder, from, to)
}

// checkAndRename serves file systems without hard links (FAT, some shares). What
// somebody else puts under the name between the two steps would be replaced:
// microseconds, and only where the system offers nothing better.
func checkAndRename(folder *os.Root, from, to string) error {
	_, err := folder.Lstat(to)
	if err == nil {
		return &os.LinkError{Op: "rename", Old: from, New: to, Err: fs.ErrExist}
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return folder.Rename(from, to)
}
