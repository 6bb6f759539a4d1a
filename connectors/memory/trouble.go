package memory

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/faults"
)

var errCut = errors.New("the connection was cut")

// trouble is the fault of one call.
type trouble struct {
	op    string
	fault faults.Fault
}

// suffer takes the next fault of op and plays what comes before the work.
func (r *Remote) suffer(ctx context.Context, op string) (trouble, error) {
	t := trouble{op, r.faults.Next(op)}
	timer := time.NewTimer(t.fault.Delay)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return t, ctx.Err()
	case <-timer.C:
	}
	if err := ctx.Err(); err != nil { // both were ready
		return t, err
	}
	if t.fault.Cut < 0 || t.fault.Cut > 0 && op != OpDeliver && op != OpFetch {
		return t, fmt.Errorf("%s: %w", op, errCut)
	}
	if t.fault.Status != 0 {
		return t, statusError(op, t.fault.Status, t.fault.RetryAfter)
	}
	return t, nil
}

// reply is the answer once the work is done. Its error promises nothing about
// the work, whatever the status.
func (t trouble) reply() error {
	if t.fault.LoseReply {
		return fmt.Errorf("%s: %w", t.op, errCut)
	}
	if t.fault.FailAfter != 0 {
		return fmt.Errorf("%s: the remote answered %d", t.op, t.fault.FailAfter)
	}
	return nil
}

// cut lets as many bytes through to w as the fault allows.
func (t trouble) cut(w io.Writer) io.Writer {
	if t.fault.Cut <= 0 {
		return w
	}
	return &cutWriter{w, t.fault.Cut}
}

type cutWriter struct {
	w    io.Writer
	left int64
}

func (c *cutWriter) Write(p []byte) (int, error) {
	if int64(len(p)) < c.left {
		c.left -= int64(len(p))
		return c.w.Write(p)
	}
	n, err := c.w.Write(p[:c.left])
	c.left = 0
	return n, errors.Join(err, errCut)
}

// statusError is what an HTTP status means.
func statusError(op string, status int, retryAfter time.Duration) error {
	text := fmt.Sprintf("%s: the remote answered %d %s", op, status, http.StatusText(status))
	switch status {
	case http.StatusUnauthorized:
		return connectors.Denied("%s", text)
	case http.StatusForbidden:
		if op == OpProbe {
			return connectors.Denied("%s", text)
		}
		return connectors.Rejected("%s", text)
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity:
		return connectors.Rejected("%s", text)
	case http.StatusLocked:
		return &connectors.ThrottledError{Until: time.Now().Add(5 * time.Minute), Reason: text}
	case http.StatusTooManyRequests:
		return &connectors.ThrottledError{Until: time.Now().Add(max(retryAfter, time.Second)), Reason: text}
	}
	return errors.New(text)
}
