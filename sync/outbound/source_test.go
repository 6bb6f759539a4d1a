package outbound

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/faults"
	"github.com/studio-agent/studio-agent/connectors/memory"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

// sourceOf is the source of a file that was just accepted.
func sourceOf(t *testing.T, path string, known bool) *source {
	t.Helper()
	info, err := os.Lstat(path)
	must(t, err)
	j := ledger.Job{Folder: filepath.Dir(path), Name: filepath.Base(path), Size: info.Size(), ModTime: info.ModTime()}
	if known {
		j.Digests, err = digest(path, j.Size, j.ModTime, false)
		must(t, err)
	}
	return &source{job: j}
}

// A change is what may happen to a file, and whether its content is another then.
type change struct {
	name  string
	do    func(path string, content []byte, at time.Time) error
	other bool
}

var changes = []change{
	{"none", func(string, []byte, time.Time) error { return nil }, false},
	{"touched", func(path string, _ []byte, at time.Time) error {
		return os.Chtimes(path, at.Add(time.Hour), at.Add(time.Hour))
	}, false},
	{"shortened", func(path string, content []byte, at time.Time) error {
		return inPlace(path, content[:len(content)-1], at)
	}, true},
	{"lengthened", func(path string, content []byte, at time.Time) error {
		return inPlace(path, append(bytes.Clone(content), 0), at)
	}, true},
	{"last byte changed, time set back", func(path string, content []byte, at time.Time) error {
		content = bytes.Clone(content)
		content[len(content)-1]++
		return inPlace(path, content, at)
	}, true},
}

func inPlace(path string, content []byte, at time.Time) error {
	if err := os.WriteFile(path, content, 0o644); err != nil {
		return err
	}
	return os.Chtimes(path, at, at)
}

func TestAReaderYieldsAllOfAFileAndNeverTheWholeOfAChangedOne(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.jpg")
	rapid.Check(t, func(rt *rapid.T) {
		size := rapid.IntRange(1, 3000).Draw(rt, "size")
		content := make([]byte, size)
		rand.NewChaCha8([32]byte{byte(size)}).Read(content)
		must(t, os.WriteFile(path, content, 0o644))
		known := rapid.Bool().Draw(rt, "digest known")
		s := sourceOf(t, path, known)
		what := rapid.SampledFrom(changes).Draw(rt, "change")
		when := rapid.IntRange(0, size-1).Draw(rt, "after so many bytes")

		var got []byte
		changed := false
		f, err := s.open()
		must(t, err)
		defer f.Close()
		for err == nil {
			if !changed && len(got) >= when && len(got) < size {
				must(t, what.do(path, content, s.job.ModTime))
				changed = true
			}
			buf := make([]byte, rapid.IntRange(1, 1000).Draw(rt, "buffer"))
			var n int
			n, err = f.Read(buf)
			got = append(got, buf[:n]...)
			if s.read.Load() > int64(size) || len(got) > size {
				rt.Fatalf("%d bytes of %d handed over, %d counted", len(got), size, s.read.Load())
			}
		}
		bad := changed && (what.other || what.name == "touched" && !known)
		if what.name == "last byte changed, time set back" && !known {
			return // nothing can tell it: neither size nor time nor digest
		}
		switch {
		case bad && (!errors.Is(err, errChanged) || len(got) >= size):
			rt.Fatalf("%s: %d of %d bytes and %v, want less than all and errChanged", what.name, len(got), size, err)
		case !bad && (err != io.EOF || !bytes.Equal(got, content)):
			rt.Fatalf("%s: %d of %d bytes and %v, want all and EOF", what.name, len(got), size, err)
		}
		if again, _ := f.Read(make([]byte, 10)); again != 0 {
			rt.Fatalf("%d more bytes after the end", again)
		}
		if made := s.digests().SHA256; !bad && !known && made != sha(string(content)) || (bad || known) && made != "" {
			rt.Fatalf("digest made: %q", made)
		}
	})
}

func TestASourceCanBeOpenedAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.jpg")
	must(t, os.WriteFile(path, []byte("content"), 0o644))
	s := sourceOf(t, path, false)
	for range 2 {
		f, err := s.open()
		must(t, err)
		if got, err := io.ReadAll(f); err != nil || string(got) != "content" {
			t.Errorf("read %q, %v", got, err)
		}
		must(t, f.Close())
	}
}

