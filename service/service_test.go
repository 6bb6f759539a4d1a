package service

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	kardianos "github.com/kardianos/service"
)

var errWork = errors.New("the ledger is gone")

// obedient ends when asked to.
func obedient(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

func TestSupervise(t *testing.T) {
	for _, tt := range []struct {
		name  string
		work  func(ctx context.Context) error
		stops int
		want  string
		took  time.Duration
	}{
		{"ends by itself", func(context.Context) error { return nil }, 0, "", 0},
		{"fails by itself", func(context.Context) error { return errWork }, 0, errWork.Error(), 0},
		{"cancelled by itself", func(context.Context) error { return context.Canceled }, 0, "context canceled", 0},
		{"stops when asked", obedient, 1, "", 0},
		{"takes its time", func(ctx context.Context) error {
			<-ctx.Done()
			time.Sleep(14 * time.Second)
			return fmt.Errorf("closing: %w", ctx.Err())
		}, 1, "", 14 * time.Second},
		{"fails while stopping", func(ctx context.Context) error { <-ctx.Done(); return errWork }, 1, errWork.Error(), 0},
		{"takes too long", func(ctx context.Context) error {
			<-ctx.Done()
			time.Sleep(16 * time.Second)
			return nil
		}, 1, "did not stop within 15s", 15 * time.Second},
		{"second signal", func(ctx context.Context) error {
			<-ctx.Done()
			time.Sleep(16 * time.Second)
			return nil
		}, 2, "second signal", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				stop := make(chan os.Signal, 2)
				for range tt.stops {
					stop <- os.Interrupt
				}
				begin := time.Now()
				err := supervise(tt.work, stop)
				if took := time.Since(begin); took != tt.took {
					t.Errorf("took %s, want %s", took, tt.took)
				}
				if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
					t.Errorf("got %v, want %q", err, tt.want)
				}
				time.Sleep(time.Minute) // what was given up ends too
			})
		})
	}
}

// The manager's part is played by serve.
func TestManaged(t *testing.T) {
	errManager := errors.New("no service manager")
	stopped := make(chan error, 1)
	for _, tt := range []struct {
		name  string
		work  func(ctx context.Context) error
		serve func(kardianos.Interface) error
		want  error
	}{
		{"stopped by the manager", obedient, func(p kardianos.Interface) error {
			if err := p.Start(nil); err != nil {
				return err
			}
			return p.Stop(nil)
		}, nil},
		{"work fails, the manager does not notice", func(context.Context) error { return errWork }, func(p kardianos.Interface) error {
			if err := p.Start(nil); err != nil {
				return err
			}
			return <-stopped
		}, errWork},
		{"work ends, the manager does not notice", func(context.Context) error { return nil }, func(p kardianos.Interface) error {
			if err := p.Start(nil); err != nil {
				return err
			}
			return <-stopped
		}, nil},
		{"no manager", func(context.Context) error { panic("must not start") }, func(kardianos.Interface) error { return errManager }, errManager},
		{"the manager fails on the way", obedient, func(p kardianos.Interface) error {
			if err := p.Start(nil); err != nil {
				return err
			}
			return errManager
		}, nil},
		{"the manager fails at the end", obedient, func(p kardianos.Interface) error {
			if err := errors.Join(p.Start(nil), p.Stop(nil)); err != nil {
				return err
			}
			return errManager
		}, errManager},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := managed(tt.work, tt.serve); !errors.Is(got, tt.want) || (got == nil) != (tt.want == nil) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
	close(stopped)
}

func TestStopWaitsForWork(t *testing.T) {
	ended := false
	err := managed(func(ctx context.Context) error {
		<-ctx.Done()
		ended = true
		return nil
	}, func(p kardianos.Interface) error {
		if err := errors.Join(p.Start(nil), p.Stop(nil)); err != nil {
			return err
		}
		if !ended {
			return errors.New("Stop returned while work was still running")
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// TestChild is no test: the tests below run it as a program of its own.
func TestChild(t *testing.T) {
	kind := os.Getenv("STUDIO_TEST_CHILD")
	if kind == "" {
		t.Skip("only as a child")
	}
	err := Run(Options{Name: "child"}, func(ctx context.Context) error {
		fmt.Println("working")
		if kind == "ends" {
			return errWork
		}
		<-ctx.Done()
		fmt.Println("stopping")
		if kind == "stubborn" {
			select {}
		}
		return ctx.Err()
	})
	fmt.Println("returned:", err)
	os.Exit(0)
}

func TestRunOnASignal(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows cannot send signals")
	}
	for _, tt := range []struct {
		kind string
		want []string
	}{
		{"ends", []string{"working", "returned: the ledger is gone"}},
		{"obedient", []string{"working", "SIGTERM", "stopping", "returned: <nil>"}},
		{"stubborn", []string{"working", "SIGTERM", "stopping", "SIGTERM",
			"returned: stopped at once by a second signal; what was being sent is taken up again at the next start"}},
	} {
		t.Run(tt.kind, func(t *testing.T) {
			child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestChild$")
			child.Env = append(os.Environ(), "STUDIO_TEST_CHILD="+tt.kind)
			out, err := child.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := child.Start(); err != nil {
				t.Fatal(err)
			}
			lines := bufio.NewScanner(out)
			for _, want := range tt.want {
				if want == "SIGTERM" {
					if err := child.Process.Signal(syscall.SIGTERM); err != nil {
						t.Fatal(err)
					}
				} else if lines.Scan(); lines.Text() != want {
					t.Fatalf("got %q, want %q", lines.Text(), want)
				}
			}
			if err := child.Wait(); err != nil {
				t.Error(err)
			}
		})
	}
}
