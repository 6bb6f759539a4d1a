package watch

import (
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// The writer zoo: each writer as it behaves towards a folder. What it leaves
// must be emitted once and whole, not before and not long after.
func TestWriterZoo(t *testing.T) {
	whole := strings.Repeat("x", 400) + "END"
	zoo := []struct {
		name  string
		write func(r *rig)
		want  []string      // contents, in order
		last  time.Duration // from the writer's end to the last emission
	}{
		{"at once", func(r *rig) { r.write("1.jpg", whole) }, []string{whole}, time.Second},
		{"slow append with 5 s pauses, kept open", func(r *rig) {
			r.setOpen("1.jpg", true)
			for n := 100; n <= 400; n += 100 {
				r.write("1.jpg", whole[:n])
				time.Sleep(5 * time.Second)
			}
			r.write("1.jpg", whole)
			r.setOpen("1.jpg", false)
		}, []string{whole}, time.Second},
		{"slow append, open for each part only", func(r *rig) {
			for n := 100; n <= 400; n += 100 {
				r.write("1.jpg", whole[:n])
				time.Sleep(5 * time.Second)
			}
			r.write("1.jpg", whole)
		}, []string{whole}, time.Second},
		{"preallocate, then fill", func(r *rig) {
			r.write("1.jpg", strings.Repeat("\x00", len(whole)))
			time.Sleep(3 * time.Second)
			r.write("1.jpg", whole[:200]+strings.Repeat("\x00", len(whole)-200))
			time.Sleep(3 * time.Second)
			r.write("1.jpg", whole)
		}, []string{whole}, time.Second},
		{"preallocate, then fill without a trace", func(r *rig) {
			r.write("1.jpg", strings.Repeat("\x00", len(whole)))
			fi, err := os.Lstat(r.at("1.jpg"))
			r.must(err)
			time.Sleep(20 * time.Second)
			r.must(os.WriteFile(r.at("1.jpg"), []byte(whole), 0o644))
			r.must(os.Chtimes(r.at("1.jpg"), time.Time{}, fi.ModTime()))
		}, []string{whole}, 11 * time.Second},
		{"close and reopen after 4 s", func(r *rig) {
			r.setOpen("1.jpg", true)
			r.write("1.jpg", whole[:200])
			r.setOpen("1.jpg", false)
			time.Sleep(4 * time.Second)
			r.setOpen("1.jpg", true)
			r.write("1.jpg", whole)
			time.Sleep(4 * time.Second)
			r.setOpen("1.jpg", false)
		}, []string{whole}, 3 * time.Second},
		{"temporary name, then rename", func(r *rig) {
			r.write("1.jpg.tmp", whole)
			time.Sleep(5 * time.Second)
			r.must(os.Rename(r.at("1.jpg.tmp"), r.at("1.jpg")))
			r.hint("1.jpg")
		}, []string{whole}, time.Second},
		{"truncate and rewrite, same size", func(r *rig) {
			r.write("1.jpg", whole)
			time.Sleep(5 * time.Second)
			r.write("1.jpg", "")
			time.Sleep(time.Second)
			r.write("1.jpg", strings.Replace(whole, "x", "y", 1))
		}, []string{whole, strings.Replace(whole, "x", "y", 1)}, time.Second},
		{"replaced by another", func(r *rig) {
			r.write("1.jpg", whole)
			time.Sleep(5 * time.Second)
			r.write("new.tmp", "newEND")
			r.must(os.Rename(r.at("new.tmp"), r.at("1.jpg")))
			r.hint("1.jpg")
		}, []string{whole, "newEND"}, time.Second},
		{"deleted before it settled", func(r *rig) {
			r.write("1.jpg", whole)
			time.Sleep(100 * time.Millisecond)
			r.must(os.Remove(r.at("1.jpg")))
			r.hint("1.jpg")
		}, nil, 0},
		{"moved out and back unchanged before it settled", func(r *rig) {
			r.write("1.jpg", whole)
			time.Sleep(100 * time.Millisecond)
			r.must(os.Rename(r.at("1.jpg"), r.at("../elsewhere.jpg")))
			time.Sleep(5 * time.Second) // nobody gave a hint
			r.must(os.Rename(r.at("../elsewhere.jpg"), r.at("1.jpg")))
			r.hint("1.jpg")
		}, []string{whole}, time.Second},
		{"touched over and over", func(r *rig) {
			for range 50 {
				r.write("1.jpg", whole)
				time.Sleep(100 * time.Millisecond)
			}
		}, []string{whole}, time.Second},
		{"format that does not tell", func(r *rig) { r.write("1.bin", whole) }, []string{whole}, 3 * time.Second},
		{"clock of the camera far ahead", func(r *rig) {
			r.write("1.jpg", whole)
			r.must(os.Chtimes(r.at("1.jpg"), time.Time{}, time.Now().AddDate(30, 0, 0)))
		}, []string{whole}, time.Second},
	}
	for _, z := range zoo {
		for _, hints := range []bool{true, false} {
			mode := map[bool]string{true: "events", false: "polling"}[hints]
			t.Run(z.name+"/"+mode, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					r := newRig(t)
					if r.hints = hints; !hints {
						r.Hints = nil
						z.last += minPoll
					}
					r.start()
					r.pass(time.Second)
					z.write(r)
					end := time.Since(r.began)
					r.pass(2 * time.Minute)
					r.checkZoo(z.want, end+z.last)
				})
			})
		}
	}
}

