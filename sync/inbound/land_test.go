package inbound

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

// emptied is what an importer does: it takes all files.
func emptied(folder string) error {
	files, err := os.ReadDir(folder)
	for _, f := range files {
		if err == nil {
			err = os.RemoveAll(filepath.Join(folder, f.Name()))
		}
	}
	return err
}

// lands lets a first version land and offers a second one.
func (r *rig) lands() (first, second []byte) {
	r.t.Helper()
	first = r.offers("0001.jpg", 1)
	r.collect()
	r.wantFiles("retouched", map[string][]byte{"0001.jpg": first})
	second = photo(2)
	r.remote.Return("0001.jpg", second)
	return first, second
}

func TestANewVersionReplacesOursAndKeepsTheOldOne(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		first, second := r.lands()
		pass(2 * time.Minute)
		r.wantFiles("retouched", map[string][]byte{"0001.jpg": second})
		kept := tree(t, filepath.Join(r.dir, "replaced"))
		for name, content := range kept {
			if at, ours := replacedAt(name); !ours || time.Since(at) > 3*time.Minute || string(content) != string(first) || !strings.HasSuffix(name, ".jpg") {
				t.Errorf("replaced versions hold %q of %v with %d bytes", name, at, len(content))
			}
		}
		if len(kept) != 1 {
			t.Errorf("%d replaced versions, want 1", len(kept))
		}
		r.wantState(id("0001.jpg", second), ledger.Done, "")
	})
}

func TestANewVersionBesideOurs(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.with(func(c *Collector) { c.Imports[0].Collide = CollideSuffix })
		first, second := r.lands()
		pass(2 * time.Minute)
		third := photo(3)
		r.remote.Return("0001.jpg", third)
		pass(2 * time.Minute)
		r.wantFiles("retouched", map[string][]byte{"0001.jpg": first, "0001-2.jpg": second, "0001-3.jpg": third})
		if j := r.wantState(id("0001.jpg", second), ledger.Done, ""); j.Receipt.Name != "0001-2.jpg" {
			t.Errorf("the ledger says it landed as %q", j.Receipt.Name)
		}
	})
}

func TestANewVersionIsHeldIfAskedSo(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.with(func(c *Collector) { c.Imports[0].Collide = CollideHold })
		first, second := r.lands()
		pass(2 * time.Minute)
		r.wantFiles("retouched", map[string][]byte{"0001.jpg": first})
		j := r.wantState(id("0001.jpg", second), ledger.Parked, "an older version")
		_, err := r.ledger.Record(j, ledger.Event{What: ledger.Retried, At: time.Now(), Forced: true})
		must(t, err)
		pass(time.Second)
		r.wantFiles("retouched", map[string][]byte{"0001.jpg": second})
	})
}

func TestWhatIsNotOursIsNeverReplaced(t *testing.T) {
	for _, collide := range []string{CollideVersion, CollideSuffix, CollideHold} {
		t.Run(collide, func(t *testing.T) {
			inBubble(t, func(t *testing.T, r *rig) {
				r.with(func(c *Collector) { c.Imports[0].Collide = collide })
				theirs := []byte("a photographer's own file")
				must(t, os.WriteFile(filepath.Join(r.folder, "0001.jpg"), theirs, 0o644))
				content := r.offers("0001.jpg", 1)
				r.collect()
				for _, forced := range []bool{false, true} {
					j := r.wantState(id("0001.jpg", content), ledger.Parked, "the agent did not put there")
					r.wantFiles("retouched", map[string][]byte{"0001.jpg": theirs})
					_, err := r.ledger.Record(j, ledger.Event{What: ledger.Retried, At: time.Now(), Forced: forced})
					must(t, err)
					pass(time.Second)
				}
				must(t, emptied(r.folder))
				_, err := r.ledger.Record(r.job(id("0001.jpg", content)), ledger.Event{What: ledger.Retried, At: time.Now()})
				must(t, err)
				pass(time.Second)
				r.wantFiles("retouched", map[string][]byte{"0001.jpg": content})
			})
		})
	}
}

func TestOursThatSomebodyWorkedOnIsNotReplaced(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		_, second := r.lands()
		edited := []byte("edited by hand")
		must(t, os.WriteFile(filepath.Join(r.folder, "0001.jpg"), edited, 0o644))
		pass(2 * time.Minute)
		r.wantFiles("retouched", map[string][]byte{"0001.jpg": edited})
		r.wantState(id("0001.jpg", second), ledger.Parked, "the agent did not put there")
	})
}

