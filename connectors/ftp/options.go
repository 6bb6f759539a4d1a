package ftp

import (
	"errors"
	"fmt"
	"net"
	"path"
	"strings"
	"unicode"

	"github.com/studio-agent/studio-agent/connectors"
)

// The words of tls in agent.yaml. There is no default: nobody sends a password
// in the open without having written so.
const (
	tlsExplicit = "explicit"
	tlsImplicit = "implicit"
	tlsPlain    = "plain"
)

// options are the account's keys in agent.yaml. Folders are slash-separated;
// those that do not begin with a slash start where the server puts the user.
type options struct {
	Host     string `yaml:"host"`     // ftp.vendor.example, or with a port; default 21, implicit 990
	User     string `yaml:"user"`     // of the login
	Password string `yaml:"password"` // env:NAME, file:PATH or credential:NAME
	// TLS is "explicit" (AUTH TLS on port 21: what most servers mean by FTPS),
	// "implicit" (TLS from the first byte, port 990) or "plain" (no encryption).
	TLS string `yaml:"tls"`
	// CA is a PEM file with the authority to trust instead of the system's,
	// absolute or relative to agent.yaml.
	CA string `yaml:"ca"`
	// ServerName is the name in the server's certificate; default: that in host.
	ServerName string `yaml:"server_name"`
	// Put is where photos are delivered. It must be there.
	Put string `yaml:"put"`
	// Get is where retouches come back. It must not hold put.
	Get string `yaml:"get"`
	// Rejected is where the vendor puts work that it refuses. It need not be there.
	Rejected string `yaml:"rejected"`
	// Layout is "flat", names as they are in the hot folder, or "bench", each
	// bench in a folder of its name. Accounts that several benches use must say.
	Layout string `yaml:"layout"`
}

func (o *options) check(mirrors []connectors.MirroredFolder) error {
	if err := o.checkServer(); err != nil {
		return err
	}
	if o.Put == "" && o.Get == "" && len(mirrors) == 0 {
		return errors.New("put or get is needed: the folder to deliver to, or the one that retouches come back to")
	}
	for key, dir := range map[string]*string{"put": &o.Put, "get": &o.Get, "rejected": &o.Rejected} {
		if err := checkFolder(key, *dir); err != nil {
			return err
		}
		if *dir != "" {
			*dir = path.Clean(*dir)
		}
	}
	for _, m := range mirrors {
		if err := errors.Join(checkFolder("mirror", m.Remote), checkFolder("rejected", m.Rejected)); err != nil {
			return err
		}
	}
	if o.Put != "" && o.Get != "" && below(o.Get, o.Put) {
		return fmt.Errorf("put (%s) lies in get (%s): what is delivered would come straight back", o.Put, o.Get)
	}
	return nil
}

func (o *options) checkServer() error {
	port := "21"
	switch o.TLS {
	case tlsExplicit, tlsPlain:
	case tlsImplicit:
		port = "990"
	default:
		return fmt.Errorf("tls: %q is not known; say explicit (AUTH TLS, what most servers offer), implicit (TLS from the start, port 990) or plain (password and pictures can be read on the way)", o.TLS)
	}
	if o.Host == "" || o.User == "" || o.Password == "" {
		return errors.New("host, user and password are needed, such as host: ftp.vendor.example, user: studio and password: env:VENDOR_PASSWORD")
	}
	if strings.Contains(o.Host, "://") {
		return fmt.Errorf("host: %q is an address; say its name alone, such as ftp.vendor.example", o.Host)
	}
	if _, _, err := net.SplitHostPort(o.Host); err != nil {
		o.Host = net.JoinHostPort(strings.Trim(o.Host, "[]"), port)
	}
	for key, value := range map[string]string{"host": o.Host, "user": o.User} {
		if strings.ContainsFunc(value, unicode.IsControl) {
			return fmt.Errorf("%s holds a control character", key)
		}
	}
	return nil
}

// checkFolder refuses what would not stay where it says or break the protocol.
func checkFolder(key, dir string) error {
	if strings.ContainsFunc(dir, unicode.IsControl) {
		return fmt.Errorf("%s: %q holds a control character", key, dir)
	}
	for part := range strings.SplitSeq(dir, "/") {
		if part == ".." {
			return fmt.Errorf("%s: %s leads upwards; write the folder itself", key, dir)
		}
	}
	return nil
}

// below reports whether name is dir or lies in it. A relative and an absolute
// folder are never told to be the same: only the server knows.
func below(dir, name string) bool {
	dir, name = path.Clean(dir), path.Clean(name)
	switch {
	case path.IsAbs(dir) != path.IsAbs(name):
		return false
	case dir == name || dir == "." || dir == "/":
		return true
	}
	return strings.HasPrefix(name, dir+"/")
}
