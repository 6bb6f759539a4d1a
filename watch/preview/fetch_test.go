package preview

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func writes(s string) func(context.Context, io.Writer) error {
	return func(_ context.Context, w io.Writer) error {
		_, err := io.WriteString(w, s)
		return err
	}
}

func TestCacheFetches(t *testing.T) {
	dir := t.TempDir()
	inBubble(t, dir, 0, func(t *testing.T, c *Cache, d *drawer) {
		for range 2 {
			if b, err := c.GetFrom(t.Context(), "a", Thumbnail, writes("a retouch")); err != nil || !isJPEG(b) {
				t.Errorf("got %q, %v", b, err)
			}
		}
		if got := len(d.names()); got != 1 || d.content != "a retouch" {
			t.Errorf("%d drawn, of %q", got, d.content)
		}
		gone := errors.New("the vendor is away")
		_, err := c.GetFrom(t.Context(), "b", Thumbnail, func(context.Context, io.Writer) error { return gone })
		if !errors.Is(err, gone) {
			t.Errorf("got %v", err)
		}
		endless := func(_ context.Context, w io.Writer) error {
			for block := make([]byte, 32<<20); ; {
				if _, err := w.Write(block); err != nil {
					return err
				}
			}
		}
		if _, err := c.GetFrom(t.Context(), "c", Thumbnail, endless); err == nil || !strings.Contains(err.Error(), "200 MiB") {
			t.Errorf("got %v", err)
		}
		silent := func(ctx context.Context, _ io.Writer) error {
			<-ctx.Done()
			return ctx.Err()
		}
		if _, err := c.GetFrom(t.Context(), "d", Thumbnail, silent); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		if names := filesIn(t, dir); len(names) != 1 || !strings.HasSuffix(names[0], suffix) {
			t.Errorf("left behind: %q", names)
		}
	})
}

// TestSlowVendorHoldsNobodyUp asks for a picture of this machine while another
// is being fetched.
func TestSlowVendorHoldsNobodyUp(t *testing.T) {
	inBubble(t, t.TempDir(), 0, func(t *testing.T, c *Cache, d *drawer) {
		fetched := make(chan error)
		go func() {
			_, err := c.GetFrom(t.Context(), "far", Thumbnail, func(ctx context.Context, w io.Writer) error {
				time.Sleep(fetchLimit / 2)
				return writes("x")(ctx, w)
			})
			fetched <- err
		}()
		synctest.Wait()
		start := time.Now()
		get(t, c, "near", Thumbnail)
		if took := time.Since(start); took > time.Second {
			t.Errorf("waited %s", took)
		}
		if err := <-fetched; err != nil {
			t.Error(err)
		}
	})
}
