package main

import (
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/studio-agent/studio-agent/connectors/faults"
	"github.com/studio-agent/studio-agent/connectors/grandshooting/grandshootingsim"
)

var kills = flag.Int("kills", 5, "how often the crash test kills the agent")

// TestKilledAtAnyMomentEachPhotoArrivesOnce kills the real binary at random
// moments while pictures are written, rewritten and renamed, some through lost
// replies and cut connections. Afterwards each content is at the platform once,
// and each that a retoucher picked up was picked up once.
func TestKilledAtAnyMomentEachPhotoArrivesOnce(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d, %d kills", seed, *kills)
	rnd := rand.New(rand.NewPCG(seed, 1))

	plan := faults.NewPlan(seed)
	plan.Chance("upload", 0.04, faults.Fault{LoseReply: true})
	plan.Chance("upload", 0.03, faults.Fault{Cut: 5000})
	plan.Chance("upload", 0.03, faults.Fault{FailAfter: 500})
	sim := grandshootingsim.New(grandshootingsim.Options{Token: "crash-test-token", Rate: -1, Faults: plan, AsyncIngest: 50 * time.Millisecond})
	url := serveSim(t, sim)
	root := sim.AddProduction("Crash", 10, 20, 40)[0].ID

	in := install(t, "", "CRASH_TOKEN=crash-test-token")
	captures, vendor := in.folder("captures"), in.folder("vendor")
	yaml := fmt.Sprintf(`
name: crash
log: {level: debug}
page: off
accounts:
  gs:  {type: grandshooting, url: %s/v2, token: env:CRASH_TOKEN, rate: 500, recheck: 100ms}
  nas: {type: folder, put: %s, recheck: 100ms}
benches:
  - name: crash-bench
    production: %d
    captures: {folder: %s, to: [gs, nas], settle: 50ms, rescan: 1s}
`, url, vendor, root, captures)
	if err := os.WriteFile(in.config, []byte(yaml), 0o600); err != nil {
		t.Fatal(err)
	}
	studio := &studio{t: t, folder: captures, rnd: rnd, contents: map[string][]string{}}
	retoucher := &retoucher{folder: vendor, picked: map[string]int{}}
	stop := retoucher.start(t)

	for range *kills {
		agent := in.start()
		studio.shoot(4 + rnd.IntN(6))
		time.Sleep(time.Duration(rnd.IntN(1200)) * time.Millisecond)
		agent.Process.Kill()
		agent.Wait()
	}
	in.start()
	until(t, 2*time.Minute, "all contents arrive", func() bool { return studio.allStored(sim, root) && in.idle() })
	stop()
	studio.verify(sim, root)
	retoucher.verify(t, studio)
	photos, versions := studio.size()
	t.Logf("%d kills: %d photos in %d versions; 0 lost, 0 duplicate, 0 torn", *kills, photos, versions)
}

func serveSim(t *testing.T, sim *grandshootingsim.Sim) (url string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- sim.Serve(l) }()
	t.Cleanup(func() {
		sim.Close()
		if err := <-served; err != nil {
			t.Errorf("simulator: %v", err)
		}
	})
	return "http://" + l.Addr().String()
}

// A studio writes photos and knows what it has written.
type studio struct {
	t        *testing.T
	folder   string
	rnd      *rand.Rand
	names    []string
	contents map[string][]string // digests by name, in order
}

// shoot writes some photos, one of them slowly, and now and then rewrites an
// older one.
func (s *studio) shoot(n int) {
	for i := range n {
		name := fmt.Sprintf("IMG_%04d.jpg", len(s.names)+1)
		if i == 0 && len(s.names) > 0 {
			name = s.names[s.rnd.IntN(len(s.names))]
		} else {
			s.names = append(s.names, name)
		}
		content := jpegOf(s.rnd, 20_000+s.rnd.IntN(60_000))
		path := filepath.Join(s.folder, name)
		f, err := os.Create(path)
		if err != nil {
			s.t.Fatal(err)
		}
		for half := range 2 {
			f.Write(content[half*len(content)/2 : (half+1)*len(content)/2])
			if i == 1 {
				time.Sleep(80 * time.Millisecond) // longer than settle: only its inside tells that it is not whole
			}
		}
		if err := f.Close(); err != nil {
			s.t.Fatal(err)
		}
		sum := sha256.Sum256(content)
		s.contents[name] = append(s.contents[name], hex.EncodeToString(sum[:]))
	}
}

