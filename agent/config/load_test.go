package config

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write the golden messages anew")

// minimal is a configuration without a mistake; tests put lines into it.
const minimal = `
accounts:
  nas: {type: folder, put: /mnt/nas}
benches:
  - name: one
    captures: {folder: /studio/one, to: [nas]}
`

func mustParse(t *testing.T, text string) *Config {
	t.Helper()
	c, err := Parse("agent.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestExampleLoads(t *testing.T) {
	c, err := Load("../../agent.yaml.example", "grandshooting", "folder", "sftp", "ftp", "medialoopster", "creativeforce")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := len(c.HotFolders()), 6; got != want {
		t.Errorf("hot folders: got %d, want %d", got, want)
	}
	// What a type's factory would read.
	var gs struct{ URL, Token string }
	if err := c.Accounts["gs"].Decode(&gs); err != nil || gs.Token != "env:GS_TOKEN" {
		t.Errorf("account gs: got %+v, %v", gs, err)
	}
	var nas struct{ Put, Layout string }
	if err := c.Accounts["nas"].Decode(&nas); err != nil || nas.Layout != "bench" {
		t.Errorf("account nas: got %+v, %v", nas, err)
	}
	var bench struct {
		Production, Names string
		Jobs              []string
	}
	for _, b := range c.Benches {
		if err := b.Decode(&bench); err != nil || bench.Production == "" {
			t.Errorf("bench %s: got %+v, %v", b.Name, bench, err)
		}
	}
	if err := c.Unclaimed(); err != nil {
		t.Error(err)
	}
}

// The comments of the example show the defaults: without their # they must say
// what the program does without them.
func TestExampleShowsTheDefaults(t *testing.T) {
	data, err := os.ReadFile("../../agent.yaml.example")
	if err != nil {
		t.Fatal(err)
	}
	shown := strings.NewReplacer("#ledger:", "ledger:", "#page: ", "page: ", "#max_mb:", "max_mb:", "#keep:", "keep:", "#settle:", "settle:",
		"#existing:", "existing:", "#hold_above:", "hold_above:", "#renamed:", "renamed:", "#rescan:", "rescan:").Replace(string(data))
	if shown == string(data) {
		t.Fatal("the example shows no default")
	}
	silent, loud := mustParse(t, string(data)), mustParse(t, shown)
	if got, want := loud.Ledger, silent.Ledger; got != want {
		t.Errorf("ledger: got %s, want %s", got, want)
	}
	if got, want := loud.Page.Listen, silent.Page.Listen; got != want {
		t.Errorf("page: got %s, want %s", got, want)
	}
	if got, want := loud.Log, silent.Log; got != want {
		t.Errorf("log: got %+v, want %+v", got, want)
	}
	for i, f := range loud.HotFolders() {
		if got, want := f.Fingerprint(), silent.HotFolders()[i].Fingerprint(); got != want {
			t.Errorf("%s: got %+v, want %+v", f.Path, f, silent.HotFolders()[i])
		}
	}
}

func TestDefaults(t *testing.T) {
	c := mustParse(t, minimal)
	f := c.Benches[0].Captures
	host, _ := os.Hostname()
	dir, _ := os.Getwd()
	for _, tt := range []struct {
		name      string
		got, want any
	}{
		{"name", c.Name, host},
		{"ledger", c.Ledger, filepath.Join(dir, "state", "ledger.db")},
		{"log", c.Log, Log{Level: "info", Format: "text", MaxMB: 20, Keep: 5}},
		{"page", c.Page.Listen, "127.0.0.1:8765"},
		{"poll", c.Accounts["nas"].Poll, time.Minute},
		{"recheck", c.Accounts["nas"].Recheck, 10 * time.Second},
		{"account's name", c.Accounts["nas"].Name, "nas"},
		{"settle", f.Settle, 250 * time.Millisecond},
		{"existing", f.Existing, Existing{}},
		{"hold_above", f.HoldAbove, HoldAbove{500, 20e9}},
		{"together", f.Together, time.Duration(0)},
		{"renamed", f.Renamed, "keep"},
		{"rescan", f.Rescan, time.Minute},
	} {
		if tt.got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.name, tt.got, tt.want)
		}
	}
}

