package faults

import (
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"
)

// ErrBroken is the error of what goes on over a connection that a fault has
// broken.
var ErrBroken = errors.New("connection broken off")

// A Reply is an answer over HTTP that may be lost or cut.
type Reply struct {
	http.ResponseWriter
	Mute   bool  // all that is written is lost, the status too
	Left   int64 // bytes until the cut; negative means no cut
	Status int   // that was written; 0 for none
	Broken bool  // the cut was reached
	begun  bool  // something went to the client
}

func (w *Reply) WriteHeader(status int) {
	w.Status = status
	if !w.Mute {
		w.begun = true
		w.ResponseWriter.WriteHeader(status)
	}
}

func (w *Reply) Write(p []byte) (int, error) {
	if w.Mute {
		return len(p), nil
	}
	w.begun = true
	if w.Left >= 0 && int64(len(p)) > w.Left {
		w.ResponseWriter.Write(p[:w.Left])
		http.NewResponseController(w.ResponseWriter).Flush()
		w.Broken = true
		return 0, ErrBroken
	}
	if w.Left >= 0 {
		w.Left -= int64(len(p))
	}
	return w.ResponseWriter.Write(p)
}

// Unwrap is for http.ResponseController.
func (w *Reply) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// CutBody returns body as far as f lets it through.
func (f Fault) CutBody(body io.ReadCloser) io.ReadCloser {
	if f.Cut == 0 {
		return body
	}
	return &cutBody{body, max(f.Cut, 0)}
}

type cutBody struct {
	io.ReadCloser
	left int64
}

func (b *cutBody) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, ErrBroken
	}
	n, err := b.ReadCloser.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}

// Wait waits out f.Delay, and reports whether somebody still wants an answer:
// neither the client nor the server, whose end is over, has gone.
func (f Fault) Wait(r *http.Request, over <-chan struct{}) bool {
	if f.Delay <= 0 {
		return true
	}
	select {
	case <-time.After(f.Delay):
		return true
	case <-r.Context().Done():
	case <-over:
	}
	return false
}

// SetRetryAfter writes the header that goes with f.Status, if any.
func (f Fault) SetRetryAfter(h http.Header) {
	if f.RetryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(int(f.RetryAfter.Round(time.Second)/time.Second)))
	}
}

// BreakOff closes the connection where the answer stands. Where nothing was sent at
// all, clients would ask again by themselves: they get the beginning of a line.
func (w *Reply) BreakOff() {
	conn, _, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // net/http's own way to do it
	}
	if !w.begun {
		conn.SetWriteDeadline(time.Now().Add(time.Second))
		io.WriteString(conn, "HTTP/1.1 ")
	}
	conn.Close()
}
