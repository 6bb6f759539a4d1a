//go:build integration && linux

package integration

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"
)

// Start launches a server for one test. A server that cannot be had fails the
// test: none may skip.
func Start(t testing.TB, kind string, opt Options) *Server {
	t.Helper()
	s, err := Launch(kind, t.TempDir(), opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("%s said:\n%s", kind, s.Log())
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// far returns an address of s that is delay away, each way.
func far(t testing.TB, s *Server, delay time.Duration) string {
	t.Helper()
	return behind(t, s, delay).Addr
}

func behind(t testing.TB, s *Server, delay time.Duration) *Proxy {
	t.Helper()
	p, err := NewProxy(s, delay)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
	return p
}

type variant struct {
	name string
	kind string
	opt  Options
}

// everyServer is each server in each of its ways to be spoken to.
func everyServer() []variant {
	return []variant{
		{"openssh", OpenSSH, Options{}},
		{"openssh chroot", OpenSSH, Options{Chroot: true}},
		{"vsftpd plain", Vsftpd, Options{}},
		{"vsftpd explicit TLS", Vsftpd, Options{TLS: Explicit}},
		{"vsftpd implicit TLS", Vsftpd, Options{TLS: Implicit}},
		{"proftpd plain", ProFTPD, Options{}},
		{"proftpd explicit TLS", ProFTPD, Options{TLS: Explicit}},
		{"proftpd implicit TLS", ProFTPD, Options{TLS: Implicit}},
		{"pure-ftpd plain", PureFTPd, Options{}},
		{"pure-ftpd explicit TLS", PureFTPd, Options{TLS: Explicit}},
	}
}

// oneOfEach is each server in the way that is used most.
func oneOfEach() []variant {
	return slices.DeleteFunc(everyServer(), func(v variant) bool {
		return v.opt.Chroot || v.kind != OpenSSH && v.opt.TLS != Explicit
	})
}

// onEach runs a test on each server, changed.
func onEach(t *testing.T, change func(*Options), test func(t *testing.T, s *Server)) {
	for _, v := range everyServer() {
		change(&v.opt)
		if v.opt.Chroot && v.opt.OneClient {
			continue // there is no such server
		}
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			test(t, Start(t, v.kind, v.opt))
		})
	}
}

func unchanged(*Options) {}
