package outbound

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/unicode/norm"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/sync/ledger"
	"github.com/studio-agent/studio-agent/watch"
)

func TestAFileThatIsAsItWasIsNothing(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.drop("a.jpg", "A")
		history := r.happened("a.jpg")
		r.emit("a.jpg")
		if n := len(r.jobs("a.jpg")); n != 1 {
			t.Errorf("%d jobs, want 1", n)
		}
		if now := r.happened("a.jpg"); now != history {
			t.Errorf("history grew to %s", now)
		}
	})
}

func TestATouchedFileIsNotSentAndNotAskedAboutAgain(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.drop("sub/a.jpg", "A")
		r.start()
		pass(time.Minute)
		at := time.Now().Add(time.Hour)
		must(t, os.Chtimes(filepath.Join(r.hot, "sub/a.jpg"), at, at))
		r.emit("sub/a.jpg")
		pass(time.Minute)
		r.wantStored("sub/a.jpg", "A")
		known, err := r.enq.Known(t.Context(), "sub")
		must(t, err)
		if now := file(t, r.hot, "sub/a.jpg"); !known["a.jpg"].Same(now.Stamp) {
			t.Errorf("known is %v, on disk is %v: it would be read again and again", known["a.jpg"], now.Stamp)
		}
	})
}

func TestEachAccountGetsEachPhotoOnce(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.enq.Targets = []Target{{Account: "gs"}, {Account: "vendor"}, {Account: "backup"}}
		r.drop("a.jpg", "A")
		var accounts []string
		for _, j := range r.jobs("a.jpg") {
			accounts = append(accounts, j.Account)
		}
		if got := strings.Join(accounts, " "); got != "gs vendor backup" {
			t.Errorf("jobs for %s", got)
		}
	})
}

// sparse drops a file of nothing but zeros and returns its job.
func (r *rig) sparse(name string, size int64) ledger.Job {
	r.t.Helper()
	path := filepath.Join(r.hot, name)
	must(r.t, os.WriteFile(path, nil, 0o644))
	must(r.t, os.Truncate(path, size))
	r.emit(name)
	return r.job(name)
}

func TestTheDigestsAreInTheJobUnlessTheFileIsLargeAndNew(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.enq.Targets[0].SHA1 = false
		if j := r.sparse("limit.tif", digestFirst); j.Digests.SHA256 == "" {
			t.Error("a small file was not read")
		}
		if j := r.sparse("large.tif", digestFirst+1); j.Digests.SHA256 != "" {
			t.Error("a larger new one was read before it was queued")
		}
		if j := r.sparse("same size.tif", digestFirst+1); j.Digests.SHA256 != "" {
			t.Error("one more of that size was read: the other is still there, so it is not the same renamed")
		}
		must(t, os.Remove(filepath.Join(r.hot, "large.tif")))
		if j := r.sparse("renamed.tif", digestFirst+1); j.Digests.SHA256 == "" {
			t.Error("one of the size of a file that has gone was not read: it may be that one renamed")
		}
		for i := range ledger.MostSame {
			r.sparse(fmt.Sprint(i, ".tif"), digestFirst+2)
		}
		if j := r.sparse("many.tif", digestFirst+2); j.Digests.SHA256 == "" {
			t.Error("one of a size that very many have was not read")
		}
	})
}

func TestWhereContentsAreComparedLargerFilesAreReadFirst(t *testing.T) {
	for what, set := range map[string]func(*Enqueuer){
		"by SHA-1":  func(*Enqueuer) {}, // as the rig's account does
		"for marks": func(e *Enqueuer) { e.Targets[0] = Target{Account: "gs", Marks: true} },
	} {
		inBubbleNamed(t, what, func(t *testing.T, r *rig) {
			set(r.enq)
			if j := r.sparse("limit.tif", compareFirst); j.Digests.SHA256 == "" {
				t.Error("a file of 64 MiB was not read")
			}
			if j := r.sparse("large.tif", compareFirst+1); j.Digests.SHA256 != "" {
				t.Error("a larger new one was read before it was queued")
			}
			if j := r.sparse("same size.tif", compareFirst+1); j.Digests.SHA256 == "" {
				t.Error("one whose size is known was not read")
			}
		})
	}
}

func TestAFileThatChangesOrLeavesWhileItIsJudgedIsLookedAtAgain(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.write("a.jpg", "A")
		was := file(t, r.hot, "a.jpg")
		r.write("a.jpg", "longer")
		var later *watch.LaterError
		if err := emit(t.Context(), r.enq, was); !errors.As(err, &later) || !strings.Contains(later.Reason, "changed") {
			t.Errorf("a changed one: %v", err)
		}
		must(t, os.Remove(was.Path))
		if err := emit(t.Context(), r.enq, was); !errors.As(err, &later) {
			t.Errorf("one that left: %v", err)
		}
		if n := len(r.jobs("a.jpg")); n != 0 {
			t.Errorf("%d jobs, want none", n)
		}
	})
}

func TestWhatMayNotGoIsParkedWithinTheSameEmit(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.enq.Targets[0].Vet = func(_ context.Context, p connectors.Photo) (string, error) {
			if p.Name == "typo.jpg" {
				return "", connectors.Rejected("no reference is called typo; did you mean tyre?")
			}
			return "", errOffline // cannot be told now
		}
		r.drop("typo.jpg", "A")
		if j := r.wantState("typo.jpg", ledger.Parked); !strings.Contains(j.Reason, "did you mean tyre") {
			t.Errorf("reason %q", j.Reason)
		}
		if n := r.log.count("a person must act"); n != 1 {
			t.Errorf("%d log lines, want 1", n)
		}
		r.drop("b.jpg", "B")
		r.wantState("b.jpg", ledger.Queued)
		if r.happened("typo.jpg") == "" {
			t.Error("the history does not tell of it")
		}
	})
}

