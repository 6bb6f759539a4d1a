package page

import (
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// send asks the page for something, as a browser on this machine does; body is a
// form.
func (r *rig) send(method, path string, body url.Values, changes ...func(*http.Request)) *httptest.ResponseRecorder {
	r.t.Helper()
	req := httptest.NewRequest(method, path, strings.NewReader(body.Encode()))
	req.Host, req.RemoteAddr = "localhost:8765", "127.0.0.1:40000"
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for _, change := range changes {
		change(req)
	}
	w := httptest.NewRecorder()
	r.server.handler().ServeHTTP(w, req)
	return w
}

func header(key, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(key, value) }
}

// get returns a page that must be there.
func (r *rig) get(path string) string {
	r.t.Helper()
	w := r.send(http.MethodGet, path, nil)
	if w.Code != http.StatusOK {
		r.t.Fatalf("GET %s: %d %s", path, w.Code, w.Body)
	}
	return w.Body.String()
}

// wants reports what a page lacks.
func wants(t *testing.T, page string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(page, part) {
			t.Errorf("the page lacks %q:\n%s", part, page)
		}
	}
}

func lacks(t *testing.T, page string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if strings.Contains(page, part) {
			t.Errorf("the page has %q:\n%s", part, page)
		}
	}
}

var ourPages = []string{"/", "/accounts", "/login"}

func TestPagesAreWholeAndLight(t *testing.T) {
	for name, rig := range map[string]*rig{"empty": newRig(t), "full": newStudio(t)} {
		for _, path := range ourPages {
			page := rig.get(path)
			if !strings.HasSuffix(strings.TrimSpace(page[:strings.Index(page, "</html>")+7]), "</html>") {
				t.Errorf("%s of the %s ledger breaks off", path, name)
			}
			weight := len(page)
			for _, link := range regexp.MustCompile(`(?:href|src)="(/static/[^"]+)"`).FindAllStringSubmatch(page, -1) {
				weight += len(rig.get(link[1]))
			}
			if weight > 100_000 {
				t.Errorf("%s of the %s ledger weighs %d bytes with its styles and scripts, want at most 100,000", path, name, weight)
			}
			lacks(t, page, "<style", " style=", "onclick", "javascript:", "http://", "ZgotmplZ")
		}
	}
}

func TestNothingHarmfulAndNoSecretIsOnAPage(t *testing.T) {
	r := newStudio(t)
	r.server.Login = Login{Password: "geheim-login", Token: "geheim-bearer"}
	for _, path := range append(ourPages, "/?said=%3Cscript%3E", "/metrics", "/healthz") {
		page := r.send(http.MethodGet, path, nil, header("Authorization", "Bearer geheim-bearer"), header("Sec-Fetch-Site", "same-origin")).Body.String()
		lacks(t, page, "geheim", "<img src=x", "<script>")
	}
	wants(t, r.send(http.MethodGet, "/", nil, header("Authorization", "Bearer geheim-bearer")).Body.String(), "&lt;img src=x onerror=alert(1)&gt;")
}

func TestWhatCameOfSomethingIsShownToThePageAlone(t *testing.T) {
	r := newRig(t)
	path := "/?failed=1&said=it+is+too+late"
	for name, test := range map[string]struct {
		header, value string
		shown         bool
	}{
		"after our form":          {"Sec-Fetch-Site", "same-origin", true},
		"from another site":       {"Sec-Fetch-Site", "cross-site", false},
		"typed":                   {"Sec-Fetch-Site", "none", false},
		"our form, older browser": {"Referer", "http://localhost:8765/tasks", true},
		"another site, older":     {"Referer", "http://evil.example/localhost:8765", false},
		"nobody knows":            {"Accept", "text/html", false},
	} {
		page := r.send(http.MethodGet, path, nil, header(test.header, test.value)).Body.String()
		if got := strings.Contains(page, "Not done: it is too late"); got != test.shown {
			t.Errorf("%s: shown %v, want %v", name, got, test.shown)
		}
		lacks(t, page, `data-path="`+path)
	}
}

// TestTextsAreAllThereAndAllUsed reads templates and program for the keys of the
// texts.
func TestTextsAreAllThereAndAllUsed(t *testing.T) {
	sources := map[string]string{}
	for _, from := range []fs.FS{files, os.DirFS(".")} {
		err := fs.WalkDir(from, ".", func(path string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() && (strings.HasSuffix(path, ".html") || strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go") && !strings.HasSuffix(path, "texts.go")) {
				text, err := fs.ReadFile(from, path)
				sources[path] = string(text)
				return err
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	key := regexp.MustCompile(`(?:\bt|say|text)[ (]"([a-z0-9.]+)"`)
	used := map[string]bool{}
	for path, text := range sources {
		for _, m := range key.FindAllStringSubmatch(text, -1) {
			if _, ok := english[m[1]]; !ok {
				t.Errorf("%s uses the text %q, which is not there", path, m[1])
			}
		}
		for key := range english {
			if strings.Contains(text, `"`+key+`"`) {
				used[key] = true
			}
		}
		for _, m := range regexp.MustCompile(`"([a-z.]+\.)(?:%s)?"`).FindAllStringSubmatch(text, -1) {
			for key := range english {
				if strings.HasPrefix(key, m[1]) {
					used[key] = true
				}
			}
		}
	}
	for key := range english {
		if !used[key] {
			t.Errorf("nobody uses the text %q", key)
		}
	}
	if n := len(shellTexts) + len(benchTexts) + len(accountTexts) + len(taskTexts) + len(receivedTexts) + len(projectTexts) + len(fileTexts); n != len(english) {
		t.Errorf("%d texts in tables, %d in all: a key is there twice", n, len(english))
	}
}

func TestATextThatIsNotThereIsAnError(t *testing.T) {
	if _, err := text("no.such"); err == nil {
		t.Error("a missing text is no error")
	}
	if got := say("bench.today", 7); got != "7 today" {
		t.Errorf("got %q", got)
	}
}
