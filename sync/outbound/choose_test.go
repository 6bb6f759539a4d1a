package outbound

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/faults"
	"github.com/studio-agent/studio-agent/connectors/memory"
	"github.com/studio-agent/studio-agent/sync/ledger"
	"github.com/studio-agent/studio-agent/watch/picture"
)

func TestWhichTagsMakeASelect(t *testing.T) {
	rule := &SelectRule{Rating: 3, Labels: []string{"green"}, Keywords: []string{"Hero"}}
	tests := []struct {
		name string
		rule *SelectRule
		tags picture.Tags
		want bool
	}{
		{"enough stars", rule, picture.Tags{Rating: 3}, true},
		{"more stars", rule, picture.Tags{Rating: 5}, true},
		{"too few stars", rule, picture.Tags{Rating: 2}, false},
		{"rejected", rule, picture.Tags{Rating: -1}, false},
		{"the label", rule, picture.Tags{Label: "Green"}, true},
		{"another label", rule, picture.Tags{Label: "red"}, false},
		{"the keyword among others", rule, picture.Tags{Keywords: []string{"shoe", "hero"}}, true},
		{"nothing", rule, picture.Tags{}, false},
		{"no stars asked for", &SelectRule{Labels: []string{""}}, picture.Tags{Rating: 5}, false},
		{"no rule", nil, picture.Tags{Rating: 5}, false},
	}
	for _, tc := range tests {
		if got := tc.rule.matches(tc.tags); got != tc.want {
			t.Errorf("%s: %v, want %v", tc.name, got, tc.want)
		}
	}
}

func TestACaptureThatItsXMPSelectsIsSentAndMarked(t *testing.T) {
	tests := []struct{ name, packet, want string }{
		{"by stars", xmp(stars(4)), "select 4"},
		{"by its label", xmp(`xmp:Label="Green"`), "select green"},
		{"by a keyword", xmp("", "hero"), "select"},
		{"too few stars", xmp(stars(2)), "capture 2"},
		{"another label", xmp(`xmp:Label="Red"`), "capture red"},
		{"rejected", xmp(stars(-1)), "capture -1"},
		{"a rating of none", xmp(stars(0)), ""},
		{"no XMP", "", ""},
	}
	for _, tc := range tests {
		inBubbleNamed(t, tc.name, func(t *testing.T, r *rig) {
			byXMP(r)
			content := r.drop("a.jpg", shot(9, tc.packet))
			r.start()
			pass(time.Minute)
			r.wantStored("a.jpg", content)
			r.wantTold("a.jpg", tc.want)
		})
	}
}

func TestAPictureRatedAfterUploadIsMarkedAndNotSentAgain(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		byXMP(r)
		content := r.drop("a.jpg", shot(9, ""))
		r.start()
		pass(time.Minute)
		for _, n := range []int{4, 5, 2} {
			r.rewrite("a.jpg", shot(9, xmp(stars(n))))
		}
		r.wantStored("a.jpg", content)
		r.wantTold("a.jpg", "select 4, select 5, none 2")
		if !strings.Contains(r.happened("a.jpg"), "seen") {
			t.Errorf("history %s does not tell of the metadata", r.happened("a.jpg"))
		}
	})
}

func TestAMarkThatRepeatsThePresentStateIsNotMade(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		byXMP(r)
		r.drop("a.jpg", shot(9, xmp(stars(4))))
		r.start()
		pass(time.Minute)
		r.rewrite("a.jpg", shot(9, xmp(stars(4)+` xmp:CreatorTool="Bridge"`)))
		r.rewrite("a.jpg", shot(9, xmp(stars(4), "hero")))
		r.wantTold("a.jpg", "select 4")
	})
}

func TestOfMarksThatWaitOnlyTheNewestIsSet(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		byXMP(r)
		r.drop("a.jpg", shot(9, ""))
		r.start()
		pass(time.Minute)
		r.sender.Gate.Pause(time.Time{})
		pass(time.Second)
		for _, n := range []int{4, 1, 5} {
			r.rewrite("a.jpg", shot(9, xmp(stars(n))))
		}
		r.sender.Gate.Resume(t.Context())
		pass(time.Minute)
		r.wantTold("a.jpg", "select 5")
		superseded := 0
		for _, j := range r.at("gs", "a.jpg") {
			if j.Kind == ledger.Mark && j.State == ledger.Superseded {
				superseded++
			}
		}
		if superseded != 2 {
			t.Errorf("%d marks are superseded, want the 2 older ones", superseded)
		}
	})
}

func TestADeselectionThatWasNotSetYetIsNotLostByTheNextRating(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		byXMP(r)
		r.drop("a.jpg", shot(9, xmp(stars(4))))
		r.start()
		pass(time.Minute)
		r.sender.Gate.Pause(time.Time{})
		pass(time.Second)
		r.rewrite("a.jpg", shot(9, xmp(stars(2))))
		r.rewrite("a.jpg", shot(9, xmp(stars(1))))
		r.sender.Gate.Resume(t.Context())
		pass(time.Minute)
		r.wantTold("a.jpg", "select 4, none 1")
		r.rewrite("a.jpg", shot(9, xmp(stars(2))))
		r.wantTold("a.jpg", "select 4, none 1, capture 2")
	})
}

func TestAPictureWhoseXMPIsTakenAwayIsNoSelectAnyMore(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		byXMP(r)
		content := r.drop("a.jpg", shot(9, xmp(stars(4))))
		r.start()
		pass(time.Minute)
		r.rewrite("a.jpg", shot(9, xmp(`xmp:CreatorTool="Bridge"`)))
		r.wantTold("a.jpg", "select 4, none")
		r.wantStored("a.jpg", content)
	})
}

