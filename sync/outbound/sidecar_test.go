package outbound

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/studio-agent/studio-agent/sync/ledger"
)

func TestASidecarWrittenLaterSelectsItsPictures(t *testing.T) {
	tests := []struct {
		sidecar string
		want    map[string]string
	}{
		{"day/IMG_1.xmp", map[string]string{"day/IMG_1.CR3": "select 4", "day/IMG_1.jpg": "select 4"}},
		{"day/IMG_1.XMP", map[string]string{"day/IMG_1.CR3": "select 4", "day/IMG_1.jpg": "select 4"}},
		{"day/IMG_1.CR3.xmp", map[string]string{"day/IMG_1.CR3": "select 4", "day/IMG_1.jpg": ""}},
		{"IMG_1.xmp", map[string]string{"day/IMG_1.CR3": "", "day/IMG_1.jpg": ""}},
	}
	for _, tc := range tests {
		inBubbleNamed(t, tc.sidecar, func(t *testing.T, r *rig) {
			byXMP(r)
			r.drop("day/IMG_1.CR3", "raw")
			r.drop("day/IMG_1.jpg", "developed")
			r.drop("day/IMG_10.CR3", "another")
			r.start()
			pass(time.Minute)
			r.sidecar(tc.sidecar, xmp(stars(4)))
			pass(time.Minute)
			for name, want := range tc.want {
				r.wantTold(name, want)
			}
			r.wantTold("day/IMG_10.CR3", "")
			r.wantStored(tc.sidecar)
		})
	}
}

func TestASidecarThatIsThereFirstIsReadWithItsPicture(t *testing.T) {
	for _, spelling := range []string{"a.xmp", "a.XMP", "a.cr3.xmp"} {
		inBubbleNamed(t, spelling, func(t *testing.T, r *rig) {
			byXMP(r)
			r.sidecar(spelling, xmp(stars(4)))
			r.drop("a.cr3", "raw")
			r.start()
			pass(time.Minute)
			r.wantTold("a.cr3", "select 4")
		})
	}
}

func TestASidecarWinsOverWhatIsEmbedded(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		byXMP(r)
		r.sidecar("a.xmp", xmp(stars(1)))
		r.drop("a.jpg", shot(9, xmp(stars(5))))
		r.sidecar("b.xmp", xmp(`xmp:CreatorTool="says nothing"`))
		r.drop("b.jpg", shot(8, xmp(stars(5))))
		r.sidecar("c.xmp", xmp(stars(1)))
		r.sidecar("c.jpg.xmp", xmp(stars(4)))
		r.drop("c.jpg", shot(7, ""))
		r.start()
		pass(time.Minute)
		r.wantTold("a.jpg", "capture 1")
		r.wantTold("b.jpg", "select 5")
		r.wantTold("c.jpg", "select 4")
	})
}

func TestASidecarThatChangesIsFollowed(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		byXMP(r)
		r.drop("a.cr3", "raw")
		r.start()
		pass(time.Minute)
		for _, packet := range []string{xmp(stars(4)), xmp(stars(4) + ` xmp:CreatorTool="x"`), xmp(stars(2)), xmp(`xmp:Label="Green"`), xmp("")} {
			r.rewrite("a.xmp", packet)
		}
		r.wantTold("a.cr3", "select 4, none 2, select green, none")
		r.wantStored("a.cr3", "raw")
	})
}

func TestASidecarIsKnownAndSentOnlyIfIncludeNamesIt(t *testing.T) {
	for _, include := range [][]string{nil, {"*.cr3"}, {"*.cr3", "*.xmp"}} {
		inBubbleNamed(t, fmt.Sprint(include), func(t *testing.T, r *rig) {
			byXMP(r)
			r.enq.Skip.Include = include
			r.drop("a.cr3", "raw")
			r.sidecar("a.xmp", xmp(stars(4)))
			known, err := r.enq.Known(t.Context(), ".")
			must(t, err)
			if _, ok := known["a.xmp"]; !ok {
				t.Error("the sidecar is not known: it would be offered again and again")
			}
			wanted := slices.Contains(include, "*.xmp")
			if n := len(r.jobs("a.xmp")); (n > 0) != wanted {
				t.Errorf("%d jobs, sent is %v", n, wanted)
			}
			fate, goes, err := r.enq.Foresee(t.Context(), file(t, r.hot, "a.xmp"))
			must(t, err)
			if goes != wanted || !wanted && !strings.Contains(fate, "not sent") {
				t.Errorf("plan says %q, %v", fate, goes)
			}
			if _, expected, err := r.enq.Expected(t.Context(), "gs", file(t, r.hot, "a.xmp")); err != nil || expected != wanted {
				t.Errorf("expected at the remote: %v, %v", expected, err)
			}
			r.start()
			pass(time.Minute)
			r.wantTold("a.cr3", "select 4")
		})
	}
}

func TestADamagedSidecarIsToldAndChangesNothing(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		byXMP(r)
		r.drop("a.cr3", "raw")
		r.sidecar("a.xmp", xmp(stars(4)))
		r.start()
		pass(time.Minute)
		r.rewrite("a.xmp", "<x:xmpmeta><torn")
		r.wantTold("a.cr3", "select 4")
		if r.log.count("A sidecar cannot be read") != 1 {
			t.Error("nobody was told")
		}
		r.rewrite("a.xmp", xmp(stars(5)))
		r.wantTold("a.cr3", "select 4, select 5")
	})
}

func TestSidecarsAloneDoNotHoldAFolder(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		byXMP(r)
		r.enq.First.HoldFiles = 2
		for i := range 5 {
			r.write(fmt.Sprint(i, ".xmp"), xmp(stars(4)))
		}
		r.write("1.cr3", "raw")
		r.emit("1.cr3")
		if n := len(r.at("gs", "1.cr3")); n != 2 {
			t.Errorf("%d jobs, want the delivery and the mark", n)
		}
	})
}

func TestASidecarDoesNotWaitForAPair(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		byXMP(r)
		r.enq.Together = time.Minute
		r.sidecar("a.xmp", xmp(stars(4)))
		if len(r.enq.pairs) != 0 {
			t.Error("it waits for a partner")
		}
	})
}

func TestAPictureThatChangedSinceIsNotJudgedByItsSidecar(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		byXMP(r)
		r.drop("a.cr3", "raw")
		r.drop("b.cr3", "gone")
		r.write("a.cr3", "being written")
		must(t, os.Chtimes(r.hot+"/a.cr3", time.Now(), time.Now().Add(time.Second)))
		must(t, os.Remove(r.hot+"/b.cr3"))
		r.sidecar("a.xmp", xmp(stars(4)))
		r.sidecar("b.xmp", xmp(stars(4)))
		for _, name := range []string{"a.cr3", "b.cr3"} {
			if jobs := r.at("gs", name); len(jobs) != 1 {
				t.Errorf("%s: jobs %+v, want just the delivery", name, jobs)
			}
		}
	})
}

func TestAFolderOfManySidecarsIsAskedForOnce(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		byXMP(r)
		r.drop("a.cr3", "raw")
		r.sidecar("b.xmp", xmp(stars(4)))
		if r.enq.siblings.known == nil {
			t.Error("what is known of the folder is not kept")
		}
		r.drop("b.cr3", "another")
		r.sidecar("b.xmp", xmp(stars(5)+" "))
		marks := 0
		for _, j := range r.at("gs", "b.cr3") {
			if j.Kind == ledger.Mark {
				marks++
			}
		}
		if marks != 2 {
			t.Errorf("%d marks: a picture that came meanwhile is not seen", marks)
		}
	})
}
