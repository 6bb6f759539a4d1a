//go:build unix

package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestOddFiles drops everything that should not lie in a hot folder into one,
// beside good pictures: the good ones arrive, and for each of the others a
// sentence says what is wrong. Nothing blocks, nothing leaves its folder.
func TestOddFiles(t *testing.T) {
	t.Parallel()
	in := install(t, "")
	captures, there := in.folder("captures"), in.folder("there")
	yaml := fmt.Sprintf(`
page: off
accounts: {nas: {type: folder, put: %s}}
benches: [{name: bench, captures: {folder: %s, to: [nas]}}]
`, there, captures)
	if err := os.WriteFile(in.config, []byte(yaml), 0o600); err != nil {
		t.Fatal(err)
	}
	rnd := rand.New(rand.NewPCG(5, 5))
	good := []string{"plain.jpg", "emoji 🎞️.jpg", "Été (NFC).jpg", "percent %41 #1 + &.jpg", strings.Repeat("l", 251) + ".jpg", "sub/folder/deep.jpg", "'single'.jpg"}
	for _, name := range good {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(captures, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		overwrite(t, filepath.Join(captures, name), jpegOf(rnd, 20_000))
	}
	odd := map[string]string{ // name: what is said
		"line\nbreak.jpg": "control character",
		"bell\a.jpg":      "control character",
		"CON.jpg":         "is reserved by Windows",
		"stream:a.jpg":    "which Windows cannot store",
		"quoted\".jpg":    "which Windows cannot store",
		"trailing.jpg.":   "ends with a dot",
		"E\u0301te.jpg":   "", // the first of twins may go …
	}
	for name := range odd {
		overwrite(t, filepath.Join(captures, name), jpegOf(rnd, 20_000))
	}
	overwrite(t, filepath.Join(captures, "empty.jpg"), nil)
	overwrite(t, filepath.Join(captures, "torn.jpg"), jpegOf(rnd, 20_000)[:9_000])
	must(t, syscall.Mkfifo(filepath.Join(captures, "pipe.jpg"), 0o644))
	socket, err := net.Listen("unix", filepath.Join(captures, "s.jpg"))
	must(t, err)
	defer socket.Close()
	must(t, os.Symlink("/etc/passwd", filepath.Join(captures, "link.jpg")))
	must(t, os.Symlink("..", filepath.Join(captures, "loop")))

	out, code := in.output("run", "--once")
	overwrite(t, filepath.Join(captures, "Éte.jpg"), jpegOf(rnd, 20_000)) // … the second is held
	odd["Éte.jpg"] = "accents spelled differently"
	again, _ := in.output("run", "--once")
	out += again
	if code != 1 {
		t.Errorf("exit code %d, want 1", code)
	}
	for _, name := range append(good, "E\u0301te.jpg") {
		want, err := os.ReadFile(filepath.Join(captures, name))
		must(t, err)
		if got, err := os.ReadFile(filepath.Join(there, name)); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%q did not arrive whole: %v", name, err)
		}
	}
	odd["empty.jpg"], odd["torn.jpg"] = "empty", "ends"
	odd["pipe.jpg"], odd["s.jpg"] = "pipe", "socket"
	for name, said := range odd {
		if !saidOf(out, name, said) {
			t.Errorf("nothing like %q was said of %q", said, name)
		}
		if said != "" && exists(filepath.Join(there, name)) {
			t.Errorf("%q was delivered", name)
		}
	}
	for _, name := range []string{"link.jpg", "loop"} {
		if exists(filepath.Join(there, name)) {
			t.Errorf("the link %s was followed", name)
		}
		if why, _ := in.output("why", name); !strings.Contains(why, "link") {
			t.Errorf("why %s does not speak of a link: %s", name, why)
		}
	}
	if t.Failed() {
		t.Log(out)
	}
}

// saidOf reports whether one line of out names the file and holds the text.
func saidOf(out, name, text string) bool {
	for line := range strings.Lines(out) {
		if (strings.Contains(line, name) || strings.Contains(line, shown(name))) && strings.Contains(line, text) {
			return true
		}
	}
	return text == ""
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
