package page

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

const (
	mostForm  = 4 << 20 // bytes of a form: the names of a task's pictures
	askWithin = 20 * time.Second
)

// verbs are what a person may ask for on the page, with the fields of each form.
// A field that comes several times becomes one text: see joined.
var verbs = map[string][]string{
	"pause":   {"account", "until"},
	"resume":  {"account"},
	"retry":   {"jobs", "anyway"},
	"release": {"bench"},
	"create":  {"account", "template", "comment", "deadline", "title", "bench", "names", "again"},
	"send":    {"task"},
	"import":  {"task", "names"},
	"reject":  {"task", "retouch", "comment", "markup"},
	"reorder": {"task", "names", "comment"},
	"close":   {"task", "names"},
	"cancel":  {"task"},

	"project-copy":   {"account", "project", "name", "folder", "production", "description", "share"},
	"project-link":   {"account", "project", "names"},
	"project-delete": {"account", "project", "name"},

	"project-register": {"account", "project"},
}

// do asks for what a form says: POST /do/VERB with the verb's fields and back,
// the page that the form stands on. A browser is sent back there and reads what
// came of it; a script that accepts application/json is told {said, failed}.
func (s *Server) do(w http.ResponseWriter, r *http.Request) {
	http.NewResponseController(w).SetReadDeadline(time.Now().Add(askWithin)) // where it cannot be set, the size bounds it
	r.Body = http.MaxBytesReader(w, r.Body, mostForm)
	fields, known := verbs[r.PathValue("verb")]
	if !known {
		http.Error(w, "this page cannot ask for that", http.StatusNotFound)
		return
	}
	if err := r.ParseForm(); err != nil {
		http.Error(w, "the form could not be read: "+err.Error(), http.StatusBadRequest)
		return
	}
	args := map[string]string{}
	for _, field := range fields {
		if values := r.PostForm[field]; len(values) > 0 {
			args[field] = joined(field, values)
		}
	}
	if d, err := time.ParseDuration(r.PostForm.Get("for")); err == nil && d > 0 && slices.Contains(fields, "until") {
		args["until"] = time.Now().Add(d).Format(time.RFC3339)
	}
	ctx, cancel := context.WithTimeout(r.Context(), askWithin)
	defer cancel()
	if r.PathValue("verb") == "project-link" { // lines that were typed
		args["names"] = lines(args["names"])
	}
	said, err := s.Ask(ctx, r.PathValue("verb"), args)
	if args["project"] != "" {
		s.projects.stale(args["account"])
	}
	if err != nil {
		said = err.Error()
	}
	answer(w, r, said, err != nil)
}

// joined writes the values of a field as the agent reads them: job IDs are
// separated by commas, names by line feeds.
func joined(field string, values []string) string {
	if field == "jobs" {
		return strings.Join(values, ",")
	}
	return strings.Join(values, "\n")
}

// lines are those of a text that say something.
func lines(text string) string {
	var all []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			all = append(all, line)
		}
	}
	return strings.Join(all, "\n")
}

// answer tells what came of a form.
func answer(w http.ResponseWriter, r *http.Request, said string, failed bool) {
	if strings.Contains(r.Header.Get("Accept"), "application/json") {
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(map[string]any{"said": said, "failed": failed})
		return
	}
	back := local(r.PostForm.Get("back"))
	q := back.Query()
	q.Set("said", said)
	if q.Del("failed"); failed {
		q.Set("failed", "1")
	}
	back.RawQuery = q.Encode()
	http.Redirect(w, r, back.String(), http.StatusSeeOther)
}

// local is an address on this page; the first one for any other.
func local(back string) *url.URL {
	u, err := url.Parse(back)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || !strings.HasPrefix(u.Path, "/") || strings.HasPrefix(u.Path, "//") || strings.ContainsAny(back, "\\\r\n\t") {
		return &url.URL{Path: "/"}
	}
	return &url.URL{Path: u.Path, RawQuery: u.RawQuery, Fragment: u.Fragment}
}

// fromHere reports whether a request was caused by this page itself, so that
// nobody else can put words on it. Browsers say so in one way or the other.
func fromHere(r *http.Request) bool {
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" {
		return site == "same-origin"
	}
	from, err := url.Parse(r.Referer())
	return err == nil && r.Host != "" && from.Host == r.Host
}
