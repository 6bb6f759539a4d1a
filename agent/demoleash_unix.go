//go:build unix

package main

import (
	"io"
	"os/exec"
	"strconv"
	"syscall"
)

// apart keeps a terminal's Ctrl-C from the child: the demo stops it.
func apart() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// holdLeash ends process pid if this one dies, however it dies: a shell waits
// for the end of a pipe that only this process holds open.
func holdLeash(pid int) (io.Closer, error) {
	keeper := exec.Command("/bin/sh", "-c", `read -r end; kill "$0"`, strconv.Itoa(pid))
	keeper.SysProcAttr = apart()
	if _, err := keeper.StdinPipe(); err != nil {
		return nil, err
	}
	if err := keeper.Start(); err != nil {
		return nil, err
	}
	return leash{keeper}, nil
}

type leash struct{ keeper *exec.Cmd }

// Close lets the process go.
func (l leash) Close() error {
	l.keeper.Process.Kill() // before Wait closes the pipe
	l.keeper.Wait()
	return nil
}
