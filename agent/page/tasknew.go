package page

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/studio-agent/studio-agent/agent/config"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

// shotsAtATime is how many photos are offered at once.
const shotsAtATime = 60

// A newTask is the page /tasks/new: the four steps on one form.
type newTask struct {
	Benches   []string // with photos of their own
	Bench     string   // that was chosen, or is the only one
	Shots     []shot
	More      string   // where more photos are, for scripts; empty if there are none
	After     string   // the same, as a parameter
	Chosen    []string // names that were chosen among photos not shown here
	Accounts  []string // that can be ordered from
	Account   string   // that was chosen, or is the only one
	Templates templates
	Template  string
	Comment   string
	Deadlines []deadline
	Again     bool // photos that are awaited already go once more
}

// A shot is one photo that can be chosen.
type shot struct {
	ledger.Job
	Chosen bool
}

// Base is the name without its folders.
func (s shot) Base() string { return path.Base(s.Name) }

// A deadline is one that can be chosen.
type deadline struct {
	Value  string // RFC 3339, as the agent reads it
	Text   string
	Chosen bool
}

func (s *Server) newTask(ctx context.Context, r *http.Request) (any, error) {
	q, cfg := r.URL.Query(), s.Config()
	n := newTask{Template: q.Get("template"), Comment: q.Get("comment"), Again: q.Get("again") != "", Deadlines: deadlines(time.Now(), q.Get("deadline"))}
	for _, b := range cfg.Benches {
		if b.Captures != nil || b.Selects != nil {
			n.Benches = append(n.Benches, b.Name)
		}
	}
	n.Bench = chosen(n.Benches, q.Get("bench"))
	if n.Bench == "" {
		return n, nil
	}
	n.Accounts = s.orderable(n.Bench, cfg)
	if n.Account = chosen(n.Accounts, q.Get("account")); n.Account != "" {
		n.Templates = s.tasks.templates.of(ctx, n.Account, s.Connector(n.Account))
		if n.Template == "" {
			n.Template = n.Templates.named(ownTemplate(cfg.Accounts[n.Account]))
		}
	}
	return n, s.readShots(ctx, &n, q)
}

// ownTemplate is what an account orders where nobody says otherwise; empty if its
// type has no such option.
func ownTemplate(a config.Account) string {
	var own struct {
		Template string `yaml:"template"`
	}
	if a.Options.Decode(&own) != nil {
		return ""
	}
	return own.Template
}

// chosen is the one that was asked for, or the only one there is.
func chosen(all []string, asked string) string {
	if slices.Contains(all, asked) {
		return asked
	}
	if len(all) == 1 {
		return all[0]
	}
	return ""
}

// readShots reads one page of photos. What was chosen on other pages is kept.
func (s *Server) readShots(ctx context.Context, n *newTask, q url.Values) error {
	shots, more, err := s.Ledger.Shots(ctx, n.Bench, placeOf(q.Get("after")), shotsAtATime)
	if err != nil {
		return err
	}
	names := map[string]bool{}
	for _, name := range q["names"] {
		names[name] = true
	}
	for _, j := range shots {
		n.Shots = append(n.Shots, shot{j, names[j.Name]})
		delete(names, j.Name)
	}
	n.Chosen = slices.Sorted(maps.Keys(names))
	if more {
		last := shots[len(shots)-1]
		n.After = afterOf(ledger.Place{Created: last.Created, ID: last.ID})
		n.More = "/tasks/new/photos?" + url.Values{"bench": {n.Bench}, "after": {n.After}}.Encode()
	}
	return nil
}

// afterOf writes a place in a list as a parameter.
func afterOf(p ledger.Place) string {
	return fmt.Sprintf("%d-%s", p.Created.UnixNano(), p.ID)
}

// placeOf reads what afterOf has written; the zero Place from anything else.
func placeOf(after string) ledger.Place {
	at, id, ok := strings.Cut(after, "-")
	n, err := strconv.ParseInt(at, 10, 64)
	if !ok || err != nil || n <= 0 {
		return ledger.Place{}
	}
	return ledger.Place{Created: time.Unix(0, n), ID: id}
}

// orderable lists the accounts that photos of a bench can be retouched by: they
// take photos and hand out no tasks of their own, and the bench imports from them. No bench means any.
func (s *Server) orderable(bench string, cfg *config.Config) []string {
	able := map[string]bool{}
	for _, b := range cfg.Benches {
		if b.Imports == nil || bench != "" && b.Name != bench {
			continue
		}
		for _, account := range b.Imports.From {
			if c := s.Connector(account); c.Out != nil && c.Assignments == nil {
				able[account] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(able))
}

// deadlines are those that people choose: an hour's work, the ends of the next
// days, a week.
func deadlines(now time.Time, asked string) []deadline {
	day := func(days, hour int) time.Time {
		y, m, d := now.AddDate(0, 0, days).Date()
		return time.Date(y, m, d, hour, 0, 0, 0, now.Location())
	}
	all := []deadline{{Text: english["new.nodeadline"]}}
	for _, at := range []time.Time{day(0, 18), day(1, 9), day(1, 18), day(2, 18), day(3, 18), day(7, 18)} {
		if at.After(now) {
			all = append(all, deadline{Value: at.Format(time.RFC3339), Text: at.Format("Mon 2 Jan, 15:04")})
		}
	}
	for i := range all {
		all[i].Chosen = all[i].Value == asked
	}
	return all
}
