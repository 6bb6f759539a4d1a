package folder

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
)

func TestListSaysWhatLiesThereForABench(t *testing.T) {
	dir := t.TempDir()
	old := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	for name, at := range map[string]time.Time{
		"b1/a.jpg": time.Now(), "b1/sub/b.jpg": time.Now(), "b1/old.jpg": old, "b1/.studio-0.part": time.Now(), "b2/c.jpg": time.Now(),
	} {
		write(t, filepath.Join(dir, name), []byte("content"))
		if err := os.Chtimes(filepath.Join(dir, name), at, at); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct {
		layout, bench string
		since         time.Time
		want          []string
	}{
		{"bench", "b1", time.Time{}, []string{"a.jpg", "old.jpg", "sub/b.jpg"}},
		{"bench", "b1", old.Add(time.Hour), []string{"a.jpg", "sub/b.jpg"}},
		{"bench", "b3", time.Time{}, nil},
		{"flat", "b1", time.Time{}, []string{"b1/a.jpg", "b1/old.jpg", "b1/sub/b.jpg", "b2/c.jpg"}},
	}
	for _, test := range tests {
		there, err := destination{dir, test.layout == "bench"}.list(t.Context(), test.bench, test.since)
		if err != nil {
			t.Fatal(err)
		}
		if got := names(there); !slices.Equal(got, test.want) {
			t.Errorf("%s %s since %v: %q, want %q", test.layout, test.bench, test.since, got, test.want)
		}
	}
}

func names(there []connectors.Receipt) []string {
	var all []string
	for _, r := range there {
		all = append(all, r.Name)
	}
	slices.Sort(all)
	return all
}
