package medialoopster

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/studio-agent/studio-agent/connectors/medialoopster/medialoopstersim"
)

func TestOptions(t *testing.T) {
	tests := map[string]struct {
		yaml  string
		bench string
		want  string // in the error; "" means none
	}{
		"good":                    {goodAccount, goodBench, ""},
		"no benches":              {goodAccount, "", ""},
		"password":                {"url: https://x/api\nuser: studio\npassword: env:P\npaths: {/a: /b}", "", ""},
		"form":                    {goodAccount + "body: form", goodBench, ""},
		"not encrypted":           {"url: http://ml.example/api\ntoken: env:ML\npaths: {/a: /b}", "", ""},
		"bench of other accounts": {goodAccount, "projects: {folder: /elsewhere, account: ml2, production: 1}", ""},
		"bench without projects":  {goodAccount, "captures: {folder: /elsewhere}", ""},
		"account is understood":   {goodAccount, "projects: {folder: /Volumes/projects/x, production: Campaign}", ""},
		"relative folder":         {goodAccount, "projects: {folder: ../edit, production: 1}", ""},
		"Windows":                 {`{url: 'https://x/api', token: 'env:ML', paths: {'Z:\projects': /srv}}`, `projects: {folder: 'z:\Projects\edit', production: 1}`, ""},
		"unknown key":             {goodAccount + "tokn: x", "", "tokn"},
		"no url":                  {"token: env:ML\npaths: {/a: /b}", "", "account ml: url and either token or user with password are required"},
		"no login":                {"url: https://x/api\npaths: {/a: /b}", "", "are required"},
		"half a login":            {"url: https://x/api\nuser: studio\npaths: {/a: /b}", "", "are required"},
		"two logins":              {goodAccount + "user: studio\npassword: env:P", "", "either token or user"},
		"odd url":                 {"url: ml.example\ntoken: env:ML\npaths: {/a: /b}", "", "url must look like"},
		"impossible url":          {"url: \"https://ml\\x7f\"\ntoken: env:ML\npaths: {/a: /b}", "", "url must look like"},
		"secret missing":          {"url: https://x/api\ntoken: env:MISSING\npaths: {/a: /b}", "", "account ml: token: MISSING is not set"},
		"password missing":        {"url: https://x/api\nuser: u\npassword: env:MISSING\npaths: {/a: /b}", "", "account ml: password: MISSING is not set"},
		"no paths":                {"url: https://x/api\ntoken: env:ML", "", "paths is required"},
		"odd paths":               {"url: https://x/api\ntoken: env:ML\npaths: {a: /b}", "", `paths: "a" must be a whole path`},
		"odd body":                {goodAccount + "body: xml", "", `body is "xml"`},
		"unmapped folder":         {goodAccount, "projects: {folder: /Volumes/other, account: ml, production: 1}", "bench edit-1: projects: medialoopster does not know where /Volumes/other lies: add its folder to paths"},
		"unmapped relative":       {goodAccount, "projects: {folder: ../../edit, production: 1}", "does not know where"},
		"no folder":               {goodAccount, "projects: {account: ml, production: 1}", "folder and production are required"},
		"no production":           {goodAccount, "projects: {folder: /Volumes/projects/x}", "folder and production are required"},
		"odd production":          {goodAccount, "projects: {folder: /Volumes/projects/x, production: [1]}", "production must be a number (its ID) or a name"},
		"odd bench":               {goodAccount, "projects: 7", "cannot unmarshal"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := New(setupOf(tt.yaml, tt.bench))
			switch {
			case tt.want == "" && err != nil:
				t.Error(err)
			case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
				t.Errorf("got %v, want it to say %q", err, tt.want)
			}
		})
	}
	for _, negative := range []func() (float64, int){func() (float64, int) { return -1, 0 }, func() (float64, int) { return 0, -1 }} {
		s := setupOf(goodAccount)
		s.Rate, s.Connections = negative()
		if _, err := New(s); err == nil {
			t.Error("a negative rate or number of connections is taken")
		}
	}
}

func TestWhatAConnectorCanDo(t *testing.T) {
	s := setupOf(goodAccount, goodBench)
	s.Connections = 7
	c, err := New(s)
	if err != nil || c.Workers != 7 || !c.Looks || c.Out == nil || c.In != nil || c.Vet == nil || c.Commit == nil || c.Probe == nil || c.Examine == nil || c.Projects == nil || c.Rate == nil {
		t.Errorf("got %+v, %v", c, err)
	}
}

func TestEachBenchHasItsFolder(t *testing.T) {
	a, err := newAccount(setupOf(goodAccount, goodBench, "projects: {folder: /Volumes/projects/edit/fast/, production: Archive}", "projects: {folder: here, production: 2}"))
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"/Volumes/projects/edit/S": "edit-1", "/Volumes/projects/edit": "edit-1", "/Volumes/projects/edit/fast/S": "edit-2",
		"/Volumes/projects/edit/faster": "edit-1", filepath.ToSlash(filepath.Join("/Volumes/projects/config/here", "S")): "edit-3",
		"/Volumes/projects/editor": "", "S": "",
	} {
		if b, err := a.benchOf(path); b.name != want || (err != nil) != (want == "") {
			t.Errorf("%s is of %q, %v; want %q", path, b.name, err, want)
		}
	}
}

// Both ways to log in work, and the version is asked for.
func TestLogins(t *testing.T) {
	w := newWorld(t, how{})
	w.must(w.probe(t.Context()))
	w = newWorld(t, how{Options: medialoopstersim.Options{User: "studio", Password: secret}, yaml: "user: studio\npassword: env:P"})
	w.must(w.probe(t.Context()))
	w = newWorld(t, how{Options: medialoopstersim.Options{User: "studio", Password: "another"}, yaml: "user: studio\npassword: env:P"})
	wantError(t, w.probe(t.Context()), "denied", "check user and password")
}
