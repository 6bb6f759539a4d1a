package outbound

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/faults"
	"github.com/studio-agent/studio-agent/connectors/memory"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

// A mishap happens to a.jpg while it is on its way.
type mishap struct {
	name string
	do   func(t *testing.T, path string)
	left bool // nothing is under the name afterwards
}

var (
	original = strings.Repeat("the photographer's picture ", 100)
	other    = strings.Repeat("another picture altogether ", 100) // as long
)

func mishaps() []mishap {
	overwrite := func(content string) func(*testing.T, string) {
		return func(t *testing.T, path string) { writeAt(t, path, content, time.Now().Add(time.Second)) }
	}
	return []mishap{
		{"truncated", overwrite(original[:1000]), false},
		{"appended", overwrite(original + "more"), false},
		{"rewritten at the same size", overwrite(other), false},
		{"replaced", func(t *testing.T, path string) {
			writeAt(t, path+".new", other+"!", time.Now().Add(time.Second))
			must(t, os.Rename(path+".new", path))
		}, false},
		{"replaced by a folder", func(t *testing.T, path string) {
			must(t, os.Remove(path))
			must(t, os.Mkdir(path, 0o755))
		}, true},
		{"deleted", func(t *testing.T, path string) { must(t, os.Remove(path)) }, true},
		{"renamed", func(t *testing.T, path string) { must(t, os.Rename(path, filepath.Dir(path)+"/elsewhere.tmp")) }, true},
	}
}

// stages are the moments at which a mishap can happen, in order. arm has do
// called then.
var stages = []struct {
	name string
	arm  func(tap *tap, do func())
	// An open file outlives its name: what is renamed, deleted or replaced as a
	// whole after it was opened is delivered as it was.
	opened bool
	// Once all was read and published, the old content stays what was accepted.
	published bool
}{
	{"before it is claimed", func(_ *tap, do func()) { do() }, false, false},
	{"before it is opened", func(tap *tap, do func()) {
		once := onceFor("a.jpg", do)
		tap.onDeliver = func(p connectors.Photo) error { once(p); return nil }
	}, false, false},
	{"while it is read", func(tap *tap, do func()) {
		once := onceFor("a.jpg", do)
		tap.onRead = once
	}, true, false},
	{"after it was read", func(tap *tap, do func()) {
		once := onceFor("a.jpg", do)
		tap.onPublish = once
	}, true, true},
}

// onceFor calls do for the first photo of that name.
func onceFor(name string, do func()) func(connectors.Photo) {
	var once sync.Once
	return func(p connectors.Photo) {
		if p.Name == name {
			once.Do(do)
		}
	}
}

func TestWhateverHappensToAFileOnItsWayNothingTornArrives(t *testing.T) {
	for _, stage := range stages {
		for _, m := range mishaps() {
			t.Run(m.name+" "+stage.name, func(t *testing.T) {
				inBubble(t, func(t *testing.T, r *rig) {
					tap := r.tap()
					r.drop("keep.jpg", "so that the folder is not empty")
					r.drop("a.jpg", original)
					path := filepath.Join(r.hot, "a.jpg")
					stage.arm(tap, func() { m.do(t, path) })
					r.start()
					pass(time.Minute)

					whole := stage.published || stage.opened && (m.left || m.name == "replaced")
					want := []string{}
					first := r.jobs("a.jpg")[0]
					if whole {
						want = append(want, original)
						r.wantState("a.jpg", ledger.Done)
					} else if first.State != ledger.Superseded || first.Reason == "" {
						t.Errorf("the job is %s (%s), want superseded with a reason", first.State, first.Reason)
					}
					r.wantStored("a.jpg", want...)
					if m.left {
						return
					}
					now, err := os.ReadFile(path)
					must(t, err)
					r.emit("a.jpg") // as watching does
					pass(time.Minute)
					r.wantStored("a.jpg", append(want, string(now))...)
					if j := r.wantState("a.jpg", ledger.Done); j.Generation != 2 {
						t.Errorf("the new content is generation %d, want 2", j.Generation)
					}
				})
			})
		}
	}
}

func TestAFileThatComesBackAsItWasIsSentAfterAll(t *testing.T) {
	tests := []struct {
		name       string
		away, back func(path string) error
	}{
		{"moved away and back", func(p string) error { return os.Rename(p, p+".away") }, func(p string) error { return os.Rename(p+".away", p) }},
		{"truncated and written again", func(p string) error { return os.Truncate(p, 0) }, func(p string) error { return os.WriteFile(p, []byte(original), 0o644) }},
	}
	for _, tc := range tests {
		for _, sameTime := range []bool{false, true} {
			t.Run(tc.name, func(t *testing.T) {
				inBubble(t, func(t *testing.T, r *rig) {
					r.drop("keep.jpg", "so that the folder is not empty")
					r.drop("a.jpg", original)
					was := file(t, r.hot, "a.jpg")
					must(t, tc.away(was.Path))
					r.start()
					pass(time.Minute)
					r.wantState("a.jpg", ledger.Superseded)
					must(t, tc.back(was.Path))
					if sameTime { // size and times are as they were accepted
						must(t, os.Chtimes(was.Path, was.ModTime, was.ModTime))
					}
					known, err := r.enq.Known(t.Context(), ".")
					must(t, err)
					if now := file(t, r.hot, "a.jpg"); known["a.jpg"].Same(now.Stamp) {
						t.Error("the ledger says that this file is done with: nobody would look at it")
					}
					r.emit("a.jpg")
					pass(time.Minute)
					r.wantStored("a.jpg", original)
				})
			})
		}
	}
}

