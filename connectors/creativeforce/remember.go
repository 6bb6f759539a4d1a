package creativeforce

import (
	"slices"
	"strings"
	"time"
)

// deskKey is under what the open tasks are kept over restarts: what is accepted or
// called off while no agent runs is not listed any more, and must be looked at once.
const deskKey = "desk"

// unpack lays on the desk what was open when the agent was stopped, before the
// first look.
func (a *account) unpack() error {
	a.desk.mu.Lock()
	unpacked := a.desk.unpacked
	a.desk.mu.Unlock()
	if unpacked {
		return nil
	}
	var open []string
	if _, err := a.recall(deskKey, &open); err != nil {
		return err
	}
	for _, name := range open {
		if k, _, ok := parseBatch(name + "-1"); ok {
			s := a.desk.sheet(k)
			s.mu.Lock()
			s.listed, s.kept = true, true
			s.mu.Unlock()
		}
	}
	a.desk.mu.Lock()
	defer a.desk.mu.Unlock()
	a.desk.unpacked, a.desk.open = true, open
	return nil
}

// remember keeps what is open now.
func (a *account) remember() error {
	open := []string{}
	for _, t := range a.desk.tasks() {
		if t.status != done && t.status != cancelled {
			open = append(open, t.key.String())
		}
	}
	a.desk.mu.Lock()
	same := slices.Equal(open, a.desk.open)
	a.desk.mu.Unlock()
	if same {
		return nil
	}
	if err := a.keep(deskKey, open); err != nil {
		return err
	}
	a.desk.mu.Lock()
	defer a.desk.mu.Unlock()
	a.desk.open = open
	return nil
}

// calledOff is a task that is not at the platform any more: as it was read last, or
// what is kept of it; nil if nothing is.
func (a *account) calledOff(k key, last *task) (*task, error) {
	off := &task{key: k}
	if last != nil {
		*off = *last
	} else {
		var n note
		if known, err := a.recall(noteKey(k), &n); err != nil || !known {
			return nil, err
		}
		off.round, off.folder = n.Round, n.Folder
		off.job, off.product, _ = strings.Cut(n.Folder, "/")
	}
	off.status, off.word, off.at = cancelled, "not there any more", time.Now()
	return off, nil
}
