//go:build unix

package picture

import (
	"os"
	"syscall"
)

// Open opens a file for reading, so that whoever else uses it is not disturbed.
// It neither waits for the writer of a pipe nor follows a symbolic link.
func Open(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK|syscall.O_NOFOLLOW, 0)
}