func TestATouchedFileIsDeliveredWhereverItIsOnItsWay(t *testing.T) {
	for _, stage := range stages {
		t.Run(stage.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, r *rig) {
				tap := r.tap()
				r.drop("a.jpg", original)
				stage.arm(tap, func() {
					at := time.Now().Add(time.Hour)
					must(t, os.Chtimes(filepath.Join(r.hot, "a.jpg"), at, at))
					r.emit("a.jpg") // watching sees other times
				})
				r.start()
				pass(time.Minute)
				r.emit("a.jpg")
				pass(time.Minute)
				r.wantStored("a.jpg", original)
				if jobs := r.jobs("a.jpg"); len(jobs) != 1 || jobs[0].State != ledger.Done {
					t.Errorf("jobs %+v, want one that is done", jobs)
				}
			})
		})
	}
}

func TestOtherContentOfTheSameSizeAndTimeIsNoticedAndSentInstead(t *testing.T) {
	for _, stage := range stages[:3] {
		t.Run(stage.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, r *rig) {
				tap := r.tap()
				r.drop("a.jpg", original)
				f := file(t, r.hot, "a.jpg")
				stage.arm(tap, func() { writeAt(t, f.Path, other, f.ModTime) })
				r.start()
				pass(time.Minute)
				r.wantStored("a.jpg", other)
				jobs := r.jobs("a.jpg")
				if len(jobs) != 2 || jobs[0].State != ledger.Superseded || jobs[1].State != ledger.Done {
					t.Errorf("jobs %+v, want one superseded, one done", jobs)
				}
			})
		})
	}
}

func TestAMissingOrEmptyHotFolderIsWaitedFor(t *testing.T) {
	for _, how := range []string{"missing", "empty"} {
		t.Run(how, func(t *testing.T) {
			inBubble(t, func(t *testing.T, r *rig) {
				tap := r.tap()
				for _, name := range []string{"a.jpg", "b.jpg"} {
					r.drop(name, name)
				}
				// One of them was lost sight of before.
				j, err := r.ledger.Next(t.Context(), "gs", ledger.Out)
				must(t, err)
				_, err = r.ledger.Record(j, ledger.Event{What: ledger.Waited, At: time.Now()})
				must(t, err)

				must(t, os.Rename(r.hot, r.hot+".unmounted"))
				if how == "empty" {
					must(t, os.Mkdir(r.hot, 0o755))
				}
				r.start()
				pass(2 * time.Hour)
				for _, name := range []string{"a.jpg", "b.jpg"} {
					if j := r.wantState(name, ledger.Queued); !strings.Contains(j.Reason, "mounted") || j.Failures != 0 || j.Starts > 150 {
						t.Errorf("%s: reason %q, %d failures, %d starts", name, j.Reason, j.Failures, j.Starts)
					}
				}
				if finds, delivers := tap.counts(); finds+delivers != 0 {
					t.Errorf("the remote was bothered with %d questions and %d deliveries", finds, delivers)
				}
				if how == "empty" {
					must(t, os.Remove(r.hot))
				}
				must(t, os.Rename(r.hot+".unmounted", r.hot))
				pass(2 * time.Minute)
				r.wantStored("a.jpg", "a.jpg")
				r.wantStored("b.jpg", "b.jpg")
			})
		})
	}
}

func TestALargeFileThatIsTouchedBeforeItIsSentGoesAsANewVersion(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		must(t, os.WriteFile(r.hot+"/film.mov", nil, 0o644))
		must(t, os.Truncate(r.hot+"/film.mov", compareFirst+1))
		r.emit("film.mov")
		if j := r.job("film.mov"); j.Digests.SHA256 != "" {
			t.Errorf("it was read before it was queued")
		}
		must(t, os.Chtimes(r.hot+"/film.mov", time.Now(), time.Now()))
		r.plan.Then(memory.OpDeliver, faults.Fault{})
		r.start()
		pass(time.Minute)
		r.wantState("film.mov", ledger.Superseded)
		r.emit("film.mov")
		pass(time.Minute)
		r.wantState("film.mov", ledger.Done)
		if n := len(r.remote.Deliveries("film.mov")); n != 1 {
			t.Errorf("stored %d times, want once", n)
		}
	})
}

func TestAFileThatLeavesWhileTheRemoteIsAskedIsNotHandedOver(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		tap := r.tap()
		r.drop("keep.jpg", "so that the folder is not empty")
		writeAt(t, r.hot+"/a.jpg", "from before the agent", time.Now().Add(-time.Hour))
		r.emit("a.jpg")
		tap.onFind = func() { must(t, os.Remove(r.hot+"/a.jpg")) }
		r.start()
		pass(time.Minute)
		r.wantState("a.jpg", ledger.Superseded)
		if got := tap.order(); got != "keep.jpg" {
			t.Errorf("handed over: %s; a remote that looks at the file itself would miss it", got)
		}
	})
}
