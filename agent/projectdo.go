package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

// What people can ask of edit projects, through the ledger.
const (
	verbProjectList     = "project-list"     // account
	verbProjectShow     = "project-show"     // account, project
	verbProjectCopy     = "project-copy"     // account, project, name, folder, production, description, share
	verbProjectLink     = "project-link"     // account, project, names
	verbProjectDelete   = "project-delete"   // account, project, name
	verbProjectRegister = "project-register" // project
)

// projectVerbs are all of these. An account has to answer first.
var projectVerbs = map[string]func(*agent, context.Context, ledger.Control) (string, error){
	verbProjectList: (*agent).listProjects, verbProjectShow: (*agent).showProject, verbProjectCopy: (*agent).copyProject,
	verbProjectLink: (*agent).linkProject, verbProjectDelete: (*agent).deleteProject, verbProjectRegister: (*agent).registerProject,
}

// quiet reports whether a verb only asks: its answer is long, and of no interest
// later.
func quiet(verb string) bool { return verb == verbProjectList || verb == verbProjectShow }

// projectsOf is what an account can do with edit projects; an empty name means the
// only one that can.
func (a *agent) projectsOf(name string) (account string, _ *connectors.Projects, err error) {
	var all []string
	var found *connectors.Projects
	for _, p := range a.parts.accounts() {
		if p.connector.Projects == nil || name != "" && p.account != name {
			continue
		}
		all, found = append(all, p.account), p.connector.Projects
	}
	switch {
	case len(all) == 1:
		return all[0], found, nil
	case len(all) > 1:
		return "", nil, fmt.Errorf("say which account: %s", strings.Join(all, ", "))
	case name != "":
		return "", nil, fmt.Errorf("account %q keeps no edit projects", name)
	}
	return "", nil, errors.New("no account keeps edit projects")
}

// projectMeant turns what a person says into what the connector understands: an ID,
// a path, or the name of a project that the ledger has.
func (a *agent) projectMeant(ctx context.Context, account, said string) (string, error) {
	if said == "" {
		return "", errors.New("no project is named")
	}
	if strings.Trim(said, "0123456789") == "" || filepath.IsAbs(said) {
		return said, nil
	}
	tasks, err := a.ledger.Projects(ctx, account)
	if err != nil {
		return "", err
	}
	tasks = slices.DeleteFunc(tasks, func(t ledger.Task) bool {
		return !strings.EqualFold(t.Title, said) && !strings.EqualFold(filepath.Base(t.Key), said)
	})
	switch len(tasks) {
	case 0:
		return "", fmt.Errorf("there is no project %q; say its number or its folder: studio-agent project list", said)
	case 1:
		return tasks[0].Key, nil
	}
	return "", fmt.Errorf("%d projects are called %q; say the folder: %s or %s", len(tasks), said, tasks[0].Key, tasks[1].Key)
}

// oneProject is the project that c speaks of.
func (a *agent) oneProject(ctx context.Context, c ledger.Control) (account string, api *connectors.Projects, p connectors.Project, err error) {
	if account, api, err = a.projectsOf(c.Args["account"]); err != nil {
		return account, api, p, err
	}
	meant, err := a.projectMeant(ctx, account, c.Args["project"])
	if err == nil {
		p, err = api.Show(ctx, meant)
	}
	return account, api, p, err
}

func (a *agent) listProjects(ctx context.Context, c ledger.Control) (string, error) {
	account, api, err := a.projectsOf(c.Args["account"])
	if err != nil {
		return "", err
	}
	there, err := api.List(ctx)
	if err != nil {
		return "", err
	}
	return a.projectsAsJSON(ctx, account, there)
}

func (a *agent) showProject(ctx context.Context, c ledger.Control) (string, error) {
	account, _, p, err := a.oneProject(ctx, c)
	if err != nil {
		return "", err
	}
	return a.projectsAsJSON(ctx, account, []connectors.Project{p})
}

func (a *agent) projectsAsJSON(ctx context.Context, account string, there []connectors.Project) (string, error) {
	fates := map[string]string{}
	for _, h := range a.parts.folders() {
		if h.projects != nil && h.To[0] == account {
			maps.Copy(fates, h.projects.fates())
		}
	}
	views, err := projectViews(ctx, a.ledger, account, there, fates)
	if err != nil {
		return "", err
	}
	text, err := json.Marshal(views)
	return string(text), err
}

