package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/studio-agent/studio-agent/sync/ledger"
)

// binary builds the program once and returns its path.
var binary = sync.OnceValues(func() (string, error) {
	built.Store(true)
	dir, err := os.MkdirTemp("", "studio-agent-test-*")
	if err != nil {
		return "", err
	}
	exe := filepath.Join(dir, "studio-agent")
	if runtime.GOOS == "windows" {
		exe += ".exe"
	}
	if out, err := exec.Command("go", "build", "-o", exe, ".").CombinedOutput(); err != nil {
		return "", fmt.Errorf("build: %v\n%s", err, out)
	}
	return exe, nil
})

func TestMain(m *testing.M) {
	testscript.Main(tidy{m}, map[string]func(){"studio-agent": main})
}

// tidy removes what binary has built.
type tidy struct{ *testing.M }

func (t tidy) Run() int {
	code := t.M.Run()
	if built.Load() {
		if exe, err := binary(); err == nil {
			os.RemoveAll(filepath.Dir(exe))
		}
	}
	return code
}

var built atomic.Bool

// An installation is one agent.yaml with all around it, run by the real binary.
type installation struct {
	t      *testing.T
	dir    string
	config string
	log    *lockedBuffer // of all runs
	env    []string
}

func install(t *testing.T, yaml string, env ...string) *installation {
	t.Helper()
	dir := t.TempDir()
	in := &installation{t: t, dir: dir, config: filepath.Join(dir, "agent.yaml"), log: &lockedBuffer{}, env: env}
	if err := os.WriteFile(in.config, []byte(yaml), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("log of the agent:\n%s", in.log.tail(20_000))
		}
	})
	return in
}

// folder makes a folder of the installation.
func (in *installation) folder(name string) string {
	in.t.Helper()
	path := filepath.Join(in.dir, name)
	if err := os.MkdirAll(path, 0o755); err != nil {
		in.t.Fatal(err)
	}
	return path
}

func (in *installation) command(args ...string) *exec.Cmd {
	in.t.Helper()
	exe, err := binary()
	if err != nil {
		in.t.Fatal(err)
	}
	cmd := exec.Command(exe, append(args, "--config", in.config)...)
	cmd.Env = append(os.Environ(), in.env...)
	return cmd
}

// start runs the agent until the test ends or it is killed.
func (in *installation) start() *exec.Cmd {
	in.t.Helper()
	cmd := in.command("run")
	cmd.Stderr = in.log
	if err := cmd.Start(); err != nil {
		in.t.Fatal(err)
	}
	in.t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	return cmd
}

// output runs a command to its end.
func (in *installation) output(args ...string) (string, int) {
	in.t.Helper()
	cmd := in.command(args...)
	out, err := cmd.CombinedOutput()
	if err != nil && cmd.ProcessState == nil {
		in.t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

// idle reports whether nothing is open in the ledger.
func (in *installation) idle() bool {
	l, err := ledger.OpenForPeople(context.Background(), ledger.Options{Path: filepath.Join(in.dir, "state", "ledger.db")})
	if err != nil {
		return false
	}
	defer l.Close()
	busy, err := l.Busy(context.Background(), time.Now().Add(24*time.Hour))
	return err == nil && !busy
}

// until waits for a condition; the limit is only there to end a broken test.
func until(t *testing.T, limit time.Duration, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(limit); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited %v in vain: %s", limit, what)
		}
	}
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) tail(n int) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.b.String()
	return s[max(0, len(s)-n):]
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
