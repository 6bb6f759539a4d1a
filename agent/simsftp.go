package main

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"fmt"
	"os"
	"path"
	"path/filepath"

	"github.com/skeema/knownhosts"
	"go.yaml.in/yaml/v3"
	"golang.org/x/crypto/ssh"

	"github.com/studio-agent/studio-agent/connectors/faults"
	"github.com/studio-agent/studio-agent/connectors/sftp/sftpsim"
)

// sftpKeys are the keys of an account that lead to another server or user.
type sftpKeys struct {
	Folders     `yaml:",inline"`
	User        string    `yaml:"user"`
	Password    string    `yaml:"password"`
	Key         string    `yaml:"key"`
	Fingerprint string    `yaml:"fingerprint"`
	Rest        yaml.Node `yaml:",inline"`
}

// playSFTP serves an SFTP server on loopback. The login is of the kind that the
// account has, and the server's key is pinned as there.
func playSFTP(s scene) (remote, error) {
	var opt sftpKeys
	if err := s.account.Decode(&opt); err != nil {
		return remote{}, err
	}
	d, err := newDesk(s, opt.Folders, atHome)
	if err != nil {
		return remote{}, err
	}
	server := sftpsim.Options{Dir: d.root, User: opt.User, Faults: s.plan, OnEvent: func(e sftpsim.Event) { sawSFTP(s, d, e) }}
	settings := map[string]any{"passphrase": "", "agent": false}
	if opt.Key == "" || opt.Password != "" {
		server.Password, settings["password"] = demoToken, "env:"+demoVariable
	}
	if opt.Key != "" {
		public, file, err := newKey(s.dir)
		if err != nil {
			return remote{}, err
		}
		server.Keys, settings["key"] = []ssh.PublicKey{public}, "file:"+file
	}
	sim, err := sftpsim.New(server)
	if err != nil {
		return remote{}, err
	}
	p, err := openPort()
	if err != nil {
		return remote{}, err
	}
	settings["host"] = p.address()
	known := filepath.Join(s.dir, "known_hosts")
	settings["known_hosts"], settings["host_keys"] = known, "strict"
	if opt.Fingerprint != "" {
		settings["fingerprint"] = ssh.FingerprintSHA256(sim.HostKey())
	}
	if err := os.WriteFile(known, []byte(knownhosts.Line([]string{p.address()}, sim.HostKey())+"\n"), 0o600); err != nil {
		return remote{}, err
	}
	return remote{
		settings: settings, holds: d.holds, desk: d, outage: p.outage,
		serve: func(ctx context.Context) error {
			defer sim.Close()
			return p.during(ctx, func() error { return sim.Serve(ctx, p) }, func() {})
		},
	}, nil
}

// sawSFTP tells of photos that got their final names, and of trouble.
func sawSFTP(s scene, d *desk, e sftpsim.Event) {
	sight := sighting{account: s.account.Name, at: e.At, op: e.Op, name: e.Name, fault: e.Fault}
	late := e.Fault.LoseReply || e.Fault.FailAfter != 0
	switch e.Op {
	case sftpsim.OpPublish:
		if f, ok := d.arrived(e.Name, true); ok {
			s.saw(d.sight(sight, f))
		}
		return
	case sftpsim.OpUpload:
		if late {
			return // it strikes when the file gets its final name
		}
		sight.name = "" // a temporary one
	case sftpsim.OpConnect:
		sight.op = opLogin
	case sftpsim.OpFetch:
		sight.name = path.Base(e.Name)
	default:
		sight.name = "" // a folder, or nothing
	}
	if sight.fault != (faults.Fault{}) {
		s.saw(sight)
	}
}

// newKey makes a key pair; the private key lies in the file that it returns.
func newKey(dir string) (ssh.PublicKey, string, error) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, "", err
	}
	block, err := ssh.MarshalPrivateKey(private, "studio-agent demo")
	if err != nil {
		return nil, "", fmt.Errorf("make a key for the demo: %w", err)
	}
	file := filepath.Join(dir, "key")
	if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
		return nil, "", err
	}
	key, err := ssh.NewPublicKey(public)
	return key, file, err
}
