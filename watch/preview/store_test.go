package preview

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// TestStoreIsBounded fills ten places, of which the oldest is used again; what
// was not used for longest goes, and nothing that is not ours.
func TestStoreIsBounded(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a stranger's"), make([]byte, 5000), 0o600); err != nil {
		t.Fatal(err)
	}
	s := &store{dir: dir, max: 1000}
	for i := range 10 {
		name := fmt.Sprint(i, suffix)
		s.write(name, jpegLike(100))
		used := time.Now().Add(time.Duration(i-20) * time.Hour)
		if err := os.Chtimes(filepath.Join(dir, name), used, used); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(filesIn(t, dir)); n != 11 {
		t.Errorf("%d files, want ten and a stranger's", n)
	}
	s = &store{dir: dir, max: 1000} // a restart
	if s.read("0"+suffix) == nil {
		t.Error("the oldest is gone already")
	}
	s.write("10"+suffix, jpegLike(100))
	want := []string{"0.jpg", "10.jpg", "3.jpg", "4.jpg", "5.jpg", "6.jpg", "7.jpg", "8.jpg", "9.jpg", "a stranger's"}
	if got := filesIn(t, dir); !slices.Equal(got, want) {
		t.Errorf("kept %q, want %q", got, want)
	}
}

func TestStoreSweeps(t *testing.T) {
	s := &store{dir: t.TempDir(), max: 1000}
	f, err := s.temporary()
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	s.write("a"+suffix, jpegLike(10))
	s.sweep()
	if got := filesIn(t, s.dir); !slices.Equal(got, []string{"a.jpg"}) {
		t.Errorf("kept %q", got)
	}
}

func TestStoreWithoutRoom(t *testing.T) {
	s := &store{dir: t.TempDir(), max: 5}
	for i := range 3 {
		s.write(fmt.Sprint(i, suffix), jpegLike(100))
	}
	if got := filesIn(t, s.dir); len(got) != 0 {
		t.Errorf("kept %q", got)
	}
}
