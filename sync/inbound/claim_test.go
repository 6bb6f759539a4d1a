package inbound

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

// out is a photo at retouch; its ID is "bench/folder/name".
func out(bench, folder, name string) ledger.Job {
	return ledger.Job{ID: bench + "/" + folder + "/" + name, Account: "acme", Bench: bench, Folder: "/studio/" + bench + "/" + folder, Name: name, Round: 1}
}

func asked(bench string) *ledger.Job { j := out(bench, "selects", "0001.CR3"); return &j }

const (
	nfc = "caf\u00e9"
	nfd = "cafe\u0301"
)

func TestClaim(t *testing.T) {
	imports := []Import{{Bench: "one", Folder: "/in/one"}, {Bench: "two", Folder: "/in/two", Ask: true}}
	mirrors := []Mirror{{Remote: "/get", Folder: "/mirror"}, {Remote: "/other", Folder: "/mirror2", Rejected: "refused"}}
	one, two := out("one", "selects", "0001.CR3"), out("two", "selects", "0001.CR3")
	for _, c := range []struct {
		name  string
		clues clues
		rt    connectors.Retouch
		want  claim
		fails string // part of the sentence, where nothing claims
	}{
		{"a mirror keeps paths", clues{photos: []ledger.Job{one}}, connectors.Retouch{Name: "a/b/0001.tif", Remote: "/get", Bench: "one"},
			claim{folder: "/mirror", name: "a/b/0001.tif"}, ""},
		{"refused work has a folder of its own", clues{}, connectors.Retouch{Name: "a/0001.tif", Remote: "/get", Rejected: true},
			claim{folder: "/mirror", name: "Rejection/a/0001.tif"}, ""},
		{"a configured one", clues{}, connectors.Retouch{Name: "0001.tif", Remote: "/other", Rejected: true},
			claim{folder: "/mirror2", name: "refused/0001.tif"}, ""},
		{"an unknown mirror", clues{}, connectors.Retouch{Name: "0001.tif", Remote: "/gone"}, claim{}, "/gone"},
		{"the remote knows the bench", clues{photos: []ledger.Job{one, two}}, connectors.Retouch{Name: "0001.tif", Bench: "two"},
			claim{bench: "two", folder: "/in/two", name: "0001.tif", answers: two.ID, round: 1, ask: true}, ""},
		{"a bench keeps the path of what it does not know", clues{}, connectors.Retouch{Name: "job/0009.tif", Bench: "one"},
			claim{bench: "one", folder: "/in/one", name: "job/0009.tif"}, ""},
		{"a bench that imports nothing", clues{}, connectors.Retouch{Name: "0001.tif", Bench: "three"}, claim{}, "imports nothing from acme"},
		{"the photo that it answers", clues{answered: asked("two"), photos: []ledger.Job{one}}, connectors.Retouch{Name: "order-17.tif", Answers: "r"},
			claim{bench: "two", folder: "/in/two", name: "order-17.tif", answers: asked("two").ID, round: 1, ask: true}, ""},
		{"its batch", clues{batch: []ledger.Job{two}, photos: []ledger.Job{two, one}}, connectors.Retouch{Name: "x/0001.tif", Batch: "b"},
			claim{bench: "two", folder: "/in/two", name: "0001.tif", answers: two.ID, round: 1, ask: true}, ""},
		{"a batch of two benches tells nothing", clues{batch: []ledger.Job{two, one}, photos: []ledger.Job{two, one}}, connectors.Retouch{Name: "0001.tif", Batch: "b"},
			claim{}, "could belong to"},
		{"a folder named like a bench", clues{photos: []ledger.Job{two}}, connectors.Retouch{Name: "one/job/0001.tif"},
			claim{bench: "one", folder: "/in/one", name: "job/0001.tif"}, ""},
		{"and the photo in it", clues{photos: []ledger.Job{two, one}}, connectors.Retouch{Name: "one/job/0001.tif"},
			claim{bench: "one", folder: "/in/one", name: "0001.tif", answers: one.ID, round: 1}, ""},
		{"a task of the remote's own, two benches", clues{}, connectors.Retouch{Name: "J/P/x.jpg", Batch: "task-1"}, claim{}, "no photo named x"},
		{"a photo at retouch", clues{photos: []ledger.Job{one}}, connectors.Retouch{Name: "0001.tif"},
			claim{bench: "one", folder: "/in/one", name: "0001.tif", answers: one.ID, round: 1}, ""},
		{"in the vendor's own folder", clues{photos: []ledger.Job{one}}, connectors.Retouch{Name: "2026-03/Completed/0001.tif"},
			claim{bench: "one", folder: "/in/one", name: "0001.tif", answers: one.ID, round: 1}, ""},
		{"the same path goes before the same stem", clues{photos: []ledger.Job{out("two", "selects", "b/0001.CR3"), out("one", "selects", "a/0001.CR3")}},
			connectors.Retouch{Name: "a/0001.tif"}, claim{bench: "one", folder: "/in/one", name: "a/0001.tif", answers: "one/selects/a/0001.CR3", round: 1}, ""},
		{"accents spelled otherwise", clues{photos: []ledger.Job{out("one", "selects", nfd+".CR3")}}, connectors.Retouch{Name: nfc + ".tif"},
			claim{bench: "one", folder: "/in/one", name: nfc + ".tif", answers: "one/selects/" + nfd + ".CR3", round: 1}, ""},
		{"another case, if unique", clues{photos: []ledger.Job{out("one", "selects", "IMG_1.CR3")}}, connectors.Retouch{Name: "img_1.tif"},
			claim{bench: "one", folder: "/in/one", name: "img_1.tif", answers: "one/selects/IMG_1.CR3", round: 1}, ""},
		{"another case, not unique", clues{photos: []ledger.Job{out("one", "selects", "IMG_1.CR3"), out("two", "selects", "Img_1.CR3")}},
			connectors.Retouch{Name: "img_1.tif"}, claim{}, "could belong to"},
		{"the exact case goes first", clues{photos: []ledger.Job{out("one", "selects", "IMG_1.CR3"), out("two", "selects", "img_1.CR3")}},
			connectors.Retouch{Name: "img_1.tif"}, claim{bench: "two", folder: "/in/two", name: "img_1.tif", answers: "two/selects/img_1.CR3", round: 1, ask: true}, ""},
		{"RAW and JPEG and versions are one", clues{photos: []ledger.Job{out("one", "selects", "0001.JPG"), one}}, connectors.Retouch{Name: "0001.tif"},
			claim{bench: "one", folder: "/in/one", name: "0001.tif", answers: "one/selects/0001.JPG", round: 1}, ""},
		{"two benches", clues{photos: []ledger.Job{one, two}}, connectors.Retouch{Name: "0001.tif"}, claim{}, "/studio/one/selects/0001.CR3 of bench one or /studio/two"},
		{"two folders of one bench", clues{photos: []ledger.Job{out("one", "selects", "a/0001.CR3"), out("one", "selects", "b/0001.CR3")}},
			connectors.Retouch{Name: "0001.tif"}, claim{}, "could belong to"},
		{"a photo of a bench that imports nothing", clues{photos: []ledger.Job{out("three", "selects", "0001.CR3")}}, connectors.Retouch{Name: "0001.tif"}, claim{}, "bench three"},
		{"nothing", clues{}, connectors.Retouch{Name: "a/0007.tif"}, claim{}, "no photo named 0007 was sent to acme"},
		{"a name that leaves its folder", clues{photos: []ledger.Job{one}}, connectors.Retouch{Name: "../0001.tif", Bench: "one"}, claim{}, "leaves its folder"},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.clues.account, c.clues.imports, c.clues.mirrors = "acme", imports, mirrors
			got, err := c.clues.claim(c.rt)
			if c.fails != "" {
				if err == nil || !strings.Contains(filepath.ToSlash(err.Error()), c.fails) {
					t.Fatalf("claimed %+v, %v; want nobody, and why: %q", got, err, c.fails)
				}
				return
			}
			if err != nil || got != c.want {
				t.Errorf("claimed %+v, %v; want %+v", got, err, c.want)
			}
		})
	}
}

