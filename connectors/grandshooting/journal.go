package grandshooting

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
)

// doubt is how long nothing of an order or export whose outcome is unknown must
// have shown on the platform before it is made again.
const doubt = 10 * time.Minute

// orders keeps a journal of edits for each production in the account's memory.
// One batch is ordered at a time.
type orders struct {
	memory connectors.Memory
	turn   chan struct{} // held while a journal is read and changed

	// What could not be written is still true while the program runs.
	read  map[ID]*journal
	unset map[ID]bool // not on disk as it is read
}

func newOrders(m connectors.Memory) *orders {
	return &orders{memory: m, turn: make(chan struct{}, 1), read: map[ID]*journal{}, unset: map[ID]bool{}}
}

func (o *orders) lock(ctx context.Context) error {
	select {
	case o.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (o *orders) unlock() { <-o.turn }

// A journal is what was ordered for one production. It is on disk before the
// platform is asked for anything, so that no crash orders twice: a picture may
// come again in another batch, hence one journal for all of them.
type journal struct {
	// Open holds the pictures that were asked for without a clear answer, and
	// since when nothing of them has shown.
	Open map[ID]time.Time `json:"open,omitempty"`
	// Ordered holds the pictures whose order was confirmed.
	Ordered []ID `json:"ordered,omitempty"`
	// Back says which retouch of an ordered picture is safe in the studio. Kept
	// only for routes with an export.
	Back   map[ID]string `json:"back,omitempty"`
	Export export        `json:"export,omitzero"`
}

// An export is the last one that was asked for.
type export struct {
	Set  string    `json:"set"` // digest of the retouches that it is about
	At   time.Time `json:"at"`
	Sure bool      `json:"sure,omitempty"` // it was started
}

func journalKey(root ID) string { return "edit/" + string(root) }

// recall reads the journal of a production. The caller holds the turn.
func (o *orders) recall(root ID) (*journal, error) {
	if j := o.read[root]; j != nil {
		if o.unset[root] {
			return j, o.keep(root, j)
		}
		return j, nil
	}
	j := &journal{}
	text, err := o.memory.Recall(journalKey(root))
	if err == nil && text != "" {
		err = json.Unmarshal([]byte(text), j)
	}
	if err != nil {
		return nil, fmt.Errorf("what was ordered for production %s cannot be read from the ledger: %w", root, err)
	}
	if j.Open == nil {
		j.Open = map[ID]time.Time{}
	}
	if j.Back == nil {
		j.Back = map[ID]string{}
	}
	o.read[root] = j
	return j, nil
}

// keep writes it. The caller holds the turn.
func (o *orders) keep(root ID, j *journal) error {
	text, err := json.Marshal(j)
	if err == nil {
		err = o.memory.Keep(journalKey(root), string(text))
	}
	o.unset[root] = err != nil
	if err != nil {
		return fmt.Errorf("what is ordered for production %s cannot be noted in the ledger: %w", root, err)
	}
	return nil
}

func (j *journal) ordered(id ID) bool { return slices.Contains(j.Ordered, id) }

// knows says that id was ordered, or perhaps.
func (j *journal) knows(id ID) bool { return !j.Open[id].IsZero() || j.ordered(id) }

// begin notes that pictures are about to be asked for.
func (j *journal) begin(pictures []ID, now time.Time) {
	for _, id := range pictures {
		j.Open[id] = now
	}
}

// forget says that pictures were not ordered after all.
func (j *journal) forget(pictures []ID) {
	for _, id := range pictures {
		delete(j.Open, id)
	}
}

// confirm says that pictures were ordered.
func (j *journal) confirm(pictures []ID) {
	for _, id := range pictures {
		delete(j.Open, id)
		if !j.ordered(id) {
			j.Ordered = append(j.Ordered, id)
		}
	}
}

// sift says which pictures are still to be ordered now that atEdit are known to
// have a picture on a retouching bench. Where an order's outcome is open, until
// is when to look again; nothing is to be ordered before. changed says that j
// must be kept.
func (j *journal) sift(pictures []ID, atEdit map[ID]bool, now time.Time) (todo []ID, until time.Time, changed bool) {
	var open []ID
	for _, id := range pictures {
		switch since := j.Open[id]; {
		case atEdit[id] && !since.IsZero():
			j.confirm([]ID{id})
			changed = true
		case atEdit[id] || j.ordered(id):
		case since.IsZero():
			todo = append(todo, id)
		default:
			open = append(open, id)
		}
	}
	for _, id := range open {
		if changed { // the call did arrive, and the platform may still be at it
			j.Open[id] = now
		}
		if end := j.Open[id].Add(doubt); end.After(now) && end.After(until) {
			until = end
		}
		todo = append(todo, id)
	}
	return todo, until, changed
}
