package grandshooting

import (
	"bytes"
	"errors"
	"image/jpeg"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/grandshooting/grandshootingsim"
)

// Thumbnails lie on another host than the API: it must be named, and is shown no
// login (the simulator refuses one).
func TestPreview(t *testing.T) {
	tests := map[string]struct {
		url, hosts, from string
		want             string // in the error; "" means that it comes
	}{
		"the same host":      {"http://127.0.0.1/v2", "", "http://127.0.0.1", ""},
		"an allowed host":    {"https://gs.example/v2", "hosts: [cdn.example]", "https://cdn.example", ""},
		"with its port":      {"https://gs.example/v2", "hosts: ['cdn.example:8443']", "https://cdn.example:8443", ""},
		"another":            {"https://gs.example/v2", "", "https://cdn.example", "lies on cdn.example: if that is right, add it to hosts of account gs"},
		"one that looks so":  {"https://gs.example/v2", "hosts: [cdn.example]", "https://cdn.example.evil", "lies on cdn.example.evil"},
		"loopback from afar": {"https://gs.example/v2", "", "https://127.0.0.1", "lies on 127.0.0.1"},
		"no TLS":             {"https://gs.example/v2", "hosts: [cdn.example]", "http://cdn.example", "not with https"},
		"a file":             {"http://127.0.0.1/v2", "", "file:///etc", "not with https"},
		"a login in it":      {"https://gs.example/v2", "hosts: [cdn.example]", "https://u:p@cdn.example", "not with https"},
	}
	for name, tt := range tests {
		w := newWorld(t, how{Options: grandshootingsim.Options{ThumbnailFrom: tt.from}})
		receipt := w.find(w.mustDeliver("a.jpg", []byte("a")))
		s := w.setup(quick, "production: Autumn 2026")
		s.Decode = strictYAML("url: " + tt.url + "\ntoken: env:GS_TOKEN\n" + tt.hosts)
		s.HTTP = &http.Client{Transport: plainly{w.http.Transport}}
		a, err := newAccount(s)
		if err != nil {
			t.Fatal(err)
		}
		var got bytes.Buffer
		err = a.preview(t.Context(), receipt, &got)
		if tt.want != "" {
			if !errors.Is(err, connectors.ErrRejected) || !strings.Contains(err.Error(), tt.want) || got.Len() > 0 {
				t.Errorf("%s: got %d bytes, %v; want a refusal that says %q", name, got.Len(), err, tt.want)
			}
			continue
		}
		if _, bad := jpeg.Decode(&got); err != nil || bad != nil {
			t.Errorf("%s: %v, %v", name, err, bad)
		}
	}
}

// A teller answers for picture 7 and for its thumbnail as told.
type teller struct {
	status  int
	headers http.Header
	body    string
}

func (l teller) RoundTrip(r *http.Request) (*http.Response, error) {
	if strings.HasPrefix(r.URL.Path, "/v2/") {
		picture := `{"picture_id":7,"thumbnail":"https://cdn.example/7.jpg?signature=hush"}`
		return &http.Response{StatusCode: 200, Body: io.NopCloser(strings.NewReader(picture)), Request: r}, nil
	}
	if r.URL.RawQuery != "signature=hush" || r.Header.Get("Authorization") != "" {
		return nil, errors.New("not asked as it is signed, or with a login")
	}
	return &http.Response{StatusCode: l.status, Header: l.headers, Body: io.NopCloser(strings.NewReader(l.body)), Request: r}, nil
}

func TestPreviewBelievesNothing(t *testing.T) {
	const head = "\xff\xd8\xff"
	image := http.Header{"Content-Type": {"image/jpeg"}}
	tests := map[string]struct {
		teller
		refused bool
		want    string // in the error; "" means that it comes
	}{
		"a JPEG":                   {teller{200, nil, head}, false, ""},
		"a PNG":                    {teller{200, nil, "\x89PNG\x0D\x0A\x1A\x0A"}, false, ""},
		"the largest":              {teller{200, image, head + strings.Repeat("x", thumbnailBytes-3)}, false, ""},
		"one byte more":            {teller{200, image, head + strings.Repeat("x", thumbnailBytes-2)}, true, "larger than 2 MiB"},
		"a page that says JPEG":    {teller{200, image, "<html><script>"}, true, "is text/html"},
		"a drawing with a script":  {teller{200, http.Header{"Content-Type": {"image/svg+xml"}}, "<svg><script/></svg>"}, true, "neither JPEG nor PNG"},
		"nothing":                  {teller{200, image, ""}, true, "neither JPEG nor PNG"},
		"a login, which none has":  {teller{401, nil, ""}, true, "cannot be shown"},
		"not there":                {teller{404, nil, ""}, true, "cannot be shown"},
		"trouble":                  {teller{503, nil, ""}, false, "cdn.example is in trouble"},
		"elsewhere, over no TLS":   {teller{302, http.Header{"Location": {"http://cdn.example/7.jpg"}}, ""}, false, "redirect"},
		"elsewhere, to no account": {teller{302, http.Header{"Location": {"https://evil.example/7.jpg"}}, ""}, false, "redirected to evil.example"},
	}
	for name, tt := range tests {
		s := setupOf("url: https://gs.example/v2\ntoken: env:GS_TOKEN\nhosts: [cdn.example]", map[string]string{"b": "production: 1"})
		s.Rate, s.HTTP = quick, &http.Client{Transport: tt.teller}
		a, err := newAccount(s)
		if err != nil {
			t.Fatal(err)
		}
		var got bytes.Buffer
		err = a.preview(t.Context(), connectors.Receipt{ID: "7"}, &got)
		if tt.want == "" && (err != nil || got.String() != tt.body) || tt.want != "" && (err == nil || got.Len() > 0) {
			t.Errorf("%s: got %d bytes, %v", name, got.Len(), err)
		}
		if err != nil && (errors.Is(err, connectors.ErrRejected) != tt.refused || errors.Is(err, connectors.ErrDenied) || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "hush")) {
			t.Errorf("%s: got %v, want %q", name, err, tt.want)
		}
	}
}

func TestPreviewOfWhatHasNone(t *testing.T) {
	w := newWorld(t, how{})
	if err := w.preview(t.Context(), connectors.Receipt{Name: "a.jpg"}, io.Discard); err == nil || errors.Is(err, connectors.ErrRejected) || w.sim.Requests("") != 0 {
		t.Errorf("a photo that is not seen yet: %v, want later and nothing asked", err)
	}
	if err := w.preview(t.Context(), connectors.Receipt{ID: "77"}, io.Discard); !errors.Is(err, connectors.ErrRejected) {
		t.Errorf("a picture that is gone: %v", err)
	}
	s := setupOf(goodAccount, map[string]string{"b": "production: 1"})
	s.Rate, s.HTTP = quick, replies(`{"picture_id":7,"thumbnail":null}`, "")
	a, err := newAccount(s)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.preview(t.Context(), connectors.Receipt{ID: "7"}, io.Discard); !errors.Is(err, connectors.ErrRejected) || !strings.Contains(err.Error(), "has no thumbnail of picture 7 yet") {
		t.Errorf("no thumbnail: %v", err)
	}
}
