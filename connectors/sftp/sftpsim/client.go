package sftpsim

import (
	"bytes"
	"context"
	"errors"
	"net"
	"slices"

	"golang.org/x/crypto/ssh"
	"golang.org/x/sync/errgroup"
)

var errLogin = errors.New("wrong user, password or key")

// logins is the SSH side of the server: who may come in.
func (s *Sim) logins() *ssh.ServerConfig {
	known := func(m ssh.ConnMetadata) bool { return s.opt.User == "" || m.User() == s.opt.User }
	config := &ssh.ServerConfig{
		PublicKeyCallback: func(m ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
			same := func(k ssh.PublicKey) bool { return bytes.Equal(k.Marshal(), key.Marshal()) }
			if known(m) && slices.ContainsFunc(s.opt.Keys, same) {
				return nil, nil
			}
			return nil, errLogin
		},
	}
	if s.opt.Password != "" {
		config.PasswordCallback = func(m ssh.ConnMetadata, password []byte) (*ssh.Permissions, error) {
			if known(m) && string(password) == s.opt.Password {
				return nil, nil
			}
			return nil, errLogin
		}
	}
	config.AddHostKey(s.opt.HostKey)
	return config
}

// serveClient serves one connection until it breaks or ctx ends.
func (s *Sim) serveClient(ctx context.Context, raw net.Conn) {
	defer raw.Close()
	if !s.enter(raw) {
		return
	}
	defer s.leave(raw)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { s.leave(raw); raw.Close() }) // so that the client may come back at once
	defer stop()
	f := s.fault(OpConnect, "")
	if pause(ctx, f); f.Cut != 0 {
		return
	}
	conn, channels, requests, err := ssh.NewServerConn(raw, s.config)
	if err != nil {
		return
	}
	var parts errgroup.Group
	defer parts.Wait()
	defer cancel()
	parts.Go(func() error { s.answerKeepalives(ctx, requests); return nil })
	parts.Go(func() error { defer cancel(); return conn.Wait() })
	for offered := range channels {
		if offered.ChannelType() != "session" {
			offered.Reject(ssh.UnknownChannelType, "only sftp here")
			continue
		}
		channel, requests, err := offered.Accept()
		if err != nil {
			return
		}
		parts.Go(func() error { s.serveChannel(ctx, channel, requests, cancel); return nil })
	}
}

func (s *Sim) answerKeepalives(ctx context.Context, requests <-chan *ssh.Request) {
	for r := range requests {
		pause(ctx, s.fault(OpKeepalive, ""))
		if r.WantReply {
			r.Reply(false, nil)
		}
	}
}

// serveChannel waits for the client to ask for SFTP and serves that.
func (s *Sim) serveChannel(ctx context.Context, channel ssh.Channel, requests <-chan *ssh.Request, hangup func()) {
	defer channel.Close()
	var served errgroup.Group
	defer served.Wait()
	for r := range requests {
		sftp := r.Type == "subsystem" && bytes.HasSuffix(r.Payload, []byte("sftp"))
		if r.WantReply {
			r.Reply(sftp, nil)
		}
		if sftp {
			served.Go(func() error {
				defer channel.Close()
				return newSession(s, ctx, channel, hangup).serve()
			})
		}
	}
}
