package pixelz

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/rest"
)

const (
	// defaultRate is starts per second. No limit is published.
	defaultRate    = 1
	defaultWorkers = 4
	// defaultHistory is how many days back is looked. Pixelz takes rejections for
	// 30 days (support.pixelz.com, 205006357).
	defaultHistory = 45
	leastHistory   = 31
	mostHistory    = 365
)

// How photos get to Pixelz.
const (
	uploadAuto    = "auto"    // presign where the account has it, else url
	uploadPresign = "presign" // to the storage of Pixelz
	uploadURL     = "url"     // Pixelz fetches it from a platform that has it
)

// options are an account's keys in agent.yaml.
type options struct {
	URL          string   `yaml:"url"`           // https://api.pixelz.com/REST.svc/JSON
	Email        string   `yaml:"email"`         // of the account; plain, or env:NAME and so on
	Key          string   `yaml:"key"`           // its API key (Account Settings, Affiliate)
	DeveloperKey string   `yaml:"developer_key"` // of resellers and partners only
	Template     string   `yaml:"template"`      // name or ID, for photos whose task names none
	Hosts        []string `yaml:"hosts"`         // whence retouches may come besides: host, host:port or *.domain
	Upload       string   `yaml:"upload"`        // auto (default), presign or url
	History      int      `yaml:"history"`       // days; 0 means 45, at least 31
	Callback     string   `yaml:"callback"`      // public address of the agent's page, below which /hooks/ACCOUNT is reached
	HookKey      string   `yaml:"hook_key"`      // random, part of the callback's address
	Link         string   `yaml:"link"`          // where a person sees an order, with {ticket} (unverified: no such address is documented)
}

// vendorHosts is where retouches may come from by default: Pixelz itself, and
// the storage that its official client uploads to (S3). Which host finished
// pictures lie on is unverified.
var vendorHosts = [...]string{"*.pixelz.com", "*.amazonaws.com"}

func newAccount(setup connectors.Setup) (*account, error) {
	a := &account{
		name: setup.Account, largest: mostBytes, workers: cmp.Or(setup.Connections, defaultWorkers),
		templates: newTemplates(), book: newBook(setup.Memory), memory: setup.Memory, log: setup.Log,
	}
	var opt options
	err := setup.Decode(&opt)
	if err == nil {
		err = a.set(opt, setup)
	}
	if err != nil {
		return nil, fmt.Errorf("account %s: %w", setup.Account, err)
	}
	return a, nil
}

func (a *account) set(opt options, setup connectors.Setup) error {
	if opt.URL == "" || opt.Email == "" || opt.Key == "" {
		return errors.New("url, email and key are required, such as url: https://api.pixelz.com/REST.svc/JSON, email: env:PIXELZ_EMAIL and key: env:PIXELZ_KEY")
	}
	if setup.Rate < 0 || setup.Connections < 0 {
		return errors.New("rate and connections must not be negative")
	}
	a.template, a.link, a.upload, a.history = opt.Template, opt.Link, cmp.Or(opt.Upload, uploadAuto), cmp.Or(opt.History, defaultHistory)
	if !slices.Contains([]string{uploadAuto, uploadPresign, uploadURL}, a.upload) {
		return fmt.Errorf("upload is %q; it must be auto, presign or url", a.upload)
	}
	if a.history < leastHistory || a.history > mostHistory {
		return fmt.Errorf("history is %d days; it must be %d to %d", a.history, leastHistory, mostHistory)
	}
	if opt.Link != "" && (!strings.HasPrefix(opt.Link, "https://") || !strings.Contains(opt.Link, "{ticket}")) {
		return errors.New("link must begin with https:// and hold {ticket}")
	}
	if err := a.resolve(opt, setup.Secret); err != nil {
		return err
	}
	base, err := url.Parse(opt.URL)
	if err != nil || base.Scheme == "http" && !isLocal(base) {
		return errors.New("url must begin with https://: the key travels in it")
	}
	if err := a.setCallback(opt, isLocal(base)); err != nil {
		return err
	}
	return a.connect(opt, base, setup)
}

// resolve reads the secrets. An address with an @ stands for itself.
func (a *account) resolve(opt options, secret func(string) (string, error)) error {
	a.auth = map[string]string{}
	for _, s := range []struct{ option, field, ref string }{
		{"email", "contactEmail", opt.Email}, {"key", "contactAPIkey", opt.Key},
		{"developer_key", "developerAPIkey", opt.DeveloperKey}, {"hook_key", "", opt.HookKey},
	} {
		value, err := s.ref, error(nil)
		if s.ref != "" && !(s.option == "email" && strings.Contains(s.ref, "@")) {
			value, err = secret(s.ref)
		}
		switch {
		case err != nil:
			return fmt.Errorf("%s: %w", s.option, err)
		case value == "":
			continue
		case s.field == "":
			a.hookKey = value
		default:
			a.auth[s.field] = value
		}
		a.secrets = append(a.secrets, spellings(value)...)
	}
	return nil
}

// spellings are all ways in which a secret may come back in somebody's words.
func spellings(secret string) []string {
	inJSON, _ := json.Marshal(secret) // a string always can be
	all := []string{secret, strings.Trim(string(inJSON), `"`), url.QueryEscape(secret), url.PathEscape(secret)}
	slices.Sort(all)
	return slices.Compact(all)
}

func (a *account) setCallback(opt options, local bool) error {
	if opt.Callback == "" {
		return nil
	}
	u, err := url.Parse(opt.Callback)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Scheme != "https" && !(local && u.Scheme == "http") {
		return errors.New("callback must look like https://studio.example, with no question mark in it")
	}
	if a.hookKey == "" {
		return errors.New("callback needs hook_key, a long random text that only Pixelz is told, such as hook_key: env:PIXELZ_HOOK")
	}
	u = u.JoinPath("hooks", a.name)
	u.RawQuery = url.Values{"key": {a.hookKey}}.Encode()
	a.callback = u.String()
	return nil
}

func (a *account) connect(opt options, base *url.URL, setup connectors.Setup) (err error) {
	a.api, err = rest.New(rest.Config{
		Account: a.name, Base: opt.URL, Secrets: a.secrets, Login: "email and key", HTTP: setup.HTTP,
		Header: http.Header{"Accept": {"application/json"}, "Content-Type": {jsonType}},
		Limit: rest.Shared(setup.Shared, base.Host, a.auth["contactAPIkey"], rest.Limits{
			Rate: cmp.Or(setup.Rate, defaultRate), InFlight: a.workers,
		}),
	})
	a.web = newWeb(a.name, a.secrets, base, opt.Hosts, setup.HTTP, a.workers)
	return err
}

// isLocal reports whether u is on this very machine: a simulator.
func isLocal(u *url.URL) bool {
	host := u.Hostname()
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.Unmap().IsLoopback()
}
