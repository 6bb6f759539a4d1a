package inbound

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

// overdue is how long a return may lie unfetched before people are told: some
// vendors delete after 72 h or 14 days.
const overdue = 24 * time.Hour

// shown bounds the lists of a Status.
const shown = 50

// A Status is what a collector is doing now, for people.
type Status struct {
	Account   string
	Closed    string    // why nothing is fetched just now; empty if the account works
	Until     time.Time // when it goes on by itself; zero if a person must act, or not closed
	Since     time.Time // of being closed or open
	Looked    time.Time // of the last look that went well; zero if none did
	Taking    bool      // what a look has found is being taken up
	Trouble   string    // why the latest look went wrong; empty if it did not
	Note      string    // what is odd about the latest listing; empty if nothing is
	Listed    int       // at the remote, with what was fetched long ago
	Skipped   int       // of these, what nobody wants: hidden files, exclusions
	Working   int       // of these, at retouch
	Settling  int       // of these, not at rest yet
	Held      []string  // what waits for `release`, in sentences
	Transfers []Transfer
	Waiting   []Waiting // not at rest yet; up to 50. What has a job is asked of the ledger.
	Unfetched []Waiting // ready for 24 h and more; up to 50
}

// A Transfer is one retouch being fetched.
type Transfer struct {
	Bench, Name string
	Bytes, Size int64 // fetched so far, and in all; Size -1 if unknown
	Since       time.Time
}

// A Waiting is a retouch that is not fetched yet, and why.
type Waiting struct {
	Bench, Name, Reason string
}

func waiting(rt connectors.Retouch, bench, reason string) Waiting {
	return Waiting{Bench: cmp.Or(bench, rt.Bench), Name: rt.Name, Reason: reason}
}

// Status may be called at any time.
func (c *Collector) Status() Status {
	c.init()
	c.mu.Lock()
	defer c.mu.Unlock()
	st := c.status
	st.Account, st.Taking = c.Account, c.taking
	st.Closed, st.Until, st.Since = c.Gate.State(time.Now())
	for _, t := range c.running {
		st.Transfers = append(st.Transfers, Transfer{Bench: t.job.Bench, Name: t.job.Name, Bytes: t.meter.n.Load(), Size: t.job.Size, Since: t.since})
	}
	slices.SortFunc(st.Transfers, func(a, b Transfer) int {
		return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.Name, b.Name))
	})
	return st
}

// A view is what one look finds, on its way into Status and listing.
type view struct {
	at                                 time.Time
	listed, skipped, working, settling int
	held                               []string
	waiting, unfetched                 []Waiting
	batches                            map[string][]string // job IDs of what is ready and not finished
	shot                               shot
	lists                              []connectors.Retouch // of checksums
}

// open notes a ready retouch whose job has something before it.
func (v *view) open(j ledger.Job, rt connectors.Retouch) {
	if rt.Batch == "" || rt.Stage != connectors.Ready {
		return
	}
	if v.batches == nil {
		v.batches = map[string][]string{}
	}
	v.batches[rt.Batch] = append(v.batches[rt.Batch], j.ID)
}

// fresh notes a retouch that has no job yet.
func (v *view) fresh(it item) { v.open(ledger.Job{ID: it.id}, it.rt) }

// unsettled notes a file that is not at rest.
func (v *view) unsettled(rt connectors.Retouch) {
	v.settling++
	if len(v.waiting) < shown {
		v.waiting = append(v.waiting, waiting(rt, "", "it is fetched when it has stopped changing at the remote"))
	}
}

// A listing is what two looks at the remote have shown, for those who ask
// whether something is gone.
type listing struct {
	now, before shot
	batches     map[string][]string
}

// A shot is one complete listing.
type shot struct {
	keys   map[key]struct{}
	counts map[string]int // by remote folder
}

// show makes what a look has found known to workers and people.
func (c *Collector) show(v view) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen = listing{now: v.shot, before: c.seen.now, batches: v.batches}
	c.lists.keep(v.lists)
	c.status = Status{
		Looked: v.at, Listed: v.listed, Skipped: v.skipped, Working: v.working, Settling: v.settling,
		Held: v.held, Waiting: v.waiting, Unfetched: v.unfetched[:min(shown, len(v.unfetched))], Note: c.status.Note,
	}
	if before := c.seen.before.counts; v.listed == 0 && len(before) > 0 {
		c.status.Note = fmt.Sprintf("the account lists nothing since %s, where %d files were before; nothing counts as deleted",
			v.at.Format("2 Jan 15:04"), sumOf(before))
	} else if v.listed > 0 {
		c.status.Note = ""
	}
}

func sumOf(counts map[string]int) (n int) {
	for _, c := range counts {
		n += c
	}
	return n
}

// gone reports whether a job's retouch was in neither of the last two looks. A
// listing without any file of the same remote folder says nothing.
func (c *Collector) gone(j ledger.Job) bool {
	k := keyOf(c.Account, j.Remote, j.Source.ID)
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range []shot{c.seen.now, c.seen.before} {
		if _, there := s.keys[k]; there || s.counts[j.Remote] == 0 {
			return false
		}
	}
	return true
}

// listed reports whether the last look showed a job's retouch.
func (c *Collector) listed(j ledger.Job) bool {
	k := keyOf(c.Account, j.Remote, j.Source.ID)
	c.mu.Lock()
	defer c.mu.Unlock()
	_, there := c.seen.now.keys[k]
	return there
}
