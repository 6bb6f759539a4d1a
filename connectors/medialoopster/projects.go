package medialoopster

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/rest"
	"github.com/studio-agent/studio-agent/watch/bundle"
)

// projects is what people can ask.
func (a *account) projects() *connectors.Projects {
	return &connectors.Projects{
		List: a.listProjects, Show: a.showProject, Copy: a.copyProject, Link: a.linkFiles, Delete: a.deleteProject,
	}
}

func (a *account) listProjects(ctx context.Context) ([]connectors.Project, error) {
	all, err := list(ctx, a, "/projectassets/", nil, func(p projectAsset) bool { return p.Deleted == "" && p.ID > 0 })
	if err != nil {
		return nil, later("asking for the projects", err)
	}
	var projects []connectors.Project
	for _, p := range all {
		projects = append(projects, a.project(p))
	}
	return projects, nil
}

func (a *account) showProject(ctx context.Context, which string) (connectors.Project, error) {
	p, err := a.look(ctx, which)
	if err != nil {
		return connectors.Project{}, err
	}
	return a.project(p), nil
}

// look finds a project by its ID or by its folder on this machine.
func (a *account) look(ctx context.Context, which string) (p projectAsset, err error) {
	if _, err := strconv.ParseInt(which, 10, 64); err != nil {
		root, err := a.rootOf(which)
		if err != nil {
			return p, err
		}
		if p, err = a.projectAt(ctx, root); errors.Is(err, errNotThere) {
			return p, connectors.Rejected("medialoopster has no project for %s (%w)", which, err)
		}
		return p, err
	}
	reply, err := a.exchange(ctx, rest.Request{Method: http.MethodGet, Path: "/projectassets/" + which + "/"})
	if errors.Is(err, errNotThere) {
		return p, connectors.Rejected("there is no project %s: %w", which, err)
	}
	if err != nil {
		return p, err
	}
	if p, err = decodeProject(reply.Body); err != nil {
		return p, unreadable("the question for project "+which, err)
	}
	return p, nil
}

// project puts into the words of package connectors what medialoopster says.
func (a *account) project(p projectAsset) connectors.Project {
	out := connectors.Project{
		ID: p.ID.String(), Name: a.oneLine(string(p.Name)), Root: string(p.BundleRoot), Path: a.paths.local(string(p.BundleRoot)),
		File: string(p.PathFile), Program: a.oneLine(string(p.Type)), Production: p.Production.String(),
		Steps: statusDone, Reason: a.oneLine(string(p.StatusText)), Changed: p.changed(),
	}
	out.Stage, out.Step = stageOf(p.Status)
	if out.Stage == connectors.Failed && out.Reason == "" {
		out.Reason = "medialoopster could not finish it and does not say why"
	}
	for kind, assets := range p.linked() {
		for _, x := range assets {
			m := connectors.ProjectMedium{
				ID: mention{x.ID, kind}.String(), Name: a.oneLine(string(x.Name)), Root: string(x.PathFile),
				Path: a.paths.local(string(x.PathFile)), Reason: a.oneLine(string(x.StatusText)),
			}
			m.Stage, _ = stageOf(x.Status)
			out.Media = append(out.Media, m)
		}
	}
	slices.SortFunc(out.Media, func(a, b connectors.ProjectMedium) int {
		return strings.Compare(a.Root+a.ID, b.Root+b.ID)
	})
	return out
}

// copyProject asks for a copy: the request of a creation, with copy_of. The media
// are shared if share_linked_assets is 1 (Copy Project Asset).
func (a *account) copyProject(ctx context.Context, c connectors.ProjectCopy) (connectors.Project, error) {
	of, err := a.look(ctx, c.Of)
	if err != nil {
		return connectors.Project{}, err
	}
	root, err := a.rootOf(c.Path)
	if err != nil {
		return connectors.Project{}, err
	}
	switch p, err := a.projectAt(ctx, root); {
	case err == nil:
		return connectors.Project{}, connectors.Rejected("%s has project %s already: choose another folder for the copy", root, p.ID)
	case !errors.Is(err, errNotThere):
		return connectors.Project{}, err
	}
	in, err := a.copyInto(ctx, c, of)
	if err != nil {
		return connectors.Project{}, err
	}
	fields := []field{{"copy_of", int64(of.ID)}, {"name", c.Name}, {"bundle_root", root}, {"production_id", int64(in)}}
	if c.Description != "" {
		fields = append(fields, field{"description", c.Description})
	}
	r := rest.Request{Method: http.MethodPost, Path: "/projectassets/"}
	if c.Share {
		r.Query = url.Values{"share_linked_assets": {"1"}}
	}
	if r, err = a.withFields(r, fields); err != nil {
		return connectors.Project{}, err
	}
	reply, err := a.exchange(ctx, r)
	if err != nil {
		return connectors.Project{}, err
	}
	p, err := decodeProject(reply.Body)
	if err != nil {
		return connectors.Project{}, unreadable("the copy", err)
	}
	return a.project(p), nil
}

// copyInto is the production that a copy goes to.
func (a *account) copyInto(ctx context.Context, c connectors.ProjectCopy, of projectAsset) (number, error) {
	configured := c.Production
	if b, err := a.benchOf(c.Path); configured == "" && err == nil {
		configured = b.production
	}
	if configured == "" {
		return of.Production, nil
	}
	in, err := a.productionOf(ctx, configured)
	return in.ID, err
}

func (a *account) linkFiles(ctx context.Context, which string, paths []string) (connectors.Project, error) {
	p, err := a.look(ctx, which)
	if err != nil {
		return connectors.Project{}, err
	}
	var media []connectors.Receipt
	var refused []error
	for _, local := range paths {
		id, err := a.knownFile(ctx, local)
		switch {
		case err == nil:
			media = append(media, connectors.Receipt{ID: id, Name: local})
		case errors.Is(err, connectors.ErrRejected):
			refused = append(refused, err)
		default:
			return connectors.Project{}, err
		}
	}
	refused = append(refused, a.link(ctx, p, media))
	now, err := a.showProject(ctx, p.ID.String())
	return now, errors.Join(append(refused, err)...)
}

// knownFile is the asset of a file on this machine.
func (a *account) knownFile(ctx context.Context, local string) (id string, err error) {
	path, err := a.paths.server(local)
	if err != nil {
		return "", err
	}
	kind := bundle.KindOf(path)
	if kind == "" {
		return "", connectors.Rejected("%s is neither video, audio nor image by its name", local)
	}
	x, ok, err := a.assetAt(ctx, kind, path)
	if err == nil && !ok {
		err = connectors.Rejected("medialoopster does not know %s (%s there): it must be imported first", local, path)
	}
	return mention{x.ID, kind}.String(), err
}

// deleteProject is only for people: it deletes the project and all of its files,
// asynchronously (Delete Project Asset).
func (a *account) deleteProject(ctx context.Context, id, name string) error {
	p, err := a.look(ctx, id)
	if err != nil {
		return err
	}
	if name == "" || string(p.Name) != name {
		return connectors.Rejected("project %s is called %q: nothing was deleted", p.ID, a.oneLine(string(p.Name)))
	}
	_, err = a.exchange(ctx, rest.Request{Method: http.MethodDelete, Path: "/projectassets/" + p.ID.String() + "/"})
	if err != nil {
		return fmt.Errorf("deleting project %s: %w", p.ID, err)
	}
	return nil
}
