package page

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

const (
	projectsAtATime = 50
	mostOthers      = 50 // projects that are at a remote alone
	mostAsked       = 10 // projects of a page that are asked for one by one
)

func (s *Server) projectRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /projects", s.show("projects", s.projectList))
	mux.HandleFunc("GET /projects/one", s.show("project", s.project))
}

// projectPath is where a project is shown: by its folder on this machine, or by its
// ID at the remote.
func projectPath(account, project string) string {
	return "/projects/one?" + url.Values{"account": {account}, "project": {project}}.Encode()
}

// A projectList is the page /projects.
type projectList struct {
	Rows         []projectRow // of bundles on this machine
	Others       []projectRow // that are at a remote alone, the last changed first
	More         int          // beside Others
	Remotes      []remote     // that said nothing yet, or are in trouble
	Newer, Older string       // where other pages of Rows are; empty if there are none
}

// A remote is an account with edit projects that does not answer.
type remote struct {
	Account string
	told
}

// hasProjects lists the accounts that keep edit projects.
func (s *Server) hasProjects() (accounts []string) {
	for _, account := range slices.Sorted(maps.Keys(s.Config().Accounts)) {
		if s.Connector(account).Projects != nil {
			accounts = append(accounts, account)
		}
	}
	return accounts
}

func (s *Server) projectList(ctx context.Context, r *http.Request) (any, error) {
	var list projectList
	tasks, err := s.Ledger.Projects(ctx, "")
	if err != nil {
		return nil, err
	}
	at, others := s.atRemotes(&list, tasks)
	page := max(1, number(r, "page"))
	from := min((page-1)*projectsAtATime, len(tasks))
	to := min(from+projectsAtATime, len(tasks))
	list.Newer, list.Older = pagesOf("/projects", page, to < len(tasks))
	asked := 0
	for _, t := range tasks[from:to] {
		row := projectRow{Account: t.Account, Task: t, Remote: at[t.ID]}
		if row.Remote == nil && asked < mostAsked { // it may be newer than the list
			asked++
			row.askFor(s)
		}
		if err := s.countMedia(ctx, &row); err != nil {
			return nil, err
		}
		history, err := s.Ledger.History(ctx, "", t.ID)
		if err != nil {
			return nil, err
		}
		row.note(history)
		row.judge(known(ctx).Now)
		list.Rows = append(list.Rows, row)
	}
	slices.SortStableFunc(others, func(a, b projectRow) int { return b.Remote.Changed.Compare(a.Remote.Changed) })
	list.More = max(0, len(others)-mostOthers)
	for _, row := range others[:min(len(others), mostOthers)] {
		row.judge(known(ctx).Now)
		list.Others = append(list.Others, row)
	}
	return list, nil
}

// atRemotes is what remotes tell: of the projects of tasks, by the tasks' IDs, and of
// others.
func (s *Server) atRemotes(list *projectList, tasks []ledger.Task) (at map[string]*connectors.Project, others []projectRow) {
	at = map[string]*connectors.Project{}
	ours := map[[2]string]string{}
	for _, t := range tasks {
		ours[[2]string{t.Account, folder(t.Key)}] = t.ID
	}
	for _, account := range s.hasProjects() {
		all := s.projects.of(account, "")
		if all.At.IsZero() || all.Trouble != "" {
			list.Remotes = append(list.Remotes, remote{account, all})
		}
		for _, p := range all.Projects {
			p = s.working(account, p, all.At)
			if id := ours[[2]string{account, folder(p.Path)}]; id != "" && p.Path != "" {
				at[id] = &p
				continue
			}
			others = append(others, projectRow{Account: account, Remote: &p})
		}
	}
	return at, others
}

// folder is a path of this machine in one spelling, to compare it by.
func folder(path string) string {
	path = strings.TrimSuffix(filepath.ToSlash(path), "/")
	if runtime.GOOS == "windows" {
		return strings.ToLower(path)
	}
	return path
}

// working is p as it stands now: what the remote works on is asked for by itself,
// more often than all.
func (s *Server) working(account string, p connectors.Project, at time.Time) connectors.Project {
	if p.Stage != connectors.Working {
		return p
	}
	if now := s.projects.of(account, p.ID); now.At.After(at) && len(now.Projects) == 1 {
		return now.Projects[0]
	}
	return p
}

// pagesOf are the pages beside one; empty for none.
func pagesOf(address string, page int, more bool) (before, after string) {
	at := func(page int) string { return address + "?" + url.Values{"page": {strconv.Itoa(page)}}.Encode() }
	if page > 1 {
		before = at(page - 1)
	}
	if more {
		after = at(page + 1)
	}
	return before, after
}
