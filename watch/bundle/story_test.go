package bundle

import (
	"fmt"
	"testing"
	"time"
)

// shelf is n bundles of m media each, and for each medium a preview.
func shelf(n, m int) []Entry {
	var names []string
	for i := range n {
		root := fmt.Sprintf("client %d/Film %d", i%10, i)
		names = append(names, root+"/", root+"/film.prproj", root+"/Adobe Premiere Pro Auto-Save/film-1.prproj")
		for k := range m {
			names = append(names, fmt.Sprintf("%s/footage/A%03d.mov", root, k), fmt.Sprintf("%s/Media Cache Files/A%03d.mov", root, k))
		}
	}
	return listing(names...)
}

// A day of an editor: a bundle appears, is saved, gets media, is renamed, moved to
// the archive of the same disk, restored from another, and thrown away.
func TestADay(t *testing.T) {
	var s Settler
	var before []Identity
	clock := morning
	look := func(settled string, fates string, lines ...string) {
		t.Helper()
		clock = clock.Add(10 * time.Second)
		bundles, _ := Recognize(listing(lines...), Programs())
		var now []Identity
		var ready, changes string
		for i := range bundles {
			b := &bundles[i]
			b.Folder, b.Project.ID, b.Project.Digest = "folder", "file", "content"
			now = append(now, b.Identity())
		}
		for _, b := range s.Observe(clock, bundles) {
			ready += b.Root
		}
		for _, c := range Compare(before, now, nil) {
			changes += string(c.Fate)
		}
		if ready != settled || changes != fates {
			t.Errorf("with %q: %q have settled, %q; want %q, %q", lines, ready, changes, settled, fates)
		}
		before = now
	}
	look("", "")
	look("", "", "Film/a.mov") // no project file yet
	look("", "appeared", "Film/a.mov", "Film/Film.prproj")
	look("", "stayed", "Film/a.mov", "Film/Film.prproj @1")
	look("Film", "stayed", "Film/a.mov", "Film/Film.prproj @1", "Film/b.mov")
	look("Film", "stayed", "Film/a.mov", "Film/Film.prproj @1", "Film/b.mov", "Film/c.mov")
	look("", "renamed", "Film 2/a.mov", "Film 2/Film.prproj @1")
	look("Film 2", "stayed", "Film 2/a.mov", "Film 2/Film.prproj @1")
	look("", "moved", "archive/Film 2/a.mov", "archive/Film 2/Film.prproj @1")
	look("archive/Film 2", "stayed", "archive/Film 2/Film.prproj @1")
	look("", "vanished")
	look("", "appeared", "Film/Film.prproj")
}

// A share with a hundred thousand files must be understood while it is listed.
func TestALargeShare(t *testing.T) {
	entries := shelf(100, 500)
	bundles, loose := Recognize(entries, Programs())
	if len(bundles) != 100 || len(loose) != 0 {
		t.Fatalf("%d bundles, %d loose project files", len(bundles), len(loose))
	}
	for _, b := range bundles {
		if len(b.Media) != 500 || len(b.Set) != 1 {
			t.Errorf("%s has %d media and a set of %d", b.Root, len(b.Media), len(b.Set))
		}
	}
}

func BenchmarkRecognize(b *testing.B) {
	entries, programs := shelf(100, 500), Programs()
	b.ReportMetric(float64(len(entries)), "files")
	for b.Loop() {
		Recognize(entries, programs)
	}
}

func BenchmarkCompare(b *testing.B) {
	var before []Identity
	for i := range 1000 {
		id := fmt.Sprint(i)
		before = append(before, Identity{Root: "film " + id, Folder: id, File: "f" + id, Content: "c" + id, Project: "x.prproj"})
	}
	for b.Loop() {
		Compare(before, before, nil)
	}
}
