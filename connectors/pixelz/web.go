package pixelz

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/rest"
)

// mostFetched bounds a retouch: layered files are larger than their originals.
const mostFetched = 8 << 30

// web is where pictures are put and fetched: addresses that Pixelz names, none
// of which gets to see the login.
type web struct {
	account string
	secrets []string // of the login, which is told nobody here
	local   bool     // the platform is on this machine: a simulator
	hosts   []string // whence is fetched: host, host:port, *.domain
	http    *http.Client
	limit   *rest.Limiter
}

func newWeb(account string, secrets []string, base *url.URL, more []string, given *http.Client, workers int) web {
	local := isLocal(base)
	return web{
		account: account, secrets: secrets, local: local, http: guarded(given, local, workers),
		hosts: slices.Concat([]string{base.Host}, vendorHosts[:], more),
		// Storage has no rate worth keeping to; the number is what counts.
		limit: rest.Shared(nil, "", "", rest.Limits{Rate: 1000, InFlight: 2 * workers}),
	}
}

// guarded makes a client that reaches no private address, so that nobody who can
// change a name on the internet gets into the studio's network. Through a proxy
// that is the proxy's to say.
func guarded(given *http.Client, local bool, conns int) *http.Client {
	own := http.Client{}
	if given != nil {
		own = *given
	}
	free := local || proxied()
	if own.Transport != nil && free {
		return &own
	}
	std, ok := cmp.Or(own.Transport, http.DefaultTransport).(*http.Transport)
	if !ok {
		return &own
	}
	t := std.Clone()
	t.MaxIdleConnsPerHost = max(t.MaxIdleConnsPerHost, conns)
	if !free {
		d := &net.Dialer{Timeout: 30 * time.Second, KeepAlive: 30 * time.Second, Control: refusePrivate}
		t.DialContext = d.DialContext
	}
	own.Transport = t
	return &own
}

func proxied() bool {
	proxy, err := http.ProxyFromEnvironment(&http.Request{URL: &url.URL{Scheme: "https", Host: "api.pixelz.com"}})
	return proxy != nil || err != nil
}

func refusePrivate(_, address string, _ syscall.RawConn) error {
	if at, err := netip.ParseAddrPort(address); err != nil || !isPublic(at.Addr()) {
		return fmt.Errorf("%s is no public address", address)
	}
	return nil
}

func isPublic(ip netip.Addr) bool {
	ip = ip.Unmap()
	carrier := netip.PrefixFrom(netip.AddrFrom4([4]byte{100, 64, 0, 0}), 10) // RFC 6598
	return ip.IsGlobalUnicast() && !ip.IsPrivate() && !carrier.Contains(ip)
}

// parse checks an address that Pixelz has named. What is wrong with it is said
// without its path and query, which may be worth something to others.
func (w web) parse(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || u.Opaque != "" {
		return nil, errors.New("it is no plain address on the web")
	}
	if u.Scheme != "https" && !(w.local && u.Scheme == "http") {
		return nil, fmt.Errorf("%s is not reached by https", u.Host)
	}
	if ip, err := netip.ParseAddr(u.Hostname()); !w.local && (err == nil && !isPublic(ip) || isLocal(u)) {
		return nil, fmt.Errorf("%s is no public address", u.Host)
	}
	return u, nil
}

// source checks an address that a retouch is to be fetched from.
func (w web) source(address string) (*url.URL, error) {
	u, err := w.parse(address)
	if err != nil {
		return nil, err
	}
	allowed := func(host string) bool {
		domain, wild := strings.CutPrefix(strings.ToLower(host), "*.")
		name := strings.ToLower(u.Hostname())
		if wild {
			return u.Port() == "" && strings.HasSuffix(name, "."+domain)
		}
		return domain == strings.ToLower(u.Host) || domain == name && u.Port() == ""
	}
	if !slices.ContainsFunc(w.hosts, allowed) {
		return nil, fmt.Errorf("nothing is fetched from %s: if it belongs to Pixelz, add it to hosts of account %s", u.Host, w.account)
	}
	return u, nil
}

// at makes the client and the request for one address. Its query is a secret,
// and stays spelled as it came: it may be signed.
func (w web) at(u *url.URL, r rest.Request) (*rest.Client, rest.Request, error) {
	c, err := rest.New(rest.Config{
		Account: w.account, Base: u.Scheme + "://" + u.Host, Secrets: append(slices.Clip(w.secrets), u.RawQuery), Login: "hosts", Hosts: w.hosts, HTTP: w.http, Limit: w.limit,
	})
	r.Path = cmp.Or(u.EscapedPath(), "/")
	if u.RawQuery != "" {
		r.Path += "?" + u.RawQuery
	}
	return c, r, err
}

// put stores data ("as application/octet-stream with Content-Length", official
// client).
func (w web) put(ctx context.Context, u *url.URL, data *exactly) error {
	c, r, err := w.at(u, rest.Request{
		Method: http.MethodPut, Header: http.Header{"Content-Type": {"application/octet-stream"}},
		Body: data, Length: data.size, Before: data.begin,
	})
	if err != nil {
		return err
	}
	_, err = c.Do(ctx, r)
	return err
}

// fetch writes what is at u to out.
func (w web) fetch(ctx context.Context, u *url.URL, out io.Writer) error {
	c, r, err := w.at(u, rest.Request{Method: http.MethodGet})
	if err != nil {
		return err
	}
	return c.Stream(ctx, r, &bounded{out, mostFetched})
}

// bounded passes on so many bytes and no more.
type bounded struct {
	w    io.Writer
	left int64
}

func (b *bounded) Write(p []byte) (int, error) {
	if int64(len(p)) > b.left {
		return 0, fmt.Errorf("it is larger than %d GB, which no retouch is", mostFetched>>30)
	}
	b.left -= int64(len(p))
	return b.w.Write(p)
}

// plain takes from an error of the storage what it would mean for the account or
// the photo: addresses there come and go.
func plain(what string, err error) error {
	if errors.Is(err, connectors.ErrDenied) {
		return fmt.Errorf("%s: %v", what, err)
	}
	return later(what, err)
}
