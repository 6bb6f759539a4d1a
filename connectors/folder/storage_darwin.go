package folder

import (
	"os"

	"golang.org/x/sys/unix"
)

// storageOf names a share by its kind and source ("SMB //nas/in"), which a
// remount keeps, and a disk by its kind and where it is mounted. A share that
// finds /Volumes/in taken is mounted as /Volumes/in-1: then the folder left
// behind is on the disk of the system.
func storageOf(root *os.Root) string {
	dir, err := root.Open(".")
	if err != nil {
		return ""
	}
	defer dir.Close()
	var st unix.Statfs_t
	if unix.Fstatfs(int(dir.Fd()), &st) != nil {
		return ""
	}
	kind, source := kindOf(unix.ByteSliceToString(st.Fstypename[:])), unix.ByteSliceToString(st.Mntfromname[:])
	if isShare(source) {
		return kind + " " + withoutUser(source)
	}
	return kind + " at " + unix.ByteSliceToString(st.Mntonname[:])
}
