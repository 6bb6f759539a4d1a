package main

import (
	"bytes"
	"image/jpeg"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/studio-agent/studio-agent/agent/config"
)

const pixelzYAML = `
page: {listen: "0.0.0.0:80", password: env:NO_SUCH}
accounts:
  pixelz: {type: pixelz, url: https://api.pixelz.com/REST.svc/JSON, email: me@studio.example, key: env:NO_SUCH, developer_key: file:/etc/dev, template: "4711", callback: https://studio.example, hook_key: env:NO_HOOK}
benches:
  - name: one
    selects: {folder: /studio/one, to: [pixelz], window: 1s, template: Ghost Mannequin}
    imports: {folder: /studio/back, from: [pixelz], import: ask}
`

func TestRehearsalLeadsPixelzToTheSimulator(t *testing.T) {
	d := stageForTest(t, pixelzYAML)
	t.Setenv(demoVariable, demoToken)
	made, err := (&cli{}).tools(d.cfg, nil).connect(d.cfg)
	if err != nil {
		t.Fatal(err)
	}
	if d.cfg.Page.Listen != "127.0.0.1:0" || d.cfg.Page.Password != "" || d.cfg.Benches[0].Imports.Import != "auto" {
		t.Errorf("page %+v, imports %+v", d.cfg.Page, d.cfg.Benches[0].Imports)
	}
	ctx, r := t.Context(), d.remotes["pixelz"]
	go r.serve(ctx) // it ends with the test
	templates, err := made["pixelz"].Templates(ctx)
	var names []string
	for _, one := range templates {
		names = append(names, one.ID+" "+one.Name)
	}
	all := strings.Join(names, ", ")
	for _, want := range []string{"Green BG", "4711 ", "Ghost Mannequin"} {
		if !strings.Contains(all, want) {
			t.Errorf("templates are %s (%v); none is %s", all, err, want)
		}
	}
	if holds, err := r.holds(); len(holds) > 0 || err != nil || !r.gives() || !strings.HasPrefix(r.traffic(), "pixelz has 0 orders, 0 of them twice") {
		t.Errorf("holds %v, %v; gives %v; %s", holds, err, r.gives(), r.traffic())
	}
}

func TestDemoRehearsesPixelz(t *testing.T) {
	t.Parallel()
	out, code, _ := perform(t, "--config", writeConfig(t, pixelzYAML))
	if code != exitFine {
		t.Errorf("exit code %d", code)
	}
	wantLines(t, out,
		`^one → pixelz +3 +3 +3 +0 +0 +0$`,
		`^one ← pixelz +3 +3 +3 +0 +0 +0$`,
		`^pixelz has 3 orders, 0 of them twice`,
		`^3 pictures in \d tasks?, all imported$`,
	)
}

func writeConfig(t *testing.T, text string) string {
	t.Helper()
	file := t.TempDir() + "/agent.yaml"
	if err := writeFile(t.Context(), file, atOnce, []byte(text)); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestARetouchIsGreenAndAnotherEachTime(t *testing.T) {
	original := paint(rand.New(rand.NewPCG(1, 1)), 200)
	first, second := onGreen(original, 1), onGreen(original, 2)
	if bytes.Equal(first, second) || bytes.Equal(first, original) {
		t.Error("a retouch is no other picture")
	}
	img, err := jpeg.Decode(bytes.NewReader(first))
	if err != nil {
		t.Fatal(err)
	}
	if r, g, b, _ := img.At(5, 5).RGBA(); g < 2*r || g < b+0x2000 {
		t.Errorf("the background is %x %x %x", r, g, b)
	}
	raw := []byte("II*\x00 no JPEG")
	if got := onGreen(raw, 1); !bytes.HasPrefix(got, raw) || len(got) == len(raw) || bytes.Equal(got, onGreen(raw, 2)) {
		t.Errorf("of what is no JPEG it makes %q", got)
	}
}

func TestWhatIsOverIsNotToLand(t *testing.T) {
	b := new(returns)
	first := b.begin(retouch{account: "p", bench: "b", name: "a.jpg", answers: "photo", sha: "v1", asked: true})
	b.finish(first)
	b.overtake("q", "photo")
	if b.home() {
		t.Error("it is of another account")
	}
	b.overtake("p", "photo")
	b.finish(b.begin(retouch{account: "p", bench: "b", name: "a.jpg", answers: "photo", sha: "v2", asked: true}))
	b.land("b", "v2")
	if !b.home() || len(b.delays()) != 0 {
		t.Errorf("home is %v, delays are %v", b.home(), b.delays())
	}
	if r := proveBack("b", "p", b.finished(), []landedFile{{"a.jpg", "v2"}, {"a.jpg", "v1"}}, func(string) bool { return false }); r.torn != 1 || r.versions != 1 {
		t.Errorf("got %+v", r)
	}
}

func TestOrdersAreProven(t *testing.T) {
	shots := []shot{{bench: "b", name: "a.jpg", sha: "s", done: time.Now(), again: 1}}
	order := func(times int) holding { return holding{name: "a.jpg", sha: "s", times: times, benches: []string{"b"}} }
	for _, tt := range []struct {
		name          string
		holds         []holding
		lost, doubled int
	}{
		{"as often as a person ordered it", []holding{order(1), order(1)}, 0, 0},
		{"once too often", []holding{order(1), order(1), order(1)}, 0, 1},
		{"one order is missing", []holding{order(1)}, 1, 0},
		{"one is missing, and one came twice", []holding{order(2)}, 0, 1},
	} {
		if r := prove("b", "p", shots, nil, tt.holds); r.lost != tt.lost || r.doubled != tt.doubled {
			t.Errorf("%s: got %d lost, %d doubled", tt.name, r.lost, r.doubled)
		}
	}
	away := wantedAt("gs", []shot{{to: []string{"gs"}, chosen: []string{"p"}, again: 1}}, true)
	if len(away) != 1 || away[0].again != 0 || away[0].selected {
		t.Errorf("elsewhere it is %+v", away)
	}
}

func TestPeopleAreAskedOnlyInTheDemosOwnStory(t *testing.T) {
	d := &demo{dir: t.TempDir(), line: newTimeline(t.Output(), nil, nil)}
	cfg, data, err := readConfig("", taleStudio)
	if err == nil {
		d.cfg, err = d.stage(cfg, data)
	}
	if err != nil {
		t.Fatal(err)
	}
	asks := map[string]string{}
	for _, b := range d.cfg.Benches {
		asks[b.Name] = b.Imports.Import
	}
	if asks["packshot-3"] != "ask" || asks["packshot-1"] != "auto" {
		t.Errorf("imports are %v", asks)
	}
	if f := d.cfg.HotFolders()[4]; f.Bench != "packshot-3" || f.Role != config.Capture {
		t.Errorf("the story speaks of %s, %s", f.Bench, f.Role)
	}
}
