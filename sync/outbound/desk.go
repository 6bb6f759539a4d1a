package outbound

import (
	"context"
	"time"

	"github.com/studio-agent/studio-agent/sync/ledger"
)

const (
	deskMost  = 16                     // jobs that are claimed at once
	deskQuick = 100 * time.Millisecond // in which they must be worked off
)

// A desk hands jobs to the workers of one account. While they work off all that
// is claimed in a moment, it claims twice as many the next time; otherwise one,
// so that no job lies here while a more urgent one comes in.
type desk struct {
	turn   chan struct{} // 1-buffered: empty while somebody is at the desk, who may wait for work
	jobs   []ledger.Job  // claimed and not handed out
	most   int           // claimed the last time
	filled time.Time
}

func newDesk() *desk {
	d := &desk{turn: make(chan struct{}, 1)}
	d.turn <- struct{}{}
	return d
}

// next waits for a job. The error is ctx's.
func (d *desk) next(ctx context.Context, l *ledger.Ledger, account string) (ledger.Job, error) {
	select {
	case <-d.turn:
	case <-ctx.Done():
		return ledger.Job{}, ctx.Err()
	}
	defer func() { d.turn <- struct{}{} }()
	if err := ctx.Err(); err != nil {
		return ledger.Job{}, err
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
	j := d.jobs[0]
	d.jobs = d.jobs[1:]
	return j, nil
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
