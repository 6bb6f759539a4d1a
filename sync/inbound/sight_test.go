package inbound

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

func TestOldReturnsAreLeftAlone(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		since := time.Now().Add(-time.Hour)
		r.with(func(c *Collector) { c.Imports[0].First = FirstSight{Since: since, HoldFiles: 10, HoldBytes: 1 << 30} })
		for i := range 20 {
			name := fmt.Sprintf("old-%d.jpg", i)
			r.sent("one", name)
			r.remote.Offer(connectors.Retouch{ID: name, Name: name, ModTime: since.Add(-time.Minute)}, photo(i))
		}
		r.sent("one", "new.jpg")
		r.remote.Offer(connectors.Retouch{ID: "new", Name: "new.jpg", ModTime: since.Add(time.Minute)}, photo(99))
		r.collect()
		r.wantFiles("retouched", map[string][]byte{"new.jpg": photo(99)})
		r.wantState("old-1.jpg", ledger.Done, "was there before the agent")
		r.tap.wantAcks(t, "new.jpg")

		second := photo(100) // a new version of an old one
		r.remote.Withdraw("old-1.jpg")
		r.remote.Offer(connectors.Retouch{ID: "v2", Name: "old-1.jpg", ModTime: since.Add(-time.Second)}, second)
		pass(2 * time.Minute)
		r.wantFiles("retouched", map[string][]byte{"new.jpg": photo(99), "old-1.jpg": second})
	})
}

func TestTheBrakeHoldsUntilReleased(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.with(func(c *Collector) { c.Imports[0].First = FirstSight{HoldFiles: 3, HoldBytes: 1 << 30} })
		for i := range 4 {
			r.offers(fmt.Sprintf("%d.jpg", i), i)
		}
		r.collect()
		pass(time.Hour)
		r.wantFiles("retouched", nil)
		st := r.collector.Status()
		if len(st.Held) != 1 || !strings.Contains(st.Held[0], "4 files") || !strings.Contains(st.Held[0], "studio-agent release acme") {
			t.Errorf("status says %q", st.Held)
		}
		r.stop()
		r.reopen()
		r.start() // it holds over a restart
		pass(time.Minute)
		r.wantFiles("retouched", nil)
		if n, err := Release(t.Context(), r.ledger, "acme", nil); n != 1 || err != nil {
			t.Errorf("Release: %d, %v", n, err)
		}
		if _, err := Release(t.Context(), r.ledger, "acme", nil); err == nil {
			t.Error("a second release found something held")
		}
		pass(2 * time.Minute)
		if n := len(tree(t, r.folder)); n != 4 {
			t.Errorf("%d landed after the release, want 4", n)
		}
		r.offers("5.jpg", 5) // one by one from now on
		pass(2 * time.Minute)
		if n := len(tree(t, r.folder)); n != 5 {
			t.Errorf("%d landed, want 5", n)
		}
	})
}

func TestAFirstSightThatWasBrokenOffIsTakenAgain(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.with(func(c *Collector) { c.Imports[0].First = FirstSight{Ignore: true} })
		met := time.Now()
		must(t, r.ledger.PutFolder(ledger.Folder{Path: sourceOf("acme", ""), Seen: met, Held: ledger.Unsighted}))
		r.sent("one", "0001.CR3")
		r.sent("one", "0002.CR3")
		r.remote.Offer(connectors.Retouch{ID: "old", Name: "0001.jpg", ModTime: met.Add(-time.Minute)}, photo(1))
		r.remote.Offer(connectors.Retouch{ID: "new", Name: "0002.jpg", ModTime: met.Add(time.Minute)}, photo(2))
		r.collect()
		r.wantState("old", ledger.Done, "was there before")
		if _, err := Release(t.Context(), r.ledger, "acme", nil); err != nil {
			t.Fatal(err) // HoldFiles is 0
		}
		pass(2 * time.Minute)
		r.wantFiles("retouched", map[string][]byte{"0002.jpg": nil})
	})
}

func TestClocksThatRunAheadDoNotMakeOldReturnsNew(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.with(func(c *Collector) { c.Imports[0].First = FirstSight{Ignore: true} })
		r.sent("one", "0001.CR3")
		r.remote.Offer(connectors.Retouch{ID: "old", Name: "0001.jpg", ModTime: time.Now().Add(3 * time.Hour)}, photo(1))
		r.collect()
		r.wantState("old", ledger.Done, "was there before")
		r.wantFiles("retouched", nil)
	})
}

