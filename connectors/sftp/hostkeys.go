package sftp

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/skeema/knownhosts"
	"golang.org/x/crypto/ssh"
	xknownhosts "golang.org/x/crypto/ssh/knownhosts"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/sync/atomicfile"
)

// hostKeys decide whether a server is the one that is meant.
type hostKeys struct {
	file      string // known_hosts; need not be there
	pin       string // SHA256:…; empty for none
	acceptNew bool
	writing   *sync.Mutex // of file; shared by the accounts that have it in common
}

// writingKey finds in Setup.Shared the lock of one known_hosts file.
type writingKey string

func newHostKeys(o options, s connectors.Setup) (*hostKeys, error) {
	k := &hostKeys{file: o.KnownHosts, pin: o.Fingerprint, writing: new(sync.Mutex)}
	switch o.HostKeys {
	case "", "strict":
	case "accept-new":
		k.acceptNew = true
	default:
		return nil, fmt.Errorf("host_keys: %q is not known; say strict or accept-new", o.HostKeys)
	}
	if sum, ok := strings.CutPrefix(k.pin, "SHA256:"); k.pin != "" {
		if raw, err := base64.RawStdEncoding.DecodeString(sum); !ok || err != nil || len(raw) != 32 {
			return nil, fmt.Errorf("fingerprint: %q is none; write SHA256: and 43 signs, as ssh-keygen -l shows it", k.pin)
		}
	}
	if k.file == "" {
		k.file = "known_hosts"
	}
	if !filepath.IsAbs(k.file) {
		k.file = filepath.Join(s.Dir, k.file)
	}
	if s.Shared != nil {
		lock, _ := s.Shared.LoadOrStore(writingKey(k.file), k.writing)
		k.writing = lock.(*sync.Mutex)
	}
	return k, nil
}

// algorithms are the kinds of host key to ask for: those that are known, so that
// a server with several shows one of them. nil means any.
func (k *hostKeys) algorithms(address string) ([]string, error) {
	if k.pin != "" {
		return nil, nil
	}
	db, err := k.load()
	if err != nil {
		return nil, err
	}
	return db.HostKeyAlgorithms(address), nil
}

func (k *hostKeys) load() (*knownhosts.HostKeyDB, error) {
	db, err := knownhosts.NewDB(k.file)
	if errors.Is(err, fs.ErrNotExist) {
		return knownhosts.NewDB()
	}
	if err != nil {
		return nil, connectors.Denied("the file of known host keys cannot be read; mend %s: %w", k.file, err)
	}
	return db, nil
}

// check is an ssh.HostKeyCallback. Its errors are denials.
func (k *hostKeys) check(address string, remote net.Addr, key ssh.PublicKey) error {
	offered := ssh.FingerprintSHA256(key)
	if k.pin != "" {
		if offered != k.pin {
			return connectors.Denied("the host key of %s is not the one that fingerprint: asks for: that is %s, and the server shows the %s key %s; ask the vendor which is right before you change it",
				address, k.pin, key.Type(), offered)
		}
		return nil
	}
	k.writing.Lock()
	defer k.writing.Unlock()
	db, err := k.load()
	if err != nil {
		return err
	}
	err = db.HostKeyCallback()(address, remote, key)
	var unlike *xknownhosts.KeyError
	var revoked *xknownhosts.RevokedError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &unlike) && len(unlike.Want) > 0:
		return changed(address, key, unlike.Want)
	case errors.As(err, &revoked):
		return connectors.Denied("the host key %s of %s was revoked in %s", offered, address, k.file)
	case errors.As(err, &unlike) && k.acceptNew:
		return k.learn(address, key)
	case errors.As(err, &unlike):
		return connectors.Denied("the host key of %s is not known: it is the %s key %s; if the vendor confirms it, add this line to %s: %s",
			address, key.Type(), offered, k.file, knownhosts.Line([]string{address}, key))
	}
	return connectors.Denied("the host key %s of %s cannot be checked: %w", offered, address, err)
}

func changed(address string, key ssh.PublicKey, known []xknownhosts.KnownKey) error {
	var was []string
	for _, w := range known {
		was = append(was, fmt.Sprintf("%s %s (line %d of %s)", w.Key.Type(), ssh.FingerprintSHA256(w.Key), w.Line, w.Filename))
	}
	return connectors.Denied("the host key of %s has changed: known is %s, the server now shows %s %s; somebody may be listening in, so nothing was sent. If the vendor confirms the new key, put this line in place of the old one: %s",
		address, strings.Join(was, " and "), key.Type(), ssh.FingerprintSHA256(key), knownhosts.Line([]string{address}, key))
}

// learn adds key to the file.
func (k *hostKeys) learn(address string, key ssh.PublicKey) error {
	known, err := os.ReadFile(k.file)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	if len(known) > 0 && !bytes.HasSuffix(known, []byte("\n")) {
		known = append(known, '\n')
	}
	known = append(known, knownhosts.Line([]string{address}, key)+"\n"...)
	if err == nil {
		err = replaceFile(k.file, known)
	}
	if err != nil {
		return connectors.Denied("the new host key of %s (%s) cannot be noted in %s; let the agent's user write there: %w", address, ssh.FingerprintSHA256(key), k.file, err)
	}
	return nil
}

// replaceFile puts content in the place of the file at path, whole or not at all.
func replaceFile(path string, content []byte) error {
	root, err := os.OpenRoot(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer root.Close()
	f, err := atomicfile.Create(root, filepath.Base(path), "known_hosts")
	if err != nil {
		return err
	}
	defer f.Abort()
	if _, err := f.Write(content); err != nil {
		return err
	}
	if err := f.Seal(time.Time{}); err != nil {
		return err
	}
	return f.Replace(context.Background())
}