func TestNamesThatDifferOnlyInHowAccentsAreSpelled(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		composed, decomposed := norm.NFC.String("café.jpg"), norm.NFD.String("café.jpg")
		r.drop(composed, "one")
		r.drop(decomposed, "another")
		r.wantState(composed, ledger.Queued)
		j := r.wantState(decomposed, ledger.Parked)
		if !strings.Contains(j.Reason, "accents") || !strings.Contains(j.Reason, "rename") {
			t.Errorf("reason %q", j.Reason)
		}
		must(t, os.Rename(filepath.Join(r.hot, decomposed), filepath.Join(r.hot, "café 2.jpg")))
		r.emit("café 2.jpg")
		r.start()
		pass(time.Minute)
		r.wantStored(composed, "one")
		r.wantStored("café 2.jpg", "another")
		r.wantStored(decomposed)
		r.wantState(decomposed, ledger.Superseded)
	})
}

func TestEmitTellsOfALedgerThatCannotBeWritten(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.drop("a.jpg", "A")
		r.sqlSay(`CREATE TRIGGER full BEFORE INSERT ON jobs BEGIN SELECT RAISE(ABORT, 'disk full'); END`)
		r.write("b.jpg", "B")
		err := emit(t.Context(), r.enq, file(t, r.hot, "b.jpg"))
		var later *watch.LaterError
		if err == nil || errors.As(err, &later) || !strings.Contains(err.Error(), "disk full") {
			t.Errorf("got %v, want the trouble", err)
		}
		known, err := r.enq.Known(t.Context(), ".")
		must(t, err)
		if _, ok := known["b.jpg"]; ok {
			t.Error("a file without a job is called known: it would never be sent")
		}
		r.sqlSay(`DROP TRIGGER full`)
		r.emit("b.jpg")
		r.wantState("b.jpg", ledger.Queued)
	})
}

func TestAgain(t *testing.T) {
	tests := []struct {
		name string
		do   func(t *testing.T, f watch.File)
		jobs int
		same bool // what is known still is what lies there
	}{
		{"nothing has changed", func(*testing.T, watch.File) {}, 1, true},
		{"other content, same size and time", func(t *testing.T, f watch.File) { writeAt(t, f.Path, "B", f.ModTime) }, 2, true},
		{"another time: watching sees it", func(t *testing.T, f watch.File) { writeAt(t, f.Path, "B", f.ModTime.Add(1)) }, 1, false},
		{"gone", func(t *testing.T, f watch.File) { must(t, os.Remove(f.Path)) }, 1, false},
	}
	for _, tc := range tests {
		inBubbleNamed(t, tc.name, func(t *testing.T, r *rig) {
			r.drop("a.jpg", "A")
			f := file(t, r.hot, "a.jpg")
			tc.do(t, f)
			must(t, r.enq.Again(t.Context(), "a.jpg"))
			if n := len(r.jobs("a.jpg")); n != tc.jobs {
				t.Errorf("%d jobs, want %d", n, tc.jobs)
			}
			known, err := r.enq.Known(t.Context(), ".")
			must(t, err)
			if got := known["a.jpg"].Same(f.Stamp); got != tc.same {
				t.Errorf("its old stamp is known: %v, want %v", got, tc.same)
			}
		})
	}
	inBubbleNamed(t, "never heard of", func(t *testing.T, r *rig) {
		must(t, r.enq.Again(t.Context(), "a.jpg"))
	})
}

func TestOnlyTheAccountThatLacksItGetsAFileThatCameBack(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.enq.Targets = []Target{{Account: "gs"}, {Account: "vendor"}}
		r.drop("keep.jpg", "so that the folder is not empty")
		r.drop("a.jpg", "A")
		r.start() // works for gs alone
		pass(time.Minute)
		f := file(t, r.hot, "a.jpg")
		must(t, os.Rename(f.Path, f.Path+".away"))
		vendor := &Sender{Account: "vendor", Connector: r.remote.Connector(), Ledger: r.ledger, Log: r.sender.Log, Changed: r.sender.Changed, Gate: r.sender.Gate}
		r.stop()
		gs := r.sender
		r.sender = vendor
		r.start()
		pass(time.Minute)
		r.stop()
		must(t, os.Rename(f.Path+".away", f.Path))
		r.emit("a.jpg")
		var got []string
		for _, j := range r.jobs("a.jpg") {
			got = append(got, j.Account+" "+string(j.State))
		}
		if want := "gs done, vendor superseded, vendor queued"; strings.Join(got, ", ") != want {
			t.Errorf("jobs %v, want %s", got, want)
		}
		r.sender = gs
	})
}

func TestRanks(t *testing.T) {
	tests := []struct {
		name string
		role connectors.Role
		want int
	}{
		{"a.cr3", connectors.Select, 0}, {"a.jpg", connectors.Capture, 1}, {"a.JPEG", connectors.Capture, 1},
		{"a.tif", connectors.Capture, 2}, {"a.xmp", connectors.Capture, 2}, {"a.nef", connectors.Capture, 3}, {"a.mov", connectors.Mirror, 4},
	}
	for _, tc := range tests {
		if got := rank(ledger.Job{Name: tc.name, Role: tc.role}); got != tc.want {
			t.Errorf("%s as %s has rank %d, want %d", tc.name, tc.role, got, tc.want)
		}
	}
}
