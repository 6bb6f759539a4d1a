package page

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestWhatAFormAsksFor(t *testing.T) {
	for name, test := range map[string]struct {
		verb string
		form url.Values
		want string
	}{
		"retry":           {"retry", url.Values{"jobs": {"a", "b"}, "anyway": {"yes"}}, "retrymap[anyway:yes jobs:a,b]"},
		"import some":     {"import", url.Values{"task": {"t"}, "names": {"a.jpg", "b c.jpg"}}, "importmap[names:a.jpg\nb c.jpg task:t]"},
		"import all":      {"import", url.Values{"task": {"packshot-1"}}, "importmap[task:packshot-1]"},
		"release":         {"release", url.Values{"bench": {"packshot-1"}}, "releasemap[bench:packshot-1]"},
		"pause for ever":  {"pause", url.Values{"account": {"*"}, "for": {""}}, "pausemap[account:*]"},
		"resume":          {"resume", url.Values{"account": {"gs"}, "for": {"1h"}}, "resumemap[account:gs]"},
		"unknown fields":  {"cancel", url.Values{"task": {"t"}, "path": {"/etc/passwd"}}, "cancelmap[task:t]"},
		"an unknown verb": {"shutdown", url.Values{}, ""},
	} {
		r := newRig(t)
		w := r.send(http.MethodPost, "/do/"+test.verb, test.form)
		if got := strings.Join(r.asked, ";"); got != test.want {
			t.Errorf("%s: asked %q, want %q (%d)", name, got, test.want, w.Code)
		}
	}
}

func TestAPauseForAWhileEndsByItself(t *testing.T) {
	r := newRig(t)
	var until string
	r.server.Ask = func(_ context.Context, _ string, args map[string]string) (string, error) {
		until = args["until"]
		return "paused", nil
	}
	r.send(http.MethodPost, "/do/pause", url.Values{"account": {"*"}, "for": {"10m"}})
	end, err := time.Parse(time.RFC3339, until)
	if left := time.Until(end); err != nil || left < 9*time.Minute || left > 10*time.Minute {
		t.Errorf("until %q, which is in %s: %v", until, left, err)
	}
}

func TestWhatCameOfIt(t *testing.T) {
	r := newRig(t)
	fail := errors.New("it is too late")
	answers := func(err error) {
		r.server.Ask = func(context.Context, string, map[string]string) (string, error) { return "done & gone", err }
	}
	for name, test := range map[string]struct {
		back string
		err  error
		want string
	}{
		"done":               {"/tasks/1?tab=x", nil, "/tasks/1?said=done+%26+gone&tab=x"},
		"not done":           {"/tasks", fail, "/tasks?failed=1&said=it+is+too+late"},
		"after a failure":    {"/?failed=1&said=old", nil, "/?said=done+%26+gone"},
		"no page":            {"", nil, "/?said=done+%26+gone"},
		"elsewhere":          {"https://evil.example/", nil, "/?said=done+%26+gone"},
		"elsewhere, shorter": {"//evil.example/", nil, "/?said=done+%26+gone"},
		"elsewhere, encoded": {"/%2fevil.example/", nil, "/?said=done+%26+gone"},
		"elsewhere, odd":     {`/\evil.example/`, nil, "/?said=done+%26+gone"},
		"a script":           {"javascript:alert(1)", nil, "/?said=done+%26+gone"},
	} {
		answers(test.err)
		w := r.send(http.MethodPost, "/do/resume", url.Values{"account": {"*"}, "back": {test.back}})
		if got := w.Header().Get("Location"); w.Code != http.StatusSeeOther || got != test.want {
			t.Errorf("%s: %d to %q, want %q", name, w.Code, got, test.want)
		}
	}
	answers(fail)
	w := r.send(http.MethodPost, "/do/resume", nil, header("Accept", "application/json"))
	var got struct {
		Said   string
		Failed bool
	}
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || !got.Failed || got.Said != fail.Error() || w.Code != http.StatusOK {
		t.Errorf("for a script: %d %s %v", w.Code, w.Body, err)
	}
}

func TestFormsAreBounded(t *testing.T) {
	r := newRig(t)
	w := r.send(http.MethodPost, "/do/import", url.Values{"names": {strings.Repeat("x", mostForm+1)}})
	if w.Code != http.StatusBadRequest || len(r.asked) > 0 {
		t.Errorf("%d, asked %d times", w.Code, len(r.asked))
	}
	if w := r.send(http.MethodGet, "/do/pause", nil); w.Code != http.StatusMethodNotAllowed {
		t.Errorf("by GET: %d", w.Code)
	}
}
