package watch

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/studio-agent/studio-agent/watch/picture"
)

// A rig is a Folder with a small ledger behind it. In its world a picture is
// whole if it ends with "END"; names ending in .bin do not tell.
type rig struct {
	*Folder
	t      *testing.T
	hints  bool // writers tell about their changes, as events would
	began  time.Time
	cancel context.CancelFunc
	ended  chan error

	mu      sync.Mutex
	ledger  map[string]map[string]Stamp
	open    map[string]bool // for writing
	emitted []emission
	asked   []string            // folders that Known was asked about
	answer  func(f File) error  // nil: accept
	blocked map[string]struct{} // folders that cannot be read
}

type emission struct {
	name, content string
	after         time.Duration
}

// newRig makes a rig on a fresh folder. Nothing runs yet.
func newRig(t *testing.T) *rig {
	r := &rig{
		t: t, hints: true, ledger: map[string]map[string]Stamp{}, open: map[string]bool{},
		blocked: map[string]struct{}{}, began: time.Now(), ended: make(chan error, 1),
	}
	local := false
	root := filepath.Join(t.TempDir(), "captures")
	r.Folder = &Folder{Root: root, Hints: NewHints(""), Known: r.known, Network: &local, Look: look, Busy: r.busy}
	r.must(os.Mkdir(root, 0o755))
	return r
}

func look(path string) (picture.Verdict, string, error) {
	b, err := os.ReadFile(path)
	switch {
	case err != nil:
		return picture.Unknown, "the file cannot be opened", err
	case strings.HasSuffix(path, ".bin"):
		return picture.Unknown, "the format does not tell", nil
	case bytes.HasSuffix(b, []byte("END")):
		return picture.Whole, "", nil
	}
	return picture.Torn, "the picture ends in the middle", nil
}

func (r *rig) busy(path string) (bool, bool, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.open[path], true, nil
}

func (r *rig) known(_ context.Context, dir string) (map[string]Stamp, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked = append(r.asked, dir)
	known := map[string]Stamp{}
	for name, s := range r.ledger[dir] {
		known[name] = s
	}
	return known, nil
}

func (r *rig) emit(ctx context.Context, files []File) []error {
	errs := make([]error, len(files))
	for i, f := range files {
		errs[i] = r.emitOne(ctx, f)
	}
	return errs
}

func (r *rig) emitOne(_ context.Context, f File) error {
	b, err := os.ReadFile(f.Path)
	if err != nil {
		r.t.Errorf("emitted %q: %v", f.Name, err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.answer != nil {
		if err := r.answer(f); err != nil {
			return err
		}
	}
	if !bytes.HasSuffix(b, []byte("END")) || int64(len(b)) != f.Size || r.open[f.Path] {
		r.t.Errorf("emitted %q too early: %d bytes of %d, open %v", f.Name, len(b), f.Size, r.open[f.Path])
	}
	r.emitted = append(r.emitted, emission{f.Name, string(b), time.Since(r.began)})
	dir := path.Dir(f.Name)
	if r.ledger[dir] == nil {
		r.ledger[dir] = map[string]Stamp{}
	}
	r.ledger[dir][path.Base(f.Name)] = f.Stamp
	return nil
}

// start runs the folder until the test ends or stop is called.
func (r *rig) start() {
	ctx, cancel := context.WithCancel(r.t.Context())
	r.cancel = cancel
	go func() { r.ended <- r.Run(ctx, r.emit) }()
	r.t.Cleanup(r.stop)
}

func (r *rig) stop() {
	if r.cancel == nil {
		return
	}
	r.cancel()
	r.cancel = nil
	if err := <-r.ended; !errors.Is(err, context.Canceled) {
		r.t.Errorf("Run returned %v, want context.Canceled", err)
	}
}

// pass lets fake time go by, and the folder come to rest.
func (r *rig) pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func (r *rig) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) at(name string) string { return filepath.Join(r.Root, filepath.FromSlash(name)) }

func (r *rig) hint(name string) {
	if r.hints {
		r.Hints.Look(path.Dir(name))
	}
}

// write puts content into name in one go, dated by the fake clock: the real one
// stands still in a bubble.
func (r *rig) write(name, content string) {
	r.t.Helper()
	r.must(os.MkdirAll(filepath.Dir(r.at(name)), 0o755))
	r.must(os.WriteFile(r.at(name), []byte(content), 0o644))
	r.must(os.Chtimes(r.at(name), time.Time{}, time.Now()))
	r.hint(name)
}

func (r *rig) setOpen(name string, open bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.open[r.at(name)] = open
}

func (r *rig) setAnswer(answer func(File) error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answer = answer
}

// askedSince returns what Known was asked about since the last call.
func (r *rig) askedSince() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	asked := r.asked
	r.asked = nil
	return asked
}

func (r *rig) names() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var names []string
	for _, e := range r.emitted {
		names = append(names, e.name)
	}
	return names
}

func (r *rig) want(names ...string) {
	r.t.Helper()
	got := r.names()
	slices.Sort(got)
	slices.Sort(names)
	if !slices.Equal(got, names) {
		r.t.Errorf("emitted %q, want %q\nstatus %+v", got, names, r.Status())
	}
}

// waits checks the only file that waits.
func (r *rig) waits(name, reason string, held bool) {
	r.t.Helper()
	s := r.Status()
	if len(s.Waiting) != 1 || s.Waits != 1 || s.Waiting[0].Name != name ||
		!strings.Contains(s.Waiting[0].Reason, reason) || s.Waiting[0].Held != held || (s.Held == 1) != held {
		r.t.Errorf("waiting %+v, want %q because %q, held %v", s.Waiting, name, reason, held)
	}
}
