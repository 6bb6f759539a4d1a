package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/studio-agent/studio-agent/agent/config"
)

// perform runs the demo of the real binary, in a temporary folder of its own.
func perform(t *testing.T, args ...string) (out string, code int, temp string) {
	t.Helper()
	cmd, temp := demoCommand(t, args...)
	start := time.Now()
	text, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	if took := time.Since(start); took > 90*time.Second {
		t.Errorf("it took %v", took)
	}
	if t.Failed() {
		t.Logf("%s", text)
	}
	return string(text), cmd.ProcessState.ExitCode(), temp
}

func demoCommand(t *testing.T, args ...string) (_ *exec.Cmd, temp string) {
	t.Helper()
	exe, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	temp = t.TempDir()
	cmd := exec.Command(exe, append([]string{"demo"}, args...)...)
	cmd.Env = append(os.Environ(), "TMPDIR="+temp, "TMP="+temp, "TEMP="+temp)
	return cmd, temp
}

func wantLines(t *testing.T, out string, patterns ...string) {
	t.Helper()
	for _, p := range patterns {
		if !regexp.MustCompile(`(?m)` + p).MatchString(out) {
			t.Errorf("no line like %s", p)
		}
	}
	if t.Failed() {
		t.Logf("the demo said:\n%s", out)
	}
}

func TestDemoProvesItself(t *testing.T) {
	t.Parallel()
	out, code, temp := perform(t)
	if code != exitFine {
		t.Errorf("exit code %d", code)
	}
	wantLines(t, out,
		`packshot-1  photographer  writes SS18-001/SS18-001_1\.jpg \(\d+ kB\), slowly$`,
		`packshot-1  platform      SS18-001/SS18-001_1\.jpg is picture \d+, \d\.\d s after its last byte$`,
		`packshot-1  agent         does not send SS18-\S+ yet: `,
		`packshot-2  agent         holds SH81-102_1\.jpg: no reference SH81-102 in the catalogue\. Nearest: SH18-102$`,
		`packshot-2  platform      SH18-102_1\.jpg is picture`,
		`SS18-001_1\.jpg is picture \d+, version 2,`,
		`knows SS18-001/SS18-001_back\.jpg: renamed from SS18-001/SS18-001_2\.jpg`,
		`agent         SS18-004_5\.jpg is chosen for retouching`,
		`packshot-1  photographer  gives SS18-004/SS18-004_2\.jpg 4 stars: writes SS18-004_2\.xmp$`,
		`packshot-1  acme          SS18-004/SS18-004_2\.jpg is in its folder /in/SS18-004, \d\.\d s after it was chosen$`,
		`packshot-1  acme          takes SS18-004_5\.jpg out of its folder at once$`,
		`packshot-1  acme          has retouched SS18-004_5\.jpeg \(\d+ kB\), slowly$`,
		`packshot-1  agent         SS18-004_5\.jpeg of acme has landed in the import folder, `,
		`packshot-2  vendor        breaks off in the middle of uploading SH18-101_1\.jpg`,
		`packshot-2  agent         does not take SH18-101_1\.jpg: SH18-101_1\.jpg is not whole: `,
		`packshot-2  importer      takes SH18-101_1\.jpg out of the import folder$`,
		`agent         keeps SS18-999_1\.jpg of acme apart: no photo named SS18-999_1 was sent to acme`,
		`^packshot-1 → platform +17 +17 +18 +0 +0 +0$`,
		`^packshot-1 → acme +4 +5 +5 +0 +0 +0$`,
		`^packshot-2 → platform +13 +18 +18 +0 +0 +0$`,
		`^packshot-2 → vendor +5 +5 +5 +0 +0 +0$`,
		`^packshot-1 ← acme +5 +5 +6 +0 +0 +0$`,
		`^packshot-2 ← vendor +5 +5 +5 +0 +0 +0$`,
		`agent         shows all of this on its page: http://127\.0\.0\.1:\d+$`,
		`packshot-3  manager       selects 10 pictures, External retouch, integration pixelz, template Green BG, Save$`,
		`packshot-3  manager       sees the task on the page: 10 pictures, \d+ at retouch$`,
		`packshot-3  pixelz        AC18-301_1\.jpg is order [0-9a-f]{8}, \d\.\d s after it was chosen$`,
		`packshot-3  manager       sees AC18-\S+ as an error while the others go on\. The vendor gave it up: The background cannot be told from the product\.$`,
		`packshot-3  manager       orders AC18-\S+ again: another round$`,
		`packshot-3  pixelz        AC18-\S+ is order [0-9a-f]{8}: it was ordered once more$`,
		`packshot-3  manager       writes AC18-\S+ off$`,
		`packshot-3  manager       selects AC18-\S+ and AC18-\S+, which are ready, and imports them$`,
		`packshot-3  manager       does not like AC18-\S+ and sends it back: A halo on the left`,
		`packshot-3  manager       imports all that is ready: \d+ pictures?$`,
		`packshot-3  manager       sees that nothing more is awaited: the task is done$`,
		`^packshot-3 → platform +10 +10 +10 +0 +0 +0$`,
		`^packshot-3 → pixelz +0 +10 +10 +0 +0 +0$`,
		`^packshot-3 ← pixelz +9 +9 +9 +0 +0 +0$`,
		`^pixelz has 11 orders, 0 of them twice, in `,
		`^SS18-999_1\.jpg, which nobody asked for, is in quarantine: `,
		`^20 pictures in \d tasks: 19 imported, 1 written off by the manager$`,
		` [0-3] got 429 `, // a busy machine brings requests in bunches
		`^● Proven by SHA-256: 65 pictures in 66 versions, each delivered once, and 19 retouches in 20 versions, `,
	)
	if left, err := os.ReadDir(temp); err != nil || len(left) > 0 {
		t.Errorf("it leaves %v behind (%v)", left, err)
	}
}

