package inbound

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

// mirrored makes the rig a mirror of /get alone.
func (r *rig) mirrored(m Mirror) {
	m.Remote, m.Folder, m.First, m.Replaced = "/get", r.folder, roomy(), filepath.Join(r.dir, "replaced")
	r.with(func(c *Collector) { c.Imports, c.Mirrors = nil, []Mirror{m} })
}

func (r *rig) lists(name string, seed int, change ...func(*connectors.Retouch)) []byte {
	content := photo(seed)
	rt := connectors.Retouch{ID: name, Name: name, Remote: "/get"}
	for _, f := range change {
		f(&rt)
	}
	r.remote.Offer(rt, content)
	return content
}

func TestAMirrorKeepsPaths(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.mirrored(Mirror{Include: []string{"**/*.JPG", "*.txt"}, Exclude: []string{"private/**"}})
		want := map[string][]byte{"a/b/0001.jpg": r.lists("a/b/0001.jpg", 1), "0002.jpg": r.lists("0002.jpg", 2)}
		r.lists("private/0003.jpg", 3)
		r.lists("0004.tif", 4)
		r.lists(".hidden.txt", 5)
		r.remote.Return("for a bench.jpg", photo(6)) // and none imports
		r.collect()
		want[".hidden.txt"] = photo(5) // what include names goes
		r.wantFiles("retouched", want)
	})
}

func TestNothingIsDeletedWhenTheRemoteIs(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.mirrored(Mirror{})
		first, second := r.lists("0001.jpg", 1), r.lists("0002.jpg", 2)
		r.collect()
		r.remote.Withdraw("0001.jpg")
		pass(time.Hour)
		r.remote.Withdraw("0002.jpg")
		pass(time.Hour)
		r.wantFiles("retouched", map[string][]byte{"0001.jpg": first, "0002.jpg": second})
	})
}

func TestWhatIsDeletedHereIsNotFetchedAgain(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.mirrored(Mirror{})
		r.lists("0001.jpg", 1)
		r.collect()
		must(t, os.Remove(filepath.Join(r.folder, "0001.jpg")))
		pass(time.Hour)
		r.stop()
		r.reopen()
		r.start()
		pass(time.Hour)
		r.wantFiles("retouched", nil)
	})
}

func TestRefusedWorkStartsANewRound(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.mirrored(Mirror{Rejected: "Refused"})
		content := r.lists("job/0001.jpg", 1, func(rt *connectors.Retouch) { rt.Rejected = true })
		r.collect()
		r.wantFiles("retouched", map[string][]byte{"Refused/job/0001.jpg": content})
		if n := r.log.count("WARN Work was refused; it starts a new round"); n != 1 {
			t.Errorf("it is logged %d times, want once", n)
		}
	})
}

func TestEachMirrorHasItsOwnBrake(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.mirrored(Mirror{})
		r.with(func(c *Collector) {
			c.Imports = nil
			c.Mirrors = []Mirror{{Remote: "/get", Folder: r.folder, First: roomy()}, {Remote: "/old", Folder: r.mkdir("old"), First: FirstSight{HoldFiles: 1, HoldBytes: 1 << 30}}}
		})
		content := r.lists("0001.jpg", 1)
		for _, name := range []string{"1.jpg", "2.jpg"} {
			r.lists(name, 3, func(rt *connectors.Retouch) { rt.Remote = "/old" })
		}
		r.collect()
		r.wantFiles("retouched", map[string][]byte{"0001.jpg": content})
		r.wantFiles("old", nil)
		if n, err := Release(t.Context(), r.ledger, "acme", []string{"/get", "/old"}); n != 1 || err != nil {
			t.Errorf("Release: %d, %v; want 1", n, err)
		}
		pass(2 * time.Minute)
		r.wantFiles("old", map[string][]byte{"1.jpg": nil, "2.jpg": nil})
	})
}

func TestOneRemoteFolderThatEmptiesSaysNothing(t *testing.T) {
	c := &Collector{Account: "acme"}
	shot := func(keys []connectors.Retouch) shot {
		s := shot{keys: map[key]struct{}{}, counts: map[string]int{}}
		for _, rt := range keys {
			s.keys[keyOf("acme", rt.Remote, rt.ID)] = struct{}{}
			s.counts[rt.Remote]++
		}
		return s
	}
	a, b, other := connectors.Retouch{ID: "a", Remote: "/get"}, connectors.Retouch{ID: "b", Remote: "/get"}, connectors.Retouch{ID: "a", Remote: "/other"}
	j := ledger.Job{Remote: "/get", Source: ledger.Source{ID: "a"}}
	for _, k := range []struct {
		name        string
		before, now []connectors.Retouch
		want        bool
	}{
		{"there", []connectors.Retouch{a}, []connectors.Retouch{a}, false},
		{"one look", []connectors.Retouch{a, b}, []connectors.Retouch{b}, false},
		{"two looks", []connectors.Retouch{b}, []connectors.Retouch{b}, true},
		{"back", []connectors.Retouch{b}, []connectors.Retouch{a, b}, false},
		{"all of its folder", []connectors.Retouch{other}, []connectors.Retouch{other}, false},
		{"no looks yet", nil, nil, false},
	} {
		c.seen = listing{before: shot(k.before), now: shot(k.now)}
		if got := c.gone(j); got != k.want {
			t.Errorf("%s: gone is %v", k.name, got)
		}
	}
}
