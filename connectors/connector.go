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

// Digests are hex digests of a file's content, made in one pass. Empty strings
// mean "not computed yet"; MD5 is made only of what comes back, for lists of
// checksums.
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
	// Deselected says that the photo was a select and is none any more. Only a
	// mark has it.
	Deselected bool
	// Remote is, for a Mirror, the remote folder that Name is relative to, as
	// agent.yaml spells it. Otherwise it is empty: the account knows where.
	Remote string
	// Template is what the task of a photo asks for, by the vendor's name or ID.
	// Empty means what the account is configured for.
	Template string
	// Comment is what a person wrote for the retoucher; often empty.
	Comment string
	// Deadline is when the retouch should be back; zero for none.
	Deadline time.Time
	// URL returns an address at which whoever has it can read the photo for at
	// least a day, at a platform that it was delivered to before. Nil if it is at
	// none that hands out such addresses.
	URL func(ctx context.Context) (string, error)

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
	// Fetch writes rt to w. A remote that ends early is an error; one where another
	// file lies under that name by now is best told by ErrChanged.
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
	// Remote is the mirrored folder that it lies in, as agent.yaml spells it, and
	// Name is relative to it. Empty for what is not mirrored.
	Remote string
	// Rejected says that this is no retouch but work that was refused, and that
	// comes back for another round.
	Rejected bool
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
	// Crowd is how many may while each takes but a moment, because they share what
	// there is (connections, commits of the ledger); 0 means Workers.
	Crowd int
	// SHA1 says that the remote compares files by SHA-1: Photo.Digests has one only
	// then.
	SHA1 bool
	// Looks says that Deliver itself finds a photo that is there already, from
	// before the agent: nobody need ask Find before a first try.
	Looks bool
	// Vet is asked before sending: it names the batch p belongs to (Creative
	// Force: the task of an output), or says why p may not go (a name without a
	// reference, a bench that takes no uploads) by an error wrapping ErrRejected.
	// The reason is shown, p is held. Any other error means "ask again later".
	Vet func(ctx context.Context, p Photo) (batch string, err error)
	// Mark sets selection, rating and label of a delivered photo: p.Role is Select
	// for a select, p.Deselected for one that is none any more; otherwise the
	// selection stays as it is. Idempotent.
	Mark func(ctx context.Context, p Photo, r Receipt) error
	// Chosen lists the photos at the remote's side of a bench that people chose for
	// retouching there, and that nothing was ordered for yet, as far as can be told
	// there: also those that were never sent from here. If it could not look
	// everywhere it returns an error, not a shorter list. It goes with Mark.
	Chosen func(ctx context.Context, bench string) ([]Receipt, error)
	// Commit submits a batch, with the newest uncommitted receipt of each name.
	// It returns IncompleteError, before anything was submitted, and is then asked
	// again when more is delivered, or when its last open photo was superseded. It
	// calls publish right before it submits. It is asked again, too, after more was
	// delivered to what people go on working on (an edit project): what is submitted
	// already is left alone then.
	Commit func(ctx context.Context, batch string, delivered []Receipt, publish func() error) error
	// Assignments are the tasks that the remote has handed out, as the last
	// complete Pending saw them: it asks nobody. Vet names their batches, and Commit
	// submits them.
	Assignments func(ctx context.Context) ([]Assignment, error)
	// Projects are the edit projects that the remote keeps an eye on; nil where
	// there is no such thing.
	Projects *Projects
	// List says what is at the remote for a bench, in full, so that it can be
	// compared with the disk; Name is spelled as Photo.Name was, as far as can be
	// told.
	List  func(ctx context.Context, bench string) ([]Receipt, error)
	Hook  http.Handler                    // webhook intake: only wakes the poll
	Probe func(ctx context.Context) error // for check, and to end a pause
	// Rate says how many requests per second are made just now, and how many may
	// be, by all accounts of this process that share the limit.
	Rate func() (used, allowed float64)
	// Examine tries out what the remote can do, for `doctor`, tells each finding
	// as it comes, and keeps in Setup.Memory what transfers must obey. It leaves
	// nothing behind. The error says why it could not go on.
	Examine func(ctx context.Context, tell func(Finding)) error
	// Specify says what the remote wants the retouch of a delivered photo to be.
	Specify func(ctx context.Context, photo Receipt) (Specification, error)
	// Templates lists what can be ordered from the remote.
	Templates func(ctx context.Context) ([]Template, error)
	// Reject sends a ready retouch back to the vendor, with what a person says is
	// wrong. Only a person asks for it. The corrected one comes back under a new
	// Retouch.ID; until the remote has begun to work on it, nothing does. An error
	// wrapping ErrRejected says why it cannot be sent back (too early, too late).
	Reject func(ctx context.Context, r Refusal) error
	// Withdraw takes an ordered photo back, so that nobody works on it and nobody
	// pays. Only a person asks for it. An error wrapping ErrRejected says that it
	// is too late; one that is not there any more is none.
	Withdraw func(ctx context.Context, photo Receipt) error
	// Public returns an address at which whoever has it can read a delivered
	// photo for at least a day.
	Public func(ctx context.Context, photo Receipt) (string, error)
	// Preview writes a small picture (JPEG or PNG, up to 2 MiB) of a delivered
	// photo, as the remote shows it. An error wrapping ErrRejected says that there
	// is none.
	Preview func(ctx context.Context, photo Receipt, w io.Writer) error
}

