package main

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
)

const taskPage = `
<section class="column ready" data-group="ready" data-pictures="/x">
<ul class="tiles"><li class="tile needs" id="p-1" data-item data-name="look &amp; feel/a.jpg"><label></label></li></ul>
</section>
<section class="column error" data-group="error">
<ul><li class="tile failed" data-name="b.jpg"><p class="why">Too dark: &#34;b&#34;</p></li><li class="tile" data-name="c.jpg"></li></ul>
</section>`

// browse is a browser before a page that answers with handler.
func browse(t *testing.T, handler http.HandlerFunc) browser {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return browser{func() *string { return &server.URL }}
}

func show(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte(text)) }
}

func TestBrowserReadsATask(t *testing.T) {
	got, err := browse(t, show(taskPage)).board(t.Context(), "/tasks/1")
	want := board{{"ready", "look & feel/a.jpg", ""}, {"error", "b.jpg", `Too dark: "b"`}, {"error", "c.jpg", ""}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
	if names := got.in("error"); !slices.Equal(names, []string{"b.jpg", "c.jpg"}) {
		t.Errorf("in error are %q", names)
	}
	if !got.all([]string{"c.jpg"}, "error") || got.all([]string{"c.jpg"}, "ready") || got.all([]string{"c.jpg", "d.jpg"}, "error") {
		t.Error("all is wrong")
	}
}

func TestBrowserFindsATaskByItsTitle(t *testing.T) {
	list := `<a class="button" href="/tasks/new">New &amp; task</a><a class="cover" href="/tasks/0f">One</a><a class="cover" href="/tasks/1f">New &amp; task</a>`
	for title, want := range map[string]string{"One": "/tasks/0f", "None": ""} {
		if got, err := browse(t, show(list)).task(t.Context(), title); got != want || err != nil {
			t.Errorf("%s: got %q, %v; want %q", title, got, err, want)
		}
	}
}

func TestBrowserSaysWhatWasNotDone(t *testing.T) {
	for _, tt := range []struct {
		name    string
		handler http.HandlerFunc
		want    string // of the error; empty for none
	}{
		{"done", show(`{"said": "2 pictures imported", "failed": false}`), ""},
		{"refused", show(`{"said": "nothing is ready", "failed": true}`), "nothing is ready"},
		{"another program", show(`hello`), "cannot be read"},
		{"not found", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no such thing", http.StatusNotFound) }, "404 Not Found: no such thing"},
		{"killed", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, errNoPage.Error()},
	} {
		said, err := browse(t, tt.handler).ask(t.Context(), "import", fields{"task": {"1"}})
		if tt.want == "" && (err != nil || said != "2 pictures imported") || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s: got %q, %v; want %q", tt.name, said, err, tt.want)
		}
	}
	if _, err := (browser{func() *string { return nil }}).get(t.Context(), "/"); !errors.Is(err, errNoPage) {
		t.Errorf("before there is a page: %v", err)
	}
}

// TestManagerAsksUntilItIsDone: an answer that is lost is no reason to ask again,
// one that says no is.
func TestManagerAsksUntilItIsDone(t *testing.T) {
	for _, tt := range []struct {
		name   string
		answer func(ask int) (says string, does bool)
		asks   int
	}{
		{"at once", func(int) (string, bool) { return `{"said": "imported"}`, true }, 1},
		{"done, and the answer is lost", func(int) (string, bool) { return "", true }, 1},
		{"at the second try", func(ask int) (string, bool) { return `{"said": "just now not", "failed": true}`, ask == 2 }, 2},
	} {
		asks, group := 0, "ready"
		page := browse(t, func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodGet {
				w.Write([]byte(`<section data-group="` + group + `"><li data-name="a.jpg"></li></section>`))
				return
			}
			if r.FormValue("task") != "f00" || r.FormValue("names") != "a.jpg" || r.URL.Path != "/do/import/picked" {
				t.Errorf("%s: asked %s %v", tt.name, r.URL, r.Form)
			}
			asks++
			says, does := tt.answer(asks)
			if does {
				group = "imported"
			}
			if says == "" {
				panic(http.ErrAbortHandler)
			}
			w.Write([]byte(says))
		})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // only to end a broken test
		defer cancel()
		m := &studioManager{demo: &demo{line: newTimeline(t.Output(), nil, nil)}, ctx: ctx, page: page, task: "/tasks/f00"}
		if err := m.importThese([]string{"a.jpg"}); err != nil || asks != tt.asks {
			t.Errorf("%s: asked %d times (%v), want %d", tt.name, asks, err, tt.asks)
		}
	}
}
