package medialoopster

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/rest"
)

const (
	// defaultRate is starts per second. No limit is published; the server stands in
	// the house.
	defaultRate = 10
	// defaultWorkers is how many imports are waited for at the same time. Waiting
	// costs nothing: no file is sent.
	defaultWorkers = 8
	// accept asks for the version that this package speaks (facts.md, 5.1; without it
	// the latest is used).
	accept = "application/json; version=1"
)

// options are an account's keys in agent.yaml.
type options struct {
	URL      string            `yaml:"url"`      // https://medialoopster.example/api
	Token    string            `yaml:"token"`    // of a user; or user and password
	User     string            `yaml:"user"`     // HTTP Basic instead of the token
	Password string            `yaml:"password"` // of user
	Paths    map[string]string `yaml:"paths"`    // folders of this machine: the same as medialoopster sees them
	Body     string            `yaml:"body"`     // how projects are created: json (default) or form
}

// benchOptions are a bench's keys. What else stands under projects is for others.
type benchOptions struct {
	Projects *struct {
		Folder     string `yaml:"folder"`
		Account    string `yaml:"account"`
		Production any    `yaml:"production"` // number: ID; text: name
	} `yaml:"projects"`
}

// A bench is one that keeps its projects with this account.
type bench struct {
	name       string
	folder     string // plain, on this machine
	server     string // the same, as medialoopster sees it
	production string // as configured: ID or name
}

func newAccount(setup connectors.Setup) (*account, error) {
	a := &account{name: setup.Account, memory: setup.Memory, log: setup.Log, workers: cmp.Or(setup.Connections, defaultWorkers), turn: make(chan struct{}, 1)}
	var opt options
	err := setup.Decode(&opt)
	if err == nil {
		err = a.set(opt, setup)
	}
	for _, b := range setup.Benches {
		if err == nil {
			err = a.addBench(b, setup.Dir)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("account %s: %w", setup.Account, err)
	}
	return a, nil
}

func (a *account) set(opt options, setup connectors.Setup) (err error) {
	if opt.URL == "" || (opt.Token == "") == (opt.User == "" || opt.Password == "") {
		return errors.New("url and either token or user with password are required, such as url: https://medialoopster.example/api and token: env:ML_TOKEN")
	}
	if setup.Rate < 0 || setup.Connections < 0 {
		return errors.New("rate and connections must not be negative")
	}
	if len(opt.Paths) == 0 {
		return errors.New("paths is required: medialoopster must be told how it sees the folders of this machine, such as paths: {/Volumes/projects/: /srv/projects/}")
	}
	if !slices.Contains([]string{"", bodyJSON, bodyForm}, opt.Body) {
		return fmt.Errorf("body is %q; it must be json or form", opt.Body)
	}
	a.form = opt.Body == bodyForm
	if a.paths, err = newPathMap(opt.Paths); err != nil {
		return err
	}
	return a.connect(opt, setup)
}

// connect resolves the login: "Token xxxxx" (medialoopster-projectassets.txt), or
// Basic, which the maker's Python package uses (facts.md, 5.1).
func (a *account) connect(opt options, setup connectors.Setup) error {
	option, ref, login := "token", opt.Token, "token"
	if ref == "" {
		option, ref, login = "password", opt.Password, "user and password"
	}
	secret, err := setup.Secret(ref)
	if err != nil {
		return fmt.Errorf("%s: %w", option, err)
	}
	authorization, secrets := "Token "+secret, []string{secret}
	if opt.Token == "" {
		r := http.Request{Header: http.Header{}}
		r.SetBasicAuth(opt.User, secret)
		authorization = r.Header.Get("Authorization")
		secrets = append(secrets, strings.TrimPrefix(authorization, "Basic "))
	}
	for _, s := range secrets {
		a.secrets = append(a.secrets, s, url.QueryEscape(s), url.PathEscape(s))
	}
	base, err := url.Parse(opt.URL)
	if err != nil {
		return errors.New("url must look like https://medialoopster.example/api")
	}
	a.plain = base.Scheme == "http" && !isLocal(base)
	a.api, err = rest.New(rest.Config{
		Account: a.name, Base: opt.URL, Secrets: secrets, Login: login, HTTP: setup.HTTP,
		Header: http.Header{"Authorization": {authorization}, "Accept": {accept}},
		Limit:  rest.Shared(setup.Shared, base.Host, secret, rest.Limits{Rate: cmp.Or(setup.Rate, defaultRate), InFlight: a.workers + 1}),
	})
	return err
}

func (a *account) addBench(b connectors.Bench, dir string) error {
	var opt benchOptions
	if err := b.Decode(&opt); err != nil {
		return err
	}
	p := opt.Projects
	if p == nil || p.Account != "" && p.Account != a.name {
		return nil
	}
	fail := func(format string, args ...any) error {
		return fmt.Errorf("bench %s: projects: "+format, append([]any{b.Name}, args...)...)
	}
	if p.Folder == "" || p.Production == nil {
		return fail("folder and production are required")
	}
	production := fmt.Sprint(p.Production)
	switch p.Production.(type) {
	case int, string:
	default:
		return fail("production must be a number (its ID) or a name")
	}
	folder := p.Folder
	if !strings.HasPrefix(folder, "/") && !windowsPath.MatchString(folder) {
		folder = filepath.Join(dir, folder)
	}
	server, err := a.paths.server(folder)
	if err != nil {
		return fail("%w", err)
	}
	plain, err := plainPath(folder)
	if err != nil {
		return fail("folder %q %w", folder, err)
	}
	a.benches = append(a.benches, bench{b.Name, plain, server, production})
	return nil
}

// isLocal reports whether u is on this very machine: a simulator.
func isLocal(u *url.URL) bool {
	host := u.Hostname()
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.Unmap().IsLoopback()
}
