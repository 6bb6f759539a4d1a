package page

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func password(said string) url.Values { return url.Values{"password": {said}} }

func basic(user, password string) func(*http.Request) {
	return func(r *http.Request) { r.SetBasicAuth(user, password) }
}

func TestWithALoginNothingIsShownToStrangers(t *testing.T) {
	r := newStudio(t)
	r.server.Login = Login{Password: "photo", Token: "machine"}
	for _, path := range []string{"/", "/accounts", "/events?path=/", "/picture/x", "/metrics", "/tasks", "/files"} {
		if w := r.send(http.MethodGet, path, nil); w.Code != http.StatusUnauthorized || strings.Contains(w.Body.String(), "packshot") {
			t.Errorf("GET %s: %d %.80s", path, w.Code, w.Body)
		}
		if w := r.send(http.MethodGet, path, nil, header("Accept", "text/html")); w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/login" {
			t.Errorf("GET %s by a person: %d to %q", path, w.Code, w.Header().Get("Location"))
		}
	}
	if w := r.send(http.MethodPost, "/do/pause", url.Values{"account": {"gs"}}); w.Code != http.StatusUnauthorized || len(r.asked) > 0 {
		t.Errorf("a stranger may ask: %d %v", w.Code, r.asked)
	}
	for _, path := range []string{"/login", "/static/style.css", "/healthz"} {
		if w := r.send(http.MethodGet, path, nil); w.Code != http.StatusOK {
			t.Errorf("GET %s: %d", path, w.Code)
		}
	}
}

func TestMachinesLogInWithEachRequest(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*http.Request)
		want   int
	}{
		"token":               {header("Authorization", "Bearer machine"), http.StatusOK},
		"password":            {basic("anybody", "photo"), http.StatusOK},
		"wrong token":         {header("Authorization", "Bearer machin"), http.StatusUnauthorized},
		"no token":            {header("Authorization", "Bearer "), http.StatusUnauthorized},
		"password as token":   {header("Authorization", "Bearer photo"), http.StatusUnauthorized},
		"empty password":      {basic("x", ""), http.StatusUnauthorized},
		"cookie of nobody":    {header("Cookie", cookieName+"=x"), http.StatusUnauthorized},
		"cookie without text": {header("Cookie", cookieName+"="), http.StatusUnauthorized},
	} {
		r := newRig(t)
		r.server.Login = Login{Password: "photo", Token: "machine"}
		if w := r.send(http.MethodGet, "/", nil, test.change); w.Code != test.want {
			t.Errorf("%s: %d, want %d", name, w.Code, test.want)
		}
	}
	r := newRig(t)
	r.server.Login = Login{Password: "photo"}
	if w := r.send(http.MethodGet, "/", nil, header("Authorization", "Bearer ")); w.Code != http.StatusUnauthorized {
		t.Errorf("an empty token where none is configured: %d", w.Code)
	}
}

// session logs in and returns the cookie.
func (r *rig) session(said string) *http.Cookie {
	r.t.Helper()
	w := r.send(http.MethodPost, "/login", password(said))
	if w.Code != http.StatusSeeOther || len(w.Result().Cookies()) != 1 {
		r.t.Fatalf("log in: %d %v", w.Code, w.Result().Cookies())
	}
	return w.Result().Cookies()[0]
}

