// Package memory is a remote in memory, for tests of the engines: a real
// Destination and Source that keeps the whole contract, fails on demand, and
// shows a bystander what it holds. All its waiting is done with timers, so it
// works in a testing/synctest bubble.
//
// By default it is like a folder: what it took is verified at once, and a photo
// that was published and is gone was picked up. With Platform it is like a
// platform, which confirms later. What belongs to a mirrored folder lies below
// that folder's name, "/" between.
package memory

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/faults"
)

// The operations that a fault plan can name.
const (
	OpDeliver     = "deliver" // taking the photo's bytes; the reply
	OpPublish     = "publish" // between publish and the moment the photo shows
	OpFind        = "find"
	OpMark        = "mark"
	OpPending     = "pending"
	OpFetch       = "fetch"
	OpAcknowledge = "acknowledge"
	OpProbe       = "probe"
	OpCommit      = "commit" // between publish and the moment the batch is submitted; the reply
)

// A Remote is the far side. Its methods may run at the same time; its knobs are
// set before its Connector is used.
type Remote struct {
	// Platform makes Deliver's receipts unverified: only Find confirms a photo,
	// and nobody picks one up.
	Platform bool
	// Lag is how long after storing a photo Find sees it; meant for Platform.
	Lag time.Duration
	// Keep is how long after Find can see it a photo stays; then somebody has
	// taken it. 0 keeps for ever.
	Keep time.Duration
	// Vet becomes Connector.Vet; nil means that all may go.
	Vet func(context.Context, connectors.Photo) (batch string, err error)
	// Specify becomes Connector.Specify; nil means that nothing is asked for.
	Specify func(context.Context, connectors.Receipt) (connectors.Specification, error)
	// Missing says what a batch still lacks; none, and Commit submits it. nil
	// means that the remote knows no batches and has no Commit.
	Missing func(batch string, delivered []connectors.Receipt) []string

	faults *faults.Plan

	mu         sync.Mutex
	serial     int                   // of the last file stored
	files      map[string]file       // by final name, see place
	parts      map[string]bool       // ids of photos that wait for their final name
	deliveries map[string][]Delivery // by final name, oldest first
	marks      map[string][]connectors.Photo
	offers     map[string]offer // by Retouch.ID
	order      []string         // of offers
	acks       map[string]int   // acknowledgements by Retouch.ID

	submissions []Submission // oldest first
}

type file struct {
	id      string
	content []byte
	modTime time.Time
	stored  time.Time
}

// A Delivery is one time that the remote stored a photo.
type Delivery struct {
	Photo  connectors.Photo
	At     time.Time
	SHA256 string // of the bytes that arrived
}

// New makes an empty remote that suffers plan's faults; nil is a calm one.
func New(plan *faults.Plan) *Remote {
	return &Remote{
		faults:     plan,
		files:      map[string]file{},
		parts:      map[string]bool{},
		deliveries: map[string][]Delivery{},
		marks:      map[string][]connectors.Photo{},
		offers:     map[string]offer{},
		acks:       map[string]int{},
	}
}

// Connector is the studio's side of r. Every call gives the same remote.
func (r *Remote) Connector() connectors.Connector {
	c := connectors.Connector{SHA1: true, Out: outbox{r}, In: inbox{r}, Vet: r.Vet, Specify: r.Specify, Mark: r.mark, Probe: r.probe}
	if r.Missing != nil {
		c.Commit = r.commit
	}
	return c
}

// place is the final name at the remote of name in a mirrored folder, or of name
// alone where remote is empty.
func place(remote, name string) string {
	if remote == "" {
		return name
	}
	return remote + "/" + name
}

// Files is what lies there now under final names, that Find could see or not.
func (r *Remote) Files() map[string][]byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sweep()
	files := make(map[string][]byte, len(r.files))
	for name, f := range r.files {
		files[name] = f.content
	}
	return files
}

// Deliveries is each time something was stored under name, oldest first: more
// than one of the same content is a duplicate.
func (r *Remote) Deliveries(name string) []Delivery {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]Delivery(nil), r.deliveries[name]...)
}

// Put is what somebody else at the remote does: write a file, over what is there.
func (r *Remote) Put(name string, content []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.store(name, content, time.Now())
}

// Take is what somebody else at the remote does: take a file away.
func (r *Remote) Take(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.files, name)
}

// Marks is what Mark was called with, by final name, oldest first.
func (r *Remote) Marks() map[string][]connectors.Photo {
	r.mu.Lock()
	defer r.mu.Unlock()
	return maps.Clone(r.marks)
}

func (r *Remote) mark(ctx context.Context, p connectors.Photo, receipt connectors.Receipt) error {
	t, err := r.suffer(ctx, OpMark)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sweep()
	if f, there := r.files[receipt.Name]; !there || f.id != receipt.ID {
		return connectors.Rejected("%s is not at the remote any more", receipt.Name)
	}
	r.marks[receipt.Name] = append(r.marks[receipt.Name], p)
	return t.reply()
}

func (r *Remote) probe(ctx context.Context) error {
	t, err := r.suffer(ctx, OpProbe)
	if err != nil {
		return err
	}
	return t.reply()
}

// store puts a new file under name. The caller holds mu.
func (r *Remote) store(name string, content []byte, modTime time.Time) file {
	r.serial++
	f := file{id: fmt.Sprintf("file-%d", r.serial), content: content, modTime: modTime, stored: time.Now()}
	r.files[name] = f
	return f
}

// sweep lets go what was kept long enough. The caller holds mu.
func (r *Remote) sweep() {
	if r.Keep == 0 {
		return
	}
	now := time.Now()
	maps.DeleteFunc(r.files, func(_ string, f file) bool { return now.Sub(f.stored) >= r.Lag+r.Keep })
}

func digest(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}
