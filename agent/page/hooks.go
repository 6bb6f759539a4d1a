package page

import (
	"context"
	"net/http"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	mostHook   = 1 << 20 // bytes of a webhook's body
	hookWithin = 10 * time.Second
	hookRate   = 20 // a second and account
	hookBurst  = 100
)

// hooks bounds how often each account's webhook is answered. Only accounts that
// have one are in it.
type hooks struct {
	mu     sync.Mutex
	limits map[string]*rate.Limiter
}

func (h *hooks) allow(account string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.limits[account] == nil {
		if h.limits == nil {
			h.limits = map[string]*rate.Limiter{}
		}
		h.limits[account] = rate.NewLimiter(hookRate, hookBurst)
	}
	return h.limits[account].Allow()
}

// hook hands what a vendor or a platform calls at /hooks/ACCOUNT, or below it, to
// the account's connector, which checks the signature. A call that it answers with
// 202 or 204 wakes the account; nothing else comes of it. With 200 it says that the
// call is genuine and nothing new.
func (s *Server) hook(w http.ResponseWriter, r *http.Request) {
	account := r.PathValue("account")
	intake := s.Connector(account).Hook
	switch {
	case intake == nil:
		http.Error(w, "no account of that name takes webhooks", http.StatusNotFound)
		return
	case r.Method != http.MethodPost && r.Method != http.MethodGet && r.Method != http.MethodHead:
		w.Header().Set("Allow", "GET, HEAD, POST")
		http.Error(w, "webhooks are posted", http.StatusMethodNotAllowed)
		return
	case !s.hooks.allow(account):
		w.Header().Set("Retry-After", "5")
		http.Error(w, "too many calls; the account is looked at all the same", http.StatusTooManyRequests)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), hookWithin)
	defer cancel()
	http.NewResponseController(w).SetReadDeadline(time.Now().Add(hookWithin)) // where it cannot be set, the size bounds it
	r = r.WithContext(ctx)
	r.Body = http.MaxBytesReader(w, r.Body, mostHook)
	heard := &listener{ResponseWriter: w}
	intake.ServeHTTP(heard, r)
	if r.Method == http.MethodPost && (heard.status == http.StatusAccepted || heard.status == http.StatusNoContent) {
		s.Wake(account)
	}
}

// A listener notes the status of an answer; 0 means 200.
type listener struct {
	http.ResponseWriter
	status int
}

func (l *listener) WriteHeader(status int) {
	if l.status == 0 {
		l.status = status
	}
	l.ResponseWriter.WriteHeader(status)
}

func (l *listener) Write(b []byte) (int, error) {
	if l.status == 0 {
		l.status = http.StatusOK
	}
	return l.ResponseWriter.Write(b)
}
