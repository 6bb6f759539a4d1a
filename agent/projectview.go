package main

import (
	"cmp"
	"context"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/studio-agent/studio-agent/agent/overview"
	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

// A projectView is an edit project as people see it, and as scripts read it: what
// the agent knows of it, and what the account says.
type projectView struct {
	Account string `json:"account"`
	Task    string `json:"task,omitempty"`  // ID here; empty: of no folder of ours
	Bench   string `json:"bench,omitempty"` // empty: of no folder of ours
	Name    string `json:"name"`
	Folder  string `json:"folder,omitempty"` // on this machine
	State   string `json:"state,omitempty"`  // of ours: to be registered or linked, up to date, or given up
	Reason  string `json:"reason,omitempty"` // why it waits, or what became of its folder

	Delivered int      `json:"delivered"` // media that the account has got from here
	Open      int      `json:"open"`      // that are on their way
	Held      []string `json:"held,omitempty"`

	ID         string       `json:"id,omitempty"` // at the account; empty if it is not there
	Root       string       `json:"root,omitempty"`
	File       string       `json:"file,omitempty"`
	Program    string       `json:"program,omitempty"`
	Production string       `json:"production,omitempty"`
	Stage      string       `json:"stage,omitempty"` // ready, working or failed
	Step       int          `json:"step,omitempty"`
	Steps      int          `json:"steps,omitempty"`
	Said       string       `json:"said,omitempty"` // why it failed, or what else the account says
	Linked     int          `json:"linked"`
	Media      []mediumView `json:"media,omitempty"`
	Changed    time.Time    `json:"changed,omitzero"`
}

type mediumView struct {
	Name  string `json:"name"`
	Path  string `json:"path,omitempty"` // on this machine, else as the account sees it
	Stage string `json:"stage"`
	Said  string `json:"said,omitempty"`
}

var stageWords = map[connectors.Stage]string{connectors.Ready: "ready", connectors.Working: "working", connectors.Failed: "failed"}

// projectViews joins what the ledger has of the projects of an account with what the
// account says; there is nil if it was not asked. fates is what became of some, as
// projectWatch.fates says.
func projectViews(ctx context.Context, l *ledger.Ledger, account string, there []connectors.Project, fates map[string]string) ([]projectView, error) {
	tasks, err := l.Projects(ctx, account)
	if err != nil {
		return nil, err
	}
	var all []projectView
	for _, t := range tasks {
		v, err := viewOfTask(ctx, l, t)
		if err != nil {
			return nil, err
		}
		if v.Reason != "" && overview.TaskHeld(time.Now(), t) {
			v.Reason += "; then say: studio-agent task send " + shortID(t.ID)
		}
		v.Reason = cmp.Or(v.Reason, fates[t.Key])
		all = append(all, v)
	}
	for _, p := range there {
		i := slices.IndexFunc(all, func(v projectView) bool { return v.ID == "" && samePath(v.Folder, p.Path) })
		if i < 0 {
			i = len(all)
			all = append(all, projectView{Account: account, Name: p.Name, Folder: filepath.FromSlash(p.Path)})
		}
		all[i].join(p)
	}
	if len(there) == 1 { // one was asked for
		all = slices.DeleteFunc(all, func(v projectView) bool { return v.ID == "" })
	}
	return all, nil
}

// samePath compares paths of this machine as its system does.
func samePath(a, b string) bool {
	a, b = strings.TrimSuffix(filepath.ToSlash(a), "/"), strings.TrimSuffix(filepath.ToSlash(b), "/")
	return a == b || runtime.GOOS == "windows" && strings.EqualFold(a, b)
}

func viewOfTask(ctx context.Context, l *ledger.Ledger, t ledger.Task) (projectView, error) {
	v := projectView{Task: t.ID, Account: t.Account, Bench: t.Bench, Name: t.Title, Folder: t.Key, State: stateOfProject(t), Reason: t.Reason}
	jobs, err := l.TaskJobs(ctx, t.ID)
	for _, j := range jobs {
		switch {
		case j.State == ledger.Done:
			v.Delivered++
		case j.State == ledger.Parked:
			v.Held = append(v.Held, shown(j.Name)+": "+j.Reason)
		case j.State.Open():
			v.Open++
		}
	}
	return v, err
}

const givenUp = "given up"

func stateOfProject(t ledger.Task) string {
	switch {
	case t.State == ledger.AtVendor:
		return "up to date"
	case !t.State.Open():
		return givenUp
	}
	return "to be registered or linked"
}

// join adds what the account says.
func (v *projectView) join(p connectors.Project) {
	v.ID, v.Root, v.File, v.Program, v.Production = p.ID, p.Root, p.File, p.Program, p.Production
	v.Stage, v.Step, v.Steps, v.Said, v.Linked, v.Changed = stageWords[p.Stage], p.Step, p.Steps, p.Reason, len(p.Media), p.Changed
	for _, m := range p.Media {
		path := filepath.FromSlash(m.Path)
		if m.Path == "" {
			path = m.Root
		}
		v.Media = append(v.Media, mediumView{m.Name, path, stageWords[m.Stage], m.Reason})
	}
}
