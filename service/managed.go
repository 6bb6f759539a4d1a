package service

import (
	"context"
	"os"
	"sync/atomic"
	"syscall"

	kardianos "github.com/kardianos/service"
)

// managed runs work from the service manager's start to its stop. serve is
// kardianos.Service.Run: it calls Start, then Stop once the manager says so, and
// only after that does it return. If work ends before, managed leaves it behind:
// the end of the process is what makes the manager start it anew.
func managed(work func(ctx context.Context) error, serve func(kardianos.Interface) error) error {
	p := &program{started: make(chan struct{}), stop: make(chan os.Signal, 1), ended: make(chan struct{})}
	served := make(chan error, 1)
	go func() {
		served <- serve(p)
		select {
		case p.stop <- syscall.SIGTERM: // the manager is gone: nobody else could stop work
		default:
		}
	}()
	select {
	case <-p.started:
	case err := <-served:
		return err
	}
	err := supervise(work, p.stop)
	close(p.ended)
	if p.asked.Load() {
		if failed := <-served; err == nil {
			err = failed
		}
	}
	return err
}

// program is what the service manager's callbacks act on.
type program struct {
	started chan struct{}  // closed by Start
	asked   atomic.Bool    // set by Stop
	stop    chan os.Signal // a value from Stop
	ended   chan struct{}  // closed when work is over, or given up
}

// Start returns at once, as it must.
func (p *program) Start(kardianos.Service) error {
	close(p.started)
	return nil
}

// Stop returns when work is over, or given up.
func (p *program) Stop(kardianos.Service) error {
	p.asked.Store(true)
	p.stop <- syscall.SIGTERM
	<-p.ended
	return nil
}
