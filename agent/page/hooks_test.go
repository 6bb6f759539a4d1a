package page

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/studio-agent/studio-agent/connectors"
)

// hooked has account "pixelz" answer its webhook with do.
func hooked(t *testing.T, do http.HandlerFunc) (r *rig, woken *[]string) {
	r, woken = newRig(t), new([]string)
	r.server.Connector = func(account string) connectors.Connector {
		if account != "pixelz" {
			return connectors.Connector{}
		}
		return connectors.Connector{Hook: do}
	}
	r.server.Wake = func(account string) { *woken = append(*woken, account) }
	return r, woken
}

func TestAWebhookWakesItsAccount(t *testing.T) {
	r, woken := hooked(t, func(w http.ResponseWriter, req *http.Request) {
		if body, _ := io.ReadAll(req.Body); req.URL.Query().Get("key") != "right" || string(body) != "x=1" && req.Method == http.MethodPost {
			http.Error(w, "no", http.StatusForbidden)
		}
	})
	r.server.Login = Login{Password: "photo"}
	for name, test := range map[string]struct {
		method, path string
		want, wakes  int
	}{
		"right":              {http.MethodPost, "/hooks/pixelz?key=right", 200, 1},
		"below":              {http.MethodPost, "/hooks/pixelz/status?key=right", 200, 1},
		"verification":       {http.MethodGet, "/hooks/pixelz?key=right", 200, 0},
		"head":               {http.MethodHead, "/hooks/pixelz?key=right", 200, 0},
		"wrong":              {http.MethodPost, "/hooks/pixelz?key=wrong", 403, 0},
		"account without":    {http.MethodPost, "/hooks/nas", 404, 0},
		"no account":         {http.MethodPost, "/hooks/nobody", 404, 0},
		"no account at all":  {http.MethodPost, "/hooks/", 401, 0},
		"deleted":            {http.MethodDelete, "/hooks/pixelz?key=right", 405, 0},
		"not a page for all": {http.MethodGet, "/hooks/../accounts", 307, 0},
	} {
		*woken = nil
		w := r.send(test.method, test.path, url.Values{"x": {"1"}}, func(req *http.Request) {
			if !strings.HasSuffix(test.path, "/") && !strings.Contains(test.path, "..") {
				req.Host = "relay.elsewhere.example"
			}
			req.Header.Set("Origin", "https://vendor.example")
			if test.path == "/hooks/" {
				req.Header.Del("Origin")
			}
		})
		if w.Code != test.want || len(*woken) != test.wakes {
			t.Errorf("%s: %d and woken %v, want %d and %d", name, w.Code, *woken, test.want, test.wakes)
		}
	}
}

func TestWebhooksAreBounded(t *testing.T) {
	read := int64(0)
	r, woken := hooked(t, func(w http.ResponseWriter, req *http.Request) {
		n, err := io.Copy(io.Discard, req.Body)
		if read = n; err != nil {
			w.WriteHeader(http.StatusRequestEntityTooLarge)
		}
		if _, ok := req.Context().Deadline(); !ok {
			t.Error("no time limit")
		}
	})
	w := r.send(http.MethodPost, "/hooks/pixelz", url.Values{"x": {strings.Repeat("y", mostHook)}})
	if w.Code != http.StatusRequestEntityTooLarge || read > mostHook || len(*woken) > 0 {
		t.Errorf("too large: %d after %d bytes, woken %v", w.Code, read, *woken)
	}
	limited := 0
	for range hookBurst * 2 {
		if w := r.send(http.MethodPost, "/hooks/pixelz", nil); w.Code == http.StatusTooManyRequests {
			limited++
		}
	}
	if limited == 0 || len(*woken)+limited != hookBurst*2 {
		t.Errorf("%d of %d calls refused, %d woke", limited, hookBurst*2, len(*woken))
	}
	for i := range 100 {
		r.send(http.MethodPost, "/hooks/nobody-"+strings.Repeat("x", i), nil)
	}
	if n := len(r.server.hooks.limits); n != 1 {
		t.Errorf("%d accounts are remembered, want 1", n)
	}
}
