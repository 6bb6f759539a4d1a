package grandshooting

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/studio-agent/studio-agent/connectors"
)

// Whatever goes wrong, on a platform that repeats all it is told: no error and
// no log line holds the token.
func TestTheTokenIsNeverShown(t *testing.T) {
	for _, status := range []int{0, 200, 302, 400, 401, 403, 404, 413, 423, 429, 500} {
		synctest.Test(t, func(t *testing.T) { shows(t, status) })
	}
}

func shows(t *testing.T, status int) {
	var log bytes.Buffer
	s := setupOf(goodAccount, map[string]string{"packshot": "{production: 1, names: '(?P<ref>.)', edit: {transfer: 1}}"})
	s.Benches[0].Imports = true
	s.Rate = quick
	s.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	s.HTTP = &http.Client{Transport: parrot(status)}
	a, err := newAccount(s)
	if err != nil {
		t.Fatal(err)
	}
	p := photo("a.jpg", []byte("a"))
	_, find := a.Find(t.Context(), []connectors.Photo{p, photo("b.jpg", nil)})
	_, deliver := a.Deliver(t.Context(), p, opener([]byte("a")), published)
	_, vet := a.vet(t.Context(), p)
	_, pending := a.Pending(t.Context())
	_, specify := a.specify(t.Context(), connectors.Receipt{ID: "1"})
	_, public := a.public(t.Context(), connectors.Receipt{ID: "1"})
	errs := map[string]error{
		"pending": pending, "specify": specify, "public": public,
		"preview": a.preview(t.Context(), connectors.Receipt{ID: "1"}, io.Discard),
		"fetch":   a.Fetch(t.Context(), connectors.Retouch{ID: "1/2/3/x"}, io.Discard),
		"commit":  a.commit(t.Context(), "b", []connectors.Receipt{{ID: "1"}}, published),
		"find":    find, "deliver": deliver, "vet": vet, "probe": a.probe(t.Context()),
		"mark": a.mark(t.Context(), p, connectors.Receipt{ID: "1"}),
		"call": a.client.Call(t.Context(), "picture-download", map[string]string{"picture_id": "1"}, nil, io.Discard),
	}
	for what, err := range errs {
		silent := what == "specify" && status == 404 // no specification is none
		if err == nil && status != 200 && !silent {
			t.Errorf("%d, %s: no error", status, what)
		}
		if err != nil && hidden(err.Error()) {
			t.Errorf("%d, %s: %v", status, what, err)
		}
	}
	if hidden(log.String()) {
		t.Errorf("%d: the log holds the token:\n%s", status, log.String())
	}
}

func hidden(text string) bool {
	return strings.Contains(text, secret) || strings.Contains(text, url.QueryEscape(secret))
}

// parrot answers with that status and all it was told; 0 breaks the connection.
type parrot int

func (p parrot) RoundTrip(r *http.Request) (*http.Response, error) {
	words := fmt.Sprintf("%v %v %s", r.URL, r.Header, url.QueryEscape(secret))
	if p == 0 {
		return nil, errors.New(words)
	}
	return &http.Response{
		StatusCode: int(p), Header: http.Header{"Location": {"https://x.example/?t=" + url.QueryEscape(secret)}},
		Body: io.NopCloser(strings.NewReader(words)), Request: r,
	}, nil
}
