package outbound

import (
	"fmt"
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

// rename renames a file or folder in the captures.
func (r *rig) rename(from, to string) {
	r.t.Helper()
	must(r.t, os.Rename(filepath.Join(r.hot, from), filepath.Join(r.hot, to)))
}

func TestARenamedFileIsRecordedNotSent(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.drop("z.jpg", "A")
		r.start()
		pass(time.Minute)
		for _, step := range [][2]string{{"z.jpg", "b.jpg"}, {"b.jpg", "c.jpg"}, {"c.jpg", "a.jpg"}} {
			r.rename(step[0], step[1])
			r.emit(step[1])
			pass(time.Minute)
			if jobs := r.jobs(step[1]); len(jobs) != 0 {
				t.Errorf("%s has jobs %+v, want none", step[1], jobs)
			}
			r.wantStored(step[1])
		}
		entries, err := r.ledger.History(t.Context(), r.hot, "a.jpg")
		must(t, err)
		if len(entries) != 1 || !strings.Contains(entries[0].Reason, "renamed from z.jpg, which gs has already") {
			t.Errorf("history %+v does not tell where it came from", entries)
		}
		r.wantStored("z.jpg", "A")
	})
}

func TestARenamedFileIsSentAgainIfThatIsWanted(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.enq.Resend = true
		r.drop("a.jpg", "A")
		r.start()
		pass(time.Minute)
		r.rename("a.jpg", "b.jpg")
		r.emit("b.jpg")
		pass(time.Minute)
		r.wantStored("b.jpg", "A")
	})
}

func TestAFolderRenamedInMidShootCostsNoSecondUpload(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		for i := range 20 {
			r.drop(fmt.Sprintf("day/%d.jpg", i), fmt.Sprint("content ", i))
		}
		r.start()
		pass(time.Minute)
		r.rename("day", "monday")
		for i := range 20 {
			r.emit(fmt.Sprintf("monday/%d.jpg", i))
		}
		pass(time.Minute)
		for i := range 20 {
			r.wantStored(fmt.Sprintf("day/%d.jpg", i), fmt.Sprint("content ", i))
			r.wantStored(fmt.Sprintf("monday/%d.jpg", i))
		}
	})
}

func TestAFileRenamedWhileItIsQueuedIsSentUnderItsNewName(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.drop("a.jpg", "A")
		r.rename("a.jpg", "b.jpg")
		r.emit("b.jpg")
		r.start()
		pass(time.Minute)
		if j := r.wantState("a.jpg", ledger.Superseded); !strings.Contains(j.Reason, "moved away") {
			t.Errorf("reason %q", j.Reason)
		}
		r.wantStored("a.jpg")
		r.wantStored("b.jpg", "A")
	})
}

func TestAFileRenamedWhileItIsSentWaitsForTheOutcome(t *testing.T) {
	tests := []struct {
		name      string
		op        string
		fault     faults.Fault
		old, anew bool // what arrives under which name
	}{
		{"it is read whole under its old name", memory.OpPublish, faults.Fault{Delay: time.Minute}, true, false},
		{"it was not opened yet", memory.OpDeliver, faults.Fault{Delay: time.Minute}, false, true},
		{"the outcome is unknown, and it arrived", memory.OpPublish, faults.Fault{Delay: time.Minute, LoseReply: true}, true, false},
		{"the outcome is unknown, and it did not", memory.OpPublish, faults.Fault{Delay: time.Minute, Status: 500}, false, true},
	}
	for _, tc := range tests {
		inBubbleNamed(t, tc.name, func(t *testing.T, r *rig) {
			r.remote.Platform = true
			r.plan.Then(tc.op, tc.fault)
			r.drop("keep.jpg", "so that the folder is not empty")
			r.start()
			pass(2 * time.Minute)
			r.plan.Then(tc.op, tc.fault)
			r.drop("a.jpg", "A")
			pass(time.Second)
			r.rename("a.jpg", "b.jpg")
			wantLater(t, r.enq, "b.jpg", "its old name, a.jpg")
			for range 300 { // watching offers it again and again
				pass(time.Second)
				emit(t.Context(), r.enq, file(t, r.hot, "b.jpg"))
			}
			want := map[bool][]string{true: {"A"}}
			r.wantStored("a.jpg", want[tc.old]...)
			r.wantStored("b.jpg", want[tc.anew]...)
		})
	}
}

