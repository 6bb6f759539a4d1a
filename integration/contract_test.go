//go:build integration && linux

package integration

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"
	"golang.org/x/crypto/ssh/knownhosts"

	"github.com/studio-agent/studio-agent/agent/config"
	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/connectortest"
	"github.com/studio-agent/studio-agent/connectors/ftp"
	"github.com/studio-agent/studio-agent/connectors/sftp"
)

// TestContract holds the connectors to the one contract at every server, in
// each of its ways to be spoken to.
func TestContract(t *testing.T) {
	for _, v := range everyServer() {
		t.Run(v.name, func(t *testing.T) { contract(t, v, "") })
	}
}

// The suite again, at servers that let nobody in a second time.
func TestContractWithOneClient(t *testing.T) {
	for _, v := range oneOfEach() {
		v.opt.OneClient = true
		t.Run(v.name, func(t *testing.T) { contract(t, v, "connections: 1") })
	}
}

// And at servers whose clock is three hours off.
func TestContractWithAClockThatIsOff(t *testing.T) {
	for _, v := range oneOfEach() {
		v.opt.ClockSkew = 3 * time.Hour
		t.Run(v.name, func(t *testing.T) { contract(t, v, "") })
	}
}

func contract(t *testing.T, v variant, extra string) {
	t.Parallel()
	connectortest.Run(t, func(t *testing.T) connectortest.Rig {
		s := Start(t, v.kind, v.opt)
		return rig(t, s, account(t, s, s.Addr, &connectors.ShortMemory{}, extra))
	})
}

// account makes the connector for a server as agent.yaml would, with in and out
// as its folders. extra are more of its lines.
func account(t testing.TB, s *Server, addr string, memory connectors.Memory, extra string) connectors.Connector {
	t.Helper()
	lines := []string{"host: " + addr, "user: " + s.User, "put: in", "get: out", "layout: flat"}
	factory := ftp.Factory
	switch {
	case s.Kind == OpenSSH:
		factory = sftp.Factory
		lines = append(lines, "key: file:"+s.Key, "known_hosts: "+knownHosts(t, s, addr))
		if s.TLS != "" {
			t.Fatal("SFTP has no TLS")
		}
	case s.TLS == Plain:
		lines = append(lines, "tls: plain", "password: env:PASSWORD")
	default:
		lines = append(lines, "tls: "+s.TLS, "ca: "+s.CA, "password: env:PASSWORD")
	}
	connections := 0
	if extra == "connections: 1" {
		connections, extra = 1, ""
	}
	var doc yaml.Node
	must(t, yaml.Unmarshal([]byte(strings.Join(append(lines, extra), "\n")), &doc))
	c, err := factory.New(connectors.Setup{
		Account: s.Kind, Dir: t.TempDir(), Memory: memory, Connections: connections, Log: slog.New(slog.DiscardHandler),
		Decode: func(into any) error { return config.Decode(&doc, "accounts."+s.Kind, into) },
		Secret: func(ref string) (string, error) { return secretOf(s, ref) },
	})
	must(t, err)
	return c
}

func secretOf(s *Server, ref string) (string, error) {
	if ref == "env:PASSWORD" {
		return s.Password, nil
	}
	if path, ok := strings.CutPrefix(ref, "file:"); ok {
		data, err := os.ReadFile(path)
		return string(data), err
	}
	return "", fmt.Errorf("there is no secret %s here", ref)
}

// knownHosts is a file that knows the server at addr, which may be a proxy's.
func knownHosts(t testing.TB, s *Server, addr string) string {
	t.Helper()
	data, err := os.ReadFile(s.KnownHosts)
	must(t, err)
	file := filepath.Join(t.TempDir(), "known_hosts")
	line := strings.ReplaceAll(string(data), knownhosts.Normalize(s.Addr), knownhosts.Normalize(addr))
	must(t, os.WriteFile(file, []byte(line), 0o600))
	return file
}
