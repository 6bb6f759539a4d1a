package outbound

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/studio-agent/studio-agent/sync/ledger"
)

// benchOf is a rig with captures that need no rule and a selects folder.
func benchOf(r *rig) *Enqueuer {
	r.enq.Targets = []Target{{Account: "gs", Marks: true}}
	r.enq.Selects = &SelectRule{Targets: []Target{{Account: "gs", Marks: true}}}
	return withSelects(r)
}

func TestASelectMovedBackToTheCapturesIsNoneAnyMore(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		selects := benchOf(r)
		r.drop("keep.jpg", "another")
		content := r.drop("a.jpg", "picture")
		r.start()
		pass(time.Minute)
		for range 2 { // there and back, and once more, with the times it had
			moveTo(t, r.enq, selects, "a.jpg")
			pass(time.Minute)
			moveTo(t, selects, r.enq, "a.jpg")
			pass(time.Minute)
		}
		r.wantTold("a.jpg", "select, none, select, none")
		r.wantStored("a.jpg", content)
	})
}

func TestASelectThatWasNeverACaptureMovedToTheCaptures(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		selects := benchOf(r)
		r.start()
		writeAt(t, selects.Folder+"/a.jpg", "picture", time.Now())
		must(t, emit(t.Context(), selects, file(t, selects.Folder, "a.jpg")))
		pass(2 * time.Minute)
		moveTo(t, selects, r.enq, "a.jpg")
		pass(time.Minute)
		r.wantTold("a.jpg", "select, none")
		r.wantStored("a.jpg", "picture")
	})
}

func TestACopyInTheSelectsKeepsACaptureSelected(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		selects := benchOf(r)
		r.drop("a.jpg", shot(9, ""))
		r.start()
		pass(time.Minute)
		copyTo(t, r.enq, selects, "a.jpg")
		pass(time.Minute)
		r.rewrite("a.jpg", shot(9, xmp(stars(2))))
		r.wantTold("a.jpg", "select, select 2")
	})
}

func TestThatASelectCannotBeSeenIsNoDeselection(t *testing.T) {
	for _, how := range []string{"folder gone", "folder empty", "deleted"} {
		inBubbleNamed(t, how, func(t *testing.T, r *rig) {
			selects := benchOf(r)
			r.drop("a.jpg", shot(9, ""))
			r.start()
			pass(time.Minute)
			copyTo(t, r.enq, selects, "a.jpg")
			pass(time.Minute)
			switch how {
			case "deleted":
				writeAt(t, selects.Folder+"/b.jpg", "another", time.Now())
				must(t, os.Remove(selects.Folder+"/a.jpg"))
			default:
				must(t, os.Rename(selects.Folder, selects.Folder+".unmounted"))
				if how == "folder empty" {
					must(t, os.Mkdir(selects.Folder, 0o755))
				}
			}
			r.rewrite("a.jpg", shot(9, xmp(stars(2))))
			r.wantTold("a.jpg", "select, select 2")
		})
	}
}

func TestASelectMovedBackBeforeItsVendorGotItIsTakenBack(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		selects := benchOf(r)
		selects.Targets = []Target{{Account: "vendor"}}
		r.enq.Selects.Targets = selects.Targets
		r.drop("keep.jpg", "another")
		r.drop("a.jpg", "picture")
		r.start()
		pass(time.Minute)
		moveTo(t, r.enq, selects, "a.jpg")
		if got := states(t, selects, "a.jpg"); got != "deliver queued" {
			t.Fatalf("jobs of the select: %s", got)
		}
		moveTo(t, selects, r.enq, "a.jpg")
		jobs, err := r.ledger.Jobs(t.Context(), selects.Folder, "a.jpg")
		must(t, err)
		if len(jobs) != 1 || jobs[0].State != ledger.Superseded || !strings.Contains(jobs[0].Reason, "no select any more") {
			t.Errorf("jobs %+v, want one that is superseded with a sentence", jobs)
		}
		moveTo(t, r.enq, selects, "a.jpg")
		vendor := startVendor(r)
		pass(time.Minute)
		wantAt(t, vendor, "a.jpg", 1)
		wantAt(t, r.remote, "a.jpg", 1)
	})
}

func TestACaptureSelectedByItsStarsAndThenDroppedInTheSelectsGoesToAVendorOnce(t *testing.T) {
	for _, move := range []bool{true, false} {
		for _, sent := range []bool{true, false} {
			inBubbleNamed(t, map[bool]string{true: "moved", false: "copied"}[move]+map[bool]string{true: " after it went", false: " before"}[sent], func(t *testing.T, r *rig) {
				byXMP(r)
				withVendor(r)
				selects := withSelects(r)
				selects.Targets = []Target{{Account: "vendor"}}
				r.drop("keep.jpg", shot(1, ""))
				r.drop("a.jpg", shot(9, xmp(stars(4))))
				r.start()
				var stored func() int
				begin := func() {
					vendor := startVendor(r)
					stored = func() int { return len(vendor.Deliveries("a.jpg")) }
				}
				if sent {
					begin()
				}
				pass(time.Minute)
				if move {
					moveTo(t, r.enq, selects, "a.jpg")
				} else {
					copyTo(t, r.enq, selects, "a.jpg")
				}
				if !sent {
					begin()
				}
				pass(time.Minute)
				if stored() != 1 {
					t.Errorf("the vendor got it %d times", stored())
				}
				if n := len(r.remote.Deliveries("a.jpg")); n != 1 || len(r.remote.Marks()["a.jpg"]) != 1 {
					t.Errorf("gs got it %d times, and was told %q", n, r.told("a.jpg"))
				}
			})
		}
	}
}
