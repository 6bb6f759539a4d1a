package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/studio-agent/studio-agent/agent/config"
	"github.com/studio-agent/studio-agent/connectors/all"
)

func hot(bench, role string, to ...string) config.HotFolder {
	return config.HotFolder{Bench: bench, Role: role, Folder: config.Folder{To: to}}
}

func TestEveryAccountTypeHasASimulator(t *testing.T) {
	if got, want := sortedKeys(simulators()), all.Registry().Types(); !slices.Equal(got, slices.Sorted(slices.Values(want))) {
		t.Errorf("simulators for %v, account types are %v", got, want)
	}
}

// a person's agent.yaml with everything that could lead out of the demo.
const ownYAML = `
name: studio-3
ledger: /studio/state/ledger.db
log: {file: /var/log/agent.log, level: debug}
accounts:
  gs:   {type: grandshooting, url: https://api-13.grand-shooting.com/v2, token: file:/etc/secret, scheme: access_token, recheck: 7s}
  nas:  {type: folder, put: /mnt/nas/photos, layout: bench}
benches:
  - name: one
    production: 1234
    captures: &common
      folder: /studio/one/captures
      to: [gs, nas]
      existing: since 2026-11-01
      rescan: 2s
    selects:
      <<: *common
      folder: /studio/one/selects
      to: [gs]
  - name: two
    production: 1234
    step: 20
    captures: {folder: /studio/two, to: [gs]}
`

func stageForTest(t *testing.T, text string) *demo {
	t.Helper()
	file := filepath.Join(t.TempDir(), "agent.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, data, err := readConfig(file, "")
	if err != nil {
		t.Fatal(err)
	}
	d := &demo{dir: t.TempDir(), album: newAlbum(), returns: new(returns), line: newTimeline(t.Output(), nil, nil)}
	d.config = file
	if d.cfg, err = d.stage(cfg, data); err != nil {
		t.Fatal(err)
	}
	return d
}

func TestRehearsalTouchesNothingOfAPersons(t *testing.T) {
	d := stageForTest(t, ownYAML)
	text, err := os.ReadFile(d.cfg.File)
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{"/studio", "/mnt", "/etc", "/var", "grand-shooting.com"} {
		if strings.Contains(strings.ReplaceAll(string(text), d.dir, ""), word) {
			t.Errorf("the copy still speaks of %s:\n%s", word, text)
		}
	}
	for _, path := range append([]string{d.cfg.Ledger}, hotPaths(d.cfg)...) {
		if inside, err := filepath.Rel(d.dir, path); err != nil || !filepath.IsLocal(inside) {
			t.Errorf("%s is not in the demo's folder", path)
		}
	}
	if d.cfg.Log.File != "" || d.cfg.Log.Format != "json" {
		t.Errorf("log is %+v", d.cfg.Log)
	}
}

func hotPaths(cfg *config.Config) (paths []string) {
	for _, f := range cfg.HotFolders() {
		paths = append(paths, f.Path)
	}
	return paths
}

func TestRehearsalKeepsAllElse(t *testing.T) {
	cfg := stageForTest(t, ownYAML).cfg
	if got := cfg.Accounts["gs"].Recheck.String(); got != "7s" {
		t.Errorf("recheck is %s", got)
	}
	folders := cfg.HotFolders()
	if len(folders) != 3 || folders[1].Role != config.Select || folders[1].Existing.Since.IsZero() || folders[1].Rescan.String() != "2s" {
		t.Errorf("hot folders are %+v", folders)
	}
	if cfg.Name != "studio-3" || len(cfg.Benches) != 2 {
		t.Errorf("name %s, %d benches", cfg.Name, len(cfg.Benches))
	}
}

func TestTheAgentTakesTheRehearsedConfiguration(t *testing.T) {
	for _, text := range []string{ownYAML, demoYAML} {
		d := stageForTest(t, text)
		t.Setenv(demoVariable, demoToken)
		if _, err := (&cli{}).tools(d.cfg, nil).connect(d.cfg); err != nil {
			t.Errorf("%v in\n%s", err, text)
		}
	}
}

func TestDemoRefusesFoldersThatAreNotItsOwn(t *testing.T) {
	outside := t.TempDir()
	cfg := &config.Config{Benches: []config.Bench{{Name: "b", Captures: &config.Folder{Path: filepath.Join(outside, "x")}}}}
	err := makeFolders(cfg, t.TempDir())
	if err == nil || !strings.Contains(err.Error(), "not its own") {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(filepath.Join(outside, "x")); err == nil {
		t.Error("it has made a folder outside")
	}
}

func TestReadConfigTellsMistakes(t *testing.T) {
	if _, _, err := readConfig(filepath.Join(t.TempDir(), "none.yaml"), ""); err == nil {
		t.Error("a missing file is taken")
	}
	file := filepath.Join(t.TempDir(), "agent.yaml")
	if err := os.WriteFile(file, []byte("benchs: []\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := readConfig(file, ""); err == nil || !strings.Contains(err.Error(), "benchs") {
		t.Errorf("got %v", err)
	}
}

func TestFolderRemote(t *testing.T) {
	d := stageForTest(t, ownYAML)
	put := filepath.Join(d.dir, "remotes", "nas", "files", "put")
	if err := os.MkdirAll(filepath.Join(put, "one"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(put, "one", "a.jpg"), []byte("a"), 0o644); err != nil {
		t.Fatal(err)
	}
	holds, err := d.remotes["nas"].holds()
	if err != nil || len(holds) != 1 {
		t.Fatalf("got %v, %v", holds, err)
	}
	h := holds[0]
	if h.name != "one/a.jpg" || h.sha != digestOf([]byte("a")) || !slices.Equal(h.benches, []string{"one"}) {
		t.Errorf("got %+v", h)
	}
}
