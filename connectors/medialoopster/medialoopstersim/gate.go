package medialoopstersim

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/studio-agent/studio-agent/connectors/faults"
)

// A refusal is an answer that is no success.
type refusal struct {
	status int
	body   any
}

func (refusal) Error() string { return "refused" }

// detail is the plain shape of an error.
func detail(text string) any { return map[string]string{"detail": text} }

// A complaint is one entry of the other shape.
type complaint struct {
	Status string            `json:"status"`
	Source map[string]string `json:"source,omitempty"`
	Code   string            `json:"code"`
	Detail string            `json:"detail"`
	Title  string            `json:"title"`
}

// about is a complaint about a field.
func about(field, code, text string) complaint {
	return complaint{"400", map[string]string{"pointer": "/" + field}, code, text, "Validation Error"}
}

func invalid(all ...complaint) error {
	return refusal{http.StatusBadRequest, map[string]any{"errors": all}}
}

func missing(code, text string) error {
	return refusal{http.StatusNotFound, map[string]any{"errors": []complaint{{Status: "404", Code: code, Detail: text, Title: "Not Found"}}}}
}

// A call does what one request asks for, and returns what to answer. s.mu is held.
type call func(r *http.Request, e *Event) (status int, body any, err error)

// handle puts the gate before a call: trouble, redirects, the login.
func (s *Sim) handle(pattern, op string, do call) {
	s.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
		if err != nil {
			(&faults.Reply{ResponseWriter: w}).BreakOff()
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(raw))
		if op == "create" && bytes.Contains(raw, []byte("copy_of")) {
			s.pass("copy", do, w, r)
			return
		}
		s.pass(op, do, w, r)
	})
}

func (s *Sim) pass(op string, do call, w http.ResponseWriter, r *http.Request) {
	e := Event{Op: op, Fault: s.opt.Faults.Next(op)}
	s.mu.Lock()
	s.requests[op]++
	s.mu.Unlock()
	f := e.Fault
	if !f.Wait(r, s.over) || f.Cut != 0 && r.Method != http.MethodGet { // before it has all come
		s.tell(e)
		(&faults.Reply{ResponseWriter: w}).BreakOff()
		return
	}
	if f.Status != 0 {
		f.SetRetryAfter(w.Header())
		e.Status = f.Status
		s.tell(e)
		write(w, f.Status, detail(http.StatusText(f.Status)))
		return
	}
	status, body, header := s.answer(do, r, &e)
	switch {
	case f.LoseReply, f.Cut != 0:
		s.tell(e)
		(&faults.Reply{ResponseWriter: w}).BreakOff()
		return
	case f.FailAfter != 0:
		status, body = f.FailAfter, detail(http.StatusText(f.FailAfter))
	}
	e.Status = status
	s.tell(e)
	for name, values := range header {
		w.Header()[name] = values
	}
	write(w, status, body)
}

// tell reports a request, before anybody hears the answer.
func (s *Sim) tell(e Event) {
	if e.At = time.Now(); s.opt.OnEvent != nil {
		s.opt.OnEvent(e)
	}
}

// answer does the work under the lock.
func (s *Sim) answer(do call, r *http.Request, e *Event) (status int, body any, header http.Header) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tick()
	header = http.Header{}
	if to := s.redirect; to.status != 0 && r.Method != http.MethodGet {
		header.Set("Location", to.location)
		return to.status, nil, header
	}
	if e.Op != "ping" && !s.loggedIn(r) {
		return http.StatusUnauthorized, detail("Invalid token."), header
	}
	status, body, err := do(r, e)
	var no refusal
	if errors.As(err, &no) {
		return no.status, no.body, header
	}
	if all, ok := body.([]any); ok {
		body = s.page(r, all, header)
	}
	return status, body, header
}

// page cuts a list.
func (s *Sim) page(r *http.Request, all []any, header http.Header) []any {
	total := len(all)
	offset, _ := strconv.Atoi(r.FormValue("offset"))
	limit, err := strconv.Atoi(r.FormValue("limit"))
	if s.opt.IgnoreOffset {
		offset = 0
	}
	if err != nil {
		limit = total
	}
	if s.opt.PerPage > 0 {
		limit = min(limit, s.opt.PerPage)
	}
	if !s.opt.NoTotal {
		header.Set("X-Total-Count", strconv.Itoa(total))
	}
	all = all[min(max(offset, 0), total):]
	return append([]any{}, all[:min(max(limit, 0), len(all))]...)
}

func (s *Sim) loggedIn(r *http.Request) bool {
	if s.opt.Token != "" {
		return r.Header.Get("Authorization") == "Token "+s.opt.Token
	}
	user, password, ok := r.BasicAuth()
	return ok && user == s.opt.User && password == s.opt.Password
}

func write(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if body != nil {
		json.NewEncoder(w).Encode(body)
	}
}

// has reports whether a list's filter lets value pass.
func (s *Sim) has(r *http.Request, filter, value string) bool {
	asked, given := r.URL.Query()[filter]
	return s.opt.IgnoreFilter || !given || slices.Contains(asked, value)
}
