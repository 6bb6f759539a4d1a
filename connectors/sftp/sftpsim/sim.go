// Package sftpsim is an SFTP server on a folder of this machine, for tests and
// the demo: a true one over SSH, except that it fails as a fault plan says, and
// that it can lack what some servers lack.
package sftpsim

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"io/fs"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/sync/errgroup"

	"github.com/studio-agent/studio-agent/connectors/faults"
)

// Operations of a fault plan. A fault of Upload goes with the file: Cut counts
// the bytes written to it, and LoseReply and FailAfter strike when it is renamed
// to its final name. Status 403 and 404 answer "permission denied" and "no such
// file", all others "failure".
const (
	OpConnect   = "connect"   // a connection, before any SSH: only Delay and Cut
	OpKeepalive = "keepalive" // only Delay
	OpUpload    = "upload"    // a file is opened for writing
	OpPublish   = "publish"   // a rename or link to a name that is no temporary one
	OpStat      = "stat"
	OpList      = "list"
	OpFetch     = "fetch" // a file is opened for reading
	OpMkdir     = "mkdir"
	OpRemove    = "remove"
)

// Options say what the server is like. One way to log in is needed.
type Options struct {
	Dir      string          // served as "/"; must be there
	User     string          // empty: any
	Password string          // empty: passwords are refused
	Keys     []ssh.PublicKey // that may log in
	HostKey  ssh.Signer      // nil: a new one
	Faults   *faults.Plan

	Without        []string // extensions that it does not offer, such as fsync@openssh.com
	RenameReplaces bool     // a plain rename replaces what is there, as on some servers
	ForgetTimes    bool     // it keeps no times that a client sets
	Free           uint64   // bytes that it says are free; 0: very many
	MaxConnections int      // more are closed at once; 0: any number
	MostWrite      int      // more bytes in one packet end the session; 0: 255 KiB, or 32 KiB without limits@openssh.com

	// List, if not nil, changes what a folder seems to hold.
	List func(folder string, entries []fs.FileInfo) []fs.FileInfo
	// OnEvent, if not nil, is told of photos that got their final name, and of
	// each fault, right before the client knows.
	OnEvent func(Event)
}

// An Event is something that the server saw.
type Event struct {
	At    time.Time
	Op    string
	Name  string // slash-separated, below Dir
	Fault faults.Fault
}

// A Sim is one server. Its methods may run at the same time.
type Sim struct {
	opt      Options
	root     *os.Root
	config   *ssh.ServerConfig
	received atomic.Int64

	mu    sync.Mutex // guards conns
	conns map[net.Conn]bool
}

// New opens Dir. Close closes it.
func New(opt Options) (*Sim, error) {
	if opt.HostKey == nil {
		_, key, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			return nil, err
		}
		if opt.HostKey, err = ssh.NewSignerFromKey(key); err != nil {
			return nil, err
		}
	}
	root, err := os.OpenRoot(opt.Dir)
	if err != nil {
		return nil, err
	}
	s := &Sim{opt: opt, root: root, conns: map[net.Conn]bool{}}
	s.config = s.logins()
	return s, nil
}

// HostKey is what clients must know.
func (s *Sim) HostKey() ssh.PublicKey { return s.opt.HostKey.PublicKey() }

// Received counts the bytes of files that clients have sent.
func (s *Sim) Received() int64 { return s.received.Load() }

// Connections counts those that are open.
func (s *Sim) Connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.conns)
}

// Hangup breaks all connections.
func (s *Sim) Hangup() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		c.Close()
	}
}

// Close lets go of Dir. Serve must have returned.
func (s *Sim) Close() error { return s.root.Close() }

// Serve serves clients of l until ctx ends; then it closes l and returns nil
// when all is quiet.
func (s *Sim) Serve(ctx context.Context, l net.Listener) error {
	var clients errgroup.Group
	stop := context.AfterFunc(ctx, func() { l.Close() })
	defer stop()
	for {
		raw, err := l.Accept()
		if err != nil {
			clients.Wait()
			if ctx.Err() != nil {
				return nil
			}
			return fmt.Errorf("the simulated server stopped: %w", err)
		}
		clients.Go(func() error {
			s.serveClient(ctx, raw)
			return nil
		})
	}
}

// enter admits one more connection, or says no.
func (s *Sim) enter(raw net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.opt.MaxConnections > 0 && len(s.conns) >= s.opt.MaxConnections {
		return false
	}
	s.conns[raw] = true
	return true
}

func (s *Sim) leave(raw net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, raw)
}

// fault takes what is planned for op and tells of it.
func (s *Sim) fault(op, name string) faults.Fault {
	f := s.opt.Faults.Next(op)
	if !f.Zero() {
		s.tell(op, name, f)
	}
	return f
}

func (s *Sim) tell(op, name string, f faults.Fault) {
	if s.opt.OnEvent != nil {
		s.opt.OnEvent(Event{At: time.Now(), Op: op, Name: name, Fault: f})
	}
}

// pause waits out a fault's delay, or until ctx ends.
func pause(ctx context.Context, f faults.Fault) {
	if f.Delay <= 0 {
		return
	}
	timer := time.NewTimer(f.Delay)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
