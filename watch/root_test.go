package watch

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

func (r *rig) watching(mode, reason string) {
	r.t.Helper()
	if s := r.Status(); s.Watching != mode || !strings.Contains(s.Reason, reason) || s.Since.IsZero() {
		r.t.Errorf("status %q since %v because %q, want %q because %q", s.Watching, s.Since, s.Reason, mode, reason)
	}
}

func TestMissingRootIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.must(os.Remove(r.Root))
		r.start()
		r.pass(time.Minute)
		r.watching("blind", "is missing")
		if since := time.Since(r.Status().Since); since < 59*time.Second {
			t.Errorf("blind for %v, want a minute", since)
		}
		r.write("1.jpg", "END")
		r.pass(maxProbe + time.Second)
		r.want("1.jpg")
		r.watching("events", "")
	})
}

// The root goes away and comes back while files wait and others are known.
func TestRootLeavesAndReturns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.write("a/1.jpg", "END")
		r.write("a/torn.jpg", "…")
		r.start()
		r.pass(time.Second)
		r.must(os.Rename(r.Root, r.Root+".away"))
		r.pass(maxProbe)
		r.watching("blind", "nothing counts as deleted")
		r.must(os.Rename(r.Root+".away", r.Root))
		r.pass(maxProbe + time.Second)
		r.watching("events", "")
		r.want("a/1.jpg")
		r.waits("a/torn.jpg", "ends in the middle", false)
		r.write("a/torn.jpg", "END")
		r.pass(time.Second)
		r.want("a/1.jpg", "a/torn.jpg")
	})
}

func TestRootThatIsAFile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.must(os.Remove(r.Root))
		r.must(os.WriteFile(r.Root, nil, 0o644))
		r.start()
		r.pass(time.Second)
		r.watching("blind", "not a folder")
	})
}

// A disk that is not mounted leaves an empty folder that is another one.
func TestIdentity(t *testing.T) {
	var mu sync.Mutex
	tests := []struct {
		name     string
		recorded string
		seen     sight
		err      error
		mode     string
		reason   string
		remember string
	}{
		{"first time, empty", "", sight{"disk", true}, nil, "events", "", "disk"},
		{"same, with files", "disk", sight{"disk", false}, nil, "events", "", ""},
		{"same, empty", "disk", sight{"disk", true}, nil, "events", "", ""},
		{"other, with files", "disk", sight{"other", false}, nil, "events", "", "other"},
		{"other, empty", "disk", sight{"other", true}, nil, "blind", "as if its disk were not mounted", ""},
		{"unknown here", "disk", sight{"", true}, nil, "events", "", ""},
		{"unreadable", "disk", sight{}, &fs.PathError{Op: "open", Path: "x", Err: syscall.EACCES}, "blind", "no permission", ""},
		{"broken", "disk", sight{}, errors.New("input/output error"), "blind", "input/output error", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t)
				var remembered string
				r.Identity = tt.recorded
				r.Remember = func(id string) { remembered = id }
				seen, err := tt.seen, tt.err
				r.peek = func(string) (sight, error) {
					mu.Lock()
					defer mu.Unlock()
					return seen, err
				}
				r.start()
				r.pass(time.Second)
				r.watching(tt.mode, tt.reason)
				if remembered != tt.remember {
					t.Errorf("remembered %q, want %q", remembered, tt.remember)
				}
				r.write("1.jpg", "END")
				mu.Lock()
				seen, err = sight{"disk", false}, nil // mounted
				mu.Unlock()
				r.pass(maxProbe + time.Second)
				r.watching("events", "")
				r.want("1.jpg")
			})
		})
	}
}

// The disk is pulled while the agent runs: an empty mount point remains.
func TestUnmountedWhileRunning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		disk := r.Root + ".disk"
		r.write("1.jpg", "END")
		r.start()
		r.pass(time.Second)
		r.must(os.Rename(r.Root, disk))
		r.must(os.Mkdir(r.Root, 0o755))
		r.pass(maxProbe + time.Second)
		r.watching("blind", "is not the one that was here before")
		r.must(os.Remove(r.Root))
		r.must(os.Rename(disk, r.Root))
		r.pass(maxProbe + time.Second)
		r.watching("events", "")
		r.want("1.jpg")
	})
}

func TestEmptiedRootIsLegitimate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.write("1.jpg", "END")
		r.start()
		r.pass(time.Second)
		r.must(os.Remove(r.at("1.jpg")))
		r.pass(DefaultRescan + time.Second)
		r.watching("events", "The folder was emptied at ")
		r.write("2.jpg", "END")
		r.pass(DefaultRescan + time.Second)
		r.watching("events", "")
		r.want("1.jpg", "2.jpg")
		if why := r.Status().Reason; why != "" {
			t.Errorf("reason %q after files came back, want none", why)
		}
	})
}

func TestShareIsPolled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		share := true
		r.Network = &share
		r.hints = false
		r.start()
		r.pass(time.Second)
		r.watching("polling", "network share")
		r.write("1.bin", "END")
		began := time.Since(r.began)
		r.pass(time.Minute)
		r.want("1.bin")
		if after := r.emitted[0].after - began; after < restShare {
			t.Errorf("emitted after %v on a share, want at least %v", after, restShare)
		}
	})
}

func TestPeekRoot(t *testing.T) {
	dir := t.TempDir()
	a, err := peekRoot(dir)
	if err != nil || !a.empty {
		t.Fatalf("peekRoot(empty folder) = %+v, %v", a, err)
	}
	if err := os.Mkdir(dir+"/sub", 0o755); err != nil {
		t.Fatal(err)
	}
	b, err := peekRoot(dir)
	if err != nil || b.empty || b.id != a.id {
		t.Errorf("peekRoot(same folder, filled) = %+v, %v, want id %q, not empty", b, err, a.id)
	}
	c, err := peekRoot(dir + "/sub")
	if err != nil || c.id == a.id && a.id != "" {
		t.Errorf("peekRoot(other folder) = %+v, %v, want another id than %q", c, err, a.id)
	}
	if _, err := peekRoot(dir + "/none"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("peekRoot(missing) = %v", err)
	}
}
