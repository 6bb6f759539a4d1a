package grandshooting

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/grandshooting/grandshootingsim"
)

// A download may be sent elsewhere, but only where agent.yaml allows it, and
// without the token.
func TestDownloadsFromOtherHosts(t *testing.T) {
	tests := map[string]struct {
		url, hosts, from string
		want             string // in the error; "" means that it comes
	}{
		"the same host":      {"http://127.0.0.1/v2", "", "http://127.0.0.1", ""},
		"an allowed host":    {"http://127.0.0.1/v2", "hosts: [cdn.example]", "http://cdn.example", ""},
		"another":            {"http://127.0.0.1/v2", "", "http://cdn.example", "add it to hosts of account gs"},
		"one that looks so":  {"http://127.0.0.1/v2", "hosts: [cdn.example]", "http://cdn.example.evil", "add it to hosts of account gs"},
		"loopback from afar": {"https://gs.example/v2", "", "https://127.0.0.1", "add it to hosts of account gs"},
		"no TLS":             {"https://gs.example/v2", "hosts: [cdn.example]", "http://cdn.example", "answered with a redirect"},
		"a file":             {"http://127.0.0.1/v2", "", "file:///etc", "answered with a redirect"},
	}
	for name, tt := range tests {
		w := newWorld(t, how{bench: fromLast, Options: grandshootingsim.Options{DownloadFrom: tt.from}})
		s := w.setup(quick, fromLast)
		s.Decode = strictYAML("url: " + tt.url + "\ntoken: env:GS_TOKEN\n" + tt.hosts)
		s.HTTP = &http.Client{Transport: plainly{w.http.Transport}}
		a, err := newAccount(s)
		if err != nil {
			t.Fatal(err)
		}
		w.twoPhases("a.jpg", "retouched")
		list, err := a.Pending(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var got bytes.Buffer
		err = a.Fetch(t.Context(), list[0], &got)
		switch {
		case tt.want == "" && (err != nil || got.String() != "retouched"):
			t.Errorf("%s: got %q, %v", name, got.String(), err)
		case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want) || got.Len() > 0):
			t.Errorf("%s: got %q, %v; want an error that says %s", name, got.String(), err, tt.want)
		}
	}
}

// plainly carries https as http: the pipe of a test knows no TLS.
type plainly struct{ http.RoundTripper }

func (p plainly) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.URL.Scheme = "http"
	return p.RoundTripper.RoundTrip(r)
}

// A liar answers for picture 7 as told.
type liar struct{ picture, download string }

func (l liar) RoundTrip(r *http.Request) (*http.Response, error) {
	body := l.picture
	if strings.HasSuffix(r.URL.Path, "/download") {
		body = l.download
	}
	return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
}

func TestFetchBelievesNothing(t *testing.T) {
	const hello = "aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d" // SHA-1 of "hello"
	tests := map[string]struct {
		version, picture, download string
		hashIsSHA1                 bool
		want                       string
	}{
		"all is well":            {hello + "-5", `{"picture_id":7,"filesize":5,"hash":"` + hello + `"}`, "hello", true, ""},
		"an opaque hash":         {"00-5", `{"picture_id":7,"filesize":5,"hash":"00"}`, "hello", false, ""},
		"too little":             {"-9", `{"picture_id":7,"filesize":9}`, "hello", false, "came with 5 bytes, and the platform says 9"},
		"too much":               {"-2", `{"picture_id":7,"filesize":2}`, "hello", false, "came with 5 bytes"},
		"other content":          {hello + "-5", `{"picture_id":7,"filesize":5,"hash":"` + hello + `"}`, "HELLO", true, "other content"},
		"a new version":          {"00-5", `{"picture_id":7,"filesize":5,"hash":"` + hello + `"}`, "hello", true, "has a new version"},
		"the picture is no JSON": {"-5", `<html>`, "hello", false, "cannot be read"},
	}
	for name, tt := range tests {
		s := setupOf(goodAccount, map[string]string{"b": "production: 1"})
		s.Rate, s.HTTP = quick, &http.Client{Transport: liar{tt.picture, tt.download}}
		a, err := newAccount(s)
		if err != nil {
			t.Fatal(err)
		}
		a.hashIsSHA1.Store(tt.hashIsSHA1)
		err = a.Fetch(t.Context(), connectors.Retouch{ID: "1/2/7/" + tt.version, Name: "a.jpg"}, io.Discard)
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %q", name, err, tt.want)
		}
	}
}

func TestRetouchID(t *testing.T) {
	want := retouchID{"1", "2", "3", "ab/cd-5"}
	if got, err := parseRetouchID(want.String()); got != want || err != nil {
		t.Errorf("got %+v, %v", got, err)
	}
	for _, bad := range []string{"", "1/2/3", "no-such-retouch", "1/2//x"} {
		if got, err := parseRetouchID(bad); err == nil {
			t.Errorf("%q: got %+v", bad, got)
		}
	}
	w := newWorld(t, how{bench: fromLast})
	if err := w.Fetch(t.Context(), connectors.Retouch{ID: "x", Name: "a.jpg"}, io.Discard); err == nil || !strings.Contains(err.Error(), "a.jpg") {
		t.Errorf("an unknown retouch: %v", err)
	}
	if err := w.Fetch(t.Context(), connectors.Retouch{ID: fmt.Sprintf("1/2/%d/x", 77)}, io.Discard); err == nil {
		t.Error("a picture that is gone is no error")
	}
}
