package config

import (
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"
)

// options is what a type of account might read.
type options struct {
	URL     string `yaml:"url" required:"true"`
	Token   string `yaml:"token"`
	TLS     string `yaml:"tls" default:"explicit" oneof:"explicit|implicit|off"`
	Port    int    `yaml:"port" default:"21" range:"1..65535"`
	Passive bool   `yaml:"passive"`
	Share   float64
	Timeout time.Duration `yaml:"timeout" default:"30s"`
	Block   Size          `yaml:"block" default:"1MiB"`
	Paths   map[string]string
	Hosts   []string  `yaml:"hosts"`
	Raw     yaml.Node `yaml:"raw"`
	Any     any       `yaml:"any"`
	Deep    *struct {
		Level int `yaml:"level" default:"3"`
	} `yaml:"deep"`
	Private string `yaml:"-"`
	hidden  string
}

func decode(t *testing.T, text, path string, into any) string {
	t.Helper()
	var node yaml.Node
	if err := yaml.Unmarshal([]byte(text), &node); err != nil {
		t.Fatal(err)
	}
	if err := Decode(&node, path, into); err != nil {
		return err.Error()
	}
	return ""
}

func TestDecodeReads(t *testing.T) {
	var got options
	text := `{url: 010, token: "no", tls: off, port: 2121, passive: true, share: 0.5, timeout: 1m30s, block: 1.5KiB,
	  paths: {/a: /b, 7: null-ish}, hosts: [no, 2026-11-01, "x"], raw: [1, {a: b}], any: 1234, deep: {}}`
	if problems := decode(t, text, "", &got); problems != "" {
		t.Fatal(problems)
	}
	raw := got.Raw
	got.Raw = yaml.Node{}
	want := options{URL: "010", Token: "no", TLS: "off", Port: 2121, Passive: true, Share: 0.5, Timeout: 90 * time.Second,
		Block: 1536, Paths: map[string]string{"/a": "/b", "7": "null-ish"}, Hosts: []string{"no", "2026-11-01", "x"}, Any: 1234}
	if got.Deep == nil || got.Deep.Level != 3 {
		t.Errorf("deep: got %+v, want its default", got.Deep)
	}
	got.Deep = nil
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if raw.Kind != yaml.SequenceNode || len(raw.Content) != 2 {
		t.Errorf("raw: got %+v, want the list as it stands", raw)
	}
}

