package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/unicode/norm"
)

// An oddReturn is a file that a vendor gives back under a name, or to a place, that
// makes trouble. Its name is how it is called in the get folder.
type oddReturn struct {
	name    string
	chosen  bool   // a select of that name was sent
	rival   string // another return that lands before
	want    string // of `status`; empty: it lands
	blocked func(t *testing.T, in *installation)
}

var oddReturns = []oddReturn{
	{name: "plain.jpg", chosen: true},
	{name: "-rf $(touch pwned) 'x'.jpg", chosen: true},
	{name: strings.Repeat("x", 251) + ".jpg", chosen: true},
	{name: "%2e%2e%2fa.jpg", chosen: true},
	{name: "trailing.jpg.", want: `it ends with a dot or a space, which Windows drops`},
	{name: "CON.jpg", want: `the name CON.jpg is reserved by Windows`},
	{name: "a:b.jpg", want: `it holds a ':', which Windows cannot store`},
	{name: "new\nline.jpg", want: `it holds a control character (U+000A)`},
	{name: "bad\xff.jpg", want: `is not valid UTF-8`},
	{name: `up\..\..\evil.jpg`, want: `it holds a '\\', which Windows cannot store`},
	{name: "Twin.jpg", chosen: true},
	{name: "TWIN.jpg", rival: "Twin.jpg", want: "Twin.jpg has landed before, and TWIN.jpg is the same name but for case or the spelling of its accents"},
	{name: norm.NFC.String("caf\u00e9.jpg"), chosen: true},
	{name: norm.NFD.String("caf\u00e9.jpg"), rival: norm.NFC.String("caf\u00e9.jpg"), want: "is the same name but for case or the spelling of its accents"},
	{name: "Moe\u202egpj.jpg", chosen: true},
	{name: "folder.jpg", chosen: true, want: "a folder lies under the name folder.jpg", blocked: func(t *testing.T, in *installation) { in.folder("back/folder.jpg") }},
	{name: "look1/a.jpg", chosen: true, want: "should lie in the folder look1, but a file has that name", blocked: func(t *testing.T, in *installation) {
		overwrite(t, filepath.Join(in.dir, "back", "look1"), []byte("a file"))
	}},
	{name: "look2/a.jpg", chosen: true, want: "look2", blocked: func(t *testing.T, in *installation) {
		if err := os.Symlink(in.folder("outside"), filepath.Join(in.dir, "back", "look2")); err != nil {
			t.Fatal(err)
		}
	}},
}

// TestHostileReturns gives back files with names and to places that make
// trouble: each lands or is held with a sentence, and nothing leaves the folders.
func TestHostileReturns(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("other systems cannot hold these names")
	}
	t.Parallel()
	in := install(t, `
quarantine: quarantine
page: off
accounts: {acme: {type: folder, put: there/in, get: there/out, poll: 1s}}
benches:
  - name: odd
    selects: {folder: selects, to: [acme], settle: 50ms, window: 1s}
    imports: {folder: back, from: [acme]}
`)
	for _, name := range []string{"there/in", "there/out", "back", "selects"} {
		in.folder(name)
	}
	rnd := rand.New(rand.NewPCG(5, 5))
	for _, o := range oddReturns {
		if o.chosen {
			writeBelow(t, in.folder("selects"), o.name, paint(rnd, 60))
		}
		if o.blocked != nil {
			o.blocked(t, in)
		}
	}
	if err := os.Symlink(in.config, filepath.Join(in.folder("there/out"), "link.jpg")); err != nil {
		t.Fatal(err)
	}
	in.start()
	sent := func(name string) func() bool {
		return func() bool { return exists(filepath.Join(in.dir, "there", "in", name)) }
	}
	for _, o := range oddReturns {
		if o.chosen {
			until(t, time.Minute, fmt.Sprintf("%q is sent", o.name), sent(o.name))
		}
	}
	until(t, time.Minute, "all is recorded", in.idle)
	contents := map[string][]byte{}
	give := func(o oddReturn) {
		contents[o.name] = paint(rnd, 90)
		writeBelow(t, filepath.Join(in.dir, "there", "out"), o.name, contents[o.name])
	}
	landed := func(o oddReturn) bool {
		content, err := os.ReadFile(filepath.Join(in.dir, "back", o.name))
		return err == nil && bytes.Equal(content, contents[o.name])
	}
	for _, o := range oddReturns {
		if o.rival == "" {
			give(o)
		}
	}
	for _, o := range oddReturns {
		if o.chosen && o.want == "" {
			until(t, time.Minute, fmt.Sprintf("%q lands", o.name), func() bool { return landed(o) })
		}
	}
	for _, o := range oddReturns {
		if o.rival != "" {
			give(o)
		}
	}
	for _, o := range oddReturns {
		if o.want == "" {
			continue
		}
		var status string
		until(t, 2*time.Minute, fmt.Sprintf("%q is held with %q; status:\n%s", o.name, o.want, in.status()), func() bool {
			status = in.status()
			return strings.Contains(status, o.want)
		})
		if landed(o) {
			t.Errorf("%q landed though it is held", o.name)
		}
	}
	insideOnly(t, in)
}

