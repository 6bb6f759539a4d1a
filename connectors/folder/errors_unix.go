//go:build !windows

package folder

import "syscall"

// silent reports whether err says that a disk or a file server does not answer.
func silent(err error) bool {
	return isOne(err, syscall.EIO, syscall.ESTALE, syscall.ENOTCONN, syscall.EHOSTDOWN, syscall.EHOSTUNREACH, syscall.ENETDOWN,
		syscall.ENETUNREACH, syscall.ETIMEDOUT, syscall.ECONNREFUSED, syscall.ECONNRESET, syscall.ECONNABORTED, syscall.ENODEV, syscall.ENXIO)
}

// unstorable reports whether err says that no file can have this name there.
func unstorable(err error) bool { return isOne(err, syscall.ENAMETOOLONG, syscall.EILSEQ) }
