package watch

import (
	"strconv"
	"time"
)

// A Name is what a listing shows of one file or folder, for those who want to know
// more of a tree than what is finished in it. What the lists of Skip leave out is
// not among them; what only Skip.Also leaves out is.
type Name struct {
	Base    string
	Dir     bool
	Size    int64 // bytes; 0 for a folder
	ModTime time.Time
	// ID names it within the hot folder for as long as it lives, whatever it is
	// called. Empty where a listing does not tell.
	ID string
}

// name is what a listing shows of e; told is false for what is not to be known.
func (e entry) name() (n Name, told bool) {
	n = Name{Base: e.base, Dir: e.kind == folder}
	if e.id.inode != 0 { // not the device: it may have another number after each start
		n.ID = strconv.FormatUint(e.id.inode, 10)
	}
	if !n.Dir {
		n.Size, n.ModTime = e.stamp.Size, e.stamp.ModTime
	}
	byName := e.kind == skipped && e.id == (fileID{}) && e.stamp == (Stamp{})
	return n, e.kind == folder || e.kind == goes || e.kind == skipped && !byName
}
