package outbound

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/faults"
	"github.com/studio-agent/studio-agent/connectors/memory"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

func TestAPhotoIsDeliveredOnceWithReceiptDigestsAndHistory(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		tap := r.tap()
		content := r.drop("a.jpg", "one picture")
		r.start()
		pass(time.Minute)
		r.wantStored("a.jpg", content)
		j := r.wantState("a.jpg", ledger.Done)
		if j.Receipt.ID != "file-1" || !j.Receipt.Verified || j.Receipt.Size != int64(len(content)) {
			t.Errorf("receipt %+v, want the remote's file-1, verified", j.Receipt)
		}
		if j.Digests.SHA256 != sha(content) || len(j.Digests.SHA1) != 40 {
			t.Errorf("digests %+v", j.Digests)
		}
		if got, want := r.happened("a.jpg"), "added, claimed, publishing, confirmed"; got != strings.Replace(want, "publishing", "published", 1) {
			t.Errorf("history: %s", got)
		}
		if n := r.log.count("Photo delivered"); n != 1 {
			t.Errorf("%d log lines say that it was delivered, want 1", n)
		}
		if finds, delivers := tap.counts(); finds != 0 || delivers != 1 {
			t.Errorf("%d questions and %d deliveries, want 0 and 1", finds, delivers)
		}
	})
}

func TestWhatAPlatformTookIsSentThenConfirmedInAGroup(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.remote.Platform, r.remote.Lag = true, 5*time.Second
		tap := r.tap()
		for i := range 30 {
			r.drop(fmt.Sprintf("%d.jpg", i), fmt.Sprint("content ", i))
		}
		r.start()
		pass(time.Second)
		r.wantState("7.jpg", ledger.Sent)
		if n := r.log.count("Photo delivered"); n != 0 {
			t.Errorf("%d photos are called delivered before they were seen", n)
		}
		pass(time.Minute)
		for i := range 30 {
			r.wantState(fmt.Sprintf("%d.jpg", i), ledger.Done)
		}
		if finds, delivers := tap.counts(); finds > 6 || delivers != 30 {
			t.Errorf("%d questions (of %v photos) for %d deliveries, want a few for 30", finds, tap.finds, delivers)
		}
	})
}

func TestWhatIsHandedOverGoesAtOnceWhileTheRemoteIsIdle(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.remote.Platform = true
		r.start()
		pass(time.Hour) // idle
		r.drop("a.jpg", "A")
		pass(60 * time.Millisecond)
		r.wantState("a.jpg", ledger.Done)
	})
}

func TestALargeFileIsDigestedWhileItIsSent(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		content := r.write("a.jpg", strings.Repeat("large", 1000))
		f := file(t, r.hot, "a.jpg")
		accept(t, r, newJob("gs", ledger.Deliver, ledger.Job{Bench: "bench", Folder: r.hot, Name: f.Name, Generation: 1, Size: f.Size, ModTime: f.ModTime}))
		r.start()
		pass(time.Second)
		r.wantStored("a.jpg", content)
		if j := r.wantState("a.jpg", ledger.Done); j.Digests.SHA256 != sha(content) {
			t.Errorf("digest %q, want that of the content", j.Digests.SHA256)
		}
	})
}

// accept enters jobs past the Enqueuer.
func accept(t *testing.T, r *rig, jobs ...ledger.Job) {
	t.Helper()
	must(t, r.ledger.PutFolder(ledger.Folder{Path: r.hot, Bench: "bench", Seen: time.Now()}))
	must(t, r.ledger.Accept(time.Now(), ledger.Acceptance{Jobs: jobs}))
}

func TestSelectsGoBeforeJPEGBeforeRAWAndTheNewestFirst(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.sender.Connector.Workers = 1
		tap := r.tap()
		selects := r.enqueuer(r.mkdir("selects"), connectors.Select)
		selects.Targets[0].Marks = false
		for _, name := range []string{"video.mp4", "old.cr3", "new.cr3", "old.jpg", "new.jpg", "other.psd"} {
			r.drop(name, name)
			pass(11 * time.Second) // what is of one moment goes as it was found
		}
		writeAt(t, selects.Folder+"/select.cr3", "select", time.Now().Add(-time.Hour))
		must(t, emit(t.Context(), selects, file(t, selects.Folder, "select.cr3")))
		r.start()
		pass(time.Minute)
		if got, want := tap.order(), "select.cr3 new.jpg old.jpg other.psd new.cr3 old.cr3 video.mp4"; got != want {
			t.Errorf("order %s\nwant  %s", got, want)
		}
	})
}

func TestWhatHasWaitedForFifteenMinutesGoesFirst(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.sender.Connector.Workers = 1
		tap := r.tap()
		r.drop("patient.mp4", "video")
		pass(16 * time.Minute)
		r.drop("new.jpg", "picture")
		r.start()
		pass(time.Second)
		if got, want := tap.order(), "patient.mp4 new.jpg"; got != want {
			t.Errorf("order %s, want %s", got, want)
		}
	})
}

func TestTheNextGenerationWaitsForTheOneBefore(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.remote.Platform, r.remote.Lag = true, 20*time.Second
		r.plan.Then(memory.OpDeliver, faults.Fault{Delay: 10 * time.Second})
		r.start()
		r.drop("a.jpg", "first")
		pass(time.Second) // it is being sent
		file1 := r.wantState("a.jpg", ledger.Moving)
		r.drop("b.jpg", "another")
		pass(time.Second)
		r.wantState("b.jpg", ledger.Sent)
		// A second version appears while the first is still in a worker's hands.
		// (It has been read already: memory waits before it reads, so the first
		// is given up, and the second must still wait for that.)
		r.drop("a.jpg", "second")
		pass(time.Second)
		if j := r.wantState("a.jpg", ledger.Queued); j.Generation != 2 || file1.Generation != 1 {
			t.Errorf("generations %d and %d, want 1 and 2", file1.Generation, j.Generation)
		}
		pass(2 * time.Minute)
		r.wantStored("a.jpg", "second")
		r.wantState("a.jpg", ledger.Done)
	})
}

func TestANewContentReplacesTheOldOneAsTheNextGeneration(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.start()
		for _, content := range []string{"A", "B", "A"} {
			r.drop("a.jpg", content)
			pass(time.Minute)
		}
		r.wantStored("a.jpg", "A", "B", "A")
		if got := string(r.remote.Files()["a.jpg"]); got != "A" {
			t.Errorf("the remote shows %q, want A", got)
		}
	})
}
