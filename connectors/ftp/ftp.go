// Package ftp is the connector for a folder on somebody's FTP server: RFC 959
// with explicit or implicit TLS (RFC 4217), and plain where nothing else is to
// be had. Photos are sent beside their final name and renamed (deliver.go), or,
// where a server refuses to rename, sent straight and marked (direct.go).
// Commands that need not wait for each other travel together (atonce.go), and
// while a photo is written down here, others use its session (beside.go). What a
// server was found to be unable to do is kept in its profile (profile.go).
package ftp

import (
	"errors"
	"sync/atomic"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/layout"
)

// Factory makes accounts of type "ftp".
var Factory = connectors.Factory{Type: "ftp", New: New}

// New checks the options. It does not touch the network.
func New(s connectors.Setup) (connectors.Connector, error) {
	var o options
	if err := s.Decode(&o); err != nil {
		return connectors.Connector{}, err
	}
	a, err := newAccount(s, o)
	if err != nil {
		return connectors.Connector{}, err
	}
	if o.TLS == tlsPlain {
		s.Log.Warn("this account sends password and pictures unencrypted (tls: plain)", "host", o.Host)
	}
	c := connectors.Connector{Probe: a.probe, Examine: a.examine, Workers: a.pool.most, Crowd: 8 * a.pool.most, Looks: true}
	if a.puts() {
		c.Out, c.List = destination{a}, a.list
	}
	if roots := a.roots(); len(roots) > 0 {
		c.In = &source{account: a, roots: roots, times: timeCache{seen: map[string]timed{}}}
	}
	return c, nil
}

// An account is what both ends have in common.
type account struct {
	options
	layout  layout.Layout
	mirrors []connectors.MirroredFolder
	pool    *pool
	memory  connectors.Memory
	there   atomic.Bool // the latest photo was there already, found when it had been sent: ask first
}

func newAccount(s connectors.Setup, o options) (*account, error) {
	if err := o.check(s.Mirrors); err != nil {
		return nil, err
	}
	l, err := layout.New(o.Layout, s.Benches)
	if err != nil {
		return nil, err
	}
	if s.Connections < 0 {
		return nil, errors.New("connections must not be negative")
	}
	password, err := s.Secret(o.Password)
	if err != nil {
		return nil, err
	}
	config, err := o.tlsConfig(s.Dir)
	if err != nil {
		return nil, err
	}
	connections := s.Connections
	if connections == 0 {
		connections = 2
	}
	server := server{options: o, password: password, config: config}
	return &account{
		options: o, layout: l, mirrors: s.Mirrors, memory: s.Memory,
		pool: newPool(server, connections, s.Memory, s.Log),
	}, nil
}

// puts reports whether anything is delivered to the account.
func (a *account) puts() bool {
	for _, m := range a.mirrors {
		if !m.Get {
			return true
		}
	}
	return a.Put != ""
}

// A root is a remote folder that is listed.
type root struct {
	dir      string // as agent.yaml spells it
	mirror   *connectors.MirroredFolder
	rejected bool // holds what was refused; need not be there
}

func (a *account) roots() (list []root) {
	add := func(r root) {
		if r.dir != "" {
			list = append(list, r)
		}
	}
	add(root{dir: a.Get})
	add(root{dir: a.Rejected, rejected: true})
	for i, m := range a.mirrors {
		if m.Get {
			add(root{dir: m.Remote, mirror: &a.mirrors[i]})
			add(root{dir: m.Rejected, mirror: &a.mirrors[i], rejected: true})
		}
	}
	return list
}
