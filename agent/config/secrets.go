package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Secrets resolves references to secrets and keeps what it has resolved out of
// logs. Safe for concurrent use.
type Secrets struct {
	dir string

	mu       sync.RWMutex
	spelling []string // every value seen, in every form it may take in a log
	redactor *strings.Replacer
}

// NewSecrets returns Secrets for the configuration file at path: file: references
// are relative to its folder.
func NewSecrets(path string) *Secrets {
	return &Secrets{dir: filepath.Dir(path), redactor: strings.NewReplacer()}
}

// Resolve returns the secret that ref names: env:NAME, an environment variable;
// file:PATH, a file's content; credential:NAME, a systemd credential. It reads
// anew each time. A newline at the end of a file is dropped. On Unix a file that
// group or others may read is refused; on Windows, whose permissions cannot be
// judged so easily, the file's folder must be closed to other users. A literal
// secret is refused, and no error ever shows it.
func (s *Secrets) Resolve(ref string) (string, error) {
	kind, name, _ := strings.Cut(ref, ":")
	var value string
	var err error
	switch {
	case kind == "env" && name != "":
		value, err = fromEnvironment(name)
	case kind == "file" && name != "":
		value, err = s.fromFile(name)
	case kind == "credential" && name != "":
		value, err = fromCredential(name)
	case ref == "":
		err = errors.New("no secret is given: write env:NAME, file:PATH or credential:NAME")
	default:
		err = errors.New("is a secret and must not stand in the file: write env:NAME, file:PATH or credential:NAME")
	}
	if err != nil {
		return "", err
	}
	s.remember(value)
	return value, nil
}

func fromEnvironment(name string) (string, error) {
	value := os.Getenv(name)
	if value == "" {
		return "", fmt.Errorf("the environment variable %s is not set or empty; a service does not see those of your own session", name)
	}
	return value, nil
}

func (s *Secrets) fromFile(path string) (string, error) {
	if !filepath.IsAbs(path) {
		path = filepath.Join(s.dir, path)
	}
	info, err := os.Stat(path)
	if err != nil {
		return "", fmt.Errorf("the secret's file cannot be read: %w", err)
	}
	if mode := info.Mode().Perm(); runtime.GOOS != "windows" && mode&0o077 != 0 {
		return "", fmt.Errorf("others can read the secret in %s (mode %04o): run chmod 600 %s", path, mode, shellQuote(path))
	}
	return readSecret(path)
}

func fromCredential(name string) (string, error) {
	dir := os.Getenv("CREDENTIALS_DIRECTORY")
	if dir == "" {
		return "", fmt.Errorf("credential:%s needs systemd: $CREDENTIALS_DIRECTORY is not set; add LoadCredential=%s:PATH to the unit, or use file:PATH", name, name)
	}
	if !filepath.IsLocal(name) || strings.ContainsAny(name, `/\`) {
		return "", fmt.Errorf("credential:%s is not a plain name", name)
	}
	value, err := readSecret(filepath.Join(dir, name))
	if errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("systemd has passed no credential %s; add LoadCredential=%s:PATH to the unit", name, name)
	}
	return value, err
}

func readSecret(path string) (string, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("the secret's file cannot be read: %w", err)
	}
	value := strings.TrimRight(string(data), "\r\n")
	if value == "" {
		return "", fmt.Errorf("the secret's file %s is empty", path)
	}
	return value, nil
}

// remember keeps value in the forms that logs, JSON and addresses give it. Values
// under 6 bytes are left out: they would redact half of every log.
func (s *Secrets) remember(value string) {
	if len(value) < 6 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if slices.Contains(s.spelling, value) {
		return
	}
	quoted := strconv.Quote(value)
	inJSON, _ := json.Marshal(value) // a string never fails
	for _, form := range []string{value, quoted[1 : len(quoted)-1], string(inJSON[1 : len(inJSON)-1]), url.QueryEscape(value), url.PathEscape(value)} {
		if !slices.Contains(s.spelling, form) {
			s.spelling = append(s.spelling, form)
		}
	}
	// Longer ones first: a secret may begin with another one.
	slices.SortStableFunc(s.spelling, func(a, b string) int { return len(b) - len(a) })
	var pairs []string
	for _, form := range s.spelling {
		pairs = append(pairs, form, "[secret]")
	}
	s.redactor = strings.NewReplacer(pairs...)
}

// Redact replaces every secret of at least 6 bytes that was ever resolved.
func (s *Secrets) Redact(text string) string {
	s.mu.RLock()
	redactor := s.redactor
	s.mu.RUnlock()
	return redactor.Replace(text)
}

func shellQuote(path string) string {
	if strings.Trim(path, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-") == "" {
		return path
	}
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}
