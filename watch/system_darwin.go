package watch

import (
	"fmt"
	"io/fs"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// folderFlags keep an open from waiting for the other end of a pipe that has
// taken a folder's name.
const folderFlags = unix.O_DIRECTORY | unix.O_NONBLOCK

// OnNetwork reports whether path lies on a network share, and which kind. What
// cannot be looked at counts as local.
func OnNetwork(path string) (share bool, kind string) {
	var st unix.Statfs_t
	if unix.Statfs(path, &st) != nil || st.Flags&unix.MNT_LOCAL != 0 {
		return false, ""
	}
	return true, unix.ByteSliceToString(st.Fstypename[:])
}

// keepsChanged is false on FAT, which has no inode change time.
func keepsChanged(path string) bool {
	var st unix.Statfs_t
	if unix.Statfs(path, &st) != nil {
		return false
	}
	kind := unix.ByteSliceToString(st.Fstypename[:])
	return kind != "msdos" && kind != "exfat"
}

func changedTime(fi fs.FileInfo) time.Time {
	if st, ok := fi.Sys().(*syscall.Stat_t); ok {
		return time.Unix(st.Ctimespec.Unix())
	}
	return time.Time{}
}

// idOf tells a folder from another one that has taken its name.
func idOf(fi fs.FileInfo) fileID {
	if st, ok := fi.Sys().(*syscall.Stat_t); ok {
		return fileID{uint64(st.Dev), st.Ino}
	}
	return fileID{}
}

// identity names the folder itself, whatever its path: device and inode.
func identity(_ string, fi fs.FileInfo) (string, error) {
	st, ok := fi.Sys().(*syscall.Stat_t)
	if !ok {
		return "", nil
	}
	return fmt.Sprintf("%x-%d", st.Dev, st.Ino), nil
}
