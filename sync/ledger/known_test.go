package ledger

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"
)

func TestFolders(t *testing.T) {
	l := openNew(t)
	if f, ok, err := l.FindFolder(t.Context(), "/new"); ok || err != nil || f != (Folder{}) {
		t.Errorf("an unknown folder is %+v, %v, %v", f, ok, err)
	}
	first := Folder{Path: "/new", Bench: "b", Identity: "disk 1", Seen: time.Unix(5, 0), Held: "too many"}
	must(t, l.PutFolder(first))
	if f, ok, err := l.FindFolder(t.Context(), "/new"); !ok || err != nil || f != first {
		t.Errorf("got %+v, %v, %v; want %+v", f, ok, err, first)
	}
	must(t, l.PutFolder(Folder{Path: "/new", Bench: "c", Identity: "disk 2", Seen: time.Unix(9, 0)}))
	want := Folder{Path: "/new", Bench: "c", Identity: "disk 2", Seen: time.Unix(9, 0)}
	if f, ok, err := l.FindFolder(t.Context(), "/new"); !ok || err != nil || f != want {
		t.Errorf("after a change: got %+v, %v, %v; want %+v", f, ok, err, want)
	}
}

// TestWhatWasLeftAloneIsFound: by an agent that has seen it itself, and by one that
// was started later.
func TestWhatWasLeftAloneIsFound(t *testing.T) {
	path := newPath(t)
	l := openAt(t, path)
	if !l.lacks.alone.Load() {
		t.Error("an empty ledger is said to have files that were left alone")
	}
	alone, sent := newFile("day 1/a", 5, ""), newFile("b", 5, "")
	alone.Generation = 0
	must(t, l.Accept(time.Now(), Acceptance{Files: []File{alone, sent}}))
	for _, when := range []string{"at once", "after a restart"} {
		for name, want := range map[string][]File{"a": {alone}, "b": nil, "day 1/a": nil} {
			got, err := l.LeftAlone(t.Context(), "bench", name, alone.Size, alone.ModTime)
			if err != nil || !slices.Equal(got, want) {
				t.Errorf("%s: left alone as %s: %+v, %v; want %+v", when, name, got, err, want)
			}
		}
		if got, err := l.LeftAlone(t.Context(), "bench", "a", alone.Size+1, alone.ModTime); err != nil || len(got) > 0 {
			t.Errorf("%s: of another size: %+v, %v", when, got, err)
		}
		must(t, l.Close())
		l = openAt(t, path)
	}
}

func TestKnown(t *testing.T) {
	l := openNew(t)
	must(t, l.PutFolder(Folder{Path: "/other", Bench: "bench"}))
	other := newFile("a", 1, "")
	other.Folder = "/other"
	files := []File{newFile("a", 1, "aa"), newFile("b", 2, ""), newFile("day 1/a", 3, ""), newFile("day 1/set/a", 4, ""), other}
	must(t, l.Accept(time.Now(), Acceptance{Files: files}))
	must(t, l.Accept(time.Now(), Acceptance{Files: []File{newFile("b", 5, "bb")}}))
	for dir, want := range map[string]map[string]int64{".": {"a": 1, "b": 5}, "day 1": {"a": 3}, "day 1/set": {"a": 4}, "day 2": {}} {
		known, err := l.Known(t.Context(), hot, dir)
		must(t, err)
		got := map[string]int64{}
		for name, s := range known {
			got[name] = s.ModTime.Unix()
			if full := (Stamp{Size: 10, ModTime: time.Unix(got[name], 0), Changed: time.Unix(100, 5)}); s != full {
				t.Errorf("%s in %q is %+v, want %+v", name, dir, s, full)
			}
		}
		if !maps.Equal(got, want) {
			t.Errorf("known in %q: %v, want %v", dir, got, want)
		}
	}
	if known, err := l.Known(t.Context(), "/never", "."); err != nil || known == nil || len(known) != 0 {
		t.Errorf("of a folder never entered: %v, %v; want an empty map", known, err)
	}
	if f, ok, err := l.FindFile(t.Context(), hot, "b"); !ok || err != nil || f != newFile("b", 5, "bb") {
		t.Errorf("FindFile = %+v, %v, %v", f, ok, err)
	}
	if _, ok, err := l.FindFile(t.Context(), hot, "day 1/b"); ok || err != nil {
		t.Errorf("a file never accepted was found: %v, %v", ok, err)
	}
}

