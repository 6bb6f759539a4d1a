package preview

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// A drawer plays the Worker: it notes what it is asked for, and takes a second
// for each.
type drawer struct {
	mu      sync.Mutex
	asked   []string
	atOnce  int
	most    int
	answer  func(path string, edge int) ([]byte, error)
	content string // of the last file
}

// jpegLike is as long as told, and begins and ends like a JPEG.
func jpegLike(n int) []byte {
	b := make([]byte, n)
	copy(b, "\xff\xd8\xff\xe0")
	copy(b[n-2:], "\xff\xd9")
	return b
}

func (d *drawer) draw(ctx context.Context, path string, edge int) ([]byte, error) {
	d.mu.Lock()
	content, _ := os.ReadFile(path)
	d.asked, d.content = append(d.asked, filepath.Base(path)), string(content)
	d.atOnce++
	d.most = max(d.most, d.atOnce)
	d.mu.Unlock()
	select {
	case <-time.After(time.Second):
	case <-ctx.Done():
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.atOnce--
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if d.answer != nil {
		return d.answer(path, edge)
	}
	return jpegLike(100), nil
}

func (d *drawer) names() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.asked)
}

// inBubble runs test with a running Cache that ends with it.
func inBubble(t *testing.T, dir string, max int64, test func(t *testing.T, c *Cache, d *drawer)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		d := &drawer{}
		c := NewCache(dir, max, d.draw)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- c.Run(ctx) }()
		test(t, c, d)
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
}

func want(t *testing.T, d *drawer, names ...string) {
	t.Helper()
	if got := d.names(); !slices.Equal(got, names) {
		t.Errorf("drawn %q, want %q", got, names)
	}
}

func get(t *testing.T, c *Cache, key string, edge int) []byte {
	t.Helper()
	b, err := c.Get(t.Context(), key, key, edge)
	if err != nil {
		t.Errorf("%s: %v", key, err)
	}
	return b
}

// later asks in the background and tells the answer.
func later(ctx context.Context, c *Cache, key string) chan error {
	done := make(chan error, 1)
	go func() {
		_, err := c.Get(ctx, key, key, Thumbnail)
		done <- err
	}()
	return done
}

func TestCacheDrawsOnce(t *testing.T) {
	inBubble(t, t.TempDir(), 0, func(t *testing.T, c *Cache, d *drawer) {
		for range 2 {
			if b := get(t, c, "a", Thumbnail); !isJPEG(b) {
				t.Errorf("got %q", b)
			}
		}
		want(t, d, "a")
		get(t, c, "a", Large)
		get(t, c, "b", Thumbnail)
		want(t, d, "a", "a", "b")
	})
}

