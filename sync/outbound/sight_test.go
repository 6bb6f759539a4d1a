package outbound

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/studio-agent/studio-agent/connectors/faults"
	"github.com/studio-agent/studio-agent/connectors/memory"
	"github.com/studio-agent/studio-agent/sync/ledger"
	"github.com/studio-agent/studio-agent/watch"
)

var (
	long  = time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC)
	since = time.Date(1999, 6, 1, 0, 0, 0, 0, time.UTC)
)

// lies makes files that lay in the hot folder before the agent met it.
func lies(r *rig, at time.Time, names ...string) {
	for _, name := range names {
		writeAt(r.t, filepath.Join(r.hot, name), name, at)
	}
}

// The inode's time cannot be set: these tests of age are in real time.
func TestExistingFilesAreSentLeftAloneOrJudgedByAge(t *testing.T) {
	tests := []struct {
		name  string
		first FirstSight
		goes  map[string]bool
	}{
		{"all", FirstSight{}, map[string]bool{"old.jpg": true, "young.jpg": true}},
		{"ignore", FirstSight{Ignore: true}, map[string]bool{"old.jpg": false, "young.jpg": false}},
		{"since a day", FirstSight{Since: since}, map[string]bool{"old.jpg": false, "young.jpg": true}},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			r := newRig(t)
			tc.first.HoldFiles, tc.first.HoldBytes = 100, 1000
			r.enq.First = tc.first
			lies(r, long, "old.jpg")
			lies(r, since, "young.jpg")
			time.Sleep(20 * time.Millisecond) // the clock of inodes ticks slowly
			for name, goes := range tc.goes {
				r.emit(name)
				if n := len(r.jobs(name)); (n == 1) != goes {
					t.Errorf("%s has %d jobs, want it to go: %v", name, n, goes)
				}
				if history := r.happened(name); history == "" {
					t.Errorf("nothing is written down about %s", name)
				}
			}
			time.Sleep(20 * time.Millisecond)
			lies(r, long, "later.jpg") // with an old time, but later than the agent
			r.emit("later.jpg")
			if n := len(r.jobs("later.jpg")); n != 1 {
				t.Errorf("a file that came later has %d jobs, want 1", n)
			}
			for name, goes := range tc.goes {
				if goes {
					continue
				}
				writeAt(t, filepath.Join(r.hot, name), "retouched "+name, time.Now())
				r.emit(name)
				if n := len(r.jobs(name)); n != 1 {
					t.Errorf("%s was changed and has %d jobs, want 1", name, n)
				}
			}
		})
	}
}

func TestAFirstSightThatBrokeOffIsRepeatedAndTakesNothingNewForOld(t *testing.T) {
	r := newRig(t)
	r.enq.First.Ignore = true
	lies(r, long, "old.jpg", "older.jpg")
	time.Sleep(20 * time.Millisecond)
	must(t, r.ledger.SetIdentity(r.hot, "bench", "disk 1"))
	r.sqlSay(`CREATE TRIGGER full BEFORE INSERT ON known BEGIN SELECT RAISE(ABORT, 'disk full'); END`)
	if _, err := r.enq.Known(t.Context(), "."); err == nil {
		t.Fatal("a first sight that was cut short is called finished")
	}
	r.sqlSay(`DROP TRIGGER full`)
	time.Sleep(20 * time.Millisecond)
	lies(r, long, "shot meanwhile.jpg")

	must(t, r.ledger.Close()) // a new process
	r.openLedger()
	r.enq = r.enqueuer(r.hot, "capture")
	r.enq.First.Ignore = true
	known, err := r.enq.Known(t.Context(), ".")
	must(t, err)
	if len(known) != 2 {
		t.Errorf("%d files are left alone, want the 2 old ones", len(known))
	}
	r.emit("shot meanwhile.jpg")
	r.wantState("shot meanwhile.jpg", ledger.Queued)
	folder, _, err := r.ledger.FindFolder(t.Context(), r.hot)
	must(t, err)
	if folder.Held != "" || folder.Identity != "disk 1" {
		t.Errorf("folder %+v, want it sighted, and its disk remembered", folder)
	}
}

