package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/studio-agent/studio-agent/sync/ledger"
)

// TestKilledAtAnyMomentEachReturnLandsOnce kills the real binary at random
// moments, half of them just as something is about to land, while a vendor takes
// selects away and gives back retouches, slowly, torn at first, in two versions;
// and while an importer takes away at once what lands for one of two benches.
// Afterwards each version has landed once, whole, and each select left once.
func TestKilledAtAnyMomentEachReturnLandsOnce(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d, %d kills", seed, *kills)
	in := install(t, "")
	r := newRound(t, in, seed)
	yaml := `
name: crash
log: {level: debug}
page: off
accounts:
  nas: {type: folder, put: there/in, get: there/out, layout: bench, poll: 1s, recheck: 100ms}
benches:
  - name: taken
    selects: {folder: selects/taken, to: [nas], settle: 50ms, rescan: 1s, window: 1s}
    imports: {folder: back/taken, from: [nas]}
  - name: left
    selects: {folder: selects/left, to: [nas], settle: 50ms, rescan: 1s, window: 1s}
    imports: {folder: back/left, from: [nas]}
`
	if err := os.WriteFile(in.config, []byte(yaml), 0o600); err != nil {
		t.Fatal(err)
	}
	stop := r.play()
	for range *kills {
		agent := in.start()
		r.choose()
		r.moment()
		agent.Process.Kill()
		agent.Wait()
	}
	r.choose()
	in.start()
	until(t, 4*time.Minute, "each return lands and the tasks are done", func() bool { return r.over() && in.idle() })
	time.Sleep(time.Second) // for what should not happen any more
	stop()
	r.verify()
	if !t.Failed() {
		t.Logf("%d kills: %d selects sent, %d returns in %d versions, %d landed, 0 lost, 0 twice, 0 torn",
			*kills, len(r.chosen), len(r.versions), len(r.returned), len(r.returned))
	}
}

// A round is everybody but the agent: a studio that chooses selects, a vendor
// that retouches them, and an importer. Files go by BENCH/NAME.
type round struct {
	t    *testing.T
	in   *installation
	rnd  *rand.Rand // the studio's
	hand *rand.Rand // the vendor's

	mu       sync.Mutex
	chosen   map[string]string      // digest of each select
	picked   map[string]int         // how often the vendor got it, by name and digest
	kept     map[string]fs.FileInfo // what the vendor left lying, as it first saw it
	returned map[string]string      // name of each version, by name and digest
	versions map[string][]string    // digests of a name, in order
	imported map[string]int         // by the importer, by name and digest
	deeds    []deed                 // of the vendor, in the future
}

// A deed is something that the vendor does later.
type deed struct {
	at time.Time
	do func()
}

func newRound(t *testing.T, in *installation, seed uint64) *round {
	for _, name := range []string{"selects/taken", "selects/left", "there/in", "there/out", "back/taken", "back/left"} {
		in.folder(name)
	}
	return &round{
		t: t, in: in, rnd: rand.New(rand.NewPCG(seed, 2)), hand: rand.New(rand.NewPCG(seed, 3)),
		chosen: map[string]string{}, picked: map[string]int{}, kept: map[string]fs.FileInfo{},
		returned: map[string]string{}, versions: map[string][]string{}, imported: map[string]int{},
	}
}

func (r *round) path(parts ...string) string {
	return filepath.Join(append([]string{r.in.dir}, parts...)...)
}

// choose drops some photos into both selects folders, under equal names.
func (r *round) choose() {
	for range 1 + r.rnd.IntN(3) {
		for _, bench := range []string{"taken", "left"} {
			r.mu.Lock()
			name := fmt.Sprintf("%s/IMG_%04d.jpg", bench, len(r.chosen)/2)
			if len(r.chosen)/2%2 == 1 {
				name = fmt.Sprintf("%s/look1/IMG_%04d.jpg", bench, len(r.chosen)/2)
			}
			content := paint(r.rnd, 80+r.rnd.IntN(80))
			r.chosen[name] = sumOf(content)
			r.mu.Unlock()
			r.write(r.path("selects", name), content)
		}
	}
}

func (r *round) write(path string, content []byte) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		r.t.Error(err)
	}
	if err := os.WriteFile(path, content, 0o644); err != nil {
		r.t.Error(err)
	}
}

