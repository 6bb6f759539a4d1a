package ftpsim

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path"
	"strings"
	"time"

	"github.com/studio-agent/studio-agent/connectors/faults"
)

const dataPatience = 10 * time.Second

func (c *session) listen() {
	if c.passive != nil {
		c.sim.drop(c.passive)
		c.passive = nil
	}
	own := c.raw.LocalAddr().(*net.TCPAddr)
	l, err := net.ListenTCP("tcp", &net.TCPAddr{IP: own.IP})
	if err != nil || !c.sim.track(l) {
		c.reply(425, "Cannot listen.")
		return
	}
	l.SetDeadline(time.Now().Add(dataPatience))
	c.passive = l
	port := l.Addr().(*net.TCPAddr).Port
	if ip := own.IP.To4(); c.verb == "PASV" && ip != nil {
		c.reply(227, "Entering Passive Mode (%d,%d,%d,%d,%d,%d).", ip[0], ip[1], ip[2], ip[3], port>>8, port&255)
		return
	}
	c.reply(229, "Entering Extended Passive Mode (|||%d|)", port)
}

var errReuse = errors.New("session reuse required")

// open says 150 and takes the client's data connection.
func (c *session) open() (net.Conn, error) {
	if c.passive == nil {
		return nil, errors.New("use EPSV or PASV first")
	}
	l := c.passive
	c.passive = nil
	defer c.sim.drop(l)
	c.send("150 Ok to send data.")
	conn, err := l.Accept()
	if err != nil {
		return nil, err
	}
	if !c.sim.track(conn) {
		return nil, net.ErrClosed
	}
	if !c.private {
		return conn, nil
	}
	conn.SetDeadline(time.Now().Add(dataPatience))
	t := tls.Server(conn, c.sim.cert.config)
	err = t.Handshake()
	if err == nil && c.sim.opt.RequireReuse && !t.ConnectionState().DidResume {
		err = errReuse
	}
	if err != nil {
		c.sim.drop(conn)
		return nil, err
	}
	conn.SetDeadline(time.Time{})
	return tracked{t, c.sim, conn}, nil
}

// tracked is TLS on a connection that Close knows.
type tracked struct {
	*tls.Conn
	sim *Sim
	raw net.Conn
}

func (t tracked) Close() error {
	t.raw.SetDeadline(time.Now().Add(time.Second))
	err := t.Conn.Close()
	t.sim.drop(t.raw)
	return err
}

// transfer runs one data connection and answers.
func (c *session) transfer(f faults.Fault, move func(net.Conn) error) {
	conn, err := c.open()
	if errors.Is(err, errReuse) {
		c.reply(522, "SSL connection failed; session reuse required.")
		return
	}
	if err != nil {
		c.reply(425, "Failed to establish connection.")
		return
	}
	err = move(conn)
	if _, encrypted := conn.(tracked); encrypted {
		conn.Close()
	} else {
		c.sim.drop(conn)
	}
	var refused *refusal
	switch {
	case errors.Is(err, errCut):
		c.breakOff()
	case errors.As(err, &refused):
		c.reply(refused.code, "%s", refused.text)
	case err != nil:
		c.reply(426, "Failure on network stream.")
	default:
		c.done(f, 226, "Transfer complete.")
	}
}

var errCut = errors.New("cut as planned")

type refusal struct {
	code int
	text string
}

func (r *refusal) Error() string { return r.text }

func (c *session) retr() {
	offset := c.rest
	c.rest = 0
	f, ended := c.trouble(OpRetr)
	if ended {
		return
	}
	file, err := c.sim.root.Open(c.local(c.arg))
	if err == nil {
		defer file.Close()
		if info, looked := file.Stat(); looked != nil || !info.Mode().IsRegular() {
			err = fs.ErrInvalid
		}
	}
	if err != nil {
		c.reply(550, "Failed to open file.")
		return
	}
	c.transfer(f, func(conn net.Conn) error {
		if _, err := file.Seek(offset, io.SeekStart); err != nil {
			return err
		}
		return copyUntil(conn, file, f.Cut)
	})
}

// copyUntil copies all, or cut bytes and then fails.
func copyUntil(w io.Writer, r io.Reader, cut int64) error {
	if cut <= 0 {
		_, err := io.Copy(w, r)
		return err
	}
	if _, err := io.CopyN(w, r, cut); err != nil && err != io.EOF {
		return err
	}
	return errCut
}

