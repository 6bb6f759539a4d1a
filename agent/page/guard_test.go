package page

import (
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
)

func TestOnlyKnownNamesReachThePage(t *testing.T) {
	r := newStudio(t)
	host, _ := os.Hostname()
	for name, ok := range map[string]bool{
		"localhost": true, "localhost:8765": true, "LOCALHOST.:8765": true, "agent.localhost": true, "127.0.0.1:8765": true, "[::1]:8765": true,
		"192.168.1.20": true, host: true, host + ":8765": true, "page.studio.example": true, "Page.Studio.Example:443": true,
		"evil.example": false, "evil.example:8765": false, "127.0.0.1.evil.example": false, "localhost.evil.example": false, "": false,
		"page.studio.example.evil.example": false, `"><script>alert(1)</script>`: false,
	} {
		w := r.send(http.MethodGet, "/", nil, func(req *http.Request) { req.Host = name })
		want := http.StatusOK
		if !ok {
			want = http.StatusMisdirectedRequest
		}
		if w.Code != want || strings.Contains(w.Body.String(), "<script>alert") {
			t.Errorf("called %q: %d, want %d: %.120s", name, w.Code, want, w.Body)
		}
	}
}

func TestForeignPagesCanAskForNothing(t *testing.T) {
	r := newRig(t)
	form := url.Values{"account": {"nas"}}
	for name, test := range map[string]struct {
		change func(*http.Request)
		want   int
	}{
		"our own page":             {header("Sec-Fetch-Site", "same-origin"), http.StatusSeeOther},
		"our own, older browser":   {header("Origin", "http://localhost:8765"), http.StatusSeeOther},
		"a script on this machine": {func(*http.Request) {}, http.StatusSeeOther},
		"another site":             {header("Sec-Fetch-Site", "cross-site"), http.StatusForbidden},
		"another port":             {header("Sec-Fetch-Site", "same-site"), http.StatusForbidden},
		"another, older browser":   {header("Origin", "http://evil.example"), http.StatusForbidden},
		"a sandboxed frame":        {header("Origin", "null"), http.StatusForbidden},
	} {
		r.asked = nil
		w := r.send(http.MethodPost, "/do/pause", form, test.change)
		if w.Code != test.want || (len(r.asked) == 1) != (test.want == http.StatusSeeOther) {
			t.Errorf("%s: %d and asked %v, want %d", name, w.Code, r.asked, test.want)
		}
	}
}

func TestEveryAnswerIsGuarded(t *testing.T) {
	r := newStudio(t)
	for _, path := range []string{"/", "/accounts", "/static/page.js", "/healthz", "/nowhere", "/hooks/nobody", "/picture/none"} {
		h := r.send(http.MethodGet, path, nil).Header()
		for key, want := range map[string]string{
			"Content-Security-Policy": "default-src 'none'; img-src 'self' data:; style-src 'self'; script-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
			"X-Content-Type-Options":  "nosniff", "Referrer-Policy": "same-origin",
			"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
		} {
			if got := h.Get(key); got != want {
				t.Errorf("%s: %s is %q, want %q", path, key, got, want)
			}
		}
	}
}

func TestLocalIsWhoIsOnThisMachineAndCallsItSo(t *testing.T) {
	for _, test := range []struct {
		from, host string
		want       bool
	}{
		{"127.0.0.1:4000", "localhost:8765", true}, {"[::1]:4000", "[::1]:8765", true}, {"127.0.0.1:4000", "127.0.0.1", true},
		{"127.0.0.1:4000", "page.studio.example", false}, {"192.168.1.4:4000", "localhost", false}, {"", "localhost", false},
	} {
		if got := isLocal(&http.Request{RemoteAddr: test.from, Host: test.host}); got != test.want {
			t.Errorf("from %q to %q: %v", test.from, test.host, got)
		}
	}
}
