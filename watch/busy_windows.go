package watch

import (
	"errors"
	"io/fs"

	"golang.org/x/sys/windows"
)

// openForWriting opens the file for a moment in a way that shares reading only:
// that fails while another program has it open for writing. It is asked only of
// files at rest, because a writer that comes back in that moment is refused.
func openForWriting(path string) (busy, known bool, err error) {
	p, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return false, false, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	h, err := windows.CreateFile(p, windows.GENERIC_READ, windows.FILE_SHARE_READ, nil,
		windows.OPEN_EXISTING, windows.FILE_FLAG_OPEN_REPARSE_POINT, 0)
	switch {
	case err == nil:
		return false, windows.CloseHandle(h) == nil, nil
	case errors.Is(err, windows.ERROR_SHARING_VIOLATION), errors.Is(err, windows.ERROR_LOCK_VIOLATION):
		return true, true, nil
	}
	return false, false, &fs.PathError{Op: "open", Path: path, Err: err}
}
