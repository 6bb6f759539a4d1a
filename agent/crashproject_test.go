package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/studio-agent/studio-agent/connectors/faults"
	"github.com/studio-agent/studio-agent/connectors/medialoopster/medialoopstersim"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

// TestKilledAtAnyMomentEachProjectIsRegisteredOnce kills the real binary while
// editors begin projects, bring media and have projects copied, and while answers of
// medialoopster are lost: half of the times just as a request that does something is
// with medialoopster, before or after that has done it. Afterwards each bundle has
// one project asset, each medium was imported and linked once, and each copy that a
// person asked for was made once at most.
func TestKilledAtAnyMomentEachProjectIsRegisteredOnce(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d, %d kills", seed, *kills)
	in := install(t, "", "CRASH_TOKEN=crash-test-token")
	c := newCutting(t, in, seed)
	yaml := fmt.Sprintf(`
name: crash
log: {level: debug}
page: off
accounts:
  ml: {type: medialoopster, url: %s, token: env:CRASH_TOKEN, rate: 500, recheck: 100ms, paths: {%s: /srv/projects/}}
benches:
  - name: edit-1
    projects: {folder: films, account: ml, production: Campaign, settle: 300ms, rescan: 1s}
`, c.serve()+medialoopstersim.Base, in.dir)
	if err := os.WriteFile(in.config, []byte(yaml), 0o600); err != nil {
		t.Fatal(err)
	}
	for range *kills {
		agent := in.start()
		c.set(func() { agent.Process.Kill() })
		c.work()
		c.moment()
		agent.Process.Kill()
		agent.Wait()
	}
	c.disarm()
	c.work()
	in.start()
	until(t, 5*time.Minute, "everything is registered, imported and linked", func() bool { return c.over() && in.idle() })
	time.Sleep(time.Second) // for what should not happen any more
	c.verify()
	if !t.Failed() {
		t.Logf("%d kills: %d projects, %d media, %d copies of %d asked for; 0 registered twice, 0 imported twice, 0 lost",
			*kills, len(c.films), c.media(), c.copies(), len(c.asked))
	}
}

// A cutting is everybody but the agent: editors, and a medialoopster that sees their
// disk.
type cutting struct {
	t   *testing.T
	in  *installation
	sim *medialoopstersim.Sim
	rnd *rand.Rand

	films map[string][]string // media by project
	asked map[int64]string    // copies that were asked for: folders by control

	mu     sync.Mutex // guards what follows
	kill   func()
	armed  bool
	before bool
}

func newCutting(t *testing.T, in *installation, seed uint64) *cutting {
	plan := faults.NewPlan(seed)
	for op, share := range map[string]float64{"create": 0.15, "import": 0.1, "addasset": 0.15, "assets": 0.03, "projects": 0.03, "logs": 0.03} {
		plan.Chance(op, share, faults.Fault{LoseReply: true})
	}
	plan.Chance("import", 0.05, faults.Fault{FailAfter: 500})
	plan.Chance("import", 0.05, faults.Fault{Status: 500})
	in.folder("films")
	return &cutting{
		t: t, in: in, rnd: rand.New(rand.NewPCG(seed, 6)), films: map[string][]string{}, asked: map[int64]string{},
		sim: medialoopstersim.New(medialoopstersim.Options{
			Token: "crash-test-token", Faults: plan, SlowImports: true, Step: 80 * time.Millisecond,
			Exists: func(path string) bool {
				return exists(filepath.Join(in.dir, strings.TrimPrefix(path, "/srv/projects/")))
			},
		}),
	}
}

// serve has the simulator answer, unless the trap springs.
func (c *cutting) serve() (url string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		c.t.Fatal(err)
	}
	api := c.sim.Handler()
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		kill, before := c.springs(r)
		if kill == nil {
			api.ServeHTTP(w, r)
			return
		}
		if !before {
			api.ServeHTTP(httptest.NewRecorder(), r)
		}
		kill()
		panic(http.ErrAbortHandler)
	})}
	ended := make(chan struct{})
	go func() { server.Serve(l); close(ended) }() // it ends with Close, and says so
	c.t.Cleanup(func() { server.Close(); c.sim.Close(); <-ended })
	return "http://" + l.Addr().String()
}

func (c *cutting) set(kill func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.kill = kill
}

func (c *cutting) disarm() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.armed = false
}

// springs reports whether a request is one to be killed at.
func (c *cutting) springs(r *http.Request) (kill func(), before bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.armed || r.Method != http.MethodPost {
		return nil, false
	}
	c.armed = false
	return c.kill, c.before
}

// moment waits for a random one, or for the trap.
func (c *cutting) moment() {
	wait := time.Duration(c.rnd.IntN(1200)) * time.Millisecond
	if c.rnd.IntN(2) == 0 {
		c.mu.Lock()
		c.armed, c.before = true, c.rnd.IntN(2) == 0
		c.mu.Unlock()
		wait = 3 * time.Second
	}
	for end := time.Now().Add(wait); time.Now().Before(end); time.Sleep(time.Millisecond) {
		c.mu.Lock()
		sprung := wait == 3*time.Second && !c.armed
		c.mu.Unlock()
		if sprung {
			break
		}
	}
	c.disarm()
}

