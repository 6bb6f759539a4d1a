//go:build integration && linux

package integration

import (
	"context"
	"errors"
	"io"
	"net"
	"strconv"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// A Proxy stands before a server as a long line would: every byte arrives delay
// later, each way, and a connection is of use only after the two delays that its
// handshake would take. It does not limit the bandwidth. It has an address of
// its own and the server's ports there, the passive ones of FTP too: clients
// that use EPSV, or the host they dialled instead of PASV's, stay on it.
type Proxy struct {
	Addr string // HOST:PORT, to dial instead of the server's

	server    *Server
	delay     time.Duration
	listeners []net.Listener
	toServer  atomic.Int64
}

// ToServer is how many bytes have been handed on to the server so far: not what a
// line holds for a server that takes nothing, or is dead.
func (p *Proxy) ToServer() int64 { return p.toServer.Load() }

func (s *Server) proxyIP() net.IP {
	ip := append(net.IP(nil), s.ip.To4()...)
	ip[3]++
	return ip
}

// NewProxy makes the one proxy that s can have. Run serves, and must be called.
func NewProxy(s *Server, delay time.Duration) (*Proxy, error) {
	p := &Proxy{server: s, delay: delay, Addr: net.JoinHostPort(s.proxyIP().String(), strconv.Itoa(controlPort))}
	ports := []int{controlPort}
	for i := range passivePorts {
		ports = append(ports, passivePort+i)
	}
	for _, port := range ports {
		l, err := net.ListenTCP("tcp4", &net.TCPAddr{IP: s.proxyIP(), Port: port})
		if err != nil {
			return nil, errors.Join(err, p.close())
		}
		p.listeners = append(p.listeners, l)
	}
	return p, nil
}

func (p *Proxy) close() error {
	var errs []error
	for _, l := range p.listeners {
		errs = append(errs, l.Close())
	}
	return errors.Join(errs...)
}

// Run serves until ctx ends, and then cuts all connections. The error is
// ctx.Err.
func (p *Proxy) Run(ctx context.Context) error {
	defer context.AfterFunc(ctx, func() { p.close() })()
	var g errgroup.Group
	for _, l := range p.listeners {
		to := &net.TCPAddr{IP: p.server.ip, Port: l.Addr().(*net.TCPAddr).Port}
		g.Go(func() error {
			for {
				client, err := l.Accept()
				if err != nil {
					return err
				}
				g.Go(func() error { p.carry(ctx, client.(*net.TCPConn), to); return nil })
			}
		})
	}
	g.Wait()
	return ctx.Err()
}

// carry passes on what client and server say. When one of them cannot be reached
// or heard any more, the other is cut off too.
func (p *Proxy) carry(ctx context.Context, client *net.TCPConn, to *net.TCPAddr) {
	defer client.Close()
	server, err := net.DialTCP("tcp4", nil, to)
	if err != nil {
		return
	}
	defer server.Close()
	defer context.AfterFunc(ctx, func() { client.Close(); server.Close() })()
	established := time.Now().Add(2 * p.delay)
	var g errgroup.Group
	g.Go(func() error { return p.late(server, client, established, &p.toServer) })
	g.Go(func() error { return p.late(client, server, established, new(atomic.Int64)) })
	g.Wait()
}

type chunk struct {
	due  time.Time
	data []byte
}

// late copies from one connection to the other, each chunk after its delay, and
// the end too, and counts what has arrived. What is on the way waits in a queue
// that holds 64 MB, so that only lines above 50 Gbit/s notice it at 10 ms.
func (p *Proxy) late(to, from *net.TCPConn, established time.Time, arrived *atomic.Int64) error {
	line := make(chan chunk, 1024)
	var g errgroup.Group
	g.Go(func() error {
		defer close(line)
		for {
			buf := make([]byte, 64<<10)
			n, err := from.Read(buf)
			sent := time.Now()
			if sent.Before(established) {
				sent = established
			}
			line <- chunk{sent.Add(p.delay), buf[:n]}
			if err != nil {
				return err
			}
		}
	})
	var failed error
	for c := range line { // to the end, even if nobody takes it: the reader must not hang
		time.Sleep(time.Until(c.due))
		n, err := to.Write(c.data)
		arrived.Add(int64(n))
		if err != nil && failed == nil {
			failed = err
			from.Close()
		}
	}
	if err := g.Wait(); failed == nil && errors.Is(err, io.EOF) {
		return to.CloseWrite()
	}
	to.Close()
	return failed
}
