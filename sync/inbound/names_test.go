package inbound

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

func TestSafe(t *testing.T) {
	for name, want := range map[string]string{
		"0001.jpg":                        "0001.jpg",
		"a/b/0001.jpg":                    "a/b/0001.jpg",
		"../../etc/passwd":                "__/__/etc/passwd",
		"/etc/passwd":                     "etc/passwd",
		`C:\Windows\x.jpg`:                "C_/Windows/x.jpg",
		"a:b.jpg":                         "a_b.jpg",
		"CON.jpg":                         "_CON.jpg",
		"name.":                           "_name_",
		".hidden":                         "_hidden_",
		"line\r\nbreak.jpg":               "line__break.jpg",
		"bad\xff.jpg":                     "bad_.jpg",
		"":                                "unnamed",
		"//":                              "unnamed",
		strings.Repeat("é", 200) + ".jpg": strings.Repeat("é", 88) + ".jpg",
	} {
		if got := safe(name); got != want {
			t.Errorf("safe(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestSafeNamesCanAlwaysBeStored(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.OneOf(rapid.String(), rapid.StringMatching(`([./\\: ]|CON|é|\x00|a){0,40}`)).Draw(t, "name")
		got := safe(name)
		if err := connectors.CheckName(got + whySuffix); err != nil || connectors.CheckName(got) != nil {
			t.Fatalf("safe(%q) = %q: %v", name, got, err)
		}
	})
}

func TestHostileNamesAreQuarantinedUnderSafeOnes(t *testing.T) {
	for what, name := range map[string]string{
		"parent":       "../../outside.jpg",
		"absolute":     "/etc/0001.jpg",
		"drive":        `C:\0001.jpg`,
		"colon":        "0001.jpg:stream",
		"reserved":     "CON.jpg",
		"trailing dot": "0001.jpg.",
		"line break":   "0001\r\n.jpg",
		"overlong":     strings.Repeat("x", 300) + ".jpg",
		"not UTF-8":    "0001\xff.jpg",
	} {
		t.Run(what, func(t *testing.T) {
			inBubble(t, func(t *testing.T, r *rig) {
				r.sent("one", "0001.CR3")
				content := photo(1)
				r.remote.Return(name, content)
				r.collect()
				r.wantFiles("retouched", nil)
				r.wantFiles("quarantine", map[string][]byte{"acme/" + safe(name): content, "acme/" + safe(name) + whySuffix: nil})
				j := r.wantState(id(name, content), ledger.Parked, "its name cannot be used here")
				if j.Source.Name != name {
					t.Errorf("the remote's spelling %q became %q", name, j.Source.Name)
				}
				if files, _ := filepath.Glob(filepath.Join(r.dir, "*.jpg")); len(files) != 0 {
					t.Errorf("outside lies %q", files)
				}
			})
		})
	}
}

func TestNamesThatDifferOnlyInCaseOrAccents(t *testing.T) {
	for _, pair := range [][2]string{{"Shot.jpg", "shot.jpg"}, {nfc + ".jpg", nfd + ".jpg"}} {
		t.Run(pair[0], func(t *testing.T) {
			inBubble(t, func(t *testing.T, r *rig) {
				r.with(func(c *Collector) { c.Workers = 1 })
				first := r.offers(pair[0], 1)
				pass(time.Second)
				second := r.offers(pair[1], 2)
				r.collect()
				r.wantFiles("retouched", map[string][]byte{pair[0]: first})
				r.wantState(id(pair[0], first), ledger.Done, "")
				r.wantState(id(pair[1], second), ledger.Parked, "the same name but for case")
			})
		})
	}
}

// What an importer has taken is not forgotten.
func TestATwinOfWhatAnImporterTookIsHeldToo(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.offers("Shot.jpg", 1)
		r.collect()
		must(t, emptied(r.folder))
		second := r.offers("shot.jpg", 2)
		pass(2 * time.Minute)
		r.wantFiles("retouched", nil)
		j := r.wantState(id("shot.jpg", second), ledger.Parked, "Shot.jpg has landed before")
		_, err := r.ledger.Record(j, ledger.Event{What: ledger.Retried, At: time.Now(), Forced: true})
		must(t, err)
		pass(time.Second)
		r.wantFiles("retouched", map[string][]byte{"shot.jpg": second})
	})
}

func TestJunkIsNotFetched(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		for _, name := range []string{".DS_Store", "a/.hidden/0001.jpg", "Thumbs.db", "0001.jpg.part", "CaptureOne/Cache/0001.cot", ".studio-00.part"} {
			r.remote.Return(name, photo(1))
		}
		r.offers("0001.xmp", 3)
		r.collect()
		r.wantFiles("retouched", map[string][]byte{"0001.xmp": nil})
		r.wantFiles("quarantine", nil)
		if st := r.collector.Status(); st.Skipped != 6 {
			t.Errorf("%d are skipped, want 6", st.Skipped)
		}
	})
}
