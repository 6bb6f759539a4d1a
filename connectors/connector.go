// Package connectors says what a remote must be able to do for studio-agent:
// take photos (Destination), offer retouches (Source), and a few abilities that
// only some remotes have. Every remote is one folder below this one; the
// engines in sync know nothing but the types of this package.
//
// How to write one is in doc.go.
package connectors

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"time"
)

// A Role says why a photo is sent.
type Role string

const (
	Capture Role = "capture" // everything the bench shoots
	Select  Role = "select"  // chosen for retouching
	Mirror  Role = "mirror"  // a mirrored folder: no bench, paths kept
)

// Digests are hex digests of a file's content, all made in one pass. Empty
// strings mean "not computed yet".
type Digests struct {
	SHA256, SHA1, MD5 string
}

// A Photo is one file on its way out of the studio.
type Photo struct {
	ID         string // of the job: the same on every try, fit for a file name (20 hex digits)
	Bench      string // as named in agent.yaml; empty for a mirrored folder
	Role       Role
	Name       string // slash-separated, relative to the hot folder, never escaping it
	Path       string // on this machine, for remotes that see the same storage
	Batch      string // the task it belongs to, ours or the remote's; empty if it stands alone
	Generation int    // 1, and one more each time the content under this name changes
	Size       int64  // bytes
	Digests    Digests
	ModTime    time.Time
	Rating     int    // 0..5, -1 rejected
	Label      string // colour, empty if none

	// Replaces is the receipt of the last generation delivered under this name.
	// A remote file that still is what this receipt says is ours to replace.
	// The zero Receipt means that nothing was delivered yet.
	Replaces Receipt
	// Published says that an earlier try was lost sight of after publish: the
	// step that makes the photo visible may have happened. If then neither the
	// final nor our temporary file is there, it happened, and somebody took the
	// photo away.
	Published bool
}

// A Receipt says where a photo is at the remote. The zero Receipt means: not there.
type Receipt struct {
	ID, Name, Link string
	Size           int64
	Verified       bool // the connector has itself seen all bytes in place
}

// Zero reports whether r says "not there".
func (r Receipt) Zero() bool { return r == Receipt{} }

// A Destination accepts photos. Its methods may run at the same time.
type Destination interface {
	// Find looks for photos on the remote, in groups, and answers for each, in
	// order. Yes needs name, size and time or digest; never size alone where
	// another generation of that name was sent. Unequal digests of unknown
	// meaning prove nothing. An error means that it could not look; the answers
	// are then worthless.
	Find(ctx context.Context, ps []Photo) ([]Receipt, error)

	// Deliver hands p over once; it does not retry. open may be called again to
	// read from the start; a reader fails if the file is not p any more, and
	// that error must come back wrapped. Nothing may look complete under its
	// final name before it is. publish puts the intent on disk: call it right
	// before the step that makes p visible or costs money (rename, submit,
	// order), and give up if it fails. Replace nothing that is not ours.
	//
	// An error means "try later". Wrap ErrRejected if this photo will never be
	// taken, ErrDenied if none will until a person acts, and return a
	// ThrottledError if the remote asks for peace (no failure is counted).
	// After publish, ErrRejected, ErrDenied and ThrottledError promise that p is
	// not there; any other error leaves that open, and Find is asked before the
	// next try.
	Deliver(ctx context.Context, p Photo, open func() (io.ReadCloser, error), publish func() error) (Receipt, error)
}

// A Source offers retouches for collection.
type Source interface {
	// Pending lists what is there and need remember nothing; what was
	// acknowledged may be listed again. If it could not look everywhere it
	// returns an error, not a shorter list.
	Pending(ctx context.Context) ([]Retouch, error)
	// Fetch writes rt to w. A remote that ends early is an error.
	Fetch(ctx context.Context, rt Retouch, w io.Writer) error
	// Acknowledge says that rts, all the ready ones of a batch or a single one,
	// are safe in the studio. Repeats and unknown retouches are not errors.
	Acknowledge(ctx context.Context, rts []Retouch) error
}

// A Stage says how far a retouch is at the remote.
type Stage int

const (
	Ready   Stage = iota // can be fetched
	Working              // at retouch
	Failed               // the vendor gave up; Reason says why
)

// A Retouch is one file at a Source, ready or still being worked on.
type Retouch struct {
	ID      string // names this content: a new version has a new ID
	Name    string // as the remote spells it; not trusted as a path
	Bench   string // if the remote knows it (its production, its own task)
	Batch   string
	Answers string // Receipt.ID of the photo it answers, if the remote knows
	Stage   Stage
	Link    string // where a person sees it at the vendor, if anywhere
	Reason  string // why it failed, or what the vendor says
	Size    int64  // -1 if unknown
	ModTime time.Time
	Final   bool // the remote promises it is complete; otherwise it must settle
}

// A Connector is the two ends of one account; what it cannot do is nil.
type Connector struct {
	Out Destination
	In  Source
	// Writes are the local folders that deliveries go to: none of them may lie in
	// a hot folder, or each photo would come back as a new one.
	Writes []string
	// Workers is how many deliveries may run at the same time; 0 means 2.
	Workers int
	// Vet is asked before sending: it names the batch p belongs to (Creative
	// Force: the task of an output), or says why p may not go (a name without a
	// reference, a bench that takes no uploads) by an error wrapping ErrRejected.
	// The reason is shown, p is held. Any other error means "ask again later".
	Vet func(ctx context.Context, p Photo) (batch string, err error)
	// Mark sets selection, rating and label of a delivered photo. Idempotent.
	Mark func(ctx context.Context, p Photo, r Receipt) error
	// Commit submits a batch, with the newest uncommitted receipt of each name.
	// It returns IncompleteError and is then asked again when more is
	// delivered, or when its last open photo was superseded. It calls publish
	// right before it submits.
	Commit func(ctx context.Context, batch string, delivered []Receipt, publish func() error) error
	// List says what is at the remote for a bench, in full, so that it can be
	// compared with the disk; Name is spelled as Photo.Name was, as far as can be
	// told.
	List  func(ctx context.Context, bench string) ([]Receipt, error)
	Hook  http.Handler                    // webhook intake: only wakes the poll
	Probe func(ctx context.Context) error // for check, and to end a pause
}

// A Bench is a bench that sends to an account or imports from it.
type Bench struct {
	Name string
	// Decode reads the bench's keys that belong to the account's type
	// (production, step, names, …); keys that into lacks are not errors here.
	Decode func(into any) error
}

// Setup is everything a Factory may use.
type Setup struct {
	Account     string                           // for messages
	Dir         string                           // of agent.yaml: relative paths in options start there
	Decode      func(into any) error             // the account's options; unknown keys are errors
	Benches     []Bench                          // those that send to or import from this account
	Secret      func(ref string) (string, error) // resolves env:NAME, file:PATH, credential:NAME
	Rate        float64                          // requests per second as configured; 0 means the type's default
	Connections int                              // as configured; 0 means the type's default
	HTTP        *http.Client                     // nil means http.DefaultClient
	Log         *slog.Logger                     // already carries the account; never nil
	// Shared holds what accounts of one process have in common, such as the
	// limiter of a token. Keys are private types of the packages that use it.
	Shared *sync.Map
}

// A Factory builds the connectors of one type. New checks the options and
// returns; it does not touch the network.
type Factory struct {
	Type string // the word in agent.yaml
	New  func(Setup) (Connector, error)
}
