package creativeforce

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/rest"
)

const (
	// defaultRate is half of what is allowed for one address on the internet, which
	// a whole studio shares: 20 requests per second (public).
	defaultRate    = 10
	defaultWorkers = 4
	mostBulky      = 3 // leaves places for small photos and questions
)

// options are an account's keys in agent.yaml. What is marked unverified stands
// in no document: its default is a guess, to be corrected here.
type options struct {
	URL          string `yaml:"url"`       // https://gateway.creativeforce.io/v1 (public)
	TokenURL     string `yaml:"token_url"` // https://accounts.creativeforce.io/connect/token (public)
	ClientID     string `yaml:"client_id"` // of the registered app
	ClientSecret string `yaml:"client_secret"`
	Scope        string `yaml:"scope"`   // cfgateway (public)
	Vendor       string `yaml:"vendor"`  // postProductionVendorId of the list
	Content      string `yaml:"content"` // ecommerce, editorial or both (default)

	// Paths are spellings by name, for the service may not follow its guide's.
	// Unverified; see defaultPaths.
	Paths map[string]string `yaml:"paths"`
	// Hosts are where files may lie, besides url's: host, host:port or *.domain.
	// The guide names Amazon S3 only; unverified.
	Hosts []string `yaml:"hosts"`
	// PageSize is of the task list. That the list takes pageNumber and pageSize is
	// unverified.
	PageSize int `yaml:"page_size"`
	// Statuses say what a status word means: ready, progress, review, done or
	// cancelled. Beyond To Do and In Progress the words are unverified.
	Statuses map[string]string `yaml:"statuses"`
	// Start says when a task is started: landed (default), once all its inputs are
	// here, or on-open: never by the agent. It then stays To Do until the outputs
	// are submitted (guide, Tasks process flow). That the agent cannot tell when a
	// retoucher opens a task is why on-open means no more; unverified whether
	// a task may be submitted without a start.
	Start string `yaml:"start"`
	// FileType is physicalFileTypeId of what is uploaded; unverified.
	FileType int `yaml:"file_type"`
	// MD5 is how fileMd5 is written: grouped (default; hex in groups of a GUID,
	// upper case), guid (the same with the bytes of a .NET Guid), hex or base64.
	// Unverified.
	MD5 string `yaml:"md5"`
	// SubmitDelay is how long after an upload a task is submitted, for the
	// platform to take note of the file; unverified.
	SubmitDelay *time.Duration `yaml:"submit_delay"`
	// SubmitPatience is how long uploads may be unknown to the platform when they
	// are submitted; unverified.
	SubmitPatience time.Duration `yaml:"submit_patience"`
	// SubmitDoubt is how long a submission that was not answered may still take
	// effect: nothing is submitted again before; unverified.
	SubmitDoubt time.Duration `yaml:"submit_doubt"`
	// UnknownAssets are the statusCodes of a refused submission that mean that an
	// upload is not known yet. 24 is that of another call (public, unofficial);
	// unverified.
	UnknownAssets []int `yaml:"unknown_assets"`
	// Link is where a person sees a task, with {taskId}; none is documented.
	Link string `yaml:"link"`

	WebhookSecret string `yaml:"webhook_secret"` // which Creative Force shows when a vendor is saved
	// WebhookHeader carries the signature (public).
	WebhookHeader string `yaml:"webhook_header"`
	// WebhookHash is sha256 (default), sha1 or sha512 of the HMAC; unverified.
	WebhookHash string `yaml:"webhook_hash"`
	// WebhookKey says what the secret is: base64 (default; RFC 2045, public) of
	// the key, or text, the key itself; unverified.
	WebhookKey string `yaml:"webhook_key"`
}

func (o *options) fill() {
	o.Scope = cmp.Or(o.Scope, "cfgateway")
	o.Content = cmp.Or(o.Content, "both")
	o.PageSize = cmp.Or(o.PageSize, 100)
	o.Start = cmp.Or(o.Start, startLanded)
	o.FileType = cmp.Or(o.FileType, 2)
	o.MD5 = cmp.Or(o.MD5, md5Grouped)
	o.SubmitPatience = cmp.Or(o.SubmitPatience, 2*time.Minute)
	o.SubmitDoubt = cmp.Or(o.SubmitDoubt, time.Minute)
	o.WebhookHeader = cmp.Or(o.WebhookHeader, "X-CF-Signature")
	o.WebhookHash = cmp.Or(o.WebhookHash, "sha256")
	o.WebhookKey = cmp.Or(o.WebhookKey, "base64")
	if o.SubmitDelay == nil {
		o.SubmitDelay = new(5 * time.Second)
	}
	if o.UnknownAssets == nil {
		o.UnknownAssets = []int{24}
	}
	if o.Hosts == nil {
		o.Hosts = []string{"*.amazonaws.com", "*.creativeforce.io"}
	}
}

const (
	startLanded = "landed"
	startOnOpen = "on-open"
)

