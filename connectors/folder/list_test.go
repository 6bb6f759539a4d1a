package folder

import (
	"path/filepath"
	"slices"
	"testing"
)

func TestListSaysWhatLiesThereForABench(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"b1/a.jpg", "b1/sub/b.jpg", "b1/.studio-0.part", "b2/c.jpg"} {
		write(t, filepath.Join(dir, name), []byte("content"))
	}
	tests := []struct {
		layout, bench string
		want          []string
	}{
		{"bench", "b1", []string{"a.jpg", "sub/b.jpg"}},
		{"bench", "b3", nil},
		{"flat", "b1", []string{"b1/a.jpg", "b1/sub/b.jpg", "b2/c.jpg"}},
	}
	for _, test := range tests {
		there, err := connect(t, options{Put: dir, Layout: test.layout}, "b1", "b2").List(t.Context(), test.bench)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, r := range there {
			got = append(got, r.Name)
		}
		slices.Sort(got)
		if !slices.Equal(got, test.want) {
			t.Errorf("%s %s: %q, want %q", test.layout, test.bench, got, test.want)
		}
	}
}