// A Template is a kind of retouching that can be ordered from a vendor.
type Template struct {
	ID, Name string
}

// A Refusal is a retouch that a person sends back.
type Refusal struct {
	Photo   Receipt // of the photo that was sent
	Retouch string  // Retouch.ID of what came back
	Comment string  // what is wrong, for the retoucher; not empty
	Markup  string  // https address of a picture with marks drawn on it; may be empty
}

// A Finding is one thing that Examine has found out.
type Finding struct {
	What   string // a few words: "log in", "rename over a file"
	Health Health
	Text   string // what was seen: "aes128-gcm, ed25519 key SHA256:…"
	Advice string // what a person should do, or what the agent does about it; may be empty
}

// Health says how bad a Finding is.
type Health int

const (
	Fine   Health = iota
	Odd           // works, in a roundabout way or with less certainty
	Broken        // nothing can be sent or fetched before it is mended
)

// A Specification is what a retouch must be. Zero fields ask for nothing.
type Specification struct {
	MinWidth, MaxWidth   int      // pixels, as displayed
	MinHeight, MaxHeight int      // pixels, as displayed
	Profiles             []string // descriptions of ICC profiles, one of which must be embedded; case does not matter
	Formats              []string // jpeg, tiff, png, psd: one of which it must be
	Bits                 int      // per channel
	MaxBytes             int64
}

// A Bench is a bench that sends to an account or imports from it.
type Bench struct {
	Name    string
	Imports bool // it imports from the account
	// Decode reads the bench's keys that belong to the account's type
	// (production, step, names, …); keys that into lacks are not errors here.
	Decode func(into any) error
}

// A MirroredFolder is a remote folder that is kept alike with a local one.
type MirroredFolder struct {
	Remote string // as agent.yaml spells it; slash-separated
	Get    bool   // it is listed by Pending; otherwise photos are delivered to it
	// Rejected is the remote folder of refused work, for a Get; empty for none.
	Rejected string
	// Ready says what makes a file of a Get complete: "rest" (it must settle),
	// "log" (a file whose name ends with transfer_completed.log lies in its
	// folder or above, and is newer) or "marker" (NAME.done lies beside it).
	Ready string
}

// A Memory keeps small facts of one account over restarts: what a server was
// found to be unable to do, how far a large upload has got. Its methods may run
// at the same time.
type Memory interface {
	// Recall returns what was kept under key, or "" for nothing.
	Recall(key string) (string, error)
	// Keep puts value on disk before it returns; "" forgets key.
	Keep(key, value string) error
}

// Setup is everything a Factory may use.
type Setup struct {
	Account     string                           // for messages
	Dir         string                           // of agent.yaml: relative paths in options start there
	Decode      func(into any) error             // the account's options; unknown keys are errors
	Benches     []Bench                          // those that send to or import from this account
	Mirrors     []MirroredFolder                 // those of this account
	Memory      Memory                           // of this account; never nil
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
