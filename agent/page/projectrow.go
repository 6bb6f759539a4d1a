package page

import (
	"context"
	"path"
	"strings"
	"time"

	"github.com/studio-agent/studio-agent/agent/overview"
	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

// A projectRow is one edit project, as the ledger and its remote know it.
type projectRow struct {
	Account, Name string
	Task          ledger.Task         // the zero Task if its bundle is not on this machine
	Remote        *connectors.Project // nil if the remote has not told of it
	Gone          bool                // the remote says that there is none
	Path          string              // of its folder, on this machine; empty if it is not on any known path
	Sign          overview.Sign
	Text          string // its state, in a few words
	Reason        string // for that
	Bad           bool   // the state itself is one that needs a person
	Linked        int    // media; -1 if not known
	Coming        int    // media on their way
	Errors        int    // media of which something is wrong
	Changed       time.Time
}

// Copying is the remote's project while it works on it; nil if it does not.
func (r projectRow) Copying() *connectors.Project {
	if r.Remote == nil || r.Remote.Stage != connectors.Working {
		return nil
	}
	return r.Remote
}

// Href is where more of it is shown.
func (r projectRow) Href() string {
	if r.Task.ID != "" {
		return projectPath(r.Account, r.Task.Key)
	}
	return projectPath(r.Account, r.Remote.ID)
}

// askFor asks for the project of a bundle by its folder.
func (r *projectRow) askFor(s *Server) {
	t := s.projects.of(r.Account, r.Task.Key)
	if len(t.Projects) == 1 {
		r.Remote = &t.Projects[0]
	}
	r.Gone = t.Refused
}

// countMedia counts what the ledger knows of a project's media.
func (s *Server) countMedia(ctx context.Context, r *projectRow) error {
	album, err := s.album(ctx, r.Task.ID)
	if err != nil {
		return err
	}
	delivered := 0
	for _, p := range album {
		switch p.State {
		case ledger.Sending:
			r.Coming++
		case ledger.Error:
			r.Errors++
		case ledger.AtRetouch: // which is where nothing comes back from
			delivered++
		}
	}
	if r.Linked = -1; r.Task.State == ledger.AtVendor {
		r.Linked = delivered
	}
	return nil
}

// note takes what was noted of a bundle, if nothing has happened to its project
// since, for the reason: it was renamed, moved, or has vanished.
func (r *projectRow) note(history []ledger.Entry) {
	if n := len(history); n > 0 && history[n-1].What == "seen" && r.Task.Reason == "" {
		r.Task.Reason = history[n-1].Reason
	}
}

// judge says how a project stands.
func (r *projectRow) judge(now time.Time) {
	r.Name, r.Path, r.Changed = r.Task.Title, r.Task.Key, r.Task.Created
	if p := r.Remote; p != nil {
		r.Name, r.Linked = p.Name, len(p.Media)
		if r.Path == "" {
			r.Path = p.Path
		}
		if !p.Changed.IsZero() {
			r.Changed = p.Changed
		}
		for _, m := range p.Media {
			if m.Stage == connectors.Failed {
				r.Errors++
			}
		}
	}
	if r.Name == "" {
		r.Name = path.Base(strings.ReplaceAll(r.Path, `\`, "/"))
	}
	r.Sign, r.Text, r.Reason = r.state(now)
	r.Bad = r.Sign == overview.Needs || r.Sign == overview.Failed
	if r.Errors > 0 && r.Sign != overview.Failed {
		r.Sign = overview.Needs
	}
}

// state is what judge finds out, without the media that failed.
func (r *projectRow) state(now time.Time) (overview.Sign, string, string) {
	p, t := r.Remote, r.Task
	switch {
	case p != nil && p.Stage == connectors.Failed:
		return overview.Failed, say("project.failed"), p.Reason
	case overview.TaskHeld(now, t):
		return overview.Needs, say("project.held"), t.Reason
	case p != nil && p.Stage == connectors.Working:
		return overview.Working, say("project.step", p.Step, max(1, p.Steps)), p.Reason
	case t.ID == "":
		return overview.Fine, say("project.there"), p.Reason
	case t.State == ledger.AtVendor && r.Gone:
		return overview.Needs, say("project.gone"), say("project.gonehow", t.Account)
	case t.State == ledger.AtVendor:
		return overview.Fine, say("project.uptodate"), t.Reason
	case !t.State.Open():
		return overview.Waiting, say("project.over"), t.Reason
	case t.NotBefore.After(now) && t.Reason != "":
		return overview.Waiting, say("project.waits", overview.Clock(now, t.NotBefore)), t.Reason
	case p == nil:
		return overview.Working, say("project.registering"), t.Reason
	case r.Coming > 0:
		return overview.Working, say("project.linking", overview.Count(r.Coming, "file")), t.Reason
	}
	return overview.Working, say("project.linkingall"), t.Reason
}
