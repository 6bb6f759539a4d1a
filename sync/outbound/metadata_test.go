package outbound

import (
	"strings"
	"testing"
	"time"

	"github.com/studio-agent/studio-agent/connectors/faults"
	"github.com/studio-agent/studio-agent/connectors/memory"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

func TestAFileOfWhichOnlyMetadataChangedIsNotSentAgain(t *testing.T) {
	tests := []struct {
		name   string
		again  string
		set    func(e *Enqueuer)
		sent   int
		marked string
	}{
		{"another rating", shot(9, xmp(stars(2))), func(*Enqueuer) {}, 1, "capture 1, capture 2"},
		{"another picture", shot(8, xmp(stars(1))), func(*Enqueuer) {}, 2, "capture 1, capture 1"},
		{"metadata: send", shot(9, xmp(stars(2))), func(e *Enqueuer) { e.Metadata = true }, 2, "capture 1, capture 2"},
		{"an account that cannot mark", shot(9, xmp(stars(2))), func(e *Enqueuer) { e.Targets[0].Marks = false }, 1, ""},
		{"a mirror", shot(9, xmp(stars(2))), func(e *Enqueuer) { e.Role, e.Bench, e.Targets[0].Marks = "mirror", "", false }, 2, ""},
	}
	for _, tc := range tests {
		inBubbleNamed(t, tc.name, func(t *testing.T, r *rig) {
			r.enq.Targets = []Target{{Account: "gs", Marks: true}}
			tc.set(r.enq)
			r.drop("a.jpg", shot(9, xmp(stars(1))))
			r.start()
			pass(time.Minute)
			r.rewrite("a.jpg", tc.again)
			pass(time.Minute)
			if n := len(r.remote.Deliveries("a.jpg")); n != tc.sent {
				t.Errorf("sent %d times, want %d", n, tc.sent)
			}
			r.wantTold("a.jpg", tc.marked)
			known, seen, err := r.ledger.FindFile(t.Context(), r.hot, "a.jpg")
			must(t, err)
			now := file(t, r.hot, "a.jpg")
			if !seen || known.SHA256 != sha(tc.again) || !known.ModTime.Equal(now.ModTime) || known.Generation != tc.sent {
				t.Errorf("known as %+v, want the new content and times, generation %d", known, tc.sent)
			}
		})
	}
}

func TestNewMetadataGoesWithADeliveryThatHasNotBegun(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.drop("a.jpg", shot(9, ""))
		again := r.drop("a.jpg", shot(9, xmp(stars(2))))
		r.start()
		pass(time.Minute)
		r.wantStored("a.jpg", again)
	})
}

func TestNewMetadataOfAHeldPictureIsTried(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.plan.Then(memory.OpDeliver, faults.Fault{Status: 422})
		r.drop("a.jpg", shot(9, ""))
		r.start()
		pass(time.Minute)
		r.wantState("a.jpg", ledger.Parked)
		again := shot(9, xmp(`dc:title="now with its reference"`))
		r.rewrite("a.jpg", again)
		r.wantStored("a.jpg", again)
	})
}

func TestMetadataThatChangesWhileThePictureIsSent(t *testing.T) {
	tests := []struct {
		name  string
		fault faults.Fault
		sent  int // versions
	}{
		{"it arrives as it was", faults.Fault{Delay: time.Minute}, 1},
		{"it does not arrive", faults.Fault{Delay: time.Minute, Status: 500}, 1},
	}
	for _, tc := range tests {
		inBubbleNamed(t, tc.name, func(t *testing.T, r *rig) {
			r.enq.Targets[0].Marks = true
			r.plan.Then(memory.OpPublish, tc.fault)
			r.drop("a.jpg", shot(9, ""))
			r.start()
			pass(time.Second)
			r.write("a.jpg", shot(9, xmp(stars(2))))
			wantLater(t, r.enq, "a.jpg", "metadata changed while it is sent")
			for range 300 { // watching offers it again and again
				pass(time.Second)
				emit(t.Context(), r.enq, file(t, r.hot, "a.jpg"))
			}
			if n := len(r.remote.Deliveries("a.jpg")); n != tc.sent {
				t.Errorf("sent %d times, want %d", n, tc.sent)
			}
			r.wantTold("a.jpg", "capture 2")
		})
	}
}

func TestOneAccountHasThePictureAndAnotherStillWaits(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.enq.Targets = []Target{{Account: "gs"}, {Account: "vendor"}}
		first := r.drop("a.jpg", shot(9, ""))
		r.start()
		pass(time.Minute)
		again := shot(9, xmp(stars(2)))
		r.rewrite("a.jpg", again)
		vendor := startVendor(r)
		pass(time.Minute)
		r.wantStored("a.jpg", first)
		if got := vendor.Deliveries("a.jpg"); len(got) != 1 || got[0].SHA256 != sha(again) {
			t.Errorf("the vendor got %d versions, want just the new one", len(got))
		}
	})
}

func TestASelectWithOtherMetadataThanItsCaptureIsAMark(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		selects := withSelects(r)
		content := r.drop("a.jpg", shot(9, ""))
		r.start()
		pass(time.Minute)
		writeAt(t, selects.Folder+"/a.jpg", shot(9, xmp(stars(5))), time.Now())
		must(t, emit(t.Context(), selects, file(t, selects.Folder, "a.jpg")))
		pass(time.Minute)
		if got := states(t, selects, "a.jpg"); got != "mark done" {
			t.Errorf("jobs of the select: %s", got)
		}
		r.wantStored("a.jpg", content)
		r.wantTold("a.jpg", "select 5")
	})
}

func TestAMarkOfOtherMetadataGoesAsSoonAsThePhotoIsThere(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.plan.Then(memory.OpDeliver, faults.Fault{Delay: 5 * time.Minute})
		selects := withSelects(r)
		r.drop("a.jpg", shot(9, ""))
		r.start()
		pass(time.Second)
		writeAt(t, selects.Folder+"/a.jpg", shot(9, xmp(stars(5))), time.Now())
		must(t, emit(t.Context(), selects, file(t, selects.Folder, "a.jpg")))
		pass(5*time.Minute + time.Second)
		r.wantTold("a.jpg", "select 5")
	})
}

func TestThePlanTellsMarksApart(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		byXMP(r)
		r.drop("a.jpg", shot(9, ""))
		r.start()
		pass(time.Minute)
		for _, step := range []struct{ packet, want string }{
			{xmp(stars(1)), "would get its rating and label at gs"},
			{xmp(stars(4)), "would be marked as selected at gs"},
			{xmp(stars(2)), "would not be a select at gs any more"},
		} {
			pass(2 * time.Second)
			r.write("a.jpg", shot(9, step.packet))
			fate, goes, err := r.enq.Foresee(t.Context(), file(t, r.hot, "a.jpg"))
			must(t, err)
			if !goes || !strings.Contains(fate, step.want) {
				t.Errorf("plan says %q, want %q", fate, step.want)
			}
			r.emit("a.jpg")
			pass(time.Minute)
		}
	})
}
