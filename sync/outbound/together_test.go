package outbound

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/studio-agent/studio-agent/sync/ledger"
)

func inPairs(t *testing.T, test func(t *testing.T, r *rig)) {
	t.Helper()
	inBubble(t, func(t *testing.T, r *rig) {
		r.enq.Together = 30 * time.Second
		test(t, r)
	})
}

// wantQueued says that these files have one job each.
func (r *rig) wantQueued(names ...string) {
	r.t.Helper()
	for _, name := range names {
		if jobs := r.jobs(name); len(jobs) != 1 || jobs[0].State != ledger.Queued {
			r.t.Errorf("%s has jobs %+v, want one that is queued", name, jobs)
		}
	}
}

func TestRAWAndJPEGGoTogetherInEitherOrder(t *testing.T) {
	for _, order := range [][2]string{{"IMG_1.CR3", "IMG_1.JPG"}, {"IMG_1.JPG", "IMG_1.CR3"}, {"day/IMG_1.nef", "day/IMG_1.tif"}} {
		t.Run(order[0], func(t *testing.T) {
			inPairs(t, func(t *testing.T, r *rig) {
				r.write(order[0], "one")
				if until := wantLater(t, r.enq, order[0], "partner"); time.Until(until) != 30*time.Second {
					t.Errorf("waits until %v, want 30s from now", until)
				}
				pass(20 * time.Second)
				r.drop(order[1], "other")
				r.wantQueued(order[0], order[1])
				a, b := r.job(order[0]), r.job(order[1])
				if !a.Created.Equal(b.Created) {
					t.Errorf("entered at %v and %v, want at once", a.Created, b.Created)
				}
				r.emit(order[0]) // watching still has it
				r.wantQueued(order[0], order[1])
			})
		})
	}
}

func TestAFileWhosePartnerDoesNotComeGoesAloneAndTheLateOneFollowsAtOnce(t *testing.T) {
	inPairs(t, func(t *testing.T, r *rig) {
		r.write("a.cr3", "raw")
		wantLater(t, r.enq, "a.cr3", "partner")
		pass(29 * time.Second)
		wantLater(t, r.enq, "a.cr3", "partner")
		pass(time.Second)
		r.emit("a.cr3")
		r.wantQueued("a.cr3")
		pass(time.Minute)
		r.drop("a.jpg", "late")
		r.wantQueued("a.jpg")
		r.drop("a.xmp", "rating")
		r.wantQueued("a.xmp")
	})
}

func TestSidecarsGoWithTheirPicture(t *testing.T) {
	inPairs(t, func(t *testing.T, r *rig) {
		for _, name := range []string{"a.xmp", "a.cr3.xmp", "a.cr3"} {
			r.write(name, name)
			wantLater(t, r.enq, name, "partner")
			pass(time.Second)
		}
		r.drop("a.jpg", "jpg")
		r.wantQueued("a.xmp", "a.cr3.xmp", "a.cr3", "a.jpg")
	})
}

func TestWhatHasNoPartnerDoesNotWait(t *testing.T) {
	inPairs(t, func(t *testing.T, r *rig) {
		for _, name := range []string{"film.mp4", "list.pdf"} {
			r.drop(name, name)
			r.wantQueued(name)
		}
	})
}

func TestAPartnerThatChangesOrLeavesMeanwhileHoldsUpNobodyForLong(t *testing.T) {
	for _, how := range []string{"changes", "leaves"} {
		t.Run(how, func(t *testing.T) {
			inPairs(t, func(t *testing.T, r *rig) {
				r.write("a.cr3", "raw")
				wantLater(t, r.enq, "a.cr3", "partner")
				pass(time.Second)
				if how == "leaves" {
					must(t, os.Remove(filepath.Join(r.hot, "a.cr3")))
				} else {
					r.write("a.cr3", "raw, written again")
				}
				r.write("a.jpg", "jpg")
				wantLater(t, r.enq, "a.jpg", "changed while it was read")
				if how == "leaves" {
					pass(30 * time.Second)
					r.emit("a.jpg")
					r.wantQueued("a.jpg")
					return
				}
				r.write("a.cr3", "raw, finished")
				wantLater(t, r.enq, "a.jpg", "partner")
				r.emit("a.cr3")
				r.wantQueued("a.jpg", "a.cr3")
			})
		})
	}
}

func TestALedgerInTroubleForgetsNoPair(t *testing.T) {
	inPairs(t, func(t *testing.T, r *rig) {
		r.write("a.cr3", "raw")
		wantLater(t, r.enq, "a.cr3", "partner")
		r.sqlSay(`CREATE TRIGGER full BEFORE INSERT ON jobs BEGIN SELECT RAISE(ABORT, 'disk full'); END`)
		r.write("a.jpg", "jpg")
		if err := emit(t.Context(), r.enq, file(t, r.hot, "a.jpg")); err == nil {
			t.Error("emit says that all is well")
		}
		r.sqlSay(`DROP TRIGGER full`)
		r.emit("a.jpg")
		r.wantQueued("a.jpg", "a.cr3")
	})
}

func TestPairsAreForgottenInTime(t *testing.T) {
	inPairs(t, func(t *testing.T, r *rig) {
		for i := range 50 {
			r.write(fmt.Sprintf("%d.cr3", i), "raw")
			wantLater(t, r.enq, fmt.Sprintf("%d.cr3", i), "partner")
			r.drop(fmt.Sprintf("%d.jpg", i), "jpg")
			pass(time.Minute)
		}
		if n := len(r.enq.pairs); n > 12 {
			t.Errorf("%d pairs are remembered after 50 minutes, want those of the last ten", n)
		}
	})
}

func TestStems(t *testing.T) {
	tests := [][2]string{
		{"IMG_1.CR3", "IMG_1"}, {"IMG_1.xmp", "IMG_1"}, {"IMG_1.CR3.xmp", "IMG_1"}, {"IMG_1.jpg.xmp", "IMG_1"},
		{"day/a.b.jpg", "day/a.b"}, {"day/a.b.xmp", "day/a.b"},
	}
	for _, tc := range tests {
		if got := stem(tc[0]); got != tc[1] {
			t.Errorf("stem(%q) = %q, want %q", tc[0], got, tc[1])
		}
	}
}
