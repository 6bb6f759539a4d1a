package rest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
)

const secret = "t0p/s3cret+=token"

// fake is a transport without a network.
type fake func(*http.Request) (*http.Response, error)

func (f fake) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func reply(status int, body string) *http.Response {
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}
}

func config(base string) Config {
	return Config{
		Account: "gs", Base: base, Login: "token",
		Header:  http.Header{"Authorization": {"Bearer " + secret}},
		Secrets: []string{secret},
		Limit:   newLimiter(Limits{Rate: 1e6, InFlight: 5, Bulky: 3}),
	}
}

func client(t *testing.T, c Config) *Client {
	t.Helper()
	made, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func faked(t *testing.T, f fake) *Client {
	c := config("https://api.example/v2")
	c.HTTP = &http.Client{Transport: f}
	return client(t, c)
}

func TestBaseURL(t *testing.T) {
	for base, ok := range map[string]bool{
		"https://api.example/v2": true, "http://127.0.0.1:80/v2/": true,
		"": false, "api.example/v2": false, "ftp://api.example": false, "https://": false,
		"https://u:p@api.example": false, "https://api.example/?key=1": false, "https://a b": false,
	} {
		if _, err := New(config(base)); (err == nil) != ok {
			t.Errorf("%q: %v, want ok %v", base, err, ok)
		}
	}
}

func TestWhatAReplyMeans(t *testing.T) {
	tests := []struct {
		status  int
		probe   bool
		is      error
		pause   time.Duration
		message string
	}{
		{401, false, connectors.ErrDenied, 0, "account gs: the login was refused (401: Missing): check token"},
		{403, false, connectors.ErrRejected, 0, "POST /picture was refused (403: Missing): it is not there, or account gs may not use it"},
		{403, true, connectors.ErrDenied, 0, "check url and token"},
		{404, false, connectors.ErrRejected, 0, "404: Missing"},
		{404, true, connectors.ErrDenied, 0, "404: Missing"},
		{400, false, connectors.ErrRejected, 0, "api.example refused it (400: Missing): correct what it names"},
		{405, false, connectors.ErrRejected, 0, "405"},
		{413, false, connectors.ErrRejected, 0, "too large"},
		{415, false, connectors.ErrRejected, 0, "415"},
		{422, false, connectors.ErrRejected, 0, "422"},
		{423, false, nil, 5 * time.Minute, "locked (423: Missing)"},
		{429, false, nil, time.Second, "asked for fewer requests (429: Missing)"},
		{408, false, nil, 0, "in trouble (408: Missing)"},
		{425, false, nil, 0, "425"},
		{500, false, nil, 0, "500"},
		{503, true, nil, 0, "503"},
		{302, false, nil, 0, "redirect"},
	}
	for _, tt := range tests {
		synctest.Test(t, func(t *testing.T) {
			c := faked(t, func(*http.Request) (*http.Response, error) {
				return reply(tt.status, `{"errors":[{"message":"Missing"}]}`), nil
			})
			_, err := c.Do(t.Context(), Request{Method: "POST", Path: "/picture", Probe: tt.probe})
			if err == nil || !strings.Contains(err.Error(), tt.message) {
				t.Fatalf("%d: %v, want it to say %q", tt.status, err, tt.message)
			}
			for _, mark := range []error{connectors.ErrDenied, connectors.ErrRejected} {
				if got := errors.Is(err, mark); got != (mark == tt.is) {
					t.Errorf("%d: %v is %v: %v", tt.status, err, mark, got)
				}
			}
			var throttled *connectors.ThrottledError
			if got := errors.As(err, &throttled); got != (tt.pause > 0) {
				t.Errorf("%d: throttled is %v", tt.status, got)
			} else if got && time.Until(throttled.Until) != tt.pause {
				t.Errorf("%d: for %v, want %v", tt.status, time.Until(throttled.Until), tt.pause)
			}
			if status, said := StatusOf(err); throttled == nil && (status != tt.status || said != "Missing") {
				t.Errorf("StatusOf gives %d %q", status, said)
			}
		})
	}
}

func TestAcceptedStatusIsNoError(t *testing.T) {
	c := faked(t, func(*http.Request) (*http.Response, error) { return reply(423, "busy"), nil })
	got, err := c.Do(t.Context(), Request{Method: "GET", Path: "/x", Accept: []int{423}})
	if err != nil || got.Status != 423 || string(got.Body) != "busy" {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestRetryAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inAMinute := time.Now().UTC().Add(time.Minute).Format(http.TimeFormat)
		for header, want := range map[string]time.Duration{
			"": 0, "7": 7 * time.Second, "-1": 0, "soon": 0, "0": 0, inAMinute: time.Minute,
			time.Now().UTC().Add(-time.Minute).Format(http.TimeFormat): 0,
		} {
			if got := retryAfter(header); got != want {
				t.Errorf("%q: %v, want %v", header, got, want)
			}
		}
		c := faked(t, func(*http.Request) (*http.Response, error) {
			r := reply(429, "")
			r.Header.Set("Retry-After", "30")
			return r, nil
		})
		_, err := c.Do(t.Context(), Request{Method: "GET", Path: "/x"})
		var throttled *connectors.ThrottledError
		if !errors.As(err, &throttled) || time.Until(throttled.Until) != 30*time.Second {
			t.Errorf("got %v, want a pause of 30 s", err)
		}
		if got := time.Until(c.limit.pauseEnd()); got != 30*time.Second {
			t.Errorf("the key is paused for %v, want 30 s", got)
		}
	})
}