func TestTheSameContentThereNeedsNothing(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		content := r.offers("0001.jpg", 1)
		path := filepath.Join(r.folder, "0001.jpg")
		must(t, os.WriteFile(path, content, 0o644))
		before, err := os.Stat(path)
		must(t, err)
		r.collect()
		after, err := os.Stat(path)
		must(t, err)
		if !os.SameFile(before, after) || !after.ModTime().Equal(before.ModTime()) {
			t.Error("the file was put there anew")
		}
		r.wantState(id("0001.jpg", content), ledger.Done, "")
	})
}

func TestWhatAnImporterTookIsNotDroppedAgainUnderANewID(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		content := r.offers("0001.jpg", 1)
		r.collect()
		must(t, emptied(r.folder))
		r.remote.Withdraw("0001.jpg")
		r.remote.Offer(connectors.Retouch{ID: "after the server's clock changed", Name: "0001.jpg"}, content)
		pass(2 * time.Minute)
		r.wantFiles("retouched", nil)
		r.wantState("after the server's clock changed", ledger.Done, "")
		r.tap.wantAcks(t, "0001.jpg", "0001.jpg")
	})
}

func TestANewVersionOfWhatAnImporterTookLands(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.offers("0001.jpg", 1)
		r.collect()
		must(t, emptied(r.folder))
		second := photo(2)
		r.remote.Return("0001.jpg", second)
		pass(2 * time.Minute)
		r.wantFiles("retouched", map[string][]byte{"0001.jpg": second})
	})
}

func TestTwoReturnsForOnePhotoBothLand(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		out := r.sent("one", "0001.CR3")
		first, second := photo(1), photo(2)
		r.remote.Return("0001.jpg", first)
		r.remote.Return("0001.jpeg", second)
		r.collect()
		r.wantFiles("retouched", map[string][]byte{"0001.jpg": first, "0001.jpeg": second})
		if a, b := r.job(id("0001.jpg", first)), r.job(id("0001.jpeg", second)); a.Answers != out.ID || b.Answers != out.ID {
			t.Errorf("they answer %q and %q, want %q", a.Answers, b.Answers, out.ID)
		}
	})
}

func TestOneNameFromTwoRemoteFoldersIsHeld(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.sent("one", "0001.CR3")
		first, second := photo(1), photo(2)
		r.remote.Return("monday/0001.jpg", first)
		pass(time.Second)
		r.remote.Return("tuesday/0001.jpg", second)
		r.collect()
		r.wantFiles("retouched", map[string][]byte{"0001.jpg": first})
		j := r.wantState(id("tuesday/0001.jpg", second), ledger.Parked, "two files of acme have one name here")
		_, err := r.ledger.Record(j, ledger.Event{What: ledger.Retried, At: time.Now(), Forced: true})
		must(t, err)
		pass(time.Second)
		r.wantFiles("retouched", map[string][]byte{"0001.jpg": second})
	})
}

func TestOlderVersionsThatComeLateDoNotReplaceNewerOnes(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.sent("one", "0001.CR3")
		first, second := photo(1), photo(2)
		r.remote.Offer(connectors.Retouch{ID: "v1", Name: "0001.jpg"}, first)
		pass(time.Second)
		r.remote.Offer(connectors.Retouch{ID: "v2", Name: "0001.jpg"}, second)
		r.tap.onFetch = func(rt connectors.Retouch, w io.Writer) (bool, error) {
			return rt.ID == "v1" && r.job("v2").State != ledger.Done, io.ErrUnexpectedEOF
		}
		r.start()
		pass(2 * time.Minute)
		r.wantFiles("retouched", map[string][]byte{"0001.jpg": second})
		r.wantState("v1", ledger.Superseded, "a newer version has landed")
	})
}

func TestAFolderWhereAFileShouldLand(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		must(t, os.Mkdir(filepath.Join(r.folder, "0001.jpg"), 0o755))
		content := r.offers("0001.jpg", 1)
		r.collect()
		r.wantState(id("0001.jpg", content), ledger.Parked, "a folder lies under the name")
		r.wantFiles("retouched", nil)
	})
}

func TestAFileWhereAFolderShouldBe(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		must(t, os.WriteFile(filepath.Join(r.folder, "set"), nil, 0o644))
		content := r.offers("set/0001.jpg", 1)
		r.collect()
		r.wantState(id("set/0001.jpg", content), ledger.Parked, "but a file has that name")
	})
}

