package ftpsim

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/studio-agent/studio-agent/connectors/faults"
)

// maxLine is the longest command that is read; longer ones end the session.
const maxLine = 8 << 10

// A session is one client's control connection.
type session struct {
	sim   *Sim
	raw   net.Conn // under TLS, if any
	conn  net.Conn
	lines *bufio.Reader

	user     string
	loggedIn bool
	private  bool // PROT P
	cwd      string
	from     string // of RNFR
	rest     int64
	passive  net.Listener
	lose     bool // the answer that ends the upload
	over     bool

	verb, arg string // being answered
}

func (s *Sim) serve(conn net.Conn) {
	c := &session{sim: s, raw: conn, conn: conn, cwd: "/"}
	defer s.drop(conn)
	if s.opt.TLS == Implicit {
		c.secure()
	}
	c.lines = bufio.NewReaderSize(c.conn, maxLine)
	if !s.enter(&s.clients, s.opt.MaxClients) {
		c.reply(421, "There are too many connected users, please try again later.")
		return
	}
	defer s.leave(&s.clients)
	c.reply(220, "ftpsim")
	for !c.over && c.next() {
		c.answer()
	}
	if c.passive != nil {
		s.drop(c.passive)
	}
	if c.loggedIn {
		s.leave(&s.loggedIn)
	}
	if t, encrypted := c.conn.(*tls.Conn); encrypted {
		c.raw.SetDeadline(time.Now().Add(time.Second))
		t.Close()
	}
}

func (c *session) secure() {
	c.conn = tls.Server(c.raw, c.sim.cert.config)
	c.lines = bufio.NewReaderSize(c.conn, maxLine)
}

func (c *session) encrypted() bool { return c.conn != c.raw }

// next reads a command.
func (c *session) next() bool {
	if idle := c.sim.opt.IdleTimeout; idle > 0 {
		c.raw.SetReadDeadline(time.Now().Add(idle))
	}
	line, err := c.lines.ReadSlice('\n')
	if errors.Is(err, os.ErrDeadlineExceeded) {
		c.reply(421, "Timeout.")
	}
	if more := c.lines.Buffered() > 0; err != nil || more && c.sim.opt.CutsMore {
		return false
	} else if more && c.sim.opt.DropsMore {
		line = slices.Clone(line)
		c.lines.Discard(c.lines.Buffered())
	}
	c.verb, c.arg, _ = strings.Cut(strings.TrimRight(string(line), "\r\n"), " ")
	c.verb = strings.ToUpper(c.verb)
	c.sim.mu.Lock()
	c.sim.commands[c.verb]++
	c.sim.mu.Unlock()
	return true
}

// reply sends one line, and is the end of a command.
func (c *session) reply(code int, format string, args ...any) {
	c.send(fmt.Sprintf("%d %s", code, fmt.Sprintf(format, args...)))
	c.event(code)
}

// block sends a reply of several lines.
func (c *session) block(code int, first string, lines []string, last string) {
	c.send(fmt.Sprintf("%d-%s\r\n %s\r\n%d %s", code, first, strings.Join(lines, "\r\n "), code, last))
	c.event(code)
}

func (c *session) send(text string) {
	c.raw.SetWriteDeadline(time.Now().Add(10 * time.Second))
	if _, err := c.conn.Write([]byte(text + "\r\n")); err != nil {
		c.over = true
	}
}

func (c *session) event(code int) {
	if c.sim.opt.OnEvent == nil {
		return
	}
	arg := c.arg
	if c.verb == "PASS" {
		arg = ""
	}
	c.sim.opt.OnEvent(Event{At: c.sim.now(), Client: c.raw.RemoteAddr().String(), Command: c.verb, Path: arg, Code: code})
}

// breakOff is the end without a word.
func (c *session) breakOff() {
	c.over = true
	c.sim.drop(c.raw)
	c.event(0)
}

// trouble is what is planned for op; ended says that it has been dealt with.
func (c *session) trouble(op string) (f faults.Fault, ended bool) {
	f = c.sim.opt.Faults.Next(op)
	if f.Delay > 0 {
		delay := time.NewTimer(f.Delay)
		defer delay.Stop()
		select {
		case <-delay.C:
		case <-c.sim.over:
		}
	}
	switch {
	case f.Cut < 0:
		c.breakOff()
	case f.Status != 0:
		c.reply(f.Status, "trouble as planned")
	default:
		return f, false
	}
	return f, true
}

// done answers a command that went well, unless f has it otherwise.
func (c *session) done(f faults.Fault, code int, format string, args ...any) {
	switch {
	case f.LoseReply:
		c.breakOff()
	case f.FailAfter != 0:
		c.reply(f.FailAfter, "trouble as planned")
	default:
		c.reply(code, format, args...)
	}
}

// local is arg as a name below the folder that is served. It cannot lead out.
func (c *session) local(arg string) string {
	if !path.IsAbs(arg) {
		arg = path.Join(c.cwd, arg)
	}
	if name := strings.TrimPrefix(path.Clean(arg), "/"); name != "" {
		return name
	}
	return "."
}
