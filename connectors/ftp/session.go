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

// A session is one connection that is logged in. Who has taken it from the pool
// speaks with the server, and in between who still has a photo to show there: see
// beside.go.
type session struct {
	home string // where the server put the user
	book *book
	data *tls.Config // nil without TLS

	handed sync.RWMutex // shared by those who have a photo to show

	turn    sync.Mutex // held by who speaks; guards what follows
	conn    *ftp.ServerConn
	control *control
	heard   *tap
	ctx     context.Context // of what runs
	listing *bytes.Buffer   // takes a copy of the next data connection; may be nil
	blocks  [ahead][]byte   // for the data connection: there is one at a time
	proven  bool            // it has answered commands that were sent together

	folders             map[string]bool // seen to be there
	keepsTimes, noTimes bool            // what became of the first time that was set

	mu      sync.Mutex          // guards what follows
	state   tls.ConnectionState // of control
	reused  bool                // the last data connection resumed control's session
	open    map[net.Conn]bool   // to cut
	gone    bool
	suspect bool      // something went wrong: ask before using it again
	used    time.Time // it last answered
	worked  time.Time // it was last of use
}

// enter connects and logs in, with most as the highest version of TLS.
func (v server) enter(ctx context.Context, most uint16, b *book) (*session, error) {
	s := &session{heard: new(tap), book: b, folders: map[string]bool{}, open: map[net.Conn]bool{}, ctx: ctx}
	stop := context.AfterFunc(ctx, s.cut)
	defer stop()
	options := []ftp.DialOption{ftp.DialWithWritingMDTM(true)}
	var control *tls.Config
	if v.config != nil {
		control, s.data = secured(v.config, most)
		control.VerifyConnection = func(state tls.ConnectionState) error { return s.note(func() { s.state = state }) }
		s.data.VerifyConnection = func(state tls.ConnectionState) error {
			return s.note(func() { s.reused = state.DidResume })
		}
		options = append(options, ftp.DialWithTLS(control)) // which the dialer does
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
	s.heard.sated = true
	s.used = time.Now()
	return s, nil
}

// note remembers how a connection is secured.
func (s *session) note(what func()) error {
	s.mark(what)
	return nil
}

func (s *session) mark(what func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	what()
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
		if s.control != nil {
			d.KeepAlive = -1 // patience ends it sooner
		}
		tcp, err := d.DialContext(s.ctx, network, address)
		if err != nil {
			return nil, err
		}
		if !s.track(tcp) {
			return nil, net.ErrClosed
		}
		raw := &patientConn{tcp, patience}
		if s.control == nil {
			s.control = newControl(raw, s.heard)
			switch v.TLS {
			case tlsImplicit:
				s.control.over(tls.Client(raw, control))
			case tlsExplicit:
				return s.control, s.control.secure(control)
			}
			return s.control, nil
		}
		c := &dataConn{Conn: raw, raw: raw, blocks: s.blocks[:], done: func() { s.untrack(tcp) }}
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

// quit takes leave, if nobody speaks.
func (s *session) quit() {
	if s.turn.TryLock() {
		s.control.raw.patience = time.Second
		s.conn.Quit()
		s.turn.Unlock()
	}
	s.cut()
}

// alive asks whether the server still answers.
func (s *session) alive(ctx context.Context) bool {
	s.turn.Lock()
	defer s.turn.Unlock()
	defer context.AfterFunc(ctx, s.cut)()
	s.control.raw.patience = 10 * time.Second
	defer func() { s.control.raw.patience = patience }()
	s.mark(func() { s.used = time.Now() })
	return s.conn.NoOp() == nil
}

// fresh reports a session that has answered of late, and nothing went wrong.
func (s *session) fresh() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.gone && !s.suspect && time.Since(s.used) < fresh
}

// rested reports a session that was of no use for long.
func (s *session) rested() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Since(s.worked) > restful
}

// run does f, and cuts the session when ctx ends. Photos that were handed over
// there are shown first.
func (s *session) run(ctx context.Context, f func(*session) error) error {
	s.handed.Lock()
	defer s.handed.Unlock()
	return s.speak(ctx, f)
}

// speak does f when it is its turn.
func (s *session) speak(ctx context.Context, f func(*session) error) error {
	s.turn.Lock()
	defer s.turn.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	s.ctx = ctx
	stop := context.AfterFunc(ctx, s.cut)
	err := f(s)
	stop()
	s.mark(func() { s.used, s.worked, s.suspect = time.Now(), time.Now(), err != nil })
	return ended(ctx, err)
}

// together sends commands that do not wait for each other's replies, and returns
// these. After an error the session is of no use.
func (s *session) together(commands ...string) ([]reply, error) {
	for _, c := range commands {
		if strings.ContainsAny(c, "\r\n") {
			return nil, ftp.ErrInvalidCommand
		}
	}
	answers, err := s.control.together(commands...)
	if err == nil {
		s.proven = true
		s.book.answered()
		return answers, nil
	}
	s.cut()
	if !s.proven && s.ctx.Err() == nil {
		err = errors.Join(err, s.book.unanswered())
	}
	return nil, err
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
