package inbound

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/studio-agent/studio-agent/connectors/faults"
	"github.com/studio-agent/studio-agent/connectors/memory"
	"github.com/studio-agent/studio-agent/sync/atomicfile"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

// An importer takes files out of the import folder as they come, and counts how
// often it got each content.
type importer struct {
	folder string
	got    map[string]int // by name and digest
}

// take takes what lies there with some luck. A torn file would be counted as
// another content.
func (i *importer) take(t *testing.T, luck *rand.Rand, share float64) {
	t.Helper()
	files, err := os.ReadDir(i.folder)
	must(t, err)
	for _, f := range files {
		if strings.HasPrefix(f.Name(), ".") || luck.Float64() > share {
			continue
		}
		path := filepath.Join(i.folder, f.Name())
		content, err := os.ReadFile(path)
		must(t, err)
		must(t, os.Remove(path))
		i.got[f.Name()+" "+sha(content)]++
	}
}

// Forty returns, every call of the remote failing now and then, the agent killed
// and restarted, an importer that takes what it finds: each content is seen once.
func TestChaosEachContentLandsExactlyOnce(t *testing.T) {
	for seed := range uint64(4) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			inBubble(t, func(t *testing.T, r *rig) {
				luck := rand.New(rand.NewPCG(seed, 7))
				for _, op := range []string{memory.OpPending, memory.OpFetch, memory.OpAcknowledge} {
					r.plan.Chance(op, 0.1, faults.Fault{Status: 500})
					r.plan.Chance(op, 0.1, faults.Fault{Cut: 100})
					r.plan.Chance(op, 0.1, faults.Fault{LoseReply: true})
					r.plan.Chance(op, 0.1, faults.Fault{Delay: 20 * time.Second})
				}
				taker := &importer{folder: r.folder, got: map[string]int{}}
				want := map[string]bool{}
				for n := range 40 {
					name := fmt.Sprintf("%04d.jpg", n)
					want[name+" "+sha(r.offers(name, n))] = true
					if n%8 != 0 {
						continue
					}
					r.offered()
					for range 6 {
						r.killSomewhere(luck)
						taker.take(t, luck, 0.5)
						r.reopen()
					}
					r.start()
					pass(time.Duration(luck.IntN(30)) * time.Second)
					taker.take(t, luck, 0.5)
					r.stop()
					r.reopen()
				}
				r.plan.Calm()
				r.start()
				pass(20 * time.Minute)
				taker.take(t, luck, 1)
				for file := range want {
					if taker.got[file] != 1 {
						t.Errorf("%.20s… was seen %d times, want once", file, taker.got[file])
					}
				}
				if len(taker.got) != len(want) {
					t.Errorf("%d different contents were seen, want %d", len(taker.got), len(want))
				}
				r.wantFiles("retouched", nil)
				r.wantFiles("replaced", nil)
				t.Logf("killed at stages %v", r.kills)
			})
		})
	}
}

// killSomewhere has a worker die at a random stage of a job, if one is due.
func (r *rig) killSomewhere(luck *rand.Rand) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), time.Second)
	defer cancel()
	last := stage(luck.IntN(int(placed) + 1))
	if j, err := r.ledger.Next(ctx, "acme", ledger.In); err == nil && !j.Published {
		r.dieAt(last, j) // or earlier, where the remote fails
		r.kills[last]++
	}
}

func TestALedgerThatCannotBeWrittenLosesNothing(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		content := r.offers("0001.jpg", 1)
		r.tap.onFetched = func() { must(t, r.ledger.Close()) }
		r.start()
		pass(10 * time.Second)
		r.wantFiles("retouched", nil)
		r.stop()
		r.openLedger()
		r.newCollector()
		r.collect()
		r.wantFiles("retouched", map[string][]byte{"0001.jpg": content})
	})
}

func TestAdopt(t *testing.T) {
	dir := t.TempDir()
	root, err := os.OpenRoot(dir)
	must(t, err)
	defer root.Close()
	if _, err := adopt(root, "a/x.jpg", "a/x.jpg", "id"); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("adopt of nothing: %v, want fs.ErrNotExist", err)
	}
	f, err := atomicfile.Create(root, "a/x.jpg", "id")
	must(t, err)
	_, err = f.Write([]byte("content"))
	must(t, err)
	must(t, f.Seal(time.Unix(1e9, 0)))
	f.Close()
	for range 2 { // the second takes up where the first was killed
		g, err := adopt(root, "a/y.jpg", "a/x.jpg", "id")
		must(t, err)
		g.Close()
	}
	g, err := adopt(root, "a/y.jpg", "a/x.jpg", "id")
	must(t, err)
	must(t, g.Commit(t.Context()))
	g.Close()
	if got := tree(t, dir); len(got) != 1 || string(got["a/y.jpg"]) != "content" {
		t.Errorf("there is %q, want a/y.jpg alone", got)
	}
	if info, err := os.Stat(filepath.Join(dir, "a", "y.jpg")); err != nil || !info.ModTime().Equal(time.Unix(1e9, 0)) {
		t.Errorf("its time is %v, %v; want that of the first", info.ModTime(), err)
	}
}

func TestBefore(t *testing.T) {
	at := func(sha256 string, hour int) ledger.Job {
		j := ledger.Job{ModTime: time.Date(2026, 3, 4, hour, 0, 0, 0, time.UTC)}
		j.Digests.SHA256 = sha256
		return j
	}
	for _, c := range []struct {
		name   string
		landed []ledger.Job
		j      ledger.Job
		want   bool
	}{
		{"nothing landed", nil, at("a", 1), false},
		{"the newest", []ledger.Job{at("a", 1)}, at("a", 9), true},
		{"another", []ledger.Job{at("a", 1)}, at("b", 9), false},
		{"an older one, listed anew", []ledger.Job{at("b", 5), at("a", 1)}, at("a", 1), true},
		{"an older one that came back", []ledger.Job{at("b", 5), at("a", 1)}, at("a", 9), false},
	} {
		if got := before(c.landed, c.j, c.j.Digests); got != c.want {
			t.Errorf("%s: before is %v", c.name, got)
		}
	}
}
