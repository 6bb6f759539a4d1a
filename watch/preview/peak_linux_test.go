package preview

import (
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// peakOfThis is the most memory that this process has held, in kilobytes.
func peakOfThis() []byte {
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return nil
	}
	_, peak, _ := strings.Cut(string(b), "VmHWM:")
	peak, _, _ = strings.Cut(peak, " kB")
	return []byte(strings.TrimSpace(peak))
}

// childTest runs one test of this binary by itself.
func childTest(t *testing.T, name, env string) (string, error) {
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+name+"$")
	cmd.Env = append(os.Environ(), env)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func TestConfineLowersPriority(t *testing.T) {
	const env = "PREVIEW_TEST_NICE"
	if os.Getenv(env) != "" {
		confine()
		threads, err := os.ReadDir("/proc/self/task")
		if err != nil || len(threads) < 2 {
			t.Fatal(len(threads), err)
		}
		for _, thread := range threads {
			id, _ := strconv.Atoi(thread.Name())
			if got, err := syscall.Getpriority(syscall.PRIO_PROCESS, id); err != nil || got != 20-15 { // the kernel answers 20 minus it
				t.Errorf("thread %d has priority %d, %v", id, got, err)
			}
		}
		return
	}
	if out, err := childTest(t, "TestConfineLowersPriority", env+"=1"); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}
