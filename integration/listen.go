//go:build integration && linux

package integration

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// awaitListening waits until the server listens. It asks the kernel: to knock at
// the door would count as a client.
func (s *Server) awaitListening() error {
	for range 3000 {
		listens, err := s.listens()
		if listens || err != nil {
			return err
		}
		if s.ended() {
			return errors.New("ended right after its start")
		}
		time.Sleep(10 * time.Millisecond)
	}
	return errors.New("does not listen 30 s after its start")
}

func (s *Server) listens() (bool, error) {
	sockets, err := os.ReadFile("/proc/net/tcp")
	if err != nil {
		return false, err
	}
	ip := s.ip.To4()
	const listen = "0A"
	line := fmt.Sprintf(" %02X%02X%02X%02X:%04X 00000000:0000 %s ", ip[3], ip[2], ip[1], ip[0], controlPort, listen)
	return strings.Contains(string(sockets), line), nil
}

// ended tells whether the process is over, and leaves it for Kill to bury.
func (s *Server) ended() bool {
	var info unix.Siginfo
	err := unix.Waitid(unix.P_PID, s.process.Process.Pid, &info, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil)
	return err == nil && info.Signo != 0
}
