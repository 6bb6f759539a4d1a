package creativeforce

import (
	"encoding/json"
	"fmt"
	"time"
)

// A note is what is kept of a task over restarts. No reply tells its round, so
// rounds are counted here.
type note struct {
	Round    int
	Rejected bool   `json:",omitempty"` // this round began with a rejection
	Mark     string `json:",omitempty"` // of that rejection, see task.mark
	Closed   bool   `json:",omitempty"` // seen in review or done
	Folder   string // JOB/PRODUCT
}

// A submission is kept from right before a round is submitted. Until Done its
// outcome is unknown.
type submission struct {
	At     time.Time
	Assets []string // temporary asset ids
	Done   bool     `json:",omitempty"`
}

func noteKey(k key) string              { return "task " + k.String() }
func submissionKey(batch string) string { return "submitted " + batch }
func folderKey(folder string) string    { return "folder " + fold(folder) }

// recall reads a kept value; ok is false if there is none.
func (a *account) recall(key string, into any) (ok bool, err error) {
	kept, err := a.memory.Recall(key)
	if err == nil && kept != "" {
		err = json.Unmarshal([]byte(kept), into)
	}
	if err != nil {
		return false, fmt.Errorf("what is known of %s cannot be read from the ledger: %w", key, err)
	}
	return kept != "", nil
}

func (a *account) keep(key string, value any) error {
	raw, err := json.Marshal(value)
	if err == nil {
		err = a.memory.Keep(key, string(raw))
	}
	if err != nil {
		return fmt.Errorf("what is known of %s cannot be written into the ledger: %w", key, err)
	}
	return nil
}

// observe finds out which round a task is in now that it was read, and keeps it.
func (a *account) observe(t *task) (note, error) {
	var was note
	known, err := a.recall(noteKey(t.key), &was)
	if err != nil {
		return was, err
	}
	n := was
	if !known {
		n = note{Round: 1, Rejected: t.rejected, Mark: t.mark(), Closed: !t.wanted()}
		if t.rejected {
			n.Round = 2 // of the first round nothing is known
		}
		if n.Folder, err = a.newFolder(t); err != nil {
			return n, err
		}
		return n, a.keep(noteKey(t.key), n)
	}
	var sent submission
	submitted, err := a.recall(submissionKey(t.key.batch(n.Round)), &sent)
	if err != nil {
		return n, err
	}
	n.follow(t, submitted, sent)
	if n == was {
		return n, nil
	}
	return n, a.keep(noteKey(t.key), n)
}

// settleFor is how long the platform may take to show that it has a submission.
const settleFor = 10 * time.Minute

// follow is what a task as it was read says of its round.
func (n *note) follow(t *task, submitted bool, sent submission) {
	old := submitted && sent.Done && t.at.Sub(sent.At) > settleFor
	switch {
	case t.status == review || t.status == done:
		n.Closed = true
	case !t.wanted(): // cancelled, or not understood: no round begins or ends
	case t.rejected && !n.Rejected, // a first rejection follows a submission, whoever made it
		t.rejected && n.Closed,
		t.rejected && submitted && news(n.Mark, t.mark()), // of which we knew nothing when we worked
		old: // taken long ago, and open again
		n.Round++
		n.Rejected, n.Mark, n.Closed = t.rejected, t.mark(), false
	case t.rejected && !submitted:
		n.Mark = t.mark() // notes may be amended
	}
}

// newFolder gives a task its folder for good: JOB/PRODUCT, or with its id behind
// if another task has that.
func (a *account) newFolder(t *task) (string, error) {
	a.placing.Lock()
	defer a.placing.Unlock()
	folder := safeName(t.job, "job") + "/" + safeName(t.product, "product")
	for _, name := range []string{folder, folder + " " + safeName(t.id[:min(8, len(t.id))], "task"), folder + " " + safeName(t.id, "task")} {
		owner, err := a.memory.Recall(folderKey(name))
		if err != nil {
			return "", fmt.Errorf("the folder of a task cannot be read from the ledger: %w", err)
		}
		if owner == "" || owner == t.key.String() {
			return name, a.memory.Keep(folderKey(name), t.key.String())
		}
	}
	return "", fmt.Errorf("task %s has no folder of its own: %s is taken", t.id, folder)
}
