// Package ftpsim plays an FTP server on a folder on disk: RFC 959, 2228 (TLS),
// 2389 (FEAT), 2428 (EPSV), 3659 (MLSD, MDTM, SIZE) and the habits of servers
// that vendors run, as knobs. It serves passive, binary transfers only.
package ftpsim

import (
	"fmt"
	"net"
	"os"
	"sync"
	"time"

	"github.com/studio-agent/studio-agent/connectors/faults"
)

// A Mode is how connections are encrypted.
type Mode string

const (
	Plain    Mode = "plain"
	Explicit Mode = "explicit" // AUTH TLS on the plain port; logins without it are refused
	Implicit Mode = "implicit" // TLS from the first byte
)

// The operations of a fault plan. Status is an FTP reply code.
const (
	OpLogin  = "login"  // PASS
	OpStore  = "stor"   // STOR and APPE; LoseReply loses the answer that ends the upload: to RNTO, or to STOR of a .done file
	OpRetr   = "retr"   // RETR
	OpList   = "list"   // LIST and MLSD
	OpStat   = "stat"   // SIZE, MDTM and MLST
	OpRename = "rename" // RNTO
	OpMkdir  = "mkdir"  // MKD
	OpDelete = "dele"   // DELE
	OpTime   = "time"   // MFMT, and MDTM with a time
)

// Options are the server's habits. Dir is needed; the zero value of the others
// is a good-natured server without TLS, where everybody may log in.
type Options struct {
	Dir            string // what is served; must be there
	User, Password string // empty User: any login

	TLS          Mode      // "" means Plain
	Expires      time.Time // of the certificate; zero means in a year
	RequireReuse bool      // data connections must resume a TLS session (522)
	TLS13Breaks  bool      // STOR fails with 426 under TLS 1.3, as with vsftpd

	NoMLSD, NoMDTM, NoSize, NoRename, NoMkdir, NoDelete, NoRest, NoUTF8 bool

	NoSetTime bool  // neither MFMT nor MDTM with a time
	NoDots    bool  // refuses names that begin with a dot (553)
	NoReplace bool  // RNTO onto a file is refused (553)
	LyingSize int64 // added to every size that is told

	DropsMore bool // what comes in one packet with a command is not answered
	CutsMore  bool // it ends the connection, as some firewalls do

	MaxClients  int           // 421 to more; 0 means any number
	LoginLimit  int           // 530 to more at PASS, as ProFTPD does; 0 means any number
	ClockSkew   time.Duration // added to the server's clock
	Quota       int64         // bytes in all files together (552); 0 means none
	IdleTimeout time.Duration // 421 and the end; 0 means never

	// Listing is what LIST and MLSD say of a folder instead; nil, or false, for
	// what is there.
	Listing func(folder string) (string, bool)

	Faults  *faults.Plan
	OnEvent func(Event) // called for each command, with no lock held; may be nil
}

// An Event is one command that the server has answered or broken off.
type Event struct {
	At      time.Time
	Client  string
	Command string // the verb alone
	Path    string // its argument, but never a password
	Code    int    // 0 if the connection was broken off
}

// A Sim is a running server. Its methods may be used at any time.
type Sim struct {
	opt  Options
	root *os.Root
	cert certificate
	over chan struct{} // closed by Close
	work sync.WaitGroup

	mu       sync.Mutex
	open     map[interface{ Close() error }]bool // listeners and connections
	clients  int
	loggedIn int
	received int64
	commands map[string]int
}

// New opens the folder and, for TLS, makes a certificate for localhost and
// 127.0.0.1.
func New(opt Options) (*Sim, error) {
	s := &Sim{opt: opt, over: make(chan struct{}), open: map[interface{ Close() error }]bool{}, commands: map[string]int{}}
	var err error
	if opt.TLS == Explicit || opt.TLS == Implicit {
		if s.cert, err = newCertificate(opt.Expires); err != nil {
			return nil, err
		}
	}
	if s.root, err = os.OpenRoot(opt.Dir); err != nil {
		return nil, fmt.Errorf("the folder of the FTP server: %w", err)
	}
	return s, nil
}

// CA is the authority to trust, as PEM; empty without TLS.
func (s *Sim) CA() []byte { return s.cert.authority }

// Received is how many bytes uploads have brought.
func (s *Sim) Received() int64 { return locked(s, func() int64 { return s.received }) }

// Count is how often a command was given: "STOR".
func (s *Sim) Count(verb string) int { return locked(s, func() int { return s.commands[verb] }) }

func locked[T any](s *Sim, get func() T) T {
	s.mu.Lock()
	defer s.mu.Unlock()
	return get()
}

// Serve answers on l until Close.
func (s *Sim) Serve(l net.Listener) error {
	if !s.track(l) {
		return nil
	}
	for {
		conn, err := l.Accept()
		if err != nil {
			select {
			case <-s.over:
				return nil
			default:
				return err
			}
		}
		if s.track(conn) {
			s.work.Go(func() { s.serve(conn) })
		}
	}
}

// Close breaks off all connections and waits for their ends. A Sim cannot be
// used again.
func (s *Sim) Close() error {
	s.mu.Lock()
	select {
	case <-s.over:
	default:
		close(s.over)
	}
	for c := range s.open {
		c.Close()
	}
	s.mu.Unlock()
	s.work.Wait()
	return s.root.Close()
}

// track has Close close c. It reports whether the server still runs.
func (s *Sim) track(c interface{ Close() error }) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-s.over:
		c.Close()
		return false
	default:
		s.open[c] = true
		return true
	}
}

func (s *Sim) drop(c interface{ Close() error }) {
	s.mu.Lock()
	delete(s.open, c)
	s.mu.Unlock()
	c.Close()
}

// enter takes a place of limit, 0 for any number. A place that is given up at
// this very moment is waited for: a real server's clients end no faster.
func (s *Sim) enter(places *int, limit int) bool {
	for deadline := time.Now().Add(300 * time.Millisecond); ; time.Sleep(5 * time.Millisecond) {
		s.mu.Lock()
		if limit == 0 || *places < limit {
			*places++
			s.mu.Unlock()
			return true
		}
		s.mu.Unlock()
		if time.Now().After(deadline) {
			return false
		}
	}
}

func (s *Sim) leave(places *int) {
	s.mu.Lock()
	*places--
	s.mu.Unlock()
}

func (s *Sim) now() time.Time { return time.Now().Add(s.opt.ClockSkew) }
