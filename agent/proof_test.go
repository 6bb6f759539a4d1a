package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestProofFindsWhatIsWrong(t *testing.T) {
	done := time.Now()
	right := []string{"b1"}
	shots := []shot{
		{bench: "b1", name: "one.jpg", sha: "s1", done: done},
		{bench: "b1", name: "two.jpg", sha: "s2", done: done},
		{bench: "b2", name: "other.jpg", sha: "s9", done: done},
	}
	disk := []diskFile{{"one.jpg", "s1"}, {"two.jpg", "s2"}}
	good := []holding{
		{name: "one.jpg", sha: "s1", times: 1, current: true, benches: right},
		{name: "two.jpg", sha: "s2", times: 1, current: true, benches: right},
		{name: "other.jpg", sha: "s9", times: 1, current: true, benches: []string{"b2"}},
	}
	with := func(change func(h []holding) []holding) []holding { return change(append([]holding{}, good...)) }
	for _, tt := range []struct {
		name                string
		shots               []shot
		disk                []diskFile
		holds               []holding
		lost, doubled, torn int
		says                string
	}{
		{name: "all is well", shots: shots, disk: disk, holds: good},
		{name: "one is missing", shots: shots, disk: disk, holds: good[1:], lost: 1, says: "one.jpg is lost"},
		{name: "one was stored twice", shots: shots, disk: disk,
			holds: with(func(h []holding) []holding { h[0].times = 2; return h }), doubled: 1, says: "one.jpg was stored 2 times"},
		{name: "one came under two names", shots: shots, disk: disk,
			holds:   with(func(h []holding) []holding { c := h[0]; c.name = "old.jpg"; return append(h, c) }),
			doubled: 1, says: "stored 2 times"},
		{name: "half a picture", shots: shots, disk: disk,
			holds: with(func(h []holding) []holding { h[0].sha = "half"; return h }), lost: 1, torn: 1, says: "torn or strange"},
		{name: "a stranger", shots: shots, disk: disk,
			holds: with(func(h []holding) []holding {
				return append(h, holding{name: "x", sha: "x", times: 1, current: true, benches: right})
			}),
			torn: 1, says: "torn or strange"},
		{name: "at the wrong bench", shots: shots, disk: disk,
			holds: with(func(h []holding) []holding { h[0].benches = []string{"b2"}; return h }), lost: 1, says: "one.jpg is lost"},
		{name: "two benches share a place", shots: shots, disk: disk, holds: with(func(h []holding) []holding {
			h[0].benches, h[1].benches, h[2].benches = []string{"b1", "b2"}, []string{"b1", "b2"}, []string{"b1", "b2"}
			return h
		})},
		{name: "an old version is shown", shots: shots, disk: disk,
			holds: with(func(h []holding) []holding { h[0].current = false; return h }), lost: 1, says: "does not show it so"},
		{name: "a file that nobody shot did not go", shots: shots, disk: append(disk, diskFile{"mine.jpg", "m"}), holds: good, lost: 1, says: "mine.jpg is on disk"},
		{name: "not selected there", shots: []shot{{bench: "b1", name: "one.jpg", sha: "s1", done: done, selected: true}, shots[1]},
			disk: disk, holds: good, lost: 1, says: "one.jpg is selected on the bench"},
		{name: "being written: may be there", shots: []shot{{bench: "b1", name: "one.jpg", sha: "s1"}, shots[1]}, disk: disk[1:], holds: good},
		{name: "being written: may not be there", shots: []shot{{bench: "b1", name: "one.jpg", sha: "s1"}, shots[1]}, disk: disk[1:], holds: good[1:]},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := prove("b1", "gs", tt.shots, tt.disk, tt.holds)
			if r.lost != tt.lost || r.doubled != tt.doubled || r.torn != tt.torn {
				t.Errorf("got %d lost, %d doubled, %d torn; want %d, %d, %d (%q)", r.lost, r.doubled, r.torn, tt.lost, tt.doubled, tt.torn, r.faults)
			}
			if !strings.Contains(strings.Join(r.faults, "\n"), tt.says) {
				t.Errorf("got %q, want something with %q", r.faults, tt.says)
			}
			if got, want := (proof{rows: []row{r}}).ok(), tt.says == ""; got != want {
				t.Errorf("ok is %v, want %v", got, want)
			}
		})
	}
}

