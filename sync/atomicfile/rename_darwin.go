package atomicfile

import (
	"os"

	"golang.org/x/sys/unix"
)

// renameNoReplace is one step on APFS and HFS+.
func renameNoReplace(folder *os.Root, from, to string) error {
	return renameIn(folder, from, to, func(dir int) error {
		return unix.RenameatxNp(dir, from, dir, to, unix.RENAME_EXCL)
	})
}