func TestWhatACheckFinds(t *testing.T) {
	tests := []struct {
		name  string
		do    func(path string) error
		known error // with a digest
		blank error // without one
	}{
		{"as it was", func(string) error { return nil }, nil, nil},
		{"touched", func(p string) error { return os.Chtimes(p, time.Unix(1, 0), time.Unix(1, 0)) }, nil, errChanged},
		{"other content", func(p string) error { return inPlace(p, []byte("CONTENT"), time.Unix(1, 0)) }, errChanged, errChanged},
		{"longer", func(p string) error { return os.WriteFile(p, []byte("content and more"), 0o644) }, errChanged, errChanged},
		{"gone", os.Remove, errGone, errGone},
		{"gone with its folder", func(p string) error { return os.RemoveAll(filepath.Dir(p)) }, errGone, errGone},
		{"its folder is a file now", func(p string) error {
			must := os.RemoveAll(filepath.Dir(p))
			return errors.Join(must, os.WriteFile(filepath.Dir(p), nil, 0o644))
		}, errGone, errGone},
		{"gone with all others", func(p string) error { return os.RemoveAll(filepath.Dir(filepath.Dir(p))) }, errNoRoot, errNoRoot},
		{"a link to itself", func(p string) error {
			return errors.Join(os.Rename(p, p+".jpg"), os.Symlink(p+".jpg", p))
		}, errChanged, errChanged},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			for _, known := range []bool{true, false} {
				hot := filepath.Join(t.TempDir(), "hot")
				path := filepath.Join(hot, "day", "a.jpg")
				writeAt(t, path, "content", time.Unix(2, 0))
				writeAt(t, filepath.Join(hot, "other.jpg"), "other", time.Unix(2, 0))
				s := sourceOf(t, path, known)
				s.job.Folder, s.job.Name = hot, "day/a.jpg"
				must(t, tc.do(path))
				want := tc.blank
				if known {
					want = tc.known
				}
				if got := s.check(); !errors.Is(got, want) || want == nil && got != nil {
					t.Errorf("digest known %v: check says %v, want %v", known, got, want)
				}
				if want == nil || want == errNoRoot {
					continue
				}
				if f, got := s.open(); want != errChanged && !errors.Is(got, want) || got == nil && !known {
					t.Errorf("digest known %v: open says %v, want %v", known, got, want)
				} else if got == nil {
					if all, err := io.ReadAll(f); !errors.Is(err, want) {
						t.Errorf("read %q, %v, want %v", all, err, want)
					}
					f.Close()
				}
			}
		})
	}
}

func TestAReadErrorIsTroubleOfThisMachine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.jpg")
	must(t, os.WriteFile(path, []byte("content"), 0o644))
	f, err := sourceOf(t, path, false).open()
	must(t, err)
	must(t, f.Close())
	var local *localError
	if _, err := f.Read(make([]byte, 10)); !errors.As(err, &local) || !errors.Is(err, os.ErrClosed) {
		t.Errorf("got %v, want a localError that tells the cause", err)
	}
}

func TestAReaderTellsTheDigestOfWhatWasRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.jpg")
	must(t, os.WriteFile(path, []byte("a picture"), 0o644))
	info, err := os.Lstat(path)
	must(t, err)
	want, err := digest(path, info.Size(), info.ModTime(), false)
	must(t, err)
	for _, known := range []bool{false, true} {
		body, err := sourceOf(t, path, known).open()
		must(t, err)
		r := body.(*reader)
		if got := r.SHA256(); got != "" {
			t.Errorf("known %v: %q is told before it was read", known, got)
		}
		_, err = io.Copy(io.Discard, r)
		must(t, err)
		if got := r.SHA256(); got != want.SHA256 {
			t.Errorf("known %v: got %q, want %q", known, got, want.SHA256)
		}
		must(t, r.Close())
	}
}

// TestAFileThatLeavesWhileSomethingIsAsked: nobody is handed what is not there any
// more, though it was a moment ago.
func TestAFileThatLeavesWhileSomethingIsAsked(t *testing.T) {
	for name, test := range map[string]struct {
		ask      func(r *rig, tap *tap, leave func())
		delivers int
	}{
		"where it belongs": {func(r *rig, _ *tap, leave func()) {
			r.sender.Connector.Vet = func(context.Context, connectors.Photo) (string, error) { leave(); return "", nil }
		}, 0},
		"whether it is there": {func(r *rig, tap *tap, leave func()) {
			r.plan.Then(memory.OpDeliver, faults.Fault{Status: 500})
			tap.onFind = leave
		}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, r *rig) {
				tap := r.tap()
				test.ask(r, tap, func() { os.Remove(filepath.Join(r.hot, "a.jpg")) })
				r.drop("a.jpg", "picture")
				r.write("b.jpg", "another, so that the folder is not empty")
				r.start()
				pass(time.Minute)
				if _, delivers := tap.counts(); delivers != test.delivers {
					t.Errorf("delivered %d times, want %d", delivers, test.delivers)
				}
				if j := r.wantState("a.jpg", ledger.Superseded); !strings.Contains(j.Reason, "moved away") {
					t.Errorf("reason %q does not say that it is gone", j.Reason)
				}
			})
		})
	}
}
