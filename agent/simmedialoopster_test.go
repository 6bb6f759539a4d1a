package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/studio-agent/studio-agent/agent/config"
	"github.com/studio-agent/studio-agent/connectors/medialoopster/medialoopstersim"
)

func TestTheStoryOfAnEditSuiteProvesItself(t *testing.T) {
	t.Parallel()
	out, code, temp := perform(t, "--story", "edit")
	if code != exitFine {
		t.Errorf("exit code %d", code)
	}
	wantLines(t, out,
		`edit-1  editor        begins a project in Premiere: Spring/Spring\.prproj$`,
		`edit-1  ml            \S+/Spring/Spring\.prproj is project \d+, \d\.\d s after its last byte$`,
		`edit-1  ml            \S+/Summer\.fcpbundle/CurrentVersion\.flexolibrary is project \d+, `,
		`edit-1  ml            \S+/Autumn/Autumn\.drp is project \d+, `,
		`edit-1  agent         Spring EN \(ml \d+\): step \d of 6$`,
		`edit-1  agent         Spring EN \(ml \d+\): ready$`,
		`edit-1  agent         Summer broken \(ml \d+\): failed: There is no space left on the device$`,
		`edit-1  agent         not done: medialoopster does not know where \S+/not-on-the-storage/Autumn EN lies: `,
		`^edit-1 → ml +27 +27 +27 +0 +0 +0$`,
		`^ml has 3 projects and 24 assets, 0 of them twice, 1 copied and 1 copies failed, `,
		`^From the last byte on disk`,
	)
	if left, err := os.ReadDir(temp); err != nil || len(left) > 0 {
		t.Errorf("it leaves %v behind (%v)", left, err)
	}
}

func TestDemoRehearsesEditProjects(t *testing.T) {
	t.Parallel()
	own := t.TempDir()
	file := filepath.Join(own, "agent.yaml")
	yaml := `
accounts:
  ml: {type: medialoopster, url: https://medialoopster.example/api, user: studio, password: env:NOBODYS, paths: {/Volumes/projects/: /srv/projects/}}
benches:
  - name: cutting
    projects: {folder: /Volumes/projects/films, account: ml, production: 17, link: {include: ['**/*.png'], exclude: ['**/Exports/**']}, settle: 1s}
`
	if err := os.WriteFile(file, []byte(yaml), 0o600); err != nil {
		t.Fatal(err)
	}
	out, code, _ := perform(t, "--config", file)
	if code != exitFine {
		t.Errorf("exit code %d", code)
	}
	wantLines(t, out, `^cutting → ml +4 +4 +4 +0 +0 +0$`, `^ml has 1 project and 3 assets, 0 of them twice`)
}

// A medium that is not linked is not there, and what is registered or imported
// twice is told.
func TestAnEditSuiteHoldsWhatIsLinkedOnce(t *testing.T) {
	dir := t.TempDir()
	write := func(name string) string {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(name), 0o644); err != nil {
			t.Fatal(err)
		}
		return serverRoot + name
	}
	s := &editSuite{root: dir, sim: medialoopstersim.New(medialoopstersim.Options{Token: "x"}), scene: scene{benches: []config.Bench{{Name: "edit-1", Projects: &config.Projects{}}}}}
	write("edit-1/Spot/Spot.prproj")
	linked := s.sim.AddAsset(medialoopstersim.Asset{Kind: "image", Path: write("edit-1/Spot/a.jpg")})
	s.sim.AddAsset(medialoopstersim.Asset{Kind: "image", Path: write("edit-1/Spot/unlinked.jpg")})
	moved := s.sim.AddAsset(medialoopstersim.Asset{Kind: "image", Path: write("edit-1/Spot/moved.jpg"), Moved: true})
	root := serverRoot + "edit-1/Spot/"
	s.sim.Add(medialoopstersim.Project{BundleRoot: root, Linked: []int{linked, moved}})
	s.sim.Add(medialoopstersim.Project{BundleRoot: root, Linked: []int{linked}})
	s.sim.Add(medialoopstersim.Project{BundleRoot: serverRoot + "copy/", CopyOf: 1, Linked: []int{linked}})
	held, err := s.holds()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, h := range held {
		got = append(got, strings.TrimPrefix(h.name, root)+strings.Repeat("!", h.times)+strings.Join(h.benches, ","))
		if h.sha != digestOf([]byte(strings.TrimPrefix(h.name, serverRoot))) {
			t.Errorf("the content of %s is another", h.name)
		}
	}
	if text := strings.Join(got, " "); text != "Spot.prproj!!edit-1 a.jpg!edit-1" {
		t.Errorf("it holds %s", text)
	}
}

func TestCopiesAreProvenFromTheServersSide(t *testing.T) {
	good := []medialoopstersim.Project{
		{Name: "Spring"}, {Name: "Spring EN", CopyOf: 1, Status: medialoopstersim.StatusDone}, {Name: "Summer " + failingCopy, CopyOf: 2, Status: medialoopstersim.StatusError},
	}
	const refused = "medialoopster does not know where it lies"
	if err := copiesProven(good, refused, 0); err != nil {
		t.Error(err)
	}
	more := append(good[:3:3], medialoopstersim.Project{Name: "Autumn EN", CopyOf: 3})
	undone := []medialoopstersim.Project{good[1], {Name: good[2].Name, CopyOf: 2, Status: medialoopstersim.StatusDone}}
	for name, err := range map[string]error{
		"one copy too many": copiesProven(more, refused, 0), "one that should have failed": copiesProven(undone, refused, 0),
		"a request": copiesProven(good, refused, 1), "another refusal": copiesProven(good, "no", 0),
	} {
		if err == nil {
			t.Errorf("%s is taken for proven", name)
		}
	}
}
