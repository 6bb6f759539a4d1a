package sftp

import (
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/skeema/knownhosts"
	"golang.org/x/crypto/ssh"
	"golang.org/x/sync/errgroup"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/sftp/sftpsim"
)

func newKey(t testing.TB) (ed25519.PrivateKey, ssh.Signer) {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return key, signer
}

// unpinned is an account that trusts its known_hosts alone, which is empty.
func unpinned(w *world) { w.options.Fingerprint = "" }

func (w *world) knownHosts() string { return filepath.Join(w.setup.Dir, "known_hosts") }

func (w *world) know(lines ...string) {
	w.t.Helper()
	if err := os.WriteFile(w.knownHosts(), []byte(strings.Join(lines, "")), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

func wantDenied(t *testing.T, err error, words ...string) {
	t.Helper()
	if !errors.Is(err, connectors.ErrDenied) {
		t.Fatalf("got %v, want a denial", err)
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("the denial says %q, want %q in it", err, word)
		}
	}
	if strings.Contains(err.Error(), secret) {
		t.Errorf("the denial shows the secret: %v", err)
	}
}

func TestUnknownHostKeyIsDeniedUntilItsLineIsAdded(t *testing.T) {
	w := newWorld(t, sftpsim.Options{}, unpinned)
	line := knownhosts.Line([]string{w.address}, w.sim.HostKey())
	wantDenied(t, w.Probe(t.Context()), fingerprint(w.sim.HostKey()), line, w.knownHosts())
	if _, err := os.Stat(w.knownHosts()); err == nil {
		t.Error("the strict account has written known_hosts")
	}
	w.know("# ours\n", line+"\n")
	if err := w.Probe(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestAcceptNewNotesTheKeyOnce(t *testing.T) {
	w := newWorld(t, sftpsim.Options{}, unpinned, func(w *world) {
		w.options.HostKeys = "accept-new"
		w.setup.Shared = &sync.Map{}
		w.setup.Connections = 4
	})
	w.know("other.example ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDH7HU+oITM9DhkCF3aDn+Kzfr94L94JTrgZR298+uwL") // no newline
	var g errgroup.Group
	for range 4 {
		g.Go(func() error { return w.Probe(t.Context()) })
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(w.knownHosts())
	if err != nil {
		t.Fatal(err)
	}
	line := knownhosts.Line([]string{w.address}, w.sim.HostKey()) + "\n"
	if strings.Count(string(text), line) != 1 || !strings.HasPrefix(string(text), "other.example ") || strings.Count(string(text), "\n") != 2 {
		t.Errorf("known_hosts is\n%s", text)
	}
	w.options.HostKeys = ""
	w.connect()
	if err := w.Probe(t.Context()); err != nil {
		t.Errorf("strictly afterwards: %v", err)
	}
}

func TestAcceptNewThatCannotNoteTheKeyDenies(t *testing.T) {
	w := newWorld(t, sftpsim.Options{}, unpinned, func(w *world) {
		w.options.HostKeys, w.options.KnownHosts = "accept-new", "missing/known_hosts"
	})
	wantDenied(t, w.Probe(t.Context()), "let the agent's user write there")
}

func TestChangedHostKeyNamesBoth(t *testing.T) {
	for _, mode := range []string{"strict", "accept-new"} {
		w := newWorld(t, sftpsim.Options{}, unpinned, func(w *world) { w.options.HostKeys = mode })
		_, old := newKey(t)
		before := knownhosts.Line([]string{w.address}, old.PublicKey()) + "\n"
		w.know(before)
		wantDenied(t, w.Probe(t.Context()), fingerprint(old.PublicKey()), fingerprint(w.sim.HostKey()), "line 1", "has changed")
		if after, _ := os.ReadFile(w.knownHosts()); string(after) != before {
			t.Errorf("%s: known_hosts has changed to %s", mode, after)
		}
	}
}

func TestRevokedHostKeyIsDenied(t *testing.T) {
	w := newWorld(t, sftpsim.Options{}, unpinned)
	w.know("@revoked * ", w.sim.HostKey().Type(), " ", strings.Fields(knownhosts.Line(nil, w.sim.HostKey()))[1], "\n")
	wantDenied(t, w.Probe(t.Context()), "revoked")
}

func TestPinWinsOverKnownHosts(t *testing.T) {
	w := newWorld(t, sftpsim.Options{})
	_, other := newKey(t)
	w.know(knownhosts.Line([]string{w.address}, other.PublicKey()), "\n")
	if err := w.Probe(t.Context()); err != nil {
		t.Errorf("pinned: %v", err)
	}
	w.options.Fingerprint = fingerprint(other.PublicKey())
	w.connect()
	wantDenied(t, w.Probe(t.Context()), fingerprint(other.PublicKey()), fingerprint(w.sim.HostKey()))
}

func TestDamagedKnownHostsIsDenied(t *testing.T) {
	w := newWorld(t, sftpsim.Options{}, unpinned)
	w.know("sftp.acme.example ssh-ed25519 ???\n")
	wantDenied(t, w.Probe(t.Context()), "mend "+w.knownHosts())
}

func TestHostWithAnotherKindOfKeyIsDenied(t *testing.T) {
	w := newWorld(t, sftpsim.Options{}, unpinned)
	const ecdsa = "AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBEmKSENjQEezOmxkZMy7opKgwFB9nkt5YRrYMjNuG5N87uRgg6CLrbo5wAdT/y6v0mKV0U2w0WZ2YB/++Tpockg="
	w.know(knownhosts.Normalize(w.address), " ecdsa-sha2-nistp256 ", ecdsa, "\n")
	wantDenied(t, w.Probe(t.Context()), "no longer has a host key of the kind")
}
