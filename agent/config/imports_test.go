package config

import (
	"reflect"
	"strings"
	"testing"
	"time"
)

const returning = `
accounts: {acme: {type: sftp}, gs: {type: grandshooting}}
benches:
  - name: one
    captures: {folder: /studio/one, to: [gs]}
    selects: {to: [acme], label: [green], deadline: 48h}
    imports: {folder: /studio/back, from: [acme, gs], step: 20, expect: {profile: [sRGB], min_width: 2000}, keep: 0s}
mirrors:
  - {account: acme, direction: get, layout: creativeforce, folder: /studio/get}
  - {account: acme, direction: put, layout: creativeforce, folder: /studio/put}
  - {account: acme, direction: get, remote: /more, folder: /studio/more, ready: marker}
`

func parse(t *testing.T, text string) *Config {
	t.Helper()
	c, err := Parse("/conf/agent.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestImportsAreRead(t *testing.T) {
	got := *parse(t, returning).Benches[0].Imports
	got.Keys.Content = nil
	want := Imports{
		Path: "/studio/back", From: []string{"acme", "gs"}, Import: "auto", Keys: got.Keys,
		Landing: Landing{Collide: "version", Replaced: "/studio/back.replaced", MinFree: 1e9, HoldAbove: HoldAbove{500, 20e9}},
		Expect:  Expect{MinWidth: 2000, Profile: []string{"sRGB"}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestSelectsByTagsNeedNoFolder(t *testing.T) {
	c := parse(t, returning)
	s := c.Benches[0].Selects
	if !s.ByTags() || s.Deadline != 48*time.Hour || s.Window != 10*time.Minute || s.Settle != 250*time.Millisecond {
		t.Errorf("got %+v", s)
	}
	var got []string
	for _, f := range c.HotFolders() {
		got = append(got, f.Title()+" "+f.Role+" "+f.Path+" "+f.Renamed)
	}
	want := []string{"one capture /studio/one keep", "mirror acme:/Download mirror /studio/put send"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("hot folders %q, want %q", got, want)
	}
}

func TestSelectsOnThePlatformNeedCapturesAndNoFolder(t *testing.T) {
	const accounts = "accounts: {gs: {type: grandshooting}}\nbenches:\n  - name: one\n"
	c := parse(t, accounts+"    captures: {folder: /c, to: [gs]}\n    selects: {to: [gs], platform: true}")
	if s := c.Benches[0].Selects; !s.Platform || !s.OfCaptures() || s.ByTags() || len(c.HotFolders()) != 1 {
		t.Errorf("got %+v", s)
	}
	if _, err := Parse("agent.yaml", []byte(accounts+"    selects: {to: [gs], platform: true}")); err == nil || !strings.Contains(err.Error(), "or on the platform, but the bench has no captures") {
		t.Errorf("without captures: %v", err)
	}
}

func TestLayoutsOfMirrors(t *testing.T) {
	type preset struct{ remote, rejected, ready string }
	want := []preset{{"/Upload", "/Rejection", "log"}, {"/Download", "", ""}, {"/more", "", "marker"}}
	for i, m := range parse(t, returning).Mirrors {
		if got := (preset{m.Remote, m.Rejected, m.Ready}); got != want[i] {
			t.Errorf("mirrors[%d] is %+v, want %+v", i, got, want[i])
		}
	}
}

func TestKeysOfImportsReachFactories(t *testing.T) {
	c := parse(t, returning)
	var opt struct {
		Step string `yaml:"import_step" default:"last"`
	}
	if err := c.Unclaimed(); err == nil || err.Error() != "/conf/agent.yaml:7: benches[0].imports.step: unknown key; known here: collide, existing, expect, folder, from, hold_above, import, keep, min_free, replaced, settle" {
		t.Errorf("before: %v", err)
	}
	if err := c.Benches[0].Decode(&opt); err != nil || opt.Step != "20" {
		t.Errorf("got %+v, %v", opt, err)
	}
	if err := c.Unclaimed(); err != nil {
		t.Errorf("after: %v", err)
	}
}

func TestQuarantineLiesBesideTheLedger(t *testing.T) {
	for extra, want := range map[string]string{
		"":                                 "/conf/state/quarantine",
		"ledger: /var/lib/agent/ledger.db": "/var/lib/agent/quarantine",
		"ledger: /var/lib/agent/ledger.db\nquarantine: aside": "/conf/aside",
	} {
		if got := parse(t, extra+returning).Quarantine; got != want {
			t.Errorf("%q: %s, want %s", extra, got, want)
		}
	}
}

func TestAFolderInTheWay(t *testing.T) {
	for _, tt := range []struct {
		name  string
		a, b  place
		wrong bool
	}{
		{"a retouch folder inside of the captures", place{path: "/s", hot: true}, place{path: "/s/back"}, false},
		{"captures inside of the import folder", place{path: "/s/in", hot: true}, place{path: "/s"}, true},
		{"retouches passed on to another account", place{path: "/s", hot: true, passes: []string{"gs"}}, place{path: "/s", passes: []string{"acme"}}, false},
		{"retouches sent back to where they came from", place{path: "/s", hot: true, passes: []string{"gs", "acme"}}, place{path: "/s", passes: []string{"acme"}}, true},
		{"two import folders in one", place{path: "/s"}, place{path: "/s"}, true},
		{"hot folders beside each other", place{path: "/s/a", hot: true}, place{path: "/s/b", hot: true}, false},
		{"one hot folder in another", place{path: "/s", hot: true}, place{path: "/s/b", hot: true}, true},
	} {
		for _, pair := range [][2]place{{tt.a, tt.b}, {tt.b, tt.a}} {
			d := &decoder{lines: map[string]int{}}
			d.beside(pair[0], pair[1])
			if got := len(d.problems) > 0; got != tt.wrong {
				t.Errorf("%s: refused %v, want %v (%v)", tt.name, got, tt.wrong, d.problems)
			}
		}
	}
}
