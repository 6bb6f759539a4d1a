package outbound

import (
	"testing"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/faults"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

// asMirror makes the rig's captures a mirror that is put to /put.
func asMirror(r *rig) {
	r.enq.Role, r.enq.Bench, r.enq.Remote = connectors.Mirror, "", "/put"
}

func TestAMirrorGoesOutWithItsPaths(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		asMirror(r)
		content := r.drop("job 1/a.jpg", "picture")
		r.start()
		pass(time.Minute)
		r.wantStored("/put/job 1/a.jpg", content)
		p := r.remote.Deliveries("/put/job 1/a.jpg")[0].Photo
		if p.Role != connectors.Mirror || p.Bench != "" || p.Remote != "/put" || p.Name != "job 1/a.jpg" {
			t.Errorf("delivered as %+v", p)
		}
	})
}

func TestARenamedFileInAMirrorIsSentUnderItsNewName(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		asMirror(r)
		r.drop("a.jpg", "picture")
		r.start()
		pass(time.Minute)
		r.rename("a.jpg", "b.jpg")
		r.emit("b.jpg")
		pass(time.Minute)
		r.wantStored("/put/a.jpg", "picture")
		r.wantStored("/put/b.jpg", "picture")
	})
}

func TestAFileLeftAloneInOneMirrorIsSentFromAnother(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		asMirror(r)
		_, err := r.enq.Known(t.Context(), ".")
		must(t, err)
		now := time.Now()
		alone := ledger.File{Folder: r.hot, Name: "gone.jpg", Stamp: ledger.Stamp{Size: 7, ModTime: now}}
		must(t, r.ledger.Accept(now, ledger.Acceptance{Files: []ledger.File{alone}}))
		writeAt(t, r.hot+"/sub/gone.jpg", "picture", now)
		r.emit("sub/gone.jpg")
		r.start()
		pass(time.Minute)
		r.wantStored("/put/sub/gone.jpg", "picture")
	})
}

func TestAMirrorIsSightedFirstAndHeldByItsFolder(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		asMirror(r)
		r.enq.First.HoldFiles = 1
		r.write("a.jpg", "A")
		r.write("b.jpg", "B")
		wantLater(t, r.enq, "a.jpg", "`studio-agent release "+r.hot+"`")
	})
}

func TestTheSameFileForTwoRemoteFoldersIsTwoJobs(t *testing.T) {
	base := ledger.Job{Account: "ftp", Kind: ledger.Deliver, Folder: "/studio/edit", Name: "a.jpg", Generation: 1}
	ids := map[string]bool{}
	for _, remote := range []string{"", "/put", "/edit"} {
		j := base
		j.Remote = remote
		ids[newJob("ftp", ledger.Deliver, j).ID] = true
	}
	if len(ids) != 3 {
		t.Errorf("%d IDs, want 3", len(ids))
	}
	if old := ledger.NewID("ftp", ledger.Deliver, "/studio/edit", "a.jpg", "", 1); !ids[old] {
		t.Error("the ID of what is no mirror is another than before: after an update it would go again")
	}
}

func TestAMirroredFileIsAskedForAfterAnUnknownOutcome(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		asMirror(r)
		r.plan.Then("publish", faults.Fault{LoseReply: true})
		r.drop("a.jpg", "picture")
		r.start()
		pass(5 * time.Minute)
		r.wantStored("/put/a.jpg", "picture")
		r.wantState("a.jpg", ledger.Done)
	})
}