func TestATaskOfTheRemotesOwnGoesToTheOneBenchThatImports(t *testing.T) {
	k := clues{account: "cf", imports: []Import{{Bench: "one", Folder: "/in/one"}}}
	got, err := k.claim(connectors.Retouch{Name: "JOB/PRODUCT/x.jpg", Batch: "task-1"})
	if want := (claim{bench: "one", folder: "/in/one", name: "JOB/PRODUCT/x.jpg"}); err != nil || got != want {
		t.Errorf("claimed %+v, %v; want %+v", got, err, want)
	}
}

// Whatever is known, and whatever the remote calls its file: a claim leads into
// a configured folder under a name that every system can store, names a photo
// of its bench only, depends on no order, and never picks one of two benches.
func TestClaimProperties(t *testing.T) {
	imports := []Import{{Bench: "one", Folder: "/in/one"}, {Bench: "two", Folder: "/in/two"}}
	part := rapid.SampledFrom([]string{"a", "A", "one", "two", nfc, nfd, "..", "CON", "x:y", "b ", ""})
	ext := rapid.SampledFrom([]string{".tif", ".jpg", ".CR3", ""})
	name := rapid.Custom(func(t *rapid.T) string {
		return strings.Join(rapid.SliceOfN(part, 1, 3).Draw(t, "parts"), "/") + ext.Draw(t, "ext")
	})
	photo := rapid.Custom(func(t *rapid.T) ledger.Job {
		return out(rapid.SampledFrom([]string{"one", "two", "three"}).Draw(t, "bench"), "selects",
			name.Filter(func(name string) bool { return connectors.CheckName(name) == nil }).Draw(t, "photo"))
	})
	rapid.Check(t, func(t *rapid.T) {
		photos := rapid.SliceOfN(photo, 0, 5).Draw(t, "photos")
		k := clues{account: "acme", imports: imports, photos: photos}
		rt := connectors.Retouch{Name: name.Draw(t, "name"), Bench: rapid.SampledFrom([]string{"", "", "one", "four"}).Draw(t, "told")}
		got, err := k.claim(rt)
		if err != nil {
			if err.Error() == "" {
				t.Fatal("nobody says why")
			}
			return
		}
		if connectors.CheckName(got.name) != nil || k.importOf(got.bench) == nil || got.folder != "/in/"+got.bench {
			t.Fatalf("%q lands as %+v", rt.Name, got)
		}
		if rt.Bench != "" && got.bench != rt.Bench {
			t.Fatalf("the remote says bench %s, claimed for %s", rt.Bench, got.bench)
		}
		if i := slices.IndexFunc(photos, func(j ledger.Job) bool { return j.ID == got.answers }); got.answers != "" && (photos[i].Bench != got.bench || fold(stem(photos[i].Name)) != fold(stem(rt.Name))) {
			t.Fatalf("%q of %s answers %+v", rt.Name, got.bench, photos[i])
		}
		if first, _, deeper := strings.Cut(rt.Name, "/"); rt.Bench == "" && !(deeper && k.importOf(first) != nil) {
			if found := match(photos, rt.Name); len(benchesOf(found)) != 1 {
				t.Fatalf("%q is claimed for %s, and could belong to %s", rt.Name, got.bench, list(found))
			}
		}
		slices.Reverse(k.photos)
		if again, err := k.claim(rt); err != nil || again.bench != got.bench || again.folder != got.folder {
			t.Fatalf("in another order: %+v, %v; want %+v", again, err, got)
		}
	})
}
