package page

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/studio-agent/studio-agent/agent/config"
	"github.com/studio-agent/studio-agent/agent/overview"
	"github.com/studio-agent/studio-agent/sync/ledger"
	"github.com/studio-agent/studio-agent/sync/outbound"
)

const (
	mostPictures = 18 // of a bench: the newest
	mostLines    = 8  // of what needs a person, and of what waits
)

// A card is a bench, or a mirrored folder, at one glance.
type card struct {
	ID       string // of the live block
	Name     string
	Mirror   bool
	Light    overview.Light
	Today    int       // delivered
	ToDo     int       // received tasks that are not submitted yet
	Back     int       // come back today
	Came     int       // inputs of received tasks, come today
	Last     time.Time // of the last delivery; zero if there was none
	Numbers  []string  // for each account, where there are several
	Folders  []overview.Folder
	Moving   []moving
	Pictures []Thumb
	Needs    []need
	MoreNeed int // beside Needs
	Waits    []wait
	MoreWait int      // beside Waits
	Drop     []string // folders to drop a first picture into; empty once there was one
}

// A moving is one transfer under way.
type moving struct {
	Name, Account string
	Back          bool // it comes back
	Bytes, Size   int64
	Percent       int
	Rate          int64         // bytes per second; 0 if not known yet
	Left          time.Duration // at that rate
}

// A need is what waits for a person, with what can be done about it.
type need struct {
	Name, Text string
	Jobs       string // that can be tried again; empty for none
	Anyway     bool   // they can be sent without being asked whether they may go
	Release    string // what can be released; empty for nothing
	Import     string // the bench of which all that is ready can be imported; empty for none
	File       string // ID of the job whose life tells more; empty for none
	Send       string // ID of a task that can be tried again; empty for none
	See        string // where more of it is shown; empty for nowhere
}

// A wait is what goes on by itself.
type wait struct {
	Name, Text string
	Since      time.Time
	Next       time.Time // zero if not known
}

// benches is the page for photographers.
func (s *Server) benches(ctx context.Context, _ *http.Request) (any, error) {
	o := known(ctx)
	folders := s.Config().HotFolders()
	var cards []card
	for _, b := range o.Benches {
		c, err := s.card(ctx, o, b, folders)
		if err != nil {
			return nil, err
		}
		cards = append(cards, c)
	}
	return cards, nil
}

func (s *Server) card(ctx context.Context, o overview.Overview, b overview.Bench, folders []config.HotFolder) (card, error) {
	c := card{ID: "bench-" + b.Name, Name: b.Name, Mirror: b.Mirror, Light: o.Light(b), Folders: b.Folders, ToDo: b.ToDo}
	for _, t := range b.Tallies {
		c.Today += t.Today
		if s.Connector(t.Account).Assignments != nil {
			c.Came += t.LandedToday
		} else {
			c.Back += t.LandedToday
		}
		if t.LastDone.After(c.Last) {
			c.Last = t.LastDone
		}
	}
	c.Numbers = o.Numbers(overview.Bench{Tallies: slices.DeleteFunc(slices.Clone(b.Tallies), func(t ledger.Tally) bool {
		return t.Done+t.Landed == 0
	})})
	if len(c.Numbers) < 2 { // what it would say is said already
		c.Numbers = nil
	}
	c.Moving = movingOn(o, b)
	jobs, err := s.newest(ctx, b)
	if err != nil {
		return c, err
	}
	for _, j := range jobs {
		t := thumbOf(o, j, c.Moving)
		if j.Flow == ledger.In && s.Connector(j.Account).Assignments != nil {
			t.Text = inputState(j, t.Text)
		}
		c.Pictures = append(c.Pictures, t)
	}
	if len(jobs) == 0 {
		for _, f := range folders {
			if f.Title() == b.Name {
				c.Drop = append(c.Drop, f.Path)
			}
		}
	}
	if err := s.needs(ctx, o, b, &c); err != nil {
		return c, err
	}
	c.waits(o, b)
	return c, nil
}

