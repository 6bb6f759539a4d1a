package page

import (
	"context"
	"path"
	"strings"

	"github.com/studio-agent/studio-agent/agent/overview"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

// needs puts on the card what a person must do: folders that cannot be seen or
// wait to be released, files and jobs that are held, retouches that are ready.
func (s *Server) needs(ctx context.Context, o overview.Overview, b overview.Bench, c *card) error {
	var all []need
	counted := 0 // of all, those that the light counts one by one
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
				counted++
				all = append(all, need{Name: w.Name, Text: w.Reason})
			}
		}
	}
	for _, t := range b.Needs {
		all = append(all, needOfTask(t))
	}
	for _, j := range o.Held {
		if !of(b, j.Bench, j.Account) {
			continue
		}
		n := s.needOf(j)
		if len(all) < mostLines { // the others are only counted
			if err := s.nameTask(ctx, j, &n); err != nil {
				return err
			}
		}
		counted++
		all = append(all, n)
	}
	if c.Light.Ready > 0 {
		all = append(all, need{Text: say("bench.ready", overview.Count(c.Light.Ready, "retouch")), Import: b.Name})
	}
	shown := min(mostLines, len(all))
	c.Needs, c.MoreNeed = all[:shown], max(len(all), len(all)-counted+c.Light.Held)-shown
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

// needOfTask says what is wrong with a task that is not ours, and what can be done.
func needOfTask(t overview.TaskNeed) need {
	n := need{Name: t.Title, See: "/tasks/" + t.ID}
	if t.Kind == ledger.ProjectTask {
		n.See = projectPath(t.Account, t.Key)
	}
	if t.Held {
		n.Send, n.Text = t.ID, say("bench.task", strings.TrimRight(t.Text, ". "))
		return n
	}
	n.Text = say("bench.late", t.Text, t.Account)
	return n
}

// nameTask names the received task that a held input is of.
func (s *Server) nameTask(ctx context.Context, j ledger.Job, n *need) error {
	if j.Flow != ledger.In || j.Batch == "" {
		return nil
	}
	t, ok, err := s.Ledger.Task(ctx, j.Batch)
	if err == nil && ok && t.Kind == ledger.ReceivedTask {
		n.Text, n.See = say("bench.input", overview.Shown(t.Title), j.Reason), "/tasks/"+t.ID
	}
	return err
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
