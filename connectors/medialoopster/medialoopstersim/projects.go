package medialoopstersim

import (
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
)

// types are what the server calls programs, by the project file (Create Project
// Asset has the first; the others are unverified).
var types = map[string]string{".prproj": "Adobe Premiere Pro", ".aep": "Adobe After Effects", ".drp": "DaVinci Resolve", ".avp": "Avid"}

// show is a project as the server shows it.
func (s *Sim) show(p *Project) any {
	file := s.opt.ProjectFile(p.BundleRoot)
	out := map[string]any{
		"id": p.ID, "name": p.Name, "description": p.Description, "date_crt": nil, "date_add": p.Added.UTC().Format(time.RFC3339Nano),
		"date_mod": p.Added.UTC().Format(time.RFC3339Nano), "date_del": nil, "meta_field_store": map[string]any{}, "status_asset": p.Status,
		"status_asset_description": p.StatusText, "status_editing": 0, "status_approval": 1, "path_file": file, "bundle_root": p.BundleRoot,
		"type": types[strings.ToLower(path.Ext(file))], "is_archive": false, "is_production": p.IsProduction, "files": map[string]any{},
		"name_editor": "", "name_studio": "", "locked_by": nil, "production": p.Production, "device": p.Device,
	}
	for _, kind := range kinds {
		linked := []any{}
		for _, id := range p.Linked {
			if a := s.asset(id, kind); a != nil {
				linked = append(linked, showAsset(a))
			}
		}
		out[kind+"_assets"] = linked
	}
	return out
}

func (s *Sim) listProjects(r *http.Request, _ *Event) (int, any, error) {
	all := []any{}
	for _, p := range s.projects {
		if !p.Deleted && s.has(r, "bundle_root", p.BundleRoot) {
			all = append(all, s.show(p))
		}
	}
	return http.StatusOK, all, nil
}

// asked is the project that a request is about.
func (s *Sim) asked(r *http.Request, code, text string) (*Project, error) {
	id, err := strconv.Atoi(r.PathValue("id"))
	if p := s.project(id); err == nil && p != nil {
		return p, nil
	}
	return nil, missing(code, fmt.Sprintf(text, r.PathValue("id")))
}

func (s *Sim) oneProject(r *http.Request, _ *Event) (int, any, error) {
	p, err := s.asked(r, "not_found", "ProjectAsset object with pk=u'%s' does not exist.")
	if err != nil {
		return 0, nil, err
	}
	return http.StatusOK, s.show(p), nil
}

// fields reads a body: an object, or form-data.
func fields(r *http.Request) (map[string]string, error) {
	in := map[string]string{}
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if kind == "application/json" {
		object := map[string]any{}
		d := json.NewDecoder(r.Body)
		d.UseNumber()
		if err := d.Decode(&object); err != nil {
			return nil, refusal{http.StatusBadRequest, detail("JSON parse error - " + err.Error())}
		}
		for name, value := range object {
			in[name] = fmt.Sprint(value)
		}
		return in, nil
	}
	if kind != "multipart/form-data" && kind != "application/x-www-form-urlencoded" {
		return nil, refusal{http.StatusUnsupportedMediaType, detail(fmt.Sprintf("Unsupported media type %q in request.", kind))}
	}
	if err := r.ParseMultipartForm(1 << 20); err != nil && err != http.ErrNotMultipart {
		return nil, refusal{http.StatusBadRequest, detail("Multipart form parse error - " + err.Error())}
	}
	for name, values := range r.PostForm {
		in[name] = values[0]
	}
	return in, nil
}

// create creates or, with copy_of, copies.
func (s *Sim) create(r *http.Request, e *Event) (int, any, error) {
	in, err := fields(r)
	if err != nil {
		return 0, nil, err
	}
	var wrong []complaint
	for _, name := range []string{"bundle_root", "name"} {
		if in[name] == "" {
			wrong = append(wrong, about(name, "required", "This field is required."))
		}
	}
	p := &Project{Name: in["name"], BundleRoot: in["bundle_root"], Description: in["description"], Status: StatusDone, IsProduction: true, Added: time.Now()}
	device := s.deviceOf(p.BundleRoot)
	if p.BundleRoot != "" && (device == nil || !strings.HasSuffix(p.BundleRoot, "/")) {
		wrong = append(wrong, about("bundle_root", "invalid", "The path "+p.BundleRoot+" is not on a device."))
	}
	var bad *complaint
	if p.Production, bad = s.production(in); bad != nil {
		wrong = append(wrong, *bad)
	}
	var of *Project
	if text, given := in["copy_of"]; given {
		id, _ := strconv.Atoi(text)
		if of = s.project(id); of == nil || !of.IsProduction {
			wrong = append(wrong, about("copy_of", "invalid", "The project asset "+text+" does not exist or is not in production."))
		}
	}
	if len(wrong) > 0 {
		return 0, nil, invalid(wrong...)
	}
	p.Device, p.ID = device.ID, s.id()
	s.projects = append(s.projects, p)
	if of != nil {
		s.copy(p, of, slices.Contains([]string{"1", "true"}, r.URL.Query().Get("share_linked_assets")))
	}
	e.Project = *p
	return http.StatusCreated, s.show(p), nil
}

