package pixelz

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/faults"
	"github.com/studio-agent/studio-agent/connectors/rest"
)

func TestFetchLooksFirst(t *testing.T) {
	w := newWorld(t, how{})
	receipt := w.ordered("a.jpg")
	w.must(w.sim.Produce(receipt.ID))
	rt := w.one()
	tests := map[string]struct {
		do      func()
		id      string
		changed bool
	}{
		"begun anew":          {func() { w.must(w.sim.Begin(receipt.ID)) }, rt.ID, true},
		"done anew":           {func() { w.must(w.sim.Produce(receipt.ID)) }, rt.ID, true},
		"another version":     {func() {}, receipt.ID + "/7", true},
		"no such picture":     {func() {}, receipt.ID + "/1/9", true},
		"failed":              {func() {}, receipt.ID + "/1/failed", false},
		"another remote's id": {func() {}, "capture 12", false},
		"not there":           {func() {}, "no-such-ticket/1", true},
		"deleted":             {func() { w.must(w.sim.SetStatus(receipt.ID, 10, "New")); w.withdraw(t.Context(), receipt) }, rt.ID, true},
	}
	for _, name := range []string{"another version", "no such picture", "failed", "another remote's id", "not there", "begun anew", "done anew", "deleted"} {
		tt := tests[name]
		tt.do()
		var got bytes.Buffer
		err := w.Fetch(t.Context(), connectors.Retouch{ID: tt.id, Name: "a.jpg"}, &got)
		if err == nil || errors.Is(err, connectors.ErrChanged) != tt.changed || got.Len() > 0 || meaning(err) != "later" {
			t.Errorf("%s: fetched %d bytes, %v", name, got.Len(), err)
		}
	}
}

func TestTroubleWhileFetching(t *testing.T) {
	tests := map[string]faults.Fault{
		"cut at once": {Cut: -1}, "cut": {Cut: 10}, "cut at the end": {Cut: 26}, "403": {Status: 403}, "404": {Status: 404}, "401": {Status: 401}, "500": {Status: 500},
	}
	for name, f := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, how{})
			w.must(w.sim.Produce(w.ordered("a.jpg").ID))
			rt := w.one()
			w.faults.Then("download", f, f) // a GET that found the connection closed is made again
			if got, err := w.fetch(rt); meaning(err) != "later" {
				t.Errorf("fetched %q, %v", got, err)
			}
			w.faults.Calm()
			if got, err := w.fetch(rt); err != nil || !strings.HasSuffix(got, "retouched\n") {
				t.Errorf("once it is well: %q, %v", got, err)
			}
		})
	}
}

func TestWhenceIsFetched(t *testing.T) {
	tests := map[string]bool{
		"https://api.pixelz.com/a":              true,
		"https://cdn.pixelz.com/a":              true,
		"https://CDN.Pixelz.com/a":              true,
		"https://a.b.s3.amazonaws.com/a?sig=1":  true,
		"https://own.example/a":                 true,
		"https://ported.example:8443/a":         true,
		"https://deep.wild.example/a":           true,
		"https://wild.example/a":                false,
		"https://ported.example/a":              false,
		"https://own.example:8443/a":            false,
		"https://cdn.pixelz.com:8443/a":         false,
		"https://pixelz.com.evil.example/a":     false,
		"https://evilpixelz.com/a":              false,
		"http://cdn.pixelz.com/a":               false,
		"ftp://cdn.pixelz.com/a":                false,
		"https://user@cdn.pixelz.com/a":         false,
		"https://127.0.0.1/a":                   false,
		"https://10.1.2.3/a":                    false,
		"https://169.254.169.254/latest":        false,
		"https://[fd00::1]/a":                   false,
		"https://[::ffff:192.168.1.1]/a":        false,
		"https://localhost/a":                   false,
		"https://8.8.8.8/a":                     false,
		"//cdn.pixelz.com/a":                    false,
		"cdn.pixelz.com/a":                      false,
		"https://cdn.pixelz.com@evil.example/a": false,
		"":                                      false,
	}
	a, err := newAccount(setupOf(goodAccount + "hosts: [own.example, 'ported.example:8443', '*.wild.example']"))
	if err != nil {
		t.Fatal(err)
	}
	for address, want := range tests {
		_, err := a.web.source(address)
		if (err == nil) != want {
			t.Errorf("%s: %v", address, err)
		}
		if err != nil && (strings.Contains(err.Error(), "sig=") || strings.Contains(err.Error(), "user")) {
			t.Errorf("%s: %v shows too much", address, err)
		}
	}
	if _, err := a.web.source("https://other.example/a"); err == nil || !strings.Contains(err.Error(), "add it to hosts of account pixelz") {
		t.Errorf("got %v", err)
	}
	local, err := newAccount(setupOf("url: http://127.0.0.1:7/JSON\nemail: a@b\nkey: env:K"))
	if err != nil {
		t.Fatal(err)
	}
	for address, want := range map[string]bool{"http://127.0.0.1:7/a": true, "http://127.0.0.1:8/a": false, "https://cdn.pixelz.com/a": true} {
		if _, err := local.web.source(address); (err == nil) != want {
			t.Errorf("local: %s: %v", address, err)
		}
	}
}

