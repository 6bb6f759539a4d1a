package inbound

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

// landedJob is one that landed as 0001.jpg some hours after the agent's birth.
func landedJob(folder, account, source, content string, hours int) ledger.Job {
	j := ledger.Job{
		ID: ledger.NewInID(account, "", fmt.Sprint(source, content, hours)), Account: account, Folder: folder, Name: "0001.jpg",
		Flow: ledger.In, Kind: ledger.Fetch, State: ledger.Done, Created: time.Unix(1e9, 0).Add(time.Duration(hours) * time.Hour),
		Source: ledger.Source{ID: source + content, Name: source},
	}
	j.Digests.SHA256 = sha([]byte(content))
	return j
}

func TestPlan(t *testing.T) {
	r := newRig(t)
	c := r.collector
	c.init()
	for n, k := range []struct {
		name    string
		there   string // content in the folder; empty for none
		landed  []ledger.Job
		j       ledger.Job // with the content "new", unless it says
		collide string
		want    landing
		fails   string
	}{
		{"an empty folder", "", nil, landedJob("", "acme", "0001.jpg", "new", 9), "", landing{name: "0001.jpg"}, ""},
		{"the same is there", "new", nil, landedJob("", "acme", "0001.jpg", "new", 9), CollideHold, landing{name: "0001.jpg", same: true}, ""},
		{"a stranger", "theirs", nil, landedJob("", "acme", "0001.jpg", "new", 9), "", landing{}, "did not put there"},
		{"a stranger where ours was", "theirs", []ledger.Job{landedJob("", "acme", "0001.jpg", "old", 1)}, landedJob("", "acme", "0001.jpg", "new", 9), "", landing{}, "did not put there"},
		{"ours, taken", "", []ledger.Job{landedJob("", "acme", "0001.jpg", "old", 1)}, landedJob("", "acme", "0001.jpg", "new", 9), CollideHold, landing{name: "0001.jpg"}, ""},
		{"ours, older", "old", []ledger.Job{landedJob("", "acme", "0001.jpg", "old", 1)}, landedJob("", "acme", "0001.jpg", "new", 9), CollideVersion, landing{name: "0001.jpg", old: true}, ""},
		{"the default", "old", []ledger.Job{landedJob("", "acme", "0001.jpg", "old", 1)}, landedJob("", "acme", "0001.jpg", "new", 9), "", landing{name: "0001.jpg", old: true}, ""},
		{"one before the last, put back by hand", "older", []ledger.Job{landedJob("", "acme", "0001.jpg", "old", 2), landedJob("", "acme", "0001.jpg", "older", 1)},
			landedJob("", "acme", "0001.jpg", "new", 9), "", landing{name: "0001.jpg", old: true}, ""},
		{"suffix", "old", []ledger.Job{landedJob("", "acme", "0001.jpg", "old", 1)}, landedJob("", "acme", "0001.jpg", "new", 9), CollideSuffix, landing{name: "0001-2.jpg"}, ""},
		{"hold", "old", []ledger.Job{landedJob("", "acme", "0001.jpg", "old", 1)}, landedJob("", "acme", "0001.jpg", "new", 9), CollideHold, landing{}, "an older version"},
		{"a newer one of this remote", "newer", []ledger.Job{landedJob("", "acme", "0001.jpg", "newer", 10)}, landedJob("", "acme", "0001.jpg", "new", 9), "", landing{}, "a newer version has landed"},
		{"another remote's, be it older or newer", "other", []ledger.Job{landedJob("", "vendor", "0001.jpg", "other", 10)}, landedJob("", "acme", "0001.jpg", "new", 9), "", landing{name: "0001.jpg", old: true}, ""},
		{"from a remote folder that is gone", "old", []ledger.Job{landedJob("", "acme", "march/0001.jpg", "old", 1)}, landedJob("", "acme", "april/0001.jpg", "new", 9), "", landing{name: "0001.jpg", old: true}, ""},
		{"from a remote folder that is listed still", "old", []ledger.Job{landedJob("", "acme", "listed/0001.jpg", "old", 1)}, landedJob("", "acme", "april/0001.jpg", "new", 9), "", landing{}, "two files of acme have one name here"},
		{"and may stay beside it", "old", []ledger.Job{landedJob("", "acme", "listed/0001.jpg", "old", 1)}, landedJob("", "acme", "april/0001.jpg", "new", 9), CollideSuffix, landing{name: "0001-2.jpg"}, ""},
	} {
		t.Run(k.name, func(t *testing.T) {
			folder := r.mkdir(fmt.Sprint("in", n))
			for i := range k.landed {
				k.landed[i].Folder = folder
				k.landed[i].ID = fmt.Sprintf("%02d%02d", n, i)
			}
			must(t, r.ledger.Offer(time.Now(), k.landed))
			if k.there != "" {
				must(t, os.WriteFile(filepath.Join(folder, "0001.jpg"), []byte(k.there), 0o644))
			}
			c.seen.now = shot{keys: map[key]struct{}{keyOf("acme", "", "listed/0001.jpgold"): {}}}
			k.j.Folder = folder
			root, err := openRoot(folder)
			must(t, err)
			defer root.Close()
			rules := rules{folder: folder, collide: k.collide, replaced: filepath.Join(r.dir, "replaced")}
			got, err := c.plan(t.Context(), k.j, rules, root, connectors.Digests{SHA256: sha([]byte("new"))})
			if k.fails == "" && (err != nil || got != k.want) {
				t.Errorf("got %+v, %v; want %+v", got, err, k.want)
			}
			if k.fails != "" && (err == nil || !strings.Contains(err.Error(), k.fails)) {
				t.Errorf("got %+v, %v; want an error with %q", got, err, k.fails)
			}
		})
	}
}

