package watch

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/windows"
)

// folderFlags keep an open from waiting for the other end of a pipe that has
// taken a folder's name.
const folderFlags = 0

// OnNetwork reports whether path lies on a network share, and which kind. What
// cannot be looked at counts as local.
func OnNetwork(path string) (share bool, kind string) {
	vol := filepath.VolumeName(path)
	device := strings.HasPrefix(vol, `\\?\`) || strings.HasPrefix(vol, `\\.\`)
	if strings.HasPrefix(vol, `\\`) && (!device || strings.HasPrefix(strings.ToUpper(vol), `\\?\UNC\`)) {
		return true, "SMB"
	}
	root, err := windows.UTF16PtrFromString(vol + `\`)
	if err != nil || windows.GetDriveType(root) != windows.DRIVE_REMOTE {
		return false, ""
	}
	return true, "network drive"
}

// keepsChanged is false: listings do not carry a change time here.
func keepsChanged(string) bool { return false }

func changedTime(fs.FileInfo) time.Time { return time.Time{} }

// idOf is unknown in a listing here; the event of the new folder brings us to it.
func idOf(fs.FileInfo) fileID { return fileID{} }

// identity names the folder itself, whatever its path: volume serial number and
// file index.
func identity(path string, _ fs.FileInfo) (string, error) {
	h, err := openFolder(path, 0, 0)
	if err != nil {
		return "", err
	}
	defer windows.CloseHandle(h)
	var info windows.ByHandleFileInformation
	if err := windows.GetFileInformationByHandle(h, &info); err != nil {
		return "", err
	}
	return fmt.Sprintf("%08x-%08x%08x", info.VolumeSerialNumber, info.FileIndexHigh, info.FileIndexLow), nil
}

// openFolder opens a folder and keeps nobody from anything meanwhile.
func openFolder(path string, access, flags uint32) (windows.Handle, error) {
	p, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return 0, err
	}
	return windows.CreateFile(p, access,
		windows.FILE_SHARE_READ|windows.FILE_SHARE_WRITE|windows.FILE_SHARE_DELETE, nil,
		windows.OPEN_EXISTING, windows.FILE_FLAG_BACKUP_SEMANTICS|flags, 0)
}
