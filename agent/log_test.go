package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/studio-agent/studio-agent/agent/config"
)

const secretInLogs = `hush"hush\<&>`

type stringer struct{}

func (stringer) String() string { return "stringer with " + secretInLogs }

type valuer struct{}

func (valuer) LogValue() slog.Value { return slog.StringValue("valuer with " + secretInLogs) }

func secretsForTest(t *testing.T) *config.Secrets {
	t.Helper()
	t.Setenv("STUDIO_TEST_SECRET", secretInLogs)
	secrets := config.NewSecrets("agent.yaml")
	if _, err := secrets.Resolve("env:STUDIO_TEST_SECRET"); err != nil {
		t.Fatal(err)
	}
	return secrets
}

func TestLogsShowNoSecret(t *testing.T) {
	secrets := secretsForTest(t)
	wrapped := fmt.Errorf("login: %w", errors.New("the server said "+secretInLogs))
	for _, format := range []string{"text", "json"} {
		for name, write := range map[string]func(*slog.Logger){
			"message":  func(l *slog.Logger) { l.Info("message with " + secretInLogs) },
			"string":   func(l *slog.Logger) { l.Info("m", "k", secretInLogs) },
			"error":    func(l *slog.Logger) { l.Info("m", "err", wrapped) },
			"stringer": func(l *slog.Logger) { l.Info("m", "k", stringer{}) },
			"valuer":   func(l *slog.Logger) { l.Info("m", "k", valuer{}) },
			"group":    func(l *slog.Logger) { l.Info("m", slog.Group("g", "k", secretInLogs, "err", wrapped)) },
			"with":     func(l *slog.Logger) { l.With("k", secretInLogs).WithGroup("g").Info("m", "err", wrapped) },
			"struct":   func(l *slog.Logger) { l.Info("m", "k", struct{ Token string }{secretInLogs}) },
			"list":     func(l *slog.Logger) { l.Info("m", "k", []string{"a", secretInLogs}) },
		} {
			t.Run(format+" "+name, func(t *testing.T) {
				var console bytes.Buffer
				logger, closer, err := newLogger(config.Log{Level: "info", Format: format}, secrets, &console, new(slog.LevelVar))
				if err != nil {
					t.Fatal(err)
				}
				write(logger)
				if err := closer.Close(); err != nil {
					t.Error(err)
				}
				got := console.String()
				// A stringer is {} in JSON: there is nothing to hide.
				if strings.Contains(got, "hush") || !strings.Contains(got, "[secret]") && got[0] != '{' {
					t.Errorf("got %s", got)
				}
				if format == "json" && !json.Valid(console.Bytes()) {
					t.Errorf("no JSON: %s", got)
				}
			})
		}
	}
}

// A secret that was resolved after the logger was made, as on a reload.
func TestLaterSecretsAreHiddenToo(t *testing.T) {
	secrets := config.NewSecrets("agent.yaml")
	var console bytes.Buffer
	logger, _, err := newLogger(config.Log{Level: "info", Format: "text"}, secrets, &console, new(slog.LevelVar))
	if err != nil {
		t.Fatal(err)
	}
	child := logger.With("k", "v")
	t.Setenv("STUDIO_TEST_SECRET", "later-secret")
	if _, err := secrets.Resolve("env:STUDIO_TEST_SECRET"); err != nil {
		t.Fatal(err)
	}
	child.Info("m", "token", "later-secret")
	if got := console.String(); !strings.Contains(got, "token=[secret]") {
		t.Errorf("got %s", got)
	}
}

func TestLevelChangesWhileRunning(t *testing.T) {
	var console bytes.Buffer
	level := new(slog.LevelVar)
	logger, _, err := newLogger(config.Log{Level: "warn", Format: "text"}, config.NewSecrets(""), &console, level)
	if err != nil {
		t.Fatal(err)
	}
	logger.Info("one")
	level.Set(slog.LevelDebug)
	logger.Debug("two")
	level.Set(slog.LevelError)
	logger.Warn("three")
	logger.Error("four")
	got := console.String()
	for message, want := range map[string]bool{"one": false, "two": true, "three": false, "four": true} {
		if strings.Contains(got, message) != want {
			t.Errorf("%s: want %v in %s", message, want, got)
		}
	}
}

func TestLogFileRotates(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "not", "there", "yet")
	cfg := config.Log{Level: "info", Format: "json", File: filepath.Join(dir, "agent.log"), MaxMB: 1, Keep: 5}
	logger, closer, err := newLogger(cfg, secretsForTest(t), nil, new(slog.LevelVar))
	if err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("x", 400<<10)
	for range 3 {
		logger.Info("m", "long", long, "token", secretInLogs)
	}
	if err := closer.Close(); err != nil {
		t.Error(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "agent*.log"))
	if err != nil || len(files) != 2 {
		t.Fatalf("got files %v, %v; want two", files, err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil || len(data) > 1<<20 || !bytes.Contains(data, []byte("[secret]")) || bytes.Contains(data, []byte("hush")) {
			t.Errorf("%s: %d bytes, %v", file, len(data), err)
		}
	}
}

func TestLoggerRefuses(t *testing.T) {
	blocked := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(blocked, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, cfg := range map[string]config.Log{
		"a file for a folder": {Level: "info", File: filepath.Join(blocked, "agent.log"), MaxMB: 1, Keep: 1},
		"an unknown level":    {Level: "loud"},
	} {
		if logger, _, err := newLogger(cfg, config.NewSecrets(""), os.Stderr, new(slog.LevelVar)); err == nil || logger != nil {
			t.Errorf("%s: got %v, %v", name, logger, err)
		}
	}
}
