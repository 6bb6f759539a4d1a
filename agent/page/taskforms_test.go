package page

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

// TestEveryFormAsksForWhatTheAgentUnderstands: each form's verb, and each of its
// fields.
func TestEveryFormAsksForWhatTheAgentUnderstands(t *testing.T) {
	r := newDesk(t)
	mixed(t, r)
	held := r.sent("", "held.jpg", ledger.Parked, because("no reference"))
	if err := r.ledger.Accept(longAgo, ledger.Acceptance{Jobs: []ledger.Job{held}}); err != nil {
		t.Fatal(err)
	}
	form := regexp.MustCompile(`(?s)<form[^>]*?(?: id="([a-z-]+)")?[^>]*?method="post" action="/do/([a-z]+)(?:/picked)?".*?</form>`)
	field := regexp.MustCompile(`<(?:input|textarea|select|button)[^>]*? name="([a-z]+)"`)
	elsewhere := regexp.MustCompile(`<(?:input|button)[^>]*form="pick"[^>]*>`)
	found := map[string]bool{}
	for _, path := range []string{"/tasks/t1", "/tasks/t1/compare?name=day1/SS18_2.jpg", "/tasks/new?bench=packshot-1&account=retouch", lifePath(held)} {
		page := r.get(path)
		page = page[strings.Index(page, "<main"):]
		for _, m := range form.FindAllStringSubmatch(page, -1) {
			found[m[2]] = true
			for _, f := range field.FindAllStringSubmatch(m[0], -1) {
				if f[1] != "back" && f[1] != "after" && !slices.Contains(verbs[m[2]], f[1]) {
					t.Errorf("%s: the form for %s has a field %s", path, m[2], f[1])
				}
			}
			if !strings.Contains(m[0], `name="back"`) {
				t.Errorf("%s: the form for %s leads nowhere", path, m[2])
			}
		}
		for _, e := range elsewhere.FindAllString(page, -1) {
			if m := regexp.MustCompile(`formaction="/do/([a-z]+)/picked"`).FindStringSubmatch(e); m != nil {
				found[m[1]] = true
			} else if !strings.Contains(e, `name="names"`) && !strings.Contains(e, `name="comment"`) {
				t.Errorf("%s: %s", path, e)
			}
		}
	}
	for _, verb := range []string{"create", "import", "reorder", "close", "cancel", "reject", "retry"} {
		if !found[verb] {
			t.Errorf("no form asks for %s", verb)
		}
	}
}

func TestNoSelectionIsNeverTheWholeTask(t *testing.T) {
	r := newDesk(t)
	for _, names := range [][]string{nil, {""}, {"", "\n"}} {
		w := r.send(http.MethodPost, "/do/close/picked", url.Values{"task": {"t1"}, "names": names, "back": {"/tasks/t1"}})
		if w.Code != http.StatusSeeOther || !strings.Contains(w.Header().Get("Location"), "failed=1") || len(r.asked) > 0 {
			t.Errorf("%q: %d, %s, asked %q", names, w.Code, w.Header().Get("Location"), r.asked)
		}
	}
	r.send(http.MethodPost, "/do/close/picked", url.Values{"task": {"t1"}, "names": {"a", "b"}})
	if got := wished(r); got != "closemap[names:a\nb task:t1]" {
		t.Errorf("asked %q", got)
	}
	if w := r.send(http.MethodPost, "/do/nothing/picked", url.Values{"names": {"a"}}); w.Code != http.StatusNotFound {
		t.Errorf("an unknown verb: %d", w.Code)
	}
}

func TestBeforeAndAfter(t *testing.T) {
	r := newDesk(t)
	mixed(t, r)
	page := r.get("/tasks/t1/compare?name=day1/SS18_2.jpg")
	wants(t, page, "3 of 7", "edge=1600", `class="compare both"`, `rel="prev" href="/tasks/t1/compare?name=day1%2FSS18_1.jpg"`, `rel="next" href="/tasks/t1/compare?name=day1%2FSS18_3.jpg"`, `action="/do/reject"`, `action="/do/import"`,
		`name="retouch" form="send-back" value="`+back(r.sent("t1", "day1/SS18_2.jpg", ledger.Done), ledger.Offered).ID+`"`)
	first := r.get("/tasks/t1/compare?name=day1/SS18_0.jpg")
	lacks(t, first, `rel="prev"`, `action="/do/reject"`, `action="/do/import"`, `class="compare both"`)
	r.server.Connector = func(string) connectors.Connector { return connectors.Connector{} }
	lacks(t, r.get("/tasks/t1/compare?name=day1/SS18_2.jpg"), `action="/do/reject"`)
	for _, path := range []string{"/tasks/t1/compare?name=none", "/tasks/t1/compare", "/tasks/none/compare?name=day1/SS18_0.jpg"} {
		if w := r.send(http.MethodGet, path, nil); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}

// TestTheirPagesNeedNoStyleOrScriptInTheHTML, which the page's policy forbids.
func TestTheirPagesNeedNoStyleOrScriptInTheHTML(t *testing.T) {
	r := newDesk(t)
	mixed(t, r)
	r.shoot(1)
	for _, path := range []string{"/tasks", "/tasks/t1", "/tasks/new?bench=packshot-1&account=retouch", "/tasks/t1/compare?name=day1/SS18_2.jpg", "/files", lifePath(r.sent("t1", "day1/SS18_2.jpg", ledger.Done))} {
		page := r.get(path)
		lacks(t, page, "<style", " style=", " onclick=", "http://", "ZgotmplZ", "<no value>")
		if n := strings.Count(page, "<h1"); n != 1 {
			t.Errorf("%s has %d headings of the first order", path, n)
		}
		for _, img := range regexp.MustCompile(`<img[^>]*>`).FindAllString(page, -1) {
			if !strings.Contains(img, " alt=") {
				t.Errorf("%s: %s", path, img)
			}
		}
		ids := map[string]bool{}
		for _, m := range regexp.MustCompile(` id="([^"]+)"`).FindAllStringSubmatch(page, -1) {
			if ids[m[1]] {
				t.Errorf("%s: two elements have the id %s", path, m[1])
			}
			ids[m[1]] = true
		}
	}
}