func TestSaid(t *testing.T) {
	for body, want := range map[string]string{
		`{"errors":[{"message":"Rate limit exceeded"}]}`: "Rate limit exceeded",
		`{"errors":[{"detail":"a"},"b",{"code":7}]}`:     "a; b",
		`{"errors":{"file":["missing"]},"title":"Bad"}`:  "Bad",
		`{"message":"m","error":true}`:                   "m",
		`"just text"`:                                    "just text",
		"plain\n  text\x00":                              "plain text",
		"<html><body>Oops":                               "a web page instead of an answer",
		"":                                               "",
		`{"a":1}`:                                        `{"a":1}`,
		strings.Repeat("é", 300):                         strings.Repeat("é", 100) + "…",
	} {
		if got := oneLine(words([]byte(body)), saidBytes); got != want {
			t.Errorf("%.40q: said %q, want %q", body, got, want)
		}
	}
}

func TestNoSecretInAnyError(t *testing.T) {
	echo := func(r *http.Request) string {
		return "you sent " + r.Header.Get("Authorization") + " to " + r.URL.String() + " " + url.QueryEscape(secret)
	}
	request := Request{Method: "GET", Path: "/x", Query: url.Values{"key": {secret}}}
	cases := map[string]fake{
		"refused": func(r *http.Request) (*http.Response, error) { return reply(400, echo(r)), nil },
		"broken":  func(r *http.Request) (*http.Response, error) { return nil, errors.New(echo(r)) },
		"slow":    func(r *http.Request) (*http.Response, error) { return reply(429, echo(r)), nil },
		"body": func(r *http.Request) (*http.Response, error) {
			resp := reply(200, "")
			resp.Body = io.NopCloser(failing{errors.New(echo(r))})
			return resp, nil
		},
	}
	for name, f := range cases {
		_, err := faked(t, f).Do(t.Context(), request)
		if err == nil {
			t.Fatalf("%s: no error", name)
		}
		for _, hidden := range []string{secret, url.QueryEscape(secret)} {
			if strings.Contains(err.Error(), hidden) {
				t.Errorf("%s: the error holds %q: %v", name, hidden, err)
			}
		}
	}
}

