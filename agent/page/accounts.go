package page

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/studio-agent/studio-agent/agent/overview"
	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

// An account is one login, as IT sees it.
type account struct {
	ID, Name, Type string
	Out, In        *way
	Pause          *ledger.Pause // its own, or that of all; nil if it is not paused
	Busy, Most     int           // transfers now, and at most at once
	Used, Allowed  float64       // requests per second; Allowed 0 if nothing bounds them
	Open, Today    int           // pictures on their way out, and delivered today
	Held           []string      // what waits to be released, in sentences
	Notes          []string      // what is odd
	Overdue        []string      // what lies there ready and is not fetched
	Examinable     bool
	Exam           *exam // the latest; nil if there was none since the start
}

// A way is one direction of an account.
type way struct {
	Sign  overview.Sign
	Text  string
	Since time.Time // of being so
}

// accounts is the page for IT.
func (s *Server) accounts(ctx context.Context, _ *http.Request) (any, error) {
	o, cfg := known(ctx), s.Config()
	var all []account
	for _, name := range slices.Sorted(maps.Keys(cfg.Accounts)) {
		c := s.Connector(name)
		a := account{
			ID: "account-" + name, Name: name, Type: cfg.Accounts[name].Type, Examinable: c.Examine != nil, Exam: s.exams.of(name),
			Pause: cmp.Or(pauseOf(o.Pauses, name), pauseOf(o.Pauses, "*")),
			Most:  cmp.Or(cfg.Accounts[name].Connections, c.Workers, 2),
		}
		if c.Rate != nil {
			a.Used, a.Allowed = c.Rate()
		}
		for _, b := range o.Benches {
			for _, t := range b.Tallies {
				if t.Account == name {
					a.Open, a.Today = a.Open+t.Open(), a.Today+t.Today
				}
			}
		}
		a.live(o)
		all = append(all, a)
	}
	return all, nil
}

// live adds what the agent says of the account at this moment.
func (a *account) live(o overview.Overview) {
	for _, st := range o.Live.Accounts {
		if st.Account != a.Name {
			continue
		}
		sign, text := o.Sending(st)
		a.Out = &way{sign, cmp.Or(text, say("account.open")), st.Since}
		a.Busy += len(st.Transfers)
	}
	for _, st := range o.Live.Sources {
		if st.Account != a.Name {
			continue
		}
		sign, text := o.Fetching(st)
		a.In = &way{Sign: sign, Text: text}
		a.Busy += len(st.Transfers)
		a.Held = append(a.Held, st.Held...)
		if st.Note != "" {
			a.Notes = append(a.Notes, st.Note)
		}
		for _, w := range st.Unfetched {
			a.Overdue = append(a.Overdue, overview.Shown(w.Name)+": "+w.Reason)
		}
	}
	a.Most = max(a.Most, a.Busy)
}

// Sign is the worse of both directions.
func (a account) Sign() overview.Sign {
	worst := []overview.Sign{overview.Fine, overview.Working, overview.Waiting, overview.Needs}
	sign := overview.Fine
	for _, w := range []*way{a.Out, a.In} {
		if w != nil && slices.Index(worst, w.Sign) > slices.Index(worst, sign) {
			sign = w.Sign
		}
	}
	if len(a.Held)+len(a.Notes)+len(a.Overdue) > 0 {
		sign = overview.Needs
	}
	return sign
}

// An exam is the doctor's table of an account.
type exam struct {
	Began    time.Time
	Ended    bool
	Findings []connectors.Finding
	Trouble  string // why it could not go on; empty if it could
}

// exams are the latest of each account, since the start.
type exams struct {
	mu  sync.Mutex
	all map[string]exam
}

// of returns a copy of the latest exam; nil if there was none.
func (e *exams) of(account string) *exam {
	e.mu.Lock()
	defer e.mu.Unlock()
	x, ok := e.all[account]
	if !ok {
		return nil
	}
	x.Findings = slices.Clone(x.Findings)
	return &x
}

// begin says whether an exam may begin: not while another one of that account runs.
func (e *exams) begin(account string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if x, ok := e.all[account]; ok && !x.Ended {
		return false
	}
	if e.all == nil {
		e.all = map[string]exam{}
	}
	e.all[account] = exam{Began: time.Now()}
	return true
}

func (e *exams) change(account string, f func(*exam)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	x := e.all[account]
	f(&x)
	e.all[account] = x
}

const examineWithin = 3 * time.Minute

// examine tries an account out. What is found shows on the page of accounts as it
// comes.
func (s *Server) examine(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("account")
	out := http.NewResponseController(w)
	out.SetReadDeadline(time.Now().Add(askWithin)) // where it cannot be set, the size bounds it
	r.Body = http.MaxBytesReader(w, r.Body, 4<<10)
	if err := r.ParseForm(); err != nil {
		http.Error(w, "the form could not be read: "+err.Error(), http.StatusBadRequest)
		return
	}
	if s.Connector(name).Examine == nil {
		http.Error(w, "there is nothing to examine at this account", http.StatusNotFound)
		return
	}
	if !s.exams.begin(name) {
		answer(w, r, fmt.Sprintf("account %s is being examined already", name), true)
		return
	}
	out.SetWriteDeadline(time.Now().Add(examineWithin + writeWithin))
	ctx, cancel := context.WithTimeout(r.Context(), examineWithin)
	defer cancel()
	s.news.tell()
	err := s.Examine(ctx, name, func(f connectors.Finding) {
		s.exams.change(name, func(x *exam) { x.Findings = append(x.Findings, f) })
		s.news.tell()
	})
	said := say("exam.done", name)
	s.exams.change(name, func(x *exam) {
		x.Ended = true
		if err != nil {
			x.Trouble, said = err.Error(), say("exam.broke", name)
		}
	})
	s.news.tell()
	answer(w, r, said, err != nil)
}