func (in *installation) status() string {
	text, _ := in.output("status")
	return text
}

func writeBelow(t *testing.T, folder, name string, content []byte) {
	t.Helper()
	path := filepath.Join(folder, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
}

// insideOnly finds files of the agent where none may be.
func insideOnly(t *testing.T, in *installation) {
	t.Helper()
	known := map[string]bool{"agent.yaml": true, "there": true, "selects": true, "back": true, "quarantine": true, "state": true, "outside": true}
	entries, err := os.ReadDir(in.dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !known[e.Name()] {
			t.Errorf("%q appeared beside the folders", e.Name())
		}
	}
	if outside, err := os.ReadDir(filepath.Join(in.dir, "outside")); err != nil || len(outside) > 0 {
		t.Errorf("outside of the import folder: %v, %v", outside, err)
	}
	err = filepath.WalkDir(filepath.Join(in.dir, "back"), func(path string, d fs.DirEntry, err error) error {
		if err == nil && (strings.HasPrefix(d.Name(), ".studio-") || d.Name() == "link.jpg" || d.Name() == "pwned") {
			t.Errorf("%s lies in the import folder", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// TestThreeYearsOfReturns has 20,000 old files lie at two accounts and in a
// mirrored folder when the agent first looks there: none is fetched before
// somebody says so, and what is new comes nevertheless.
func TestThreeYearsOfReturns(t *testing.T) {
	t.Parallel()
	const old = 20_000
	in := install(t, `
quarantine: quarantine
page: off
accounts:
  ignored: {type: folder, put: ignored/in, get: ignored/out, poll: 1s}
  braked: {type: folder, put: braked/in, get: braked/out, poll: 1s}
benches:
  - name: one
    selects: {folder: selects, to: [ignored], settle: 50ms, window: 1s}
    imports: {folder: back/one, from: [ignored], existing: ignore}
  - name: two
    imports: {folder: back/two, from: [braked]}
mirrors:
  - {account: braked, direction: get, remote: braked/mirror, folder: back/mirror}
`)
	for _, name := range []string{"ignored/in", "braked/in", "selects", "back/one", "back/two", "back/mirror"} {
		in.folder(name)
	}
	content := paint(rand.New(rand.NewPCG(3, 3)), 60)
	for _, folder := range []string{"ignored/out", "braked/out", "braked/mirror"} {
		flood(t, in.folder(folder), old, content)
	}
	in.start()
	held := fmt.Sprintf("%d files (", old)
	until(t, 3*time.Minute, "the brake is told", func() bool { return strings.Count(in.status(), held) == 2 })
	writeBelow(t, in.folder("selects"), "new.jpg", content)
	until(t, time.Minute, "the new select is sent", func() bool { return exists(filepath.Join(in.dir, "ignored", "in", "new.jpg")) })
	until(t, time.Minute, "that is recorded", in.idle)
	writeBelow(t, in.folder("ignored/out"), "new.jpg", content)
	until(t, time.Minute, "the new retouch lands", func() bool { return exists(filepath.Join(in.dir, "back", "one", "new.jpg")) })
	for folder, want := range map[string]int{"back/one": 1, "back/two": 0, "back/mirror": 0, "quarantine": 0} {
		if got := countFiles(filepath.Join(in.dir, folder)); got != want {
			t.Errorf("%d files in %s, want %d", got, folder, want)
		}
	}
}

// flood writes n old files of one content, 100 to a folder.
func flood(t *testing.T, folder string, n int, content []byte) {
	t.Helper()
	first := filepath.Join(folder, "first.jpg")
	writeBelow(t, folder, "first.jpg", content)
	setBack(t, first)
	for i := range n - 1 {
		path := filepath.Join(folder, fmt.Sprintf("2023-%03d", i/100), fmt.Sprintf("IMG_%05d.jpg", i))
		if i%100 == 0 {
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Link(first, path); err != nil {
			t.Fatal(err)
		}
	}
}

func countFiles(folder string) (n int) {
	filepath.WalkDir(folder, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			n++
		}
		return nil // a folder that is missing holds none
	})
	return n
}
