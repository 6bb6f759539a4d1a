package medialoopster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
)

// readWhole reads a source to its end, which must come after exactly size bytes.
func readWhole(ctx context.Context, open func() (io.ReadCloser, error), size int64) (err error) {
	source, err := open()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	n, err := io.Copy(io.Discard, io.LimitReader(contextReader{ctx, source}, size+1))
	switch {
	case err != nil:
		return fmt.Errorf("reading the file: %w", err)
	case n != size:
		return fmt.Errorf("the file has not the %d bytes that it had: it is being changed; it will be tried again", size)
	}
	return nil
}

// A contextReader ends with its context.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (r contextReader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.r.Read(p)
}

// importKey is under which it is kept that an import was asked for.
func importKey(path string) string { return "import/" + path }

func (a *account) keepImport(path string, after number) error {
	return a.memory.Keep(importKey(path), time.Now().UTC().Format(time.RFC3339)+" "+after.String())
}

func (a *account) forgetImport(path string) error {
	if since, _, err := a.recallImport(path); err != nil || since.IsZero() {
		return err
	}
	return a.memory.Keep(importKey(path), "")
}

// recallImport is when an import of path was asked for, zero for not at all, and
// the latest log that there was before.
func (a *account) recallImport(path string) (since time.Time, after number, err error) {
	text, err := a.memory.Recall(importKey(path))
	if err != nil || text == "" {
		return time.Time{}, 0, err
	}
	at, id, _ := strings.Cut(text, " ")
	if since, err = time.Parse(time.RFC3339, at); err == nil {
		err = after.UnmarshalJSON([]byte(id))
	}
	return since, after, err
}

// saidNo reports whether err is a clear answer: what was asked for did not happen.
func saidNo(err error) bool {
	var throttled *connectors.ThrottledError
	return errors.Is(err, connectors.ErrRejected) || errors.Is(err, connectors.ErrDenied) || errors.As(err, &throttled)
}

// sleep reports whether the time passed before ctx ended.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
