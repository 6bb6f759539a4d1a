package inbound

import (
	"os"

	"golang.org/x/sys/windows"
)

// freeBytes is what a user may still write on the volume of folder.
func freeBytes(folder string) (int64, error) {
	path, err := windows.UTF16PtrFromString(folder)
	if err != nil {
		return 0, err
	}
	var free uint64
	if err := windows.GetDiskFreeSpaceEx(path, &free, nil, nil); err != nil {
		return 0, &os.PathError{Op: "free space", Path: folder, Err: err}
	}
	return int64(min(free, 1<<62)), nil
}

// identity is not needed: a volume that is not mounted leaves no folder of its
// name behind.
func identity(*os.Root) string { return "" }
