//go:build integration && linux

package integration

import (
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

//go:embed jail.sh
var jail string

// command writes the configuration and returns the server in its jail. Paths in
// both are those inside: /opt is the package, /mnt is s.dir.
func (s *Server) command() (*exec.Cmd, error) {
	folder, err := fetched(s.Kind)
	if err != nil {
		return nil, err
	}
	conf, argv, err := s.settings()
	if err != nil {
		return nil, err
	}
	if err := s.configure("conf", conf); err != nil {
		return nil, err
	}
	run := exec.Command("/bin/sh", append([]string{"-c", jail, "jail.sh", folder, s.dir}, argv...)...)
	run.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin"}
	run.Env = append(run.Env, s.clock()...)
	return run, nil
}

// clock are the variables that set the server's clock wrong. The times of files
// are shifted as well, both ways, so that a time that a client sets stays what
// it was set to.
func (s *Server) clock() []string {
	skew := s.opt.ClockSkew
	switch {
	case skew == 0:
		return nil
	case s.Kind == Vsftpd: // calls stat64, which libfaketime 0.9.10 lets pass: a local time instead, for use_localtime
		west := "-"
		if skew < 0 {
			west = "+"
		}
		return []string{"TZ=OFF" + west + time.Time{}.Add(skew.Abs()).Format("15:04:05")}
	}
	return []string{fmt.Sprintf("FAKETIME=%+d", int(skew.Seconds())), "FAKE_UTIME=1", "FAKETIME_DONT_FAKE_MONOTONIC=1"}
}

// fetched is where integration/servers has put a server.
func fetched(kind string) (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	folder := filepath.Join(cache, "studio-agent-servers", kind)
	if _, err := os.Stat(folder); err != nil {
		return "", fmt.Errorf("%s is not here, run integration/servers: %w", kind, err)
	}
	return folder, nil
}

// settings are the text of the configuration and how to start the server.
func (s *Server) settings() (conf string, argv []string, err error) {
	switch {
	case s.Kind == OpenSSH && s.TLS != Plain, s.Kind == PureFTPd && s.TLS == Implicit:
		return "", nil, fmt.Errorf("%s has no %s TLS", s.Kind, s.TLS)
	case s.opt.Chroot && s.opt.OneClient:
		return "", nil, fmt.Errorf("%s cannot have Chroot and OneClient: see sshd", s.Kind)
	case s.Kind == OpenSSH:
		return s.sshd(), []string{"/opt/usr/sbin/sshd", "-D", "-e", "-f", "/mnt/etc/conf"}, nil
	case s.Kind == Vsftpd:
		return s.vsftpd(), []string{"/opt/usr/sbin/vsftpd", "/mnt/etc/conf"}, nil
	case s.Kind == ProFTPD:
		return s.proftpd(), []string{"/opt/usr/sbin/proftpd", "--nodaemon", "--config", "/mnt/etc/conf"}, nil
	case s.Kind == PureFTPd:
		return "", s.pureFTPd(), nil
	}
	return "", nil, fmt.Errorf("no server is called %q", s.Kind)
}

func lines(some ...string) string { return strings.Join(some, "\n") + "\n" }
