package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/studio-agent/studio-agent/connectors/all"
)

// retouchersYAML is a person's agent.yaml with every folder that something may
// land in, and every way to log in.
const retouchersYAML = `
name: studio-3
quarantine: /studio/quarantine
accounts:
  gs:     {type: grandshooting, url: https://platform.invalid/v2, token: env:NO_SUCH_VARIABLE}
  acme:   {type: sftp, host: sftp.acme.invalid, user: studio, key: file:/etc/acme, passphrase: env:NO_SUCH, known_hosts: /etc/known, put: /in, get: out, layout: bench, poll: 1s, recheck: 1s}
  pinned: {type: sftp, host: sftp.pinned.invalid, user: studio, password: env:NO_SUCH, fingerprint: "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU", put: /in}
  vendor: {type: ftp, host: ftp.vendor.invalid, user: studio, password: env:NO_SUCH, tls: implicit, ca: /etc/ca.pem, server_name: x, put: in, get: /out, poll: 1s, recheck: 1s}
  plain:  {type: ftp, host: ftp.plain.invalid, user: studio, password: env:NO_SUCH, tls: plain, put: in}
  nas:    {type: folder, put: /mnt/nas/put, get: /mnt/nas/get, poll: 1s}
benches:
  - name: bench-1
    production: 77
    captures: {folder: captures, to: [gs, pinned], include: ['*.cr3']}
    selects: {to: [gs, acme], rating: 3, label: [green], window: 1s}
    imports: {folder: retouched, from: [acme], replaced: /studio/replaced, expect: {min_width: 3000, platform: gs}, import: ask}
  - name: bench-2
    captures: {folder: captures2, to: [nas]}
    selects: {folder: selects2, to: [vendor, acme, plain], window: 1s}
    imports: {folder: retouched2, from: [vendor, nas]}
mirrors:
  - {account: acme, direction: get, remote: /shared/briefs, folder: /studio/briefs, include: ['**/*.pdf', '**/*.jpg']}
  - {account: acme, direction: put, remote: /shared/up, folder: /studio/up}
  - {account: vendor, direction: get, layout: creativeforce, folder: /studio/cf, replaced: /studio/cf-old}
  - {account: nas, direction: get, remote: /mnt/nas/m, folder: /studio/nasm, ready: marker, rejected: /mnt/nas/rejected}
  - {account: nas, direction: put, remote: /mnt/nas/up, folder: /studio/nasup}
`

func TestRehearsalMovesEveryFolder(t *testing.T) {
	d := stageForTest(t, retouchersYAML)
	text, err := os.ReadFile(d.cfg.File)
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{"/studio", "/mnt", "/etc", ".invalid", "NO_SUCH", "47DEQpj8", "expect", "ask"} {
		if strings.Contains(strings.ReplaceAll(string(text), d.dir, ""), word) {
			t.Errorf("the copy still speaks of %s:\n%s", word, text)
		}
	}
	must, may := foldersOf(d.cfg)
	if len(must) != 10 || len(may) != 6 {
		t.Errorf("folders are %q and %q", must, may)
	}
	for _, path := range append(must, may...) {
		if inside, err := filepath.Rel(d.dir, path); err != nil || !filepath.IsLocal(inside) {
			t.Errorf("%s is not in the demo's folder", path)
		}
	}
}

func TestSelectsWithoutAFolderStaySo(t *testing.T) {
	s := stageForTest(t, retouchersYAML).cfg.Benches[0].Selects
	if s == nil || s.Path != "" || s.Rating != 3 || len(s.To) != 2 {
		t.Errorf("got %+v", s)
	}
}

func TestTheAgentTakesRehearsedRetouchers(t *testing.T) {
	d := stageForTest(t, retouchersYAML)
	t.Setenv(demoVariable, demoToken)
	made, err := (&cli{}).tools(d.cfg, nil).connect(d.cfg)
	if err != nil {
		t.Fatal(err)
	}
	for name, can := range map[string]struct{ out, in bool }{"acme": {true, true}, "pinned": {true, false}, "vendor": {true, true}, "nas": {true, true}} {
		if got := made[name]; (got.Out != nil) != can.out || (got.In != nil) != can.in {
			t.Errorf("%s: out %v, in %v", name, got.Out, got.In)
		}
	}
}

func TestFoldersThatWereOneStayOne(t *testing.T) {
	cfg := stageForTest(t, `
accounts:
  nas:   {type: folder, get: /mnt/get}
  other: {type: folder, put: /mnt/put}
benches:
  - {name: a, imports: {folder: /studio/passed, from: [nas]}}
  - {name: b, captures: {folder: /studio/passed/, to: [other]}}
`).cfg
	if cfg.Benches[0].Imports.Path != cfg.Benches[1].Captures.Path {
		t.Errorf("%s and %s", cfg.Benches[0].Imports.Path, cfg.Benches[1].Captures.Path)
	}
}

func TestDemoRefusesImportFoldersThatAreNotItsOwn(t *testing.T) {
	cfg, _, err := readConfig("", taleStudio)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Quarantine = filepath.Join(t.TempDir(), "quarantine")
	cfg.Benches = nil
	if err := makeFolders(cfg, t.TempDir()); err == nil || !strings.Contains(err.Error(), "not its own") {
		t.Errorf("got %v", err)
	}
}

func TestDemoRehearsesRetouchersAndMirrors(t *testing.T) {
	t.Parallel()
	own := t.TempDir()
	file := filepath.Join(own, "agent.yaml")
	if err := os.WriteFile(file, []byte(retouchersYAML), 0o600); err != nil {
		t.Fatal(err)
	}
	out, code, _ := perform(t, "--config", file)
	if code != exitFine {
		t.Errorf("exit code %d", code)
	}
	wantLines(t, out,
		`^bench-1 → pinned +3 +3 +3 +0 +0 +0$`,
		`^bench-1 → acme +0 +1 +1 +0 +0 +0$`, // chosen by its stars, where it lies
		`^bench-2 → plain +3 +3 +3 +0 +0 +0$`,
		`^mirror up → acme +3 +3 +3 +0 +0 +0$`,
		`^bench-1 ← acme +1 +1 +1 +0 +0 +0$`,
		`^bench-2 ← nas +3 +3 +3 +0 +0 +0$`,
		`^bench-2 ← vendor +3 +3 +3 +0 +0 +0$`,
		`^mirror briefs ← acme +1 +1 +1 +0 +0 +0$`,
		`^mirror Upload ← vendor +1 +1 +1 +0 +0 +0$`,
		`^4 pictures in \d tasks, all imported$`,
		`each landed once`,
	)
	if files, err := filesIn(own); err != nil || len(files) != 1 {
		t.Errorf("in the person's own folder are %v (%v), want agent.yaml alone", files, err)
	}
}

func TestDemosOwnConfigurationIsAPersonsToo(t *testing.T) {
	told := ""
	for name, story := range tales() {
		if _, _, err := readConfig("", name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		told += story.yaml
	}
	for _, name := range all.Registry().Types() {
		if !strings.Contains(told, "type: "+name) && name != "folder" {
			t.Errorf("no story of the demo's own has an account of type %s", name)
		}
	}
}
