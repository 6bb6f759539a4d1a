//go:build unix

package watch

import (
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/studio-agent/studio-agent/watch/picture"
)

// What is no file is shown and never opened: an open pipe would block for ever.
func TestOddFiles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.Busy, r.Look = openForWriting, picture.Look
		r.must(syscall.Mkfifo(r.at("pipe.jpg"), 0o644))
		fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
		r.must(err)
		defer syscall.Close(fd)
		t.Chdir(r.Root) // the address of a socket is short
		r.must(syscall.Bind(fd, &syscall.SockaddrUnix{Name: "socket.jpg"}))
		r.start()
		r.pass(time.Minute)
		got := map[string]Waiting{}
		for _, w := range r.Status().Waiting {
			got[w.Name] = w
		}
		for name, reason := range map[string]string{"pipe.jpg": "it is a pipe", "socket.jpg": "it is a socket"} {
			if w := got[name]; !w.Held || !strings.Contains(w.Reason, reason) || !w.Next.IsZero() {
				t.Errorf("%s: %+v, want held because %q", name, w, reason)
			}
		}
		r.must(os.Remove(r.at("pipe.jpg")))
		r.must(os.Remove(r.at("socket.jpg")))
		r.write("pipe.jpg", "END")
		r.pass(DefaultRescan)
		r.want("pipe.jpg")
		if s := r.Status(); s.Waits != 0 {
			t.Errorf("still waiting: %+v", s.Waiting)
		}
	})
}

// A pipe that takes a folder's or a waiting file's place blocks nobody either.
func TestPipeTakesAPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.write("a/1.jpg", "END")
		r.write("2.jpg", "torn")
		r.start()
		r.pass(time.Second)
		r.must(os.RemoveAll(r.at("a")))
		r.must(syscall.Mkfifo(r.at("a"), 0o644))
		r.must(os.Remove(r.at("2.jpg")))
		r.must(syscall.Mkfifo(r.at("2.jpg"), 0o644))
		r.Hints.Look("a")
		r.pass(20 * time.Second)
		if s := r.Status(); s.Held != 2 || s.Folders != 1 {
			t.Errorf("status %+v, want two pipes held", s)
		}
	})
}

func TestLinksAreNotFollowed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.write("a/1.jpg", "END")
		r.must(os.Symlink("..", r.at("a/loop")))
		r.must(os.Symlink("self", r.at("self")))
		r.must(os.Symlink("a/1.jpg", r.at("link.jpg")))
		r.must(os.Symlink(r.at("a"), r.at("again")))
		r.start()
		r.pass(time.Second)
		r.want("a/1.jpg")
		if s := r.Status(); s.Skipped != 4 || s.Waits != 0 || s.Folders != 2 {
			t.Errorf("status %+v, want 4 skipped links in 2 folders, none waiting", s)
		}
		skipped := 0
		err := Walk(t.Context(), r.Root, Skip{}, func(f Found) error {
			if strings.Contains(f.Skipped, "links are not followed") {
				skipped++
			}
			return nil
		})
		if err != nil || skipped != 4 {
			t.Errorf("Walk: %v, %d links skipped, want 4", err, skipped)
		}
	})
}

// The hot folder itself may be a link.
func TestRootMayBeALink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.write("1.jpg", "END")
		r.must(os.Symlink(r.Root, r.Root+".link"))
		r.Root += ".link"
		r.start()
		r.pass(time.Second)
		r.want("1.jpg")
	})
}
