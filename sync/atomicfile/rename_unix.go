//go:build linux || darwin

package atomicfile

import (
	"os"

	"golang.org/x/sys/unix"
)

// renameIn calls rename with folder's descriptor, and falls back to a hard link
// if the file system does not know the call.
func renameIn(folder *os.Root, from, to string, rename func(dir int) error) error {
	dir, err := folder.Open(".")
	if err != nil {
		return err
	}
	defer dir.Close()
	for {
		err = rename(int(dir.Fd()))
		if err != unix.EINTR {
			break
		}
	}
	switch err {
	case nil:
		return nil
	case unix.EINVAL, unix.ENOSYS, unix.ENOTSUP:
		return linkAndRemove(folder, from, to)
	}
	return &os.LinkError{Op: "rename", Old: from, New: to, Err: err}
}
