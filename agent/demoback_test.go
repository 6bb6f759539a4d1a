package main

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/studio-agent/studio-agent/agent/config"
)

var album0 = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

func TestProofOfTheWayBack(t *testing.T) {
	sent := []retouch{
		{account: "acme", bench: "b1", name: "a.jpg", sha: "v1", done: album0},
		{account: "acme", bench: "b1", name: "a.jpg", sha: "v2", done: album0},
		{account: "acme", bench: "b1", name: "c.jpg", sha: "cut", done: album0, cut: true},
		{account: "acme", bench: "b2", name: "d.jpg", sha: "other", done: album0},
		{account: "acme", name: "e.jpg", sha: "stray", done: album0},
	}
	good := []landedFile{{"", "v1"}, {"a.jpg", "v2"}}
	for _, tt := range []struct {
		name                string
		landed              []landedFile
		lost, doubled, torn int
		says                string
	}{
		{"all is well", good, 0, 0, 0, ""},
		{"one is missing", good[:1], 1, 0, 0, "a.jpg of acme has not landed"},
		{"dropped twice", append([]landedFile{{"a.jpg", "v2"}}, good...), 0, 1, 0, "landed 2 times"},
		{"half a retouch", append([]landedFile{{"c.jpg", "cut"}}, good...), 0, 0, 1, "torn or strange"},
		{"of another bench", append([]landedFile{{"d.jpg", "other"}}, good...), 0, 0, 1, "d.jpg in the import folder is torn or strange"},
		{"nobody asked for it", append([]landedFile{{"e.jpg", "stray"}}, good...), 0, 0, 1, "torn or strange"},
		{"another name", []landedFile{{"", "v1"}, {"a-2.jpg", "v2"}}, 0, 0, 1, "has landed as a-2.jpg"},
		{"what a photographer made there", append([]landedFile{{"mine.jpg", "shot"}}, good...), 0, 0, 0, ""},
	} {
		r := proveBack("b1", "acme", sent, tt.landed, func(sha string) bool { return sha == "shot" })
		if r.lost != tt.lost || r.doubled != tt.doubled || r.torn != tt.torn || !strings.Contains(strings.Join(r.faults, "\n"), tt.says) {
			t.Errorf("%s: got %d lost, %d doubled, %d torn, %q", tt.name, r.lost, r.doubled, r.torn, r.faults)
		}
		if tt.says == "" && (r.disk != 1 || r.held != 1 || r.versions != 2) {
			t.Errorf("%s: got %+v", tt.name, r)
		}
		if got, want := (proof{back: []row{r}}).ok(), tt.says == ""; got != want {
			t.Errorf("%s: ok is %v", tt.name, got)
		}
	}
}

func TestProofTellsWhatHasComeBack(t *testing.T) {
	p := proof{
		rows: []row{{bench: "b", account: "acme", disk: 1, held: 1, versions: 1}},
		back: []row{{bench: "b", account: "acme", back: true, disk: 1, held: 1, versions: 2}, {bench: "mirror acme:/x/briefs", account: "acme", back: true, disk: 1, held: 1, versions: 1}},
		home: []time.Duration{time.Second},
	}
	var b strings.Builder
	p.print(&b)
	for _, line := range []string{
		"b ← acme                      1              1         2     0        0     0\n",
		"mirror briefs ← acme          1              1         1     0        0     0\n",
		"From the retoucher's last byte to the import folder: half within 1.0 s, all within 1.0 s\n",
		"Proven by SHA-256: 1 picture in 1 version, each delivered once, and 2 retouches in 3 versions, each landed once, all byte for byte;",
	} {
		if !strings.Contains(b.String(), line) {
			t.Errorf("no %q in\n%s", line, b.String())
		}
	}
	p.back[0].fault(&p.back[0].lost, "a.jpg has not landed")
	if got := p.verdict(); p.ok() || !strings.Contains(got, "Not proven: 1 lost") {
		t.Errorf("got %q", got)
	}
}

func TestQuarantineIsJudged(t *testing.T) {
	const letter = "This file came back.\n\nWhat:    x.jpg\nWhy:     no photo named x was sent to acme\n"
	for _, tt := range []struct {
		name   string
		files  map[string]string
		says   string
		remark string
	}{
		{"with its reason", map[string]string{"acme/x.jpg": "stray", "acme/x.jpg.why.txt": letter}, "", "x.jpg, which nobody asked for, is in quarantine: no photo named x was sent to acme"},
		{"not there", nil, "x.jpg, which nobody asked for, is not in quarantine", ""},
		{"without a reason", map[string]string{"acme/x.jpg": "stray"}, "nothing says why", ""},
		{"with something else", map[string]string{"acme/x.jpg": "stray", "acme/x.jpg.why.txt": letter, "acme/y.jpg": "retouch"}, "acme/y.jpg is in quarantine, but it belongs somewhere", ""},
	} {
		dir := t.TempDir()
		for name, content := range tt.files {
			if err := writeFile(t.Context(), filepath.Join(dir, filepath.FromSlash(name)), atOnce, []byte(content)); err != nil {
				t.Fatal(err)
			}
		}
		d := &demo{returns: new(returns), eyes: &onlooker{}, album: newAlbum(), cfg: &config.Config{Quarantine: dir}}
		d.returns.finish(d.returns.begin(retouch{account: "acme", name: "x.jpg", sha: digestOf([]byte("stray"))}))
		var p proof
		if err := d.back(t.Context(), &p); err != nil {
			t.Fatal(err)
		}
		if tt.says == "" && len(p.back) > 0 || tt.says != "" && (len(p.back) != 1 || !strings.Contains(strings.Join(p.back[0].faults, "\n"), tt.says)) {
			t.Errorf("%s: got %+v", tt.name, p.back)
		}
		if !strings.Contains(strings.Join(p.remarks, "\n"), tt.remark) {
			t.Errorf("%s: remarks are %q", tt.name, p.remarks)
		}
	}
}

func TestReturnsAreHomeWhenAllHasLanded(t *testing.T) {
	b := new(returns)
	whole := b.begin(retouch{account: "acme", bench: "b1", name: "a.jpg", sha: "v1", answers: "photo"})
	cut := b.begin(retouch{account: "acme", bench: "b1", name: "a.jpg", sha: "half", answers: "photo", cut: true})
	b.finish(cut)
	if b.home() || b.answered("acme", "photo") {
		t.Error("it is still being written")
	}
	b.finish(whole)
	if b.home() || !b.answered("acme", "photo") || b.answered("vendor", "photo") {
		t.Error("it is written, and has not landed")
	}
	b.land("b2", "v1")
	if b.isLanded(whole) {
		t.Error("it landed at another bench")
	}
	b.land("b1", "v1")
	if !b.home() || b.landed() != 1 || len(b.delays()) != 1 {
		t.Errorf("home is %v, %d landed, delays %v", b.home(), b.landed(), b.delays())
	}
	if r, ok := b.latest("acme", "b1", "a.jpg"); !ok || r.sha != "v1" {
		t.Errorf("got %+v, %v", r, ok)
	}
}
