package inbound

import (
	"context"
	"encoding/hex"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/sync/ledger"
	"github.com/studio-agent/studio-agent/watch"
	"github.com/studio-agent/studio-agent/watch/picture"
	"github.com/studio-agent/studio-agent/watch/settle"
)

const (
	atOnce    = 500              // jobs asked for or entered together
	blindRest = 20 * time.Second // of a file whose inside does not tell whether it is whole
)

// A lookout is what the looks at an account have shown.
type lookout struct {
	settler  settle.Settler
	finished map[key]bool             // listed, and nothing is left to do for it
	sights   map[string]ledger.Folder // by remote folder
	warned   map[string]bool          // unfetched for a day, by job ID
}

// A key is what makes a listed retouch one: ten bytes, for there may be a
// hundred thousand of them.
type key [10]byte

func keyOf(account, remote, id string) (k key) {
	hex.Decode(k[:], []byte(ledger.NewInID(account, remote, id)))
	return k
}

// An item is one listed retouch with the ID of its job.
type item struct {
	rt  connectors.Retouch
	key key
	id  string
}

// look works through one complete listing. It reports whether something is still
// coming to rest.
func (c *Collector) look(ctx context.Context, all []connectors.Retouch) (unsettled bool, err error) {
	c.take(true)
	defer c.take(false)
	now := time.Now()
	v := view{at: now, listed: len(all)}
	items := c.unfinished(all, &v)
	if items, err = c.brake(ctx, items, &v); err != nil {
		return false, err
	}
	fresh, err := c.sift(ctx, items, &v)
	if err != nil {
		return false, err
	}
	ready := c.rested(now, fresh, &v)
	c.show(v)
	early, err := c.offer(ctx, ready)
	if err != nil {
		return false, err
	}
	if err := c.vanished(ctx, now); err != nil {
		return false, err
	}
	ring(c.landed) // a batch may be complete now
	return early || v.settling > 0, nil
}

// take notes whether what a look has found is being taken up.
func (c *Collector) take(on bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.taking = on
}

// unfinished takes from a listing what the agent may have to do with, and keeps
// in mind what of the rest is still listed.
func (c *Collector) unfinished(all []connectors.Retouch, v *view) (items []item) {
	if c.now.sights == nil {
		c.now.sights, c.now.warned = map[string]ledger.Folder{}, map[string]bool{}
	}
	finished := map[key]bool{}
	v.shot = shot{keys: make(map[key]struct{}, len(all)), counts: map[string]int{}}
	for _, rt := range all {
		k := keyOf(c.Account, rt.Remote, rt.ID)
		v.shot.keys[k] = struct{}{}
		v.shot.counts[rt.Remote]++
		switch {
		case isSums(rt.Name):
			v.lists = append(v.lists, rt)
		case c.now.finished[k]:
			finished[k] = true
		case c.skipped(rt) != "":
			v.skipped++
		default:
			items = append(items, item{rt: rt, key: k, id: jobID(c.Account, rt, 1)})
		}
	}
	c.now.finished = finished
	return items
}

// skipped says why nobody wants rt, or returns "". Names that cannot be used are
// nobody's junk: they are quarantined.
func (c *Collector) skipped(rt connectors.Retouch) string {
	if rt.Remote == "" && len(c.Imports) == 0 {
		return "no bench imports from this account"
	}
	if connectors.CheckName(rt.Name) != nil {
		return ""
	}
	var skip watch.Skip
	for _, m := range c.Mirrors {
		if rt.Remote != "" && m.Remote == rt.Remote {
			skip = watch.Skip{Include: m.Include, Exclude: m.Exclude}
		}
	}
	for i, r := range rt.Name {
		if r == '/' {
			if why := skip.Reason(rt.Name[:i], true); why != "" {
				return why
			}
		}
	}
	if rt.Remote == "" && picture.KindOf(rt.Name) == picture.Sidecar {
		return "" // a retoucher's notes come with the picture
	}
	return skip.Reason(rt.Name, false)
}