// jpegOf makes a file that looks like a whole JPEG of about n bytes.
func jpegOf(rnd *rand.Rand, n int) []byte {
	b := []byte{0xff, 0xd8, 0xff, 0xe0, 0, 16, 'J', 'F', 'I', 'F', 0, 1, 1, 0, 0, 1, 0, 1, 0, 0, 0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0}
	for len(b) < n {
		b = append(b, byte(rnd.IntN(255))) // no 0xff: no marker by chance
	}
	return append(b, 0xff, 0xd9)
}

func (s *studio) size() (photos, versions int) {
	for _, all := range s.contents {
		versions += len(all)
	}
	return len(s.names), versions
}

// allStored reports whether the last content of each photo is at the platform.
func (s *studio) allStored(sim *grandshootingsim.Sim, root int) bool {
	now := map[string]string{}
	for _, p := range sim.Pictures() {
		if p.Bench == root {
			now[p.Name] = p.SHA256
		}
	}
	for name, all := range s.contents {
		if now[name] != all[len(all)-1] {
			return false
		}
	}
	return true
}

// verify says what is lost, doubled or torn at the platform. A version that was
// overwritten before it came to rest may be missing; none may come twice.
func (s *studio) verify(sim *grandshootingsim.Sim, root int) {
	s.t.Helper()
	known := map[string]bool{}
	for _, all := range s.contents {
		for _, sum := range all {
			known[sum] = true
		}
	}
	for key, times := range sim.Stored() {
		if times != 1 {
			s.t.Errorf("duplicate: %s was stored %d times with the same content", key.Path, times)
		}
		if !known[key.SHA256] {
			s.t.Errorf("torn: %s was stored with a content that nobody finished", key.Path)
		}
	}
	for _, p := range sim.Duplicates() {
		s.t.Errorf("duplicate: %s", p.Path)
	}
	if !s.allStored(sim, root) {
		s.t.Error("lost: not all photos are at the platform")
	}
}

// A retoucher takes away each file as soon as it appears under its final name.
type retoucher struct {
	folder string
	mu     sync.Mutex
	picked map[string]int // by name and digest
}

func (r *retoucher) start(t *testing.T) (stop func()) {
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			r.pick(t)
			select {
			case <-done:
				r.pick(t)
				return
			case <-time.After(30 * time.Millisecond):
			}
		}
	}()
	return func() { close(done); <-ended }
}

func (r *retoucher) pick(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join(r.folder, "IMG_*"))
	if err != nil {
		t.Error(err)
	}
	for _, path := range paths {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Error(err)
			continue
		}
		if err := os.Remove(path); err != nil {
			t.Error(err)
		}
		sum := sha256.Sum256(content)
		r.mu.Lock()
		r.picked[filepath.Base(path)+" "+hex.EncodeToString(sum[:])]++
		r.mu.Unlock()
	}
}

func (r *retoucher) verify(t *testing.T, s *studio) {
	t.Helper()
	known := map[string]bool{}
	for name, all := range s.contents {
		for _, sum := range all {
			known[name+" "+sum] = true
		}
		if last := name + " " + all[len(all)-1]; r.picked[last] == 0 {
			t.Errorf("lost: the retoucher never got the last version of %s", name)
		}
	}
	for what, times := range r.picked {
		if times != 1 {
			t.Errorf("duplicate: the retoucher got %s %d times", what, times)
		}
		if !known[what] {
			t.Errorf("torn: the retoucher got %s, which nobody finished", what)
		}
	}
}
