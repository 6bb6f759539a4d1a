package ftp

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/faults"
	"github.com/studio-agent/studio-agent/connectors/ftp/ftpsim"
	"github.com/studio-agent/studio-agent/sync/atomicfile"
)

const large = resumable + 5<<20

// largePhoto is resumed when it breaks.
func largePhoto() (connectors.Photo, func() (io.ReadCloser, error)) {
	content := bytes.Repeat([]byte("a film of many frames, "), large/23+1)[:large]
	p, _ := photo("film.mov", "")
	sum := sha256.Sum256(content)
	p.Size, p.Digests.SHA256 = large, hex.EncodeToString(sum[:])
	return p, func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil }
}

func TestALargeUploadGoesOnWhereItBroke(t *testing.T) {
	const cut = 50 << 20
	for _, c := range []struct {
		name   string
		opt    simOptions
		spoil  func(part string)
		forget bool
		most   int64 // bytes of the second try
	}{
		{"plain", simOptions{}, nil, false, large - cut + 1<<20},
		{"TLS", simOptions{TLS: ftpsim.Explicit, RequireReuse: true}, nil, false, large - cut + 1<<20},
		{"no REST", simOptions{NoRest: true}, nil, false, large},
		{"other content", simOptions{}, func(part string) {
			f, err := os.OpenFile(part, os.O_WRONLY, 0)
			if err == nil {
				info, _ := f.Stat()
				f.WriteAt([]byte("X"), info.Size()-1)
				f.Close()
			}
		}, false, large},
		{"nobody remembers that it began", simOptions{}, nil, true, large},
	} {
		t.Run(c.name, func(t *testing.T) {
			plan := faults.NewPlan(1)
			c.opt.Faults = plan
			r := serve(t, c.opt)
			memory := new(connectors.ShortMemory)
			connector := r.connect(t, options{Put: "in"}, connectors.Setup{Memory: memory})
			p, open := largePhoto()
			plan.Then(ftpsim.OpStore, faults.Fault{Cut: cut})
			if _, err := connector.Out.Deliver(t.Context(), p, open, nothing); meaning(err) != later {
				t.Fatalf("got %v", err)
			}
			part := filepath.Join(r.dir, "in", atomicfile.PartName(id))
			if c.spoil != nil {
				c.spoil(part)
			}
			if c.forget {
				memory.Keep(resumeKey+id, "")
			}
			first := r.Received()
			if _, err := connector.Out.Deliver(t.Context(), p, open, nothing); err != nil {
				t.Fatal(err)
			}
			if n := r.Received() - first; n > c.most || c.most == large && n != large {
				t.Errorf("the second try sent %d bytes, want %d at most", n, c.most)
			}
			if found := ask(t, connector, p); found.Zero() {
				t.Error("it is not found")
			}
			got, err := os.ReadFile(filepath.Join(r.dir, "in", "film.mov"))
			if sum := sha256.Sum256(got); err != nil || hex.EncodeToString(sum[:]) != p.Digests.SHA256 {
				t.Errorf("%d bytes arrived, %v, and they are not the film", len(got), err)
			}
			if left := kept(t, memory, resumeKey+id); left != "" {
				t.Errorf("%q is still remembered", left)
			}
		})
	}
}

// A server that cannot be asked at the moment has not lost anything.
func TestALargeUploadWaitsUntilItCanBeComparedWithWhatIsThere(t *testing.T) {
	plan := faults.NewPlan(1)
	r := serve(t, simOptions{Faults: plan})
	c := r.connect(t, options{Put: "in"}, connectors.Setup{})
	p, open := largePhoto()
	plan.Then(ftpsim.OpStore, faults.Fault{Cut: 50 << 20})
	plan.Then(ftpsim.OpRetr, faults.Fault{Status: 450})
	for range 2 {
		if _, err := c.Out.Deliver(t.Context(), p, open, nothing); meaning(err) != later {
			t.Fatalf("got %v", err)
		}
	}
	first := r.Received()
	if _, err := c.Out.Deliver(t.Context(), p, open, nothing); err != nil {
		t.Fatal(err)
	}
	if n := r.Received() - first; first > 51<<20 || n > 21<<20 {
		t.Errorf("%d bytes were sent at first and %d then, of %d", first, n, int64(large))
	}
}

func TestAFilmThatChangesBetweenTriesIsNotPutTogether(t *testing.T) {
	plan := faults.NewPlan(1)
	r := serve(t, simOptions{Faults: plan})
	c := r.connect(t, options{Put: "in"}, connectors.Setup{})
	p, open := largePhoto()
	plan.Then(ftpsim.OpStore, faults.Fault{Cut: 50 << 20})
	if _, err := c.Out.Deliver(t.Context(), p, open, nothing); meaning(err) != later {
		t.Fatal(err)
	}
	changed := func() (io.ReadCloser, error) {
		body, err := open()
		return io.NopCloser(io.MultiReader(strings.NewReader("B"), io.LimitReader(skip(body, 1), large-1))), err
	}
	_, err := c.Out.Deliver(t.Context(), p, changed, nothing)
	if meaning(err) != later || !strings.Contains(err.Error(), "not what it was when it was seen") {
		t.Errorf("got %v", err)
	}
	if list, err := os.ReadDir(filepath.Join(r.dir, "in")); err != nil || len(list) != 0 {
		t.Errorf("there is %v, %v", list, err)
	}
}

func skip(r io.Reader, n int64) io.Reader {
	io.CopyN(io.Discard, r, n)
	return r
}

// A digested body says what it has read.
type digested struct {
	io.ReadCloser
	sum string
}

func (d digested) SHA256() string { return d.sum }

func TestABodyThatDigestsIsNotDigestedOnceMore(t *testing.T) {
	for _, c := range []struct{ known, told, want string }{
		{known: "", told: "its own", want: "its own"},
		{known: "its own", told: "its own", want: "its own"},
		{known: "another", told: "its own", want: ""},
	} {
		r := serve(t, simOptions{})
		p, open := photo("a.jpg", "a picture")
		p.Digests.SHA256 = c.known
		own := func() (io.ReadCloser, error) {
			body, err := open()
			return digested{body, c.told}, err
		}
		receipt, err := r.connect(t, options{Put: "in"}, connectors.Setup{}).Out.Deliver(t.Context(), p, own, nothing)
		if got := err == nil && strings.Contains(receipt.ID, c.want); got != (c.want != "") {
			t.Errorf("known as %q, read as %q: %+v, %v", c.known, c.told, receipt, err)
		}
	}
}
