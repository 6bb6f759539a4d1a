package page

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"slices"
	"time"
)

const (
	reconcileWithin = 10 * time.Minute
	mostReconciled  = 1 << 20 // bytes of its words that are shown
)

// A reconciliation is a bench's disk compared with its remotes.
type reconciliation struct {
	Bench   string
	Text    string
	Trouble string // why it came to nothing, or that something differs
	Cut     bool   // Text is its beginning only
}

// reconcile compares now. It changes nothing, so that it may be asked again.
func (s *Server) reconcile(ctx context.Context, r *http.Request) (any, error) {
	if err := r.ParseForm(); err != nil {
		return nil, err
	}
	v := reconciliation{Bench: r.PostForm.Get("bench")}
	var names []string
	for _, b := range s.Config().Benches {
		names = append(names, b.Name)
	}
	if s.Reconcile == nil || !slices.Contains(names, v.Bench) {
		return nil, notFound{errors.New("there is no such bench to compare")}
	}
	ctx, cancel := context.WithTimeout(ctx, reconcileWithin)
	defer cancel()
	var out bounded
	if err := s.Reconcile(ctx, v.Bench, &out); err != nil {
		v.Trouble = err.Error()
	}
	v.Text, v.Cut = out.text.String(), out.cut
	return v, nil
}

// A bounded writer keeps the beginning of what is written.
type bounded struct {
	text bytes.Buffer
	cut  bool
}

func (b *bounded) Write(p []byte) (int, error) {
	keep := min(len(p), mostReconciled-b.text.Len())
	b.cut = b.cut || keep < len(p)
	b.text.Write(p[:keep])
	return len(p), nil
}

// patient lets a page be written later than others.
func patient(within time.Duration, next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		http.NewResponseController(w).SetWriteDeadline(time.Now().Add(within + time.Minute)) // where it cannot be set, the server's own holds
		next(w, r)
	}
}
