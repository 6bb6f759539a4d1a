package creativeforce

import (
	"bytes"
	"encoding/json"
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
// no log line holds a secret, a token or the query of a signed address.
func TestSecretsAreNeverShown(t *testing.T) {
	for _, status := range []int{0, 200, 302, 400, 401, 403, 404, 413, 423, 429, 500} {
		for _, what := range []string{"token", "api", "storage"} {
			synctest.Test(t, func(t *testing.T) { shows(t, what, status) })
		}
	}
}

func shows(t *testing.T, what string, status int) {
	w := newWorld(t, how{})
	w.sim.AddTask(shoe("J", "P"))
	rts := w.pending()
	p := w.vetted(photo("J/P/front.jpg", []byte("a")))
	_, r := w.mustSend("J/P/back.jpg", "b")
	var log bytes.Buffer
	s := w.setup()
	s.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	s.HTTP = &http.Client{Transport: parrot{w.http.Transport, what, status}}
	a, err := newAccount(s)
	if err != nil {
		t.Fatal(err)
	}
	_, pending := a.Pending(t.Context())
	_, find := a.Find(t.Context(), []connectors.Photo{p})
	_, deliver := a.Deliver(t.Context(), p, opener([]byte("a")), published)
	_, vet := a.vet(t.Context(), p)
	_, specify := a.specify(t.Context(), r)
	errs := map[string]error{
		"pending": pending, "find": find, "deliver": deliver, "vet": vet, "specify": specify, "probe": a.probe(t.Context()),
		"fetch":   a.Fetch(t.Context(), rts[0], io.Discard),
		"ack":     a.Acknowledge(t.Context(), rts),
		"commit":  a.commit(t.Context(), p.Batch, []connectors.Receipt{r}, published),
		"examine": a.examine(t.Context(), func(connectors.Finding) {}),
	}
	for call, err := range errs {
		if err != nil && hidden(err.Error()) {
			t.Errorf("%s %d, %s: %v", what, status, call, err)
		}
	}
	if what == "storage" && status != 200 && (deliver == nil || errs["fetch"] == nil) {
		t.Errorf("storage %d: %v and %v, want errors", status, deliver, errs["fetch"])
	}
	if what == "api" && status != 200 && pending == nil {
		t.Errorf("api %d: no error", status)
	}
	if hidden(log.String()) {
		t.Errorf("%s %d: the log holds a secret:\n%s", what, status, log.String())
	}
}

// A parrot answers one part of the platform's requests with that status and all
// it was told; 0 breaks the connection.
type parrot struct {
	http.RoundTripper
	what   string
	status int
}

func (p parrot) RoundTrip(r *http.Request) (*http.Response, error) {
	part := "storage"
	switch {
	case strings.HasPrefix(r.URL.Path, "/v1"):
		part = "api"
	case strings.HasPrefix(r.URL.Path, "/connect"):
		part = "token"
	}
	if part != p.what {
		return p.RoundTripper.RoundTrip(r)
	}
	sent := ""
	if r.Body != nil {
		raw, _ := io.ReadAll(r.Body)
		r.Body.Close()
		sent = string(raw)
	}
	words := fmt.Sprintf("%v %v %s", r.URL, r.Header, sent)
	if part != "storage" { // which was never told of it
		words += clientSecret + url.QueryEscape(clientSecret)
	}
	if p.status == 0 {
		return nil, errors.New(words)
	}
	raw, err := json.Marshal(map[string]any{"message": words, "error": words, "error_description": words})
	if err != nil {
		return nil, err
	}
	return &http.Response{
		StatusCode: p.status, Header: http.Header{"Location": {"https://x.example/?t=" + url.QueryEscape(clientSecret)}, "Content-Type": {"application/json"}},
		Body: io.NopCloser(bytes.NewReader(raw)), Request: r,
	}, nil
}

func TestARefusedSubmissionIsQuotedWithoutSecrets(t *testing.T) {
	for _, before := range []string{"", strings.Repeat("x", 150)} {
		w, _, batch, receipts := readyToSubmit(t, how{})
		s := w.setup()
		s.HTTP = &http.Client{Transport: quoting{w.http.Transport, before}}
		a, err := newAccount(s)
		if err != nil {
			t.Fatal(err)
		}
		if err := a.commit(t.Context(), batch, receipts, published); !errors.Is(err, connectors.ErrRejected) || hidden(err.Error()) || !strings.Contains(err.Error(), "no good") {
			t.Errorf("got %v", err)
		}
	}
}

// quoting refuses submissions and repeats the login.
type quoting struct {
	http.RoundTripper
	before string
}

func (q quoting) RoundTrip(r *http.Request) (*http.Response, error) {
	if !strings.HasSuffix(r.URL.Path, "submit-assets") {
		return q.RoundTripper.RoundTrip(r)
	}
	r.Body.Close()
	raw, err := json.Marshal(map[string]any{"statusCode": 99, "message": "no good " + q.before + r.Header.Get("Authorization") + clientSecret})
	return &http.Response{StatusCode: 400, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(raw)), Request: r}, err
}