func sumOf(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// moment waits for a random one; every other time for one in which a file is on
// its way into an import folder.
func (r *round) moment() {
	if r.rnd.IntN(2) == 0 {
		time.Sleep(time.Duration(r.rnd.IntN(5000)) * time.Millisecond)
		return
	}
	for end := time.Now().Add(8 * time.Second); time.Now().Before(end) && len(r.parts()) == 0; {
		time.Sleep(time.Millisecond)
	}
	time.Sleep(time.Duration(r.rnd.IntN(20)) * time.Millisecond)
}

// parts are the temporary files of the agent in the import folders.
func (r *round) parts() (all []string) {
	for _, pattern := range []string{"back/*/.*", "back/*/*/.*"} {
		found, _ := filepath.Glob(r.path(pattern)) // only a bad pattern is an error
		all = append(all, found...)
	}
	return all
}

// play lets vendor and importer work until stop is called.
func (r *round) play() (stop func()) {
	done := make(chan struct{})
	var working sync.WaitGroup
	every := func(pause time.Duration, do func()) {
		working.Go(func() {
			for {
				do()
				select {
				case <-done:
					return
				case <-time.After(pause):
				}
			}
		})
	}
	every(20*time.Millisecond, r.retouch)
	every(3*time.Millisecond, func() { r.take(r.path("back", "taken")) })
	return func() { close(done); working.Wait() }
}

// take is the importer: what has landed is written down and gone at once.
func (r *round) take(folder string) {
	r.files(folder, func(name string, _ fs.FileInfo) {
		path := filepath.Join(folder, name)
		content, err := os.ReadFile(path)
		if err == nil {
			err = os.Remove(path)
		}
		if err != nil {
			r.t.Errorf("the importer cannot take what has landed: %v", err)
			return
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		r.imported["taken/"+filepath.ToSlash(name)+" "+sumOf(content)]++
	})
}

// files visits what lies in a folder under a final name.
func (r *round) files(folder string, visit func(name string, info fs.FileInfo)) {
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || d.IsDir() || strings.HasPrefix(d.Name(), ".") {
			return err
		}
		name, err := filepath.Rel(folder, path)
		info, infoErr := d.Info()
		if err == nil && infoErr == nil {
			visit(name, info)
		}
		return err
	})
	if err != nil {
		r.t.Error(err)
	}
}

// over reports whether all that was returned has landed, and the agent knows.
func (r *round) over() bool {
	if !r.allLanded() {
		return false
	}
	l, err := ledger.OpenForPeople(context.Background(), ledger.Options{Path: r.path("state", "ledger.db")})
	if err != nil {
		return false
	}
	defer l.Close()
	open, err := l.Tasks(context.Background(), "", false)
	return err == nil && len(open) == 0
}

func (r *round) allLanded() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.versions) < len(r.chosen) || len(r.deeds) > 0 {
		return false
	}
	for name, all := range r.versions {
		if !r.landed(name, all[len(all)-1]) {
			return false
		}
	}
	return true
}

// landed reports whether a version has landed; r.mu is held.
func (r *round) landed(name, sum string) bool {
	if strings.HasPrefix(name, "taken/") {
		return r.imported[name+" "+sum] > 0
	}
	content, err := os.ReadFile(r.path("back", name))
	return err == nil && sumOf(content) == sum
}

// verify says what was lost, sent or dropped twice, or torn.
func (r *round) verify() {
	r.t.Helper()
	for name, sum := range r.chosen {
		if n := r.picked[name+" "+sum]; n != 1 {
			r.t.Errorf("the vendor got %s %d times, want once", name, n)
		}
		delete(r.picked, name+" "+sum)
	}
	for what := range r.picked {
		r.t.Errorf("the vendor got %s, which nobody chose", what)
	}
	for what, first := range r.kept {
		if now, err := os.Lstat(r.path("there", "in", what)); err != nil || !os.SameFile(first, now) || !first.ModTime().Equal(now.ModTime()) {
			r.t.Errorf("%s was sent again over what the vendor had (%v)", what, err)
		}
	}
	landed := r.imported
	for name, sum := range r.left() {
		landed[name] += sum
	}
	for what := range r.returned {
		if n := landed[what]; n != 1 {
			r.t.Errorf("%s landed %d times, want once", what, n)
		}
		delete(landed, what)
	}
	for what := range landed {
		r.t.Errorf("torn: %s landed, which nobody returned", what)
	}
	if parts := r.parts(); len(parts) > 0 {
		r.t.Errorf("temporary files were left in the import folders: %v", parts)
	}
}

// left counts what landed for the bench that nobody imports from, with what was
// replaced there: an older version lies there whole, the newest under its name.
func (r *round) left() map[string]int {
	all := map[string]int{}
	r.files(r.path("back", "left"), func(name string, _ fs.FileInfo) {
		name = "left/" + filepath.ToSlash(name)
		content, err := os.ReadFile(r.path("back", name))
		if err != nil {
			r.t.Error(err)
		}
		versions := r.versions[name]
		if len(versions) == 0 || sumOf(content) != versions[len(versions)-1] {
			r.t.Errorf("%s is not the newest of %d versions", name, len(versions))
		}
		all[name+" "+sumOf(content)]++
	})
	r.files(r.path("back", "left.replaced"), func(name string, _ fs.FileInfo) {
		content, err := os.ReadFile(r.path("back", "left.replaced", name))
		if err != nil {
			r.t.Error(err)
		}
		stem, _, aside := strings.Cut(filepath.ToSlash(name), ".replaced-")
		what := "left/" + stem + ".jpg"
		if versions := r.versions[what]; !aside || len(versions) < 2 || slices.Index(versions[:len(versions)-1], sumOf(content)) < 0 {
			r.t.Errorf("%s is not an older version of %s", name, what)
		}
		all[what+" "+sumOf(content)]++
	})
	return all
}
