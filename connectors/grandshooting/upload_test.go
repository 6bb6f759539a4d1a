package grandshooting

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/faults"
	"github.com/studio-agent/studio-agent/connectors/grandshooting/grandshootingsim"
)

// bodyOf sends p through a transport that only looks.
func bodyOf(t *testing.T, p connectors.Photo, data io.Reader) (parts []string, length int64) {
	t.Helper()
	s := setupOf(goodAccount, map[string]string{"packshot": "production: 1"})
	s.Rate = quick
	s.HTTP = &http.Client{Transport: look(func(r *http.Request) string {
		if r.Method == http.MethodGet {
			return productionsExample
		}
		if r.URL.Path != "/v2/production/1/bench/1/upload" || r.Header.Get("Authorization") != "Bearer "+secret {
			t.Errorf("%s %s with %q", r.Method, r.URL, r.Header.Get("Authorization"))
		}
		counted := &counter{r: r.Body}
		_, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
		if err != nil {
			t.Error(err)
		}
		form := multipart.NewReader(counted, params["boundary"])
		for {
			part, err := form.NextRawPart()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Error(err)
				break
			}
			head, err := io.ReadAll(io.LimitReader(part, 100))
			if err != nil {
				t.Error(err)
			}
			parts = append(parts, fmt.Sprintf("%s %s = %s", part.FormName(), part.FileName(), head))
			io.Copy(io.Discard, part)
		}
		io.Copy(io.Discard, counted)
		if length = r.ContentLength; counted.n != length {
			t.Errorf("%d bytes came, %d were promised", counted.n, length)
		}
		return ""
	})}
	a, err := newAccount(s)
	if err != nil {
		t.Fatal(err)
	}
	r, err := a.Deliver(t.Context(), p, func() (io.ReadCloser, error) { return io.NopCloser(data), nil }, published)
	if err != nil || r.Verified || r.ID != "" || r.Size != p.Size || r.Name != p.Name {
		t.Errorf("Deliver %s: %+v, %v", p.Name, r, err)
	}
	return parts, length
}

type look func(*http.Request) string

func (l look) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(l(r)))}, nil
}

type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

func TestWhatIsSent(t *testing.T) {
	for name, want := range map[string][]string{
		"a.jpg":                     {"wait  = true", "path  = /", "file a.jpg = photo"},
		"monday/shoes/a b.jpg":      {"wait  = true", "path  = /monday/shoes", "file a b.jpg = photo"},
		`x/quote".jpg`:              {"wait  = true", "path  = /x", `file quote".jpg = photo`},
		"a:b*?.jpg":                 {"wait  = true", "path  = /", "file a:b*?.jpg = photo"},
		"été/日本語 📷.jpg":             {"wait  = true", "path  = /été", "file 日本語 📷.jpg = photo"},
		strings.Repeat("n", 255):    {"wait  = true", "path  = /", "file " + strings.Repeat("n", 255) + " = photo"},
		"..dots/...jpg":             {"wait  = true", "path  = /..dots", "file ...jpg = photo"},
		"semi;colon=\u2028'%0A.jpg": {"wait  = true", "path  = /", "file semi;colon=\u2028'%0A.jpg = photo"},
	} {
		got, _ := bodyOf(t, photo(name, []byte("photo")), strings.NewReader("photo"))
		if !slices.Equal(got, want) {
			t.Errorf("%s: sent %q, want %q", name, got, want)
		}
	}
}