// A url.Error, as a real transport makes it, carries the whole URL.
func TestNoQueryInTransportErrors(t *testing.T) {
	c := client(t, config("http://127.0.0.1:1/v2"))
	_, err := c.Do(t.Context(), Request{Method: "GET", Path: "/x", Query: url.Values{"apikey": {"other"}}})
	if err == nil || strings.Contains(err.Error(), "apikey") || !strings.Contains(err.Error(), "127.0.0.1:1") {
		t.Errorf("got %v, want an error without the query", err)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestRedirects(t *testing.T) {
	var seen atomic.Value
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen.Store(r.Header.Clone())
		io.WriteString(w, "the file")
	}))
	defer other.Close()
	home := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/v2/here":
			http.Redirect(w, r, "/v2/there", http.StatusFound)
		case "/v2/away":
			http.Redirect(w, r, other.URL+"/file?signature="+url.QueryEscape(secret), http.StatusFound)
		default:
			io.WriteString(w, r.Method+" "+r.Header.Get("Authorization"))
		}
	}))
	defer home.Close()
	strict := client(t, config(home.URL+"/v2"))
	open := config(home.URL + "/v2")
	open.Hosts = []string{strings.TrimPrefix(other.URL, "http://")}

	if got, err := strict.Do(t.Context(), Request{Method: "GET", Path: "/here"}); err != nil || string(got.Body) != "GET Bearer "+secret {
		t.Errorf("on the same host: %q, %v", got.Body, err)
	}
	_, err := strict.Do(t.Context(), Request{Method: "GET", Path: "/away"})
	if err == nil || !strings.Contains(err.Error(), "add it to hosts of account gs") || strings.Contains(err.Error(), secret) {
		t.Errorf("to a host that is not listed: %v", err)
	}
	if seen.Load() != nil {
		t.Error("a host that is not listed was asked")
	}
	var file bytes.Buffer
	if err := client(t, open).Stream(t.Context(), Request{Method: "GET", Path: "/away"}, &file); err != nil || file.String() != "the file" {
		t.Errorf("to a listed host: %q, %v", file.String(), err)
	}
	if h := seen.Load().(http.Header); h.Get("Authorization") != "" || h.Get("Referer") != "" {
		t.Errorf("the other host got %v", h)
	}
	if _, err := strict.Do(t.Context(), Request{Method: "POST", Path: "/here"}); err == nil || !strings.Contains(err.Error(), "redirect") {
		t.Errorf("a POST that is redirected: %v", err)
	}
}

func TestRepliesAreBoundedAndClosed(t *testing.T) {
	var closed atomic.Int32
	c := faked(t, func(r *http.Request) (*http.Response, error) {
		resp := reply(200, "")
		resp.Body = &source{Reader: io.LimitReader(endless{}, ReplyBytes+5)}
		if r.URL.Path == "/v2/error" {
			resp.StatusCode = 500
		}
		body := resp.Body.(*source)
		resp.Body = struct {
			io.Reader
			io.Closer
		}{body, closer(func() { closed.Add(1) })}
		return resp, nil
	})
	if _, err := c.Do(t.Context(), Request{Method: "GET", Path: "/x"}); err == nil || !strings.Contains(err.Error(), "larger than") {
		t.Errorf("a huge reply: %v", err)
	}
	if _, err := c.Do(t.Context(), Request{Method: "GET", Path: "/error"}); err == nil || len(err.Error()) > 400 {
		t.Errorf("a huge error: %v", err)
	}
	if closed.Load() != 2 {
		t.Errorf("%d bodies closed, want 2", closed.Load())
	}
}

type closer func()

func (c closer) Close() error {
	c()
	return nil
}

func TestStreamReportsAnEarlyEnd(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "100")
		fmt.Fprint(w, "half")
	}))
	defer server.Close()
	var got bytes.Buffer
	err := client(t, config(server.URL)).Stream(t.Context(), Request{Method: "GET", Path: "/x"}, &got)
	if !errors.Is(err, io.ErrUnexpectedEOF) || got.String() != "half" {
		t.Errorf("got %q and %v, want half and an unexpected end", got.String(), err)
	}
}

func TestBeforeComesFirstAndMayStop(t *testing.T) {
	asked := 0
	c := faked(t, func(*http.Request) (*http.Response, error) {
		asked++
		return reply(200, ""), nil
	})
	stop := errors.New("disk full")
	src := &source{Reader: endless{}}
	_, err := c.Do(t.Context(), Request{Method: "POST", Path: "/x", Body: src, Length: 5, Before: func() error { return stop }})
	if !errors.Is(err, stop) || asked != 0 || src.closed.Load() != 1 {
		t.Errorf("got %v, asked %d times, closed %d times", err, asked, src.closed.Load())
	}
}

func TestASecretIsTakenOutBeforeItsReplyIsCut(t *testing.T) {
	for before := saidBytes - len(secret); before <= saidBytes; before++ {
		body := strings.Repeat("x", before) + secret
		c := faked(t, func(*http.Request) (*http.Response, error) { return reply(400, body), nil })
		_, err := c.Do(t.Context(), Request{Method: http.MethodGet, Path: "/"})
		if err == nil || strings.Contains(err.Error(), secret[:4]) {
			t.Fatalf("after %d bytes: %v", before, err)
		}
	}
}
