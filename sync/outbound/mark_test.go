package outbound

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/faults"
	"github.com/studio-agent/studio-agent/connectors/memory"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

// withSelects is a rig with a second folder, for selects, whose changes are
// looked at too.
func withSelects(r *rig) *Enqueuer {
	selects := r.enqueuer(r.mkdir("selects"), connectors.Select)
	captures := r.sender.Changed
	r.sender.Changed = func(folder, name string) {
		if folder == selects.Folder {
			selects.Again(r.t.Context(), name)
			return
		}
		captures(folder, name)
	}
	return selects
}

// pick copies or moves a capture into the selects.
func pick(t *testing.T, r *rig, e *Enqueuer, name string, move bool) {
	t.Helper()
	from, to := filepath.Join(r.hot, name), filepath.Join(e.Folder, name)
	if move {
		must(t, os.Rename(from, to))
	} else {
		content, err := os.ReadFile(from)
		must(t, err)
		writeAt(t, to, string(content), time.Now())
	}
	must(t, emit(t.Context(), e, file(t, e.Folder, name)))
}

// states are the jobs of a select, in order.
func states(t *testing.T, e *Enqueuer, name string) string {
	t.Helper()
	jobs, err := e.Ledger.Jobs(t.Context(), e.Folder, name)
	must(t, err)
	var all []string
	for _, j := range jobs {
		all = append(all, string(j.Kind)+" "+string(j.State))
	}
	return strings.Join(all, ", ")
}

func TestASelectOfWhatWasDeliveredIsAMarkAndNothingMore(t *testing.T) {
	for _, move := range []bool{false, true} {
		inBubbleNamed(t, map[bool]string{false: "copied", true: "moved"}[move], func(t *testing.T, r *rig) {
			selects := withSelects(r)
			content := r.drop("a.jpg", "picture")
			r.start()
			pass(time.Minute)
			pick(t, r, selects, "a.jpg", move)
			pass(time.Second)
			r.wantStored("a.jpg", content)
			marks := r.remote.Marks()["a.jpg"]
			if len(marks) != 1 || marks[0].Role != connectors.Select {
				t.Errorf("marks %+v, want one as select", marks)
			}
			if got := states(t, selects, "a.jpg"); got != "mark done" {
				t.Errorf("jobs of the select: %s", got)
			}
		})
	}
}

func TestAMarkWaitsForItsPhoto(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.plan.Then(memory.OpDeliver, faults.Fault{Delay: 5 * time.Minute})
		selects := withSelects(r)
		content := r.drop("a.jpg", "picture")
		r.start()
		pass(time.Second)
		pick(t, r, selects, "a.jpg", false)
		pass(4 * time.Minute)
		if n := len(r.remote.Marks()); n != 0 {
			t.Errorf("%d marks before the photo is there", n)
		}
		pass(61 * time.Second) // the photo arrives, and lets the mark go at once
		r.wantStored("a.jpg", content)
		if n := len(r.remote.Marks()["a.jpg"]); n != 1 {
			t.Errorf("%d marks a second after the photo arrived, want 1", n)
		}
	})
}

func TestASelectThatWasNeverACaptureIsDeliveredThenMarked(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		selects := withSelects(r)
		r.start()
		writeAt(t, selects.Folder+"/a.jpg", "picture", time.Now())
		must(t, emit(t.Context(), selects, file(t, selects.Folder, "a.jpg")))
		pass(2 * time.Minute)
		r.wantStored("a.jpg", "picture")
		if got := states(t, selects, "a.jpg"); strings.Count(got, "done") != 2 || len(r.remote.Marks()["a.jpg"]) != 1 {
			t.Errorf("jobs of the select: %s, marks %v", got, r.remote.Marks())
		}
	})
}

func TestALargeSelectIsMarkedToo(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		selects := withSelects(r)
		path := selects.Folder + "/large.tif"
		must(t, os.WriteFile(path, nil, 0o644))
		must(t, os.Truncate(path, compareFirst+1))
		must(t, emit(t.Context(), selects, file(t, selects.Folder, "large.tif")))
		r.start()
		pass(5 * time.Minute)
		if got := states(t, selects, "large.tif"); strings.Count(got, "done") != 2 {
			t.Errorf("jobs of the select: %s, want both done", got)
		}
	})
}

