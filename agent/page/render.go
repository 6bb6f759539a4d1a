package page

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"net/url"
	"time"

	"github.com/studio-agent/studio-agent/agent/overview"
	"github.com/studio-agent/studio-agent/sync/outbound"
)

//go:embed templates static
var files embed.FS

// A reader reads from the ledger what one page shows.
type reader func(ctx context.Context, r *http.Request) (any, error)

// A notFound is what is asked for and not there.
type notFound struct{ error }

// A screen is what layout.html, and "title" and "main" of every page, get.
type screen struct {
	overview.Overview
	Page    string // the template's name
	Path    string // with its query
	Watch   string // where live blocks come from: Path, if Data does not say otherwise
	Shape   string // another one when an open page must be loaded anew
	Version string
	Login   bool   // there is somebody to log out
	Edits   bool   // there are edit projects, or could be
	Said    string // what came of what a person asked just before
	Failed  bool   // it was not done
	Data    any    // of the page itself
}

// show renders the template NAME.html inside of layout.html with what read
// returns.
func (s *Server) show(name string, read reader) http.HandlerFunc {
	t := parse(name)
	return func(w http.ResponseWriter, r *http.Request) {
		html, blocks, err := s.render(r, t, read)
		if l, ok := r.Context().Value(lookKey{}).(*look); ok {
			*l = look{blocks, err, true}
			return
		}
		var missing notFound
		switch {
		case errors.As(err, &missing):
			http.Error(w, missing.Error(), http.StatusNotFound)
			return
		case err != nil:
			s.Log.Warn("A page could not be shown", "path", r.URL.Path, "error", err)
			http.Error(w, fmt.Sprintf("This page cannot be shown just now: %v", err), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		w.Write(html)
	}
}

// render returns a whole page, and its live blocks by their IDs. The template
// itself is never executed, only clones of it.
func (s *Server) render(r *http.Request, page *template.Template, read reader) (html []byte, blocks map[string]string, err error) {
	o, err := overview.Read(r.Context(), s.Config(), s.Ledger)
	if err != nil {
		return nil, nil, err
	}
	o.Speeds = s.news.speeds()
	sc := screen{Overview: o, Page: page.Name(), Path: unsaid(r.URL), Shape: s.shape(), Version: s.Version, Login: s.Login.wanted(), Edits: len(s.hasProjects()) > 0}
	if q := r.URL.Query(); q.Has("said") && fromHere(r) {
		sc.Said, sc.Failed = q.Get("said"), q.Has("failed")
	}
	if sc.Data, err = read(context.WithValue(r.Context(), overviewKey{}, o), r); err != nil {
		return nil, nil, err
	}
	sc.Watch = sc.Path
	if w, ok := sc.Data.(interface{ watch(*url.URL) string }); ok {
		sc.Watch = w.watch(r.URL)
	}
	t, err := page.Clone()
	if err != nil {
		return nil, nil, err
	}
	blocks = map[string]string{}
	livein := func(element, id, name string, data any) (template.HTML, error) {
		var inner bytes.Buffer
		if err := t.ExecuteTemplate(&inner, name, data); err != nil {
			return "", err
		}
		blocks[id] = inner.String()
		return template.HTML(fmt.Sprintf(`<%s id="%s" data-live>%s</%[1]s>`, element, template.HTMLEscapeString(id), inner.String())), nil
	}
	t.Funcs(template.FuncMap{
		"livein": livein,
		"live":   func(id, name string, data any) (template.HTML, error) { return livein("div", id, name, data) },
		"back":   func() string { return sc.Path },
		"at":     func(when time.Time) string { return overview.Clock(o.Now, when) },
		"ago":    func(when time.Time) string { return overview.Rough(o.Now.Sub(when)) },
	})
	var out bytes.Buffer
	err = t.ExecuteTemplate(&out, "layout.html", sc)
	return out.Bytes(), blocks, err
}

type overviewKey struct{}

// known returns the overview that this page is rendered with, so that a reader
// need not read it once more.
func known(ctx context.Context) overview.Overview {
	o, _ := ctx.Value(overviewKey{}).(overview.Overview)
	return o
}

// unsaid is the address of a page without what came of what a person asked.
func unsaid(u *url.URL) string {
	q := u.Query()
	q.Del("said")
	q.Del("failed")
	return (&url.URL{Path: u.Path, RawQuery: q.Encode()}).String()
}

// parse reads the templates of one page. They are part of the program: a mistake
// in one is found when the server is built.
//
// Templates may call, beside what is built in:
//
//	t KEY ARGS…           a text of the page, see texts.go
//	live ID TEMPLATE DATA a block that stays true while the page is open
//	livein ELEMENT …      the same in another element than a div
//	back                  where forms go back to
//	at TIME, ago TIME     the clock, and how long since
//	clock NOW TIME, rough DURATION, count N NOUN, shown NAME, upper CLAUSE: see overview
//	bytes N               4.2 MB
//	signs SIGN            the word for a sign, for CSS and symbols
//	list ITEMS…           for templates that need more than one thing
func parse(name string) *template.Template {
	later := func() string { return "" } // replaced in each clone
	return template.Must(template.New(name).Funcs(template.FuncMap{
		"t": text, "live": later, "livein": later, "back": later, "at": later, "ago": later,
		"clock": overview.Clock, "rough": overview.Rough, "count": overview.Count, "shown": overview.Shown, "upper": overview.Upper,
		"bytes": outbound.Bytes, "signs": signWord, "sum": sum, "pausedAll": pausedAll, "list": list, "add": func(a, b int) int { return a + b },
	}).ParseFS(files, "templates/layout.html", "templates/*parts.html", "templates/"+name+".html"))
}

// signWord names a sign: class and symbol of that name are in style.css and
// layout.html.
func signWord(sign any) string {
	switch overview.Sign(fmt.Sprint(sign)) {
	case overview.Fine:
		return "fine"
	case overview.Working:
		return "working"
	case overview.Needs:
		return "needs"
	case overview.Failed:
		return "failed"
	}
	return "waiting"
}

func static() http.Handler {
	sub, err := fs.Sub(files, "static")
	if err != nil {
		panic(err) // the folder is embedded by the line above
	}
	served := http.StripPrefix("/static/", http.FileServerFS(sub))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-cache") // embedded files have no times
		served.ServeHTTP(w, r)
	})
}