func TestDecodeKeepsWhatTheFileDoesNotSay(t *testing.T) {
	got := options{Port: 990, Token: "before", hidden: "x"}
	if problems := decode(t, "url: a\ntoken:\nport: ~\n", "", &got); problems != "" {
		t.Fatal(problems)
	}
	want := options{URL: "a", Port: 990, Token: "before", TLS: "explicit", Timeout: 30 * time.Second, Block: 1 << 20, hidden: "x"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestDecodeReports(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"missing", "{}", "line 1: acc.url: is missing"},
		{"empty", `url: ""`, "line 1: acc.url: is missing"},
		{"unknown", "url: a\nprt: 3", `line 2: acc.prt: unknown key; did you mean "port"?`},
		{"not ours to set", "url: a\nprivate: b\nhidden: c", "line 2: acc.private: unknown key"},
		{"doubled", "url: a\nurl: b", "line 2: acc.url: stands here twice, first on line 1"},
		{"doubled in an option", "url: a\npaths: {x: 1, x: 2}", "line 2: acc.paths.x: stands here twice, first on line 2"},
		{"no boolean", "url: a\npassive: yes", `line 2: acc.passive: "yes" is neither true nor false`},
		{"octal", "url: a\nport: 010", `line 2: acc.port: "010" begins with 0, which programs read differently; write 10`},
		{"hexadecimal", "url: a\nport: 0x10", `line 2: acc.port: "0x10" is not a whole number`},
		{"out of range", "url: a\nport: 65536", "line 2: acc.port: 65536 is out of range; it must be from 1 to 65535"},
		{"too large for any", "url: a\nport: 99999999999999999999", `line 2: acc.port: "99999999999999999999" is not a whole number`},
		{"not a number", "url: a\nshare: .nan", `line 2: acc.share: ".nan" is not a number`},
		{"no unit", "url: a\ntimeout: 3", `line 2: acc.timeout: "3" has no unit; write 3s`},
		{"no choice", "url: a\ntls: implicite", `line 2: acc.tls: "implicite" is no choice here; did you mean "implicit"?`},
		{"list for a word", "url: [a]", "line 1: acc.url: must be a single value, not a list"},
		{"mapping for a word", "url: {a: b}", "line 1: acc.url: must be a single value, not a mapping"},
		{"word for a list", "url: a\nhosts: b", "line 2: acc.hosts: must be a list, not a single value; write [b]"},
		{"mapping for a list", "url: a\nhosts: {b: c}", "line 2: acc.hosts: must be a list, not a mapping"},
		{"hole in a list", "url: a\nhosts: [b, ]\n", ""},
		{"null in a list", "url: a\nhosts:\n  - b\n  -\n", "line 4: acc.hosts[1]: is empty"},
		{"null in a map", "url: a\npaths:\n  x:\n", "line 3: acc.paths.x: is empty"},
		{"list for a mapping", "url: a\npaths: [b]", "line 2: acc.paths: must be a mapping of keys and values, not a list"},
		{"doubled in an any", "url: a\nany: {b: 1, b: 2}", `line 2: acc.any: yaml: unmarshal errors: line 2: mapping key "b" already defined at line 2`},
		{"deep", "url: a\ndeep: {level: x}", `line 2: acc.deep.level: "x" is not a whole number`},
		{"no mapping", "[a]", "line 1: acc: must be a mapping of keys and values, not a list"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, _, _ := strings.Cut(decode(t, tt.text, "acc", &options{}), "\n")
			if got, _, _ = strings.Cut(got, "; known here"); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestDecodeOfNothing(t *testing.T) {
	var got struct {
		Port int `yaml:"port" default:"21"`
	}
	if err := Decode(&yaml.Node{}, "", &got); err != nil || got.Port != 21 {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestMergedKeys(t *testing.T) {
	c := mustParse(t, `
accounts: {nas: {type: folder}}
benches:
  - name: one
    captures: &std {folder: /one, to: [nas], settle: 3s, exclude: ['*.tmp']}
  - name: two
    captures: {<<: *std, folder: /two, settle: 4s}
    selects: {folder: /selects, to: [nas], exclude: ['*.tmp']}
  - name: three
    captures:
      folder: /three
      <<: *std
`)
	two, three := c.Benches[1].Captures, c.Benches[2].Captures
	if two.Path != c.absolute("/two") || two.Settle != 4*time.Second || two.Exclude[0] != "*.tmp" || two.To[0] != "nas" {
		t.Errorf("two: got %+v", two)
	}
	if three.Path != c.absolute("/three") || three.Settle != 3*time.Second {
		t.Errorf("three: got %+v", three)
	}
}

// An anchor that holds itself, and a short text that unfolds into millions.
func TestAliasesCannotBlowUp(t *testing.T) {
	bomb := "a: &a [x, x, x, x, x, x, x, x, x]\n"
	for i := 'b'; i < 'k'; i++ {
		p := string(i - 1)
		bomb += string(i) + ": &" + string(i) + " [*" + strings.Repeat(p+", *", 8) + p + "]\n"
	}
	for _, text := range []string{
		"accounts: &a {x: *a}\nbenches: &b [*b]\n",
		"accounts: &a {<<: *a, type: folder}\n",
		bomb,
	} {
		if _, err := Parse("agent.yaml", []byte(text)); err == nil {
			t.Errorf("got no error for %q", text)
		}
	}
	c := mustParse(t, "accounts: {nas: &a {type: folder, self: *a}}\nbenches: [{name: x, captures: {folder: /x, to: [nas]}}]\n")
	if c.Accounts["nas"].Fingerprint() == "" {
		t.Error("got no fingerprint")
	}
}

func TestSize(t *testing.T) {
	for _, tt := range []struct {
		text string
		want Size // -1: refused
	}{
		{"0", 0}, {"0B", 0}, {"512B", 512}, {"1KB", 1000}, {"1KiB", 1024}, {"20GB", 20e9}, {"20 GB", 20e9}, {"20gb", 20e9},
		{"64MiB", 64 << 20}, {"1.5TB", 15e11}, {"2TiB", 2 << 40},
		{"20", -1}, {"GB", -1}, {"-1GB", -1}, {"1.2.3GB", -1}, {"NaNGB", -1}, {"InfGB", -1}, {"99999999TB", -1}, {"20G", -1}, {"much", -1}, {"", -1},
	} {
		got := Size(-1)
		err := got.UnmarshalText([]byte(tt.text))
		if got != tt.want || (err != nil) != (tt.want < 0) {
			t.Errorf("%q: got %d, %v; want %d", tt.text, got, err, tt.want)
		}
	}
}

func TestExisting(t *testing.T) {
	for text, want := range map[string]Existing{
		"all":                {},
		"ignore":             {Ignore: true},
		"since 2026-11-01":   {Since: time.Date(2026, 11, 1, 0, 0, 0, 0, time.Local)},
		"since   2024-02-29": {Since: time.Date(2024, 2, 29, 0, 0, 0, 0, time.Local)},
	} {
		got := Existing{Ignore: true, Since: time.Unix(1, 0)}
		if err := got.UnmarshalText([]byte(text)); err != nil || got.Ignore != want.Ignore || !got.Since.Equal(want.Since) {
			t.Errorf("%q: got %+v, %v; want %+v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "All", "since", "since ", "since 2025-02-29", "since 01.11.2026", "2026-11-01"} {
		if err := new(Existing).UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q: got no error", text)
		}
	}
}

func TestHoldAbove(t *testing.T) {
	for text, want := range map[string]HoldAbove{
		"captures: {folder: /a, to: [nas]}":                                       {500, 20e9},
		"captures: {folder: /a, to: [nas], hold_above: 7}":                        {7, 20e9},
		"captures: {folder: /a, to: [nas], hold_above: 0}":                        {0, 20e9},
		"captures: {folder: /a, to: [nas], hold_above: off}":                      {math.MaxInt, math.MaxInt64},
		"captures: {folder: /a, to: [nas], hold_above: {files: 9}}":               {9, 20e9},
		"captures: {folder: /a, to: [nas], hold_above: {size: 1GB}}":              {500, 1e9},
		"captures: {folder: /a, to: [nas], hold_above: {files: 1, size: 64MiB}}":  {1, 64 << 20},
		"selects: {folder: /a, to: [nas], hold_above: {\"files\": 1, size: 0 B}}": {1, 0},
	} {
		c := mustParse(t, "accounts: {nas: {type: folder}}\nbenches:\n  - name: a\n    "+text+"\n")
		if got := c.HotFolders()[0].HoldAbove; got != want {
			t.Errorf("%s: got %+v, want %+v", text, got, want)
		}
	}
}

func TestDistance(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"", "abc", 3}, {"settle", "settle", 0}, {"Settle", "settle", 0}, {"setle", "settle", 1},
		{"stetle", "settle", 1}, {"settel", "settle", 1}, {"sttle", "settle", 1}, {"folder", "put", 6}, {"übung", "ubung", 1},
	} {
		if got := distance(tt.a, tt.b); got != tt.want {
			t.Errorf("%s, %s: got %d, want %d", tt.a, tt.b, got, tt.want)
		}
		if got := distance(tt.b, tt.a); got != tt.want {
			t.Errorf("%s, %s: got %d, want %d", tt.b, tt.a, got, tt.want)
		}
	}
}
