package sftp

import (
	"encoding/pem"
	"errors"
	"net"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"github.com/studio-agent/studio-agent/connectors/sftp/sftpsim"
)

// secrets answers references from a table.
func secrets(table map[string]string) func(string) (string, error) {
	return func(ref string) (string, error) {
		if s, ok := table[ref]; ok {
			return s, nil
		}
		return "", errors.New("no such secret: " + ref)
	}
}

func TestKeyWithAndWithoutPassphrase(t *testing.T) {
	key, signer := newKey(t)
	open, err := ssh.MarshalPrivateKey(key, "")
	if err != nil {
		t.Fatal(err)
	}
	locked, err := ssh.MarshalPrivateKeyWithPassphrase(key, "", []byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	table := map[string]string{ // a secret's last newline is dropped
		"file:open":   strings.TrimSuffix(string(pem.EncodeToMemory(open)), "\n"),
		"file:locked": strings.TrimSuffix(string(pem.EncodeToMemory(locked)), "\n"),
		"env:PHRASE":  secret, "env:WRONG": "wrong",
	}
	for _, c := range []struct{ name, key, phrase, want string }{
		{"open", "file:open", "", ""},
		{"locked", "file:locked", "env:PHRASE", ""},
		{"locked, no passphrase", "file:locked", "", "give its passphrase"},
		{"locked, wrong passphrase", "file:locked", "env:WRONG", "does not open"},
		{"no such file", "file:gone", "", "key: no such secret"},
		{"no such passphrase", "file:locked", "env:GONE", "passphrase: no such secret"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, sftpsim.Options{User: "studio", Keys: []ssh.PublicKey{signer.PublicKey()}})
			w.options.Password, w.options.Key, w.options.Passphrase = "", c.key, c.phrase
			w.setup.Secret = secrets(table)
			conn, err := New(w.setup)
			switch {
			case c.want == "" && err != nil, c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Fatalf("got %v, want %q", err, c.want)
			case err == nil:
				if err := conn.Probe(t.Context()); err != nil {
					t.Error(err)
				}
			case strings.Contains(err.Error(), secret):
				t.Errorf("the error shows the secret: %v", err)
			}
		})
	}
}

func TestWrongLoginIsDenied(t *testing.T) {
	_, theirs := newKey(t)
	for name, server := range map[string]sftpsim.Options{
		"user": {User: "somebody", Password: secret},
		"key":  {Keys: []ssh.PublicKey{theirs.PublicKey()}},
	} {
		w := newWorld(t, server)
		t.Run(name, func(t *testing.T) { wantDenied(t, w.Probe(t.Context()), "refuses the login of studio") })
	}
	w := newWorld(t, sftpsim.Options{})
	w.setup.Secret = secrets(map[string]string{"env:PASSWORD": "wrong"})
	w.connect()
	wantDenied(t, w.Probe(t.Context()), "check user, password and key")
}

func TestAgentLogsIn(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("agent: true is refused there")
	}
	key, signer := newKey(t)
	keyring := agent.NewKeyring()
	if err := keyring.Add(agent.AddedKey{PrivateKey: key}); err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(t.TempDir(), "agent")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			agent.ServeAgent(keyring, c)
			c.Close()
		}
	}()
	t.Cleanup(func() { l.Close(); <-served })
	w := newWorld(t, sftpsim.Options{Keys: []ssh.PublicKey{signer.PublicKey()}}, func(w *world) {
		w.options.Password, w.options.Agent = "", true
	})
	t.Setenv("SSH_AUTH_SOCK", socket)
	if err := w.Probe(t.Context()); err != nil {
		t.Error(err)
	}
	t.Setenv("SSH_AUTH_SOCK", "")
	w.connect()
	wantDenied(t, w.Probe(t.Context()), "SSH_AUTH_SOCK is not set")
}

func TestPasswordAnswersHiddenQuestionsOnly(t *testing.T) {
	l := login{password: secret}
	if got, err := l.answer("", "", []string{"Password: "}, []bool{false}); err != nil || len(got) != 1 || got[0] != secret {
		t.Errorf("got %d answers and %v, want the password", len(got), err)
	}
	if got, err := l.answer("", "", []string{"Token: "}, []bool{true}); err == nil {
		t.Errorf("a question whose answer shows got %q", got)
	}
}
