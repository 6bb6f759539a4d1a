package inbound

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

func (r *rig) retry(id string) {
	r.t.Helper()
	_, err := r.ledger.Record(r.job(id), ledger.Event{What: ledger.Retried, At: time.Now()})
	must(r.t, err)
	pass(time.Second)
}

func TestAReturnForAnUnknownPictureIsQuarantinedAndRetried(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		content := photo(1)
		r.remote.Return("job/0001.jpg", content)
		r.collect()
		r.wantFiles("retouched", nil)
		r.wantFiles("quarantine", map[string][]byte{"acme/job/0001.jpg": content, "acme/job/0001.jpg.why.txt": nil})
		j := r.wantState(id("job/0001.jpg", content), ledger.Parked, "no photo named 0001 was sent to acme")
		letter, err := os.ReadFile(filepath.Join(r.dir, "quarantine", "acme", "job", "0001.jpg.why.txt"))
		must(t, err)
		for _, line := range []string{"What:    job/0001.jpg", "From:    acme", "When:    ", "Why:     no photo named 0001", "studio-agent retry " + j.ID, sha(content)} {
			if !strings.Contains(string(letter), line) {
				t.Errorf("the letter lacks %q:\n%s", line, letter)
			}
		}
		pass(time.Hour) // it is listed still
		r.retry(id("job/0001.jpg", content))
		r.wantState(id("job/0001.jpg", content), ledger.Parked, "no photo named 0001")
		if n := r.tap.fetched(); n != 1 {
			t.Errorf("it was fetched %d times, want once", n)
		}
		r.wantFiles("quarantine", map[string][]byte{"acme/job/0001.jpg": content, "acme/job/0001.jpg.why.txt": nil})
		r.sent("one", "0001.CR3")
		r.remote.Withdraw("job/0001.jpg") // vendors delete after some days
		pass(3 * time.Minute)
		r.retry(id("job/0001.jpg", content))
		r.wantFiles("retouched", map[string][]byte{"0001.jpg": content})
		if j := r.wantState(id("job/0001.jpg", content), ledger.Done, ""); j.Bench != "one" || j.Answers == "" {
			t.Errorf("the job is %+v, want it of bench one", j)
		}
		letter, err = os.ReadFile(filepath.Join(r.dir, "quarantine", "acme", "job", "0001.jpg.why.txt"))
		if err != nil || !strings.Contains(string(letter), "has landed as 0001.jpg") {
			t.Errorf("the letter says %q, %v; want that it has landed", letter, err)
		}
	})
}

// TestWhatLeavesQuarantineWaitsForAPersonWhereOthersDo.
func TestWhatLeavesQuarantineWaitsForAPersonWhereOthersDo(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.with(func(c *Collector) { c.Imports[0].Ask = true })
		content := photo(1)
		r.remote.Return("0001.jpg", content)
		r.collect()
		r.wantState(id("0001.jpg", content), ledger.Parked, "no photo named 0001 was sent to acme")
		r.sent("one", "0001.CR3")
		r.retry(id("0001.jpg", content))
		j := r.wantState(id("0001.jpg", content), ledger.Offered, "somebody imports it")
		pass(time.Hour)
		r.wantFiles("retouched", nil)
		_, err := r.ledger.Record(r.job(id("0001.jpg", content)), ledger.Event{What: ledger.Imported, At: time.Now()})
		must(t, err)
		pass(time.Minute)
		r.wantFiles("retouched", map[string][]byte{"0001.jpg": content})
		if j.Bench != "one" || j.Answers == "" {
			t.Errorf("it waits as %+v, want it of bench one", j)
		}
	})
}

func TestAPictureOfTwoBenchesIsParkedWithTheList(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.with(func(c *Collector) {
			c.Imports = append(c.Imports, Import{Bench: "two", Folder: filepath.Join(r.dir, "two-in"), First: roomy()})
		})
		r.sent("two", "0001.CR3")
		content := r.offers("0001.jpg", 1)
		r.collect()
		r.wantFiles("retouched", nil)
		r.wantState(id("0001.jpg", content), ledger.Parked, "could belong to")
		r.wantFiles("quarantine", map[string][]byte{"acme/0001.jpg": content, "acme/0001.jpg.why.txt": nil})
	})
}

func TestTwoUnknownPicturesOfOneNameAreBothKept(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		first, second := photo(1), photo(2)
		r.remote.Offer(connectors.Retouch{ID: "a", Name: "x?.jpg"}, first)
		r.remote.Offer(connectors.Retouch{ID: "b", Name: "x*.jpg"}, second)
		r.collect()
		kept := tree(t, filepath.Join(r.dir, "quarantine", "acme"))
		var contents []string
		for name, content := range kept {
			if !strings.HasSuffix(name, whySuffix) {
				contents = append(contents, string(content))
			}
		}
		if len(kept) != 4 || len(contents) != 2 || contents[0] == contents[1] {
			t.Errorf("quarantine holds %d files, %d of them pictures; want two of each, all different", len(kept), len(contents))
		}
		r.wantState("a", ledger.Parked, "cannot be used")
		r.wantState("b", ledger.Parked, "cannot be used")
		r.retry("b")
		if n := r.tap.fetched(); n != 2 {
			t.Errorf("%d fetches, want 2: both are kept", n)
		}
	})
}

func TestAPhotoThatWasSentMeanwhileClaimsItsReturn(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		content := photo(1)
		r.remote.Return("0001.jpg", content)
		r.collector.Gate.Pause(time.Now().Add(time.Hour))
		r.offered()
		r.sent("one", "0001.CR3")
		r.start()
		pass(2 * time.Hour)
		r.wantFiles("retouched", map[string][]byte{"0001.jpg": content})
		r.wantFiles("quarantine", nil)
	})
}

func TestATamperedCopyIsNotUsed(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		content := photo(1)
		r.remote.Return("0001.jpg", content)
		r.collect()
		path := filepath.Join(r.dir, "quarantine", "acme", "0001.jpg")
		must(t, os.WriteFile(path, make([]byte, len(content)), 0o644))
		r.sent("one", "0001.CR3")
		r.retry(id("0001.jpg", content))
		r.wantFiles("retouched", map[string][]byte{"0001.jpg": content})
		if n := r.tap.fetched(); n != 2 {
			t.Errorf("%d fetches, want 2: the copy is worth nothing", n)
		}
	})
}