func TestASession(t *testing.T) {
	r := newRig(t)
	r.server.Login = Login{Password: "photo", Token: "machine"}
	w := r.send(http.MethodPost, "/login", password("foto"))
	wants(t, w.Body.String(), "That is not the password.")
	if w.Code != http.StatusForbidden || len(w.Result().Cookies()) != 0 {
		t.Errorf("a wrong password: %d %v", w.Code, w.Result().Cookies())
	}
	c := r.session("photo")
	if !c.HttpOnly || c.Secure || c.SameSite != http.SameSiteStrictMode || c.MaxAge != 12*3600 || len(c.Value) < 52 || c.Path != "/" {
		t.Errorf("cookie %+v", c)
	}
	if again := r.session("machine"); again.Value == c.Value {
		t.Error("two sessions have one cookie")
	}
	with := func(req *http.Request) { req.AddCookie(c) }
	wants(t, r.send(http.MethodGet, "/", nil, with).Body.String(), "Log out")
	if w := r.send(http.MethodPost, "/logout", nil, with); w.Header().Get("Location") != "/login" {
		t.Errorf("log out leads to %q", w.Header().Get("Location"))
	}
	if w := r.send(http.MethodGet, "/", nil, with); w.Code != http.StatusUnauthorized {
		t.Errorf("after logging out: %d", w.Code)
	}
}

func TestWrongPasswordsAreSlowedDown(t *testing.T) {
	r := newRig(t)
	r.server.Login = Login{Password: "photo"}
	for range freeTries + 1 {
		r.send(http.MethodPost, "/login", password("no"))
	}
	w := r.send(http.MethodPost, "/login", password("photo"))
	if w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") == "" || len(w.Result().Cookies()) > 0 {
		t.Errorf("the right one, too early: %d %v", w.Code, w.Header())
	}
	if w := r.send(http.MethodGet, "/", nil, basic("x", "photo")); w.Code != http.StatusUnauthorized {
		t.Errorf("the same by Basic: %d", w.Code)
	}
	other := httptest.NewRequest(http.MethodGet, "/", nil)
	other.RemoteAddr = "192.168.1.9:1"
	if got := r.server.sessions.try(from(other), true, time.Now()); got != 0 {
		t.Errorf("another address waits %s", got)
	}
}

func TestTheDelayGrowsAndEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s sessions
		var delays []time.Duration
		for range 15 {
			s.try("a", false, time.Now())
			d := s.try("a", true, time.Now())
			if d == 0 { // it was free, and right: begin anew
				s.tries = map[string]tries{"a": {wrong: len(delays) + 1}}
			}
			delays = append(delays, d)
			time.Sleep(d)
		}
		want := "[0s 0s 0s 1s 2s 4s 8s 16s 32s 1m4s 2m8s 4m16s 5m0s 5m0s 5m0s]"
		if got := fmt.Sprint(delays); got != want {
			t.Errorf("delays %s, want %s", got, want)
		}
		for i := range mostTriers + 5 {
			s.try(fmt.Sprint(i), false, time.Now())
		}
		if len(s.tries) > mostTriers {
			t.Errorf("%d addresses are remembered", len(s.tries))
		}
	})
}

func TestASessionEndsAfterTwelveHours(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s sessions
		c := s.begin(time.Now())
		time.Sleep(sessionLasts - time.Second)
		if !s.holds(c, time.Now()) {
			t.Error("it ended early")
		}
		time.Sleep(time.Second)
		if s.holds(c, time.Now()) {
			t.Error("it goes on")
		}
		for range mostSessions + 5 {
			c = s.begin(time.Now())
		}
		if len(s.open) > mostSessions || !s.holds(c, time.Now()) {
			t.Errorf("%d sessions, the newest holds: %v", len(s.open), s.holds(c, time.Now()))
		}
		if _, plain := s.open[sha256.Sum256(nil)]; plain {
			t.Error("an empty cookie is a session")
		}
	})
}

func TestOneNetworkOfIPv6IsOneAddress(t *testing.T) {
	at := func(addr string) string { return from(&http.Request{RemoteAddr: addr}) }
	if at("[2001:db8::1]:1") != at("[2001:db8::2]:2") || at("[2001:db8:0:1::1]:1") == at("[2001:db8::1]:1") {
		t.Error("IPv6 networks are not told apart")
	}
	if got := at("192.168.1.4:99"); got != "192.168.1.4" {
		t.Errorf("got %q", got)
	}
	if got := at("[::ffff:192.168.1.4]:99"); got != "192.168.1.4" {
		t.Errorf("got %q", got)
	}
}
