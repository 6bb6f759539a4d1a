package ftpsim

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/studio-agent/studio-agent/connectors/faults"
)

// A client speaks the protocol by hand: no library hides what is said.
type client struct {
	*testing.T
	*textproto.Conn
	addr string
}

func serve(t *testing.T, opt Options) (*Sim, string) {
	t.Helper()
	if opt.Dir == "" {
		opt.Dir = t.TempDir()
	}
	s, err := New(opt)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	t.Cleanup(func() {
		s.Close()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return s, l.Addr().String()
}

func dial(t *testing.T, addr string) *client {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(20 * time.Second))
	return &client{t, textproto.NewConn(conn), addr}
}

func enter(t *testing.T, addr string) *client {
	c := dial(t, addr)
	c.want(220, "")
	c.want(331, "USER u")
	c.want(230, "PASS p")
	return c
}

// want sends a command, if any, and reads the reply.
func (c *client) want(code int, command string) string {
	c.Helper()
	if command != "" {
		c.PrintfLine("%s", command)
	}
	_, text, err := c.ReadResponse(code)
	if err != nil {
		c.Errorf("%s: %v, want %d", command, err, code)
	}
	return text
}

// data opens the data connection for a command and returns it.
func (c *client) data(command string) net.Conn {
	c.Helper()
	text := c.want(229, "EPSV")
	var port int
	if _, err := fmt.Sscanf(text[strings.Index(text, "|||"):], "|||%d|", &port); err != nil {
		c.Fatal(err)
	}
	conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		c.Fatal(err)
	}
	c.want(150, command)
	return conn
}

func (c *client) store(name, content string, code int) {
	c.Helper()
	conn := c.data("STOR " + name)
	io.WriteString(conn, content)
	conn.Close()
	c.want(code, "")
}

func TestAFileGoesUpAndComesDown(t *testing.T) {
	dir := t.TempDir()
	s, addr := serve(t, Options{Dir: dir, User: "u", Password: "p"})
	c := enter(t, addr)
	c.want(257, "MKD a")
	c.store("a/x y.jpg", "picture", 226)
	if got, err := os.ReadFile(filepath.Join(dir, "a", "x y.jpg")); err != nil || string(got) != "picture" {
		t.Errorf("on disk %q, %v", got, err)
	}
	if got := c.want(213, "SIZE a/x y.jpg"); got != "7" {
		t.Errorf("size %s", got)
	}
	c.want(213, "MFMT 20260304050607 a/x y.jpg")
	if got := c.want(213, "MDTM a/x y.jpg"); got != "20260304050607" {
		t.Errorf("time %s", got)
	}
	c.want(350, "REST 3")
	conn := c.data("RETR a/x y.jpg")
	if got, _ := io.ReadAll(conn); string(got) != "ture" {
		t.Errorf("from the third byte on: %q", got)
	}
	c.want(226, "")
	c.want(250, "CWD /a")
	for _, listing := range []struct{ verb, want string }{
		{"MLSD", "type=file;size=7;modify=20260304050607; x y.jpg\r\n"},
		{"LIST", "      7 Mar  4"},
	} {
		got, _ := io.ReadAll(c.data(listing.verb))
		if c.want(226, ""); !strings.Contains(string(got), listing.want) {
			t.Errorf("%s says %q", listing.verb, got)
		}
	}
	c.want(350, "RNFR x y.jpg")
	c.want(250, "RNTO /z.jpg")
	c.want(250, "DELE ../z.jpg")
	if s.Received() != 7 || s.Count("STOR") != 1 {
		t.Errorf("received %d bytes in %d uploads", s.Received(), s.Count("STOR"))
	}
}