func TestAnEmptyFirstSightIsOne(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.with(func(c *Collector) { c.Imports[0].First = FirstSight{Ignore: true} })
		r.collect()
		content := r.offers("0001.jpg", 1)
		pass(2 * time.Minute)
		r.wantFiles("retouched", map[string][]byte{"0001.jpg": content})
	})
}

func TestEachBenchSaysWhatIsLeftAlone(t *testing.T) {
	ignore, all := FirstSight{Ignore: true}, roomy()
	c := Collector{
		Imports: []Import{{Bench: "one", First: ignore}, {Bench: "two", First: all}},
		Mirrors: []Mirror{{Remote: "/get", First: ignore}},
	}
	for _, k := range []struct {
		rt   connectors.Retouch
		want bool
	}{
		{connectors.Retouch{Bench: "one"}, true},
		{connectors.Retouch{Bench: "two"}, false},
		{connectors.Retouch{}, false},
		{connectors.Retouch{Remote: "/get"}, true},
		{connectors.Retouch{Bench: "three"}, false},
	} {
		if got := c.leftAlone(k.rt); got != k.want {
			t.Errorf("%+v: left alone %v, want %v", k.rt, got, k.want)
		}
	}
}

func TestAnEmptyListingAfterAFullOneMeansNothing(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.with(func(c *Collector) { c.Imports[0].Ask = true })
		first, second := r.offers("0001.jpg", 1), r.offers("0002.jpg", 2)
		r.collect()
		r.remote.Withdraw("0001.jpg")
		r.remote.Withdraw("0002.jpg")
		pass(time.Hour)
		r.wantState(id("0001.jpg", first), ledger.Offered, "")
		r.wantState(id("0002.jpg", second), ledger.Offered, "")
		if st := r.collector.Status(); !strings.Contains(st.Note, "2 files were before; nothing counts as deleted") {
			t.Errorf("status notes %q", st.Note)
		}
		r.remote.Return("0001.jpg", first)
		r.remote.Return("0002.jpg", second)
		pass(2 * time.Minute)
		if st := r.collector.Status(); st.Note != "" {
			t.Errorf("status notes %q still", st.Note)
		}
	})
}

func TestThreeYearsOfOldReturns(t *testing.T) {
	r := newRig(t)      // not in parallel: it weighs the heap
	const many = 10_000 // 100,000 take ten times as much of all
	old := time.Now().Add(-1000 * time.Hour)
	list := make([]connectors.Retouch, many)
	for i := range list {
		name := fmt.Sprintf("2024-%02d/%06d.tif", i%12+1, i)
		list[i] = connectors.Retouch{ID: "1-2-" + name, Name: name, Size: 50 << 20, ModTime: old}
	}
	c := r.collector
	c.Imports[0].First = FirstSight{Since: time.Now(), HoldFiles: 500, HoldBytes: 20 << 30}
	c.init()
	looks := func(times int) time.Duration {
		began := time.Now()
		for range times {
			if unsettled, err := c.look(t.Context(), list); err != nil || unsettled {
				t.Fatalf("look: unsettled %v, %v", unsettled, err)
			}
		}
		return time.Since(began) / time.Duration(times)
	}
	first, later := looks(1), looks(5)
	t.Logf("first look %v, later ones %v", first, later)
	if st := c.Status(); st.Listed != many || len(st.Held) != 0 {
		t.Errorf("status says %+v", st)
	}
	if jobs, err := r.ledger.Waiting(t.Context(), "acme", 10); err != nil || len(jobs) != 0 {
		t.Errorf("%d jobs wait, %v; want none", len(jobs), err)
	}
	if n := len(c.now.finished); n != many {
		t.Errorf("%d are known to be finished, want all: each look would ask the ledger for the rest", n)
	}
	held := heap()
	c.now, c.seen = lookout{}, listing{}
	if kept := int64(held) - int64(heap()); kept > 2<<20 {
		t.Errorf("%d KiB are kept in memory, want at most 2 MiB", kept>>10)
	}
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
