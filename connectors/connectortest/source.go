package connectortest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
)

var sources = []check{
	{"a source that cannot be opened is told", sends, sourceCannotOpen},
	{"a source that breaks in the middle is told and leaves nothing", sends, sourceBreaks},
	{"a source that is too short leaves nothing", sends, sourceTooShort},
	{"a source that is too long leaves nothing", sends, sourceTooLong},
}

var endings = []check{
	{"a context that has ended sends nothing", sends, endedBefore},
	{"a context that ends stops a transfer that flows", sends, endsWhileFlowing},
	{"a context that ends stops a transfer whose source stands still", sends, endsWhileBlocked},
	{"a context that ends stops waiting for a silent remote", canFail(opDeliver), endsWhileSilent},
}

var errSource = errors.New("the card was pulled out")

func noSource() (io.ReadCloser, error) { return nil, errSource }

// broken gives n bytes of p and then err.
func (p photo) broken(n int, err error) func() (io.ReadCloser, error) {
	return func() (io.ReadCloser, error) {
		return io.NopCloser(io.MultiReader(bytes.NewReader(p.content[:n]), failing{err})), nil
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func sourceCannotOpen(t *testing.T, r Rig) {
	p := newPhoto(r, "0001.jpg", 1)
	if _, err := r.Out.Deliver(t.Context(), p.Photo, noSource, published); !errors.Is(err, errSource) {
		t.Errorf("got %v, want the source's own error, wrapped", err)
	}
	wantNothing(t, r)
	wantMissing(t, r, p)
}

func sourceBreaks(t *testing.T, r Rig) {
	p := newPhoto(r, "0001.jpg", 1)
	for _, n := range []int{0, 1, photoSize / 2, photoSize - 1, photoSize} {
		_, err := r.Out.Deliver(t.Context(), p.Photo, p.broken(n, errSource), published)
		if !errors.Is(err, errSource) {
			t.Errorf("broken after %d bytes: got %v, want the source's own error, wrapped", n, err)
		}
		wantNothing(t, r)
	}
	wantMissing(t, r, p)
	deliver(t, r, p)
	wantOnce(t, r, p)
}

func sourceTooShort(t *testing.T, r Rig) {
	p := newPhoto(r, "0001.jpg", 1)
	for _, n := range []int{0, photoSize / 2, photoSize - 1} {
		if _, err := r.Out.Deliver(t.Context(), p.Photo, p.broken(n, io.EOF), published); err == nil {
			t.Errorf("a source of %d bytes went through as a photo of %d", n, photoSize)
		}
		wantNothing(t, r)
	}
	deliver(t, r, p)
	wantOnce(t, r, p)
}

func sourceTooLong(t *testing.T, r Rig) {
	p := newPhoto(r, "0001.jpg", 1)
	p.Digests = connectors.Digests{} // nothing else can tell
	for _, more := range []int64{1, 1 << 20} {
		open := func() (io.ReadCloser, error) {
			return io.NopCloser(io.MultiReader(bytes.NewReader(p.content), io.LimitReader(zeros{}, more))), nil
		}
		if _, err := r.Out.Deliver(t.Context(), p.Photo, open, published); err == nil {
			t.Errorf("a source with %d bytes too many went through", more)
		}
		wantNothing(t, r)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func endedBefore(t *testing.T, r Rig) {
	p := newPhoto(r, "0001.jpg", 1)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.Out.Deliver(ctx, p.Photo, p.open, published); err == nil {
		t.Error("Deliver went through")
	}
	if _, err := r.Out.Find(ctx, []connectors.Photo{p.Photo}); err == nil {
		t.Error("Find gave an answer without looking")
	}
	wantNothing(t, r)
}

// flowing is a film that never seems to end, 4 KB every millisecond.
type flowing struct {
	started chan struct{}
	first   bool
}

func (f *flowing) Read(p []byte) (int, error) {
	if !f.first {
		f.first = true
		close(f.started)
	}
	time.Sleep(time.Millisecond)
	return min(len(p), 4096), nil
}

func endsWhileFlowing(t *testing.T, r Rig) {
	p := newPhoto(r, "film.mov", 1)
	p.Size, p.Digests = 1<<32, connectors.Digests{}
	source := &flowing{started: make(chan struct{})}
	err := within(t, func(ctx context.Context) error {
		_, err := r.Out.Deliver(ctx, p.Photo, func() (io.ReadCloser, error) { return io.NopCloser(source), nil }, published)
		return err
	}, source.started)
	wantLater(t, err)
	wantNothing(t, r)
}

// blocked stands still until its context ends, like a share that has gone.
type blocked struct {
	ctx     context.Context
	started chan struct{}
}

func (b *blocked) Read([]byte) (int, error) {
	close(b.started)
	<-b.ctx.Done()
	return 0, b.ctx.Err()
}

func endsWhileBlocked(t *testing.T, r Rig) {
	p := newPhoto(r, "film.mov", 1)
	started := make(chan struct{})
	err := within(t, func(ctx context.Context) error {
		_, err := r.Out.Deliver(ctx, p.Photo, func() (io.ReadCloser, error) {
			return io.NopCloser(&blocked{ctx, started}), nil
		}, published)
		return err
	}, started)
	wantLater(t, err)
	wantNothing(t, r)
}