func TestDemoProvesItselfInChaos(t *testing.T) {
	if testing.Short() {
		t.Skip("takes 40 s")
	}
	t.Parallel()
	out, code, _ := perform(t, "--chaos", "--seed", "7")
	if code != exitFine {
		t.Errorf("exit code %d", code)
	}
	wantLines(t, out,
		`chaos         kills the agent \(kill -9\)`,
		`chaos         takes the platform off the network`,
		`chaos         takes the retouchers' servers off the network`,
		`chaos         (platform|acme|vendor|pixelz) has (stored|got the order of) .*, but its answer is lost$`,
		`chaos         the connection breaks in the middle of an upload$`,
		`chaos         (acme|vendor) hangs up before a login$`,
		`^pixelz has 11 orders, 0 of them twice, in `,
		`^● Proven by SHA-256: 65 pictures in 66 versions, .* 19 retouches in 20 versions, .* 0 lost, 0 doubled, 0 torn`,
	)
	if n := strings.Count(out, "starts (process "); n != 4 {
		t.Errorf("the agent was started %d times, want 4", n)
	}
}

func TestDemoRehearsesAPersonsConfiguration(t *testing.T) {
	t.Parallel()
	own := t.TempDir()
	captures := filepath.Join(own, "captures")
	if err := os.MkdirAll(captures, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(captures, "precious.jpg"), []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(own, "agent.yaml")
	yaml := `
accounts:
  gs:  {type: grandshooting, url: https://platform.invalid/v2, token: env:NO_SUCH_VARIABLE}
  nas: {type: folder, put: /nowhere, layout: bench}
benches:
  - name: bench-1
    production: 77
    names: '^(?P<ref>[A-Z]{4})-\d+\.cr3$'
    captures: {folder: captures, to: [gs, nas], include: ['*.cr3']}
    selects: {folder: selects, to: [gs]}
`
	if err := os.WriteFile(file, []byte(yaml), 0o600); err != nil {
		t.Fatal(err)
	}
	out, code, temp := perform(t, "--config", file, "--keep")
	if code != exitFine {
		t.Errorf("exit code %d", code)
	}
	wantLines(t, out,
		`^A rehearsal of .*agent\.yaml`,
		`bench-1  photographer  writes [A-Z]{4}-\d+\.cr3 \(\d+ kB\), slowly$`,
		`bench-1  nas           [A-Z]{4}-\d+\.cr3 is in its folder /put/bench-1,`,
		`^bench-1 → gs +6 +6 +6 +0 +0 +0$`,
		`^bench-1 → nas +3 +3 +3 +0 +0 +0$`,
		`^The folder stays: `,
	)
	if files, err := filesIn(own); err != nil || len(files) != 2 {
		t.Errorf("in the person's own folder are %v (%v), want agent.yaml and precious.jpg alone", files, err)
	}
	if kept, err := filepath.Glob(filepath.Join(temp, "studio-agent-demo-*", "agent.log")); err != nil || len(kept) != 1 {
		t.Errorf("kept are %v (%v)", kept, err)
	}
}

func TestDemoSaysWhatIsWrongWithAConfiguration(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "agent.yaml")
	if err := os.WriteFile(file, []byte("accounts: {gs: {type: grandshoting}}\nbenches: []\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	out, code, _ := perform(t, "--config", file)
	if code != exitBadSetup || !strings.Contains(out, "grandshooting") {
		t.Errorf("exit code %d, %s", code, out)
	}
}

// TestDemoFailsIfTheProofFails judges a demo whose platform lacks a picture.
func TestDemoFailsIfTheProofFails(t *testing.T) {
	var held []holding
	out := &lockedBuffer{}
	d := &demo{album: newAlbum(), returns: new(returns), line: newTimeline(out, []string{"b1"}, nil), eyes: &onlooker{}}
	f := hot("b1", config.Capture, "gs")
	f.Path = t.TempDir()
	d.cfg = &config.Config{Benches: []config.Bench{{Name: "b1", Captures: &f.Folder}}}
	d.remotes = map[string]remote{"gs": {holds: func() ([]holding, error) { return held, nil }}}
	d.eyes.cfg = &config.Config{}
	s := d.album.begin(f, "a.jpg", []byte("a"))
	if err := os.WriteFile(filepath.Join(f.Path, "a.jpg"), []byte("a"), 0o644); err != nil {
		t.Fatal(err)
	}
	d.album.finish(s)
	if err := d.epilogue(context.Background(), false); !errors.Is(err, errSaid) || !strings.Contains(out.tail(500), "▲ Not proven: 1 lost") {
		t.Errorf("a missing picture: got %v\n%s", err, out.tail(500))
	}
	held = []holding{{name: "a.jpg", sha: s.sha, times: 1, current: true, benches: []string{"b1"}}}
	if err := d.epilogue(context.Background(), false); err != nil {
		t.Errorf("all is there: got %v\n%s", err, out.tail(500))
	}
	if err := d.epilogue(context.Background(), true); !errors.Is(err, errSaid) || !strings.Contains(out.tail(200), "not all has arrived after 1m25s") {
		t.Errorf("too late: got %v\n%s", err, out.tail(500))
	}
	held[0].times = 2
	if err := d.epilogue(context.Background(), false); !errors.Is(err, errSaid) || !strings.Contains(out.tail(500), "1 doubled") {
		t.Errorf("a doubled picture: got %v\n%s", err, out.tail(500))
	}
}

func TestAnAgentThatCannotStartEndsTheDemo(t *testing.T) {
	exe, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	var said []string
	c := &child{exe: exe, config: filepath.Join(t.TempDir(), "none.yaml"), log: &lockedBuffer{}, heard: func(l logLine) { said = append(said, l.sentence()) }}
	err = c.Run(context.Background())
	if err == nil || !strings.Contains(err.Error(), "ended by itself") {
		t.Errorf("got %v", err)
	}
	if !strings.Contains(strings.Join(said, "\n"), "there is no configuration") {
		t.Errorf("it said %q", said)
	}
	if c.kill() {
		t.Error("an agent that is gone can be killed")
	}
}

func TestDemoTellsWhatItSees(t *testing.T) {
	out := &lockedBuffer{}
	nas := &desk{root: t.TempDir(), put: "put", stored: map[deskFile]int{}, latest: map[string]string{}}
	d := &demo{album: newAlbum(), line: newTimeline(out, []string{"b1"}, nil), remotes: map[string]remote{
		"gs": {serve: func(context.Context) error { return nil }}, "nas": {desk: nas},
	}}
	if err := writeFile(t.Context(), nas.path("put/a.jpg"), atOnce, []byte("a")); err != nil {
		t.Fatal(err)
	}
	s := d.album.begin(hot("b1", config.Capture, "gs", "nas"), "a.jpg", []byte("a"))
	d.waits("b1", "a.jpg", "still being written")
	d.album.finish(s)
	d.saw(sighting{account: "gs", at: s.done.Add(700 * time.Millisecond), sha: s.sha, name: "a.jpg", where: "picture 7"})
	d.waits("b1", "a.jpg", "stale news")
	d.saw(sighting{account: "gs", at: s.done, sha: s.sha, name: "a.jpg"})
	d.saw(sighting{account: "gs", at: s.done, sha: "x", name: "mine.jpg", where: "picture 8"})
	d.heard(logLine{Msg: msgDelivered, Account: "gs", Bench: "b1", Name: "a.jpg"})
	d.heard(logLine{Msg: msgDelivered, Account: "nas", Bench: "b1", Name: "a.jpg"})
	var got []string
	for line := range strings.Lines(out.tail(10_000)) {
		_, text, _ := strings.Cut(line, " s  ")
		got = append(got, strings.TrimSpace(regexp.MustCompile(` +`).ReplaceAllString(text, " ")))
	}
	want := []string{
		"b1 agent does not send a.jpg yet: still being written",
		"b1 gs a.jpg is picture 7, 0.7 s after its last byte",
		"b1 gs a.jpg has come once more",
		"gs mine.jpg is picture 8; it is none of the photographer's",
		"b1 nas a.jpg is in its folder /put, 0.0 s after its last byte",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