// linkProject links files with a project: named by their paths, or below its
// folder.
func (a *agent) linkProject(ctx context.Context, c ledger.Control) (string, error) {
	account, api, p, err := a.oneProject(ctx, c)
	if err != nil {
		return "", err
	}
	var paths []string
	for _, name := range names(c) {
		if !filepath.IsAbs(name) && p.Path != "" {
			name = filepath.Join(p.Path, filepath.FromSlash(name))
		}
		paths = append(paths, name)
	}
	if len(paths) == 0 {
		return "", errors.New("no file is named")
	}
	p, err = api.Link(ctx, p.ID, paths)
	if err != nil && errors.Is(err, connectors.ErrRejected) && len(paths) > 1 {
		return "", fmt.Errorf("%w; the rest is linked", err)
	} else if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s linked with project %s, %s, at %s, which has %d now", count(len(paths), "file"), p.ID, p.Name, account, len(p.Media)), nil
}

// deleteProject deletes a project and all of its files. The name is what a person
// has typed.
func (a *agent) deleteProject(ctx context.Context, c ledger.Control) (string, error) {
	account, api, p, err := a.oneProject(ctx, c)
	begun, recallErr := a.begun(account, c)
	switch {
	case recallErr != nil:
		return "", recallErr
	case begun != nil && errors.Is(err, connectors.ErrRejected): // it is gone, and we had asked for it
		return "the project is deleted", a.over(account, c)
	case err != nil:
		return "", err
	case c.Args["name"] != p.Name:
		return "", fmt.Errorf("project %s is called %q: type just that, or nothing is deleted", p.ID, p.Name)
	}
	if err := a.begin(account, c, p.ID); err != nil {
		return "", err
	}
	if err := api.Delete(ctx, p.ID, c.Args["name"]); err != nil {
		return "", err
	}
	if err := a.letGo(ctx, account, p.Path); err != nil {
		return "", err
	}
	return fmt.Sprintf("project %s, %s, is being deleted at %s, with all of its files; the media that were linked with it stay there", p.ID, p.Name, account), a.over(account, c)
}

// letGo has nothing more done for a project that a person has deleted.
func (a *agent) letGo(ctx context.Context, account, path string) error {
	for _, h := range a.parts.folders() {
		if h.projects == nil || h.To[0] != account {
			continue
		}
		if root, below := h.projects.below(filepath.FromSlash(path)); path != "" && below {
			return h.projects.letGo(ctx, root)
		}
	}
	return nil
}

// registerProject registers a project that was left alone, or is called otherwise
// than when it was registered.
func (a *agent) registerProject(ctx context.Context, c ledger.Control) (string, error) {
	path := c.Args["project"]
	for _, h := range a.parts.folders() {
		if h.projects == nil {
			continue
		}
		if _, below := h.projects.below(path); below {
			return h.projects.registerAnew(ctx, path)
		}
	}
	return "", fmt.Errorf("%s lies in no folder of edit projects", path)
}

// An undertaking is what was being done for a person when the agent ended.
type undertaking struct {
	What string
	At   time.Time
}

func begunKey(c ledger.Control) string { return fmt.Sprintf("asked by a person %d", c.Seq) }

// begin notes what is about to be done, in case the agent ends in the middle of it.
func (a *agent) begin(account string, c ledger.Control, what string) error {
	text, err := json.Marshal(undertaking{what, time.Now()})
	if err != nil {
		return err
	}
	return a.ledger.Memory(account).Keep(begunKey(c), string(text))
}

// begun is what was noted; nil for nothing.
func (a *agent) begun(account string, c ledger.Control) (*undertaking, error) {
	if account == "" {
		return nil, nil
	}
	text, err := a.ledger.Memory(account).Recall(begunKey(c))
	if err != nil || text == "" {
		return nil, err
	}
	b := new(undertaking)
	return b, json.Unmarshal([]byte(text), b)
}

// over ends what begin began.
func (a *agent) over(account string, c ledger.Control) error {
	return a.ledger.Memory(account).Keep(begunKey(c), "")
}
