package outbound

import (
	"context"
	"sync"
	"time"

	"github.com/studio-agent/studio-agent/sync/ledger"
)

const (
	deskMost  = 16                     // jobs that are claimed at once
	deskQuick = 100 * time.Millisecond // in which they must be worked off
	crowdTime = 500 * time.Millisecond // that a job may take for others to crowd in
)

// A desk hands jobs to the workers of one account. While they work off all that
// is claimed in a moment, it claims twice as many the next time; otherwise one,
// so that no job lies here while a more urgent one comes in. For the same reason
// only so many are out at a time as do not wait for each other, unless each is
// back in a moment.
type desk struct {
	turn   chan struct{} // 1-buffered: empty while somebody is at the desk, who may wait for work
	jobs   []ledger.Job  // claimed and not handed out
	most   int           // claimed the last time
	filled time.Time

	few, crowd int // jobs that may be out at a time, and while each takes but a moment

	mu    sync.Mutex
	out   int           // jobs in the workers' hands
	quick bool          // the latest that came back took but a moment
	back  chan struct{} // 1-buffered: one has come back
}

func newDesk(few, crowd int) *desk {
	d := &desk{turn: make(chan struct{}, 1), few: few, crowd: max(few, crowd), back: make(chan struct{}, 1)}
	d.turn <- struct{}{}
	return d
}

// next waits for a job. The error is ctx's. The job is out until returned says
// that it is not.
func (d *desk) next(ctx context.Context, l *ledger.Ledger, account string) (ledger.Job, error) {
	select {
	case <-d.turn:
	case <-ctx.Done():
		return ledger.Job{}, ctx.Err()
	}
	defer func() { d.turn <- struct{}{} }()
	for !d.room() {
		select {
		case <-d.back:
		case <-ctx.Done():
		}
		if err := ctx.Err(); err != nil {
			return ledger.Job{}, err
		}
	}
	if len(d.jobs) == 0 {
		if d.most = min(2*d.most, deskMost); d.most == 0 || time.Since(d.filled) > deskQuick {
			d.most = 1
		}
		var err error
		if d.jobs, err = l.NextSome(ctx, account, ledger.Out, d.most); err != nil {
			return ledger.Job{}, err
		}
		d.filled = time.Now()
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.out++
	j := d.jobs[0]
	d.jobs = d.jobs[1:]
	return j, nil
}

// room reports whether one more job may be out.
func (d *desk) room() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.out < d.few || d.quick && d.out < d.crowd
}

// returned notes that a job is not out any more after so long a time.
func (d *desk) returned(took time.Duration) {
	d.mu.Lock()
	d.out--
	d.quick = took < crowdTime
	d.mu.Unlock()
	select {
	case d.back <- struct{}{}:
	default: // somebody is told already
	}
}

// clear gives back what was not handed out, unless somebody is at the desk.
func (d *desk) clear(giveBack func(ledger.Job)) {
	select {
	case <-d.turn:
		defer func() { d.turn <- struct{}{} }()
	default:
		return // there is nothing on it, or will be cleared by who is there
	}
	for _, j := range d.jobs {
		giveBack(j)
	}
	d.jobs = nil
}
