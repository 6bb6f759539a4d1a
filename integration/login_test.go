//go:build integration && linux

package integration

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"os"
	"testing"
	"time"

	"github.com/jlaffaye/ftp"
	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"
)

// A login is a session of a bare client library: what these tests know of a
// server, they know without our connectors.
type login struct {
	put     func(name string, content []byte) error
	get     func(name string) ([]byte, error)
	list    func(folder string) ([]string, error)
	modTime func(name string) (time.Time, error)
	setTime func(name string, at time.Time) error
	quit    func() error
}

// enter logs in at addr, which is s.Addr or a proxy's.
func enter(t *testing.T, s *Server, addr, password string) (login, error) {
	t.Helper()
	if s.Kind == OpenSSH {
		return enterSSH(t, s, addr, ssh.Password(password))
	}
	return enterFTP(s, addr, password, tlsConfig(t, s))
}

func mustEnter(t *testing.T, s *Server, addr string) login {
	t.Helper()
	l, err := enter(t, s, addr, s.Password)
	if err != nil {
		t.Fatalf("log in: %v", err)
	}
	t.Cleanup(func() { l.quit() })
	return l
}

func enterSSH(t *testing.T, s *Server, addr string, auth ssh.AuthMethod) (login, error) {
	t.Helper()
	known, err := knownhosts.New(s.KnownHosts)
	if err != nil {
		t.Fatal(err)
	}
	trust := ssh.HostKeyCallback(known)
	if addr != s.Addr { // the proxy has another address, and no line in the file
		trust = ssh.InsecureIgnoreHostKey()
	}
	conn, err := ssh.Dial("tcp", addr, &ssh.ClientConfig{User: s.User, Auth: []ssh.AuthMethod{auth}, HostKeyCallback: trust})
	if err != nil {
		return login{}, err
	}
	c, err := sftp.NewClient(conn)
	if err != nil {
		return login{}, errors.Join(err, conn.Close())
	}
	return login{
		put: func(name string, content []byte) error {
			f, err := c.Create(name)
			if err != nil {
				return err
			}
			_, err = f.ReadFromWithConcurrency(bytes.NewReader(content), 64)
			return errors.Join(err, f.Close())
		},
		get: func(name string) ([]byte, error) {
			f, err := c.Open(name)
			if err != nil {
				return nil, err
			}
			defer f.Close()
			var content bytes.Buffer
			_, err = f.WriteTo(&content)
			return content.Bytes(), err
		},
		list: func(folder string) (names []string, err error) {
			infos, err := c.ReadDir(folder)
			for _, info := range infos {
				names = append(names, info.Name())
			}
			return names, err
		},
		modTime: func(name string) (time.Time, error) {
			info, err := c.Stat(name)
			if err != nil {
				return time.Time{}, err
			}
			return info.ModTime(), nil
		},
		setTime: func(name string, at time.Time) error { return c.Chtimes(name, at, at) },
		quit:    func() error { return errors.Join(c.Close(), conn.Close()) },
	}, nil
}

// tlsConfig is what a server that insists on session reuse needs: one cache for
// control and data connections, and TLS 1.2, whose sessions serve more than once.
func tlsConfig(t *testing.T, s *Server) *tls.Config {
	t.Helper()
	if s.TLS == Plain {
		return nil
	}
	authority, err := os.ReadFile(s.CA)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(authority)
	return &tls.Config{
		RootCAs: roots, ServerName: s.ip.String(), MaxVersion: tls.VersionTLS12,
		ClientSessionCache: tls.NewLRUClientSessionCache(1),
	}
}

func enterFTP(s *Server, addr, password string, config *tls.Config) (login, error) {
	options := []ftp.DialOption{ftp.DialWithWritingMDTM(s.Kind == Vsftpd)}
	switch s.TLS {
	case Explicit:
		options = append(options, ftp.DialWithExplicitTLS(config))
	case Implicit:
		options = append(options, ftp.DialWithTLS(config))
	}
	c, err := ftp.Dial(addr, options...)
	if err != nil {
		return login{}, err
	}
	if err := c.Login(s.User, password); err != nil {
		return login{}, errors.Join(err, c.Quit())
	}
	return login{
		put: func(name string, content []byte) error { return c.Stor(name, bytes.NewReader(content)) },
		get: func(name string) ([]byte, error) {
			r, err := c.Retr(name)
			if err != nil {
				return nil, err
			}
			content, err := io.ReadAll(r)
			return content, errors.Join(err, r.Close())
		},
		list: func(folder string) (names []string, err error) {
			entries, err := c.List(folder)
			for _, e := range entries {
				if e.Type == ftp.EntryTypeFile { // Pure-FTPd lists . and .. too
					names = append(names, e.Name)
				}
			}
			return names, err
		},
		modTime: c.GetTime,
		setTime: c.SetTime,
		quit:    c.Quit,
	}, nil
}
