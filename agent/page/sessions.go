package page

import (
	"crypto/rand"
	"crypto/sha256"
	"sync"
	"time"
)

const (
	cookieName   = "studio-agent"
	sessionLasts = 12 * time.Hour
	mostSessions = 1000
	freeTries    = 3 // wrong ones in a row before a delay
	longestDelay = 5 * time.Minute
	mostTriers   = 10000 // addresses that are remembered
)

// sessions are who has logged in, and who tried in vain, since the start.
type sessions struct {
	mu    sync.Mutex
	open  map[[sha256.Size]byte]time.Time // until when, by the digest of the cookie
	tries map[string]tries                // by address
}

type tries struct {
	wrong int
	next  time.Time // no try counts before
}

// begin opens a session and returns its cookie.
func (s *sessions) begin(now time.Time) string {
	secret := rand.Text() + rand.Text() // 52 letters of 5 bits: more than 32 bytes
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open == nil || len(s.open) >= mostSessions {
		s.open = map[[sha256.Size]byte]time.Time{} // everybody logs in again: better than remembering without bounds
	}
	s.open[sha256.Sum256([]byte(secret))] = now.Add(sessionLasts)
	return secret
}

func (s *sessions) holds(secret string, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return now.Before(s.open[sha256.Sum256([]byte(secret))])
}

func (s *sessions) end(secret string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, sha256.Sum256([]byte(secret)))
}

// try is one try of an address to log in, right or wrong. A wait above 0 says that
// it came too early and does not count. Each wrong one after the third doubles
// the delay before the next, from 1 s to 5 min.
func (s *sessions) try(address string, right bool, now time.Time) (wait time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.tries[address]
	if wait = t.next.Sub(now); wait > 0 {
		return wait
	}
	if right {
		delete(s.tries, address)
		return 0
	}
	if s.tries == nil || len(s.tries) >= mostTriers {
		s.tries = map[string]tries{}
	}
	t.wrong++
	if late := t.wrong - freeTries; late > 0 {
		t.next = now.Add(min(longestDelay, time.Second<<min(late-1, 20)))
	}
	s.tries[address] = t
	return 0
}
