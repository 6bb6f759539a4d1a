package medialoopster

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/medialoopster/medialoopstersim"
)

// However a server cuts its lists, all of them is read, and nothing twice.
func TestLists(t *testing.T) {
	for name, opt := range map[string]medialoopstersim.Options{
		"plain": {}, "no total": {NoTotal: true}, "small pages": {PerPage: 7}, "small pages, no total": {PerPage: 7, NoTotal: true},
		"no offset": {IgnoreOffset: true, NoTotal: true},
	} {
		for _, n := range []int{0, 1, 7, 14, 99, 100, 101, 250} {
			w := newWorld(t, how{Options: opt})
			if opt.IgnoreOffset && n > perPage {
				continue // what a server never shows nobody can know
			}
			for i := range n {
				w.sim.Add(medialoopstersim.Project{Name: fmt.Sprint(i), BundleRoot: fmt.Sprintf("/srv/projects/%d/", i)})
			}
			all, err := w.listProjects(t.Context())
			seen := map[string]bool{}
			for _, p := range all {
				seen[p.ID] = true
			}
			if err != nil || len(all) != n || len(seen) != n {
				t.Errorf("%s: %d of %d projects are listed, %d different ones, %v", name, len(all), n, len(seen), err)
			}
		}
	}
}

// A server that has no end is not read for ever.
func TestAListWithoutEnd(t *testing.T) {
	pages := 0
	s := setupOf(goodAccount)
	s.Rate = quick
	s.HTTP = &http.Client{Transport: answers(func(r *http.Request) (int, string, string) {
		pages++
		return 200, fmt.Sprintf(`[{"id":%d,"bundle_root":"/x/"}]`, pages), ""
	})}
	a, err := newAccount(s)
	if err != nil {
		t.Fatal(err)
	}
	_, err = a.listProjects(t.Context())
	wantError(t, err, "later", "has more of /projectassets/ than 500 pages")
}

// answers is a server that answers with a status, a body and a Location.
type answers func(r *http.Request) (int, string, string)

func (f answers) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		r.Body.Close()
	}
	status, body, location := f(r)
	h := http.Header{}
	if location != "" {
		h.Set("Location", location)
	}
	return &http.Response{StatusCode: status, Header: h, Body: readCloser{strings.NewReader(body)}, Request: r}, nil
}

type readCloser struct{ *strings.Reader }

func (readCloser) Close() error { return nil }

// A redirect of what is to do something is not followed, says so, and is no answer
// to whether it was done: nothing was.
func TestRedirects(t *testing.T) {
	for _, status := range []int{301, 302, 303, 307, 308} {
		for location, says := range map[string]string{
			"https://ml.example/api/x?token=secret": fmt.Sprintf("with a redirect (%d to https://ml.example), and nothing was done: correct url of account ml", status),
			"/login/":                               "to another path", "": "to another path",
		} {
			w := newWorld(t, how{})
			id := w.sim.Add(medialoopstersim.Project{Name: "x", BundleRoot: there + "X/", IsProduction: true})
			w.sim.Redirect(status, location)
			_, imported := w.deliver(t.Context(), "a.mov")
			_, copied := w.copyProject(t.Context(), connectors.ProjectCopy{Of: fmt.Sprint(id), Name: "y", Path: folder + "Y"})
			for what, err := range map[string]error{
				"create": w.commitOf(), "import": imported, "copy": copied, "delete": w.deleteProject(t.Context(), fmt.Sprint(id), "x"),
			} {
				if meaning(err) != "later" || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "secret") {
					t.Errorf("%d, %s: got %v, want it to say %q", status, what, err, says)
				}
			}
			w.sim.Redirect(0, "")
			if len(w.sim.Projects()) != 1 || len(w.sim.Assets()) != 0 {
				t.Errorf("%d was followed: %+v", status, w.sim.Projects())
			}
		}
	}
}

// A question may be sent elsewhere on the same host.
func TestARedirectedQuestion(t *testing.T) {
	s := setupOf(goodAccount)
	s.Rate = quick
	s.HTTP = &http.Client{Transport: answers(func(r *http.Request) (int, string, string) {
		if !strings.HasSuffix(r.URL.Path, "/new/") {
			return 301, "", "/api/new/"
		}
		return 200, "[]", ""
	})}
	a, err := newAccount(s)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.listProjects(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestProbe(t *testing.T) {
	for name, tt := range map[string]struct {
		answer func(r *http.Request) (int, string, string)
		means  string
	}{
		"well":   {func(*http.Request) (int, string, string) { return 204, "", "" }, "success"},
		"down":   {func(*http.Request) (int, string, string) { return 503, "", "" }, "later"},
		"no API": {func(*http.Request) (int, string, string) { return 404, "", "" }, "denied"},
		"wrong login": {func(r *http.Request) (int, string, string) {
			return map[bool]int{true: 204, false: 401}[strings.HasSuffix(r.URL.Path, "/ping/")], "", ""
		}, "denied"},
		"no right": {func(r *http.Request) (int, string, string) {
			return map[bool]int{true: 204, false: 403}[strings.HasSuffix(r.URL.Path, "/ping/")], "", ""
		}, "denied"},
	} {
		s := setupOf(goodAccount)
		s.Rate, s.HTTP = quick, &http.Client{Transport: answers(tt.answer)}
		a, err := newAccount(s)
		if err != nil {
			t.Fatal(err)
		}
		if err := a.probe(t.Context()); meaning(err) != tt.means {
			t.Errorf("%s: got %v, want %s", name, err, tt.means)
		}
	}
}

func TestWords(t *testing.T) {
	a := &account{secrets: []string{secret}}
	if got := a.oneLine("a\n\tb\x00 " + secret + " c\xff"); got != "a b *** c?" {
		t.Errorf("got %q", got)
	}
	if got := a.oneLine(strings.Repeat("é", 400)); len(got) > 310 || !strings.HasSuffix(got, "…") {
		t.Errorf("got %d bytes", len(got))
	}
	if got := namesOf([]string{"g", "f", "e", "d", "c", "b", "a"}); got != "a, b, c, d, e and 2 more" {
		t.Errorf("got %q", got)
	}
}
