package grandshooting

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"slices"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/rest"
)

const (
	// What lies outside of the API has no documented rate: this is politeness, and
	// leaves the line to photos.
	outsideRate     = 20
	outsideInFlight = 4
)

// outside is what the platform points at that is not its API. It is read without
// a login, from the account's hosts only.
type outside struct {
	account string
	base    *url.URL // of the API
	hosts   []string
	http    *http.Client
	limit   *rest.Limiter
}

func newOutside(setup connectors.Setup, opt options) (outside, error) {
	base, err := url.Parse(opt.URL)
	o := outside{
		account: setup.Account, base: base, hosts: opt.Hosts, http: &http.Client{Transport: http.DefaultTransport},
		limit: rest.Shared(nil, "", "", rest.Limits{Rate: outsideRate, InFlight: outsideInFlight}),
	}
	if setup.HTTP != nil && setup.HTTP.Transport != nil {
		o.http.Transport = setup.HTTP.Transport
	}
	return o, err
}

// trusts reports whether at may be read or handed on: https, or plain http on an
// account that is itself on this machine.
func (o outside) trusts(at *url.URL) bool {
	if at.Host == "" || at.User != nil {
		return false
	}
	return at.Scheme == "https" || at.Scheme == "http" && o.base.Scheme == "http" && isLoopback(o.base.Hostname())
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// get reads up to most bytes. The error wraps connectors.ErrRejected if the
// address may not be read or nothing is there, and never
// connectors.ErrDenied: what another host refuses says nothing of the account.
func (o outside) get(ctx context.Context, address string, most int, header http.Header) ([]byte, error) {
	at, err := o.base.Parse(address)
	switch {
	case err != nil:
		return nil, connectors.Rejected("its address cannot be read")
	case !o.trusts(at):
		return nil, connectors.Rejected("its address begins with %s://%s and not with https", at.Scheme, at.Host)
	case at.Host != o.base.Host && !slices.Contains(o.hosts, at.Host) && !slices.Contains(o.hosts, at.Hostname()):
		return nil, connectors.Rejected("it lies on %s: if that is right, add it to hosts of account %s", at.Host, o.account)
	}
	far, err := rest.New(rest.Config{
		Account: o.account, Base: at.Scheme + "://" + at.Host, Header: header,
		Secrets: []string{at.RawQuery}, // may be a signature
		Login:   "hosts", Hosts: append(slices.Clone(o.hosts), o.base.Host), HTTP: o.http, Limit: o.limit,
	})
	if err != nil {
		return nil, err
	}
	got := capped{most: most}
	err = far.Stream(ctx, rest.Request{Method: http.MethodGet, Path: at.RequestURI()}, &got)
	switch {
	case errors.Is(err, errLarge):
		return nil, connectors.Rejected("it is larger than %d MiB", most>>20)
	case errors.Is(err, connectors.ErrDenied):
		return nil, connectors.Rejected("%v", err)
	}
	return got.kept.Bytes(), err
}

var errLarge = errors.New("too large")

// A capped buffer takes so many bytes and no more.
type capped struct {
	most int
	kept bytes.Buffer
}

func (c *capped) Write(p []byte) (int, error) {
	if c.kept.Len()+len(p) > c.most {
		return 0, errLarge
	}
	return c.kept.Write(p)
}
