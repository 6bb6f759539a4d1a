package outbound

import (
	"cmp"
	"slices"
	"time"
)

// A Status is what a sender is doing now, for people.
type Status struct {
	Account   string
	Closed    string    // why nothing is sent just now; empty if the account works
	Until     time.Time // when it goes on by itself; zero if a person must act, or not closed
	Since     time.Time // of being closed or open
	Transfers []Transfer
}

// A Transfer is one photo under way.
type Transfer struct {
	Bench, Name string
	Bytes, Size int64 // handed over so far, and in all
	Since       time.Time
}

// Status may be called at any time.
func (s *Sender) Status() Status {
	s.init()
	st := Status{Account: s.Account}
	st.Closed, st.Until, st.Since = s.Gate.State(time.Now())
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.running {
		st.Transfers = append(st.Transfers, Transfer{Bench: t.job.Bench, Name: t.job.Name, Bytes: t.source.read.Load(), Size: t.job.Size, Since: t.since})
	}
	slices.SortFunc(st.Transfers, func(a, b Transfer) int {
		return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.Name, b.Name))
	})
	return st
}
