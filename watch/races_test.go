package watch

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/studio-agent/studio-agent/watch/picture"
)

// What happens between two looks, where a moment decides.

// A file leaves while it settles and is back, the same to the nanosecond, before
// anybody lists its folder again.
func TestFileComesBackAsItWas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		share := true // no inode change time gives the move away
		r.Network, r.hints = &share, false
		r.write("1.jpg", "END")
		r.start()
		r.pass(DefaultSettle - 5*time.Millisecond)
		r.Hints.Look(".") // so that the next look is 10 ms away
		r.pass(time.Millisecond)
		r.must(os.Rename(r.at("1.jpg"), r.Root+".away"))
		r.pass(5 * time.Millisecond)
		if s := r.Status(); s.Waits != 0 {
			t.Errorf("waiting %+v, want none: the file is not there", s.Waiting)
		}
		r.must(os.Rename(r.Root+".away", r.at("1.jpg")))
		r.pass(time.Minute)
		r.want("1.jpg")
	})
}

// A folder is away when it is looked at, and back when the folder above is.
func TestFolderComesBackBetweenTwoLooks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.write("day/1.jpg", "END")
		r.start()
		r.pass(time.Second)
		r.Hints.Look(".") // so that the next look at the root is 10 ms away
		r.pass(time.Millisecond)
		r.must(os.Rename(r.at("day"), r.Root+".away"))
		r.Hints.Look("day")
		r.pass(time.Millisecond)
		r.must(os.WriteFile(filepath.Join(r.Root+".away", "2.jpg"), []byte("END"), 0o644))
		r.must(os.Rename(r.Root+".away", r.at("day")))
		r.pass(time.Second)
		r.want("day/1.jpg", "day/2.jpg")
	})
}

// The writer comes back while the inside is looked at.
func TestFileChangesWhileItIsJudged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		looks := 0
		r.Look = func(path string) (picture.Verdict, string, error) {
			if looks++; looks == 1 {
				r.must(os.WriteFile(path, []byte("much moreEND"), 0o644))
			}
			return picture.Whole, "", nil
		}
		r.write("1.jpg", "END")
		r.start()
		r.pass(time.Second)
		r.want("1.jpg")
		if looks != 2 {
			t.Errorf("looked inside %d times, want 2", looks)
		}
	})
}

// A folder is found under its new name before it is missed under the old one.
func TestWatchFollowsTheFolder(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("one watch covers all")
	}
	root := t.TempDir()
	h := NewHints(root)
	ended := make(chan error)
	go func() { ended <- h.Run(t.Context()) }()
	t.Cleanup(func() { <-ended })
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(os.MkdirAll(filepath.Join(root, "old", "look"), 0o755))
	must(h.Arm("."))
	must(h.Arm("old"))
	must(h.Arm("old/look"))
	must(os.Rename(filepath.Join(root, "old"), filepath.Join(root, "new")))
	must(h.Arm("new"))
	must(h.Arm("new/look"))
	h.Disarm("old")
	must(os.WriteFile(filepath.Join(root, "new", "look", "1.jpg"), nil, 0o644))
	for heard := false; !heard; {
		<-h.wake
		dirs, _ := h.take()
		_, heard = dirs["new/look"]
	}
}
