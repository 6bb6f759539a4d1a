package medialoopster

import (
	"bytes"
	"encoding/base64"
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
	"github.com/studio-agent/studio-agent/connectors/medialoopster/medialoopstersim"
)

func hidden(text string) bool {
	for _, s := range []string{secret, url.QueryEscape(secret), url.PathEscape(secret), base64.StdEncoding.EncodeToString([]byte("studio:" + secret)), medialoopstersim.DevicePassword} {
		if strings.Contains(text, s) {
			return true
		}
	}
	return false
}

// Whatever goes wrong, at a server that repeats all it is told: no error, no log
// line and no finding holds the token or the password, in either way to log in.
func TestTheLoginIsNeverShown(t *testing.T) {
	for _, login := range []string{"token: env:ML", "user: studio\npassword: env:ML"} {
		for _, status := range []int{0, 200, 201, 202, 203, 302, 307, 400, 401, 403, 404, 413, 422, 423, 429, 500} {
			synctest.Test(t, func(t *testing.T) { shows(t, login, status) })
		}
	}
}

func shows(t *testing.T, login string, status int) {
	var log bytes.Buffer
	var told strings.Builder
	s := setupOf(login+"\nurl: https://ml.example/api\npaths: {/Volumes/projects: /srv}", goodBench)
	s.Rate = quick
	s.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	s.HTTP = &http.Client{Transport: parrot(status)}
	a, err := newAccount(s)
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	p, content := medium("a.mov")
	_, find := a.Find(ctx, []connectors.Photo{p})
	_, deliver := a.Deliver(ctx, p, opener(content), published)
	_, list := a.listProjects(ctx)
	shown, show := a.showProject(ctx, "1")
	_, link := a.linkFiles(ctx, "1", []string{p.Path})
	_, copied := a.copyProject(ctx, connectors.ProjectCopy{Of: "1", Name: "x", Path: folder + "x"})
	errs := map[string]error{
		"find": find, "deliver": deliver, "list": list, "show": show, "link": link, "copy": copied, "probe": a.probe(ctx),
		"commit":  a.commit(ctx, folder+"S", []connectors.Receipt{{ID: "video/1"}}, published),
		"delete":  a.deleteProject(ctx, "1", "x"),
		"begin":   a.begin(ctx, "video", "x", "x", "/x", published),
		"examine": a.examine(ctx, func(f connectors.Finding) { fmt.Fprintln(&told, f) }),
	}
	fmt.Fprintln(&told, shown.Name, shown.Reason, shown.Program)
	for what, err := range errs {
		if err == nil && (status < 200 || status > 299) {
			t.Errorf("%d, %s: no error", status, what)
		}
		if errors.As(err, new(*url.Error)) || err != nil && hidden(err.Error()) {
			t.Errorf("%d, %s: %v", status, what, err)
		}
	}
	if hidden(log.String()) || hidden(told.String()) {
		t.Errorf("%d: shown is\n%s%s", status, log.String(), told.String())
	}
}

// parrot answers with that status and all it was told; 0 breaks the connection.
// Those of success are of this API's shapes.
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
		body = fmt.Sprintf(`{"id":1,"name":%q,"status_asset":-1,"status_asset_description":%q,"type":%q}`, words, words, words)
	case 202:
		body = fmt.Sprintf(`[{"id":1,"name":%q,"status_asset":-1,"status_asset_description":%q,"path_file":"/srv/edit/a.mov","asset_path":"/srv/edit/a.mov","status":%q,"error":%q}]`, words, words, words, words)
	case 400:
		body = fmt.Sprintf(`{"errors":[{"source":{"pointer":%q},"detail":%q}]}`, words, words)
	case 404, 422:
		body = fmt.Sprintf(`{"detail":%q}`, words)
	}
	return &http.Response{
		StatusCode: int(p), Header: http.Header{"Location": {"https://user:" + url.PathEscape(secret) + "@x.example/?t=" + url.QueryEscape(secret)}},
		Body: io.NopCloser(strings.NewReader(body)), Request: r,
	}, nil
}
