// Package connectortest is the contract of package connectors as tests. A
// connector's own test is a rig and one call:
//
//	func TestContract(t *testing.T) {
//		connectortest.Run(t, func(t *testing.T) connectortest.Rig { … })
//	}
//
// It imports testing and must never be linked into the program.
package connectortest

import (
	"crypto/sha256"
	"encoding/hex"
	"testing"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/faults"
)

// A Rig is one connector and the far side that it talks to. Each test asks for
// a new one and cleans up nothing: the rig uses t.Cleanup.
type Rig struct {
	connectors.Connector

	// Bench is set in every photo; empty where the connector needs none.
	Bench string

	// Files is what a bystander sees at the remote: every file that looks
	// complete, once for each time it is there, versions of one name oldest
	// first, and also what landed outside of where it belongs. Names are those
	// of Photo.Name where the remote keeps them.
	Files func() []File

	// Return makes the remote offer a finished retouch, in place of an earlier
	// one of that name. nil if the connector has no Source.
	Return func(name string, content []byte)

	// Put and Take are somebody else at a remote that is a folder: they write
	// and remove a file under the final name of a photo. Both nil where nobody
	// else can.
	Put  func(name string, content []byte)
	Take func(name string)

	// Faults makes the remote fail; nil where it cannot be made to.
	Faults *faults.Plan
	Ops    Ops
	// HTTP says that the remote answers with HTTP statuses.
	HTTP bool

	// Mirrors are the mirrored folders of the account; zero for none.
	Mirrors Mirrors
	// Healthy says that Examine can find nothing odd at this remote.
	Healthy bool
}

// Ops are the remote's names for the operations of a fault plan. One that is
// empty cannot be made to fail.
type Ops struct {
	Deliver string // carries the photo's bytes
	Publish string // comes after publish and before the photo shows
	Find    string
	Pending string
	Fetch   string
	Probe   string
}

// A File is what a bystander sees of one file.
type File struct {
	Name   string
	Size   int64
	SHA256 string // hex
}

// FileOf describes content under name.
func FileOf(name string, content []byte) File {
	return File{Name: name, Size: int64(len(content)), SHA256: digest(content)}
}

func digest(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// A check is one sentence of the contract. It runs only where needs is nil or
// says yes; what a rig cannot do is then not in the list at all, never skipped.
type check struct {
	sentence string
	needs    func(Rig) bool
	run      func(*testing.T, Rig)
}

// Run holds the connector of rig to the contract. rig is called for each test.
func Run(t *testing.T, rig func(t *testing.T) Rig) {
	t.Helper()
	probe := rig(t)
	if probe.Files == nil {
		t.Fatal("a rig needs Files")
	}
	if (probe.In == nil) != (probe.Return == nil) {
		t.Fatal("a rig has Return exactly if its connector has a Source")
	}
	for _, list := range [][]check{deliveries, generations, publishing, sources, endings, replies, statuses, names, sizes, strangers, returns, mirrors, abilities, examinations} {
		for _, c := range list {
			if c.needs == nil || c.needs(probe) {
				t.Run(c.sentence, func(t *testing.T) { c.run(t, rig(t)) })
			}
		}
	}
}

func sends(r Rig) bool { return r.Out != nil }

func offers(r Rig) bool { return r.In != nil }

func isFolder(r Rig) bool { return r.Out != nil && r.Put != nil && r.Take != nil }

func canFail(op func(Ops) string) func(Rig) bool {
	return func(r Rig) bool { return r.Faults != nil && op(r.Ops) != "" }
}

func opDeliver(o Ops) string { return o.Deliver }
func opPublish(o Ops) string { return o.Publish }
func opFind(o Ops) string    { return o.Find }
func opPending(o Ops) string { return o.Pending }
func opFetch(o Ops) string   { return o.Fetch }
func opProbe(o Ops) string   { return o.Probe }

func answersHTTP(op func(Ops) string) func(Rig) bool {
	return func(r Rig) bool { return r.HTTP && canFail(op)(r) }
}
