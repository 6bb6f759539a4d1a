package ftp

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"

	"github.com/studio-agent/studio-agent/connectors"
)

// tlsConfig is nil for a plain account.
func (o options) tlsConfig(dir string) (*tls.Config, error) {
	if o.TLS == tlsPlain {
		if o.CA != "" || o.ServerName != "" {
			return nil, errors.New("ca and server_name mean nothing with tls: plain; remove them, or say tls: explicit")
		}
		return nil, nil
	}
	c := &tls.Config{ServerName: o.ServerName, MinVersion: tls.VersionTLS12}
	if c.ServerName == "" {
		name, _, err := net.SplitHostPort(o.Host)
		if err != nil {
			return nil, fmt.Errorf("host: %w", err)
		}
		c.ServerName = name
	}
	if o.CA == "" {
		return c, nil
	}
	file := o.CA
	if !filepath.IsAbs(file) {
		file = filepath.Join(dir, file)
	}
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("ca: %w", err)
	}
	c.RootCAs = x509.NewCertPool()
	if !c.RootCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("ca: %s holds no certificate in PEM form", file)
	}
	return c, nil
}

// sessions keeps the TLS session of one control connection. Servers that demand
// reuse compare a data connection's session with that of its own control
// connection, so those of data connections are not kept.
type sessions struct{ tls.ClientSessionCache }

func (sessions) Put(string, *tls.ClientSessionState) {}

// secured returns the configurations of a new connection: one for control,
// which keeps its session, and one for data, which resumes it.
func secured(base *tls.Config, most uint16) (control, data *tls.Config) {
	control = base.Clone()
	control.MaxVersion = most
	control.ClientSessionCache = tls.NewLRUClientSessionCache(1)
	data = control.Clone()
	data.ClientSessionCache = sessions{control.ClientSessionCache}
	return control, data
}

// distrust says in words what is wrong with the server's certificate, or nil.
func distrust(err error) error {
	var expired x509.CertificateInvalidError
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	switch {
	case errors.As(err, &expired) && expired.Reason == x509.Expired:
		return connectors.Denied("the server's certificate is valid from %s to %s only; ask the vendor to renew it, and check this machine's clock: %w",
			expired.Cert.NotBefore.Format("2006-01-02"), expired.Cert.NotAfter.Format("2006-01-02"), err)
	case errors.As(err, &unknown):
		by := "an unknown authority"
		if unknown.Cert != nil {
			by = fmt.Sprintf("%q, which this machine does not trust", unknown.Cert.Issuer.String())
		}
		return connectors.Denied("the server's certificate is signed by %s; if that is right, give the authority's file as ca: %w", by, err)
	case errors.As(err, &name):
		return connectors.Denied("the server's certificate is for %v and not for %s; correct host, or give the right one as server_name: %w",
			append(name.Certificate.DNSNames, addresses(name.Certificate.IPAddresses)...), name.Host, err)
	case errors.As(err, &expired):
		return connectors.Denied("the server's certificate cannot be trusted; ask the vendor for a valid one: %w", err)
	}
	return nil
}

func addresses(ips []net.IP) (list []string) {
	for _, ip := range ips {
		list = append(list, ip.String())
	}
	return list
}
