package page

import (
	"context"
	"path"

	"github.com/studio-agent/studio-agent/agent/overview"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

// needs puts on the card what a person must do: folders that cannot be seen or
// wait to be released, files and jobs that are held, retouches that are ready.
func (s *Server) needs(ctx context.Context, o overview.Overview, b overview.Bench, c *card) error {
	var all []need
	for _, f := range b.Folders {
		if f.Watching == "blind" {
			all = append(all, need{Name: f.Path, Text: f.Reason})
		}
		folder, _, err := s.Ledger.FindFolder(ctx, f.Path)
		if err != nil {
			return err
		}
		if folder.Held != "" && folder.Held != ledger.Unsighted {
			release := b.Name
			if b.Mirror {
				release = f.To[0]
			}
			all = append(all, need{Name: f.Path, Text: folder.Held, Release: release})
		}
		for _, w := range f.Waiting {
			if w.Held {
				all = append(all, need{Name: w.Name, Text: w.Reason})
			}
		}
	}
	for _, j := range o.Held {
		if of(b, j.Bench, j.Account) {
			all = append(all, s.needOf(j))
		}
	}
	if c.Light.Ready > 0 {
		all = append(all, need{Text: say("bench.ready", overview.Count(c.Light.Ready, "retouch")), Import: b.Name})
	}
	shown := min(mostLines, len(all))
	c.Needs, c.MoreNeed = all[:shown], len(all)-shown
	return nil
}

// needOf says what is wrong with a held job, and what can be done.
func (s *Server) needOf(j ledger.Job) need {
	n := need{Name: nameOf(j), Text: j.Reason, Jobs: j.ID, File: j.ID}
	if j.State == ledger.GivenUp { // reordered or written off on its task's page
		n.Jobs = ""
	}
	n.Anyway = j.Flow == ledger.Out && j.State == ledger.Parked && !j.Forced && s.Connector(j.Account).Vet != nil
	return n
}

// nameOf is what a job's file is called by people: a retouch that has no place
// yet by its name at the vendor.
func nameOf(j ledger.Job) string {
	if j.Flow == ledger.In && j.Name == "" {
		return path.Base(j.Source.Name)
	}
	return j.Name
}

// waits puts on the card what goes on by itself, and when.
func (c *card) waits(o overview.Overview, b overview.Bench) {
	var all []wait
	for _, f := range b.Folders {
		for _, w := range f.Waiting {
			if !w.Held {
				all = append(all, wait{w.Name, w.Reason, w.Since, w.Next})
			}
		}
	}
	for account, jobs := range o.Coming {
		for _, j := range jobs {
			if of(b, j.Bench, account) {
				all = append(all, wait{nameOf(j), j.Reason, j.Created, j.NotBefore})
			}
		}
	}
	for _, p := range c.Pictures {
		if j := p.Job; p.Sign == overview.Waiting && j.Flow == ledger.Out && j.Reason != "" {
			all = append(all, wait{j.Name, j.Reason, j.Created, j.NotBefore})
		}
	}
	shown := min(mostLines, len(all))
	c.Waits, c.MoreWait = all[:shown], len(all)-shown
}