func TestACopyUnderAnotherNameIsSent(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.start()
		r.drop("a.jpg", "A")
		pass(time.Minute)
		r.drop("copy.jpg", "A")
		pass(time.Minute)
		r.wantStored("a.jpg", "A")
		r.wantStored("copy.jpg", "A")
	})
}

func TestANameInOtherLettersOnlyIsARenameWhereCaseIsNothing(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.start()
		r.drop("img_1.jpg", "A")
		pass(time.Minute)
		// Two names of one file stand for a disk that finds it under both.
		must(t, os.Link(r.hot+"/img_1.jpg", r.hot+"/IMG_1.jpg"))
		r.emit("IMG_1.jpg")
		pass(time.Minute)
		r.wantStored("IMG_1.jpg")
		r.drop("Img_1.jpg", "A") // a file of its own, on a disk that tells them apart
		must(t, os.Link(r.hot+"/img_1.jpg", r.hot+"/other.jpg"))
		r.emit("other.jpg")
		pass(time.Minute)
		r.wantStored("Img_1.jpg", "A")
		r.wantStored("other.jpg", "A")
	})
}

func TestAMisnamedFileThatIsRenamedGoesAndIsNotHeldAnyMore(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		x := &examiner{verdict: connectors.Rejected("no such reference")}
		r.enq.Targets[0].Vet = x.vet
		r.drop("typo.jpg", "A")
		r.wantState("typo.jpg", ledger.Parked)
		x.say("", nil)
		r.rename("typo.jpg", "type.jpg")
		r.emit("type.jpg")
		r.start()
		pass(time.Minute)
		r.wantStored("type.jpg", "A")
		if j := r.wantState("typo.jpg", ledger.Superseded); !strings.Contains(j.Reason, "renamed to type.jpg") {
			t.Errorf("reason %q", j.Reason)
		}
		x.say("", connectors.Rejected("no such reference"))
		r.rename("type.jpg", "typo.jpg") // and back: what the account has, it is not sent again
		r.emit("typo.jpg")
		pass(time.Minute)
		r.wantStored("typo.jpg")
	})
}

func TestWhatThePlatformTookButDoesNotShowIsNotSentUnderANewName(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.remote.Platform, r.remote.Lag = true, 1000*time.Hour
		r.drop("a.jpg", "A")
		r.start()
		pass(time.Minute)
		r.age("a.jpg", 24*time.Hour)
		pass(10 * time.Minute)
		r.wantState("a.jpg", ledger.Parked)
		r.rename("a.jpg", "b.jpg")
		r.emit("b.jpg")
		pass(time.Minute)
		r.wantStored("b.jpg")
		r.wantState("a.jpg", ledger.Parked)
	})
}

func TestACaptureMovedToTheSelectsOfAnAccountThatCannotMark(t *testing.T) {
	tests := []struct {
		name    string
		account string
		want    string
	}{
		{"it has the photo", "gs", ""},
		{"a vendor that never had it", "vendor", "vendor"},
	}
	for _, tc := range tests {
		inBubbleNamed(t, tc.name, func(t *testing.T, r *rig) {
			selects := r.enqueuer(r.mkdir("selects"), connectors.Select)
			selects.Targets = []Target{{Account: tc.account}}
			r.drop("a.jpg", "A")
			r.start()
			pass(time.Minute)
			pick(t, r, selects, "a.jpg", true)
			jobs, err := r.ledger.Jobs(t.Context(), selects.Folder, "a.jpg")
			must(t, err)
			var got string
			for _, j := range jobs {
				got += j.Account
			}
			if got != tc.want {
				t.Errorf("jobs for %q, want %q", got, tc.want)
			}
		})
	}
}

func TestALargeFileRenamedWhileItIsSentIsNotSentTwice(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.drop("keep.jpg", "so that the folder is not empty")
		r.start()
		pass(2 * time.Minute)
		r.plan.Then(memory.OpPublish, faults.Fault{Delay: time.Minute})
		r.enq.Targets[0].SHA1 = false
		if j := r.sparse("a.mov", digestFirst+1); j.Digests.SHA256 != "" {
			t.Error("it was read before it was queued")
		}
		pass(time.Second)
		r.rename("a.mov", "b.mov")
		wantLater(t, r.enq, "b.mov", "its old name, a.mov")
		pass(2 * time.Minute)
		r.wantState("a.mov", ledger.Done)
		r.emit("b.mov")
		if jobs := r.jobs("b.mov"); len(jobs) != 0 {
			t.Errorf("it was delivered under its old name, and yet there is %+v", jobs)
		}
	})
}
