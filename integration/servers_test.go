//go:build integration && linux

package integration

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"net/textproto"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
)

// picture is n bytes that do not compress.
func picture(n int) []byte {
	content := make([]byte, n)
	rand.NewChaCha8([32]byte{byte(n)}).Read(content)
	return content
}

func TestServersAnswer(t *testing.T) {
	onEach(t, unchanged, func(t *testing.T, s *Server) {
		l := mustEnter(t, s, s.Addr)
		content := picture(1 << 20)
		if err := l.put("in/0001 é.jpg", content); err != nil {
			t.Fatalf("upload: %v", err)
		}
		if names, err := l.list("in"); err != nil || len(names) != 1 || path.Base(names[0]) != "0001 é.jpg" {
			t.Errorf("listed %q, %v; want the one photo", names, err)
		}
		if onDisk, err := os.ReadFile(filepath.Join(s.Root, "in", "0001 é.jpg")); err != nil || !bytes.Equal(onDisk, content) {
			t.Errorf("on the server's disk are %d bytes, %v; want the %d sent", len(onDisk), err, len(content))
		}
		if got, err := l.get("in/0001 é.jpg"); err != nil || !bytes.Equal(got, content) {
			t.Errorf("downloaded %d bytes, %v; want the %d sent", len(got), err, len(content))
		}
	})
}

func TestAWrongPasswordIsRefused(t *testing.T) {
	onEach(t, unchanged, func(t *testing.T, s *Server) {
		_, err := enter(t, s, s.Addr, "dark and noise")
		var reply *textproto.Error
		switch {
		case err == nil:
			t.Error("it let us in")
		case s.Kind == OpenSSH && !strings.Contains(err.Error(), "unable to authenticate"):
			t.Errorf("got %v, want that it cannot authenticate", err)
		case s.Kind != OpenSSH && (!errors.As(err, &reply) || reply.Code != 530):
			t.Errorf("got %v, want 530", err)
		}
	})
}

func TestOpenSSHTakesItsKeyAndNoOther(t *testing.T) {
	s := Start(t, OpenSSH, Options{Passphrase: "three lamps"})
	signer := func(file, passphrase string) ssh.Signer {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		key, err := ssh.ParsePrivateKeyWithPassphrase(text, []byte(passphrase))
		if err != nil {
			t.Fatal(err)
		}
		return key
	}
	l, err := enterSSH(t, s, s.Addr, ssh.PublicKeys(signer(s.Key, "three lamps")))
	if err != nil {
		t.Fatalf("with the right key: %v", err)
	}
	defer l.quit()

	other := filepath.Join(t.TempDir(), "other")
	if err := keygen(other, "x"); err != nil {
		t.Fatal(err)
	}
	if l, err := enterSSH(t, s, s.Addr, ssh.PublicKeys(signer(other, "x"))); err == nil {
		l.quit()
		t.Error("another key was let in")
	}
}

func TestOpenSSHChangesItsHostKey(t *testing.T) {
	s := Start(t, OpenSSH, Options{})
	old, err := os.ReadFile(s.KnownHosts)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.ChangeHostKey(); err != nil {
		t.Fatal(err)
	}
	if err := s.Restart(); err != nil {
		t.Fatal(err)
	}
	mustEnter(t, s, s.Addr)
	if err := os.WriteFile(s.KnownHosts, old, 0o600); err != nil {
		t.Fatal(err)
	}
	if l, err := enter(t, s, s.Addr, s.Password); err == nil {
		l.quit()
		t.Error("the old host key is still good")
	}
}

// TestDataMustReuseTheSession holds vsftpd and ProFTPD to what makes them hard.
func TestDataMustReuseTheSession(t *testing.T) {
	for _, v := range everyServer() {
		if v.opt.TLS == Plain || v.kind == PureFTPd {
			continue
		}
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			s := Start(t, v.kind, v.opt)
			config := tlsConfig(t, s)
			config.ClientSessionCache = nil
			l, err := enterFTP(s, s.Addr, s.Password, config)
			if err != nil {
				t.Fatalf("log in: %v", err)
			}
			defer l.quit()
			if err := l.put("in/0001.jpg", picture(1000)); err == nil {
				t.Error("an upload went through in a session of its own")
			}
		})
	}
}
