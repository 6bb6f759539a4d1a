package inbound

import (
	"context"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

// What happens to an older version that the agent put there itself.
const (
	CollideVersion = "version" // it moves to Replaced; the default
	CollideSuffix  = "suffix"  // it stays; the new one becomes NAME-2
	CollideHold    = "hold"    // it stays; a person decides
)

// An Import is the import folder of a bench.
type Import struct {
	Bench, Folder string
	Ask           bool   // a person says when each is imported
	Collide       string // CollideVersion, CollideSuffix or CollideHold; empty means CollideVersion
	// Replaced is the folder, on the same volume, that keeps replaced versions;
	// made if missing. Empty means that nothing can be replaced: it is held.
	Replaced string
	Keep     time.Duration // how long replaced versions are kept; 0: for ever
	Expect   connectors.Specification
	// Specify says what the platform wants the retouch of out to be; nil means
	// nothing. An error means that this is asked again.
	Specify func(ctx context.Context, out ledger.Job) (connectors.Specification, error)
	Settle  time.Duration // rest before a remote file is fetched; 0: 2 s where its inside tells, 20 s else
	First   FirstSight
	Floor   int64 // bytes that must stay free on the volume; fetching waits below; 0: none
}

// A Mirror is a remote folder that is kept alike locally, direction get.
type Mirror struct {
	Remote, Folder   string
	Rejected         string   // sub-folder for work that was refused; empty means "Rejection"
	Include, Exclude []string // as in watch.Skip
	Collide          string   // as in Import, with what follows
	Replaced         string
	Keep             time.Duration
	Settle           time.Duration
	First            FirstSight
	Floor            int64
}

const defaultRejected = "Rejection"

// rules are what import folders and mirrors have in common.
type rules struct {
	folder, collide, replaced string
	floor                     int64
	expect                    connectors.Specification
	specify                   func(context.Context, ledger.Job) (connectors.Specification, error)
}

// rulesOf finds what holds for a job's folder; ok is false if the configuration
// does not know it any more.
func (c *Collector) rulesOf(j ledger.Job) (r rules, ok bool) {
	for _, m := range c.Mirrors {
		if j.Remote != "" && m.Remote == j.Remote && m.Folder == j.Folder {
			return rules{folder: m.Folder, collide: m.Collide, replaced: m.Replaced, floor: m.Floor}, true
		}
	}
	for _, i := range c.Imports {
		if j.Remote == "" && i.Bench == j.Bench && i.Folder == j.Folder {
			return rules{folder: i.Folder, collide: i.Collide, replaced: i.Replaced, floor: i.Floor, expect: i.Expect, specify: i.Specify}, true
		}
	}
	return rules{}, false
}

// kept lists the folders of replaced versions, and how long they keep; 0 means
// for ever.
func (c *Collector) kept() map[string]time.Duration {
	all := map[string]time.Duration{}
	add := func(folder string, keep time.Duration) {
		switch before, shared := all[folder]; {
		case !shared:
			all[folder] = keep
		case keep == 0 || before == 0:
			all[folder] = 0
		default:
			all[folder] = max(before, keep)
		}
	}
	for _, i := range c.Imports {
		add(i.Replaced, i.Keep)
	}
	for _, m := range c.Mirrors {
		add(m.Replaced, m.Keep)
	}
	delete(all, "")
	return all
}