func TestALinkOutOfTheFolderIsNotFollowed(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		outside := r.mkdir("outside")
		if err := os.Symlink(outside, filepath.Join(r.folder, "set")); err != nil {
			t.Skip(err) // Windows without the privilege
		}
		content := r.offers("set/0001.jpg", 1)
		r.collect()
		r.wantFiles("outside", nil)
		if j := r.job(id("set/0001.jpg", content)); j.State == ledger.Done || j.Reason == "" {
			t.Errorf("the job is %s (%s)", j.State, j.Reason)
		}
	})
}

func TestAMissingImportFolderIsWaitedFor(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		must(t, os.Remove(r.folder))
		content := r.offers("0001.jpg", 1)
		r.start()
		pass(time.Hour)
		r.wantState(id("0001.jpg", content), ledger.Queued, "is its disk or share mounted?")
		must(t, os.Mkdir(r.folder, 0o755))
		pass(time.Minute)
		r.wantFiles("retouched", map[string][]byte{"0001.jpg": content})
	})
}

func TestFetchingWaitsForSpace(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.with(func(c *Collector) { c.Imports[0].Floor = 1 << 62 })
		content := r.offers("0001.jpg", 1)
		r.start()
		pass(10 * time.Minute)
		r.wantFiles("retouched", nil)
		if j := r.wantState(id("0001.jpg", content), ledger.Queued, "must stay free"); j.Failures != 0 {
			t.Errorf("%d failures are counted, want none", j.Failures)
		}
		r.stop()
		r.with(func(c *Collector) { c.Imports[0].Floor = 1 })
		r.reopen()
		r.start()
		pass(2 * time.Minute)
		r.wantFiles("retouched", map[string][]byte{"0001.jpg": content})
	})
}

func TestSpaceForWhatHasNoSize(t *testing.T) {
	free, err := freeBytes(t.TempDir())
	must(t, err)
	room, err := space(rules{folder: t.TempDir(), floor: 1}, ledger.Job{Size: -1})
	if err != nil || room <= 0 || room > free+1<<30 {
		t.Errorf("room for %d bytes, %v; want about the %d that are free", room, err, free)
	}
	if room, err = space(rules{folder: "nowhere"}, ledger.Job{Size: -1}); room != -1 || err != nil {
		t.Errorf("without a floor: %d, %v; want no limit", room, err)
	}
}

func TestReplacedVersionsAreRemovedWhenTheirTimeIsUpAndNothingElse(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.with(func(c *Collector) { c.Imports[0].Keep, c.Poll = 48*time.Hour, 10*time.Minute })
		_, second := r.lands()
		pass(15 * time.Minute)
		replaced := filepath.Join(r.dir, "replaced")
		old := time.Now().Add(-1000 * time.Hour)
		for _, name := range []string{"mine.jpg", "0001.replaced-soon.jpg", "0001.replaced-20000101-000000.jpg.txt.part"} {
			must(t, os.WriteFile(filepath.Join(replaced, name), nil, 0o644))
			must(t, os.Chtimes(filepath.Join(replaced, name), old, old))
		}
		pass(46 * time.Hour)
		if n := len(tree(t, replaced)); n != 4 {
			t.Errorf("%d files lie there before their time, want 4", n)
		}
		pass(4 * time.Hour)
		r.wantFiles("replaced", map[string][]byte{"mine.jpg": nil, "0001.replaced-soon.jpg": nil, "0001.replaced-20000101-000000.jpg.txt.part": nil})
		r.wantFiles("retouched", map[string][]byte{"0001.jpg": second})
	})
}

func TestReplacedNamesTellTheirTime(t *testing.T) {
	at := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	for _, base := range []string{"0001.jpg", "0001", "a.b.tif", ".x"} {
		if got, ok := replacedAt(replacedName(base, at)); !ok || !got.Equal(at) {
			t.Errorf("%q becomes %q, of %v %v", base, replacedName(base, at), got, ok)
		}
	}
	for _, base := range []string{"0001.jpg", "replaced-20260304-050607.jpg", "x.replaced-20269904-050607.jpg", "x.replaced-1.jpg"} {
		if at, ok := replacedAt(base); ok {
			t.Errorf("%q is taken for a version replaced at %v", base, at)
		}
	}
}

func TestKeepOfAFolderThatSeveralShareIsTheLongest(t *testing.T) {
	c := Collector{
		Imports: []Import{{Replaced: "a", Keep: time.Hour}, {Replaced: "b", Keep: time.Hour}, {Replaced: "b"}, {}},
		Mirrors: []Mirror{{Replaced: "a", Keep: 2 * time.Hour}, {Replaced: "b", Keep: time.Minute}},
	}
	got := c.kept()
	if len(got) != 2 || got["a"] != 2*time.Hour || got["b"] != 0 {
		t.Errorf("got %v, want a 2h, b for ever", got)
	}
}
