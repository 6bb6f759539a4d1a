package ftp

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"strings"
	"time"
)

// hush is how long a reply to commands that were sent together may take. They ask
// for little, and some servers never answer them all.
const hush = 20 * time.Second

// A control is the control connection. The library reads and writes it and, between
// the library's commands, we do, to send some together (RFC 959, section 5.4: each
// has its reply, in order).
//
// What opens a data connection is never among them: firewalls look for that
// command, or its reply, in a packet of its own.
type control struct {
	net.Conn // with TLS, if any
	raw      *patientConn
	in       *textproto.Reader
	heard    *tap
	hush     time.Duration
}

func newControl(raw *patientConn, heard *tap) *control {
	c := &control{raw: raw, heard: heard, hush: hush}
	c.over(raw)
	return c
}

// over goes on over conn.
func (c *control) over(conn net.Conn) {
	c.Conn, c.in = conn, textproto.NewReader(bufio.NewReader(conn))
}

// Read is the library's.
func (c *control) Read(p []byte) (int, error) {
	n, err := c.in.R.Read(p)
	c.heard.replies(p[:n])
	return n, err
}

// Write is the library's, a command at a time.
func (c *control) Write(p []byte) (int, error) {
	c.heard.command(p)
	return c.Conn.Write(p)
}

// secure does AUTH TLS (RFC 4217, section 4), which the library can do as well but
// then keeps the secured connection to itself. The library gets the greeting to
// read, and finds a connection that is secured already.
func (c *control) secure(config *tls.Config) error {
	greeting, err := c.reply()
	if err != nil {
		return err
	}
	if greeting.code == 220 {
		answers, err := c.together("AUTH TLS")
		if err != nil {
			return err
		}
		if answers[0].code != 234 {
			return &textproto.Error{Code: answers[0].code, Msg: answers[0].text}
		}
		c.over(tls.Client(c.raw, config))
	}
	c.in.R.Reset(io.MultiReader(strings.NewReader(greeting.String()), c.Conn))
	return nil
}

// A reply is one of the server's, its lines made one.
type reply struct {
	code int
	text string
}

func (r reply) String() string { return fmt.Sprintf("%d %s\r\n", r.code, r.text) }

func (c *control) reply() (reply, error) {
	code, text, err := c.in.ReadResponse(0)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return reply{code, strings.TrimSpace(strings.ReplaceAll(text, "\n", " "))}, err
}

var errStep = errors.New("the server says something that nobody has asked for")

// together sends commands in one write and returns the reply to each. After an
// error nobody knows which reply belongs to what: the connection is of no use.
func (c *control) together(commands ...string) ([]reply, error) {
	c.raw.patience = c.hush
	defer func() { c.raw.patience = patience }()
	if c.in.R.Buffered() > 0 {
		return nil, errStep
	}
	if _, err := c.Write([]byte(strings.Join(commands, "\r\n") + "\r\n")); err != nil {
		return nil, err
	}
	answers := make([]reply, len(commands))
	for i := range commands {
		var err error
		if answers[i], err = c.reply(); err != nil {
			return nil, fmt.Errorf("%d of %d commands were answered: %w", i, len(commands), err)
		}
	}
	if c.in.R.Buffered() > 0 {
		return nil, errStep
	}
	return answers, nil
}
