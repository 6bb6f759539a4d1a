package folder

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/windows"
)

// storageOf names a share by its server and name ("SMB \\nas\in"), also behind a
// drive letter, and a disk by its kind and serial number, whatever its letter.
func storageOf(root *os.Root) string {
	dir, err := root.Open(".")
	if err != nil {
		return ""
	}
	defer dir.Close()
	h := windows.Handle(dir.Fd())
	if share := shareOf(h); share != "" {
		return "SMB " + share
	}
	var serial uint32
	kind := make([]uint16, windows.MAX_PATH+1)
	if windows.GetVolumeInformationByHandle(h, nil, 0, &serial, nil, nil, &kind[0], uint32(len(kind))) != nil {
		return ""
	}
	return fmt.Sprintf("%s %08x", windows.UTF16ToString(kind), serial)
}

func shareOf(dir windows.Handle) string {
	const volumeNameDOS = 0
	buf := make([]uint16, windows.MAX_LONG_PATH)
	n, err := windows.GetFinalPathNameByHandle(dir, &buf[0], uint32(len(buf)), volumeNameDOS)
	if err != nil || int(n) >= len(buf) {
		return ""
	}
	share, isShare := strings.CutPrefix(filepath.VolumeName(windows.UTF16ToString(buf)), `\\?\UNC`)
	if !isShare {
		return ""
	}
	return `\` + strings.ToLower(share)
}

// freeOn is how many bytes the agent's user may still write; -1 if unknown.
func freeOn(root *os.Root) int64 {
	name, err := windows.UTF16PtrFromString(root.Name())
	var free uint64
	if err != nil || windows.GetDiskFreeSpaceEx(name, &free, nil, nil) != nil {
		return -1
	}
	return int64(free)
}
