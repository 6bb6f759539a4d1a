package watch

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

func TestStatusBeforeRun(t *testing.T) {
	f := &Folder{Root: t.TempDir()}
	if s := f.Status(); s.Watching != "" || s.Waits != 0 || !s.Scanned.IsZero() {
		t.Errorf("status before Run: %+v, want nothing", s)
	}
}

// A thousand names are enough for a page; those that need a person come first.
func TestStatusIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		for i := range maxShown {
			r.write(fmt.Sprintf("%04d.jpg", i), "torn")
		}
		r.start()
		r.pass(time.Minute)
		r.write("late.jpg", "")
		r.pass(2 * time.Minute)
		s := r.Status()
		if len(s.Waiting) != maxShown || s.Waits != maxShown+1 || s.Held != 1 {
			t.Fatalf("%d shown of %d, %d held, want %d of %d, 1 held", len(s.Waiting), s.Waits, s.Held, maxShown, maxShown+1)
		}
		if w := s.Waiting[0]; w.Name != "late.jpg" || !w.Held {
			t.Errorf("first is %+v, want the one that is held", w)
		}
		if a, b := s.Waiting[1].Name, s.Waiting[2].Name; a >= b {
			t.Errorf("then %s before %s, want the order of names", a, b)
		}
	})
}

// Status is asked for while the folder works: the race detector watches.
func TestStatusAnyTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.start()
		for i := range 100 {
			r.write(fmt.Sprintf("%d/%d.jpg", i%7, i), "END")
			if s := r.Status(); s.Files > i+1 || s.Waits > i+1 {
				t.Errorf("status %+v after %d files", s, i+1)
			}
			time.Sleep(10 * time.Millisecond)
		}
	})
}

func TestExplain(t *testing.T) {
	tests := []struct {
		err  error
		want string
	}{
		{nil, ""},
		{&fs.PathError{Op: "open", Path: "/studio/1.jpg", Err: syscall.EACCES}, "no permission to read it (permission denied)"},
		{fmt.Errorf("look: %w", &fs.PathError{Op: "read", Path: "/studio/1.jpg", Err: errors.New("input/output error")}), "it cannot be read (input/output error)"},
	}
	for _, tt := range tests {
		got := explain(tt.err)
		if !strings.Contains(got, tt.want) || (got == "") != (tt.want == "") || strings.Contains(got, "/studio") {
			t.Errorf("explain(%v) = %q, want %q and no path", tt.err, got, tt.want)
		}
	}
}

func TestStem(t *testing.T) {
	for base, want := range map[string]string{
		"DSC_1.CR3": "dsc_1", "dsc_1.jpg": "dsc_1", "DSC_1.CR3.xmp": "dsc_1", "DSC_1": "dsc_1", ".hidden.jpg": ".hidden.jpg", "a b.tif": "a b",
	} {
		if got := stem(base); got != want {
			t.Errorf("stem(%q) = %q, want %q", base, got, want)
		}
	}
}
