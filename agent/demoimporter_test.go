package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func importerForTest(t *testing.T) *importer {
	t.Helper()
	dir := t.TempDir()
	d := &demo{returns: new(returns), line: newTimeline(t.Output(), nil, nil)}
	im := &importer{demo: d, bench: "b1", folder: filepath.Join(dir, "imports"), replaced: filepath.Join(dir, "imports.replaced"), seen: map[string]os.FileInfo{}}
	if err := os.Mkdir(im.folder, 0o755); err != nil {
		t.Fatal(err)
	}
	return im
}

func drop(t *testing.T, folder, name, content string) {
	t.Helper()
	if err := writeFile(t.Context(), filepath.Join(folder, filepath.FromSlash(name)), atOnce, []byte(content)); err != nil {
		t.Fatal(err)
	}
}

func TestImporterSeesWhatLands(t *testing.T) {
	im := importerForTest(t)
	first := im.demo.returns.begin(retouch{bench: "b1", name: "x/a.jpg", sha: digestOf([]byte("1"))})
	second := im.demo.returns.begin(retouch{bench: "b1", name: "x/a.jpg", sha: digestOf([]byte("22"))})
	drop(t, im.folder, "x/.a.jpg.part", "1")
	if err := im.look(); err != nil || im.demo.returns.isLanded(first) {
		t.Errorf("a temporary file has landed (%v)", err)
	}
	drop(t, im.folder, "x/a.jpg", "1")
	if err := im.look(); err != nil || !im.demo.returns.isLanded(first) || im.demo.returns.isLanded(second) {
		t.Errorf("the first is not seen alone (%v)", err)
	}
	drop(t, im.folder, "x/new", "22")
	if err := os.Rename(filepath.Join(im.folder, "x", "new"), filepath.Join(im.folder, "x", "a.jpg")); err != nil {
		t.Fatal(err)
	}
	if err := im.look(); err != nil || !im.demo.returns.isLanded(second) {
		t.Errorf("the second version is not seen (%v)", err)
	}
}

func TestImporterTakesEachFileAway(t *testing.T) {
	im := importerForTest(t)
	im.takes = filepath.Join(filepath.Dir(im.folder), "archive")
	for range 2 { // dropped twice, of which the proof must know
		drop(t, im.folder, "x/a.jpg", "1")
		if err := im.look(); err != nil {
			t.Fatal(err)
		}
	}
	drop(t, im.replaced, "a.replaced-1.jpg", "0")
	if left, err := filesIn(im.folder); err != nil || len(left) > 0 {
		t.Errorf("in the import folder are %v (%v)", left, err)
	}
	got, err := im.files()
	want := []landedFile{{"", digestOf([]byte("0"))}, {"x/a.jpg", digestOf([]byte("1"))}, {"x/a.jpg", digestOf([]byte("1"))}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v, %v", got, err)
	}
}
