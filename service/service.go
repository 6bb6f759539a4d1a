// Package service runs a program under the system's service manager (systemd,
// launchd, the Windows service manager) or on a console, and installs it there.
package service

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"

	kardianos "github.com/kardianos/service"
)

// grace is how long work may take to end once it was asked to. The unit's
// TimeoutStopSec is longer.
const grace = 15 * time.Second

// Options say what the service is and what it runs.
type Options struct {
	Name        string // of the service, such as studio-agent: no spaces
	DisplayName string // for people; empty means Name
	Description string // one sentence; may be empty

	Executable string   // absolute; empty means this program
	Arguments  []string // such as run --config /etc/studio-agent/agent.yaml

	// User is the account that the service runs as. Empty means the system's
	// own: root, or LocalSystem. On Windows its password is set afterwards, in
	// the Services panel, unless it is one that has none.
	User string
	// WorkingDirectory is absolute; empty means the manager's default. Not used
	// on Windows.
	WorkingDirectory string
}

// Run calls work and returns what it returns; the program should then exit with
// failure, whatever that was, if nobody has asked it to stop: the service manager
// starts it again. SIGINT, SIGTERM or the manager's stop cancel work's context;
// context.Canceled then counts as success. A work that goes on for more than 15 s,
// or a second signal, make Run return an error while work still runs: exit.
func Run(opt Options, work func(ctx context.Context) error) error {
	// systemd and launchd stop a program with signals as a console does; only
	// Windows has a protocol of its own.
	if runtime.GOOS == "windows" && !kardianos.Interactive() {
		return managed(work, func(p kardianos.Interface) error {
			s, err := kardianos.New(p, opt.kardianos())
			if err != nil {
				return err
			}
			return s.Run()
		})
	}
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)
	return supervise(work, signals)
}

// supervise runs work until it ends. The first value from stop asks it to, the
// second gives it up.
func supervise(work func(ctx context.Context) error, stop <-chan os.Signal) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- work(ctx) }()
	select {
	case err := <-done:
		return err
	case <-stop:
		cancel()
	}
	late := time.NewTimer(grace)
	defer late.Stop()
	select {
	case err := <-done:
		if errors.Is(err, context.Canceled) {
			return nil
		}
		return err
	case <-stop:
		return errors.New("stopped at once by a second signal; what was being sent is taken up again at the next start")
	case <-late.C:
		return fmt.Errorf("did not stop within %s and was given up; what was being sent is taken up again at the next start", grace)
	}
}