func TestLargeFilesAreNotWaitedFor(t *testing.T) {
	for size, want := range map[int64]string{waitUpTo: "wait  = true", waitUpTo + 1: "wait  = false"} {
		p := photo("video.mov", nil)
		p.Size = size
		got, length := bodyOf(t, p, io.LimitReader(zeros{}, size))
		if got[0] != want || length < size || length > size+1000 {
			t.Errorf("%d bytes: %q in %d bytes, want %q", size, got[0], length, want)
		}
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

func TestAGibibyteNeedsNoMemory(t *testing.T) {
	const size = 1 << 30
	w := newWorld(t, how{})
	p := photo("video.mov", nil)
	p.Size = size
	var peak uint64
	watched := &sampler{r: io.LimitReader(zeros{}, size), peak: &peak}
	runtime.GC()
	var before runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := w.Deliver(t.Context(), p, func() (io.ReadCloser, error) { return watched, nil }, published); err != nil {
		t.Fatal(err)
	}
	if grown := int64(peak) - int64(before.HeapAlloc); grown > 16<<20 {
		t.Errorf("the heap grew by %d MiB, want at most 16", grown>>20)
	}
	if pics := w.sim.Pictures(); len(pics) != 1 || pics[0].Size != size {
		t.Errorf("the platform has %+v", pics)
	}
}

// sampler looks at the heap from time to time.
type sampler struct {
	r     io.Reader
	reads int
	peak  *uint64
}

func (s *sampler) Read(p []byte) (int, error) {
	if s.reads++; s.reads%1000 == 0 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		*s.peak = max(*s.peak, m.HeapAlloc)
	}
	return s.r.Read(p)
}

func (s *sampler) Close() error { return nil }

func TestNamesThatCannotTravel(t *testing.T) {
	w := newWorld(t, how{})
	for _, name := range []string{"", ".", "..", "/a", "a/", "a//b", "../a", "a/../b", "a\nb", "a\r\nb", "a\x00b", "\xff.jpg", `a\b`, "__TRASH/a.jpg", "x/__TRASHED/a.jpg"} {
		_, err := w.Deliver(t.Context(), photo(name, nil), nil, nil)
		if !errors.Is(err, connectors.ErrRejected) || !strings.Contains(err.Error(), "rename the file") {
			t.Errorf("%q: got %v, want a refusal", name, err)
		}
		if _, err := w.vet(t.Context(), photo(name, nil)); !errors.Is(err, connectors.ErrRejected) {
			t.Errorf("Vet %q: got %v, want a refusal", name, err)
		}
	}
	if n := w.sim.Requests(""); n != 0 {
		t.Errorf("%d requests for names that are refused", n)
	}
	_, err := w.Deliver(t.Context(), connectors.Photo{Name: "a.jpg"}, nil, nil)
	if !errors.Is(err, connectors.ErrRejected) {
		t.Errorf("a photo without a bench: %v", err)
	}
}

// The source is not the photo any more: nothing may be stored, and its own
// error must come back.
func TestATornSourceIsNotStored(t *testing.T) {
	gone := errors.New("replaced while it was read")
	content := bytes.Repeat([]byte("x"), 100_000)
	for name, src := range map[string]io.Reader{
		"short":            bytes.NewReader(content[:50_000]),
		"empty":            bytes.NewReader(nil),
		"one byte short":   bytes.NewReader(content[:99_999]),
		"one byte long":    bytes.NewReader(append(slices.Clone(content), 'x')),
		"fails at start":   &failing{gone},
		"fails midway":     io.MultiReader(bytes.NewReader(content[:50_000]), &failing{gone}),
		"fails at the end": io.MultiReader(bytes.NewReader(content), &failing{gone}),
	} {
		w := newWorld(t, how{})
		_, err := w.Deliver(t.Context(), photo("a.jpg", content), func() (io.ReadCloser, error) { return io.NopCloser(src), nil }, published)
		if err == nil || errors.Is(err, connectors.ErrRejected) {
			t.Errorf("%s: got %v, want an error that means later", name, err)
		}
		if strings.HasPrefix(name, "fails") && !errors.Is(err, gone) {
			t.Errorf("%s: got %v, want the source's own error", name, err)
		}
		if len(w.sim.Stored()) != 0 {
			t.Errorf("%s: stored %v", name, w.sim.Stored())
		}
	}
}

type failing struct{ err error }

func (f *failing) Read([]byte) (int, error) { return 0, f.err }

func TestOpenFailsBeforePublish(t *testing.T) {
	w := newWorld(t, how{})
	locked := errors.New("sharing violation")
	_, err := w.Deliver(t.Context(), photo("a.jpg", nil),
		func() (io.ReadCloser, error) { return nil, locked },
		func() error { t.Error("published"); return nil })
	if !errors.Is(err, locked) || w.sim.Requests("upload") != 0 {
		t.Errorf("got %v after %d uploads, want the source's error and no upload", err, w.sim.Requests("upload"))
	}
}

// Whatever becomes of the reply, Find says what is there, and a second try
// makes no second picture.
func TestUnknownOutcomes(t *testing.T) {
	content := bytes.Repeat([]byte("y"), 300_000)
	tests := map[string]struct {
		fault  faults.Fault
		stored bool
	}{
		"reply lost":            {faults.Fault{LoseReply: true}, true},
		"500 after storing":     {faults.Fault{FailAfter: 500}, true},
		"cut before the body":   {faults.Fault{Cut: -1}, false},
		"cut in the body":       {faults.Fault{Cut: 150_000}, false},
		"cut in the last bytes": {faults.Fault{Cut: 300_300}, false},
		"500 instead":           {faults.Fault{Status: 500}, false},
		"503 instead":           {faults.Fault{Status: 503}, false},
	}
	for name, tt := range tests {
		for _, opaque := range []bool{false, true} {
			w := newWorld(t, how{Options: grandshootingsim.Options{OpaqueHash: opaque}})
			w.faults.Then("upload", tt.fault)
			p := photo("shoes/a_1.jpg", content)
			_, err := w.deliver(t.Context(), p, content)
			if err == nil || errors.Is(err, connectors.ErrRejected) || errors.Is(err, connectors.ErrDenied) {
				t.Errorf("%s: got %v, want an error that means later", name, err)
			}
			p.Published = true
			if found := w.find(p); found.Zero() == tt.stored || (tt.stored && !found.Verified) {
				t.Errorf("%s, opaque %v: Find says %+v, stored is %v", name, opaque, found, tt.stored)
			}
			if tt.stored {
				continue
			}
			if _, err := w.deliver(t.Context(), p, content); err != nil {
				t.Errorf("%s: the second try: %v", name, err)
			}
			if w.find(p).Zero() || len(w.sim.Pictures()) != 1 || len(w.sim.Duplicates()) != 0 {
				t.Errorf("%s: there is %v, duplicates %v", name, w.sim.Pictures(), w.sim.Duplicates())
			}
		}
	}
}

func TestUploadsEndWithTheirContext(t *testing.T) {
	w := newWorld(t, how{})
	w.faults.Then("upload", faults.Fault{Delay: time.Hour})
	ctx, cancel := context.WithCancel(t.Context())
	p := photo("a.jpg", []byte("a"))
	_, err := w.Deliver(ctx, p, opener([]byte("a")), func() error { cancel(); return nil })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the context's error", err)
	}
}

func TestAFailureInsideASuccess(t *testing.T) {
	s := setupOf(goodAccount, map[string]string{"packshot": "production: 1"})
	s.Rate = quick
	s.HTTP = &http.Client{Transport: look(func(r *http.Request) string {
		if r.Method == http.MethodGet {
			return productionsExample
		}
		io.Copy(io.Discard, r.Body)
		return `[{"status":"ERROR"}]`
	})}
	a, err := newAccount(s)
	if err != nil {
		t.Fatal(err)
	}
	if r, err := a.Deliver(t.Context(), photo("a.jpg", []byte("a")), opener([]byte("a")), published); err == nil || errors.Is(err, connectors.ErrRejected) || !r.Zero() {
		t.Errorf("got %+v, %v; want an error that means later", r, err)
	}
}