func (o *options) check() error {
	if o.URL == "" || o.TokenURL == "" || o.ClientID == "" || o.ClientSecret == "" || o.Vendor == "" {
		return errors.New("url, token_url, client_id, client_secret and vendor are required, such as url: https://gateway.creativeforce.io/v1, token_url: https://accounts.creativeforce.io/connect/token, client_id: env:CF_ID and client_secret: env:CF_SECRET; vendor is the postProductionVendorId of the studio's vendor list")
	}
	for _, choice := range []struct {
		name, is string
		of       []string
	}{
		{"content", o.Content, []string{"both", string(ecommerce), string(editorial)}},
		{"start", o.Start, []string{startLanded, startOnOpen}},
		{"md5", o.MD5, []string{md5Grouped, md5GUID, md5Hex, md5Base64}},
		{"webhook_hash", o.WebhookHash, []string{"sha256", "sha1", "sha512"}},
		{"webhook_key", o.WebhookKey, []string{"base64", "text"}},
	} {
		if !slices.Contains(choice.of, choice.is) {
			return fmt.Errorf("%s is %q; it must be one of %s", choice.name, choice.is, strings.Join(choice.of, ", "))
		}
	}
	switch {
	case o.PageSize < 1 || o.PageSize > 1000:
		return errors.New("page_size must be 1 to 1000")
	case *o.SubmitDelay < 0 || *o.SubmitDelay > time.Minute || o.SubmitPatience < 0 || o.SubmitDoubt < 0:
		return errors.New("submit_delay must be 0s to 1m, submit_patience and submit_doubt must not be negative")
	case o.Link != "" && (!strings.HasPrefix(o.Link, "https://") || !strings.Contains(o.Link, "{taskId}")):
		return errors.New("link must begin with https:// and hold {taskId}")
	}
	for word, means := range o.Statuses {
		if _, known := meanings[means]; !known {
			return fmt.Errorf("statuses: %q means %q; it must be one of ready, progress, review, done and cancelled", word, means)
		}
	}
	return checkHosts(o.Hosts)
}

func newAccount(setup connectors.Setup) (*account, error) {
	a := &account{
		name: setup.Account, memory: setup.Memory, log: setup.Log, workers: cmp.Or(setup.Connections, defaultWorkers),
		desk: newDesk(), submitting: make(chan struct{}, 1),
	}
	err := setup.Decode(&a.opt)
	if err == nil {
		a.opt.fill()
		err = a.opt.check()
	}
	if err == nil && (setup.Rate < 0 || setup.Connections < 0) {
		err = errors.New("rate and connections must not be negative")
	}
	if err == nil {
		a.benches, err = newBenches(setup.Benches)
	}
	if err == nil {
		err = a.connect(setup)
	}
	if err != nil {
		return nil, fmt.Errorf("account %s: %w", setup.Account, err)
	}
	return a, nil
}

// connect makes what talks to the platform.
func (a *account) connect(setup connectors.Setup) error {
	base, err := httpURL("url", a.opt.URL)
	if err != nil {
		return err
	}
	if _, err := httpURL("token_url", a.opt.TokenURL); err != nil {
		return err
	}
	secrets, err := a.secrets(setup.Secret)
	if err != nil {
		return err
	}
	ways, err := newPaths(a.opt.Paths)
	if err != nil {
		return err
	}
	client := httpClient(setup.HTTP, a.workers)
	limits := rest.Limits{Rate: cmp.Or(setup.Rate, defaultRate), InFlight: max(a.workers, 2), Bulky: min(mostBulky, a.workers)}
	shared := setup.Shared
	if shared == nil {
		shared = &sync.Map{}
	}
	a.web = web{account: a.name, base: base, hosts: a.opt.Hosts, http: client, shared: shared, limits: limits}
	a.gateway = &gateway{paths: ways, log: a.log, login: &login{
		account: a.name, turn: make(chan struct{}, 1), http: noRedirects(client), secrets: nonEmpty(secrets[:]),
		conf: clientcredentials.Config{
			ClientID: secrets[0], ClientSecret: secrets[1], TokenURL: a.opt.TokenURL,
			Scopes: []string{a.opt.Scope}, AuthStyle: oauth2.AuthStyleInParams,
		},
		make: func(token string) (*rest.Client, error) {
			return rest.New(rest.Config{
				Account: a.name, Base: a.opt.URL, Login: "client_id and client_secret", HTTP: client,
				Header:  http.Header{"Authorization": {"Bearer " + token}, "Accept": {"application/json"}},
				Secrets: append([]string{token}, secrets[:]...),
				Limit:   rest.Shared(shared, base.Host, "", limits), // for the address, not for a key
			})
		},
	}}
	return nil
}

// secrets resolves client_id, client_secret and webhook_secret, and makes the hook
// where there is the last.
func (a *account) secrets(resolve func(string) (string, error)) (all [3]string, err error) {
	for i, ref := range []string{a.opt.ClientID, a.opt.ClientSecret, a.opt.WebhookSecret} {
		if ref == "" {
			continue
		}
		if all[i], err = resolve(ref); err != nil {
			return all, fmt.Errorf("%s: %w", []string{"client_id", "client_secret", "webhook_secret"}[i], err)
		}
	}
	if a.opt.WebhookSecret != "" {
		if a.hook, err = newHook(a, all[2]); err != nil {
			return all, err
		}
	}
	return all, nil
}

func httpURL(option, text string) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Host == "" || u.User != nil || u.RawQuery != "":
		return nil, fmt.Errorf("%s must look like https://host/path, with no login and no question mark in it", option)
	case u.Scheme != "https" && !(u.Scheme == "http" && isLoopback(u.Hostname())):
		return nil, fmt.Errorf("%s must begin with https://: secrets travel there", option)
	}
	return u, nil
}

// httpClient has a transport of its own, which the clients of all tokens share.
func httpClient(given *http.Client, workers int) *http.Client {
	if given != nil && given.Transport != nil {
		return &http.Client{Transport: given.Transport}
	}
	own := &http.Client{Transport: http.DefaultTransport}
	if std, ok := http.DefaultTransport.(*http.Transport); ok {
		t := std.Clone()
		t.MaxIdleConnsPerHost = workers
		own.Transport = t
	}
	return own
}

// noRedirects is c for logins: a redirect would carry them somewhere else.
func noRedirects(c *http.Client) *http.Client {
	own := *c
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &own
}

func nonEmpty(all []string) []string {
	return slices.DeleteFunc(slices.Clone(all), func(s string) bool { return s == "" })
}
