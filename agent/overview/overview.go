package overview

import (
	"context"
	"time"

	"github.com/studio-agent/studio-agent/agent/config"
	"github.com/studio-agent/studio-agent/sync/inbound"
	"github.com/studio-agent/studio-agent/sync/ledger"
	"github.com/studio-agent/studio-agent/sync/outbound"
)

// most bounds the lists of what needs a person.
const most = 50

// An Overview is all that status shows, read at one moment.
type Overview struct {
	Now     time.Time
	Name    string
	Agent   ledger.Agent // PID 0 if none ever ran
	Running bool
	Live    Live
	Benches []Bench                 // and mirrored folders, which have no bench
	Held    []ledger.Job            // parked, or given up by a vendor: the newest 50 of each, and at least 10 of each bench and account
	Coming  map[string][]ledger.Job // by account: what comes back and waits for a reason
	Tasks   int                     // that were ordered, and of which something is still expected
	Late    int                     // tasks that should be back, or submitted, by now
	Pauses  []ledger.Pause
	Speeds  map[string]float64 // bytes per second by account, NUL and name, where a Meter has learned them

	Received  int        // tasks that a remote has handed out and that are not over
	TaskNeeds []TaskNeed // what needs a person among these and edit projects, the newest first
}

// Read reads the overview of the agent that cfg describes.
func Read(ctx context.Context, cfg *config.Config, l *ledger.Ledger) (Overview, error) {
	o := Overview{Now: time.Now(), Name: cfg.Name}
	var err error
	if o.Agent, o.Running, o.Live, err = Now(ctx, l); err != nil {
		return o, err
	}
	if o.Benches, err = benches(ctx, cfg, l, o); err != nil {
		return o, err
	}
	if err = o.readHeld(ctx, l); err != nil {
		return o, err
	}
	if o.Coming, err = comingTo(ctx, l, o.Live.Sources); err != nil {
		return o, err
	}
	tasks, err := l.Tasks(ctx, "", false)
	if err != nil {
		return o, err
	}
	o.addTasks(tasks)
	o.Pauses, err = l.Pauses(ctx, o.Now)
	return o, err
}

// comingTo returns, by account, what waits to be fetched for a reason that people
// should read.
func comingTo(ctx context.Context, l *ledger.Ledger, sources []inbound.Status) (map[string][]ledger.Job, error) {
	coming := map[string][]ledger.Job{}
	for _, s := range sources {
		waiting, err := l.Waiting(ctx, s.Account, 100)
		if err != nil {
			return nil, err
		}
		for _, j := range waiting {
			if j.Flow == ledger.In && j.Reason != "" {
				coming[s.Account] = append(coming[s.Account], j)
			}
		}
	}
	return coming, nil
}

// A Meter learns the speed of transfers from one overview to the next.
type Meter struct {
	at    time.Time
	bytes map[string]int64
}

// Measure returns the speeds for Overview.Speeds. It must not be called by two
// goroutines at once.
func (m *Meter) Measure(now time.Time, live Live) map[string]float64 {
	speeds, bytes := map[string]float64{}, map[string]int64{}
	learn := func(account string, t outbound.Transfer) {
		key := account + "\x00" + t.Name
		bytes[key] = t.Bytes
		if before, ok := m.bytes[key]; ok && t.Bytes >= before {
			speeds[key] = float64(t.Bytes-before) / now.Sub(m.at).Seconds()
		} else if age := now.Sub(t.Since).Seconds(); age > 0.5 {
			speeds[key] = float64(t.Bytes) / age
		}
	}
	for _, a := range live.Accounts {
		for _, t := range a.Transfers {
			learn(a.Account, t)
		}
	}
	for _, s := range live.Sources {
		for _, t := range s.Transfers {
			learn(s.Account, outbound.Transfer(t))
		}
	}
	m.at, m.bytes = now, bytes
	return speeds
}
