package page

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/creativeforce"
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
		} else if req.URL.Query().Get("new") != "no" {
			w.WriteHeader(http.StatusAccepted)
		}
	})
	r.server.Login = Login{Password: "photo"}
	for name, test := range map[string]struct {
		method, path string
		want, wakes  int
	}{
		"right":              {http.MethodPost, "/hooks/pixelz?key=right", 202, 1},
		"below":              {http.MethodPost, "/hooks/pixelz/status?key=right", 202, 1},
		"nothing new":        {http.MethodPost, "/hooks/pixelz?key=right&new=no", 200, 0},
		"verification":       {http.MethodGet, "/hooks/pixelz?key=right", 202, 0},
		"head":               {http.MethodHead, "/hooks/pixelz?key=right", 202, 0},
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
			return
		}
		w.WriteHeader(http.StatusNoContent)
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

const hookKey = "the key of Creative Force's webhook"

// creativeForce is an account with a webhook and no platform.
func creativeForce(t *testing.T) connectors.Connector {
	t.Helper()
	c, err := creativeforce.New(connectors.Setup{
		Account: "cf", Memory: &connectors.ShortMemory{}, Log: slog.New(slog.DiscardHandler), Secret: func(ref string) (string, error) { return ref, nil },
		Decode: func(into any) error {
			return yaml.Unmarshal([]byte("{url: https://cf.invalid/v1, token_url: https://cf.invalid/token, client_id: a, client_secret: b, vendor: v, webhook_key: text, webhook_secret: \""+hookKey+"\"}"), into)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// called posts an event with a signature as of key, and returns the answer.
func called(s *Server, key, payload string, padding int) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	s.handler().ServeHTTP(w, eventRequest(key, payload, padding))
	return w
}

// Of what comes at Creative Force's hook, only what is genuine and new wakes the
// account.
func TestOnlyAGenuineAndNewEventWakes(t *testing.T) {
	woken := 0
	r := newRig(t)
	c := creativeForce(t)
	r.server.Connector = func(string) connectors.Connector { return c }
	r.server.Wake = func(string) { woken++ }
	for _, step := range []struct {
		name, key, payload string
		padding            int
		want, wakes        int
	}{
		{"forged", "another key", "p-1", 0, http.StatusUnauthorized, 0},
		{"genuine", hookKey, "p-1", 0, http.StatusAccepted, 1},
		{"replayed", hookKey, "p-1", 0, http.StatusOK, 0},
		{"another", hookKey, "p-2", 0, http.StatusAccepted, 1},
		{"10 MB of it", hookKey, "p-3", 10 << 20, http.StatusRequestEntityTooLarge, 0},
		{"10 MB forged", "another key", "p-4", 10 << 20, http.StatusRequestEntityTooLarge, 0},
	} {
		woken = 0
		if w := called(r.server, step.key, step.payload, step.padding); w.Code != step.want || woken != step.wakes {
			t.Errorf("%s: %d and %d woken, want %d and %d", step.name, w.Code, woken, step.want, step.wakes)
		}
	}
}

// A thousand a second are answered at once, forged or genuine, and what is refused
// in a flood is let in again when it is over. In the bubble time stands still unless
// somebody waits for it.
func TestAFloodOfEventsIsAnsweredAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		woken := 0
		c := creativeForce(t)
		s := &Server{Log: slog.New(slog.DiscardHandler), Connector: func(string) connectors.Connector { return c }, Wake: func(string) { woken++ }}
		flood := func(key string) (codes map[int]int) {
			codes = map[int]int{}
			for i := range 1000 {
				w := httptest.NewRecorder()
				began := time.Now()
				s.hook(w, eventRequest(key, fmt.Sprint(key, i), 0))
				if took := time.Since(began); took > 0 {
					t.Errorf("event %d had to wait for %v", i, took)
				}
				codes[w.Code]++
				time.Sleep(time.Millisecond)
			}
			return codes
		}
		if codes := flood("another key"); woken > 0 || codes[http.StatusUnauthorized]+codes[http.StatusTooManyRequests] != 1000 || codes[http.StatusTooManyRequests] == 0 {
			t.Errorf("forged: %v, and %d woken", codes, woken)
		}
		time.Sleep(hookBurst * time.Second / hookRate)
		if codes := flood(hookKey); woken != codes[http.StatusAccepted] || codes[http.StatusAccepted] < hookBurst || codes[http.StatusAccepted]+codes[http.StatusTooManyRequests] != 1000 {
			t.Errorf("genuine: %v, and %d woken", codes, woken)
		}
	})
}

func eventRequest(key, payload string, padding int) *http.Request {
	body := fmt.Appendf(nil, `{"Action":"ExternalPostTaskRejected","PayloadId":%q,"EventGroupName":"ExternalPostTask","EventDatetimeUtc":%d,"TaskId":"t-1"}%s`,
		payload, time.Now().UnixMilli(), strings.Repeat(" ", padding))
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write(body)
	r := httptest.NewRequest(http.MethodPost, "/hooks/cf", bytes.NewReader(body))
	r.SetPathValue("account", "cf")
	r.Header.Set("X-CF-Signature", base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	return r
}
