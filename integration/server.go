//go:build integration && linux

// Package integration runs studio-agent's connectors against real servers:
// OpenSSH, vsftpd, ProFTPD and Pure-FTPd as Debian ships them, each with a
// loopback address, a folder and a life of its own. integration/servers fetches
// them. It needs root: servers change users, and small disks are mounted.
package integration

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// The kinds of servers.
const (
	OpenSSH  = "openssh"
	Vsftpd   = "vsftpd"
	ProFTPD  = "proftpd"
	PureFTPd = "pure-ftpd"
)

// TLS of an FTP server. One that speaks it refuses to be spoken to in plain.
const (
	Plain    = ""
	Explicit = "explicit"
	Implicit = "implicit" // not offered by Pure-FTPd
)

// Every server has the same ports, at an address of its own.
const (
	controlPort  = 2121
	passivePort  = 3000 // the first of
	passivePorts = 100
)

// Options change what a server is like. The zero value is a healthy one.
type Options struct {
	TLS        string        // Plain, Explicit or Implicit
	OneClient  bool          // a second login is refused while the first is there
	ClockSkew  time.Duration // the server's clock minus ours, also in the times of files; less than a day
	DiskSize   int64         // bytes of the disk that Root is then on; 0 means the disk of dir
	Chroot     bool          // OpenSSH: the login sees Root as / and may write in its folders only
	Passphrase string        // OpenSSH: of Key; empty means that Key is not encrypted
}

// A Server is one real server. Its login may write in Root, and in the folders
// in and out that are there from the start.
type Server struct {
	Kind     string
	Addr     string // HOST:PORT, always the same
	User     string
	Password string
	TLS      string

	CA         string // PEM file of who signed the certificate, which is for the host of Addr; empty without TLS
	Key        string // OpenSSH: private key file that may log in
	KnownHosts string // OpenSSH: known_hosts file with the host key, kept true by ChangeHostKey

	// Root is the folder on this disk that the login sees as /. OpenSSH without
	// Chroot sees it as the folder where it starts.
	Root string

	dir     string // etc, home and log
	opt     Options
	ip      net.IP
	process *exec.Cmd // nil when it is not running
}

// Launch starts a server in dir, an empty folder of its own, and returns when it
// listens. Close ends it; so does the end of this process, however it comes.
func Launch(kind, dir string, opt Options) (*Server, error) {
	ip, err := freeAddress()
	if err != nil {
		return nil, err
	}
	s := &Server{
		Kind: kind, Addr: net.JoinHostPort(ip.String(), strconv.Itoa(controlPort)),
		User: user, Password: password, TLS: opt.TLS,
		Root: filepath.Join(dir, "home"), dir: dir, opt: opt, ip: ip,
	}
	if err := s.furnish(); err != nil {
		return nil, errors.Join(fmt.Errorf("prepare %s: %w", kind, err), s.Close())
	}
	if err := s.Restart(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// freeAddress finds a loopback address nobody serves at: all of 127.0.0.0/8 is
// this machine.
func freeAddress() (net.IP, error) {
	for range 100 {
		ip := net.IPv4(127, byte(1+rand.N(250)), byte(rand.N(250)), 1)
		l, err := net.ListenTCP("tcp4", &net.TCPAddr{IP: ip, Port: controlPort})
		if err == nil {
			return ip, l.Close()
		}
	}
	return nil, errors.New("no loopback address is free")
}

// Restart kills the server if it runs and starts it again, at the same address
// and in the same folder. It returns when the server listens.
func (s *Server) Restart() error {
	s.Kill()
	run, err := s.command()
	if err != nil {
		return err
	}
	log, err := os.OpenFile(s.log(), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o666)
	if err != nil {
		return err
	}
	defer log.Close()
	run.Stdout, run.Stderr = log, log
	// The kernel ends the server when the thread that started it ends, and with
	// process 1 of a namespace all its others.
	run.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWPID,
		Pdeathsig:  syscall.SIGKILL,
	}
	if err := run.Start(); err != nil {
		return fmt.Errorf("start %s (it needs root): %w", s.Kind, err)
	}
	s.process = run
	if err := s.awaitListening(); err != nil {
		return fmt.Errorf("%s: %w\n%s", s.Kind, err, s.Log())
	}
	return nil
}

// Kill ends the server and all its sessions at once, as a power cut would. A
// second Kill does nothing.
func (s *Server) Kill() {
	if s.process != nil {
		s.process.Process.Kill()
		s.process.Wait()
		s.process = nil
	}
}

// Close ends the server and unmounts its disk. Its folder stays.
func (s *Server) Close() error {
	s.Kill()
	if s.opt.DiskSize == 0 {
		return nil
	}
	if err := syscall.Unmount(s.Root, 0); err != nil && !errors.Is(err, syscall.EINVAL) { // EINVAL: was not mounted
		return fmt.Errorf("unmount the small disk of %s: %w", s.Kind, err)
	}
	return nil
}

// Log is what the server said, for the person who reads a failed test.
func (s *Server) Log() string {
	text, err := os.ReadFile(s.log())
	if err != nil {
		return err.Error()
	}
	return string(text)
}

func (s *Server) log() string { return filepath.Join(s.dir, "log") }
