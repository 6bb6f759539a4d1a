package atomicfile

import (
	"errors"
	"os"
	"path/filepath"

	"golang.org/x/sys/windows"
)

// flush does nothing: Windows keeps folders in its journal and offers no way to
// sync one.
func flush(*os.File) error { return nil }

// busy reports what a virus scanner, an indexer or a backup causes while it
// looks at a file. Access denied may also be a lasting refusal; the caller's
// patience ends.
func busy(err error) bool {
	return errors.Is(err, windows.ERROR_SHARING_VIOLATION) ||
		errors.Is(err, windows.ERROR_LOCK_VIOLATION) ||
		errors.Is(err, windows.ERROR_ACCESS_DENIED)
}

// renameNoReplace uses MoveFileEx without MOVEFILE_REPLACE_EXISTING. The folder's
// path comes from its open handle, so no link on the way can lead elsewhere, and
// has the \\?\ form that lifts the limit of 260 characters.
func renameNoReplace(folder *os.Root, from, to string) error {
	dir, err := folder.Open(".")
	if err != nil {
		return err
	}
	defer dir.Close()
	where, err := pathOf(windows.Handle(dir.Fd()))
	if err != nil {
		return &os.PathError{Op: "find", Path: folder.Name(), Err: err}
	}
	old, err := windows.UTF16PtrFromString(filepath.Join(where, from))
	if err != nil {
		return err
	}
	final, err := windows.UTF16PtrFromString(filepath.Join(where, to))
	if err != nil {
		return err
	}
	if err := windows.MoveFileEx(old, final, windows.MOVEFILE_WRITE_THROUGH); err != nil {
		return &os.LinkError{Op: "rename", Old: from, New: to, Err: err}
	}
	return nil
}

func pathOf(dir windows.Handle) (string, error) {
	const volumeNameDOS = 0
	buf := make([]uint16, windows.MAX_LONG_PATH)
	n, err := windows.GetFinalPathNameByHandle(dir, &buf[0], uint32(len(buf)), volumeNameDOS)
	if err != nil {
		return "", err
	}
	if int(n) >= len(buf) {
		return "", windows.ERROR_FILENAME_EXCED_RANGE
	}
	return windows.UTF16ToString(buf[:n]), nil
}
