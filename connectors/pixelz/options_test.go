package pixelz

import (
	"net/url"
	"strings"
	"testing"
)

const goodAccount = "url: https://api.pixelz.com/REST.svc/JSON\nemail: env:EMAIL\nkey: env:KEY\n"

func TestOptions(t *testing.T) {
	tests := map[string]struct {
		yaml string
		want string // in the error; "" means none
	}{
		"good":                   {goodAccount, ""},
		"plain email":            {"url: https://x/JSON\nemail: a@b.example\nkey: env:KEY", ""},
		"template by number":     {goodAccount + "template: 4711", ""},
		"all":                    {goodAccount + "developer_key: env:DEV\ntemplate: Green BG\nhosts: ['*.cdn.example']\nupload: url\nhistory: 60\ncallback: https://relay.example/studio\nhook_key: env:HOOK\nlink: 'https://portal.example/{ticket}'", ""},
		"simulator":              {"url: http://127.0.0.1:1/JSON\nemail: env:E\nkey: env:K", ""},
		"simulator by name":      {"url: http://localhost:1/JSON\nemail: env:E\nkey: env:K\ncallback: http://127.0.0.1:2\nhook_key: env:HOOK", ""},
		"hook without callback":  {goodAccount + "hook_key: env:HOOK", ""},
		"unknown key":            {goodAccount + "tmplate: x", "tmplate"},
		"no url":                 {"email: env:E\nkey: env:K", "account pixelz: url, email and key are required"},
		"no key":                 {"url: https://x\nemail: env:E", "url, email and key are required"},
		"no url at all":          {"url: pixelz\nemail: env:E\nkey: env:K", "account pixelz: url must look like"},
		"not encrypted":          {"url: http://api.pixelz.com/JSON\nemail: env:E\nkey: env:K", "url must begin with https://"},
		"secret missing":         {"url: https://x\nemail: env:E\nkey: env:MISSING", "account pixelz: key: MISSING is not set"},
		"email missing":          {"url: https://x\nemail: env:MISSING\nkey: env:K", "account pixelz: email: MISSING is not set"},
		"upload":                 {goodAccount + "upload: ftp", `upload is "ftp"`},
		"history too short":      {goodAccount + "history: 7", "history is 7 days"},
		"history too long":       {goodAccount + "history: 1000", "history is 1000 days"},
		"link without ticket":    {goodAccount + "link: https://portal.example", "{ticket}"},
		"link not encrypted":     {goodAccount + "link: 'http://portal.example/{ticket}'", "https://"},
		"callback without key":   {goodAccount + "callback: https://relay.example", "callback needs hook_key"},
		"callback not encrypted": {goodAccount + "callback: http://relay.example\nhook_key: env:HOOK", "callback must look like"},
		"callback with a query":  {goodAccount + "callback: https://relay.example?x=1\nhook_key: env:HOOK", "callback must look like"},
		"callback is a word":     {goodAccount + "callback: relay\nhook_key: env:HOOK", "callback must look like"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := New(setupOf(tt.yaml))
			switch {
			case tt.want == "" && err != nil:
				t.Error(err)
			case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
				t.Errorf("got %v, want it to say %q", err, tt.want)
			}
		})
	}
	s := setupOf(goodAccount)
	s.Rate = -1
	if _, err := New(s); err == nil {
		t.Error("a negative rate is taken")
	}
}

func TestWhatAConnectorCanDo(t *testing.T) {
	c, err := New(setupOf(goodAccount))
	if err != nil {
		t.Fatal(err)
	}
	if c.Workers != 4 || !c.Looks || c.Hook != nil || c.Templates == nil || c.Reject == nil || c.Withdraw == nil || c.Examine == nil || c.Probe == nil {
		t.Errorf("got %+v", c)
	}
	s := setupOf(goodAccount + "hook_key: env:HOOK")
	s.Connections = 7
	if c, err = New(s); err != nil || c.Hook == nil || c.Workers != 7 {
		t.Errorf("got %+v, %v; want a hook and 7 workers", c, err)
	}
}

func TestCallbackAddress(t *testing.T) {
	a, err := newAccount(setupOf(goodAccount + "callback: https://relay.example/studio/\nhook_key: env:HOOK"))
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(a.callback)
	if err != nil || u.Host != "relay.example" || u.Path != "/studio/hooks/pixelz" || u.Query().Get("key") != a.hookKey || a.hookKey == "" {
		t.Errorf("got %s, %v", a.callback, err)
	}
}
