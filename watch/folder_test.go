package watch

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestUnchangedFolderAsksNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.write("a/1.jpg", "END")
		r.write("b/2.jpg", "END")
		r.start()
		r.pass(time.Second)
		r.want("a/1.jpg", "b/2.jpg")
		r.askedSince()
		r.Hints.LookAll()
		r.pass(10 * time.Minute)
		if asked := r.askedSince(); len(asked) != 0 {
			t.Errorf("Known was asked about %q though nothing changed", asked)
		}
		r.write("b/3.jpg", "END")
		r.pass(time.Second)
		r.want("a/1.jpg", "b/2.jpg", "b/3.jpg")
		if asked := r.askedSince(); slices.Contains(asked, "a") || !slices.Contains(asked, "b") {
			t.Errorf("Known was asked about %q, want b and not a", asked)
		}
	})
}

func TestRestartEmitsNothingTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.write("a/1.jpg", "END")
		r.start()
		r.pass(time.Second)
		r.stop()
		r.write("a/2.jpg", "END")
		again := &Folder{Root: r.Root, Known: r.known, Look: look, Busy: r.busy}
		r.Folder = again
		r.start()
		r.pass(time.Minute)
		r.want("a/1.jpg", "a/2.jpg")
	})
}

func TestFoldersComeAndGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.write("day/1.jpg", "END")
		r.start()
		r.pass(time.Second)
		outside := filepath.Join(filepath.Dir(r.Root), "card")
		r.must(os.MkdirAll(filepath.Join(outside, "deep", "er"), 0o755))
		r.must(os.WriteFile(filepath.Join(outside, "deep", "er", "2.jpg"), []byte("END"), 0o644))
		r.must(os.Rename(outside, r.at("card")))
		r.Hints.Look(".")
		r.pass(time.Second)
		r.want("day/1.jpg", "card/deep/er/2.jpg")

		r.must(os.Rename(r.at("day"), r.at("night"))) // the engine knows the content; for watch it is new
		r.Hints.Look(".")
		r.pass(time.Second)
		r.want("day/1.jpg", "card/deep/er/2.jpg", "night/1.jpg")

		r.must(os.RemoveAll(r.at("card")))
		r.Hints.Look("card/deep") // a hint may name what is gone
		r.pass(time.Second)
		if s := r.Status(); s.Folders != 2 || s.Files != 1 || s.Waits != 0 {
			t.Errorf("status %+v, want 2 folders, 1 file, none waiting", s)
		}
	})
}

// The folder has the name of one that was known, but it is another one.
func TestFolderReplacedUnderItsName(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a listing has no file ids here; the event of the folder tells")
	}
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.write("day/1.jpg", "END")
		r.write("other/2.jpg", "END")
		r.Skip.Exclude = []string{"other"}
		r.start()
		r.pass(time.Second)
		r.must(os.Rename(r.at("day"), r.at("../away")))
		r.must(os.Rename(r.at("other"), r.at("day")))
		r.Hints.Look(".")
		r.pass(time.Second)
		r.want("day/1.jpg", "day/2.jpg")
	})
}

func TestCardCopy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.start()
		r.pass(time.Second)
		const files = 1000
		for i := range files {
			r.write(fmt.Sprintf("card/%d/%04d.jpg", i%5, i), "END")
		}
		r.pass(time.Minute)
		got := r.names()
		slices.Sort(got)
		if len(got) != files || len(slices.Compact(got)) != files {
			t.Errorf("emitted %d files, %d different ones, want %d", len(got), len(slices.Compact(got)), files)
		}
	})
}

func TestErrorFromEmitMeansAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		tries := 0
		r.answer = func(File) error { tries++; return errors.New("the ledger's disk is full") }
		r.write("1.jpg", "END")
		r.start()
		r.pass(10 * time.Minute)
		r.want()
		r.waits("1.jpg", "the ledger's disk is full", false)
		if tries < 10 || tries > 100 {
			t.Errorf("offered %d times in 10 minutes, want 10 to 100", tries)
		}
		r.setAnswer(nil)
		r.pass(maxPoll + time.Second)
		r.want("1.jpg")
	})
}

func TestLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		until := time.Now().Add(30 * time.Second)
		r.answer = func(File) error { return fmt.Errorf("bench: %w", &LaterError{until, "waits for its JPEG"}) }
		r.write("1.cr3", "END")
		r.start()
		r.pass(time.Second)
		r.waits("1.cr3", "waits for its JPEG", false)
		if next := r.Status().Waiting[0].Next; !next.Equal(until) {
			t.Errorf("looked at again at %v, want %v", next, until)
		}
		r.setAnswer(nil)
		r.pass(28 * time.Second)
		r.want()
		r.pass(2 * time.Second)
		r.want("1.cr3")
	})
}

// RAW waits for its JPEG. When the JPEG is taken, the RAW goes at once; the RAW
// of another picture goes on waiting.
func TestPartnersReleaseEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		jpeg := map[string]bool{}
		r.answer = func(f File) error {
			s := stem(filepath.Base(f.Name))
			if strings.HasSuffix(f.Name, ".jpg") {
				jpeg[s] = true
			} else if !jpeg[s] {
				return &LaterError{time.Now().Add(time.Hour), "waits for its JPEG"}
			}
			return nil
		}
		r.write("DSC_1.CR3", "END")
		r.write("dsc_2.cr3", "END")
		r.start()
		r.pass(10 * time.Second)
		r.want()
		r.write("DSC_2.jpg", "END") // long after its partner,
		r.pass(time.Second)
		r.want("dsc_2.cr3", "DSC_2.jpg")
		r.write("3.jpg", "END") // and together with it
		r.write("3.cr3", "END")
		r.pass(time.Second)
		r.want("dsc_2.cr3", "DSC_2.jpg", "3.cr3", "3.jpg")
		r.waits("DSC_1.CR3", "waits for its JPEG", false)
	})
}

func TestMoreThanMayWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.answer = func(File) error { return &LaterError{time.Now().Add(time.Hour), "held"} }
		r.most = 2
		r.start()
		r.pass(time.Second)
		for i := range 5 {
			r.write(fmt.Sprintf("%d.jpg", i), "END")
		}
		r.pass(time.Second)
		if s := r.Status(); s.Waits != 2 {
			t.Errorf("%d wait, want 2", s.Waits)
		}
		r.setAnswer(nil)
		r.pass(2 * time.Hour)
		r.want("0.jpg", "1.jpg", "2.jpg", "3.jpg", "4.jpg")
	})
}

func TestLedgerThatDoesNotAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.write("1.jpg", "END")
		r.stop()
		known := r.Known
		r.Known = func(ctx context.Context, dir string) (map[string]Stamp, error) {
			return nil, errors.New("database is locked")
		}
		r.start()
		r.pass(time.Second)
		r.waits("./", "database is locked", true)
		r.stop()
		r.Known = known
		r.start()
		r.pass(time.Second)
		r.want("1.jpg")
	})
}

func TestRescanFindsWhatEventsMissed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.hints = false // writers are not heard, though events seem to work
		r.start()
		r.pass(time.Second)
		r.write("a/b/1.jpg", "END")
		r.pass(DefaultRescan + time.Second)
		r.want("a/b/1.jpg")
		r.write("a/2.jpg", "END")
		r.Hints.LookAll() // overflow
		r.pass(3 * time.Second)
		r.want("a/b/1.jpg", "a/2.jpg")
		if s := r.Status(); s.Watching != "events" || s.Reason != "" || s.Scanned.IsZero() {
			t.Errorf("status %+v, want events, no reason, scanned", s)
		}
	})
}

