package watch

import (
	"encoding/binary"
	"hash/maphash"
	"strings"
	"time"
)

// A node is what is remembered of one folder. Of the files that were accepted
// nothing is: their names, sizes and times are folded into print.
type node struct {
	dir    string // relative to the hot folder; "." is the hot folder
	parent *node
	subs   map[string]*node
	id     fileID
	gone   bool // no longer in the tree
	left   bool // was not there when it was looked at; the folder above knows more
	pass   int  // of the look that listed it last

	print   uint64
	sure    bool // print stands for files that were all accepted, or are in waiting
	more    bool // files were left out because too many wait
	files   int
	skipped int
	waiting map[string]*item // by the last part of the name
	due     time.Time        // when the first of waiting is due; zero: none
	known   map[string]Stamp // what Known said; kept while something waits

	trouble string    // why it cannot be read
	since   time.Time // of the trouble

	looked time.Time     // when it was looked at
	hinted time.Time     // when something was last said to have changed in it
	gap    time.Duration // how long to leave it alone then
}

// An item is a file that is not accepted yet, or never will be.
type item struct {
	base    string
	modTime time.Time
	odd     bool // no regular file; nothing to wait for
	reason  string
	since   time.Time // of the reason
	next    time.Time // when it is looked at again; zero: when it changes
	held    bool
	later   bool          // emit asked for patience
	pass    int           // of the look that listed it last
	offered int           // pass that offered it last
	calm    time.Duration // how long it had rested then
}

func (n *node) sub(base string, id fileID) *node {
	s := &node{dir: join(n.dir, base), parent: n, id: id}
	if n.subs == nil {
		n.subs = make(map[string]*node)
	}
	n.subs[base] = s
	return s
}

// near finds the node of dir, or of the folder nearest above it.
func (n *node) near(dir string) *node {
	if dir == "." {
		return n
	}
	for part := range strings.SplitSeq(dir, "/") {
		s := n.subs[part]
		if s == nil {
			break
		}
		n = s
	}
	return n
}

// all visits n and all below it.
func (n *node) all(visit func(*node)) {
	visit(n)
	for _, s := range n.subs {
		s.all(visit)
	}
}

// seed makes fingerprints of this process unlike those of any other.
var seed = maphash.MakeSeed()

// A printer makes the fingerprints of entries. Those of a folder's entries are
// added up, so that the order of a listing does not matter.
type printer struct{ buf []byte }

func (p *printer) print(e entry) uint64 {
	b := append(p.buf[:0], e.base...)
	b = append(b, 0, byte(e.kind))
	b = append(b, e.reason...)
	for _, v := range [...]int64{
		e.stamp.Size,
		e.stamp.ModTime.Unix(), int64(e.stamp.ModTime.Nanosecond()),
		e.stamp.Changed.Unix(), int64(e.stamp.Changed.Nanosecond()),
	} {
		b = binary.LittleEndian.AppendUint64(b, uint64(v))
	}
	p.buf = b
	return maphash.Bytes(seed, b)
}
