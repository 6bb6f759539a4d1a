package inbound

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

// A FirstSight says what to do with what an account or a mirrored folder offers
// when the agent looks there for the first time ever.
type FirstSight struct {
	Ignore    bool      // leave it all alone
	Since     time.Time // leave that alone which is older; zero: nothing
	HoldFiles int       // more files than this wait for a person
	HoldBytes int64     // more bytes than this wait for a person
}

// alone reports whether rt is to be left alone. What has no time is not old.
func (f FirstSight) alone(rt connectors.Retouch) bool {
	return f.Ignore || !rt.ModTime.IsZero() && rt.ModTime.Before(f.Since)
}

// sourceOf is how the ledger names where retouches come from, among its folders.
func sourceOf(account, remote string) string {
	if remote == "" {
		return "from:" + account
	}
	return "from:" + account + ":" + remote
}

// braked takes the first sight of a remote folder, once in its life, and says
// why what it offers must wait for a person; empty if it need not. Items is all
// that it lists and that is not done with.
func (c *Collector) braked(ctx context.Context, remote string, items []item) (string, error) {
	known, sighted := c.now.sights[remote]
	if sighted && known.Held == "" {
		return "", nil
	}
	known, seen, err := c.Ledger.FindFolder(ctx, sourceOf(c.Account, remote))
	if err != nil {
		return "", err
	}
	if !seen || known.Held == ledger.Unsighted {
		if known, err = c.firstSight(remote, known, items); err != nil {
			return "", err
		}
	}
	c.now.sights[remote] = known
	return known.Held, nil
}

// firstSight may be a second try of one that was broken off: what came since is
// not taken for what was there before.
func (c *Collector) firstSight(remote string, known ledger.Folder, items []item) (ledger.Folder, error) {
	again := !known.Seen.IsZero()
	source := ledger.Folder{Path: sourceOf(c.Account, remote), Seen: known.Seen, Held: ledger.Unsighted}
	if !again {
		source.Seen = time.Now()
	}
	if err := c.Ledger.PutFolder(source); err != nil {
		return source, err
	}
	var files, bytes int64
	var alone []ledger.Job
	left := map[key]bool{}
	for _, it := range items {
		if it.rt.Stage != connectors.Ready {
			continue
		}
		if came := again && it.rt.ModTime.After(source.Seen); !came && c.leftAlone(it.rt) {
			alone = append(alone, c.old(it))
			left[it.key] = true
			continue
		}
		files++
		bytes += max(0, it.rt.Size)
	}
	for some := range slices.Chunk(alone, atOnce) {
		if err := c.Ledger.Offer(time.Now(), some); err != nil {
			return source, err
		}
	}
	maps.Copy(c.now.finished, left)
	source.Held = c.verdict(remote, files, bytes)
	if source.Held != "" {
		c.Log.Warn("Retouches are held: a person must release them", "remote", remote, "files", files, "bytes", bytes)
	}
	return source, c.Ledger.PutFolder(source)
}

// leftAlone reports whether every folder that rt could land in leaves it alone.
func (c *Collector) leftAlone(rt connectors.Retouch) bool {
	firsts := c.firstsOf(rt.Remote, rt.Bench)
	return len(firsts) > 0 && !slices.ContainsFunc(firsts, func(f FirstSight) bool { return !f.alone(rt) })
}

// firstsOf lists what is said of the folders that something could land in:
// those of the mirror, of the bench, or of all benches where it is unknown.
func (c *Collector) firstsOf(remote, bench string) (all []FirstSight) {
	for _, m := range c.Mirrors {
		if remote != "" && m.Remote == remote {
			all = append(all, m.First)
		}
	}
	for _, i := range c.Imports {
		if remote == "" && (bench == "" || bench == i.Bench) {
			all = append(all, i.First)
		}
	}
	return all
}

// old is the job of what is left alone: done, and in nobody's folder.
func (c *Collector) old(it item) ledger.Job {
	j := c.newJob(it, claim{name: safe(it.rt.Name)})
	j.State, j.Reason = ledger.Done, "was there before the agent; left alone, as `existing` says"
	return j
}

// verdict is why a source must wait; empty if it need not.
func (c *Collector) verdict(remote string, files, bytes int64) string {
	all := c.firstsOf(remote, "")
	ok := func(f FirstSight) bool { return files <= int64(f.HoldFiles) && bytes <= f.HoldBytes }
	if files == 0 || len(all) > 0 && !slices.ContainsFunc(all, func(f FirstSight) bool { return !ok(f) }) {
		return ""
	}
	return fmt.Sprintf("%d files (%s) lay at %s when the agent first looked there; `studio-agent release %s` fetches them",
		files, size(bytes), where(c.Account, remote), c.Account)
}

func where(account, remote string) string {
	if remote == "" {
		return account
	}
	return remote + " of " + account
}

// Release lets go what the brake holds at an account: at the account itself, and
// in its mirrored folders, remotes. It returns how many it released; the error
// says so if none was held.
func Release(ctx context.Context, l *ledger.Ledger, account string, remotes []string) (int, error) {
	sources := []string{sourceOf(account, "")}
	for _, remote := range remotes {
		sources = append(sources, sourceOf(account, remote))
	}
	n, err := l.Release(ctx, sources)
	if n == 0 && err == nil {
		return 0, errors.New("nothing that comes from " + account + " is held")
	}
	return n, err
}

// size writes a number of bytes for people: 512 B, 3.4 MB, 20 GB.
func size(n int64) string {
	if n < 1000 {
		return fmt.Sprintf("%d B", n)
	}
	v, unit := float64(n), ""
	for _, unit = range []string{"kB", "MB", "GB", "TB"} {
		if v /= 1000; v < 1000 {
			break
		}
	}
	if v < 10 {
		return fmt.Sprintf("%.1f %s", v, unit)
	}
	return fmt.Sprintf("%.0f %s", v, unit)
}
