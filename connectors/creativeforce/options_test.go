package creativeforce

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
)

func TestTheDocumentedAccountIsTaken(t *testing.T) {
	setup := setupOf("", nil)
	setup.Decode = strictYAML(`{url: "https://gateway.creativeforce.io/v1", token_url: "https://accounts.creativeforce.io/connect/token", client_id: "env:CF_ID", client_secret: "env:CF_SECRET", vendor: v}`)
	a, err := newAccount(setup)
	if err != nil {
		t.Fatal(err)
	}
	if *a.opt.SubmitDelay != 5*time.Second || a.opt.FileType != 2 || a.opt.MD5 != md5Grouped || a.opt.Content != "both" || a.workers != defaultWorkers ||
		a.opt.Start != startLanded || a.opt.SubmitDoubt != time.Minute || a.opt.SubmitPatience != 2*time.Minute || len(a.opt.Hosts) != 2 {
		t.Errorf("defaults are %+v", a.opt)
	}
}

func TestMistakesInAnAccountAreToldWithTheirPlace(t *testing.T) {
	for more, want := range map[string]string{
		"content: films":                         "content is \"films\"",
		"start: never":                           "start is",
		"md5: sha256":                            "md5 is",
		"webhook_hash: md5":                      "webhook_hash is",
		"webhook_key: hex":                       "webhook_key is",
		"page_size: 5000":                        "page_size",
		"submit_delay: 2m":                       "submit_delay",
		"submit_doubt: -1s":                      "submit_doubt",
		"link: http://cf.example/{taskId}":       "link must",
		"link: https://cf.example/":              "link must",
		"statuses: {Waiting: soon}":              "one of ready",
		"hosts: ['']":                            "hosts are names",
		"hosts: ['*.com']":                       "hosts are names",
		"hosts: ['https://x.example']":           "hosts are names",
		"paths: {lists: /x}":                     "there is no \"lists\"",
		"nonsense: 1":                            "nonsense",
		"webhook_secret: env:NONE":               "already",
		"url: ftp://x":                           "already",
		"statuses: [ready]":                      "",
		"client_idd: x":                          "client_idd",
		"hosts: ['cdn.example:8443', '*.a.b.c']": "-",
	} {
		_, err := newAccount(setupOf(more, nil))
		if want == "-" {
			if err != nil {
				t.Errorf("%s: %v", more, err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "account cf") || hidden(err.Error()) {
			t.Errorf("%s: %v, want %q", more, err, want)
		}
	}
}

func TestAnAccountNeedsItsLogin(t *testing.T) {
	for drop, want := range map[string]string{
		"url: http://127.0.0.1/v1\n": "url, token_url", "vendor: vendor-1\n": "vendor", "client_secret: env:CF_SECRET\n": "client_secret",
	} {
		setup := setupOf("", nil)
		setup.Decode = strictYAML(strings.Replace(goodAccount, drop, "", 1))
		if _, err := newAccount(setup); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("without %q: %v", drop, err)
		}
	}
	for was, is := range map[string]string{
		"http://127.0.0.1/v1": "http://gateway.creativeforce.io/v1", "http://127.0.0.1/connect/token": "http://accounts.creativeforce.io/t",
		"env:CF_SECRET": "env:NONE",
	} {
		setup := setupOf("", nil)
		setup.Decode = strictYAML(strings.Replace(goodAccount, was, is, 1))
		if _, err := newAccount(setup); err == nil {
			t.Errorf("%s was taken", is)
		}
	}
	setup := setupOf("", nil)
	setup.Rate = -1
	if _, err := newAccount(setup); err == nil {
		t.Error("a negative rate was taken")
	}
}

// Every option of the account is named in the list that its owner can correct.
func TestEveryOptionHasAName(t *testing.T) {
	for field := range reflect.TypeFor[options]().Fields() {
		if field.Tag.Get("yaml") == "" {
			t.Errorf("%s has no name in agent.yaml", field.Name)
		}
	}
}

func TestProbeAndExamine(t *testing.T) {
	w := newWorld(t, how{yaml: "content: editorial"})
	w.sim.AddTask(shoe("J", "P"))
	if err := w.probe(t.Context()); err != nil || w.sim.Requests("list") != 1 {
		t.Errorf("probe of one kind: %v with %d requests", err, w.sim.Requests("list"))
	}
	var found []connectors.Finding
	if err := w.examine(t.Context(), func(f connectors.Finding) { found = append(found, f) }); err != nil {
		t.Fatal(err)
	}
	if len(found) != 4 || found[1].What != "editorial tasks" {
		t.Errorf("found %+v", found)
	}
	w.hook = nil
	if f := w.webhookFinding(); !strings.Contains(f.Text, "none") {
		t.Errorf("without a secret: %+v", f)
	}
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	for date, want := range map[string]connectors.Health{
		"Fri, 01 May 2026 12:00:30 GMT": connectors.Fine, "Fri, 01 May 2026 12:05:00 GMT": connectors.Odd, "": connectors.Fine,
	} {
		if f := clock(map[string][]string{"Date": {date}}, now); f.Health != want {
			t.Errorf("%q: %+v", date, f)
		}
	}
}
