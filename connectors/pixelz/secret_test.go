package pixelz

import (
	"bytes"
	"context"
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

func hidden(text string) bool {
	for _, s := range append(spellings(secret), url.QueryEscape(url.QueryEscape(secret)), "SIGNATURE") {
		if strings.Contains(text, s) {
			return true
		}
	}
	return false
}

// Whatever goes wrong, at a Pixelz that repeats all it is told: no error, no log
// line and no finding holds the key, nor what signs an address.
func TestTheKeyIsNeverShown(t *testing.T) {
	for _, status := range []int{0, 200, 201, 202, 203, 302, 307, 400, 401, 403, 404, 413, 423, 429, 500} {
		synctest.Test(t, func(t *testing.T) { shows(t, status) })
	}
}

func shows(t *testing.T, status int) {
	var log bytes.Buffer
	var told strings.Builder
	s := setupOf(goodAccount + "template: x\nhosts: [s3.example]\ncallback: https://relay.example\nhook_key: env:HOOK\ndeveloper_key: env:DEV")
	s.Rate = quick
	s.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	s.HTTP = &http.Client{Transport: parrot(status)}
	a, err := newAccount(s)
	if err != nil {
		t.Fatal(err)
	}
	p := photo("a.jpg", []byte("a"))
	p.URL = func(context.Context) (string, error) { return "https://gs.example/a?token=SIGNATURE", nil }
	_, find := a.Find(t.Context(), []connectors.Photo{p})
	_, deliver := a.Deliver(t.Context(), p, opener([]byte("a")), published)
	_, put := a.put(t.Context(), p, opener([]byte("a")))
	_, order := a.order(t.Context(), p, "1", "https://gs.example/a", published)
	_, pending := a.Pending(t.Context())
	_, templates := a.listTemplates(t.Context())
	at, err := a.web.parse("https://s3.example/a.jpg?X-Amz-Signature=SIGNATURE&X-Amz-Date=1")
	if err != nil {
		t.Fatal(err)
	}
	errs := map[string]error{
		"find": find, "deliver": deliver, "put": put, "order": order, "pending": pending, "templates": templates, "probe": a.probe(t.Context()),
		"fetch":    a.Fetch(t.Context(), connectors.Retouch{ID: "t1/1", Name: "a.jpg"}, io.Discard),
		"download": plain("fetching", a.web.fetch(t.Context(), at, io.Discard)),
		"reject":   a.reject(t.Context(), connectors.Refusal{Photo: connectors.Receipt{ID: "t1"}, Retouch: "t1/1", Comment: "x"}),
		"withdraw": a.withdraw(t.Context(), connectors.Receipt{ID: "t1"}),
		"examine":  a.examine(t.Context(), func(f connectors.Finding) { fmt.Fprintln(&told, f) }),
	}
	for what, err := range errs {
		if err == nil && (status < 200 || status > 299) {
			t.Errorf("%d, %s: no error", status, what)
		}
		if errors.As(err, new(*url.Error)) || err != nil && hidden(err.Error()) {
			t.Errorf("%d, %s: %v", status, what, err)
		}
	}
	for what, text := range map[string]string{"log": log.String(), "doctor": told.String()} {
		if hidden(text) {
			t.Errorf("%d: the %s holds the key:\n%s", status, what, text)
		}
	}
}

// parrot answers with that status and all it was told; 0 breaks the connection.
// Those of success are failures and half successes of Pixelz.
type parrot int

func (p parrot) RoundTrip(r *http.Request) (*http.Response, error) {
	sent := []byte{}
	if r.Body != nil {
		sent, _ = io.ReadAll(r.Body)
	}
	words := fmt.Sprintf("%v %v %s %s %s", r.URL, r.Header, secret, url.QueryEscape(secret), sent)
	if p == 0 {
		return nil, errors.New(words)
	}
	body := words
	switch p {
	case 201:
		body = fmt.Sprintf(`{"ErrorCode":%q,"Message":%q}`, "Odd "+words, words)
	case 202:
		body = fmt.Sprintf(`{"ErrorCode":"Odd","Message":%q,"ImageTicket":"t1","StatusId":80,"StatusName":%q,"ErrorMessage":%q,"FinalImagesURL":["https://s3.example/a?x=SIGNATURE"]}`, words, words, words)
	case 203:
		body = fmt.Sprintf(`[{"UploadUrl":%q,"DownloadUrl":"x","TemplateId":1,"TemplateName":%q,"ContactAccountBalance":%q,"ImageTicket":"t1","StatusId":80,"FinalImagesURL":[%q]}]`,
			"https://user:"+url.PathEscape(secret)+"@s3.example/a?SIGNATURE", words, words, "https://s3.example/\x7f?SIGNATURE")
	}
	return &http.Response{
		StatusCode: int(p), Header: http.Header{"Location": {"https://x.example/?t=" + url.QueryEscape(secret)}},
		Body: io.NopCloser(strings.NewReader(body)), Request: r,
	}, nil
}
