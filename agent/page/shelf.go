package page

import (
	"github.com/studio-agent/studio-agent/agent/overview"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

// mostThumbs is how many files of a task are shown of each kind.
const mostThumbs = 120

// A shelf is files of a task, with what a person must do about some.
type shelf struct {
	Count, Settled int // all, and those that are where they should be
	Thumbs         []Thumb
	More           int // beside Thumbs
	Needs          []need
}

// add puts a file on the shelf.
func (h *shelf) add(s *Server, o overview.Overview, job ledger.Job) {
	h.Count++
	t := Thumb{Job: job, Href: lifePath(job), Link: https(job.Receipt.Link)}
	t.Job.Name = nameOf(job)
	t.Sign, t.Text = stateOf(job)
	if job.Flow == ledger.In {
		t.Text = inputState(job, t.Text)
	}
	if t.Sign == overview.Fine {
		h.Settled++
	}
	if t.Sign == overview.Waiting && job.NotBefore.After(o.Now) {
		t.Text += " · " + overview.Clock(o.Now, job.NotBefore)
	}
	if job.State == ledger.Parked || job.State == ledger.GivenUp {
		h.Needs = append(h.Needs, s.needOf(job))
	}
	if len(h.Thumbs) == mostThumbs {
		h.More++
		return
	}
	h.Thumbs = append(h.Thumbs, t)
}

// inputState is stateOf for what does not come back, but comes.
func inputState(j ledger.Job, otherwise string) string {
	switch j.State {
	case ledger.Landed, ledger.Done:
		return say("received.landed")
	case ledger.Moving, ledger.Publishing:
		return say("received.coming")
	case ledger.GivenUp:
		return say("received.gone")
	}
	return otherwise
}
