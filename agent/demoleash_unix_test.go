//go:build unix

package main

import (
	"context"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/studio-agent/studio-agent/sync/ledger"
)

// begun starts the demo and waits until a photographer works.
func begun(t *testing.T, args ...string) (cmd *exec.Cmd, out *lockedBuffer, dir string) {
	t.Helper()
	cmd, temp := demoCommand(t, args...)
	out = &lockedBuffer{}
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	until(t, time.Minute, "the photographer begins", func() bool { return strings.Contains(out.tail(100_000), "writes") })
	dirs, err := filepath.Glob(filepath.Join(temp, "studio-agent-demo-*"))
	if err != nil || len(dirs) != 1 {
		t.Fatalf("folders of the demo: %v, %v", dirs, err)
	}
	return cmd, out, dirs[0]
}

func TestDemoStopsWhenAsked(t *testing.T) {
	t.Parallel()
	cmd, out, dir := begun(t)
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != exitFailed || !strings.Contains(out.tail(300), "nothing is proven") {
		t.Errorf("exit code %d, %s", code, out.tail(300))
	}
	if !strings.Contains(out.tail(1000), "agent         has stopped") {
		t.Errorf("the agent did not stop in order:\n%s", out.tail(1000))
	}
	if exists(dir) {
		t.Errorf("%s is left behind", dir)
	}
}

// TestTheAgentDoesNotOutliveTheDemo kills the demo: its agent must let go of the
// ledger.
func TestTheAgentDoesNotOutliveTheDemo(t *testing.T) {
	t.Parallel()
	cmd, _, dir := begun(t, "--keep")
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	cmd.Wait()
	until(t, 30*time.Second, "the agent ends", func() bool {
		l, err := ledger.Open(context.Background(), ledger.Options{Path: filepath.Join(dir, "ledger.db"), Name: "test"})
		if err != nil {
			return false
		}
		l.Close()
		return true
	})
}
