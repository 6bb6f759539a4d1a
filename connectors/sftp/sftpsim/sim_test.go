package sftpsim

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/pkg/sftp"
	"go.uber.org/goleak"
	"golang.org/x/crypto/ssh"

	"github.com/studio-agent/studio-agent/connectors/faults"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// serve starts a server and returns it, where it listens, and how to stop it.
func serve(t *testing.T, opt Options) (*Sim, string) {
	t.Helper()
	opt.Dir = t.TempDir()
	sim, err := New(opt)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- sim.Serve(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		if err := <-served; err != nil {
			t.Error(err)
		}
		sim.Close()
	})
	return sim, l.Addr().String()
}

func login(sim *Sim, addr string, auth ssh.AuthMethod) (*ssh.Client, error) {
	return ssh.Dial("tcp", addr, &ssh.ClientConfig{User: "studio", Auth: []ssh.AuthMethod{auth}, HostKeyCallback: ssh.FixedHostKey(sim.HostKey())})
}

// connect logs in with the password.
func connect(t *testing.T, sim *Sim, addr string) *sftp.Client {
	t.Helper()
	conn, err := login(sim, addr, ssh.Password("pw"))
	if err != nil {
		t.Fatal(err)
	}
	client, err := sftp.NewClient(conn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(); client.Wait() })
	return client
}

func send(c *sftp.Client, name string, content []byte) error {
	f, err := c.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	return errors.Join(err, f.Close())
}

func TestWhoMayLogIn(t *testing.T) {
	_, key, _ := ed25519.GenerateKey(nil)
	signer, err := ssh.NewSignerFromKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		opt  Options
		auth ssh.AuthMethod
		want bool
	}{
		"password":       {Options{Password: "pw"}, ssh.Password("pw"), true},
		"wrong password": {Options{Password: "pw"}, ssh.Password("no"), false},
		"wrong user":     {Options{User: "other", Password: "pw"}, ssh.Password("pw"), false},
		"no passwords":   {Options{Keys: []ssh.PublicKey{signer.PublicKey()}}, ssh.Password(""), false},
		"key":            {Options{Keys: []ssh.PublicKey{signer.PublicKey()}}, ssh.PublicKeys(signer), true},
		"unknown key":    {Options{Password: "pw"}, ssh.PublicKeys(signer), false},
	} {
		t.Run(name, func(t *testing.T) {
			sim, addr := serve(t, c.opt)
			conn, err := login(sim, addr, c.auth)
			if (err == nil) != c.want {
				t.Errorf("got %v, want %v", err, c.want)
			}
			if conn != nil {
				conn.Close()
			}
		})
	}
}

func TestFilesGoBothWays(t *testing.T) {
	var mu sync.Mutex
	var seen []string
	sim, addr := serve(t, Options{Password: "pw", OnEvent: func(e Event) {
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, e.Op+" "+e.Name)
	}})
	c := connect(t, sim, addr)
	content := bytes.Repeat([]byte("picture"), 20_000)
	when := time.Unix(1_700_000_000, 0)
	if err := errors.Join(c.Mkdir("/in"), send(c, "/in/x.part", content), c.Chtimes("/in/x.part", when, when), c.Rename("/in/x.part", "/in/0001.jpg")); err != nil {
		t.Fatal(err)
	}
	info, err := c.Lstat("in/0001.jpg")
	if err != nil || info.Size() != int64(len(content)) || !info.ModTime().Equal(when) || sim.Received() != info.Size() {
		t.Errorf("got %v, %v, %d bytes received", info, err, sim.Received())
	}
	f, err := c.Open("/in/0001.jpg")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var got bytes.Buffer
	if _, err := f.WriteTo(&got); err != nil || !bytes.Equal(got.Bytes(), content) {
		t.Errorf("read %d bytes, %v", got.Len(), err)
	}
	mu.Lock()
	defer mu.Unlock()
	if !slices.Equal(seen, []string{"publish in/0001.jpg"}) {
		t.Errorf("seen %q", seen)
	}
}

func TestNothingLiesOutside(t *testing.T) {
	sim, addr := serve(t, Options{Password: "pw"})
	outside := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(outside, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(sim.opt.Dir, "link")); err != nil {
		t.Fatal(err)
	}
	c := connect(t, sim, addr)
	for _, name := range []string{outside, "../../../../../.." + outside, "/link"} {
		if f, err := c.Open(name); err == nil {
			f.Close()
			t.Errorf("%s can be opened", name)
		}
	}
}

