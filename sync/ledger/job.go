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
)

// Open reports whether a job in this state still has something before it
// without a person doing anything.
func (s State) Open() bool {
	return s == Queued || s == Moving || s == Publishing || s == Sent
}

// A Job is one file crossing one boundary once.
type Job struct {
	ID         string // see NewID
	Account    string
	Bench      string
	Role       connectors.Role
	Folder     string // the hot folder's root; Name is relative to it
	Name       string
	Batch      string
	Flow       Flow
	Kind       Kind
	Generation int
	Size       int64
	ModTime    time.Time
	Changed    time.Time // inode change time; zero where unknown
	Digests    connectors.Digests
	Rating     int
	Label      string

	State     State
	Rank      int       // smaller goes first
	Created   time.Time // when it was added
	NotBefore time.Time // of the next action; zero means now
	SentAt    time.Time // when the remote said yes; zero if it did not
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

// Path is where the file lies on this machine.
func (j Job) Path() string { return join(j.Folder, j.Name) }

// Photo is the job as a connector sees it.
func (j Job) Photo() connectors.Photo {
	return connectors.Photo{
		ID: j.ID, Bench: j.Bench, Role: j.Role, Name: j.Name, Path: j.Path(), Batch: j.Batch,
		Generation: j.Generation, Size: j.Size, Digests: j.Digests, ModTime: j.ModTime,
		Rating: j.Rating, Label: j.Label, Published: j.Published,
	}
}

// NewID derives a job's ID from what makes it one: adding the same delivery
// twice is harmless. It is 20 hex digits long.
func NewID(account string, kind Kind, folder, name, batch string, generation int) string {
	parts := []string{account, string(kind), folder, name, batch, fmt.Sprint(generation)}
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:10])
}