func TestNothingLeadsOut(t *testing.T) {
	dir := t.TempDir()
	root := filepath.Join(dir, "root")
	if err := os.Mkdir(root, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "secret"), []byte("s"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("..", filepath.Join(root, "up")); err != nil {
		t.Fatal(err)
	}
	_, addr := serve(t, Options{Dir: root})
	c := enter(t, addr)
	for _, name := range []string{"../secret", "/../secret", "up/secret", "a/../../secret"} {
		c.want(550, "SIZE "+name)
		c.want(550, "RETR "+name)
		c.want(550, "DELE "+name)
	}
	c.want(550, "CWD up")
	if _, err := os.Stat(filepath.Join(dir, "secret")); err != nil {
		t.Error(err)
	}
}

func TestWhoMayEnter(t *testing.T) {
	_, addr := serve(t, Options{User: "u", Password: "p", MaxClients: 1})
	c := dial(t, addr)
	c.want(220, "")
	c.want(530, "LIST")
	c.want(331, "USER u")
	c.want(530, "PASS wrong")
	c.want(331, "USER u")
	c.want(230, "PASS p")
	dial(t, addr).want(421, "")
	c.want(221, "QUIT")
	enter(t, addr)
}

func TestHabits(t *testing.T) {
	_, addr := serve(t, Options{
		NoMLSD: true, NoMDTM: true, NoSize: true, NoRename: true, NoMkdir: true, NoDelete: true, NoRest: true, NoDots: true, NoUTF8: true, Quota: 10,
	})
	c := enter(t, addr)
	c.store("a", "1234567", 226)
	c.store("b", "1234567", 552)
	for command, code := range map[string]int{
		"MLSD": 500, "MLST a": 502, "MDTM a": 502, "MFMT 20260304050607 a": 550, "SIZE a": 502, "RNFR a": 550,
		"MKD d": 550, "DELE a": 550, "REST 1": 502, "STOR .a": 553, "NONSENSE": 500, "AUTH TLS": 502, "RNTO a": 503,
	} {
		c.want(code, command)
	}
	if features := c.want(211, "FEAT"); strings.Contains(features, "MLST") || strings.Contains(features, "SIZE") || strings.Contains(features, "UTF8") {
		t.Errorf("it boasts of %s", features)
	}
}

func TestTheClockIsOffAndTheServerGrowsImpatient(t *testing.T) {
	_, addr := serve(t, Options{ClockSkew: 3 * time.Hour, IdleTimeout: 50 * time.Millisecond})
	c := enter(t, addr)
	c.store("a", "x", 226)
	at, err := time.Parse(stamp, c.want(213, "MDTM a"))
	if off := time.Until(at); err != nil || off < 3*time.Hour-time.Minute || off > 3*time.Hour+time.Minute {
		t.Errorf("%v off, %v", off, err)
	}
	c.want(421, "") // unasked
	if _, err := c.ReadLine(); err == nil {
		t.Error("the connection is still there")
	}
}

func TestPlannedTrouble(t *testing.T) {
	plan := faults.NewPlan(1)
	dir := t.TempDir()
	_, addr := serve(t, Options{Dir: dir, Faults: plan})
	plan.Then(OpStore, faults.Fault{Status: 451}, faults.Fault{Cut: 3})
	plan.Then(OpRename, faults.Fault{FailAfter: 451}, faults.Fault{LoseReply: true})
	c := enter(t, addr)
	c.want(451, "STOR a")
	conn := c.data("STOR a")
	io.WriteString(conn, "picture")
	if line, err := c.ReadLine(); err == nil {
		t.Errorf("after the cut: %s", line)
	}
	if got, err := os.ReadFile(filepath.Join(dir, "a")); err != nil || string(got) != "pic" {
		t.Errorf("arrived %q, %v", got, err)
	}
	c = enter(t, addr)
	c.want(350, "RNFR a")
	c.want(451, "RNTO b")
	c.want(350, "RNFR b")
	c.PrintfLine("RNTO c")
	if line, err := c.ReadLine(); err == nil {
		t.Errorf("the reply that was to be lost: %s", line)
	}
	if _, err := os.Stat(filepath.Join(dir, "c")); err != nil {
		t.Error(err)
	}
}

func TestTLS(t *testing.T) {
	s, addr := serve(t, Options{TLS: Explicit, RequireReuse: true})
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(s.CA())
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	c := &client{t, textproto.NewConn(conn), addr}
	c.want(220, "")
	c.want(530, "USER u")
	c.want(234, "AUTH TLS")
	secure := tls.Client(conn, &tls.Config{RootCAs: roots, ServerName: "127.0.0.1"})
	if err := secure.Handshake(); err != nil {
		t.Fatal(err)
	}
	c.Conn = textproto.NewConn(secure)
	c.want(331, "USER u")
	c.want(230, "PASS p")
	c.want(200, "PROT P")
	data := c.data("STOR a")
	tls.Client(data, &tls.Config{RootCAs: roots, ServerName: "127.0.0.1"}).Handshake() // a session of its own
	c.want(522, "")
}

func TestAnOverlongCommandIsTheEnd(t *testing.T) {
	_, addr := serve(t, Options{})
	c := enter(t, addr)
	fmt.Fprintf(c.W, "SIZE %s\r\n", strings.Repeat("x", 2*maxLine))
	c.W.Flush()
	if _, err := bufio.NewReader(c.R).ReadString('\n'); err == nil {
		t.Error("it was answered")
	}
}
