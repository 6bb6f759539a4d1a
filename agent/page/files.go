package page

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/studio-agent/studio-agent/agent/overview"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

func (s *Server) fileRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /files", s.show("files", s.fileList))
	mux.HandleFunc("GET /files/rows", s.fragment("files", "rows", s.fileList))
	mux.HandleFunc("GET /files.csv", s.filesCSV)
	mux.HandleFunc("GET /files/life", s.show("file", s.life))
	mux.HandleFunc("GET /files/{job}", s.lifeOf)
	mux.HandleFunc("POST /files/reconcile", patient(reconcileWithin, s.show("reconcile", s.reconcile)))
}

// refuse answers a request that cannot be answered.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, err error) {
	var missing notFound
	if errors.As(err, &missing) {
		http.Error(w, missing.Error(), http.StatusNotFound)
		return
	}
	s.Log.Warn("A page could not be shown", "path", r.URL.Path, "error", err)
	http.Error(w, fmt.Sprintf("This cannot be shown just now: %v", err), http.StatusInternalServerError)
}

// A fileList is the page /files.
type fileList struct {
	Filter    fileFilter
	Rows      []fileRow
	Back      time.Time // how far was looked, if not to the end; zero otherwise
	More      string    // the next page of rows, for scripts; empty if there is none
	Older     string    // the same, as a page
	CSV       string
	Benches   []string
	Accounts  []string
	States    []string // keys of fileStates
	Empty     bool     // nothing is known at all
	Reconcile bool     // disk and remotes can be compared

	last ledger.Place // where the rows end; zero if there are none
}

// mostWatched is how many rows of an open page are kept up to date: those that it
// was loaded with, and newer ones.
const mostWatched = 240

// watch is where an open page looks for news: its own rows, and newer ones. What
// follows them was loaded by itself.
func (l fileList) watch(page *url.URL) string {
	q := page.Query()
	q.Del("said")
	q.Del("failed")
	if !l.last.Zero() && !q.Has("upto") {
		q.Set("upto", afterOf(l.last))
	}
	return (&url.URL{Path: page.Path, RawQuery: q.Encode()}).String()
}

// upTo leaves out what comes after a place.
func upTo(jobs []ledger.Job, last ledger.Place) []ledger.Job {
	return slices.DeleteFunc(jobs, func(j ledger.Job) bool {
		return j.Created.Before(last.Created) || j.Created.Equal(last.Created) && j.ID < last.ID
	})
}

// A fileFilter is what a person looks for, as it stands in the address.
type fileFilter struct {
	Name, Bench, Account, State, From, To string
	Anywhere                              bool // Name may stand anywhere in the file's name
}

// fileStates are the states that people tell apart.
var fileStates = map[string][]ledger.State{
	"needs":   {ledger.Parked, ledger.GivenUp, ledger.Offered},
	"way":     {ledger.Queued, ledger.Moving, ledger.Publishing, ledger.Sent},
	"done":    {ledger.Done, ledger.Landed},
	"nothing": {ledger.Superseded},
}

var stateKeys = []string{"needs", "way", "done", "nothing"}

func filterOf(q url.Values) fileFilter {
	return fileFilter{
		Name: strings.TrimSpace(q.Get("name")), Bench: q.Get("bench"), Account: q.Get("account"), State: q.Get("state"),
		From: q.Get("from"), To: q.Get("to"), Anywhere: q.Get("anywhere") != "",
	}
}

// Any reports whether anything is asked for.
func (f fileFilter) Any() bool { return f != fileFilter{} }

// values are f as parameters of an address.
func (f fileFilter) values() url.Values {
	v := url.Values{}
	for key, value := range map[string]string{"name": f.Name, "bench": f.Bench, "account": f.Account, "state": f.State, "from": f.From, "to": f.To} {
		if value != "" {
			v.Set(key, value)
		}
	}
	if f.Anywhere {
		v.Set("anywhere", "1")
	}
	return v
}

// search is f as the ledger is asked. A day that is none asks for nothing.
func (f fileFilter) search() ledger.Search {
	q := ledger.Search{Name: f.Name, Bench: f.Bench, Account: f.Account, States: fileStates[f.State]}
	if f.Anywhere && f.Name != "" {
		q.Name = "*" + f.Name
	}
	if day, err := time.ParseInLocation(time.DateOnly, f.From, time.Local); err == nil {
		q.From = day
	}
	if day, err := time.ParseInLocation(time.DateOnly, f.To, time.Local); err == nil {
		q.Until = day.AddDate(0, 0, 1)
	}
	return q
}

// A fileRow is one job, with where it stands.
type fileRow struct {
	ledger.Job
	Sign overview.Sign
	Text string
	Life string
}

// Base is the name without its folders; Dir are these.
func (r fileRow) Base() string { return path.Base(r.Name) }

// Dir are the folders of the name; empty if there are none.
func (r fileRow) Dir() string { return strings.TrimSuffix(path.Dir(r.Name), ".") }

func (s *Server) fileList(ctx context.Context, r *http.Request) (any, error) {
	f := filterOf(r.URL.Query())
	q := f.search()
	q.After = placeOf(r.URL.Query().Get("after"))
	last := placeOf(r.URL.Query().Get("upto"))
	if !last.Zero() {
		q.Most = mostWatched
		if last.Created.After(q.From) {
			q.From = last.Created
		}
	}
	found, err := s.Ledger.Search(ctx, q)
	if err != nil {
		return nil, err
	}
	if !last.Zero() {
		found.Jobs = upTo(found.Jobs, last)
	}
	list := fileList{Filter: f, States: stateKeys, CSV: "/files.csv?" + f.values().Encode(), Reconcile: s.Reconcile != nil}
	for _, j := range found.Jobs {
		sign, text := standing(known(ctx).Now, j)
		list.Rows = append(list.Rows, fileRow{j, sign, text, lifePath(j)})
	}
	if n := len(found.Jobs); n > 0 {
		list.last = ledger.Place{Created: found.Jobs[n-1].Created, ID: found.Jobs[n-1].ID}
	}
	if found.More {
		v := f.values()
		v.Set("after", afterOf(found.Next))
		list.More, list.Older = "/files/rows?"+v.Encode(), "/files?"+v.Encode()
		if len(found.Jobs) < 60 {
			list.Back = found.Back
		}
	}
	list.Empty = len(found.Jobs) == 0 && !f.Any() && q.After.Zero()
	for _, b := range s.Config().Benches {
		list.Benches = append(list.Benches, b.Name)
	}
	for account := range s.Config().Accounts {
		list.Accounts = append(list.Accounts, account)
	}
	slices.Sort(list.Accounts)
	return list, nil
}

// standing says where a job stands, without the commands that do here what a
// button does.
func standing(now time.Time, j ledger.Job) (overview.Sign, string) {
	sign, text := overview.Standing(now, j)
	if j.Flow == ledger.In {
		sign, text = overview.ComingBack(now, j)
	}
	text, _, _ = strings.Cut(text, " Then: studio-agent")
	text, _, _ = strings.Cut(text, ": studio-agent")
	return sign, text
}

func lifePath(j ledger.Job) string {
	return "/files/life?" + url.Values{"folder": {j.Folder}, "name": {j.Name}}.Encode()
}