func TestRenameOverAFile(t *testing.T) {
	for _, replaces := range []bool{false, true} {
		sim, addr := serve(t, Options{Password: "pw", RenameReplaces: replaces})
		c := connect(t, sim, addr)
		if err := errors.Join(send(c, "a", []byte("a")), send(c, "b", []byte("b"))); err != nil {
			t.Fatal(err)
		}
		if err := c.Rename("b", "a"); (err == nil) != replaces {
			t.Errorf("replaces %v: got %v", replaces, err)
		}
		if err := errors.Join(send(c, "c", []byte("c")), c.PosixRename("c", "a")); err != nil {
			t.Error(err)
		}
	}
}

func TestExtensionsCanBeMissing(t *testing.T) {
	sim, addr := serve(t, Options{Password: "pw", Without: []string{"fsync@openssh.com"}})
	c := connect(t, sim, addr)
	for name, want := range map[string]bool{"fsync@openssh.com": false, "posix-rename@openssh.com": true, "statvfs@openssh.com": true} {
		if _, got := c.HasExtension(name); got != want {
			t.Errorf("%s: got %v", name, got)
		}
	}
}

func TestFaults(t *testing.T) {
	content := make([]byte, 100_000)
	upload := func(c *sftp.Client) error {
		return errors.Join(send(c, "x.part", content), c.Rename("x.part", "x"))
	}
	for _, c := range []struct {
		name  string
		op    string
		fault faults.Fault
		want  error // nil: any
		shows bool
	}{
		{"cut at once", OpUpload, faults.Fault{Cut: -1}, sftp.ErrSSHFxConnectionLost, false},
		{"cut in the middle", OpUpload, faults.Fault{Cut: 50_000}, sftp.ErrSSHFxConnectionLost, false},
		{"denied", OpUpload, faults.Fault{Status: 403}, fs.ErrPermission, false},
		{"missing", OpUpload, faults.Fault{Status: 404}, fs.ErrNotExist, false},
		{"failure", OpUpload, faults.Fault{Status: 500}, nil, false},
		{"reply lost", OpUpload, faults.Fault{LoseReply: true}, sftp.ErrSSHFxConnectionLost, true},
		{"failure afterwards", OpUpload, faults.Fault{FailAfter: 500}, nil, true},
		{"cut before the rename", OpPublish, faults.Fault{Cut: -1}, sftp.ErrSSHFxConnectionLost, false},
		{"reply to the rename lost", OpPublish, faults.Fault{LoseReply: true}, sftp.ErrSSHFxConnectionLost, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			plan := faults.NewPlan(1)
			sim, addr := serve(t, Options{Password: "pw", Faults: plan})
			plan.Then(c.op, c.fault)
			err := upload(connect(t, sim, addr))
			if err == nil || c.want != nil && !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
			if _, err := os.Stat(filepath.Join(sim.opt.Dir, "x")); (err == nil) != c.shows {
				t.Errorf("the file shows: %v", err == nil)
			}
		})
	}
}

func TestFetchIsCut(t *testing.T) {
	plan := faults.NewPlan(1)
	sim, addr := serve(t, Options{Password: "pw", Faults: plan})
	if err := os.WriteFile(filepath.Join(sim.opt.Dir, "x"), make([]byte, 100_000), 0o666); err != nil {
		t.Fatal(err)
	}
	plan.Then(OpFetch, faults.Fault{Cut: 99_999})
	f, err := connect(t, sim, addr).Open("x")
	if err != nil {
		t.Fatal(err)
	}
	if n, err := f.WriteTo(&bytes.Buffer{}); err == nil || n >= 100_000 {
		t.Errorf("got %d bytes, %v", n, err)
	}
}

func TestConnectionsAreCountedAndLimited(t *testing.T) {
	sim, addr := serve(t, Options{Password: "pw", MaxConnections: 1})
	connect(t, sim, addr)
	if sim.Connections() != 1 {
		t.Errorf("%d connections, want 1", sim.Connections())
	}
	if conn, err := login(sim, addr, ssh.Password("pw")); err == nil {
		conn.Close()
		t.Error("a second one came in")
	}
	sim.Hangup()
	for sim.Connections() > 0 {
		time.Sleep(time.Millisecond)
	}
	connect(t, sim, addr)
}
