//go:build linux

package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

// An agent is the real program, running.
type agent struct {
	dir string
	cmd *exec.Cmd
	log journal
}

// A journal is the program's log as it is being written.
type journal struct {
	mu        sync.Mutex
	text      bytes.Buffer
	delivered int       // photos so far
	latest    time.Time // when the last of them was told
}

const toldDelivered = "Photo delivered"

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	from := max(0, j.text.Len()-len(toldDelivered)+1) // the words may come in two pieces
	j.text.Write(p)
	if n := bytes.Count(j.text.Bytes()[from:], []byte(toldDelivered)); n > 0 {
		j.delivered, j.latest = j.delivered+n, time.Now()
	}
	return len(p), nil
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// build makes the program as users get it, or takes the one that BENCH_AGENT
// names.
func build(dir string) (string, error) {
	if exe := os.Getenv("BENCH_AGENT"); exe != "" {
		return exe, nil
	}
	exe := filepath.Join(dir, "studio-agent")
	cmd := exec.Command("go", "build", "-o", exe, "./agent")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the agent: %w\n%s", err, out)
	}
	return exe, nil
}

// start writes agent.yaml and runs the program with it.
func start(exe, dir, yaml string, env ...string) (*agent, error) {
	config := filepath.Join(dir, "agent.yaml")
	if err := os.WriteFile(config, []byte(yaml), 0o600); err != nil {
		return nil, err
	}
	a := &agent{dir: dir, cmd: exec.Command(exe, "run", "--config", config)}
	a.cmd.Stderr = &a.log
	a.cmd.Env = append(os.Environ(), env...)
	return a, a.cmd.Start()
}

// stop ends the program in an orderly way.
func (a *agent) stop() error {
	a.cmd.Process.Signal(os.Interrupt)
	if err := a.cmd.Wait(); err != nil {
		return fmt.Errorf("the agent ended badly: %w\n%s", err, a.log.String())
	}
	return nil
}

// cpu is the processor time used so far.
func (a *agent) cpu() (time.Duration, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", a.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+2:]))
	var ticks int64
	for _, field := range fields[11:13] { // utime, stime
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return 0, err
		}
		ticks += n
	}
	return time.Duration(ticks) * time.Second / 100, nil
}

// memory is the present and the highest resident size, in MiB.
func (a *agent) memory() (now, peak float64, err error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", a.cmd.Process.Pid))
	if err != nil {
		return 0, 0, err
	}
	for line := range strings.Lines(string(status)) {
		fields := strings.Fields(line)
		switch {
		case strings.HasPrefix(line, "VmRSS:"):
			now, _ = strconv.ParseFloat(fields[1], 64)
		case strings.HasPrefix(line, "VmHWM:"):
			peak, _ = strconv.ParseFloat(fields[1], 64)
		}
	}
	return now / 1024, peak / 1024, nil
}

// status is what the program says of itself.
func (a *agent) status(exe string) string {
	out, _ := exec.Command(exe, "status", "--config", filepath.Join(a.dir, "agent.yaml")).CombinedOutput()
	return string(out)
}

// awaitLight waits until the bench's light says text.
func (a *agent) awaitLight(exe, text string, limit time.Duration) error {
	for end := time.Now().Add(limit); time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
		if strings.Contains(a.status(exe), text) {
			return nil
		}
	}
	return fmt.Errorf("the agent never said %q:\n%s\n%s", text, a.status(exe), a.log.String())
}
