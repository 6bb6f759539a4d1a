package creativeforcesim

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/studio-agent/studio-agent/connectors/faults"
)

// traffic is what the gate has seen.
type traffic struct {
	requests         map[string]int
	arrivals         []time.Time // of the API in the last second
	busiest, tooMany int
}

// Requests counts the requests of an operation; "" means all.
func (s *Sim) Requests(op string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if op != "" {
		return s.traffic.requests[op]
	}
	n := 0
	for count := range maps.Values(s.traffic.requests) {
		n += count
	}
	return n
}

// Busiest is the highest number of requests to the API seen in any second, and
// tooMany how many were answered with 429.
func (s *Sim) Busiest() (most, tooMany int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.traffic.busiest, s.traffic.tooMany
}

// window is what is counted as a second: sockets bunch what was sent evenly.
const window = 950 * time.Millisecond

func (s *Sim) admit(op string, api bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, now := &s.traffic, time.Now()
	t.requests[op]++
	if !api {
		return true
	}
	t.arrivals = append(slices.DeleteFunc(t.arrivals, func(at time.Time) bool { return !at.After(now.Add(-window)) }), now)
	t.busiest = max(t.busiest, len(t.arrivals))
	if s.opt.Rate > 0 && float64(len(t.arrivals)) > s.opt.Rate {
		t.tooMany++
		return false
	}
	return true
}

// A refusal is an error with the status and the body to answer.
type refusal struct {
	status int
	body   any
}

func (e refusal) Error() string { return fmt.Sprint(e.body) }

// refuse answers with problem details, as ASP.NET does.
func refuse(status int, format string, args ...any) error {
	return refusal{status, map[string]any{"title": fmt.Sprintf(format, args...), "status": status}}
}

// coded answers 400 with a number, as submissions do.
func coded(code int, format string, args ...any) error {
	return refusal{http.StatusBadRequest, map[string]any{"statusCode": code, "message": fmt.Sprintf(format, args...)}}
}

// A work does what one endpoint does: it changes the state and returns what to
// answer (JSON), nil if it has written the answer itself, or a refusal.
type work func(w http.ResponseWriter, r *http.Request, e *Event) (any, error)

// handle puts the gate before a work of the API: login, rate, trouble.
func (s *Sim) handle(pattern, op string, do work) {
	s.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { s.pass(w, r, op, true, do) })
}

// open is handle for what has no login: tokens and storage.
func (s *Sim) open(pattern, op string, do work) {
	s.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { s.pass(w, r, op, false, do) })
}

func (s *Sim) pass(w http.ResponseWriter, r *http.Request, op string, api bool, do work) {
	e := Event{Op: op, Task: r.PathValue("task")}
	e.Status = s.answer(w, r, op, api, do, &e)
	e.At = time.Now()
	if s.opt.OnEvent != nil {
		s.opt.OnEvent(e)
	}
}

func (s *Sim) answer(w http.ResponseWriter, r *http.Request, op string, api bool, do work, e *Event) int {
	if api && !s.knows(r.Header.Get("Authorization")) {
		return reject(w, r, refuse(http.StatusUnauthorized, "Unauthorized"))
	}
	if !s.admit(op, api) {
		return reject(w, r, refuse(http.StatusTooManyRequests, "Too many requests"))
	}
	f := s.opt.Faults.Next(op)
	e.Fault = f
	f.Wait(r, s.over)
	if f.Status != 0 {
		f.SetRetryAfter(w.Header())
		if api && f.Status == http.StatusUnauthorized {
			s.Revoke()
		}
		return reject(w, r, refuse(f.Status, "%s", http.StatusText(f.Status)))
	}
	return s.perform(w, r, f, do, e)
}

// perform does the work, with the trouble that comes in the middle or after.
func (s *Sim) perform(w http.ResponseWriter, r *http.Request, f faults.Fault, do work, e *Event) int {
	out := &faults.Reply{ResponseWriter: w, Left: -1}
	switch {
	case f.Cut != 0 && e.Op == "put":
		r.Body = f.CutBody(r.Body)
	case f.Cut != 0:
		out.Left = max(f.Cut, 0)
	}
	out.Mute = f.LoseReply || f.FailAfter != 0
	value, err := do(out, r, e)
	var no refusal
	switch {
	case out.Broken || errors.Is(err, faults.ErrBroken) || f.LoseReply:
		out.BreakOff()
		return 0
	case errors.As(err, &no):
		return reject(w, r, no)
	case err != nil:
		return reject(w, r, refuse(http.StatusBadRequest, "%v", err))
	case f.FailAfter != 0:
		return reject(w, r, refuse(f.FailAfter, "%s", http.StatusText(f.FailAfter)))
	case value != nil:
		s.write(out, value)
	}
	if out.Broken {
		out.BreakOff()
		return 0
	}
	return http.StatusOK
}

func (s *Sim) write(w http.ResponseWriter, value any) {
	raw, err := json.Marshal(value)
	if err == nil && s.opt.PascalCase {
		var loose any
		if err = json.Unmarshal(raw, &loose); err == nil {
			raw, err = json.Marshal(pascal(loose))
		}
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Write(raw) // a client that is gone need not be told
}

func pascal(v any) any {
	switch v := v.(type) {
	case map[string]any:
		up := map[string]any{}
		for key, value := range v {
			up[strings.ToUpper(key[:1])+key[1:]] = pascal(value)
		}
		return up
	case []any:
		for i := range v {
			v[i] = pascal(v[i])
		}
	}
	return v
}

// reject answers with an error. It reads what is still coming, up to a bound, so
// that the client gets to see the answer.
func reject(w http.ResponseWriter, r *http.Request, err error) int {
	no := err.(refusal) // all that come here are
	io.Copy(io.Discard, io.LimitReader(r.Body, 64<<20))
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(no.status)
	if text, plain := no.body.(string); plain {
		io.WriteString(w, text)
	} else {
		json.NewEncoder(w).Encode(no.body)
	}
	return no.status
}
