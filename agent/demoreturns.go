package main

import (
	"slices"
	"sync"
	"time"
)

// A retouch is one content that a retoucher has put where the agent looks for
// it: it must land once, or not at all.
type retouch struct {
	account string
	bench   string // or the title of a mirror; empty if it belongs nowhere
	name    string // below the folder that it must land in; of a stray one, below the retoucher's
	answers string // content of the photo; empty if it answers none
	sha     string
	done    time.Time // when its last byte was written; zero while it is being written
	landed  time.Time // when it was first seen where it belongs; zero if it was not
	cut     bool      // incomplete on purpose, or overtaken before it was wanted: must not land
	asked   bool      // a person is asked before it lands
}

// stray reports whether nobody asked for it: it must be kept in quarantine.
func (r retouch) stray() bool { return r.bench == "" }

// returns is all that retouchers have sent back. It may be used from several
// goroutines.
type returns struct {
	mu  sync.Mutex
	all []*retouch
}

// begin notes a content that is about to be written.
func (b *returns) begin(r retouch) *retouch {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.all = append(b.all, &r)
	return &r
}

// overtake notes that what an account has made of a photo, and what has not
// landed, is not wanted: a newer retouch of it is ready.
func (b *returns) overtake(account, answers string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, r := range b.all {
		if r.account == account && r.answers == answers && r.landed.IsZero() {
			r.cut = true
		}
	}
}

func (b *returns) finish(r *retouch) {
	b.mu.Lock()
	defer b.mu.Unlock()
	r.done = time.Now()
}

// finished are all contents that the agent must have dealt with.
func (b *returns) finished() (all []retouch) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, r := range b.all {
		if !r.done.IsZero() {
			all = append(all, *r)
		}
	}
	return all
}

// land notes that a content lies in a folder of a bench, or in quarantine if
// bench is empty.
func (b *returns) land(bench, sha string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, r := range b.all {
		if r.sha == sha && r.bench == bench && r.landed.IsZero() {
			r.landed = time.Now()
		}
	}
}

func (b *returns) isLanded(r *retouch) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return !r.landed.IsZero()
}

// landed is how many contents have landed where they belong.
func (b *returns) landed() (n int) {
	for _, r := range b.finished() {
		if !r.landed.IsZero() {
			n++
		}
	}
	return n
}

// home reports whether everything is written, and has landed.
func (b *returns) home() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return !slices.ContainsFunc(b.all, func(r *retouch) bool { return r.done.IsZero() || r.landed.IsZero() && !r.cut })
}

// answered reports whether a photo at an account has its retouch.
func (b *returns) answered(account, sha string) bool {
	return slices.ContainsFunc(b.finished(), func(r retouch) bool { return r.account == account && r.answers == sha && !r.cut })
}

// latest is the newest content of an account that should lie under a name.
func (b *returns) latest(account, bench, name string) (retouch, bool) {
	for _, r := range slices.Backward(b.finished()) {
		if r.account == account && r.bench == bench && r.name == name && !r.cut {
			return r, true
		}
	}
	return retouch{}, false
}

// delays are the times from last byte to landing, the shortest first, of what
// lands by itself.
func (b *returns) delays() (all []time.Duration) {
	for _, r := range b.finished() {
		if !r.landed.IsZero() && !r.asked {
			all = append(all, max(0, r.landed.Sub(r.done)))
		}
	}
	slices.Sort(all)
	return all
}