func TestWithoutAFolderForThemNothingIsReplaced(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.with(func(c *Collector) { c.Imports[0].Replaced = "" })
		first, second := r.lands()
		pass(2 * time.Minute)
		r.wantFiles("retouched", map[string][]byte{"0001.jpg": first})
		r.wantState(id("0001.jpg", second), ledger.Parked, "no folder for replaced versions")
	})
}

func TestTwoVersionsReplacedWithinASecondAreBothKept(t *testing.T) {
	dir := t.TempDir()
	folder, replaced := filepath.Join(dir, "in"), filepath.Join(dir, "replaced")
	must(t, os.MkdirAll(filepath.Join(folder, "set"), 0o755))
	at := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	for _, content := range []string{"first", "second", "third"} {
		must(t, os.WriteFile(filepath.Join(folder, "set", "0001.jpg"), []byte(content), 0o644))
		must(t, putAside(rules{folder: folder, replaced: replaced}, "set/0001.jpg", at))
	}
	got := tree(t, replaced)
	for n, content := range []string{"first", "second", "third"} {
		name := "set/" + replacedName("0001.jpg", at.Add(time.Duration(n)*time.Second))
		if string(got[name]) != content {
			t.Errorf("%s holds %q, want %q", name, got[name], content)
		}
	}
	if len(got) != 3 || len(tree(t, folder)) != 0 {
		t.Errorf("there are %d replaced versions, and %d left; want 3 and none", len(got), len(tree(t, folder)))
	}
}

func TestManyReturnsAtOnce(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		want := map[string][]byte{}
		for n := range 120 {
			name := fmt.Sprintf("%04d.jpg", n)
			want[name] = r.offers(name, n)
		}
		r.collect()
		r.wantFiles("retouched", want)
		if n := r.tap.fetched(); n != len(want) {
			t.Errorf("%d fetches, want %d", n, len(want))
		}
		if left, err := r.ledger.Unacknowledged(t.Context(), "acme"); err != nil || len(left) != 0 {
			t.Errorf("%d are not acknowledged, %v", len(left), err)
		}
	})
}

func TestSmallAnswers(t *testing.T) {
	for n, want := range map[int64]string{0: "0 B", 999: "999 B", 1000: "1.0 kB", 3_400_000: "3.4 MB", 20_000_000_000: "20 GB", 5e15: "5000 TB"} {
		if got := size(n); got != want {
			t.Errorf("size(%d) = %q, want %q", n, got, want)
		}
	}
	for name, want := range map[string]bool{"a.JPG": true, "a.tif": true, "a.CR3": true, "a.mov": true, "a.pdf": false, "a": false, "a.bmp": false} {
		if got := tells(name); got != want {
			t.Errorf("tells(%q) = %v", name, got)
		}
	}
	for age, want := range map[time.Duration]time.Duration{0: 5 * time.Second, 2 * time.Minute: 30 * time.Second, 9 * time.Hour: time.Minute} {
		if got := patience(ledger.Job{Created: time.Now().Add(-age)}); got.Round(time.Second) != want {
			t.Errorf("patience after %v is %v, want %v", age, got, want)
		}
	}
	if got := beside("a.b/0001.tif", "-2"); got != "a.b/0001-2.tif" {
		t.Errorf("beside gives %q", got)
	}
	if got := cut("aéb", 2); got != "a" {
		t.Errorf("cut gives %q", got)
	}
}
