package sftp

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/faults"
	"github.com/studio-agent/studio-agent/connectors/sftp/sftpsim"
	"github.com/studio-agent/studio-agent/sync/atomicfile"
)

// bigContent is over the size from which uploads go on.
func bigContent() []byte {
	content := make([]byte, large+window+12_345)
	rand.NewChaCha8([32]byte{1}).Read(content)
	return content
}

// cutAt breaks the delivery of content after n bytes.
func (w *world) cutAt(p connectors.Photo, content []byte, n int64) {
	w.t.Helper()
	w.faults.Then(sftpsim.OpUpload, faults.Fault{Cut: n})
	if _, err := w.Out.Deliver(w.t.Context(), p, reading(content), published); err == nil {
		w.t.Fatal("no error, want one")
	}
	if _, err := os.Stat(w.path("in/" + p.Name)); err == nil {
		w.t.Fatal("half a photo shows")
	}
}

func (w *world) kept(p connectors.Photo) string {
	w.t.Helper()
	text, err := w.setup.Memory.Recall("resume/" + p.ID)
	if err != nil {
		w.t.Fatal(err)
	}
	return text
}

// A counted source says how much of it was read.
type counted struct {
	io.Reader
	n int64
}

func (c *counted) Read(b []byte) (int, error) {
	n, err := c.Reader.Read(b)
	c.n += int64(n)
	return n, err
}

func (c *counted) Close() error { return nil }

func TestLargeUploadGoesOnWhereItWasAcknowledged(t *testing.T) {
	w := newWorld(t, sftpsim.Options{})
	content := bigContent()
	p := photoOf("film.mov", content)
	w.cutAt(p, content, 2*window+1_000_000)
	if got := w.kept(p); got != `{"offset":67108864,"size":100675641}` {
		t.Errorf("kept %s, want two windows", got)
	}
	// What came after the last full window may have holes.
	f, err := os.OpenFile(w.path("in/"+atomicfile.PartName(p.ID)), os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt(make([]byte, 500_000), 2*window); err != nil {
		t.Fatal(err)
	}
	f.Close()
	w.connect() // a restart
	before := w.sim.Received()
	source := &counted{Reader: bytes.NewReader(content)}
	if _, err := w.Out.Deliver(t.Context(), p, func() (io.ReadCloser, error) { return source, nil }, published); err != nil {
		t.Fatal(err)
	}
	w.wantFile("in/film.mov", content)
	if sent := w.sim.Received() - before; sent != p.Size-2*window {
		t.Errorf("%d bytes were sent on the second try, want %d", sent, p.Size-2*window)
	}
	if source.n != p.Size {
		t.Errorf("%d bytes of the source were read, want all %d, for its digest", source.n, p.Size)
	}
	if got := w.kept(p); got != "" {
		t.Errorf("kept %s after it was done", got)
	}
}

func TestUploadStartsAnewWhereItCannotGoOn(t *testing.T) {
	content := bigContent()
	p := photoOf("film.mov", content)
	part := "in/" + atomicfile.PartName(p.ID)
	for name, spoil := range map[string]func(w *world){
		"the part is gone":       func(w *world) { os.Remove(w.path(part)) },
		"the part is too short":  func(w *world) { os.Truncate(w.path(part), window-1) },
		"the part was changed":   func(w *world) { w.write(part, make([]byte, len(content))) },
		"the note is damaged":    func(w *world) { w.setup.Memory.Keep("resume/"+p.ID, "{") },
		"the note is of another": func(w *world) { w.setup.Memory.Keep("resume/"+p.ID, `{"offset":67108864,"size":100675642}`) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, sftpsim.Options{})
			w.cutAt(p, content, window+1_000_000)
			spoil(w)
			before := w.sim.Received()
			w.deliver(p, content)
			w.wantFile("in/film.mov", content)
			if sent := w.sim.Received() - before; sent != p.Size {
				t.Errorf("%d bytes were sent, want all %d", sent, p.Size)
			}
		})
	}
}

func TestPublishedPartIsNotGoneOnWith(t *testing.T) {
	w := newWorld(t, sftpsim.Options{})
	content := bigContent()
	p := photoOf("film.mov", content)
	w.cutAt(p, content, window+1_000_000)
	p.Published = true // the part may be linked to the photo that somebody took
	before := w.sim.Received()
	w.deliver(p, content)
	if sent := w.sim.Received() - before; sent != p.Size {
		t.Errorf("%d bytes were sent, want all %d", sent, p.Size)
	}
}

func TestSmallUploadLeavesNothingBehind(t *testing.T) {
	w := newWorld(t, sftpsim.Options{})
	content := []byte("picture")
	p := photoOf("0001.jpg", content)
	p.Size++
	if _, err := w.Out.Deliver(t.Context(), p, reading(content), published); err == nil {
		t.Fatal("a short source went through")
	}
	if all := w.all(); len(all) != 0 || w.kept(p) != "" {
		t.Errorf("there is %v and %q, want nothing", all, w.kept(p))
	}
}

func TestRefusedPhotoIsForgotten(t *testing.T) {
	w := newWorld(t, sftpsim.Options{})
	content := bigContent()
	p := photoOf("film.mov", content)
	w.cutAt(p, content, window+1_000_000)
	w.write("in/film.mov", []byte("theirs"))
	_, err := w.Out.Deliver(t.Context(), p, reading(content), published)
	if !errors.Is(err, connectors.ErrRejected) || w.kept(p) != "" {
		t.Errorf("got %v, and %q is kept; want a refusal and nothing", err, w.kept(p))
	}
}
