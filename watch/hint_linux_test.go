package watch

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// live makes a rig that hears real events, and nothing but events: the next
// scan is an hour away. It has finished its first scan.
func live(t *testing.T, prepare func(r *rig)) (r *rig, await func(names ...string)) {
	t.Helper()
	r = newRig(t)
	r.hints = false
	r.Hints, r.Rescan = NewHints(r.Root), time.Hour
	got := make(chan string, 10_000)
	r.answer = func(f File) error { got <- f.Name; return nil }
	if prepare != nil {
		prepare(r)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- r.Hints.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("Hints.Run returned %v, want context.Canceled", err)
		}
	})
	r.start()
	await = func(names ...string) {
		t.Helper()
		missing := map[string]bool{}
		for _, n := range names {
			missing[n] = true
		}
		for len(missing) > 0 {
			n := <-got
			if !missing[n] {
				t.Errorf("emitted %q, want only %q", n, names)
			}
			delete(missing, n)
		}
	}
	r.put("first.jpg")
	await("first.jpg")
	return r, await
}

// put writes a whole picture with the real clock.
func (r *rig) put(name string) {
	r.t.Helper()
	r.must(os.MkdirAll(filepath.Dir(r.at(name)), 0o755))
	r.must(os.WriteFile(r.at(name), []byte("END"), 0o644))
}

func TestEventsNewSubfolder(t *testing.T) {
	r, await := live(t, nil)
	r.put("a/b/c/1.jpg")
	await("a/b/c/1.jpg")
	r.put("a/b/2.jpg")
	await("a/b/2.jpg")
	if s := r.Status(); s.Watching != "events" || s.Folders != 4 {
		t.Errorf("status %+v, want events in 4 folders", s)
	}
}

func TestEventsFolderMovedIn(t *testing.T) {
	r, await := live(t, nil)
	card := r.Root + ".card"
	for _, n := range []string{"1.jpg", "100EOS/2.jpg"} {
		path := filepath.Join(card, n)
		r.must(os.MkdirAll(filepath.Dir(path), 0o755))
		r.must(os.WriteFile(path, []byte("END"), 0o644))
	}
	r.must(os.Rename(card, r.at("card")))
	await("card/1.jpg", "card/100EOS/2.jpg")
	r.put("card/100EOS/3.jpg")
	await("card/100EOS/3.jpg")
}

// After a rename the same folders report under their new names.
func TestEventsFolderRenamed(t *testing.T) {
	r, await := live(t, nil)
	r.put("day/look/1.jpg")
	await("day/look/1.jpg")
	r.must(os.Mkdir(r.at("archive"), 0o755))
	r.must(os.Rename(r.at("day"), r.at("archive/night")))
	await("archive/night/look/1.jpg")
	r.put("archive/night/look/2.jpg")
	await("archive/night/look/2.jpg")
	r.must(os.Rename(r.at("archive/night"), r.at("day")))
	await("day/look/2.jpg") // 1.jpg is known here, as it was
	r.put("day/look/3.jpg")
	await("day/look/3.jpg")
	r.put("day/4.jpg")
	await("day/4.jpg")
	r.put("archive/5.jpg")
	await("archive/5.jpg")
}

// A folder leaves and comes back before anybody looks: its watch is lost.
func TestEventsFolderThereAndBack(t *testing.T) {
	r, await := live(t, nil)
	r.put("day/1.jpg")
	await("day/1.jpg")
	for i := range 6 {
		r.must(os.Rename(r.at("day"), r.Root+".away"))
		r.must(os.WriteFile(filepath.Join(r.Root+".away", fmt.Sprintf("%d.png", i)), []byte("END"), 0o644))
		r.must(os.Rename(r.Root+".away", r.at("day")))
		await(fmt.Sprintf("day/%d.png", i))
		r.put(fmt.Sprintf("day/%d.jpg", i+2))
		await(fmt.Sprintf("day/%d.jpg", i+2))
	}
}

func TestEventsBurst(t *testing.T) {
	r, await := live(t, nil)
	var names []string
	for i := range 5000 {
		names = append(names, fmt.Sprintf("card/%d/%04d.jpg", i%7, i))
		r.put(names[i])
	}
	await(names...)
	for end := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) { // the last one is taken off the list after emit
		s := r.Status()
		if s.Files == 5001 && s.Waits == 0 {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("status: %d files, %d waiting, want 5001 and 0", s.Files, s.Waits)
		}
	}
}

// Events were lost and the system says so: everything is looked at.
func TestEventsOverflow(t *testing.T) {
	r, await := live(t, nil)
	r.must(os.Mkdir(r.at("deaf"), 0o755))
	r.put("deaf/1.jpg")
	await("deaf/1.jpg")
	sys, err := r.Hints.open()
	r.must(err)
	sys.disarm(r.at("deaf"))
	r.put("deaf/2.jpg") // nobody hears it
	r.put("3.jpg")
	await("3.jpg")
	r.Hints.LookAll()
	await("deaf/2.jpg")
	r.put("deaf/4.jpg") // and the scan has mended the watch
	await("deaf/4.jpg")
}

func TestEventsRootRemovedAndMadeAnew(t *testing.T) {
	r, await := live(t, nil)
	r.put("a/1.jpg")
	await("a/1.jpg")
	r.must(os.RemoveAll(r.Root))
	for r.Status().Watching != "blind" {
		time.Sleep(time.Millisecond)
	}
	r.put("a/2.jpg")
	await("a/2.jpg")
	r.put("a/b/3.jpg")
	await("a/b/3.jpg")
	if s := r.Status(); s.Watching != "events" {
		t.Errorf("status %+v, want events", s)
	}
}

// Deleting is nobody's business: no emission, no memory.
func TestEventsFolderDeleted(t *testing.T) {
	r, await := live(t, nil)
	r.put("a/b/1.jpg")
	await("a/b/1.jpg")
	r.must(os.RemoveAll(r.at("a")))
	for r.Status().Folders != 1 {
		time.Sleep(time.Millisecond)
	}
	r.put("a/b/2.jpg")
	await("a/b/2.jpg")
}

// Without enough watches the folder is polled, and says what to do about it.
func TestWatchLimit(t *testing.T) {
	for limit, want := range map[error]string{
		syscall.ENOSPC: "max_user_watches",
		syscall.EMFILE: "max_user_instances",
		syscall.EIO:    "gives no events",
	} {
		r := newRig(t)
		r.hints = false
		r.Hints, r.Rescan = NewHints(r.Root), 10*time.Millisecond
		r.Hints.gone = fmt.Errorf("add: %w", limit)
		done := make(chan struct{}, 10)
		r.answer = func(File) error { done <- struct{}{}; return nil }
		r.start()
		r.put("1.jpg")
		<-done
		if s := r.Status(); s.Watching != "polling" || !strings.Contains(s.Reason, want) {
			t.Errorf("%v: status %q because %q, want polling because %q", limit, s.Watching, s.Reason, want)
		}
		r.stop()
	}
}
