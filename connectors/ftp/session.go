package ftp

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/jlaffaye/ftp"
)

// A server is what is needed to log in.
type server struct {
	options
	password string
	config   *tls.Config // nil for a plain account
}

// A session is one connection that is logged in. It is for one goroutine, but
// for cut.
type session struct {
	conn  *ftp.ServerConn
	heard *tap
	home  string // where the server put the user
	book  *book
	data  *tls.Config // nil without TLS

	mu      sync.Mutex
	state   tls.ConnectionState // of control
	reused  bool                // the last data connection resumed control's session
	open    map[net.Conn]bool   // to cut
	gone    bool
	control *patientConn

	ctx     context.Context // of what runs
	listing *bytes.Buffer   // takes a copy of the next data connection; may be nil
	block   []byte          // for the data connection: there is one at a time
	suspect bool            // something went wrong: ask before using it again
	used    time.Time       // it last answered
	worked  time.Time       // it was last of use

	folders             map[string]bool // seen to be there
	keepsTimes, noTimes bool            // what became of the first time that was set
}

// enter connects and logs in, with most as the highest version of TLS.
func (v server) enter(ctx context.Context, most uint16, b *book) (*session, error) {
	s := &session{heard: new(tap), book: b, folders: map[string]bool{}, open: map[net.Conn]bool{}, ctx: ctx}
	stop := context.AfterFunc(ctx, s.cut)
	defer stop()
	options := []ftp.DialOption{ftp.DialWithDebugOutput(s.heard), ftp.DialWithWritingMDTM(true)}
	var control *tls.Config
	if v.config != nil {
		control, s.data = secured(v.config, most)
		control.VerifyConnection = func(state tls.ConnectionState) error { return s.note(func() { s.state = state }) }
		s.data.VerifyConnection = func(state tls.ConnectionState) error {
			return s.note(func() { s.reused = state.DidResume })
		}
		if v.TLS == tlsExplicit {
			options = append(options, ftp.DialWithExplicitTLS(control))
		} else {
			options = append(options, ftp.DialWithTLS(control))
		}
	}
	options = append(options, ftp.DialWithDialFunc(s.dialer(v, control)))
	conn, err := ftp.Dial(v.Host, options...)
	if err == nil {
		s.conn = conn
		err = conn.Login(v.User, v.password)
	}
	if err == nil {
		err = s.findHome()
	}
	if err == nil && s.heard.has("") && !s.heard.has("SIZE") && !conn.IsTimePreciseInList() {
		err = b.learn("SIZE", func(p *profile) { p.NoSize = true })
	}
	if err != nil {
		s.cut()
		if wrong := distrust(err); wrong != nil {
			return nil, wrong
		}
		return nil, ended(ctx, s.heard.told(err))
	}
	s.used = time.Now()
	return s, nil
}

// note remembers how a connection is secured.
func (s *session) note(what func()) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	what()
	return nil
}

func (s *session) security() (control tls.ConnectionState, reused bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state, s.reused
}

func (s *session) isTLS13() bool {
	state, _ := s.security()
	return state.Version == tls.VersionTLS13
}

// dialer opens the control connection at its first call, later those for data.
func (s *session) dialer(v server, control *tls.Config) func(network, address string) (net.Conn, error) {
	return func(network, address string) (net.Conn, error) {
		d := net.Dialer{Timeout: 30 * time.Second}
		tcp, err := d.DialContext(s.ctx, network, address)
		if err != nil {
			return nil, err
		}
		if !s.track(tcp) {
			return nil, net.ErrClosed
		}
		raw := &patientConn{tcp, patience}
		if s.control == nil {
			s.control = raw
			if v.TLS == tlsImplicit {
				return tls.Client(raw, control), nil
			}
			return raw, nil
		}
		if s.block == nil {
			s.block = make([]byte, blockSize)
		}
		c := &dataConn{Conn: raw, raw: raw, block: s.block, done: func() { s.untrack(tcp) }}
		if s.data != nil {
			c.Conn = tls.Client(raw, s.data)
		}
		if s.listing != nil {
			c.copied = s.listing
		}
		return c, nil
	}
}

func (s *session) track(c net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gone {
		c.Close()
		return false
	}
	s.open[c] = true
	return true
}

func (s *session) untrack(c net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, c)
}

// cut ends all connections at once, whoever waits for them.
func (s *session) cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gone = true
	for c := range s.open {
		c.Close()
	}
}

// quit takes leave.
func (s *session) quit() {
	s.control.patience = time.Second
	s.conn.Quit()
	s.cut()
}

// alive asks whether the server still answers.
func (s *session) alive(ctx context.Context) bool {
	defer context.AfterFunc(ctx, s.cut)()
	s.control.patience = 10 * time.Second
	defer func() { s.control.patience = patience }()
	s.used = time.Now()
	return s.conn.NoOp() == nil
}

// run does f, and cuts the session when ctx ends.
func (s *session) run(ctx context.Context, f func(*session) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.ctx = ctx
	stop := context.AfterFunc(ctx, s.cut)
	err := f(s)
	stop()
	s.used, s.worked = time.Now(), time.Now()
	s.suspect = err != nil
	return ended(ctx, err)
}

// findHome asks where relative folders start (RFC 959, appendix II: quotes in
// the name are doubled).
func (s *session) findHome() error {
	home, err := s.conn.CurrentDir()
	if err != nil {
		return fmt.Errorf("where the login leads to cannot be found out: %w", err)
	}
	s.home = strings.ReplaceAll(home, `""`, `"`)
	if !path.IsAbs(s.home) {
		return errors.New("the login leads to " + s.home + ", which is no folder like /name")
	}
	return nil
}

// path is a folder or file as the server is asked for it: absolute, so that no
// name can be taken for an option and no change of folder matters.
func (s *session) path(elem ...string) string {
	name := path.Join(elem...)
	if path.IsAbs(name) {
		return name
	}
	return path.Join(s.home, name)
}
