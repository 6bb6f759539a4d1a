// Package sftp is the connector for a folder on an SFTP server: a vendor's, a
// studio's, a NAS with SSH. It speaks version 3 of the protocol
// (draft-ietf-secsh-filexfer-02) and those extensions of OpenSSH (its file
// PROTOCOL) that a server offers.
package sftp

import (
	"context"
	"fmt"
	"path"
	"strings"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/layout"
)

// Factory makes accounts of type "sftp".
var Factory = connectors.Factory{Type: "sftp", New: New}

// defaultConnections is what vendors take without asking (facts.md 58).
const defaultConnections = 2

// options are the account's keys in agent.yaml. host, user, one way to log in,
// and one of put, get and a mirror are needed.
type options struct {
	// Host is the server, with :port if that is not 22.
	Host string `yaml:"host"`
	User string `yaml:"user"`
	// Password, Key and Passphrase are references to secrets: env:NAME, file:PATH
	// or credential:NAME. Key is a private key as ssh-keygen writes it.
	Password   string `yaml:"password"`
	Key        string `yaml:"key"`
	Passphrase string `yaml:"passphrase"`
	// Agent takes the keys of the SSH agent that SSH_AUTH_SOCK names. Not on
	// Windows.
	Agent bool `yaml:"agent"`
	// KnownHosts is the file of host keys, as ssh keeps it; absolute or relative
	// to agent.yaml. Default: known_hosts beside agent.yaml.
	KnownHosts string `yaml:"known_hosts"`
	// HostKeys is "strict" (default), only keys that stand in KnownHosts, or
	// "accept-new", which adds the key of a host that does not.
	HostKeys string `yaml:"host_keys"`
	// Fingerprint is the one host key to accept, SHA256:…; KnownHosts is then not
	// read.
	Fingerprint string `yaml:"fingerprint"`
	// Ciphers are those to offer, best first. Default: AES-GCM first, which is
	// the fastest on machines that have AES in hardware.
	Ciphers []string `yaml:"ciphers"`
	// Put is the remote folder that photos are delivered to. It must be there.
	// Like all remote folders it starts with / or in the user's home.
	Put string `yaml:"put"`
	// Get is the remote folder that retouches come back to. It must not hold put.
	Get string `yaml:"get"`
	// Layout is as for accounts of type folder: flat or bench.
	Layout string `yaml:"layout"`
	// Rejected is the remote folder where the vendor puts what it refused.
	Rejected string `yaml:"rejected"`
}

// New checks the options and reads the secrets. It does not touch the network.
func New(s connectors.Setup) (connectors.Connector, error) {
	var o options
	if err := s.Decode(&o); err != nil {
		return connectors.Connector{}, err
	}
	lay, err := layout.New(o.Layout, s.Benches)
	if err != nil {
		return connectors.Connector{}, err
	}
	if err := o.checkFolders(s.Mirrors); err != nil {
		return connectors.Connector{}, err
	}
	dial, err := newDialer(o, s)
	if err != nil {
		return connectors.Connector{}, err
	}
	n := s.Connections
	if n <= 0 {
		n = defaultConnections
	}
	return assemble(o, s, lay, newPool(n, dial.dial, s.Log)), nil
}

func assemble(o options, s connectors.Setup, lay layout.Layout, p *pool) connectors.Connector {
	c := connectors.Connector{Workers: cap(p.idle), Crowd: 8 * cap(p.idle), Looks: true}
	puts, places := o.putFolders(s.Mirrors), o.places(s.Mirrors, lay)
	if len(puts) > 0 {
		out := &destination{pool: p, put: o.Put, layout: lay, memory: s.Memory, space: &space{}}
		c.Out = out
		if o.Put != "" {
			c.List = out.list
		}
	}
	if len(places) > 0 {
		c.In = &source{pool: p, places: places}
	}
	c.Probe = func(ctx context.Context) error { return probe(ctx, p, puts, places) }
	c.Examine = examination{pool: p, memory: s.Memory, puts: puts, places: places}.run
	return c
}

// putFolders are the remote folders that photos are delivered to.
func (o options) putFolders(mirrors []connectors.MirroredFolder) (list []string) {
	if o.Put != "" {
		list = append(list, o.Put)
	}
	for _, m := range mirrors {
		if !m.Get {
			list = append(list, m.Remote)
		}
	}
	return list
}

func (o options) checkFolders(mirrors []connectors.MirroredFolder) error {
	puts, places := o.putFolders(mirrors), o.places(mirrors, layout.Layout{})
	if len(puts) == 0 && len(places) == 0 {
		return fmt.Errorf("put or get is needed: the remote folder to deliver to, or the one that retouches come back to")
	}
	for _, put := range puts {
		for _, get := range places {
			if within(get.dir, put) {
				return fmt.Errorf("put (%s) lies in get (%s): what is delivered would come straight back", put, get.dir)
			}
		}
	}
	return nil
}

// within reports whether folder is dir or lies below it.
func within(dir, folder string) bool {
	dir, folder = path.Clean(dir), path.Clean(folder)
	if path.IsAbs(dir) != path.IsAbs(folder) {
		return false // nobody knows where home is
	}
	if dir == "." || dir == "/" {
		return !strings.HasPrefix(folder, "..")
	}
	return folder == dir || strings.HasPrefix(folder, dir+"/")
}