func TestProofCountsVersions(t *testing.T) {
	done := time.Now()
	shots := []shot{{bench: "b1", name: "one.jpg", sha: "s1", done: done}, {bench: "b1", name: "one.jpg", sha: "s2", done: done}}
	holds := []holding{{name: "one.jpg", sha: "s1", times: 1, benches: []string{"b1"}}, {name: "one.jpg", sha: "s2", times: 1, current: true, benches: []string{"b1"}}}
	r := prove("b1", "gs", shots, []diskFile{{"one.jpg", "s2"}}, holds)
	if r.disk != 1 || r.held != 1 || r.versions != 2 || len(r.faults) > 0 {
		t.Errorf("got %+v", r)
	}
}

func TestProofReads(t *testing.T) {
	p := proof{
		rows:    []row{{bench: "packshot-1", account: "gs", disk: 9, held: 9, versions: 10}, {bench: "b", account: "nas", disk: 1, held: 1, versions: 1}},
		remarks: []string{"a remark"},
		delays:  []time.Duration{100 * time.Millisecond, 600 * time.Millisecond, 2 * time.Second},
	}
	var b strings.Builder
	p.print(&b)
	want := `
The proof          on disk  at the remote  versions  lost  doubled  torn
packshot-1 → gs          9              9        10     0        0     0
b → nas                  1              1         1     0        0     0

a remark
From the last byte on disk to the remote: half within 0.6 s, all within 2.0 s

● Proven by SHA-256: 10 pictures in 11 versions, each delivered once and byte for byte; 0 lost, 0 doubled, 0 torn.
`
	if got := b.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	p.rows[1].fault(&p.rows[1].lost, "x.jpg is lost")
	b.Reset()
	p.print(&b)
	for _, want := range []string{"▲ b: x.jpg is lost\n", "▲ Not proven: 1 lost, 0 doubled, 0 torn."} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%q is missing in\n%s", want, b.String())
		}
	}
	if got := (proof{}).verdict(); !strings.Contains(got, "Nothing is proven") || (proof{}).ok() {
		t.Errorf("an empty proof says %q", got)
	}
}

func TestFilesIn(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "a", "b"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "a", "b", "x.jpg"), []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	files, err := filesIn(dir)
	if err != nil || len(files) != 1 || files[0] != (diskFile{"a/b/x.jpg", digestOf([]byte("x"))}) {
		t.Errorf("got %v, %v", files, err)
	}
	if files, err := filesIn(filepath.Join(dir, "none")); err != nil || len(files) != 0 {
		t.Errorf("a missing folder: got %v, %v", files, err)
	}
}

func TestAlbum(t *testing.T) {
	a := newAlbum()
	f := hot("b1", "captures", "gs", "nas")
	first := a.begin(f, "one.jpg", []byte("1"))
	if got := a.finished(); len(got) != 0 {
		t.Errorf("finished too early: %v", got)
	}
	a.finish(first)
	second := a.begin(f, "one.jpg", []byte("2"))
	a.finish(second)
	if s, ok := a.latest("b1", "one.jpg"); !ok || s.sha != second.sha {
		t.Errorf("latest: got %v, %v", s, ok)
	}
	if _, ok := a.latest("b2", "one.jpg"); ok {
		t.Error("latest mixes up benches")
	}
	at := first.done.Add(time.Second)
	if s, known, again := a.arrive("gs", first.sha, at); !known || again || s.name != "one.jpg" {
		t.Errorf("arrive: got %v, %v, %v", s, known, again)
	}
	if _, known, again := a.arrive("gs", first.sha, at.Add(time.Second)); !known || !again {
		t.Error("a second arrival is not told from the first")
	}
	if _, known, _ := a.arrive("gs", "nobody's", at); known {
		t.Error("a stranger is known")
	}
	if !a.isAt("gs", first) || a.isAt("nas", first) || a.isAt("gs", second) || a.count() != 1 {
		t.Error("isAt or count is wrong")
	}
	if d := a.delays(); len(d) != 1 || d[0] != time.Second {
		t.Errorf("delays: got %v, want the first arrival's second", d)
	}
	a.update(func() { first.chosen, a.renamed = []string{"gs"}, 2 })
	if got := strings.Join(a.remarks(), "|"); !strings.HasPrefix(got, "2 pictures got a new name") || !strings.Contains(got, "|1 picture went into selects") {
		t.Errorf("remarks: got %q", got)
	}
}
