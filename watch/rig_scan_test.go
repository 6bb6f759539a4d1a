package watch

import (
	"io/fs"
	"syscall"
)

// counting counts the folders that are listed.
func counting(n *int) func(string, func(fs.DirEntry) error) error {
	return func(path string, visit func(fs.DirEntry) error) error {
		*n++
		return readFolder(path, visit)
	}
}

// block makes folders unreadable, for tests that may run as root.
func (r *rig) readBlocked(path string, visit func(fs.DirEntry) error) error {
	r.mu.Lock()
	_, blocked := r.blocked[path]
	r.mu.Unlock()
	if blocked {
		return &fs.PathError{Op: "open", Path: path, Err: syscall.EACCES}
	}
	return readFolder(path, visit)
}

func (r *rig) block(path string, blocked bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if delete(r.blocked, path); blocked {
		r.blocked[path] = struct{}{}
	}
}
