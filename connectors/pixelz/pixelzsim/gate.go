package pixelzsim

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/studio-agent/studio-agent/connectors/faults"
)

// A failure is what goes wrong inside a success of HTTP.
type failure struct{ code, message string }

func (f failure) Error() string { return f.code + ": " + f.message }

// numbers are the codes of an account that gets them so.
var numbers = [...]string{"NoError", "AuthenticationFailed", "InvalidParameter", "ImageNotFound", "TemplateNotFound", "InvalidStatus", "PresignNotEnabled"}

// code spells an ErrorCode.
func (s *Sim) code(text string) any {
	if s.opt.Numeric {
		return slices.Index(numbers[:], text)
	}
	return text
}

// A work does what one call does, and returns what to answer.
type work func(r *http.Request, in map[string]any, e *Event) (map[string]any, error)

// handle puts the gate before a work: trouble, then the login.
func (s *Sim) handle(pattern, op string, do work) {
	s.mux.HandleFunc(pattern, s.gate(op, func(w http.ResponseWriter, r *http.Request, e *Event) error {
		in := map[string]any{}
		if r.Method != http.MethodGet {
			if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&in); err != nil {
				return faults.ErrBroken
			}
		}
		if !e.Fault.Wait(r, s.over) || r.Method != http.MethodGet && e.Fault.Cut != 0 {
			return faults.ErrBroken // before it has all come
		}
		if e.Fault.Status != 0 {
			return refuse(w, e.Fault)
		}
		out, err := s.loggedIn(r, in)
		if err == nil {
			s.Advance()
			out, err = do(r, in, e)
		}
		var no failure
		if errors.As(err, &no) {
			out, err = map[string]any{"ErrorCode": s.code(no.code), "Message": no.message}, nil
		} else if err == nil && out["ErrorCode"] == nil && out[bare] == nil {
			out["ErrorCode"], out["Message"] = s.code("NoError"), ""
		}
		if err != nil {
			return err
		}
		w.Header().Set("Content-Type", "application/json; charset=UTF-8")
		if list := out[bare]; list != nil {
			return json.NewEncoder(w).Encode(list)
		}
		return json.NewEncoder(w).Encode(out)
	}))
}

// bare is under which an answer stands that is not wrapped in an object.
const bare = ""

// gate counts a request and does what is planned against it.
func (s *Sim) gate(op string, do func(http.ResponseWriter, *http.Request, *Event) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		e := Event{Op: op, Fault: s.opt.Faults.Next(op), Status: http.StatusOK}
		s.admit(op, r)
		out := &faults.Reply{ResponseWriter: w, Left: -1, Mute: e.Fault.LoseReply || e.Fault.FailAfter != 0}
		if r.Method == http.MethodGet && e.Fault.Cut != 0 {
			out.Left = max(e.Fault.Cut, 0)
		}
		err := do(out, r, &e)
		if out.Status != 0 {
			e.Status = out.Status
		}
		switch {
		case err != nil || out.Broken || e.Fault.LoseReply:
			e.Status = 0
			out.BreakOff()
		case e.Fault.FailAfter != 0:
			e.Status = e.Fault.FailAfter
			w.WriteHeader(e.Status)
		}
		e.At = time.Now()
		if s.opt.OnEvent != nil {
			s.opt.OnEvent(e)
		}
	}
}

func (s *Sim) admit(op string, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.home = "http://" + r.Host
	if r.TLS != nil {
		s.home = "https://" + r.Host
	}
	s.requests[op]++
	if op == "upload" || op == "download" {
		return // the storage is another server
	}
	now := time.Now()
	s.arrivals = slices.DeleteFunc(s.arrivals, func(t time.Time) bool { return now.Sub(t) >= 950*time.Millisecond })
	s.arrivals = append(s.arrivals, now)
	s.busiest = max(s.busiest, len(s.arrivals))
}

// loggedIn looks for the login where the API wants it.
func (s *Sim) loggedIn(r *http.Request, in map[string]any) (map[string]any, error) {
	email, key := r.URL.Query().Get("contactEmail"), r.URL.Query().Get("contactAPIkey")
	if r.Method != http.MethodGet {
		email, key = text(in, "contactEmail"), text(in, "contactAPIkey")
	}
	if email != s.opt.Email || key != s.opt.Key {
		return nil, failure{"AuthenticationFailed", "The contact email or API key is not valid"}
	}
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		return nil, failure{"InvalidParameter", "Content-Type must be application/json"}
	}
	return nil, nil
}

func text(in map[string]any, name string) string {
	if v := in[name]; v != nil {
		return fmt.Sprint(v)
	}
	return ""
}

// refuse answers with an HTTP status, as a proxy before the platform would.
func refuse(w http.ResponseWriter, f faults.Fault) error {
	f.SetRetryAfter(w.Header())
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(f.Status)
	return json.NewEncoder(w).Encode(map[string]any{"message": http.StatusText(f.Status)})
}
