package ledger

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
)

// A Flow is the direction in which a job crosses the studio's boundary.
type Flow string

const (
	Out Flow = "out"
	In  Flow = "in"
)

// A Kind says what a job does at the remote.
type Kind string

const (
	Deliver Kind = "deliver" // hand over the file
	Mark    Kind = "mark"    // set selection, rating and label of what was delivered
	Fetch   Kind = "fetch"   // bring a retouch in; every In job is one
)

// A State is where a job stands; the package comment draws how they follow.
type State string

const (
	Queued     State = "queued"
	Moving     State = "moving"
	Publishing State = "publishing"
	Sent       State = "sent"
	Done       State = "done"
	Parked     State = "parked"
	Superseded State = "superseded"

	// Only jobs on their way in:
	Offered State = "offered"
	Landed  State = "landed"
	GivenUp State = "failed"
)

// Open reports whether a job in this state still has something before it
// without a person doing anything.
func (s State) Open() bool {
	return s == Queued || s == Moving || s == Publishing || s == Sent || s == Landed
}

// A Job is one file crossing one boundary once.
type Job struct {
	ID         string // see NewID and NewInID
	Account    string
	Bench      string
	Role       connectors.Role
	Folder     string // the hot folder's root, or the folder to land in; Name is relative to it
	Name       string // slash-separated
	Batch      string // the task it belongs to, ours or the remote's
	Flow       Flow
	Kind       Kind
	Generation int
	Size       int64
	ModTime    time.Time
	Changed    time.Time // inode change time; zero where unknown
	Digests    connectors.Digests
	Rating     int
	Label      string
	Deselected bool   // a Mark: the photo is no select any more
	Remote     string // the mirrored folder at the remote, as agent.yaml spells it; empty for none
	Core       string // of the content without its metadata: equal for the same picture; empty if unknown
	Source     Source // In: what the remote calls it
	Answers    string // In: ID of the Out job that it answers; empty for none
	Round      int    // of its task, 1 for the first; 0 without a task
	Comment    string // for the retoucher, of this round; empty: the task's
	// Closed says that a person waits for nothing more of it: a picture that was
	// written off or called off, a retouch that was sent back or not wanted.
	Closed bool

	State     State
	Rank      int       // smaller goes first
	Created   time.Time // when it was added
	NotBefore time.Time // of the next action; zero means now
	SentAt    time.Time // when the remote said yes, or when it landed; zero if neither
	Forced    bool      // a person said "send anyway": Vet is not asked
	Ask       bool      // ask the remote first: it may be there from before the ledger
	Published bool      // an earlier try may have made it visible
	Misses    int       // how often the remote said "not there" since Published
	Starts    int       // times claimed; a second start asks the remote first
	Failures  int       // failed tries in a row; a stop is none
	Asks      int       // times asked for after sent
	Receipt   connectors.Receipt
	Reason    string // why it waits, in words for a photographer
}

// A Source is what a remote says of a retouch: see connectors.Retouch. The
// spelling is kept byte for byte.
type Source struct {
	ID, Name, Batch, Bench string
	Answers                string // a receipt's ID
	Link                   string
	Rejected, Final        bool
}

// Path is where the file lies on this machine.
func (j Job) Path() string { return join(j.Folder, j.Name) }

// Photo is the job as a connector sees it.
func (j Job) Photo() connectors.Photo {
	return connectors.Photo{
		ID: j.ID, Bench: j.Bench, Role: j.Role, Name: j.Name, Path: j.Path(), Batch: j.Batch,
		Generation: j.Generation, Size: j.Size, Digests: j.Digests, ModTime: j.ModTime,
		Rating: j.Rating, Label: j.Label, Deselected: j.Deselected, Remote: j.Remote, Published: j.Published,
	}
}

// NewID derives a job's ID from what makes it one: adding the same delivery
// twice is harmless. It is 20 hex digits long.
func NewID(account string, kind Kind, folder, name, batch string, generation int) string {
	return newID(account, string(kind), folder, name, batch, fmt.Sprint(generation))
}

// NewRoundID is NewID for what a person orders once more: each round of a task is
// another delivery of the same file.
func NewRoundID(account, folder, name, batch string, generation, round int) string {
	return newID(account, string(Deliver), folder, name, batch, fmt.Sprint(generation), fmt.Sprintf("round %d", round))
}

// NewInID is NewID for what comes in: the remote's ID names the content, and
// remote the mirrored folder that it is listed in, if any.
func NewInID(account, remote, sourceID string) string {
	return newID(account, string(Fetch), remote, sourceID)
}

func newID(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:10])
}
