package creativeforce

import (
	"errors"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/rest"
)

// web is what the platform points at that is not its API: storage, read and
// written by signed addresses without a login, at the account's hosts only.
type web struct {
	account string
	base    *url.URL // of the API
	hosts   []string // host, host:port or *.domain
	http    *http.Client
	shared  *sync.Map
	limits  rest.Limits
}

// at returns the client of an address, and the path to ask it for. No error of
// it holds the query, which is as good as a password. The error wraps
// connectors.ErrRejected if the address may not be used.
func (w web) at(address string) (*rest.Client, string, error) {
	at, err := url.Parse(address)
	switch {
	case err != nil || at.Host == "" || at.User != nil:
		return nil, "", connectors.Rejected("the address that Creative Force gave cannot be used")
	case at.Scheme != "https" && !(at.Scheme == "http" && w.base.Scheme == "http" && isLoopback(w.base.Hostname())):
		return nil, "", connectors.Rejected("the address that Creative Force gave begins with %s://%s and not with https", at.Scheme, at.Host)
	case !w.allows(at):
		return nil, "", connectors.Rejected("it lies on %s: if that is right, add it to hosts of account %s", at.Host, w.account)
	}
	secrets := []string{at.RawQuery}
	for _, values := range at.Query() {
		for _, v := range values {
			if len(v) > 15 { // a signature, not a date or an algorithm
				secrets = append(secrets, v)
			}
		}
	}
	client, err := rest.New(rest.Config{
		Account: w.account, Base: at.Scheme + "://" + at.Host, Secrets: secrets, Login: "hosts",
		HTTP: w.http, Limit: rest.Shared(w.shared, at.Host, "", w.limits),
	})
	return client, at.RequestURI(), err
}

// signed is what a signed address carries: a storage that repeats it may also cut
// it short, where nobody recognizes it any more.
var signed = regexp.MustCompile(`\?[^\s"'<>]+|[\w%-]*(?i:signature|credential|token|policy)[\w%-]*=[^&\s"'<>]+`)

// hide takes signatures out of the words of a storage.
func hide(err error) error {
	if err == nil || !signed.MatchString(err.Error()) {
		return err
	}
	return &hiddenError{signed.ReplaceAllString(err.Error(), "***"), err}
}

func (w web) allows(at *url.URL) bool {
	if at.Host == w.base.Host {
		return true
	}
	for _, host := range w.hosts {
		domain, wild := strings.CutPrefix(host, "*")
		if at.Host == host || at.Hostname() == host || wild && strings.HasSuffix(strings.ToLower(at.Hostname()), strings.ToLower(domain)) {
			return true
		}
	}
	return false
}

// checkHosts refuses what allows would misread.
func checkHosts(hosts []string) error {
	for _, host := range hosts {
		if domain, wild := strings.CutPrefix(host, "*."); host == "" || strings.ContainsAny(domain, "/*@ ") || wild && !strings.Contains(domain, ".") {
			return errors.New("hosts are names such as cdn.example.com, cdn.example.com:8443 or *.example.com")
		}
	}
	return nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
