package sftp

import (
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"slices"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"github.com/studio-agent/studio-agent/connectors"
)

// fastFirst are the ciphers in the order in which they are offered. On machines
// with AES in hardware GCM takes half the time of what OpenSSH prefers.
var fastFirst = [...]string{
	ssh.CipherAES128GCM, ssh.CipherAES256GCM, ssh.CipherAES128CTR, ssh.CipherAES192CTR, ssh.CipherAES256CTR, ssh.CipherChaCha20Poly1305,
}

// A login is how a user proves who it is.
type login struct {
	user     string
	password string
	key      ssh.Signer // nil if there is none
	agent    bool
}

func newLogin(o options, secret func(string) (string, error)) (login, error) {
	l := login{user: o.User, agent: o.Agent}
	if o.User == "" {
		return l, errors.New("user is needed: the name to log in with")
	}
	if o.Password == "" && o.Key == "" && !o.Agent {
		return l, errors.New("password, key or agent is needed to log in, such as password: env:ACME_PASSWORD or key: file:acme_key")
	}
	if o.Agent && runtime.GOOS == "windows" {
		return l, errors.New("agent: true does not work on Windows; give the key itself, key: file:PATH")
	}
	if o.Passphrase != "" && o.Key == "" {
		return l, errors.New("passphrase is given, but no key that it opens")
	}
	var err error
	if o.Password != "" {
		if l.password, err = secret(o.Password); err != nil {
			return l, fmt.Errorf("password: %w", err)
		}
	}
	if o.Key != "" {
		l.key, err = readKey(o, secret)
	}
	return l, err
}

func readKey(o options, secret func(string) (string, error)) (ssh.Signer, error) {
	text, err := secret(o.Key)
	if err != nil {
		return nil, fmt.Errorf("key: %w", err)
	}
	var locked *ssh.PassphraseMissingError
	var signer ssh.Signer
	if o.Passphrase == "" {
		signer, err = ssh.ParsePrivateKey([]byte(text))
	} else {
		phrase, failed := secret(o.Passphrase)
		if failed != nil {
			return nil, fmt.Errorf("passphrase: %w", failed)
		}
		signer, err = ssh.ParsePrivateKeyWithPassphrase([]byte(text), []byte(phrase))
	}
	switch {
	case errors.As(err, &locked):
		return nil, errors.New("key: it is locked; give its passphrase, such as passphrase: env:ACME_PASSPHRASE")
	case err != nil && o.Passphrase != "":
		return nil, fmt.Errorf("key: it does not open with this passphrase, or is no private key: %w", err)
	case err != nil:
		return nil, fmt.Errorf("key: %s is no private key that ssh-keygen writes (OpenSSH or PEM): %w", o.Key, err)
	}
	return signer, nil
}

// methods are what to try, in order. done is to be called after the login.
func (l login) methods() (list []ssh.AuthMethod, done func(), _ error) {
	done = func() {}
	if l.key != nil {
		list = append(list, ssh.PublicKeys(l.key))
	}
	if l.agent {
		socket := os.Getenv("SSH_AUTH_SOCK")
		if socket == "" {
			return nil, done, connectors.Denied("agent: true, but SSH_AUTH_SOCK is not set; a service does not see the SSH agent of your own session: give the key itself, key: file:PATH")
		}
		conn, err := net.Dial("unix", socket)
		if err != nil {
			return nil, done, fmt.Errorf("the SSH agent at %s does not answer: %w", socket, err)
		}
		done = func() { conn.Close() }
		list = append(list, ssh.PublicKeysCallback(agent.NewClient(conn).Signers))
	}
	if l.password != "" {
		list = append(list, ssh.Password(l.password), ssh.KeyboardInteractive(l.answer))
	}
	return list, done, nil
}

// answer gives the password to each hidden question: many servers ask for it
// that way only.
func (l login) answer(_, _ string, questions []string, echos []bool) ([]string, error) {
	answers := make([]string, len(questions))
	for i := range questions {
		if echos[i] {
			return nil, errors.New("the server asks for more than a password")
		}
		answers[i] = l.password
	}
	return answers, nil
}

// ciphers are those to offer.
func (o options) ciphers() ([]string, error) {
	if len(o.Ciphers) == 0 {
		return fastFirst[:], nil
	}
	known := ssh.SupportedAlgorithms().Ciphers
	for _, c := range o.Ciphers {
		if !slices.Contains(known, c) {
			return nil, fmt.Errorf("ciphers: %q is not known; known are %v", c, known)
		}
	}
	return o.Ciphers, nil
}
