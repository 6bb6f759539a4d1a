package watch

import (
	"context"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// What Also refuses is looked at again when somebody says so, and goes then; what
// it refuses again before it went does not wait any more.
func TestAlsoMayChangeItsMind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		var mu sync.Mutex
		refused := "spot/"
		refuse := func(prefix string) {
			mu.Lock()
			refused = prefix
			mu.Unlock()
			r.Hints.Look("spot")
		}
		r.Skip.Also = func(name string) string {
			mu.Lock()
			defer mu.Unlock()
			if strings.HasPrefix(name, refused) {
				return "its project is not known yet"
			}
			return ""
		}
		r.write("spot/1.jpg", "END")
		r.write("other/2.jpg", "END")
		r.start()
		r.pass(time.Minute)
		r.want("other/2.jpg")
		if st := r.Status(); st.Skipped != 1 || len(st.Waiting) != 0 {
			t.Errorf("got %+v", st)
		}
		if got := r.Skip.Reason("spot/1.jpg", false); got != "its project is not known yet" || r.Skip.Reason("spot/x", true) != "" {
			t.Errorf("the reason is %q", got)
		}
		refuse("nothing")
		r.pass(time.Second)
		r.want("other/2.jpg", "spot/1.jpg")
		r.write("spot/3.jpg", "torn")
		r.pass(time.Second)
		r.waits("spot/3.jpg", "the picture ends in the middle", false)
		refuse("spot/")
		r.pass(time.Second)
		if st := r.Status(); len(st.Waiting) != 0 {
			t.Errorf("waits: %+v", st.Waiting)
		}
	})
}

// Seen is told of folders and of files with what is known of them, also of those
// that only Also leaves out.
func TestSeenIsToldOfEachLook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		var mu sync.Mutex
		seen := map[string][]Name{}
		r.Seen = func(dir string, names []Name) {
			mu.Lock()
			defer mu.Unlock()
			seen[dir] = names
		}
		r.Skip.Also = func(name string) string { return "nothing goes" }
		r.write("spot/spot.prproj", "four")
		r.write("spot/.hidden", "x")
		r.write("spot/half.tmp", "x")
		r.start()
		r.pass(time.Second)
		names := func(dir string) []string {
			mu.Lock()
			defer mu.Unlock()
			var all []string
			for _, n := range seen[dir] {
				all = append(all, n.Base)
				if runtime.GOOS != "windows" && n.ID == "" {
					t.Errorf("%s has no ID", n.Base)
				}
				if !n.Dir && (n.Size != 4 || n.ModTime.IsZero()) {
					t.Errorf("got %+v", n)
				}
			}
			return all
		}
		if got := names("."); !slices.Equal(got, []string{"spot"}) || !seen["."][0].Dir {
			t.Errorf("the root holds %q", got)
		}
		if got := names("spot"); !slices.Equal(got, []string{"spot.prproj"}) {
			t.Errorf("the folder holds %q", got)
		}
		r.must(os.Remove(r.at("spot/spot.prproj")))
		r.Hints.Look("spot")
		r.pass(time.Second)
		if got := names("spot"); len(got) != 0 {
			t.Errorf("the folder still holds %q", got)
		}
	})
}

// Walk asks Also, too.
func TestWalkAsksAlso(t *testing.T) {
	r := newRig(t)
	r.write("spot/1.jpg", "END")
	err := Walk(context.Background(), r.Root, Skip{Also: func(string) string { return "no" }}, func(f Found) error {
		if f.Name != "spot/1.jpg" || f.Skipped != "no" || f.Size != 3 {
			t.Errorf("got %+v", f)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
