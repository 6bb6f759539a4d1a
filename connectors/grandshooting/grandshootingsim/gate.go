package grandshootingsim

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/studio-agent/studio-agent/connectors/faults"
)

// traffic is what the gate has seen.
type traffic struct {
	requests         map[string]int
	arrivals         []time.Time // of the last second, refused ones too
	admitted         []time.Time // of the last window
	busiest, tooMany int
	inFlight, widest int
}

// TooMany counts the requests answered with 429 because of the rate.
func (s *Sim) TooMany() int { return s.read(func(t *traffic) int { return t.tooMany }) }

// Busiest is the highest number of requests seen in any second.
func (s *Sim) Busiest() int { return s.read(func(t *traffic) int { return t.busiest }) }

// Widest is the highest number of requests seen at the same time.
func (s *Sim) Widest() int { return s.read(func(t *traffic) int { return t.widest }) }

// Requests counts the requests of an operation; "" means all.
func (s *Sim) Requests(op string) int {
	return s.read(func(t *traffic) int {
		if op != "" {
			return t.requests[op]
		}
		n := 0
		for count := range maps.Values(t.requests) {
			n += count
		}
		return n
	})
}

func (s *Sim) read(f func(*traffic) int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return f(&s.traffic)
}

// admit counts a request to host and says whether the rate allows it.
func (s *Sim) admit(op, host string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, now := &s.traffic, time.Now()
	window := 950 * time.Millisecond
	if s.opt.ExactWindow {
		window = time.Second
	}
	t.requests[op]++
	s.home = host
	t.arrivals = append(newerThan(t.arrivals, now.Add(-window)), now)
	t.busiest = max(t.busiest, len(t.arrivals))
	t.admitted = newerThan(t.admitted, now.Add(-window))
	if s.opt.Rate > 0 && float64(len(t.admitted)) >= s.opt.Rate {
		t.tooMany++
		return false
	}
	t.admitted = append(t.admitted, now)
	return true
}

func newerThan(times []time.Time, limit time.Time) []time.Time {
	return slices.DeleteFunc(times, func(t time.Time) bool { return !t.After(limit) })
}

func (s *Sim) enter(step int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.traffic.inFlight += step
	s.traffic.widest = max(s.traffic.widest, s.traffic.inFlight)
}

// A refusal is an error with the status to answer.
type refusal struct {
	status int
	text   string
}

func (e refusal) Error() string { return e.text }

func refuse(status int, format string, args ...any) error {
	return refusal{status, fmt.Sprintf(format, args...)}
}

// A work does what one endpoint does: it changes the state and returns what to
// answer (JSON), nil if it has written the answer itself, or a refusal.
type work func(w http.ResponseWriter, r *http.Request, seen *Picture) (any, error)

// handle puts the gate before a work: login, rate, trouble.
func (s *Sim) handle(pattern, op string, do work) {
	s.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		s.enter(1)
		defer s.enter(-1)
		e := Event{Op: op}
		e.Status = s.answer(w, r, op, do, &e)
		e.At = time.Now()
		if s.opt.OnEvent != nil {
			s.opt.OnEvent(e)
		}
	})
}

func (s *Sim) answer(w http.ResponseWriter, r *http.Request, op string, do work, e *Event) int {
	if r.Header.Get("Authorization") != s.opt.Scheme+" "+s.opt.Token {
		return reject(w, r, http.StatusUnauthorized, "Missing authentication")
	}
	if !s.admit(op, r.Host) {
		return reject(w, r, http.StatusTooManyRequests, "Rate limit exceeded")
	}
	f := s.opt.Faults.Next(op)
	e.Fault = f
	f.Wait(r, s.over)
	if f.Status != 0 {
		f.SetRetryAfter(w.Header())
		return reject(w, r, f.Status, http.StatusText(f.Status))
	}
	return s.perform(w, r, f, do, e)
}

// perform does the work, with the trouble that comes in the middle or after.
func (s *Sim) perform(w http.ResponseWriter, r *http.Request, f faults.Fault, do work, e *Event) int {
	out := &faults.Reply{ResponseWriter: w, Left: -1}
	switch {
	case f.Cut != 0 && e.Op == "upload":
		r.Body = f.CutBody(r.Body)
	case f.Cut != 0:
		out.Left = max(f.Cut, 0)
	}
	out.Mute = f.LoseReply || f.FailAfter != 0
	value, err := do(out, r, &e.Picture)
	var no refusal
	switch {
	case out.Broken || errors.Is(err, faults.ErrBroken) || f.LoseReply:
		out.BreakOff()
		return 0
	case errors.As(err, &no):
		return reject(w, r, no.status, no.text)
	case err != nil:
		return reject(w, r, http.StatusBadRequest, err.Error())
	case f.FailAfter != 0:
		return reject(w, r, f.FailAfter, http.StatusText(f.FailAfter))
	case value != nil:
		out.Header().Set("Content-Type", "application/json")
		json.NewEncoder(out).Encode(value) // a client that is gone need not be told
	}
	if out.Broken {
		out.BreakOff()
		return 0
	}
	return http.StatusOK
}

// reject answers as the document shows errors. It reads what is still coming,
// up to a bound, so that the client gets to see the answer.
func reject(w http.ResponseWriter, r *http.Request, status int, text string) int {
	io.Copy(io.Discard, io.LimitReader(r.Body, 64<<20))
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(map[string]any{"errors": []any{map[string]any{"message": text}}})
	return status
}