// newest returns the newest jobs of a bench: one for each file, the one that
// says most of where it is.
func (s *Server) newest(ctx context.Context, b overview.Bench) ([]ledger.Job, error) {
	var all []ledger.Job
	for _, t := range b.Tallies {
		jobs, err := s.Ledger.Recent(ctx, t.Bench, t.Account, mostPictures)
		if err != nil {
			return nil, err
		}
		for _, j := range jobs {
			if paper := j.Flow == ledger.In && !isPicture(nameOf(j)) && s.Connector(j.Account).Assignments != nil; !paper {
				all = append(all, j)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b ledger.Job) int {
		return cmp.Or(b.Created.Compare(a.Created), cmp.Compare(a.Name, b.Name), cmp.Compare(urgency(b), urgency(a)))
	})
	type file struct{ folder, name string }
	place := map[file]int{}
	var newest []ledger.Job
	for _, j := range all {
		f := file{j.Folder, j.Name}
		i, there := place[f]
		switch {
		case !there:
			place[f] = len(newest)
			newest = append(newest, j)
		case newest[i].Generation == j.Generation && urgency(j) > urgency(newest[i]):
			newest[i] = j
		}
	}
	return newest[:min(mostPictures, len(newest))], nil
}

// urgency orders what one picture is to several accounts: what needs a person
// first, then what is not through yet.
func urgency(j ledger.Job) int {
	switch j.State {
	case ledger.Parked, ledger.GivenUp:
		return 4
	case ledger.Offered:
		return 3
	case ledger.Moving, ledger.Publishing:
		return 2
	case ledger.Done, ledger.Landed:
		return 0
	}
	return 1
}

// movingOn lists the transfers of a bench, the oldest first.
func movingOn(o overview.Overview, b overview.Bench) (all []moving) {
	add := func(account string, t outbound.Transfer, back bool) {
		if !of(b, t.Bench, account) {
			return
		}
		m := moving{Name: t.Name, Account: account, Back: back, Bytes: t.Bytes, Size: t.Size, Percent: 1}
		if t.Size > 0 {
			m.Percent = int(min(100, max(1, t.Bytes*100/t.Size)))
		}
		if speed := o.Speeds[account+"\x00"+t.Name]; speed >= 1 {
			m.Rate = int64(speed)
			m.Left = time.Duration(float64(max(0, t.Size-t.Bytes)) / speed * float64(time.Second))
		}
		all = append(all, m)
	}
	for _, a := range o.Live.Accounts {
		for _, t := range a.Transfers {
			add(a.Account, t, false)
		}
	}
	for _, s := range o.Live.Sources {
		for _, t := range s.Transfers {
			add(s.Account, outbound.Transfer(t), true)
		}
	}
	return all
}

// of reports whether what is known by this bench and account is b's.
func of(b overview.Bench, bench, account string) bool {
	if !b.Mirror {
		return bench == b.Name
	}
	return bench == "" && slices.ContainsFunc(b.Tallies, func(t ledger.Tally) bool { return t.Account == account })
}

// thumbOf shows one job among the newest.
func thumbOf(o overview.Overview, j ledger.Job, under []moving) Thumb {
	t := Thumb{Job: j, Link: j.Receipt.Link}
	t.Sign, t.Text = stateOf(j)
	if j.Flow == ledger.In {
		t.Link = j.Source.Link
	}
	for _, m := range under {
		if m.Name == j.Name && m.Account == j.Account && (j.State == ledger.Moving || j.State == ledger.Publishing) {
			t.Progress = m.Percent
		}
	}
	if j.NotBefore.After(o.Now) && t.Sign == overview.Waiting {
		t.Text += " · " + overview.Clock(o.Now, j.NotBefore)
	}
	return t
}

// stateOf says where a job stands in one or two words.
func stateOf(j ledger.Job) (overview.Sign, string) {
	sign, key := overview.Waiting, "state.queued"
	switch j.State {
	case ledger.Done:
		sign, key = overview.Fine, "state.delivered"
		if j.Flow == ledger.In {
			key = "state.back"
		}
	case ledger.Landed:
		sign, key = overview.Fine, "state.back"
	case ledger.Sent:
		sign, key = overview.Working, "state.sent"
	case ledger.Moving, ledger.Publishing:
		sign, key = overview.Working, "state.sending"
		if j.Flow == ledger.In {
			key = "state.fetching"
		}
	case ledger.Parked:
		sign, key = overview.Needs, "state.held"
	case ledger.Offered:
		sign, key = overview.Needs, "state.ready"
	case ledger.GivenUp:
		sign, key = overview.Failed, "state.failed"
	}
	return sign, say(key)
}

// say is text for keys that stand in the program.
func say(key string, args ...any) string {
	s, err := text(key, args...)
	if err != nil {
		panic(err) // a test holds that every key is there
	}
	return s
}
