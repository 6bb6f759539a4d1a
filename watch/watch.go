// Package watch says when a file in a hot folder is finished.
//
// Its story, in the order of the files:
//
//	hint.go, tick   something may have changed, or it is time to look anyway
//	root.go         is this the same, mounted folder as before? else wait and say so
//	look.go         which folders to look at now; each gets a watch before it is listed
//	scan.go         one listing; tree.go keeps one fingerprint per folder: unchanged asks nobody
//	name.go         what a look shows, for those who want to know more of the tree (Seen)
//	merge.go        a changed folder is compared with what was accepted before (Known)
//	settle          what is new or different must come to rest
//	judge.go        at rest: does nobody write to it, and does its inside look whole?
//	offer.go        then it is emitted; what is refused is offered again
//
// Events are hints, the scan is the truth. Nothing here concludes that a file
// was deleted: a folder that cannot be seen is waited for. No handle is kept on
// any file, and a million known files cost nothing: only fingerprints of folders
// and files that are not finished yet are in memory.
package watch

import (
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"sync"
	"time"

	"github.com/studio-agent/studio-agent/watch/picture"
	"github.com/studio-agent/studio-agent/watch/settle"
)

const (
	// DefaultSettle is how long size and times rest where evidence is full.
	DefaultSettle = 250 * time.Millisecond
	// DefaultRescan is how often everything is looked at although events work.
	DefaultRescan = time.Minute
)

// A Stamp is what tells one state of a file from another without reading it.
type Stamp struct {
	Size    int64 // bytes
	ModTime time.Time
	// Changed is the inode change time: it moves even if a program writes as
	// many bytes as before and sets ModTime back. Zero where it is unknown or
	// means little: on Windows, FAT and network shares.
	Changed time.Time
}

// Same reports whether a and b are the same state of a file. A zero Changed on
// either side is not compared.
func (a Stamp) Same(b Stamp) bool {
	if a.Size != b.Size || !a.ModTime.Equal(b.ModTime) {
		return false
	}
	return a.Changed.IsZero() || b.Changed.IsZero() || a.Changed.Equal(b.Changed)
}

// A File is a regular file below a hot folder.
type File struct {
	Name string // slash-separated, relative to the hot folder, spelled as on disk
	Path string // on this machine
	Stamp
}

// A LaterError, returned from emit, means "offer it again then", which is not
// before Settle has passed once more. The reason is shown until then, and nothing
// is counted or logged as a failure.
type LaterError struct {
	Until  time.Time
	Reason string // a clause for a photographer
}

func (e *LaterError) Error() string {
	return fmt.Sprintf("%s (until %s)", e.Reason, e.Until.Format("15:04:05"))
}

// A Folder watches one hot folder with all that is below it. Set the exported
// fields before Run and leave them alone afterwards.
type Folder struct {
	Root   string        // must be set; "/" or a drive's root are allowed
	Settle time.Duration // rest with full evidence; 0 means DefaultSettle
	Rescan time.Duration // 0 means DefaultRescan; stretched to 500 times what a scan takes
	Skip   Skip
	Hints  *Hints // nil: polling
	// Known returns what was accepted in dir before, without its sub-folders, by
	// the last part of its name, spelled as it was emitted, with times to the
	// nanosecond. dir is relative to Root, "." is Root itself. The map is the
	// Folder's from then on. Nil means: nothing was accepted yet, ever.
	Known func(ctx context.Context, dir string) (map[string]Stamp, error)
	// Identity is what Remember was last given for this folder; "" if never.
	Identity string
	// Remember is called from Run when Root is seen for the first time or is
	// another disk or folder than before. Nil: nobody wants to know.
	Remember func(identity string)
	// Seen is told, from Run, of each look at a folder: dir is relative to Root, "."
	// is Root itself. It must not wait for anything. Nil: nobody wants to know.
	Seen    func(dir string, names []Name)
	Network *bool // whether Root is on a network share; nil: found out
	// Look and Busy gather the evidence; nil means picture.Look and the probe
	// of this system. Busy says whether another program has the file open for
	// writing, and whether that can be known here.
	Look func(path string) (picture.Verdict, string, error)
	Busy func(path string) (busy, known bool, err error)
	Log  *slog.Logger // nil: silent

	read func(path string, visit func(fs.DirEntry) error) error // nil: readFolder
	peek func(root string) (sight, error)                       // nil: peekRoot
	most int                                                    // files that may wait; 0: maxWaiting

	mu      sync.Mutex // guards this block, with the nodes and items in it, for Status
	mode    mode
	root    rootState
	scan    scanState
	top     *node
	active  map[*node]struct{} // something waits in them, or they cannot be read
	waiting int                // items in all nodes

	// What follows belongs to Run. It takes mu only to change what mu guards,
	// never while the disk, Known or emit is waited for.
	set     settings
	lister  lister
	settler settle.Settler
	hinted  map[*node]time.Time // to be looked at, and not before
	crowded map[*node]struct{}  // have more than may wait
	due     time.Time           // when the first item of all is due; zero: none
	kept    int                 // names in the known of all nodes
	passes  int                 // numbers looks and offers
	armErr  error               // why events are not complete
	share   string              // kind of network share; empty: local
}

// settings are the exported fields of a Folder with what stands for zero.
type settings struct {
	root           string
	settle, rescan time.Duration
	look           func(path string) (picture.Verdict, string, error)
	busy           func(path string) (busy, known bool, err error)
	log            *slog.Logger
	read           func(path string, visit func(fs.DirEntry) error) error
	peek           func(root string) (sight, error)
	most           int
}
