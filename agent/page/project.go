package page

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"path"
	"slices"
	"strings"

	"github.com/studio-agent/studio-agent/agent/overview"
	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

// mostMedia is how many media of a project are shown.
const mostMedia = 200

// A projectView is the page of one edit project.
type projectView struct {
	projectRow
	Ask    string // what names it in a question: its ID, or its folder
	Told   told
	Held   bool // it goes on once somebody says so
	Media  []medium
	More   int    // beside Media
	Needs  []need // of its media
	Events []event
}

// A medium is one file that is linked with a project, or is to be.
type medium struct {
	Name, Path string // Path where it lies: on this machine, or else as the remote sees it
	Job        string // whose picture it is; empty for none
	Life       string // of the file; empty if it did not go from here
	Sign       overview.Sign
	Text       string
	Reason     string
}

func (s *Server) project(ctx context.Context, r *http.Request) (any, error) {
	account, which := r.URL.Query().Get("account"), r.URL.Query().Get("project")
	v := projectView{projectRow: projectRow{Account: account, Linked: -1}, Ask: which}
	t, ok, err := s.Ledger.Task(ctx, ledger.TaskID(account, which))
	if err != nil {
		return nil, err
	}
	if which == "" || !ok && !slices.Contains(s.hasProjects(), account) {
		return nil, notFound{fmt.Errorf("there is no account %q with edit projects", overview.Shown(account))}
	}
	if v.Told = s.toldOf(account, which); len(v.Told.Projects) == 1 {
		v.Remote, v.Ask = &v.Told.Projects[0], v.Told.Projects[0].ID
		if !ok && v.Remote.Path != "" { // asked for by its ID
			if t, ok, err = s.bundleAt(ctx, account, v.Remote.Path); err != nil {
				return nil, err
			}
		}
	}
	v.Gone = v.Told.Refused
	if ok && t.Kind == ledger.ProjectTask {
		v.Task = t
	}
	if v.Task.ID == "" && v.Remote == nil {
		v.Name, v.Sign = which, overview.Waiting
		return v, nil
	}
	err = s.readProject(ctx, &v)
	return v, err
}

// toldOf is what the remote says of a project, or said when all were asked for.
func (s *Server) toldOf(account, which string) told {
	t := s.projects.of(account, which)
	if !t.At.IsZero() || t.Trouble != "" {
		return t
	}
	for _, p := range s.projects.of(account, "").Projects {
		if p.ID == which || folder(p.Path) == folder(which) {
			t.Projects = []connectors.Project{p}
		}
	}
	return t
}

// bundleAt is the project of a folder on this machine.
func (s *Server) bundleAt(ctx context.Context, account, path string) (t ledger.Task, ok bool, err error) {
	tasks, err := s.Ledger.Projects(ctx, account)
	for _, t := range tasks {
		if folder(t.Key) == folder(path) {
			return t, true, nil
		}
	}
	return t, false, err
}

func (s *Server) readProject(ctx context.Context, v *projectView) error {
	now := known(ctx).Now
	var pictures []ledger.Picture
	var err error
	if v.Task.ID != "" {
		if err = s.countMedia(ctx, &v.projectRow); err != nil {
			return err
		}
		if pictures, err = s.Ledger.Pictures(ctx, v.Task.ID, now); err != nil {
			return err
		}
		history, err := s.Ledger.History(ctx, "", v.Task.ID)
		if err != nil {
			return err
		}
		v.note(history)
		v.Events = taskEvents(v.Task, history)
	}
	v.Held = overview.TaskHeld(now, v.Task)
	v.addMedia(s, pictures)
	v.judge(now)
	return nil
}

// addMedia brings together what the remote has linked and what the ledger knows.
func (v *projectView) addMedia(s *Server, pictures []ledger.Picture) {
	byID, byPath := map[string]ledger.Picture{}, map[string]ledger.Picture{}
	for _, p := range pictures {
		if p.Out.Receipt.ID != "" {
			byID[p.Out.Receipt.ID] = p
		}
		byPath[folder(p.Out.Path())] = p
	}
	linked := map[string]bool{} // IDs of jobs
	if v.Remote != nil {
		for _, m := range v.Remote.Media {
			p, ours := byID[m.ID]
			if !ours {
				p, ours = byPath[folder(m.Path)]
			}
			at := mediumOf(m)
			if ours {
				linked[p.Out.ID] = true
				at.Job, at.Life = p.Out.ID, lifePath(p.Out)
			}
			v.Media = append(v.Media, at)
		}
	}
	for _, p := range pictures {
		if p.Out.State == ledger.Parked {
			v.Needs = append(v.Needs, s.needOf(p.Out))
		}
		if linked[p.Out.ID] && p.State == ledger.Delivered {
			continue
		}
		if p.State == ledger.Delivered && v.Remote != nil {
			v.Coming++
		}
		v.Media = append(v.Media, v.unlinked(p))
	}
	order := []overview.Sign{overview.Failed, overview.Needs, overview.Working, overview.Waiting, overview.Fine}
	slices.SortStableFunc(v.Media, func(a, b medium) int {
		return cmp.Or(cmp.Compare(slices.Index(order, a.Sign), slices.Index(order, b.Sign)), strings.Compare(a.Name, b.Name))
	})
	v.More = max(0, len(v.Media)-mostMedia)
	v.Media = v.Media[:min(mostMedia, len(v.Media))]
}

// unlinked is a file of a bundle that its project does not have yet, for all that
// is known.
func (v *projectView) unlinked(p ledger.Picture) medium {
	m := medium{Name: path.Base(p.Out.Name), Path: p.Out.Path(), Job: p.Out.ID, Life: lifePath(p.Out), Reason: p.Reason}
	switch m.Sign, m.Text = stateOf(p.Out); {
	case p.State != ledger.Delivered:
	case v.Remote != nil || v.Task.State != ledger.AtVendor:
		m.Sign, m.Text = overview.Working, say("medium.unlinked")
	default:
		m.Sign, m.Text = overview.Fine, say("medium.linked")
	}
	return m
}

func mediumOf(m connectors.ProjectMedium) medium {
	out := medium{Name: m.Name, Path: cmp.Or(m.Path, m.Root), Reason: m.Reason, Sign: overview.Fine, Text: say("medium.linked")}
	switch m.Stage {
	case connectors.Working:
		out.Sign, out.Text = overview.Working, say("medium.working")
	case connectors.Failed:
		out.Sign, out.Text = overview.Failed, say("medium.failed")
	}
	return out
}