func TestAMarkAfterALostReplyIsSetAgain(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		selects := withSelects(r)
		content := r.drop("a.jpg", "picture")
		r.start()
		pass(time.Second)
		r.plan.Then(memory.OpMark, faults.Fault{LoseReply: true}, faults.Fault{Status: 500})
		pick(t, r, selects, "a.jpg", false)
		pass(time.Minute)
		if got := states(t, selects, "a.jpg"); got != "mark done" {
			t.Errorf("jobs of the select: %s", got)
		}
		r.wantStored("a.jpg", content)
	})
}

func TestAMarkThatTheRemoteRefusesIsHeld(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		selects := withSelects(r)
		r.drop("a.jpg", "picture")
		r.start()
		pass(time.Second)
		r.remote.Take("a.jpg")
		pick(t, r, selects, "a.jpg", false)
		pass(time.Minute)
		if got := states(t, selects, "a.jpg"); got != "mark parked" {
			t.Errorf("jobs of the select: %s", got)
		}
	})
}

func TestTheNewestMarkIsTheLast(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		content := r.drop("a.jpg", "picture")
		r.start()
		pass(time.Second)
		done := r.job("a.jpg")
		r.plan.Then(memory.OpMark, faults.Fault{Delay: 10 * time.Second})
		for rating := 1; rating <= 5; rating++ {
			base := done
			base.Rating, base.Generation, base.NotBefore, base.Created = rating, 10+rating, time.Time{}, time.Now()
			must(t, r.ledger.Accept(time.Now(), ledger.Acceptance{Jobs: []ledger.Job{newJob("gs", ledger.Mark, base)}}))
			pass(time.Second)
		}
		pass(time.Minute)
		marks := r.remote.Marks()["a.jpg"]
		var ratings []int
		for _, m := range marks {
			ratings = append(ratings, m.Rating)
		}
		if len(ratings) != 2 || ratings[0] != 1 || ratings[1] != 5 {
			t.Errorf("ratings set: %v, want 1 (on its way), then 5; the others are out of date", ratings)
		}
		r.wantStored("a.jpg", content)
	})
}

func TestACaptureMovedIntoTheSelectsBeforeItWasSentIsDeliveredFromThere(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		selects := withSelects(r)
		r.drop("keep.jpg", "so that the folder is not empty")
		r.drop("a.jpg", "picture")
		pick(t, r, selects, "a.jpg", true)
		r.start()
		pass(5 * time.Minute)
		r.wantState("a.jpg", ledger.Superseded)
		r.wantStored("a.jpg", "picture")
		if len(r.remote.Marks()["a.jpg"]) != 1 || strings.Count(states(t, selects, "a.jpg"), "done") != 2 {
			t.Errorf("jobs of the select: %s, marks %v", states(t, selects, "a.jpg"), r.remote.Marks())
		}
	})
}

func TestAMarkWhoseSelectIsGoneToo(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		selects := withSelects(r)
		for _, name := range []string{"keep.jpg", "a.jpg"} {
			writeAt(t, filepath.Join(selects.Folder, name), name, time.Now())
			must(t, emit(t.Context(), selects, file(t, selects.Folder, name)))
		}
		must(t, os.Remove(selects.Folder+"/a.jpg"))
		r.start()
		pass(5 * time.Minute)
		if got := states(t, selects, "a.jpg"); strings.Count(got, "superseded") != 2 {
			t.Errorf("jobs of the select: %s, want both superseded", got)
		}
	})
}

func TestAMarkWhosePhotoIsHeldSaysSo(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		selects := withSelects(r)
		r.plan.Then(memory.OpDeliver, faults.Fault{Status: 422})
		writeAt(t, selects.Folder+"/a.jpg", "picture", time.Now())
		must(t, emit(t.Context(), selects, file(t, selects.Folder, "a.jpg")))
		r.start()
		pass(5 * time.Minute)
		jobs, err := r.ledger.Jobs(t.Context(), selects.Folder, "a.jpg")
		must(t, err)
		for _, j := range jobs {
			if j.Kind == ledger.Mark && !strings.Contains(j.Reason, "held") || j.Kind == ledger.Deliver && j.State != ledger.Parked {
				t.Errorf("%s is %s: %q", j.Kind, j.State, j.Reason)
			}
		}
	})
}
