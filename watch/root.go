package watch

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

const (
	minProbe = time.Second      // between two looks for a missing root, at first
	maxProbe = 10 * time.Second // later, and for a root that is there
)

const nothingDeleted = "nothing counts as deleted, and it is looked for until it is back"

// A sight is what a look at the root itself shows.
type sight struct {
	id    string // empty if the system gives none
	empty bool   // there is nothing in it at all
}

type rootState struct {
	there   bool
	id      string    // of the folder that was last there
	why     string    // it is not there
	next    time.Time // when to look again
	probe   time.Duration
	emptied time.Time // when a scan first found all files gone
}

// peekRoot follows a link, for a person may have linked the hot folder; nothing
// below it is followed.
func peekRoot(root string) (sight, error) {
	fi, err := os.Stat(root)
	if err != nil {
		return sight{}, err
	}
	if !fi.IsDir() {
		return sight{}, errNoFolder
	}
	id, err := identity(root, fi)
	if err != nil {
		return sight{}, err
	}
	d, err := os.OpenFile(root, os.O_RDONLY|folderFlags, 0)
	if err != nil {
		return sight{}, err
	}
	defer d.Close()
	_, err = d.Readdirnames(1)
	if err != nil && !errors.Is(err, io.EOF) {
		return sight{}, err
	}
	return sight{id: id, empty: err != nil}, nil
}

var errNoFolder = errors.New("it is not a folder")

// rootThere looks at the root if it is time to, and reports whether what is
// below it can be believed.
func (f *Folder) rootThere(now time.Time) bool {
	if now.Before(f.root.next) {
		return f.root.there
	}
	s, err := f.set.peek(f.set.root)
	if why := f.doubt(s, err); why != "" {
		f.lose(why, now)
		return false
	}
	f.find(s, now)
	return true
}

// doubt says why the root cannot be believed, or "".
func (f *Folder) doubt(s sight, err error) string {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Sprintf("the folder %s is missing%s; %s", f.set.root, driveLetter(f.set.root), nothingDeleted)
	case errors.Is(err, errNoFolder):
		return fmt.Sprintf("%s is not a folder any more; %s", f.set.root, nothingDeleted)
	case err != nil:
		return fmt.Sprintf("the folder %s: %s; %s", f.set.root, explain(err), nothingDeleted)
	case s.empty && s.id != f.root.id && f.root.id != "" && s.id != "":
		return fmt.Sprintf("the folder %s is empty and is not the one that was here before, as if its disk were not mounted; "+
			"%s, or until there is a file in this one", f.set.root, nothingDeleted)
	}
	return ""
}

// driveLetter explains a frequent cause: services do not see mapped drives.
func driveLetter(root string) string {
	if v := filepath.VolumeName(root); runtime.GOOS == "windows" && strings.HasSuffix(v, ":") {
		return ` (a service does not see the drive letters of the person who is logged in: name a share as \\server\share)`
	}
	return ""
}

func (f *Folder) lose(why string, now time.Time) {
	f.mu.Lock()
	if f.root.why == "" {
		f.root.probe = minProbe / 2
		f.set.log.Warn("Hot folder lost", "folder", f.set.root, "reason", why)
	}
	f.root.there, f.root.why = false, why
	f.root.probe = min(2*f.root.probe, maxProbe)
	f.root.next = now.Add(f.root.probe)
	f.scan.queue = nil
	f.mu.Unlock()
	f.setMode(now)
	if f.Hints != nil {
		f.Hints.Disarm(".") // what is watched may never come back
	}
}

func (f *Folder) find(s sight, now time.Time) {
	back, other := !f.root.there, s.id != f.root.id
	if back {
		f.inspect()
	}
	f.mu.Lock()
	if f.root.why != "" {
		f.set.log.Info("Hot folder is back", "folder", f.set.root)
	}
	if other {
		f.plant()
	}
	if back || other {
		f.scan.due = now
	}
	f.root.there, f.root.why, f.root.id = true, "", s.id
	f.root.next = now.Add(maxProbe)
	f.mu.Unlock()
	if other && f.Remember != nil && s.id != "" {
		f.Remember(s.id)
	}
}

// inspect finds out what kind of storage the root is on.
func (f *Folder) inspect() {
	share, kind := OnNetwork(f.set.root)
	if f.Network != nil {
		share = *f.Network
	}
	f.share = ""
	if share {
		f.share = "network share"
		if kind != "" {
			f.share += " (" + kind + ")"
		}
	}
	f.lister = lister{root: f.set.root, skip: f.Skip, tells: f.Seen != nil, changed: !share && keepsChanged(f.set.root), read: f.set.read}
}
