package overview

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/studio-agent/studio-agent/agent/config"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

// A Bench is a bench, or a mirrored folder, with what is known of it.
type Bench struct {
	Name    string // of the bench, or the mirror's title
	Mirror  bool
	Folders []Folder
	Tallies []ledger.Tally // one for each account
	ToDo    int            // received tasks that are not submitted yet
	Needs   []TaskNeed     // received tasks and edit projects that need a person
}

// benches reads what is known of each bench and mirrored folder, in the order of
// agent.yaml.
func benches(ctx context.Context, cfg *config.Config, l *ledger.Ledger, o Overview) ([]Bench, error) {
	tallies, err := l.Tallies(ctx, o.Now)
	if err != nil {
		return nil, err
	}
	var all []Bench
	mirrors := map[string]string{} // the account of each, by title
	for _, b := range cfg.Benches {
		all = append(all, Bench{Name: b.Name})
	}
	for _, f := range cfg.HotFolders() {
		if f.Role == config.MirrorRole {
			all, mirrors[f.Title()] = append(all, Bench{Name: f.Title(), Mirror: true}), f.To[0]
		}
	}
	for i := range all {
		b := &all[i]
		for _, t := range tallies {
			if !b.Mirror && t.Bench == b.Name || b.Mirror && t.Bench == "" && t.Account == mirrors[b.Name] {
				b.Tallies = append(b.Tallies, t)
			}
		}
		for _, f := range o.Live.Folders {
			if f.Bench == b.Name {
				b.Folders = append(b.Folders, f)
			}
		}
	}
	return all, nil
}

// A Light is the state of a bench at one glance.
type Light struct {
	Sign   Sign
	Text   string        // a few words
	Open   int           // photos on their way out
	Bytes  int64         // of these
	Held   int           // that need a person
	Tasks  int           // that need a person: received ones and edit projects
	Ready  int           // retouches that wait to be imported
	Behind time.Duration // since when the oldest open photo waits; 0 if none does
}

// Light says how b is.
func (o Overview) Light(b Bench) Light {
	l, blind, writing, coming := o.sum(b)
	switch {
	case blind > 0:
		l.Sign, l.Text = Needs, "cannot see its folder"
	case l.Held > 0 && l.Tasks > 0:
		l.Sign, l.Text = Needs, fmt.Sprintf("%s and %s need you", Count(l.Held, "picture"), Count(l.Tasks, "task"))
	case l.Held > 0:
		l.Sign, l.Text = Needs, needYou(l.Held, "picture")
	case l.Tasks > 0:
		l.Sign, l.Text = Needs, needYou(l.Tasks, "task")
	case l.Ready > 0:
		l.Sign, l.Text = Needs, fmt.Sprintf("%d ready to import", l.Ready)
	case l.Open > 0:
		l.Sign, l.Text = Working, fmt.Sprintf("%d on the way, %s behind", l.Open, Rough(l.Behind))
	case coming > 0:
		l.Sign, l.Text = Working, fmt.Sprintf("%d coming back", coming)
	case writing > 0:
		l.Sign, l.Text = Waiting, fmt.Sprintf("%d being written", writing)
	case !o.Running:
		l.Sign, l.Text = Waiting, "nothing was left to do"
	case b.ToDo > 0:
		l.Sign, l.Text = Fine, Count(b.ToDo, "task")+" to do"
	default:
		l.Sign, l.Text = Fine, "all delivered"
	}
	return l
}

func needYou(n int, noun string) string {
	if n == 1 {
		return Count(n, noun) + " needs you"
	}
	return Count(n, noun) + " need you"
}

func (o Overview) sum(b Bench) (l Light, blind, writing, coming int) {
	for _, f := range b.Folders {
		if f.Watching == "blind" {
			blind++
		}
		for _, w := range f.Waiting {
			switch {
			case w.Held:
				l.Held++
			case !strings.HasSuffix(w.Name, "/"): // a folder that is gone is only told of
				writing++
			}
		}
	}
	l.Tasks = len(b.Needs)
	var oldest time.Time
	for _, t := range b.Tallies {
		l.Held += t.Parked + t.Stuck
		l.Open += t.Open()
		l.Bytes += t.OpenBytes
		l.Ready += t.Offered
		coming += t.Importing
		if !t.Oldest.IsZero() && (oldest.IsZero() || t.Oldest.Before(oldest)) {
			oldest = t.Oldest
		}
	}
	if !oldest.IsZero() {
		l.Behind = o.Now.Sub(oldest)
	}
	return l, blind, writing, coming
}

// Numbers tells in a few words what went to each account and how each folder is
// watched.
func (o Overview) Numbers(b Bench) (parts []string) {
	for _, t := range b.Tallies {
		part := fmt.Sprintf("%s: %d today", t.Account, t.Today)
		if !t.LastDone.IsZero() {
			part += ", last " + Clock(o.Now, t.LastDone)
		}
		if t.LandedToday > 0 {
			part += fmt.Sprintf(", %d back", t.LandedToday)
		}
		parts = append(parts, part)
	}
	for _, f := range b.Folders {
		switch {
		case f.Watching == "blind":
		case f.Scanned.IsZero():
			parts = append(parts, fmt.Sprintf("%ss: first look under way", f.Role))
		default:
			parts = append(parts, fmt.Sprintf("%ss by %s, %s", f.Role, f.Watching, Count(f.Files, "file")))
		}
	}
	return parts
}