func TestAFirstSightInTroubleLeavesNothingAloneByMistake(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		lies(r, long, "a.jpg")
		must(t, os.Rename(r.hot, r.hot+".away"))
		if _, err := r.enq.Known(t.Context(), "."); err == nil {
			t.Error("a folder that is not there was sighted")
		}
		if err := emit(t.Context(), r.enq, watch.File{Name: "a.jpg"}); err == nil {
			t.Error("a file was taken before the first sight")
		}
		must(t, os.Rename(r.hot+".away", r.hot))
		r.emit("a.jpg")
		r.wantState("a.jpg", ledger.Queued)
	})
}

func TestTooMuchAtFirstSightWaitsForAPerson(t *testing.T) {
	tests := []struct {
		name  string
		files int
		bytes int64
		held  string
	}{
		{"fewer than both limits", 3, 100, ""},
		{"one file too many", 2, 100, "3 files (15 B)"},
		{"one byte too many", 3, 14, "3 files (15 B)"},
	}
	for _, tc := range tests {
		inBubbleNamed(t, tc.name, func(t *testing.T, r *rig) {
			r.enq.First.HoldFiles, r.enq.First.HoldBytes = tc.files, tc.bytes
			lies(r, long, "a.jpg", "b.jpg", "c.jpg")
			if tc.held == "" {
				r.emit("a.jpg")
				r.wantState("a.jpg", ledger.Queued)
				return
			}
			wantLater(t, r.enq, "a.jpg", tc.held)
			wantLater(t, r.enq, "a.jpg", "studio-agent release bench")
			if n := r.log.count("a person must release it"); n != 1 {
				t.Errorf("%d log lines, want 1", n)
			}
			r.enq = r.enqueuer(r.hot, "capture") // a restart forgets nothing
			wantLater(t, r.enq, "a.jpg", tc.held)

			n, err := Release(t.Context(), r.ledger, "bench", []string{r.hot, "/elsewhere"})
			if n != 1 || err != nil {
				t.Errorf("released %d, %v", n, err)
			}
			r.emit("a.jpg")
			r.wantState("a.jpg", ledger.Queued)
			if _, err := Release(t.Context(), r.ledger, "bench", []string{r.hot}); err == nil || !strings.Contains(err.Error(), "bench") {
				t.Errorf("released again: %v, want an error that names the bench", err)
			}
		})
	}
}

func TestTheFilesOfAHeldFolderAreNotOfferedAllTheTime(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.enq.First.HoldFiles = 0
		lies(r, long, "a.jpg")
		var last time.Time
		for range 1000 {
			last = wantLater(t, r.enq, "a.jpg", "release")
		}
		if wait := time.Until(last); wait < 2*time.Second || wait > 4*time.Second {
			t.Errorf("the last of 1000 is offered again after %v, want about 3s: 500 a second", wait)
		}
		pass(time.Minute)
		if wait := time.Until(wantLater(t, r.enq, "a.jpg", "release")); wait > 2*time.Second {
			t.Errorf("one file alone is offered again after %v, want a second", wait)
		}
	})
}

func TestFilesFromBeforeTheFirstSightAreAskedForFirst(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		tap := r.tap()
		lies(r, long, "there.jpg", "new.jpg")
		r.remote.Put("there.jpg", []byte("there.jpg")) // by an agent whose ledger was lost
		r.emit("there.jpg")
		r.emit("new.jpg")
		r.drop("fresh.jpg", "fresh")
		r.start()
		pass(time.Minute)
		r.wantStored("there.jpg")
		r.wantStored("new.jpg", "new.jpg")
		for _, name := range []string{"there.jpg", "new.jpg", "fresh.jpg"} {
			r.wantState(name, ledger.Done)
		}
		if finds, delivers := tap.counts(); finds != 2 || delivers != 2 {
			t.Errorf("%d questions and %d deliveries, want 2 and 2", finds, delivers)
		}
		entries, err := r.ledger.History(t.Context(), r.hot, "new.jpg")
		must(t, err)
		for _, e := range entries {
			if strings.Contains(e.Reason, "earlier try") {
				t.Errorf("the history tells of an earlier try, of which there was none: %+v", e)
			}
		}
	})
}

func TestAnOldFileThatCannotBeAskedForIsNotSent(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		tap := r.tap()
		lies(r, long, "old.jpg")
		r.emit("old.jpg")
		r.plan.Chance(memory.OpFind, 1, faults.Fault{Status: 503})
		r.start()
		pass(10 * time.Minute)
		if _, delivers := tap.counts(); delivers != 0 {
			t.Errorf("%d deliveries, want none", delivers)
		}
	})
}

