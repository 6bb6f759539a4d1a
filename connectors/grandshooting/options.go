package grandshooting

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/rest"
)

const (
	// "you can call up to 5 requests per second", "a limit on the number of
	// simultaneous requests" (Rate limiting): both are obeyed, per key.
	defaultRate  = 5
	mostInFlight = 5
	// mostBulky leaves places for small photos and questions while large
	// videos travel.
	mostBulky = 3
)

// options are an account's keys in agent.yaml.
type options struct {
	URL    string   `yaml:"url"`    // with the version: https://api-13.grand-shooting.com/v2
	Token  string   `yaml:"token"`  // from the administration pages
	Scheme string   `yaml:"scheme"` // Bearer (default), or access_token for OAuth tokens (public)
	Hosts  []string `yaml:"hosts"`  // whence downloads may come, besides url
}

// benchOptions are a bench's keys.
type benchOptions struct {
	Production any    `yaml:"production"` // number: bench root id; text: the production's name
	Step       int    `yaml:"step"`       // 10 (default), 20 or 30
	Names      string `yaml:"names"`      // regular expression with a group "ref"; empty: not checked
	// ImportStep is the retouching bench whose pictures are imported: 20, 30, or
	// last (default), which is 30 where the production has it and 20 else.
	// It stands in agent.yaml as step under imports.
	ImportStep any `yaml:"import_step"`
	// Edit says how selects are sent to edit; without it they only get their
	// status.
	Edit *editOptions `yaml:"edit"`
}

// A Client reaches one account's API.
type Client struct {
	rest        *rest.Client
	account     string
	connections int
	outside     outside
}

// NewClient checks an account's options. It does not look at the benches.
func NewClient(setup connectors.Setup) (*Client, error) {
	var opt options
	if err := setup.Decode(&opt); err != nil {
		return nil, err
	}
	fail := func(format string, args ...any) (*Client, error) {
		return nil, fmt.Errorf("account %s: "+format, append([]any{setup.Account}, args...)...)
	}
	switch opt.Scheme {
	case "":
		opt.Scheme = "Bearer"
	case "Bearer", "access_token":
	default:
		return fail("scheme is %q; it must be Bearer or access_token", opt.Scheme)
	}
	if opt.URL == "" || opt.Token == "" {
		return fail("url and token are required, such as url: https://api-13.grand-shooting.com/v2 and token: env:GS_TOKEN")
	}
	if setup.Rate < 0 || setup.Connections < 0 {
		return fail("rate and connections must not be negative")
	}
	token, err := setup.Secret(opt.Token)
	if err != nil {
		return fail("token: %w", err)
	}
	c := &Client{account: setup.Account, connections: setup.Connections}
	if c.connections == 0 {
		c.connections = mostInFlight
	}
	c.rest, err = rest.New(rest.Config{
		Account: setup.Account,
		Base:    opt.URL,
		Header:  http.Header{"Authorization": {opt.Scheme + " " + token}, "Accept": {"application/json"}},
		Secrets: []string{token},
		Login:   "token and scheme",
		Hosts:   opt.Hosts,
		HTTP:    setup.HTTP,
		Limit:   limiter(setup, opt.URL, token),
	})
	if err != nil {
		return fail("%w", err)
	}
	c.outside, err = newOutside(setup, opt)
	return c, err
}

// limiter is shared by all accounts that use this key of this platform.
func limiter(setup connectors.Setup, base, token string) *rest.Limiter {
	want := rest.Limits{Rate: setup.Rate, InFlight: mostInFlight, Bulky: mostBulky}
	if want.Rate == 0 {
		want.Rate = defaultRate
	}
	if setup.Connections > 0 {
		want.InFlight = min(want.InFlight, setup.Connections)
	}
	host := base
	if u, err := url.Parse(base); err == nil {
		host = u.Host
	}
	return rest.Shared(setup.Shared, host, token, want)
}

// target is where a bench of agent.yaml sends to.
type target struct {
	bench      string // as named in agent.yaml
	production string // an id or a name
	byName     bool
	step       int
	names      *regexp.Regexp // nil: names are not checked
	imports    bool
	importStep int    // 0: the last
	edit       *route // nil: nothing is sent to edit
}

func newTarget(b connectors.Bench) (target, error) {
	var opt benchOptions
	if err := b.Decode(&opt); err != nil {
		return target{}, fmt.Errorf("bench %s: %w", b.Name, err)
	}
	t := target{bench: b.Name, step: opt.Step, imports: b.Imports}
	switch v := opt.Production.(type) {
	case int, int64, uint64:
		t.production = fmt.Sprint(v)
	case string:
		t.production, t.byName = v, true
	}
	if t.production == "" {
		return target{}, fmt.Errorf("bench %s: production is required: the number of a Grand Shooting production, or its name in quotes", b.Name)
	}
	if t.step == 0 {
		t.step = captureStep
	}
	if err := checkStep(t.step); err != nil {
		return target{}, fmt.Errorf("bench %s: step: %w", b.Name, err)
	}
	var err error
	if t.names, err = compileNames(opt.Names); err != nil {
		return target{}, fmt.Errorf("bench %s: names: %w", b.Name, err)
	}
	if t.importStep, err = importStepOf(opt.ImportStep, t.step); err != nil {
		return target{}, fmt.Errorf("bench %s: imports: step: %w", b.Name, err)
	}
	if t.edit, err = newRoute(opt.Edit, t); err != nil {
		return target{}, fmt.Errorf("bench %s: edit: %w", b.Name, err)
	}
	return t, nil
}

// importStepOf is 0 for the last step. What a bench sends, it cannot import.
func importStepOf(v any, from int) (int, error) {
	var step int
	switch text := fmt.Sprint(v); {
	case v == nil || text == "last":
		return 0, nil
	case text == "20":
		step = firstRetouchStep
	case text == "30":
		step = secondRetouchStep
	default:
		return 0, fmt.Errorf("%q is none of last, 20 and 30", text)
	}
	if step <= from {
		return 0, fmt.Errorf("%d does not come after step %d, which this bench sends to", step, from)
	}
	return step, nil
}

// checkStep: "you never load images either to export benches nor to validation
// benches" (Exports and Validation).
func checkStep(step int) error {
	switch step {
	case captureStep, firstRetouchStep, secondRetouchStep:
		return nil
	case exportStep:
		return errors.New("40 is exports and validation, which takes no uploads: the platform fills it when an export runs; use 10, 20 or 30")
	}
	return fmt.Errorf("%d is none of 10 (capture), 20 and 30 (retouching)", step)
}

func compileNames(expr string) (*regexp.Regexp, error) {
	if expr == "" {
		return nil, nil
	}
	re, err := regexp.Compile(expr)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(re.SubexpNames(), "ref") {
		return nil, errors.New("it needs a group named ref, such as ^(?P<ref>[^_]+)_[0-9]+")
	}
	return re, nil
}
