package watch

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestHostileNames(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only here a name may hold any byte")
	}
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		names := []string{
			"new\nline.jpg", "tab\there.jpg", "bell\a.jpg", `back\slash.jpg`, `quo"te's.jpg`, "emoji 📷.jpg",
			"nfc-\u00e9.jpg", "nfc-e\u0301.jpg", "\xff\xfe invalid.jpg", "CON.jpg", "a:b.jpg", "dot.jpg.", "space.jpg ",
			"* ? [x].jpg", strings.Repeat("n", 251) + ".jpg", "dir\nwith/new\nline.jpg", "-rf.jpg", "%s.jpg",
		}
		for _, n := range names {
			r.write(n, "END")
		}
		r.start()
		r.pass(time.Second)
		r.want(names...)
		r.Hints.LookAll()
		r.pass(time.Minute)
		r.want(names...)
	})
}

func TestUnreadableFolderStopsNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.read = r.readBlocked
		r.write("locked/1.jpg", "END")
		r.write("open/2.jpg", "END")
		r.block(r.at("locked"), true)
		r.start()
		r.pass(time.Second)
		r.want("open/2.jpg")
		r.waits("locked/", "no permission", true)
		since := r.Status().Waiting[0].Since
		r.pass(time.Minute)
		r.waits("locked/", "no permission", true)
		if got := r.Status().Waiting[0].Since; !got.Equal(since) {
			t.Errorf("unreadable since %v, was %v", got, since)
		}
		r.block(r.at("locked"), false)
		r.pass(retry + time.Second)
		r.want("open/2.jpg", "locked/1.jpg")
		if s := r.Status(); s.Waits != 0 {
			t.Errorf("still waiting: %+v", s.Waiting)
		}
	})
}

// What was accepted from a folder is not asked about, let alone emitted, again
// because the folder was unreadable for a while.
func TestUnreadableFolderIsNotForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.read = r.readBlocked
		r.write("a/1.jpg", "END")
		r.write("a/torn.jpg", "…")
		r.start()
		r.pass(time.Second)
		r.block(r.at("a"), true)
		r.pass(3 * time.Minute)
		r.block(r.at("a"), false)
		r.askedSince()
		r.pass(3 * time.Minute)
		r.want("a/1.jpg")
		if asked := r.askedSince(); len(asked) > 0 {
			t.Errorf("Known was asked about %q though nothing changed", asked)
		}
		r.waits("a/torn.jpg", "ends in the middle", false)
	})
}

func TestHeldFiles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.write("1.jpg", "")
		r.start()
		r.pass(time.Second)
		r.waits("1.jpg", "the file is empty", false)
		r.pass(2 * time.Minute)
		r.waits("1.jpg", "the file is empty", true)
		r.write("1.jpg", "torn")
		r.pass(time.Second)
		r.waits("1.jpg", "the picture ends in the middle", false)
		r.pass(11 * time.Minute)
		r.waits("1.jpg", "the picture ends in the middle", true)
		r.setOpen("1.jpg", true)
		r.pass(11 * time.Second)
		r.waits("1.jpg", "another program still has it open for writing (since ", false)
		r.setOpen("1.jpg", false)
		r.write("1.jpg", "END")
		r.pass(time.Second)
		r.want("1.jpg")
	})
}

func TestWalk(t *testing.T) {
	root := t.TempDir()
	for _, name := range []string{"1.jpg", "a/2.jpg", "a/b/3.jpg", "a/.hidden/4.jpg", "a/5.tmp", "locked/6.jpg"} {
		path := filepath.Join(root, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte("END"), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	l := lister{root: root, skip: Skip{Exclude: []string{"a/b/**"}}, read: func(path string, visit func(fs.DirEntry) error) error {
		if strings.HasSuffix(path, "locked") {
			return fs.ErrPermission
		}
		return readFolder(path, visit)
	}}
	var got []string
	err := walk(t.Context(), l, func(f Found) error {
		if f.Skipped == "" && f.Err == nil && f.Size != 3 {
			t.Errorf("%s has size %d, want 3", f.Name, f.Size)
		}
		got = append(got, fmt.Sprintf("%s %v %q %v", f.Name, f.Folder, f.Skipped, f.Err))
		return nil
	})
	want := []string{
		`1.jpg false "" <nil>`,
		`a/.hidden true "hidden files and folders do not go" <nil>`,
		`a/2.jpg false "" <nil>`,
		`a/5.tmp false "it is another program's temporary file; it goes when it gets its final name" <nil>`,
		"a/b true \"excluded by `exclude: a/b/**`\" <nil>",
		`locked true "" permission denied`,
	}
	if slices.Sort(got); err != nil || !slices.Equal(got, want) {
		t.Errorf("walk: %v\n%s\nwant\n%s", err, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestWalkStops(t *testing.T) {
	root := t.TempDir()
	if err := os.WriteFile(filepath.Join(root, "1.jpg"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	stop := errors.New("enough")
	if err := Walk(t.Context(), root, Skip{}, func(Found) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("Walk = %v, want the error of visit", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := Walk(ctx, root, Skip{}, func(Found) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("Walk = %v, want context.Canceled", err)
	}
	if err := Walk(t.Context(), filepath.Join(root, "none"), Skip{}, nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Walk of a missing root = %v", err)
	}
}

// The fingerprint knows no order, and any difference of any entry.
func TestPrint(t *testing.T) {
	var p printer
	at := time.Unix(1e9, 5)
	a := entry{base: "a", stamp: Stamp{1, at, at}}
	others := []entry{
		{base: "b", stamp: a.stamp},
		{base: "a", stamp: Stamp{2, at, at}},
		{base: "a", stamp: Stamp{1, at.Add(1), at}},
		{base: "a", stamp: Stamp{1, at, at.Add(1)}},
		{base: "a", stamp: Stamp{1, at, time.Time{}}},
		{base: "a", stamp: a.stamp, kind: odd},
	}
	for _, o := range others {
		if p.print(a) == p.print(o) {
			t.Errorf("%+v and %+v look alike", a, o)
		}
	}
	if first, again := p.print(a), p.print(a); first != again || first+p.print(others[0]) != p.print(others[0])+first {
		t.Error("the fingerprint depends on the order or the moment")
	}
}