func TestManyFilesAreLeftAloneInOneGo(t *testing.T) {
	r := newRig(t)
	r.enq.First.Ignore = true
	for i := range 601 {
		lies(r, long, fmt.Sprintf("%d/%d.jpg", i%3, i))
	}
	lies(r, long, ".hidden.jpg")
	time.Sleep(20 * time.Millisecond)
	n := 0
	for _, dir := range []string{"0", "1", "2"} {
		known, err := r.enq.Known(t.Context(), dir)
		must(t, err)
		n += len(known)
	}
	if n != 601 {
		t.Errorf("%d files are left alone, want 601", n)
	}
	if _, seen, err := r.ledger.FindFile(t.Context(), r.hot, ".hidden.jpg"); seen || err != nil {
		t.Errorf("a file that is never sent is remembered: %v, %v", seen, err)
	}
}

func TestEverybodyWaitsForTheOneFirstSight(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		lies(r, long, "a.jpg")
		errs := make(chan error, 10)
		for range 10 {
			go func() {
				_, err := r.enq.Known(t.Context(), ".")
				errs <- err
			}()
		}
		synctest.Wait()
		for range 10 {
			if err := <-errs; err != nil && !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
		}
		r.emit("a.jpg")
		r.wantState("a.jpg", ledger.Queued)
	})
}

func TestBytes(t *testing.T) {
	tests := []struct {
		n    int64
		want string
	}{
		{0, "0 B"}, {999, "999 B"}, {1000, "1.0 kB"}, {3_400_000, "3.4 MB"}, {20_000_000_000, "20 GB"},
		{1_500_000_000_000, "1.5 TB"}, {5_000_000_000_000_000, "5000 TB"},
	}
	for _, tc := range tests {
		if got := Bytes(tc.n); got != tc.want {
			t.Errorf("Bytes(%d) = %q, want %q", tc.n, got, tc.want)
		}
	}
}

func TestAFolderThatWasLeftAloneMayBeRenamed(t *testing.T) {
	r := newRig(t)
	r.enq.First = FirstSight{Ignore: true, HoldFiles: 100, HoldBytes: 1000}
	r.mkdir("hot/archive")
	lies(r, long, "archive/old.jpg", "archive/older.jpg")
	time.Sleep(20 * time.Millisecond) // the clock of inodes ticks slowly
	if _, err := r.enq.Known(t.Context(), "."); err != nil {
		t.Fatal(err)
	}
	must(t, os.Rename(filepath.Join(r.hot, "archive"), filepath.Join(r.hot, "archive 2019")))
	r.emit("archive 2019/old.jpg")
	if n := len(r.jobs("archive 2019/old.jpg")); n != 0 {
		t.Errorf("the renamed file has %d jobs, want none", n)
	}
	history, err := r.ledger.History(t.Context(), r.hot, "archive 2019/old.jpg")
	must(t, err)
	if len(history) != 1 || !strings.HasPrefix(history[0].Reason, "left alone as archive/old.jpg") {
		t.Errorf("history says %+v", history)
	}
	lies(r, long, "archive 2019/copy of old.jpg") // another name: somebody made it
	r.emit("archive 2019/copy of old.jpg")
	if n := len(r.jobs("archive 2019/copy of old.jpg")); n != 1 {
		t.Errorf("a new file has %d jobs, want 1", n)
	}
}

func TestADiskMountedAfterTheFirstSightIsSeenForTheFirstTime(t *testing.T) {
	r := newRig(t)
	r.enq.First = FirstSight{HoldFiles: 2, HoldBytes: 1000}
	must(t, r.enq.Identify("the empty mount point"))
	if _, err := r.enq.Known(t.Context(), "."); err != nil {
		t.Fatal(err)
	}
	lies(r, long, "a.jpg", "b.jpg", "c.jpg") // the disk is mounted: years of pictures
	must(t, r.enq.Identify("the disk"))
	wantLater(t, r.enq, "a.jpg", "3 files")

	other := newRig(t) // where something was accepted, a new disk changes nothing
	other.enq.First = FirstSight{HoldFiles: 1, HoldBytes: 1000}
	must(t, other.enq.Identify("one disk"))
	other.write("a.jpg", "a")
	other.emit("a.jpg")
	must(t, other.enq.Identify("its successor"))
	lies(other, long, "b.jpg", "c.jpg")
	other.emit("b.jpg")
	other.wantState("b.jpg", ledger.Queued)
}
