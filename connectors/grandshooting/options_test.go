package grandshooting

import (
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/studio-agent/studio-agent/connectors"
)

func setupOf(account string, benches map[string]string) connectors.Setup {
	s := connectors.Setup{
		Account: "gs",
		Decode:  strictYAML(account),
		Secret: func(ref string) (string, error) {
			if ref == "env:MISSING" {
				return "", errors.New("MISSING is not set")
			}
			return secret, nil
		},
		Log:    slog.New(slog.DiscardHandler),
		Memory: &connectors.ShortMemory{},
	}
	for name, text := range benches {
		s.Benches = append(s.Benches, connectors.Bench{Name: name, Decode: looseYAML(text)})
	}
	return s
}

const goodAccount = "url: https://api-13.grand-shooting.com/v2\ntoken: env:GS_TOKEN"

func TestOptions(t *testing.T) {
	tests := map[string]struct {
		account, bench string
		want           string // in the error; "" means none
	}{
		"good":                {goodAccount, "production: 1234", ""},
		"by name":             {goodAccount, "production: \"1234\"\nstep: 20", ""},
		"other keys":          {goodAccount, "production: 1\ncaptures: {folder: x}\nimports: {step: last}", ""},
		"oauth":               {goodAccount + "\nscheme: access_token", "production: 1", ""},
		"hosts":               {goodAccount + "\nhosts: [cdn.example]", "production: 1", ""},
		"names":               {goodAccount, `{production: 1, names: '^(?P<ref>\d+)_'}`, ""},
		"unknown key":         {goodAccount + "\ntokn: x", "production: 1", "tokn"},
		"no url":              {"token: x", "production: 1", "account gs: url and token are required"},
		"no token":            {"url: https://x/v2", "production: 1", "url and token are required"},
		"bad url":             {"url: api-13/v2\ntoken: x", "production: 1", "account gs: url must look like"},
		"secret missing":      {"url: https://x/v2\ntoken: env:MISSING", "production: 1", "account gs: token: MISSING is not set"},
		"bad scheme":          {goodAccount + "\nscheme: Basic", "production: 1", `scheme is "Basic"`},
		"no production":       {goodAccount, "step: 10", "bench b: production is required"},
		"empty production":    {goodAccount, `production: ""`, "bench b: production is required"},
		"list of productions": {goodAccount, "production: [1]", "bench b: production is required"},
		"step 40":             {goodAccount, "production: 1\nstep: 40", "bench b: step: 40 is exports and validation, which takes no uploads"},
		"step 15":             {goodAccount, "production: 1\nstep: 15", "bench b: step: 15 is none of 10"},
		"bad expression":      {goodAccount, "{production: 1, names: '('}", "bench b: names: error parsing regexp"},
		"no group":            {goodAccount, "{production: 1, names: '(.*)'}", "bench b: names: it needs a group named ref"},
		"bench is no map":     {goodAccount, "step: x", "bench b:"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c, err := Factory.New(setupOf(tt.account, map[string]string{"b": tt.bench}))
			switch {
			case tt.want == "" && err != nil:
				t.Fatal(err)
			case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
				t.Fatalf("got %v, want it to say %q", err, tt.want)
			case tt.want == "" && (c.Out == nil || c.Vet == nil || c.Mark == nil || c.Probe == nil || c.In != nil || c.Workers != 5):
				t.Errorf("got %+v", c)
			}
			if err != nil && strings.Contains(err.Error(), secret) {
				t.Errorf("the error holds the token: %v", err)
			}
		})
	}
}

func TestAllBenchErrorsAtOnce(t *testing.T) {
	_, err := New(setupOf(goodAccount, map[string]string{"one": "step: 10", "two": "production: 1\nstep: 40"}))
	if err == nil || !strings.Contains(err.Error(), "bench one") || !strings.Contains(err.Error(), "bench two") {
		t.Errorf("got %v, want both benches", err)
	}
}

func TestConnectionsAndRate(t *testing.T) {
	s := setupOf(goodAccount, nil)
	s.Connections, s.Rate = 2, 1
	c, err := New(s)
	if err != nil || c.Workers != 2 {
		t.Errorf("%d workers, %v; want 2", c.Workers, err)
	}
	for _, bad := range []connectors.Setup{{Rate: -1}, {Connections: -1}} {
		s := setupOf(goodAccount, nil)
		s.Rate, s.Connections = bad.Rate, bad.Connections
		if _, err := New(s); err == nil {
			t.Errorf("rate %v, connections %d: no error", s.Rate, s.Connections)
		}
	}
}
