package sftp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"

	"github.com/studio-agent/studio-agent/connectors"
)

const (
	connectPatience = 15 * time.Second // for the network
	loginPatience   = 20 * time.Second // for the login

	// inFlight is how many packets of 32 KiB the library asks for before it waits.
	// Fewer are slow over long lines.
	inFlight = 64
)

// A dialer connects to one account.
type dialer struct {
	address  string // host:port
	login    login
	ciphers  []string
	hostKeys *hostKeys
	memory   connectors.Memory
	pulse    pulse
}

func newDialer(o options, s connectors.Setup) (*dialer, error) {
	d := &dialer{memory: s.Memory, pulse: pulse{beat: 30 * time.Second, patience: 15 * time.Second, idle: 10 * time.Minute}}
	var err error
	if d.address, err = withPort(o.Host); err != nil {
		return nil, err
	}
	if d.login, err = newLogin(o, s.Secret); err != nil {
		return nil, err
	}
	if d.ciphers, err = o.ciphers(); err != nil {
		return nil, err
	}
	d.hostKeys, err = newHostKeys(o, s)
	return d, err
}

func withPort(host string) (string, error) {
	switch {
	case host == "":
		return "", errors.New(`host is needed: the server, such as host: "sftp.acme.example:22"`)
	case strings.Contains(host, "/"):
		return "", fmt.Errorf("host: %q is no host name; write it without sftp:// and without a path", host)
	}
	if _, _, err := net.SplitHostPort(host); err == nil {
		return host, nil
	}
	return net.JoinHostPort(strings.Trim(host, "[]"), "22"), nil
}

// dial connects and logs in, beside so many other connections. A refusal that
// only a person can end is a denial.
func (d *dialer) dial(ctx context.Context, others int) (*conn, error) {
	known, err := recallProfile(d.memory)
	if err != nil {
		return nil, err
	}
	if known.MaxConnections > 0 && others >= known.MaxConnections {
		return nil, errLimit
	}
	config, done, err := d.config()
	defer done()
	if err != nil {
		return nil, err
	}
	network := net.Dialer{Timeout: connectPatience}
	raw, err := network.DialContext(ctx, "tcp", d.address)
	if err != nil {
		return nil, fmt.Errorf("%s cannot be reached: %w", d.address, err)
	}
	w := &wire{Conn: raw}
	var shown ssh.PublicKey
	config.HostKeyCallback = func(address string, remote net.Addr, key ssh.PublicKey) error {
		shown = key
		return d.hostKeys.check(address, remote, key)
	}
	stop := context.AfterFunc(ctx, func() { w.Close() })
	c, err := d.converse(w, config)
	if !stop() && err == nil {
		err = ctx.Err()
	}
	if err != nil {
		w.Close()
		return nil, err
	}
	c.profile, c.hostKey = known, shown
	c.start(d.pulse)
	return c, nil
}

// config is for one connection, but for its host key callback. done is to be
// called after the login.
func (d *dialer) config() (_ *ssh.ClientConfig, done func(), _ error) {
	methods, done, err := d.login.methods()
	if err != nil {
		return nil, done, err
	}
	kinds, err := d.hostKeys.algorithms(d.address)
	if err != nil {
		return nil, done, err
	}
	return &ssh.ClientConfig{
		Config:            ssh.Config{Ciphers: d.ciphers},
		User:              d.login.user,
		Auth:              methods,
		HostKeyAlgorithms: kinds,
		ClientVersion:     "SSH-2.0-studio-agent",
	}, done, nil
}

// converse is all that is said before the first file.
func (d *dialer) converse(w *wire, config *ssh.ClientConfig) (*conn, error) {
	w.SetDeadline(time.Now().Add(loginPatience))
	shell, channels, requests, err := ssh.NewClientConn(w, d.address, config)
	if err != nil {
		return nil, d.explain(err)
	}
	client := ssh.NewClient(shell, channels, requests)
	beside, err := openLane(client)
	var files *sftp.Client
	if err == nil {
		files, err = sftp.NewClientPipe(beside, beside, sftp.UseFstat(true), sftp.MaxConcurrentRequestsPerFile(inFlight))
	}
	if err != nil {
		return nil, fmt.Errorf("%s let the login pass but opens no SFTP session; it may allow no more of them, or this user none at all: %w", d.address, err)
	}
	c := &conn{Client: files, lane: beside, shell: client, wire: w, address: d.address}
	if err := c.widen(); err != nil {
		return nil, fmt.Errorf("%s broke off the talk after the login: %w", d.address, err)
	}
	w.SetDeadline(time.Time{})
	return c, nil
}

// openLane opens an SFTP session.
func openLane(client *ssh.Client) (*lane, error) {
	session, err := client.NewSession()
	if err != nil {
		return nil, err
	}
	to, err := session.StdinPipe()
	if err != nil {
		return nil, err
	}
	from, err := session.StdoutPipe()
	if err != nil {
		return nil, err
	}
	complaints, err := session.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := session.RequestSubsystem("sftp"); err != nil {
		return nil, err
	}
	go io.Copy(io.Discard, complaints) // ends with the connection; unread, they would block it
	return newLane(to, from), nil
}

// explain tells a refusal from a server that is not well.
func (d *dialer) explain(err error) error {
	var unlike *ssh.AlgorithmNegotiationError
	switch {
	case errors.Is(err, connectors.ErrDenied): // the host key's
		return err
	case errors.As(err, &unlike) && strings.Contains(err.Error(), "host key"):
		return connectors.Denied("%s no longer has a host key of the kind that %s knows; ask the vendor for the new one: %w", d.address, d.hostKeys.file, err)
	case errors.As(err, &unlike):
		return connectors.Denied("%s and the agent have no way of encryption in common; ask the vendor to allow a newer one: %w", d.address, err)
	case strings.Contains(err.Error(), "unable to authenticate"), strings.Contains(err.Error(), "Too many authentication failures"):
		return connectors.Denied("%s refuses the login of %s; check user, password and key: %w", d.address, d.login.user, err)
	}
	return fmt.Errorf("%s ended the talk before the login; it may be restarting, or have too many connections: %w", d.address, err)
}
