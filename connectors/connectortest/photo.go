package connectortest

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"io"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
)

// photoSize is no round number, and more than one buffer of most programs.
const photoSize = 100_003

// A photo is what the studio has, and what the remote ought to get.
type photo struct {
	connectors.Photo
	content []byte
}

// newPhoto makes a photo whose content depends on its name and generation, but
// whose size does not: size proves nothing.
func newPhoto(r Rig, name string, generation int) photo {
	return newPhotoOf(r, name, generation, photoSize)
}

func newPhotoOf(r Rig, name string, generation, size int) photo {
	content := make([]byte, size)
	seed := [32]byte{byte(generation)}
	copy(seed[1:], digest([]byte(name)))
	rand.NewChaCha8(seed).Read(content)
	sha, md := sha1.Sum(content), md5.Sum(content)
	sum := digest(content)
	return photo{connectors.Photo{
		ID:         sum[:20],
		Bench:      r.Bench,
		Role:       connectors.Capture,
		Name:       name,
		Generation: generation,
		Size:       int64(size),
		Digests:    connectors.Digests{SHA256: sum, SHA1: hex.EncodeToString(sha[:]), MD5: hex.EncodeToString(md[:])},
		ModTime:    time.Date(2026, 5, 1, 12, 0, generation, 0, time.UTC),
	}, content}
}

func (p photo) open() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(p.content)), nil }

func published() error { return nil }

// deliver must go well.
func deliver(t *testing.T, r Rig, p photo) connectors.Receipt {
	t.Helper()
	receipt, err := r.Out.Deliver(t.Context(), p.Photo, p.open, published)
	if err != nil {
		t.Fatalf("Deliver %s: %v", p.Name, err)
	}
	if receipt.Zero() {
		t.Fatalf("Deliver %s: a zero receipt without an error", p.Name)
	}
	return receipt
}

// find asks for one photo and must get an answer.
func find(t *testing.T, r Rig, p photo) connectors.Receipt {
	t.Helper()
	receipts, err := r.Out.Find(t.Context(), []connectors.Photo{p.Photo})
	if err != nil {
		t.Fatalf("Find %s: %v", p.Name, err)
	}
	if len(receipts) != 1 {
		t.Fatalf("Find gave %d answers for 1 photo", len(receipts))
	}
	return receipts[0]
}

func wantFound(t *testing.T, r Rig, p photo) connectors.Receipt {
	t.Helper()
	receipt := find(t, r, p)
	if receipt.Zero() {
		t.Errorf("Find says that %s (generation %d) is not there; it is", p.Name, p.Generation)
	}
	return receipt
}

func wantMissing(t *testing.T, r Rig, p photo) {
	t.Helper()
	if receipt := find(t, r, p); !receipt.Zero() {
		t.Errorf("Find says that %s (generation %d) is there: %+v; it is not", p.Name, p.Generation, receipt)
	}
}

// wantOnce says that a bystander sees this very content, once, whatever the
// remote has made of its name.
func wantOnce(t *testing.T, r Rig, p photo) {
	t.Helper()
	if n := copies(r, p); n != 1 {
		t.Errorf("%s (generation %d) is there %d times, want once; there is %v", p.Name, p.Generation, n, r.Files())
	}
}

func copies(r Rig, p photo) int {
	n := 0
	for _, f := range r.Files() {
		if f.SHA256 == p.Digests.SHA256 && f.Size == p.Size {
			n++
		}
	}
	return n
}

// wantNothing says that a bystander sees no file at all.
func wantNothing(t *testing.T, r Rig) {
	t.Helper()
	if files := r.Files(); len(files) != 0 {
		t.Errorf("the remote shows %v, want nothing", files)
	}
}

// wantLater says that err tells nothing but "try later".
func wantLater(t *testing.T, err error) {
	t.Helper()
	var throttled *connectors.ThrottledError
	switch {
	case err == nil:
		t.Error("no error, want one")
	case errors.Is(err, connectors.ErrRejected), errors.Is(err, connectors.ErrDenied), errors.As(err, &throttled):
		t.Errorf("got %v (%T), want an error that only means later", err, err)
	}
}

// within ends f's context once started, and fails if f then takes absurdly longer than the second that the
// contract gives it: machines under load are slow, connectors that hang hang.
func within(t *testing.T, f func(context.Context) error, started <-chan struct{}) error {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- f(ctx) }()
	select {
	case <-started:
	case err := <-done:
		t.Fatalf("ended by itself: %v", err)
	}
	cancel()
	select {
	case err := <-done:
		return err
	case <-time.After(5 * time.Second):
		t.Fatal("still going 5 s after its context ended")
		return nil
	}
}
