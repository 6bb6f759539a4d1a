package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

// restartAfter is how long a killed agent stays away: as long as the service
// manager would leave it, and longer than a second, so that a new one's requests
// do not add up with those of the old.
const restartAfter = 2 * time.Second

// A child is the real agent in a process of its own: run --config FILE.
type child struct {
	exe, config string
	log         io.Writer     // gets all that it logs
	heard       func(logLine) // called for each line

	mu      sync.Mutex
	process *os.Process // nil while none runs
	killed  bool
}

// A logLine is what the demo understands of a line of the agent's log.
type logLine struct {
	Level, Msg, Account, Bench, Name, Folder, Task, Reason, Error, URL string
}

// Run starts the agent, and anew after each kill, until ctx ends. An agent that
// ends unasked is an error.
func (c *child) Run(ctx context.Context) error {
	for {
		err := c.once(ctx)
		c.mu.Lock()
		killed := c.killed
		c.process, c.killed = nil, false
		c.mu.Unlock()
		if ctx.Err() != nil {
			return nil
		}
		if !killed {
			return errors.Join(errors.New("the agent ended by itself"), err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(restartAfter):
		}
	}
}

// once runs one process to its end, or asks it to stop when ctx ends.
func (c *child) once(ctx context.Context) error {
	cmd := exec.CommandContext(ctx, c.exe, "run", "--config", c.config)
	cmd.Env = append(os.Environ(), demoVariable+"="+demoToken)
	cmd.SysProcAttr = apart()
	cmd.Cancel = func() error {
		if cmd.Process.Signal(syscall.SIGTERM) != nil { // Windows knows no such signal
			return cmd.Process.Kill()
		}
		return nil
	}
	cmd.WaitDelay = 3 * time.Second // then it is killed, which it survives too
	stderr, err := cmd.StderrPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	leash, err := holdLeash(cmd.Process.Pid)
	if err != nil {
		return errors.Join(err, cmd.Process.Kill(), cmd.Wait())
	}
	defer leash.Close()
	c.mu.Lock()
	c.process = cmd.Process
	c.mu.Unlock()
	c.heard(logLine{Msg: msgProcess, Name: fmt.Sprint(cmd.Process.Pid)})
	c.listen(stderr)
	return cmd.Wait()
}

// kill ends the agent as a power cut would, and reports whether one ran.
func (c *child) kill() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.process == nil {
		return false
	}
	c.killed = c.process.Kill() == nil
	return c.killed
}

func (c *child) listen(stderr io.Reader) {
	lines := bufio.NewScanner(io.TeeReader(stderr, c.log))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var l logLine
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			l = logLine{Level: "ERROR", Msg: lines.Text()} // said before it had a log
		}
		c.heard(l)
	}
}

// The messages of the agent's log that the demo knows.
const (
	msgProcess   = "process"
	msgDelivered = "Photo delivered"
	msgMarked    = "Photo marked"
	msgLanded    = "Retouch landed"
	msgReturned  = "Retouch is held: a person must act"
	msgTask      = "Task is at the vendor"
	msgHeld      = "Photo is held: a person must act"
	msgNotSent   = "Photo is not sent"
	msgAway      = "Account is out of reach; it is tried again and again"
	msgBack      = "Account is in reach again"
	msgStopped   = "Agent stopped"
	msgPage      = "The page is served"
)

// sentence is the line for people; empty if it is of no interest to them.
func (l logLine) sentence() string {
	switch l.Msg {
	case msgProcess:
		return "starts (process " + l.Name + ")"
	case msgMarked:
		return l.Name + " is chosen for retouching: a mark on the picture that is there, no second upload"
	case msgTask:
		return l.Account + " has all of task " + l.Task
	case msgReturned:
		return "keeps " + l.Name + " of " + l.Account + " apart: " + l.Reason
	case msgHeld:
		return "holds " + l.Name + ": " + l.Reason
	case msgNotSent:
		return "does not send " + l.Name + ": " + l.Reason
	case msgAway:
		return "cannot reach " + l.Account + " and keeps trying"
	case msgBack:
		return "reaches " + l.Account + " again"
	case msgStopped:
		return "has stopped"
	case msgPage:
		return "shows all of this on its page: " + l.URL
	}
	if l.Level != "WARN" && l.Level != "ERROR" {
		return ""
	}
	text := l.Msg
	for _, more := range []string{l.Name, l.Reason, l.Error} {
		if more != "" {
			text += "; " + more
		}
	}
	return strings.TrimSpace(text)
}