// brake leaves out what lies in a remote folder that waits for a person.
func (c *Collector) brake(ctx context.Context, items []item, v *view) ([]item, error) {
	byRemote := map[string][]item{}
	for _, remote := range c.remotes() {
		byRemote[remote] = nil
	}
	for _, it := range items {
		byRemote[it.rt.Remote] = append(byRemote[it.rt.Remote], it)
	}
	for remote, some := range byRemote {
		held, err := c.braked(ctx, remote, some)
		if err != nil {
			return nil, err
		}
		if held != "" {
			v.held = append(v.held, held)
			items = slices.DeleteFunc(items, func(it item) bool { return it.rt.Remote == remote })
		}
	}
	slices.Sort(v.held)
	return slices.DeleteFunc(items, func(it item) bool { return c.now.finished[it.key] }), nil // left alone at first sight
}

// remotes are what is listed: mirrored folders, and the account for its imports.
func (c *Collector) remotes() (all []string) {
	for _, m := range c.Mirrors {
		all = append(all, m.Remote)
	}
	if len(c.Imports) > 0 {
		all = append(all, "")
	}
	return all
}

// sift parts what has no job yet from what has one. A retouch that came back
// after its job was superseded gets another.
func (c *Collector) sift(ctx context.Context, items []item, v *view) (fresh []item, err error) {
	for round := 1; len(items) > 0; round++ {
		var back []item
		for some := range slices.Chunk(items, atOnce) {
			ids := make([]string, len(some))
			for i, it := range some {
				ids[i] = jobID(c.Account, it.rt, round)
			}
			jobs, err := c.Ledger.Retouches(ctx, c.Account, ids)
			if err != nil {
				return nil, err
			}
			for i, it := range some {
				it.id = ids[i]
				j, known := jobs[it.id]
				if !known {
					fresh = append(fresh, it)
				} else if again, err := c.isBack(ctx, it.rt, j); err != nil {
					return nil, err
				} else if again {
					back = append(back, it)
				} else {
					c.follow(it, j, v)
				}
			}
		}
		items = back
	}
	return fresh, nil
}

// isBack reports whether rt is wanted though its job was superseded: it had left
// the remote, and no newer version has landed. What a person sent back or did not
// want is not.
func (c *Collector) isBack(ctx context.Context, rt connectors.Retouch, j ledger.Job) (bool, error) {
	if j.State != ledger.Superseded || j.Closed || rt.Stage != connectors.Ready {
		return false, nil
	}
	landed, err := c.Ledger.LandedAs(ctx, j.Folder, j.Name)
	return len(landed) == 0 || !overtakes(landed[0], j), err
}

// overtakes reports whether last is a newer version of what j brings.
func overtakes(last, j ledger.Job) bool {
	return last.Account == j.Account && last.Remote == j.Remote && last.Source.Name == j.Source.Name && last.Created.After(j.Created)
}

func jobID(account string, rt connectors.Retouch, round int) string {
	if round == 1 {
		return ledger.NewInID(account, rt.Remote, rt.ID)
	}
	return ledger.NewInID(account, rt.Remote, fmt.Sprintf("%s\n%d", rt.ID, round))
}