func (c *session) stor() {
	offset := c.rest
	c.rest = 0
	name := c.local(c.arg)
	if strings.HasPrefix(path.Base(name), ".") && c.sim.opt.NoDots {
		c.reply(553, "Prohibited file name.")
		return
	}
	var f faults.Fault
	breaks := c.breaks()
	if !breaks {
		var ended bool
		if f, ended = c.trouble(OpStore); ended {
			return
		}
	}
	flags := os.O_WRONLY | os.O_CREATE
	if offset == 0 {
		flags |= os.O_TRUNC
	}
	file, err := c.sim.root.OpenFile(name, flags, 0o666)
	if err != nil {
		c.reply(553, "Could not create file.")
		return
	}
	defer file.Close()
	c.lose = c.lose || f.LoseReply
	f.LoseReply = c.lose && strings.HasSuffix(name, ".done")
	c.transfer(f, func(conn net.Conn) error {
		if _, err := file.Seek(offset, io.SeekStart); err != nil {
			return err
		}
		err := copyUntil(c.counted(file), conn, f.Cut)
		if breaks {
			return &refusal{426, "Failure reading network stream."}
		}
		if now := c.sim.now(); err == nil {
			err = c.sim.root.Chtimes(name, time.Time{}, now)
		}
		return err
	})
}

// breaks reports a client that speaks TLS 1.3 to a server that fails at it.
func (c *session) breaks() bool {
	t, encrypted := c.conn.(*tls.Conn)
	return c.sim.opt.TLS13Breaks && encrypted && c.private && t.ConnectionState().Version == tls.VersionTLS13
}

// counted counts what is written to file, and refuses what is over the quota.
func (c *session) counted(file *os.File) io.Writer {
	left := int64(-1)
	if c.sim.opt.Quota > 0 {
		left = max(0, c.sim.opt.Quota-c.sim.used())
	}
	return writer(func(p []byte) (int, error) {
		if left >= 0 && int64(len(p)) > left {
			return 0, &refusal{552, "Quota exceeded: the file was not stored in full."}
		}
		n, err := file.Write(p)
		if left >= 0 {
			left -= int64(n)
		}
		c.sim.mu.Lock()
		c.sim.received += int64(n)
		c.sim.mu.Unlock()
		return n, err
	})
}

type writer func([]byte) (int, error)

func (w writer) Write(p []byte) (int, error) { return w(p) }

// used is how much lies in all files.
func (s *Sim) used() (sum int64) {
	fs.WalkDir(s.root.FS(), ".", func(_ string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			if info, err := d.Info(); err == nil {
				sum += info.Size()
			}
		}
		return nil
	})
	return sum
}

func (c *session) list() {
	if c.verb == "MLSD" && c.sim.opt.NoMLSD {
		c.reply(500, "Unknown command.")
		return
	}
	f, ended := c.trouble(OpList)
	if ended {
		return
	}
	entries, err := fs.ReadDir(c.sim.root.FS(), c.local(c.arg))
	if err != nil {
		c.reply(550, "No such folder.")
		return
	}
	text := c.listing(entries)
	c.transfer(f, func(conn net.Conn) error { return copyUntil(conn, strings.NewReader(text), f.Cut) })
}

func (c *session) listing(entries []fs.DirEntry) string {
	if c.sim.opt.Listing != nil {
		if text, ok := c.sim.opt.Listing(c.local(c.arg)); ok {
			return text
		}
	}
	var text strings.Builder
	if c.verb == "MLSD" {
		text.WriteString("type=cdir;modify=20260101000000; .\r\n")
	} else {
		fmt.Fprintf(&text, "total %d\r\n", len(entries))
	}
	for _, e := range entries {
		info, err := e.Info()
		switch {
		case err != nil:
		case c.verb == "MLSD":
			text.WriteString(c.sim.facts(info) + " " + e.Name() + "\r\n")
		case !strings.HasPrefix(e.Name(), "."): // vsftpd hides them
			text.WriteString(c.sim.line(info) + " " + e.Name() + "\r\n")
		}
	}
	return text.String()
}

// facts are those of RFC 3659, section 7.5.
func (s *Sim) facts(info fs.FileInfo) string {
	kind := "OS.unix=other"
	switch {
	case info.IsDir():
		kind = "dir"
	case info.Mode().IsRegular():
		kind = "file"
	}
	return fmt.Sprintf("type=%s;size=%d;modify=%s;", kind, info.Size()+s.opt.LyingSize, info.ModTime().UTC().Format(stamp))
}

// line is as ls -l has it: no year within half a year, else no hour.
func (s *Sim) line(info fs.FileInfo) string {
	format := "Jan _2 15:04"
	if age := s.now().Sub(info.ModTime()); age > 180*24*time.Hour || age < 0 {
		format = "Jan _2  2006"
	}
	kind := "-rw-r--r--"
	switch {
	case info.IsDir():
		kind = "drwxr-xr-x"
	case info.Mode()&fs.ModeSymlink != 0:
		kind = "lrwxrwxrwx"
	}
	return fmt.Sprintf("%s    1 1000     1000     %12d %s", kind, info.Size()+s.opt.LyingSize, info.ModTime().UTC().Format(format))
}
