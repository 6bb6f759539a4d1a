//go:build linux || darwin

package folder

import (
	"os"

	"golang.org/x/sys/unix"
)

// freeOn is how many bytes the agent's user may still write; -1 if unknown.
func freeOn(root *os.Root) int64 {
	dir, err := root.Open(".")
	if err != nil {
		return -1
	}
	defer dir.Close()
	var st unix.Statfs_t
	if unix.Fstatfs(int(dir.Fd()), &st) != nil {
		return -1
	}
	return int64(st.Bavail) * int64(st.Bsize)
}