// follow does what a listing says of a retouch that has a job.
func (c *Collector) follow(it item, j ledger.Job, v *view) {
	switch {
	case j.State == ledger.Landed || j.State == ledger.Done || j.State == ledger.Superseded:
		c.now.finished[it.key] = true
		return
	case it.rt.Stage == connectors.Failed && (j.State == ledger.Offered || j.State == ledger.Queued || j.State == ledger.Parked):
		c.Log.Warn("The vendor gave up a retouch", "name", it.rt.Name, "reason", it.rt.Reason)
		c.note(j, ledger.Event{What: ledger.VendorFailed, Reason: gaveUp(it.rt)})
		return
	case it.rt.Stage == connectors.Ready && j.State == ledger.GivenUp && c.asks(j.Bench):
		c.note(j, ledger.Event{What: ledger.Mended, Reason: "the vendor has it after all; somebody imports it"})
	case it.rt.Stage == connectors.Ready && j.State == ledger.GivenUp:
		c.note(j, ledger.Event{What: ledger.Retried, Reason: "the vendor has it after all"})
	}
	v.open(j, it.rt)
	if age := v.at.Sub(j.Created); age >= overdue && !c.safe(j) {
		v.unfetched = append(v.unfetched, waiting(it.rt, j.Bench, fmt.Sprintf("at the remote since %s and not fetched: %s",
			j.Created.Format("2 Jan 15:04"), why(j))))
		if !c.now.warned[j.ID] {
			c.now.warned[j.ID] = true
			c.Log.Warn("A retouch was not fetched for a day; vendors delete what lies too long", "bench", j.Bench, "name", it.rt.Name, "state", j.State, "reason", j.Reason)
		}
	}
}

// asks reports whether a person says when a bench's retouches come in.
func (c *Collector) asks(bench string) bool {
	return slices.ContainsFunc(c.Imports, func(i Import) bool { return i.Bench == bench && i.Ask })
}

// safe reports whether a copy of j's content is in the studio: in quarantine.
func (c *Collector) safe(j ledger.Job) bool {
	return j.State == ledger.Parked && j.Folder == c.Quarantine
}

func gaveUp(rt connectors.Retouch) string {
	if rt.Reason == "" {
		return "the vendor gave it up without a reason"
	}
	return "the vendor gave it up: " + rt.Reason
}

// rested returns what can be fetched: what the remote promises to be complete,
// and what has not changed for long enough.
func (c *Collector) rested(now time.Time, fresh []item, v *view) (ready []item) {
	var entries []settle.Entry
	moving := map[string]item{}
	for _, it := range fresh {
		switch {
		case it.rt.Stage == connectors.Working:
			v.working++
		case it.rt.Stage == connectors.Failed || it.rt.Final:
			ready = append(ready, it)
		default:
			moving[it.id] = it
			entries = append(entries, settle.Entry{Name: it.id, Size: it.rt.Size, ModTime: it.rt.ModTime})
		}
		v.fresh(it)
	}
	for _, e := range c.now.settler.Observe(now, entries) {
		if it := moving[e.Name]; e.Rested >= c.quiet(it.rt) {
			ready = append(ready, it)
			delete(moving, e.Name)
		}
	}
	for _, it := range moving {
		v.unsettled(it.rt)
	}
	slices.SortStableFunc(ready, func(a, b item) int { return a.rt.ModTime.Compare(b.rt.ModTime) })
	return ready
}

// quiet is how long a file must rest at the remote.
func (c *Collector) quiet(rt connectors.Retouch) time.Duration {
	var asked time.Duration
	for _, m := range c.Mirrors {
		if rt.Remote != "" && m.Remote == rt.Remote {
			asked = max(asked, m.Settle)
		}
	}
	for _, i := range c.Imports {
		if rt.Remote == "" && (rt.Bench == "" || rt.Bench == i.Bench) {
			asked = max(asked, i.Settle)
		}
	}
	if asked == 0 && !tells(rt.Name) {
		asked = blindRest
	}
	return max(soon, asked)
}

// tells reports whether a file of this name tells by its inside whether it is
// whole; see picture.Look.
func tells(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".tif", ".tiff", ".psd", ".psb", ".gif", ".webp", ".zip",
		".heic", ".heif", ".hif", ".avif", ".mp4", ".m4v", ".mov":
		return true
	}
	return picture.KindOf(name) == picture.Raw
}

// why says why a job's retouch is not here yet.
func why(j ledger.Job) string {
	switch {
	case j.Reason != "":
		return j.Reason
	case j.State == ledger.Offered:
		return "it waits for somebody to import it"
	}
	return "its turn has not come"
}