func TestCacheDrawsOnceForAll(t *testing.T) {
	inBubble(t, t.TempDir(), 0, func(t *testing.T, c *Cache, d *drawer) {
		var all []chan error
		for range 50 {
			all = append(all, later(t.Context(), c, "a"))
		}
		for _, done := range all {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		want(t, d, "a")
	})
}

func TestCacheDrawsTheNewestFirstAndOneAtATime(t *testing.T) {
	inBubble(t, t.TempDir(), 0, func(t *testing.T, c *Cache, d *drawer) {
		var all []chan error
		ctx, leave := context.WithCancel(t.Context())
		for i := range 5 {
			who := t.Context()
			if i == 2 {
				who = ctx
			}
			all = append(all, later(who, c, fmt.Sprint(i)))
			synctest.Wait()
		}
		leave()
		for i, done := range all {
			if err := <-done; (err != nil) != (i == 2) {
				t.Errorf("%d: %v", i, err)
			}
		}
		want(t, d, "0", "4", "3", "1")
		if d.most != 1 {
			t.Errorf("%d at once", d.most)
		}
	})
}

func TestCacheFinishesWhatHasBegun(t *testing.T) {
	inBubble(t, t.TempDir(), 0, func(t *testing.T, c *Cache, d *drawer) {
		ctx, leave := context.WithTimeout(t.Context(), time.Second/2)
		defer leave()
		if err := <-later(ctx, c, "a"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		get(t, c, "a", Thumbnail)
		want(t, d, "a")
	})
}

func TestCacheDropsTheOldestOfTooMany(t *testing.T) {
	inBubble(t, t.TempDir(), 0, func(t *testing.T, c *Cache, d *drawer) {
		var all []chan error
		for i := range mostWaiting + 3 {
			all = append(all, later(t.Context(), c, fmt.Sprint(i)))
			synctest.Wait()
		}
		for i, done := range all {
			dropped := i == 1 || i == 2 // 0 is being drawn
			if err := <-done; errors.Is(err, ErrBusy) != dropped {
				t.Errorf("%d: %v", i, err)
			}
		}
	})
}

func TestCacheRemembersFailures(t *testing.T) {
	inBubble(t, t.TempDir(), 0, func(t *testing.T, c *Cache, d *drawer) {
		d.answer = func(string, int) ([]byte, error) { return nil, ErrNone }
		for range 3 {
			if _, err := c.Get(t.Context(), "a", "a", Thumbnail); !errors.Is(err, ErrNone) {
				t.Errorf("got %v", err)
			}
		}
		want(t, d, "a")
		d.answer = nil
		time.Sleep(remembered)
		get(t, c, "a", Thumbnail)
		want(t, d, "a", "a")
	})
}

func TestCacheAsksAgainForMovedFiles(t *testing.T) {
	inBubble(t, t.TempDir(), 0, func(t *testing.T, c *Cache, d *drawer) {
		d.answer = func(path string, _ int) ([]byte, error) {
			if path == "old" {
				return nil, fmt.Errorf("draw: %w", os.ErrNotExist)
			}
			return jpegLike(100), nil
		}
		if _, err := c.Get(t.Context(), "a", "old", Thumbnail); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("got %v", err)
		}
		if _, err := c.Get(t.Context(), "a", "new", Thumbnail); err != nil {
			t.Error(err)
		}
	})
}

func TestCacheSurvivesItsFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "cache")
	inBubble(t, dir, 0, func(t *testing.T, c *Cache, d *drawer) {
		get(t, c, "a", Thumbnail)
		os.RemoveAll(dir)
		get(t, c, "a", Thumbnail)
		get(t, c, "a", Thumbnail)
		want(t, d, "a", "a")
	})
	inBubble(t, dir, 0, func(t *testing.T, c *Cache, d *drawer) { // a restart
		get(t, c, "a", Thumbnail)
		want(t, d)
	})
	// A file in the place of the folder: nothing can be written.
	blocked := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(blocked, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	inBubble(t, blocked, 0, func(t *testing.T, c *Cache, d *drawer) {
		get(t, c, "a", Thumbnail)
		get(t, c, "a", Thumbnail)
		want(t, d, "a", "a")
		if _, err := c.GetFrom(t.Context(), "b", Thumbnail, writes("x")); err == nil || !strings.Contains(err.Error(), "no place") {
			t.Errorf("got %v", err)
		}
	})
}

func TestCacheDropsDamagedFiles(t *testing.T) {
	for _, damage := range [][]byte{nil, []byte("x"), jpegLike(100)[:99], make([]byte, 100)} {
		dir := t.TempDir()
		inBubble(t, dir, 0, func(t *testing.T, c *Cache, d *drawer) {
			get(t, c, "a", Thumbnail)
			for _, name := range filesIn(t, dir) {
				os.WriteFile(filepath.Join(dir, name), damage, 0o600)
			}
			if b := get(t, c, "a", Thumbnail); !isJPEG(b) {
				t.Errorf("got %q", b)
			}
			want(t, d, "a", "a")
		})
	}
}

func filesIn(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestCacheEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &drawer{}
		c := NewCache(t.TempDir(), 0, d.draw)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- c.Run(ctx) }()
		running, waiting := later(t.Context(), c, "a"), later(t.Context(), c, "b")
		synctest.Wait()
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
		for _, done := range []chan error{running, waiting, later(t.Context(), c, "c")} {
			if err := <-done; !errors.Is(err, errEnded) {
				t.Errorf("got %v", err)
			}
		}
		if len(c.jobs) > 0 || len(c.failures) > 0 {
			t.Errorf("left: %d jobs, %d failures", len(c.jobs), len(c.failures))
		}
	})
}

// TestCacheWithWorker is the whole way, with a real child.
func TestCacheWithWorker(t *testing.T) {
	c := NewCache(t.TempDir(), 0, self(t, wordServe).Make)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- c.Run(ctx) }()
	path := fileOf(t, jpegOf(t, quarters(500, 300)))
	first, err := c.Get(t.Context(), "digest", path, Thumbnail)
	if err != nil {
		t.Fatal(err)
	}
	os.Remove(path)
	again, err := c.Get(t.Context(), "digest", path, Thumbnail)
	if err != nil || !bytes.Equal(first, again) {
		t.Errorf("%d and %d bytes, %v", len(first), len(again), err)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
