package config

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
)

func writeFile(t *testing.T, dir, name, content string, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(content), mode); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestResolve(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("CREDENTIALS_DIRECTORY", t.TempDir())
	t.Setenv("STUDIO_TEST_TOKEN", "from-env")
	absolute := writeFile(t, dir, "token", "from-file\n", 0o600)
	writeFile(t, dir, "crlf", "from-windows\r\n", 0o400)
	writeFile(t, dir, "key", "line one\nline two\n\n", 0o600)
	writeFile(t, os.Getenv("CREDENTIALS_DIRECTORY"), "GS", "from-systemd\n", 0o444)
	s := NewSecrets(filepath.Join(dir, "agent.yaml"))
	for ref, want := range map[string]string{
		"env:STUDIO_TEST_TOKEN": "from-env",
		"file:token":            "from-file",
		"file:./token":          "from-file",
		"file:" + absolute:      "from-file",
		"file:crlf":             "from-windows",
		"file:key":              "line one\nline two",
		"credential:GS":         "from-systemd",
	} {
		got, err := s.Resolve(ref)
		if err != nil || got != want {
			t.Errorf("%s: got %q, %v; want %q", ref, got, err, want)
		}
	}
}

func TestResolveReadsAnew(t *testing.T) {
	dir := t.TempDir()
	s := NewSecrets(filepath.Join(dir, "agent.yaml"))
	for _, want := range []string{"first-token", "second-token"} {
		writeFile(t, dir, "token", want, 0o600)
		if got, err := s.Resolve("file:token"); err != nil || got != want {
			t.Errorf("got %q, %v; want %q", got, err, want)
		}
	}
	if got, want := s.Redact("first-token second-token"), "[secret] [secret]"; got != want {
		t.Errorf("got %q, want %q: the old one is still secret", got, want)
	}
}

func TestResolveRefuses(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("STUDIO_TEST_EMPTY", "")
	t.Setenv("CREDENTIALS_DIRECTORY", dir)
	writeFile(t, dir, "empty", "\n", 0o600)
	s := NewSecrets(filepath.Join(dir, "agent.yaml"))
	for ref, want := range map[string]string{
		"":                      "write env:NAME, file:PATH or credential:NAME",
		"hunter2-hunter2":       "is a secret and must not stand in the file: write env:NAME",
		"hunter2:hunter2":       "is a secret and must not stand in the file",
		"env:":                  "is a secret and must not stand in the file",
		"ENV:hunter2":           "is a secret and must not stand in the file",
		"env:STUDIO_TEST_EMPTY": "variable STUDIO_TEST_EMPTY is not set or empty",
		"env:STUDIO_TEST_UNSET": "variable STUDIO_TEST_UNSET is not set or empty",
		"file:absent":           "absent",
		"file:empty":            "is empty",
		"file:.":                "",
		"credential:absent":     "LoadCredential=absent:PATH",
		"credential:../token":   "not a plain name",
		`credential:a\b`:        "not a plain name",
	} {
		got, err := s.Resolve(ref)
		if err == nil || got != "" || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %q, %v; want an error with %q", ref, got, err, want)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("the message shows the secret: %v", err)
		}
	}
	t.Setenv("CREDENTIALS_DIRECTORY", "")
	if _, err := s.Resolve("credential:GS"); err == nil || !strings.Contains(err.Error(), "systemd") {
		t.Errorf("without systemd: got %v", err)
	}
}

func TestOpenFilesAreRefused(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("permissions are not judged on Windows")
	}
	dir := t.TempDir()
	s := NewSecrets(filepath.Join(dir, "agent.yaml"))
	path := writeFile(t, dir, "my token", "from-file", 0o600)
	for mode, refused := range map[os.FileMode]bool{0o600: false, 0o400: false, 0o640: true, 0o604: true, 0o620: true, 0o601: true} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		_, err := s.Resolve("file:my token")
		if got := err != nil; got != refused {
			t.Errorf("mode %o: got %v", mode, err)
		}
		if want := "run chmod 600 '" + path + "'"; refused && !strings.Contains(err.Error(), want) {
			t.Errorf("mode %o: got %v, want %q", mode, err, want)
		}
	}
}

func TestRedact(t *testing.T) {
	s := NewSecrets("agent.yaml")
	if got, want := s.Redact("nothing yet"), "nothing yet"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	odd := "p\"w <&\\\n é/+%"
	for name, value := range map[string]string{"A": "sesame", "B": "sesame-street", "C": "abcde", "D": odd} {
		t.Setenv("STUDIO_TEST_"+name, value)
		if _, err := s.Resolve("env:STUDIO_TEST_" + name); err != nil {
			t.Fatal(err)
		}
	}
	inJSON, _ := json.Marshal(map[string]string{"k": odd})
	for text, want := range map[string]string{
		"open sesame!":                 "open [secret]!",
		"sesame-street 1":              "[secret] 1",
		"sesamesesame":                 "[secret][secret]",
		"abcde is too short to hide":   "abcde is too short to hide",
		"raw " + odd:                   "raw [secret]",
		fmt.Sprintf("%q", odd):         `"[secret]"`,
		string(inJSON):                 `{"k":"[secret]"}`,
		"?pw=" + url.QueryEscape(odd):  "?pw=[secret]",
		"/path/" + url.PathEscape(odd): "/path/[secret]",
	} {
		if got := s.Redact(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestSecretsAtTheSameTime(t *testing.T) {
	s := NewSecrets("agent.yaml")
	var names []string
	for i := range 8 {
		name := fmt.Sprintf("STUDIO_TEST_%d", i)
		t.Setenv(name, fmt.Sprintf("secret-number-%d", i))
		names = append(names, name)
	}
	var wg sync.WaitGroup
	for _, name := range names {
		wg.Go(func() {
			value, err := s.Resolve("env:" + name)
			if err != nil {
				t.Error(err)
			}
			if got := s.Redact(value); got != "[secret]" {
				t.Errorf("got %q", got)
			}
		})
	}
	wg.Wait()
}