func TestPathsAreRelativeToTheFile(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "agent.yaml")
	text := "ledger: mem/l.db\nlog: {file: ../agent.log}\n" + strings.ReplaceAll(minimal, "/studio/one", "./captures/")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := Load(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range [][2]string{
		{c.Ledger, filepath.Join(dir, "mem", "l.db")},
		{c.Log.File, filepath.Join(filepath.Dir(dir), "agent.log")},
		{c.Benches[0].Captures.Path, filepath.Join(dir, "captures")},
		{c.File, file},
	} {
		if tt[0] != tt[1] {
			t.Errorf("got %s, want %s", tt[0], tt[1])
		}
	}
}

func TestLoadOfNothing(t *testing.T) {
	_, err := Load(filepath.Join(t.TempDir(), "agent.yaml"))
	if err == nil || !strings.Contains(err.Error(), "--config") {
		t.Errorf("got %v, want advice", err)
	}
}

// Every testdata/NAME.yaml is wrong; NAME.want is what a person reads about it.
func TestMessages(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the messages hold Unix paths")
	}
	files, err := filepath.Glob("testdata/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no test data: %v", err)
	}
	dir, _ := os.Getwd()
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			_, err = Parse("agent.yaml", data, "grandshooting", "folder", "memory")
			var problems Errors
			if !errors.As(err, &problems) {
				t.Fatalf("got %v, want Errors", err)
			}
			got := strings.ReplaceAll(err.Error(), dir, "/CONF") + "\n"
			golden := strings.TrimSuffix(file, ".yaml") + ".want"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// Where the YAML itself is broken: the line a person must look at.
func TestSyntax(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"empty", "", "agent.yaml: the file is empty; begin with agent.yaml.example"},
		{"comment only", "# nothing\n", "agent.yaml: the file is empty; begin with agent.yaml.example"},
		{"not a mapping", "hello\n", "agent.yaml:1: must be a mapping of keys and values, not a single value"},
		{"tab", "name: a\nlog:\n\tlevel: info\n", "agent.yaml:3: found character that cannot start any token; indent with spaces, not tabs"},
		{"open bracket", "name: a\nlog: {level: info\nledger: x\n", "agent.yaml:2: did not find expected ',' or '}'"},
		{"open quote", "name: a\nledger: 'x\nlog:\n", "agent.yaml:2: found unexpected end of stream"},
		{"indentation", "name: a\nbenches:\n - name: x\n  captures: y\n", "agent.yaml:4: did not find expected '-' indicator"},
		{"windows path", "name: a\nledger: \"\\\\nas\\studio\"\n", "agent.yaml:2: found unknown escape character; write a Windows path in 'single quotes'"},
		{"bare glob", "name: a\nbenches: [*.tmp]\n", "agent.yaml:2: did not find expected alphabetic or numeric character; put the value in 'single quotes'"},
		{"bare at", "name: @studio\n", "agent.yaml:1: found character that cannot start any token; put the value in 'single quotes'"},
		{"unknown anchor", "name: a\nledger: *x\n", "agent.yaml:2: unknown anchor 'x' referenced; put the value in 'single quotes'"},
		{"latin-1", "name: a\nledger: caf\xe9\n", "agent.yaml:2: incomplete UTF-8 octet sequence; save the file as UTF-8"},
		{"behind the end", "name: a\n...\nledger: x\n", "agent.yaml:3: did not find expected <document start>"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Parse("agent.yaml", []byte(tt.text))
			if err == nil {
				t.Fatal("got no error")
			}
			if got, _, _ := strings.Cut(err.Error(), "\n"); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestByteOrderMarkAndCRLF(t *testing.T) {
	c := mustParse(t, "\ufeff"+strings.ReplaceAll("name: studio"+minimal, "\n", "\r\n"))
	if got, want := c.Name, "studio"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(minimal))
	files, _ := filepath.Glob("testdata/*.yaml")
	for _, file := range append(files, "../../agent.yaml.example") {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := Parse("agent.yaml", data)
		var problems Errors
		switch {
		case err == nil:
			for _, h := range c.HotFolders() {
				if !filepath.IsAbs(h.Path) || len(h.To) == 0 {
					t.Errorf("accepted hot folder %+v", h)
				}
			}
		case !errors.As(err, &problems) || len(problems) == 0:
			t.Errorf("got %v, want Errors", err)
		}
	})
}
