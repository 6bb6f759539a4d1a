package config

import (
	"maps"
	"strings"
	"testing"
)

const studio = `name: studio
accounts:
  gs:
    type: grandshooting
    url: https://gs.example/v2 # a comment
    token: env:GS_TOKEN
  nas: {type: folder, put: /mnt/nas}
benches:
  - name: one
    production: 1234
    captures: {folder: /one/captures, to: [gs, nas]}
    selects: {folder: /one/selects, to: [gs]}
  - name: two
    production: Looks
    layout: flat
    captures: {folder: /two/captures, to: [gs]}
`

func TestAccountDecode(t *testing.T) {
	a := mustParse(t, studio).Accounts["gs"]
	var got struct{ URL, Token string }
	if err := a.Decode(&got); err != nil || got.URL != "https://gs.example/v2" || got.Token != "env:GS_TOKEN" {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestAccountDecodeReportsTheLine(t *testing.T) {
	c := mustParse(t, strings.Replace(studio, "token:", "pol: 3s\n    tokn:", 1))
	var into struct {
		URL   string
		Token string `required:"true"`
	}
	err := c.Accounts["gs"].Decode(&into)
	want := `agent.yaml:4: accounts.gs.token: is missing
agent.yaml:6: accounts.gs.pol: unknown key; did you mean "poll"?
agent.yaml:7: accounts.gs.tokn: unknown key; did you mean "token"?`
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
}

func TestBenchDecodeLeavesOtherKeysAlone(t *testing.T) {
	c := mustParse(t, studio)
	var gs struct{ Production string }
	var nas struct{ Layout string }
	for _, b := range c.Benches {
		if err := b.Decode(&gs); err != nil {
			t.Error(err)
		}
	}
	if got, want := gs.Production, "Looks"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	err := c.Unclaimed()
	if want := "agent.yaml:15: benches[1].layout: unknown key; known here: captures, imports, name, production, projects, selects"; err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	if err := c.Benches[1].Decode(&nas); err != nil || nas.Layout != "flat" {
		t.Errorf("got %+v, %v", nas, err)
	}
	if err := c.Unclaimed(); err != nil {
		t.Errorf("all keys are claimed, got %v", err)
	}
}

func TestBenchDecodeIsStrictAboutItsOwn(t *testing.T) {
	c := mustParse(t, studio)
	var gs struct{ Production int }
	err := c.Benches[1].Decode(&gs)
	if want := `agent.yaml:14: benches[1].production: "Looks" is not a whole number`; err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestUnclaimedHintsAtWhatWasAsked(t *testing.T) {
	c := mustParse(t, strings.Replace(studio, "production: 1234", "prodution: 1234", 1))
	var gs struct{ Production string }
	for _, b := range c.Benches {
		if err := b.Decode(&gs); err != nil {
			t.Error(err)
		}
	}
	err := c.Unclaimed()
	if want := `agent.yaml:10: benches[0].prodution: unknown key; did you mean "production"?`; err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestBenchWithoutAFile(t *testing.T) {
	var into struct{ Production string }
	if err := (Bench{Name: "one"}).Decode(&into); err != nil {
		t.Error(err)
	}
}

func TestProblemOfAPart(t *testing.T) {
	c := mustParse(t, studio)
	got := c.Accounts["nas"].Problem("put is not writable").String() + "\n" + c.Benches[1].Problem("step 40 takes no uploads").String()
	want := "agent.yaml:7: accounts.nas: put is not writable\nagent.yaml:13: benches[1]: step 40 takes no uploads"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestProblemsComeWithWhatWasUnderstood(t *testing.T) {
	c, err := Parse("agent.yaml", []byte("nmae: x\n"+studio))
	if err == nil || c == nil || len(c.HotFolders()) != 3 {
		t.Errorf("got %+v, %v", c, err)
	}
	if c, err := Parse("agent.yaml", []byte("{")); err == nil || c != nil {
		t.Errorf("got %+v, %v", c, err)
	}
}

// fingerprints tells what a reload would have to restart.
func fingerprints(c *Config) map[string]string {
	all := map[string]string{}
	for name, a := range c.Accounts {
		all["account "+name] = a.Fingerprint()
	}
	for _, b := range c.Benches {
		all["bench "+b.Name] = b.Fingerprint()
	}
	for _, f := range c.HotFolders() {
		all[f.Role+" "+f.Bench] = f.Fingerprint()
	}
	return all
}

func TestFingerprints(t *testing.T) {
	before := fingerprints(mustParse(t, studio))
	if len(before) != 7 {
		t.Fatalf("got %d parts", len(before))
	}
	for _, tt := range []struct{ name, old, new, want string }{
		{"nothing", "", "", ""},
		{"a comment and lines", "name: studio", "# new\n\nname: studio", ""},
		{"quotes", "put: /mnt/nas", "put: '/mnt/nas'", ""},
		{"order", "type: folder, put: /mnt/nas", "put: /mnt/nas, type: folder", ""},
		{"a default spelt out", "type: folder", "type: folder, poll: 1m", ""},
		{"an option", "GS_TOKEN", "GS_TOKEN2", "account gs"},
		{"a common key", "type: folder", "type: folder, rate: 3", "account nas"},
		{"a bench's key", "Looks", "Books", "bench two"},
		{"a folder", "/one/captures", "/one/c", "capture one"},
		{"a folder's account", "/two/captures, to: [gs]", "/two/captures, to: [nas]", "capture two"},
		{"a folder's setting", "/one/selects", "/one/selects, existing: ignore", "select one"},
		{"selects on the platform", "/one/selects", "/one/selects, platform: true", "capture one, select one"},
		{"the name of a bench", "name: two", "name: three", "bench three, bench two, capture three, capture two"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			after := fingerprints(mustParse(t, strings.Replace(studio, tt.old, tt.new, 1)))
			if got := strings.Join(changed(before, after), ", "); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func changed(before, after map[string]string) []string {
	all := map[string]int{}
	for part := range maps.Keys(before) {
		all[part] = 0
	}
	for part := range maps.Keys(after) {
		all[part] = 0
	}
	var parts []string
	for _, part := range keys(all) {
		if before[part] != after[part] {
			parts = append(parts, part)
		}
	}
	return parts
}
