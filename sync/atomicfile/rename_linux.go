package atomicfile

import (
	"os"

	"golang.org/x/sys/unix"
)

// renameNoReplace is one step where the file system knows how. NFS does not.
func renameNoReplace(folder *os.Root, from, to string) error {
	return renameIn(folder, from, to, func(dir int) error {
		return unix.Renameat2(dir, from, dir, to, unix.RENAME_NOREPLACE)
	})
}
