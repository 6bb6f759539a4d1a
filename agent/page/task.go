package page

import (
	"bytes"
	"context"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"path"
	"slices"
	"time"

	"github.com/studio-agent/studio-agent/agent/overview"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

// tilesAtATime is how many pictures of a group are rendered at once.
const tilesAtATime = 24

// A taskView is the page of one task.
type taskView struct {
	taskRow
	Groups []group
}

// A group is the pictures of a task that stand alike.
type group struct {
	Task  string // its ID
	Key   string
	Count int
	Page  int    // 1 for the first
	Tiles []tile // of that page
	Next  int    // the page after it; 0 if this is the last
}

// Sign is that of its pictures.
func (g group) Sign() overview.Sign {
	if g.Count == 0 {
		return overview.Waiting
	}
	return map[string]overview.Sign{"retouch": overview.Working, "ready": overview.Needs, "imported": overview.Fine, "error": overview.Failed, "closed": overview.Waiting}[g.Key]
}

// groupKeys are the groups in their order on the page.
var groupKeys = []string{"retouch", "ready", "imported", "error", "closed"}

func groupOf(s ledger.PictureState) string {
	switch s {
	case ledger.ReadyToImport:
		return "ready"
	case ledger.Importing, ledger.PictureImported:
		return "imported"
	case ledger.Error:
		return "error"
	case ledger.PictureClosed:
		return "closed"
	}
	return "retouch"
}

// findTask returns the task that an address names, by its ID.
func (s *Server) findTask(ctx context.Context, id string) (ledger.Task, error) {
	t, ok, err := s.Ledger.Task(ctx, id)
	if err == nil && !ok {
		err = notFound{fmt.Errorf("there is no task %q", overview.Shown(id))}
	}
	return t, err
}

func (s *Server) task(ctx context.Context, r *http.Request) (any, error) {
	t, err := s.ordered(ctx, r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	rows, err := s.taskRows(ctx, []ledger.Task{t}, known(ctx).Now)
	if err != nil {
		return nil, err
	}
	view := taskView{taskRow: rows[0]}
	for _, key := range groupKeys {
		page := 1
		if r.URL.Query().Get("group") == key {
			page = max(1, number(r, "page"))
		}
		g, err := s.group(ctx, t, key, page)
		if err != nil {
			return nil, err
		}
		view.Groups = append(view.Groups, g)
	}
	return view, nil
}

// taskPictures reads one page of one group.
func (s *Server) taskPictures(ctx context.Context, r *http.Request) (any, error) {
	t, err := s.ordered(ctx, r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	key := r.URL.Query().Get("group")
	if !slices.Contains(groupKeys, key) {
		return nil, notFound{fmt.Errorf("a task has no group %q", key)}
	}
	return s.group(ctx, t, key, max(1, number(r, "page")))
}

func (s *Server) group(ctx context.Context, t ledger.Task, key string, page int) (group, error) {
	g := group{Task: t.ID, Key: key, Page: page}
	album, err := s.album(ctx, t.ID)
	if err != nil {
		return g, err
	}
	var prints []ledger.Print
	for _, p := range album {
		if groupOf(p.State) == key {
			prints = append(prints, p)
		}
	}
	g.Count = len(prints)
	from, to := min((page-1)*tilesAtATime, g.Count), min(page*tilesAtATime, g.Count)
	if to < g.Count {
		g.Next = page + 1
	}
	pictures, err := s.Ledger.Look(ctx, prints[from:to])
	for _, p := range pictures {
		g.Tiles = append(g.Tiles, tileOf(t, p, known(ctx).Now))
	}
	return g, err
}

// A tile is one picture of a task.
type tile struct {
	Key        string // the same for all rounds of a photo
	Name, Base string // of the photo that was sent
	Picture    string // the job whose picture is shown
	Back       bool   // that is what came back
	Sign       overview.Sign
	State      ledger.PictureState
	Reason     string // in words; empty for what goes by itself
	Late       bool
	Round      int
	Link       string // where it is seen at the vendor; https, or empty
	Compare    string
	Life       string // of the photo that was sent
}

func tileOf(t ledger.Task, p ledger.Picture, now time.Time) tile {
	out := tile{
		Key: ledger.NewID("", "", p.Out.Folder, p.Out.Name, "", 0), Name: p.Out.Name, Base: path.Base(p.Out.Name), Picture: p.Out.ID, State: p.State, Round: p.Out.Round,
		Sign: pictureSign(p.State), Late: !p.Settled() && !t.Deadline.IsZero() && now.After(t.Deadline),
		Link: https(p.In.Source.Link, p.In.Receipt.Link, p.Out.Receipt.Link), Compare: comparePath(t.ID, p.Out.Name), Life: lifePath(p.Out),
	}
	if p.HasIn && p.State != ledger.Error {
		out.Picture, out.Back = p.In.ID, true
	}
	if p.State == ledger.Error || p.State == ledger.PictureClosed || p.State == ledger.Sending || p.State == ledger.AtRetouch {
		out.Reason = p.Reason
	}
	return out
}

func pictureSign(s ledger.PictureState) overview.Sign {
	switch s {
	case ledger.ReadyToImport:
		return overview.Needs
	case ledger.PictureImported:
		return overview.Fine
	case ledger.Error:
		return overview.Failed
	case ledger.PictureClosed:
		return overview.Waiting
	}
	return overview.Working
}

func comparePath(task, name string) string {
	return "/tasks/" + url.PathEscape(task) + "/compare?" + url.Values{"name": {name}}.Encode()
}

// https is the first of some addresses that is one of https.
func https(links ...string) string {
	for _, link := range links {
		if u, err := url.Parse(link); err == nil && u.Scheme == "https" && u.Host != "" {
			return u.String()
		}
	}
	return ""
}

// fragment renders one template of a page with what read returns: for scripts that
// load more of it.
func (s *Server) fragment(page, name string, read reader) http.HandlerFunc {
	t := parse(page)
	return func(w http.ResponseWriter, r *http.Request) {
		now := time.Now()
		data, err := read(context.WithValue(r.Context(), overviewKey{}, overview.Overview{Now: now}), r)
		if err != nil {
			s.refuse(w, r, err)
			return
		}
		t, err := t.Clone()
		if err != nil {
			s.refuse(w, r, err)
			return
		}
		t.Funcs(template.FuncMap{
			"at":  func(when time.Time) string { return overview.Clock(now, when) },
			"ago": func(when time.Time) string { return overview.Rough(now.Sub(when)) },
		})
		var out bytes.Buffer
		if err := t.ExecuteTemplate(&out, name, data); err != nil {
			s.refuse(w, r, err)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		w.Write(out.Bytes())
	}
}
