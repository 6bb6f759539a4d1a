package watch

import (
	"errors"
	"io/fs"

	"golang.org/x/sys/unix"
)

// openForWriting asks the kernel for a read lease, which it grants only while
// nobody has the file open for writing, and drops it at once: a program that
// opens the file for writing meanwhile waits for us. The lease needs the file's
// owner or CAP_LEASE; without, or where the file system knows no leases, known is
// false. On a share a lease tells nothing (SMB refuses it without reason).
func openForWriting(path string) (busy, known bool, err error) {
	fd, err := openQuietly(path)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return true, true, nil // another program holds an exclusive lease, as a file server does for its client
	}
	if err != nil {
		return false, false, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	defer unix.Close(fd)
	var st unix.Statfs_t
	if unix.Fstatfs(fd, &st) != nil || remote(magicOf(&st)) != "" {
		return false, false, nil
	}
	_, err = unix.FcntlInt(uintptr(fd), unix.F_SETLEASE, unix.F_RDLCK)
	switch {
	case err == nil:
		_, err = unix.FcntlInt(uintptr(fd), unix.F_SETLEASE, unix.F_UNLCK)
		return false, err == nil, nil
	case errors.Is(err, unix.EAGAIN):
		return true, true, nil
	}
	return false, false, nil
}

// openQuietly neither waits for the other end of a pipe nor follows a link that
// has taken the file's place.
func openQuietly(path string) (int, error) {
	for {
		fd, err := unix.Open(path, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_NOFOLLOW|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
		if !errors.Is(err, unix.EINTR) {
			return fd, err
		}
	}
}
