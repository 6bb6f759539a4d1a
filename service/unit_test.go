package service

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write packaging/systemd anew")

var packaged = Options{
	Name: "studio-agent", DisplayName: "Studio Agent",
	Description: "Brings pictures from hot folders to platforms and retouchers.",
	Executable:  "/usr/bin/studio-agent",
	Arguments:   []string{"run", "--config", "/etc/studio-agent/agent.yaml"},
}

// line returns the one line of the unit that sets key.
func line(t *testing.T, text, key string) string {
	t.Helper()
	var found []string
	for l := range strings.Lines(text) {
		if strings.HasPrefix(l, key+"=") {
			found = append(found, strings.TrimSpace(strings.TrimPrefix(l, key+"=")))
		}
	}
	if len(found) != 1 {
		t.Fatalf("%s stands %d times in\n%s", key, len(found), text)
	}
	return found[0]
}

func TestPackagedUnit(t *testing.T) {
	const path = "../packaging/systemd/studio-agent.service"
	got := unit(packaged)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s is not what Install writes; run go test ./service -update\ngot\n%s", path, got)
	}
}

func TestUnitSettings(t *testing.T) {
	text := unit(packaged)
	for key, want := range map[string]string{
		"ExecStart":             "/usr/bin/studio-agent run --config /etc/studio-agent/agent.yaml",
		"Description":           "Brings pictures from hot folders to platforms and retouchers.",
		"Type":                  "exec",
		"Restart":               "always",
		"RestartSec":            "2",
		"StartLimitIntervalSec": "0",
		"TimeoutStopSec":        "20",
		"NoNewPrivileges":       "yes",
		"ProtectSystem":         "full",
		"PrivateTmp":            "yes",
		"StateDirectory":        "studio-agent",
		"WantedBy":              "multi-user.target",
	} {
		if got := line(t, text, key); got != want {
			t.Errorf("%s: got %q, want %q", key, got, want)
		}
	}
	for _, absent := range []string{"\nUser=", "\nWorkingDirectory=", "@", "{{"} {
		if strings.Contains(text, absent) {
			t.Errorf("the unit holds %q", absent)
		}
	}
}

func TestUnitOptions(t *testing.T) {
	opt := packaged
	opt.Name, opt.User, opt.WorkingDirectory, opt.Description = "other", "photo", "/srv/50% off", ""
	text := unit(opt)
	for key, want := range map[string]string{
		"User": "photo", "WorkingDirectory": "/srv/50%% off", "StateDirectory": "other",
		"Description": "Studio Agent", "EnvironmentFile": "-/etc/other/environment",
	} {
		if got := line(t, text, key); got != want {
			t.Errorf("%s: got %q, want %q", key, got, want)
		}
	}
	opt.Executable, opt.Description = "", "two\nlines"
	if got, want := line(t, unit(opt), "Description"), "two lines"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	self, _ := os.Executable()
	if got := line(t, unit(opt), "ExecStart"); !strings.Contains(got, filepath.Base(self)) {
		t.Errorf("got %q, want this program", got)
	}
}

func TestQuote(t *testing.T) {
	for _, tt := range []struct{ word, want string }{
		{"run", "run"},
		{"--config", "--config"},
		{"/etc/studio-agent/agent.yaml", "/etc/studio-agent/agent.yaml"},
		{"", `""`},
		{"/Studio A/agent.yaml", `"/Studio A/agent.yaml"`},
		{`say "x"`, `"say \"x\""`},
		{`a\b`, `"a\\b"`},
		{"100%", `"100%%"`},
		{"$HOME", `"$$HOME"`},
		{"{{Name}}", `"\x7b\x7bName}}"`},
		{"it's;", `"it's;"`},
		{"two\nlines\tand tab", `"two\nlines\tand tab"`},
		{"Süd", `"Süd"`},
	} {
		if got := quote(tt.word, true); got != tt.want {
			t.Errorf("%q: got %s, want %s", tt.word, got, tt.want)
		}
	}
	if got, want := quote("/opt/$x y%", false), `"/opt/$x y%%"`; got != want {
		t.Errorf("executable: got %s, want %s", got, want)
	}
}

// What systemd itself says, where it is installed.
func TestSystemdUnderstandsTheUnit(t *testing.T) {
	verify, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("no systemd-analyze here")
	}
	dir := filepath.Join(t.TempDir(), "a b $x 50% {{c}}") // quotes it refuses in a program's path
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	opt := packaged
	opt.Executable = filepath.Join(dir, "studio agent")
	opt.Arguments = []string{"run", "--config", filepath.Join(dir, `the "agent".yaml`)}
	opt.WorkingDirectory, opt.User = dir, "daemon"
	if err := os.WriteFile(opt.Executable, []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "studio-agent.service")
	if err := os.WriteFile(path, []byte(unit(opt)), 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(verify, "verify", "--recursive-errors=no", "--man=no", path).CombinedOutput()
	if err != nil || strings.Contains(string(out), "studio-agent.service") {
		t.Errorf("got %v\n%s", err, out)
	}
}