// work is what editors do between two kills: a new project, media for it and for
// older ones, and now and then a copy.
func (c *cutting) work() {
	film := fmt.Sprintf("Film %02d", len(c.films))
	c.films[film] = nil
	c.write(film+"/"+film+".prproj", "project file of "+film)
	for other := range c.films {
		if other == film || c.rnd.IntN(4) == 0 {
			name := fmt.Sprintf("%s/Footage/A%04d.mxf", other, c.rnd.IntN(1e9))
			c.films[other] = append(c.films[other], name)
			c.write(name, fmt.Sprintf("clip %d", c.rnd.Uint64()))
		}
	}
	if len(c.films) > 2 && c.rnd.IntN(2) == 0 {
		c.copy(fmt.Sprintf("Film %02d", c.rnd.IntN(len(c.films)-2)))
	}
}

// write puts a file there at once, whole.
func (c *cutting) write(name, content string) {
	path := filepath.Join(c.in.dir, "films", filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		c.t.Fatal(err)
	}
	part := filepath.Join(c.in.dir, "part")
	if err := os.WriteFile(part, []byte(content), 0o644); err != nil {
		c.t.Fatal(err)
	}
	if err := os.Rename(part, path); err != nil {
		c.t.Fatal(err)
	}
}

func (c *cutting) copy(film string) {
	l, err := ledger.OpenForPeople(context.Background(), ledger.Options{Path: filepath.Join(c.in.dir, "state", "ledger.db")})
	if err != nil {
		return // the agent has not made it yet
	}
	defer l.Close()
	name := fmt.Sprintf("%s copy %d", film, len(c.asked))
	folder := filepath.Join(c.in.dir, "copies", name)
	seq, err := l.Ask(verbProjectCopy, map[string]string{"project": filepath.Join(c.in.dir, "films", film), "name": name, "folder": folder})
	if err != nil {
		c.t.Fatal(err)
	}
	c.asked[seq] = "/srv/projects/copies/" + name + "/"
}

// over reports whether each project has all of its media, and each question its
// answer.
func (c *cutting) over() bool {
	linked := map[int]bool{}
	made := map[string]bool{}
	for _, p := range c.sim.Projects() {
		made[p.BundleRoot] = true
		for _, id := range p.Linked {
			linked[id] = true
		}
	}
	for film := range c.films {
		if !made["/srv/projects/films/"+film+"/"] {
			return false
		}
	}
	n := 0
	for _, a := range c.sim.Assets() {
		if linked[a.ID] {
			n++
		}
	}
	return n >= c.media() && c.answered()
}

func (c *cutting) answered() bool {
	l, err := ledger.OpenForPeople(context.Background(), ledger.Options{Path: filepath.Join(c.in.dir, "state", "ledger.db")})
	if err != nil {
		return false
	}
	defer l.Close()
	asked, err := l.Asked(context.Background())
	return err == nil && len(asked) == 0
}

func (c *cutting) media() (n int) {
	for _, all := range c.films {
		n += len(all)
	}
	return n
}

func (c *cutting) copies() (n int) {
	for _, p := range c.sim.Projects() {
		if p.CopyOf != 0 {
			n++
		}
	}
	return n
}

// verify says what is there too often, or not at all.
func (c *cutting) verify() {
	c.t.Helper()
	for _, path := range c.sim.CreatedTwice() {
		c.t.Errorf("there twice: %s", path)
	}
	roots := map[string]string{}
	for film := range c.films {
		roots["/srv/projects/films/"+film+"/"] = film
	}
	wanted := map[string]bool{}
	for _, root := range c.asked {
		wanted[root] = true
	}
	linked := map[string]string{} // project by medium
	paths := map[int]string{}
	for _, a := range c.sim.Assets() {
		paths[a.ID] = a.Path
		if a.Moved {
			c.t.Errorf("%s was taken away", a.Path)
		}
	}
	for _, p := range c.sim.Projects() {
		if n := c.sim.Creates(p.BundleRoot); n != 1 || roots[p.BundleRoot] == "" && !wanted[p.BundleRoot] || p.Deleted {
			c.t.Errorf("%s was made %d times, deleted %v", p.BundleRoot, n, p.Deleted)
		}
		for _, id := range p.Linked {
			if p.CopyOf == 0 {
				linked[paths[id]] = p.BundleRoot
			}
		}
	}
	for root, film := range roots {
		for _, name := range c.films[film] {
			if path := "/srv/projects/films/" + name; linked[path] != root {
				c.t.Errorf("%s is linked with %q, want %q", name, linked[path], root)
			}
		}
	}
	if len(linked) != c.media() {
		c.t.Errorf("%d media are linked, want %d", len(linked), c.media())
	}
	l, err := ledger.OpenForPeople(context.Background(), ledger.Options{Path: filepath.Join(c.in.dir, "state", "ledger.db")})
	if err != nil {
		c.t.Fatal(err)
	}
	defer l.Close()
	for seq, root := range c.asked {
		control, err := l.Control(context.Background(), seq)
		made := c.sim.Creates(root) == 1
		if said := !strings.HasPrefix(control.Answer, notDone); err != nil || made != said {
			c.t.Errorf("the copy %s is there: %v; a person was told %q, %v", root, made, control.Answer, err)
		}
	}
}