func TestXMPThatCannotBeReadChangesNothing(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		byXMP(r)
		content := r.drop("a.jpg", shot(9, xmp(stars(4))))
		r.start()
		pass(time.Minute)
		r.rewrite("a.jpg", shot(9, "<x:xmpmeta><broken"))
		r.wantTold("a.jpg", "select 4")
		r.wantStored("a.jpg", content)
	})
}

func TestAVendorGetsACaptureOnceItIsASelect(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		byXMP(r)
		withVendor(r)
		r.start()
		vendor := startVendor(r)
		r.drop("a.jpg", shot(9, ""))
		r.drop("b.jpg", shot(8, xmp(stars(5))))
		pass(time.Minute)
		wantAt(t, vendor, "a.jpg", 0)
		wantAt(t, vendor, "b.jpg", 1)
		for _, n := range []int{3, 4, 2, 4} {
			r.rewrite("a.jpg", shot(9, xmp(stars(n))))
		}
		wantAt(t, vendor, "a.jpg", 1)
		if p := vendor.Deliveries("a.jpg")[0].Photo; p.Role != connectors.Select || p.Rating != 3 {
			t.Errorf("delivered as %s with rating %d", p.Role, p.Rating)
		}
		entries, err := r.ledger.History(t.Context(), r.hot, "a.jpg")
		must(t, err)
		noted := false
		for _, e := range entries {
			noted = noted || strings.Contains(e.Reason, "no select any more, but it went to vendor already")
		}
		if !noted {
			t.Errorf("the history does not tell that the vendor has what is no select any more: %+v", entries)
		}
	})
}

func TestADeliveryToAVendorThatStillWaitsIsTakenBackAndMadeAgain(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		byXMP(r)
		withVendor(r)
		r.start()
		pass(time.Second)
		for i, want := range []ledger.State{ledger.Queued, ledger.Superseded, ledger.Queued, ledger.Superseded, ledger.Queued} {
			r.rewrite("a.jpg", shot(9, xmp(stars([]int{4, 2}[i%2]))))
			jobs := r.at("vendor", "a.jpg")
			if last := jobs[len(jobs)-1]; last.State != want || len(jobs) != i/2+1 {
				t.Fatalf("step %d: %d jobs, the last is %s (%s), want %s", i, len(jobs), last.State, last.Reason, want)
			}
		}
		if j := r.at("vendor", "a.jpg")[0]; !strings.Contains(j.Reason, "no select any more") {
			t.Errorf("reason %q", j.Reason)
		}
		vendor := startVendor(r)
		pass(time.Minute)
		wantAt(t, vendor, "a.jpg", 1)
		wantAt(t, r.remote, "a.jpg", 1)
	})
}

func TestASelectThatIsLeftAloneOtherwiseIsSentWhenItIsChosen(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		byXMP(r)
		withVendor(r)
		_, err := r.enq.Known(t.Context(), ".")
		must(t, err)
		for _, name := range []string{"old.cr3", "rest.cr3"} { // as a first sight with `existing: ignore` does
			r.write(name, "from last year: "+name)
			f := file(t, r.hot, name)
			alone := ledger.File{Folder: r.hot, Name: name, Stamp: ledger.Stamp(stamp(f))}
			must(t, r.ledger.Accept(time.Now(), ledger.Acceptance{Files: []ledger.File{alone}}))
		}
		r.start()
		vendor := startVendor(r)
		pass(time.Minute)
		r.sidecar("rest.xmp", xmp(stars(1)))
		r.sidecar("old.xmp", xmp(stars(4)))
		pass(5 * time.Minute)
		r.wantStored("rest.cr3")
		r.wantStored("old.cr3", "from last year: old.cr3")
		wantAt(t, vendor, "old.cr3", 1)
		r.wantTold("old.cr3", "select 4")
	})
}

func TestAMarkOnAPictureThatNeverWentIsSupersededWithAReason(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		byXMP(r)
		r.plan.Then(memory.OpDeliver, faults.Fault{Status: 422})
		r.drop("a.jpg", shot(9, xmp(stars(2))))
		r.start()
		pass(3 * time.Minute)
		for _, j := range r.at("gs", "a.jpg") {
			if j.Kind == ledger.Mark && (j.State != ledger.Queued || !strings.Contains(j.Reason, "held")) {
				t.Errorf("the mark is %s: %s", j.State, j.Reason)
			}
		}
	})
}

func TestTheNewerOfTwoFilesOfAPhotoHasTheLastWord(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		byXMP(r)
		selects := withSelects(r)
		r.drop("a.jpg", shot(9, xmp(stars(2))))
		r.start()
		pass(time.Minute)
		r.sender.Gate.Pause(time.Time{})
		pass(time.Second)
		copyTo(t, r.enq, selects, "a.jpg") // a select by its folder now
		r.rewrite("a.jpg", shot(9, xmp(stars(1))))
		r.sender.Gate.Resume(t.Context())
		pass(time.Minute)
		marks := r.remote.Marks()["a.jpg"]
		if last := marks[len(marks)-1]; last.Role != connectors.Select || last.Rating != 1 {
			t.Errorf("gs was told %q; the last word is a select with one star", r.told("a.jpg"))
		}
		before := len(marks)
		for range 3 { // however often they are looked at, they do not quarrel
			at := time.Now()
			must(t, os.Chtimes(selects.Folder+"/a.jpg", at, at))
			must(t, emit(t.Context(), selects, file(t, selects.Folder, "a.jpg")))
			must(t, os.Chtimes(r.hot+"/a.jpg", at, at))
			r.emit("a.jpg")
			pass(time.Minute)
		}
		if n := len(r.remote.Marks()["a.jpg"]); n != before {
			t.Errorf("%d marks more: %s", n-before, r.told("a.jpg"))
		}
	})
}
