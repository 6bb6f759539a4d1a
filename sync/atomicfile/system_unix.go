//go:build !windows

package atomicfile

import (
	"errors"
	"os"
	"syscall"
)

// flush makes dir durable. Some network file systems cannot, and say so; their
// servers order the operations themselves.
func flush(dir *os.File) error {
	err := dir.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, errors.ErrUnsupported) {
		return nil
	}
	return err
}

// busy is for Windows: elsewhere an open file can be renamed.
func busy(error) bool { return false }