// checkZoo compares contents. Polling may miss a version that nobody else saw.
func (r *rig) checkZoo(want []string, latest time.Duration) {
	r.t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	var got []string
	for _, e := range r.emitted {
		got = append(got, e.content)
	}
	if !r.hints && len(got) < len(want) {
		want = want[len(want)-len(got):]
	}
	if !slices.Equal(got, want) || len(want) == 0 && len(got) > 0 {
		r.t.Fatalf("emitted %d contents %.60q, want %d", len(got), got, len(want))
	}
	if n := len(r.emitted); n > 0 && r.emitted[n-1].after > latest {
		r.t.Errorf("emitted after %v, want %v at most", r.emitted[n-1].after, latest)
	}
}

// A program writes as many bytes as before and sets the time back: only the
// inode change time tells.
func TestTimeSetBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		if !keepsChanged(r.Root) {
			t.Skip("this file system keeps no inode change time")
		}
		r.write("1.jpg", "oldEND")
		r.start()
		r.pass(time.Second)
		r.want("1.jpg")
		before, err := os.Lstat(r.at("1.jpg"))
		r.must(err)
		for now := before; changedTime(now).Equal(changedTime(before)); { // the kernel's clock has a grain
			r.must(os.WriteFile(r.at("1.jpg"), []byte("newEND"), 0o644))
			r.must(os.Chtimes(r.at("1.jpg"), time.Time{}, before.ModTime()))
			now, err = os.Lstat(r.at("1.jpg"))
			r.must(err)
		}
		r.hint("1.jpg")
		r.pass(time.Second)
		r.want("1.jpg", "1.jpg")
	})
}

// A long video is looked at a few times per second, not at each write.
func TestBusyFolderIsLookedAtSparingly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		looks := 0
		r.read = counting(&looks)
		r.setOpen("clip.mov", true)
		r.start()
		r.pass(time.Second)
		looks = 0
		for range 1000 {
			r.write("clip.mov", "x")
			time.Sleep(10 * time.Millisecond)
		}
		synctest.Wait()
		if looks > 60 {
			t.Errorf("the folder was listed %d times in 10 s of writing, want at most 60", looks)
		}
	})
}

// A finished file is emitted soon after settle, whatever wrote before.
func TestLatency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.start()
		r.pass(time.Second)
		for _, n := range []string{"a", "b", "c"} {
			r.write(n+".jpg", "") // created,
			time.Sleep(time.Millisecond)
			r.write(n+".jpg", "END") // written, closed
			end := time.Since(r.began)
			r.pass(600 * time.Millisecond)
			r.mu.Lock()
			last := r.emitted[len(r.emitted)-1]
			r.mu.Unlock()
			if took := last.after - end; last.name != n+".jpg" || took > DefaultSettle+30*time.Millisecond {
				t.Errorf("%s emitted %v after its end, want %s after settle and 30ms at most", last.name, took, n)
			}
		}
	})
}
