package layout

import (
	"errors"
	"strings"
	"testing"

	"github.com/studio-agent/studio-agent/connectors"
)

func benches(names ...string) (list []connectors.Bench) {
	for _, name := range names {
		list = append(list, connectors.Bench{Name: name})
	}
	return list
}

func must(t *testing.T, layout string, names ...string) Layout {
	t.Helper()
	l, err := New(layout, benches(names...))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestNew(t *testing.T) {
	for _, c := range []struct {
		layout  string
		benches []string
		want    string // part of the error; empty means none
	}{
		{"", nil, ""},
		{"", []string{"a"}, ""},
		{"", []string{"a", "b"}, "say layout: bench"},
		{"flat", []string{"a", "b"}, ""},
		{"bench", []string{"a", "b"}, ""},
		{"Bench", []string{"a"}, `"Bench" is not known; say bench or flat`},
	} {
		_, err := New(c.layout, benches(c.benches...))
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("New(%q, %q) = %v, want %q", c.layout, c.benches, err, c.want)
		}
	}
}

func TestName(t *testing.T) {
	for _, c := range []struct{ layout, bench, name, want string }{
		{"flat", "a", "monday/0001.jpg", "monday/0001.jpg"},
		{"bench", "a", "monday/0001.jpg", "a/monday/0001.jpg"},
		{"bench", "", "monday/0001.jpg", "monday/0001.jpg"}, // a mirror's
		{"bench", "new", "0001.jpg", "new/0001.jpg"},
		{"flat", "a", "../0001.jpg", ""},
		{"bench", "a", "../b/0001.jpg", ""},
		{"bench", "..", "0001.jpg", ""},
		{"bench", "CON", "0001.jpg", ""},
		{"flat", "CON", "0001.jpg", "0001.jpg"},
	} {
		got, err := must(t, c.layout, "a", "b").Name(connectors.Photo{Bench: c.bench, Name: c.name})
		switch {
		case c.want == "" && !errors.Is(err, connectors.ErrRejected):
			t.Errorf("%s, bench %q, %q: got %q, %v; want a refusal for good", c.layout, c.bench, c.name, got, err)
		case c.want != "" && (got != c.want || err != nil):
			t.Errorf("%s, bench %q, %q: got %q, %v; want %q", c.layout, c.bench, c.name, got, err, c.want)
		}
	}
	if got, err := (Layout{}).Name(connectors.Photo{Bench: "a", Name: "0001.jpg"}); got != "0001.jpg" || err != nil {
		t.Errorf("the zero Layout: %q, %v", got, err)
	}
}

func TestBench(t *testing.T) {
	for _, c := range []struct{ layout, name, bench, rest string }{
		{"bench", "a/monday/0001.jpg", "a", "monday/0001.jpg"},
		{"bench", "c/0001.jpg", "", "c/0001.jpg"},
		{"bench", "A/0001.jpg", "", "A/0001.jpg"},
		{"bench", "a", "", "a"},
		{"flat", "a/0001.jpg", "", "a/0001.jpg"},
	} {
		if bench, rest := must(t, c.layout, "a", "b").Bench(c.name); bench != c.bench || rest != c.rest {
			t.Errorf("%s, %q: got %q, %q; want %q, %q", c.layout, c.name, bench, rest, c.bench, c.rest)
		}
	}
}

func TestBenchUndoesName(t *testing.T) {
	for _, layout := range []string{"bench", "flat"} {
		l := must(t, layout, "a")
		p := connectors.Photo{Bench: "a", Name: "monday/0001.jpg"}
		name, err := l.Name(p)
		if err != nil {
			t.Fatal(err)
		}
		if _, rest := l.Bench(name); rest != p.Name {
			t.Errorf("%s: %s went out as %s and came back as %s", layout, p.Name, name, rest)
		}
	}
}

func TestUnfinished(t *testing.T) {
	for _, base := range []string{
		".hidden", ".studio-0.part", "~$a.psd", "a.tif~", "a.part", "A.PARTIAL", "a.filepart", "a.crdownload", "a.download", "a.tmp", "a.TEMP",
		"a.incomplete", "Thumbs.db", "desktop.ini", "@eaDir", ".DS_Store", "._a.jpg",
	} {
		if !Unfinished(base) {
			t.Errorf("%s passes for finished", base)
		}
	}
	for _, base := range []string{"a.jpg", "part.jpg", "tmp", "a.part.jpg", "~a.jpg", "thumbs.db.jpg", "a.done"} {
		if Unfinished(base) {
			t.Errorf("%s is taken for unfinished", base)
		}
	}
}

func TestOurs(t *testing.T) {
	for _, name := range []string{"a", "a/b.jpg", "..a", "a..", "a/..b", "...", "é/日本.jpg", `back\slash`, " "} {
		if !Ours(name) {
			t.Errorf("%q is refused", name)
		}
	}
	for _, name := range []string{"", ".", "..", "/", "/a", "../a", "a/../b", "a/..", "a/", "a//b", "./a", "a/.", "a\nb", "a\r", "a\x00", "a\x7f", "\t"} {
		if Ours(name) {
			t.Errorf("%q passes", name)
		}
	}
}