func TestSameContent(t *testing.T) {
	l := openNew(t)
	must(t, l.PutFolder(Folder{Path: "/selects", Bench: "bench"}))
	must(t, l.PutFolder(Folder{Path: "/elsewhere", Bench: "other bench"}))
	put := func(folder, name, content string, size int64) File {
		f := newFile(name, 1, content)
		f.Folder, f.Size = folder, size
		must(t, l.Accept(time.Now(), Acceptance{Files: []File{f}}))
		return f
	}
	a, b := put(hot, "a", "aa", 10), put("/selects", "b", "aa", 10)
	put(hot, "same size", "xx", 10)
	put(hot, "same digest", "aa", 11)
	put("/elsewhere", "c", "aa", 10)
	put("/elsewhere", "d", "dd", 12)
	put(hot, "never read", "", 10)
	got, err := l.SameContent(t.Context(), "bench", 10, "aa")
	must(t, err)
	slices.SortFunc(got, func(a, b File) int { return int(a.Name[0]) - int(b.Name[0]) })
	if !slices.Equal(got, []File{a, b}) {
		t.Errorf("got %+v, want a and b", got)
	}
	if got, err := l.SameContent(t.Context(), "bench", 10, ""); err != nil || got != nil {
		t.Errorf("no digest matches %v, %v", got, err)
	}
	for size, want := range map[int64]bool{10: true, 11: true, 12: false, 13: false} {
		if got, err := l.SizeKnown(t.Context(), "bench", size); err != nil || got != want {
			t.Errorf("SizeKnown(%d) = %v, %v; want %v", size, got, err, want)
		}
	}
	if got, err := l.SameSize(t.Context(), "bench", 10); err != nil || len(got) != 4 {
		t.Errorf("of size 10 are %+v, %v; want the 4 of the bench", got, err)
	}
	for i := range 120 {
		put(hot, fmt.Sprint("copy ", i), "cc", 20)
	}
	if got, err := l.SameContent(t.Context(), "bench", 20, "cc"); err != nil || len(got) != MostSame {
		t.Errorf("%d copies, %v; want the 100 promised at most", len(got), err)
	}
}

func TestFindFiles(t *testing.T) {
	l := openNew(t)
	must(t, l.PutFolder(Folder{Path: "/other", Bench: "bench"}))
	var files []File
	for i := range 20 {
		files = append(files, newFile(fmt.Sprintf("card %02d/IMG_1.jpg", i), 1, ""))
	}
	elsewhere := newFile("card 19/IMG_1.jpg", 1, "")
	elsewhere.Folder = "/other"
	files = append(files, elsewhere, newFile("IMG_1.jpg", 1, ""), newFile("xIMG_1.jpg", 1, ""), newFile("deep/card 07/IMG_1.jpg", 1, ""))
	must(t, l.Accept(time.Now(), Acceptance{Files: files}))
	for _, test := range []struct {
		name string
		n    int
		want int
	}{
		{"IMG_1.jpg", 100, 23}, {"IMG_1.jpg", 3, 3},
		{"card 07/IMG_1.jpg", 2, 2}, // though 23 others share its last part
		{"deep/card 07/IMG_1.jpg", 2, 1}, {"card 19/IMG_1.jpg", 5, 2},
		{"ard 07/IMG_1.jpg", 5, 0}, {"MG_1.jpg", 5, 0}, {"IMG_%.jpg", 5, 0}, {"", 5, 0},
	} {
		got, err := l.FindFiles(t.Context(), test.name, test.n)
		if err != nil || len(got) != test.want {
			t.Errorf("FindFiles(%q, %d) = %d files, %v; want %d", test.name, test.n, len(got), err, test.want)
		}
	}
}