func TestInterval(t *testing.T) {
	tests := []struct {
		hints        bool
		rescan, took time.Duration
		want         time.Duration
	}{
		{true, time.Minute, time.Millisecond, time.Minute},
		{true, time.Minute, 2 * time.Second, 1000 * time.Second},
		{false, time.Minute, time.Millisecond, 10 * time.Second},
		{false, time.Minute, 50 * time.Millisecond, 25 * time.Second},
		{false, time.Minute, time.Minute, time.Minute},
		{false, 2 * time.Second, time.Millisecond, 2 * time.Second},
	}
	for _, tt := range tests {
		f := Folder{set: settings{rescan: tt.rescan}}
		if tt.hints {
			f.Hints = NewHints("")
		}
		f.scan.took = tt.took
		if got := f.interval(); got != tt.want {
			t.Errorf("%+v: interval %v, want %v", tt, got, tt.want)
		}
	}
}

func TestStampSame(t *testing.T) {
	a := Stamp{1, time.Unix(1, 0), time.Unix(2, 0)}
	tests := []struct {
		b    Stamp
		want bool
	}{
		{a, true},
		{Stamp{1, time.Unix(1, 0).UTC(), time.Unix(2, 0)}, true},
		{Stamp{1, time.Unix(1, 0), time.Time{}}, true},
		{Stamp{1, time.Unix(1, 0), time.Unix(3, 0)}, false},
		{Stamp{2, time.Unix(1, 0), time.Unix(2, 0)}, false},
		{Stamp{1, time.Unix(1, 1), time.Unix(2, 0)}, false},
	}
	for _, tt := range tests {
		if a.Same(tt.b) != tt.want || tt.b.Same(a) != tt.want {
			t.Errorf("%+v.Same(%+v) != %v", a, tt.b, tt.want)
		}
	}
}

func TestSidecarsAreEmittedWhereTheyCount(t *testing.T) {
	for _, counts := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t)
			r.Skip.Sidecars = counts
			r.start()
			r.write("a/0001.CR3", "raw END")
			r.write("a/0001.xmp", "four stars END")
			r.pass(time.Minute)
			if counts {
				r.want("a/0001.CR3", "a/0001.xmp")
				r.write("a/0001.xmp", "five stars, END")
				r.pass(2 * time.Minute)
				r.want("a/0001.CR3", "a/0001.xmp", "a/0001.xmp")
			} else {
				r.want("a/0001.CR3")
			}
			r.stop()
		})
	}
}

// What has lain in the folder for long, by the clock of its disk, need not lie
// there before our eyes once more; what is new, open or not whole must.
func TestWhatHasLongRestedGoesAtOnce(t *testing.T) {
	for _, tt := range []struct {
		name, content string
		settle, lain  time.Duration // lain: before the agent was started
		open          bool
		waits         time.Duration // how long it waits; less than zero: for longer than 20 s
	}{
		{"old.jpg", "a picture END", 0, 11 * time.Second, false, 0},
		{"new.jpg", "a picture END", 0, 9 * time.Second, false, DefaultSettle},
		{"old, and the bench wants more.jpg", "a picture END", time.Minute, 59 * time.Second, false, -1},
		{"older than the bench wants.jpg", "a picture END", time.Minute, 61 * time.Second, false, 0},
		{"of a format that tells nothing.bin", "END", 0, time.Hour, false, restAlone - DefaultSettle},
		{"open.jpg", "a picture END", 0, time.Hour, true, -1},
		{"half.jpg", "a pict", 0, time.Hour, false, -1},
		{"of tomorrow.jpg", "a picture END", 0, -time.Hour, false, DefaultSettle},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t)
				r.Settle = tt.settle
				r.write(tt.name, tt.content)
				r.setOpen(tt.name, tt.open)
				info, err := os.Stat(r.at(tt.name))
				r.must(err)
				changed := Changed(info)
				if changed.IsZero() {
					t.Skip("no inode change times here")
				}
				time.Sleep(time.Until(changed) + tt.lain)
				r.began = time.Now()
				r.start()
				r.pass(20 * time.Second)
				if tt.waits < 0 {
					r.want()
					return
				}
				r.want(tt.name)
				if len(r.emitted) == 0 {
					return
				}
				if got := r.emitted[0].after; got < tt.waits || got > tt.waits+100*time.Millisecond {
					t.Errorf("it went after %v, want %v", got, tt.waits)
				}
			})
		})
	}
}
