package main

import (
	"os"
	"path"
	"path/filepath"
	"slices"
	"testing"

	"github.com/studio-agent/studio-agent/agent/config"
)

func deskForTest(t *testing.T, f Folders, mirrors ...config.Mirror) *desk {
	t.Helper()
	s := scene{dir: t.TempDir(), mirrors: mirrors, benches: []config.Bench{{Name: "one"}, {Name: "two"}}}
	d, err := newDesk(s, f, atHome)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func putOn(t *testing.T, d *desk, name, content string) {
	t.Helper()
	if err := writeFile(t.Context(), d.path(name), atOnce, []byte(content)); err != nil {
		t.Fatal(err)
	}
}

func TestDeskKnowsWhereAPhotoBelongs(t *testing.T) {
	up := config.Mirror{Account: "acme", Direction: config.Put, Remote: "/shared/up"}
	down := config.Mirror{Account: "acme", Direction: config.Get, Remote: "/in/briefs"}
	for _, tt := range []struct {
		folders Folders
		name    string
		below   string
		benches []string
		ok      bool
	}{
		{Folders{Put: "/in", Get: "/out"}, "in/x/a.jpg", "x/a.jpg", []string{"one", "two"}, true},
		{Folders{Put: "in", Layout: "bench"}, "in/two/a.jpg", "two/a.jpg", []string{"two"}, true},
		{Folders{Put: "/", Get: "/out"}, "a.jpg", "a.jpg", []string{"one", "two"}, true},
		{Folders{Put: "/", Get: "/out"}, "out/a.jpg", "", nil, false},
		{Folders{Put: "/in"}, "elsewhere/a.jpg", "", nil, false},
		{Folders{Put: "/in"}, "in/.a.jpg.part", "", nil, false},
		{Folders{Put: "/in"}, "in/TASK-0123abcd.csv", "", nil, false},
		{Folders{Put: "/in"}, "shared/up/a.jpg", "a.jpg", []string{"mirror acme:/shared/up"}, true},
		{Folders{Put: "/in"}, "in/briefs/a.jpg", "", nil, false},
		{Folders{Get: "/out"}, "in/a.jpg", "", nil, false},
	} {
		below, benches, ok := deskForTest(t, tt.folders, up, down).place(tt.name)
		if ok != tt.ok || ok && (below != tt.below || !slices.Equal(benches, tt.benches)) {
			t.Errorf("%+v, %s: got %q, %v, %v", tt.folders, tt.name, below, benches, ok)
		}
	}
}

func TestDeskCountsWhatArrives(t *testing.T) {
	d := deskForTest(t, Folders{Put: "/in", Get: "/out"})
	putOn(t, d, "in/a.jpg", "first")
	for _, tt := range []struct {
		name    string
		certain bool
		want    bool
	}{
		{"in/a.jpg", true, true},
		{"in/a.jpg", false, false}, // it was noted
		{"in/none.jpg", true, false},
		{"out/a.jpg", true, false},
	} {
		if _, ok := d.arrived(tt.name, tt.certain); ok != tt.want {
			t.Errorf("%s, certain %v: noted is %v", tt.name, tt.certain, ok)
		}
	}
	if fresh := d.take(); len(fresh) != 1 || fresh[0].name != "in/a.jpg" || len(d.take()) != 0 {
		t.Errorf("fresh are %v", fresh)
	}
	d.arrived("in/a.jpg", true) // a second delivery of the same content
	putOn(t, d, "in/b.jpg", "nobody told of it")
	want := map[string]int{"a.jpg": 2, "b.jpg": 1}
	holds, err := d.holds()
	if err != nil || len(holds) != len(want) {
		t.Fatalf("got %+v, %v", holds, err)
	}
	for _, h := range holds {
		if h.times != want[h.name] || !h.current {
			t.Errorf("got %+v", h)
		}
	}
}

func TestDeskRemembersWhatWasTaken(t *testing.T) {
	d := deskForTest(t, Folders{Put: "/in", Get: "/out"})
	for _, content := range []string{"old", "new"} {
		putOn(t, d, "in/a.jpg", content)
		d.arrived("in/a.jpg", true)
	}
	if err := d.remove("in/a.jpg"); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(d.path("in/a.jpg")); err == nil {
		t.Error("it is there still")
	}
	if d.remove("in/a.jpg") == nil {
		t.Error("it was taken twice")
	}
	holds, err := d.holds()
	if err != nil || len(holds) != 2 {
		t.Fatalf("got %+v, %v", holds, err)
	}
	for _, h := range holds {
		if h.times != 1 || h.current != (h.sha == digestOf([]byte("new"))) {
			t.Errorf("got %+v", h)
		}
	}
}

func TestDeskShowsTornFiles(t *testing.T) {
	d := deskForTest(t, Folders{Put: "/in"})
	putOn(t, d, "in/a.jpg", "whole")
	f, _ := d.arrived("in/a.jpg", true)
	putOn(t, d, "in/a.jpg", "who")
	holds, err := d.holds()
	if err != nil {
		t.Fatal(err)
	}
	r := prove("one", "acme", []shot{{bench: "one", name: "a.jpg", sha: f.sha, done: album0}}, nil, holds)
	if r.torn != 1 {
		t.Errorf("got %+v", r)
	}
}

func TestSimulatedServersMakeTheFoldersOfTheAccount(t *testing.T) {
	d := deskForTest(t, Folders{Put: "/in", Get: "out"}, config.Mirror{Remote: "/m/x", Rejected: "/m/rejected"})
	for _, name := range []string{"in", "out", "m/x", "m/rejected"} {
		if info, err := os.Stat(filepath.Join(d.root, filepath.FromSlash(path.Clean(name)))); err != nil || !info.IsDir() {
			t.Errorf("%s: %v", name, err)
		}
	}
}