func (s *Sim) copy(p, of *Project, share bool) {
	p.CopyOf, p.Shared, p.Linked = of.ID, share, slices.Clone(of.Linked)
	p.Status, p.IsProduction = StatusNew, false
	if p.Description == "" {
		p.Description = of.Description
	}
	fails := s.opt.FailCopy(p.Name)
	s.start(func() bool {
		p.Status++
		if fails && p.Status > StatusDone/2 {
			p.Status, p.StatusText = StatusError, "There is no space left on the device"
			return true
		}
		p.IsProduction = p.Status == StatusDone
		return p.IsProduction
	})
}

// production reads production_id, which counts first, or production_name.
func (s *Sim) production(in map[string]string) (int, *complaint) {
	for _, p := range s.opt.Productions {
		if in["production_id"] == strconv.Itoa(p.ID) || in["production_id"] == "" && in["production_name"] == p.Name {
			return p.ID, nil
		}
	}
	field, code, text := "production_id", "required", "Either production_id or production_name is required."
	if in["production_id"]+in["production_name"] != "" {
		code, text = "invalid", "The production does not exist."
	}
	c := about(field, code, text)
	return 0, &c
}

// addAssets links (Add Media Asset to Project Asset). Without silent_mode, what
// stands before the first bad entry stays linked (unverified).
func (s *Sim) addAssets(r *http.Request, e *Event) (int, any, error) {
	p, err := s.asked(r, "not_found", "ProjectAsset object with pk=u'%s' does not exist.")
	if err != nil {
		return 0, nil, err
	}
	type entry struct {
		ID   int    `json:"asset_id"`
		Type string `json:"type"`
	}
	var in struct {
		List   []entry `json:"asset_list"`
		Silent bool    `json:"silent_mode"`
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil || in.List == nil {
		return 0, nil, refusal{http.StatusBadRequest, detail("The field 'asset_list' is required to add assets to a project.")}
	}
	out := map[string][]entry{"newly_linked_assets": {}, "already_linked_assets": {}, "invalid_assets": {}}
	for i, one := range in.List {
		var problem string
		if !slices.Contains(kinds[:], one.Type) {
			problem = fmt.Sprintf("The provided asset type '%s' at asset list entry at index '%d' is not supported. Must be one of 'audio', 'image' or 'video'", one.Type, i)
		} else if s.asset(one.ID, one.Type) == nil {
			problem = fmt.Sprintf("The %s asset '%d' at asset list entry at index '%d' does not exist.", one.Type, one.ID, i)
		}
		switch {
		case problem != "" && !in.Silent:
			return 0, nil, refusal{http.StatusUnprocessableEntity, detail(problem)}
		case problem != "":
			out["invalid_assets"] = append(out["invalid_assets"], one)
		case slices.Contains(p.Linked, one.ID):
			out["already_linked_assets"] = append(out["already_linked_assets"], one)
		default:
			out["newly_linked_assets"] = append(out["newly_linked_assets"], one)
			p.Linked = append(p.Linked, one.ID)
		}
	}
	e.Project = *p
	return http.StatusOK, out, nil
}

// delete begins a deletion (Delete Project Asset).
func (s *Sim) delete(r *http.Request, e *Event) (int, any, error) {
	p, err := s.asked(r, "does_not_exist", "The project asset %s does not exist.")
	if err != nil {
		return 0, nil, err
	}
	if !p.Deleting {
		p.Deleting = true
		s.start(func() bool { p.Deleted = true; return true })
	}
	e.Project = *p
	return http.StatusAccepted, nil, nil
}
