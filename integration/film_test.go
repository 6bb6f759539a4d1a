//go:build integration && linux

package integration

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
)

// A film is a large photo whose bytes are made as they are read: no two blocks
// of it are alike, so that a piece in the wrong place does not go unseen.
type film struct {
	connectors.Photo
	// after is called once when so many bytes have been read.
	after  int64
	called func()
}

func newFilm(size int64) *film {
	return &film{Photo: connectors.Photo{
		ID: "0123456789abcdef0123", Name: "film.mov", Generation: 1, Size: size, ModTime: time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC),
	}}
}

func (f *film) open() (io.ReadCloser, error) { return &filmReader{film: f}, nil }

type filmReader struct {
	film *film
	at   int64
}

func (r *filmReader) Read(p []byte) (int, error) {
	if r.at >= r.film.Size {
		return 0, io.EOF
	}
	n := int(min(int64(len(p)), r.film.Size-r.at, 1<<20))
	fill(p[:n], r.at)
	r.at += int64(n)
	if r.film.called != nil && r.at >= r.film.after {
		called := r.film.called
		r.film.called = nil
		called()
	}
	return n, nil
}

func (r *filmReader) Close() error { return nil }

// fill writes what a film holds from offset at on.
func fill(p []byte, at int64) {
	var word [8]byte
	for i := 0; i < len(p); {
		block := (at + int64(i)) / 8
		binary.LittleEndian.PutUint64(word[:], uint64(block)*0x9e3779b97f4a7c15)
		i += copy(p[i:], word[(at+int64(i))%8:])
	}
}

func (f *film) digest(t testing.TB) string {
	t.Helper()
	r, _ := f.open()
	sum := sha256.New()
	_, err := io.CopyBuffer(sum, r, make([]byte, 1<<20))
	must(t, err)
	return hex.EncodeToString(sum.Sum(nil))
}

// wantWhole says that the film lies on the server's disk, whole.
func (f *film) wantWhole(t testing.TB, s *Server) {
	t.Helper()
	file, err := os.Open(filepath.Join(s.Root, "in", f.Name))
	must(t, err)
	defer file.Close()
	sum := sha256.New()
	n, err := io.CopyBuffer(sum, struct{ io.Reader }{file}, make([]byte, 1<<20))
	must(t, err)
	if got := hex.EncodeToString(sum.Sum(nil)); n != f.Size || got != f.digest(t) {
		t.Errorf("%d bytes with digest %s lie there, want %d with %s", n, got, f.Size, f.digest(t))
	}
}

// deliver tries again and again as the engine does: after publish, Find is asked
// first. It returns how many tries it took.
func (f *film) deliver(t testing.TB, c connectors.Connector) (tries int) {
	t.Helper()
	last := ""
	for end := time.Now().Add(3 * time.Minute); time.Now().Before(end); time.Sleep(time.Second) {
		if f.Published {
			found, err := c.Out.Find(t.Context(), []connectors.Photo{f.Photo})
			if err != nil {
				t.Logf("asked: %v", err)
				continue
			}
			if !found[0].Zero() {
				return tries
			}
		}
		tries++
		_, err := c.Out.Deliver(t.Context(), f.Photo, f.open, func() error { f.Published = true; return nil })
		if err == nil {
			return tries
		}
		if shape := kindOfError(err); shape != last {
			t.Logf("try %d: %v", tries, err)
			last = shape
		}
		if errors.Is(err, connectors.ErrRejected) || errors.Is(err, connectors.ErrDenied) {
			t.Fatalf("given up for good: %v", err)
		}
	}
	t.Fatal("never delivered")
	return tries
}

// kindOfError is an error without its numbers, so that each is told once.
func kindOfError(err error) string {
	return regexp.MustCompile(`[0-9]+`).ReplaceAllString(err.Error(), "")
}

// A server is killed in the middle of a large upload, stays away for ten
// seconds, and the upload goes on where it was.
func TestALargeUploadGoesOnAfterTheServerWasKilled(t *testing.T) {
	for _, v := range everyServer() {
		size := int64(160 << 20)
		if v.name == "openssh" || v.name == "vsftpd explicit TLS" {
			size = 4 << 30
		}
		t.Run(v.name, func(t *testing.T) { resumed(t, v, size) })
	}
}

func resumed(t *testing.T, v variant, size int64) {
	s := Start(t, v.kind, v.opt)
	proxy := behind(t, s, 0)
	c := account(t, s, proxy.Addr, &connectors.ShortMemory{}, "")
	f := newFilm(size)
	back := make(chan error, 1)
	f.after = size / 4 * 3
	f.called = func() {
		s.Kill()
		go func() {
			time.Sleep(10 * time.Second)
			back <- s.Restart()
		}()
	}
	tries := f.deliver(t, c)
	must(t, <-back)
	f.wantWhole(t, s)
	sent := proxy.ToServer()
	t.Logf("%d MiB in %d tries: %d MiB went over the line", size>>20, tries, sent>>20)
	if tries < 2 {
		t.Error("the server was killed, and nobody noticed")
	}
	if most := size + size/4; sent > most {
		t.Errorf("%d bytes were sent for a film of %d: it began anew", sent, size)
	}
}

// A disk that is full is waited for, and said.
func TestAFullServerIsWaitedFor(t *testing.T) {
	for _, v := range everyServer() {
		v.opt.DiskSize = 160 << 20
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			s := Start(t, v.kind, v.opt)
			c := account(t, s, s.Addr, &connectors.ShortMemory{}, "")
			f := newFilm(32 << 20)
			ballast := filepath.Join(s.Root, "ballast")
			must(t, os.WriteFile(ballast, make([]byte, 140<<20), 0o600))
			_, err := c.Out.Deliver(t.Context(), f.Photo, f.open, func() error { f.Published = true; return nil })
			if err == nil || errors.Is(err, connectors.ErrRejected) || errors.Is(err, connectors.ErrDenied) {
				t.Fatalf("on a full disk: %v, want an error that means later", err)
			}
			t.Logf("a full disk reads: %v", err)
			if f.Published {
				t.Error("it was published without being there")
			}
			must(t, os.Remove(ballast))
			f.deliver(t, c)
			f.wantWhole(t, s)
		})
	}
}

// The way is long: 10 ms each way.
func TestALongWay(t *testing.T) {
	for _, v := range everyServer() {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			s := Start(t, v.kind, v.opt)
			c := account(t, s, far(t, s, 10*time.Millisecond), &connectors.ShortMemory{}, "")
			f := newFilm(32 << 20)
			if tries := f.deliver(t, c); tries != 1 {
				t.Errorf("it took %d tries", tries)
			}
			f.wantWhole(t, s)
		})
	}
}