// Fetch goes where it may, shows nobody the login, and follows nobody elsewhere.
func TestFetchStaysWhereItMay(t *testing.T) {
	tests := map[string]struct {
		final    string
		redirect string
		want     string // in the error; "" means none
		asked    []string
	}{
		"fine":                 {"https://cdn.pixelz.com/a.jpg?sig=SECRET%2B1&b", "", "", []string{"https://cdn.pixelz.com/a.jpg?sig=SECRET%2B1&b"}},
		"elsewhere":            {"https://evil.example/a.jpg", "", "nothing is fetched from evil.example", nil},
		"redirected elsewhere": {"https://cdn.pixelz.com/a.jpg?sig=SECRET", "https://evil.example/?x=SECRET", "redirected to evil.example", []string{"https://cdn.pixelz.com/a.jpg?sig=SECRET"}},
		"redirected in clear":  {"https://cdn.pixelz.com/a.jpg?sig=SECRET", "http://cdn.pixelz.com/b", "redirect", []string{"https://cdn.pixelz.com/a.jpg?sig=SECRET"}},
		"redirected at home":   {"https://cdn.pixelz.com/a.jpg", "https://cdn.pixelz.com/b", "", []string{"https://cdn.pixelz.com/a.jpg", "https://cdn.pixelz.com/b"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			a := answering(t, scripted{"/Image/t1": `{"ErrorCode":0,"ImageTicket":"t1","StatusId":80,"FinalImagesURL":["` + tt.final + `"]}`})
			var asked []string
			a.web.http = &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
				asked = append(asked, r.URL.String())
				if hidden(r.URL.String()) || r.Header.Get("Referer") != "" && strings.Contains(r.URL.Host, "evil") {
					t.Errorf("%s was shown too much", r.URL)
				}
				resp := &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("x")), Request: r}
				if len(asked) == 1 && tt.redirect != "" {
					resp.StatusCode = 302
					resp.Header.Set("Location", tt.redirect)
				}
				return resp, nil
			})}
			err := a.Fetch(t.Context(), connectors.Retouch{ID: "t1/1", Name: "a.jpg"}, io.Discard)
			switch {
			case tt.want == "" && err != nil:
				t.Error(err)
			case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "SECRET")):
				t.Errorf("got %v, want it to say %q and not the query", err, tt.want)
			}
			if strings.Join(asked, " ") != strings.Join(tt.asked, " ") {
				t.Errorf("asked were %q, want %q", asked, tt.asked)
			}
		})
	}
}

func TestPrivateAddresses(t *testing.T) {
	for ip, public := range map[string]bool{
		"8.8.8.8": true, "2600:1f18::1": true, "100.128.0.1": true,
		"127.0.0.1": false, "10.0.0.1": false, "172.16.0.1": false, "192.168.0.1": false, "169.254.169.254": false, "100.64.0.1": false,
		"0.0.0.0": false, "224.0.0.1": false, "255.255.255.255": false, "::1": false, "fe80::1": false, "fd00::1": false, "::": false, "::ffff:10.0.0.1": false,
	} {
		addr := netip.AddrPortFrom(netip.MustParseAddr(ip), 443)
		if err := refusePrivate("tcp", addr.String(), nil); (err == nil) != public {
			t.Errorf("%s: %v", ip, err)
		}
	}
	if refusePrivate("tcp", "nonsense", nil) == nil {
		t.Error("nonsense is an address")
	}
}

// The guard sits in every connection that is not a simulator's, whatever client
// the program brings along.
func TestTheGuardIsInPlace(t *testing.T) {
	std := http.DefaultTransport.(*http.Transport).Clone()
	for name, given := range map[string]*http.Client{"none": nil, "an empty one": {}, "the program's": {Transport: std}} {
		for _, local := range []bool{false, true} {
			dial := guarded(given, local, 4).Transport.(*http.Transport).DialContext
			conn, err := dial(t.Context(), "tcp", "127.0.0.1:1") // where nobody listens
			if err == nil {
				conn.Close()
			}
			if got := err != nil && strings.Contains(err.Error(), "no public address"); got == local && !proxied() {
				t.Errorf("%s, local %v: guarded %v (%v)", name, local, got, err)
			}
		}
	}
	if own := guarded(&http.Client{Transport: std}, true, 4); own.Transport != std {
		t.Error("a simulator's connections are not those of the program")
	}
	fake := roundTrip(nil)
	if own := guarded(&http.Client{Transport: fake}, false, 4); own.Transport == nil {
		t.Error("a transport of another kind was lost")
	}
}

func TestBounded(t *testing.T) {
	var got bytes.Buffer
	b := &bounded{&got, 5}
	if n, err := b.Write([]byte("12345")); n != 5 || err != nil {
		t.Errorf("got %d, %v", n, err)
	}
	if n, err := b.Write([]byte("6")); n != 0 || err == nil || got.String() != "12345" {
		t.Errorf("got %d, %v, %q", n, err, got.String())
	}
}

// endless is a client of an API whose every answer is made by next.
func endless(t *testing.T, next func() string) *rest.Client {
	t.Helper()
	c, err := rest.New(rest.Config{
		Account: "pixelz", Base: "https://api.pixelz.com", Limit: rest.Shared(nil, "", "", rest.Limits{Rate: 1e6, InFlight: 1}),
		HTTP: &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(next())), Request: r}, nil
		})},
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}
