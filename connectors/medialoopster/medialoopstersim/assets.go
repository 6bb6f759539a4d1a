package medialoopstersim

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
)

func (s *Sim) ping(*http.Request, *Event) (int, any, error) { return http.StatusNoContent, nil, nil }

func showProduction(p Production) any {
	return map[string]any{"id": p.ID, "name": p.Name, "codename": "", "company": "", "storage_root": p.StorageRoot, "proxy_root": p.StorageRoot + "proxies/"}
}

func (s *Sim) listProductions(r *http.Request, _ *Event) (int, any, error) {
	all := []any{}
	for _, p := range s.opt.Productions {
		if s.has(r, "storage_root", p.StorageRoot) {
			all = append(all, showProduction(p))
		}
	}
	return http.StatusOK, all, nil
}

func (s *Sim) oneProduction(r *http.Request, _ *Event) (int, any, error) {
	for _, p := range s.opt.Productions {
		if r.PathValue("id") == strconv.Itoa(p.ID) {
			return http.StatusOK, showProduction(p), nil
		}
	}
	return 0, nil, missing("not_found", "Production object with pk=u'"+r.PathValue("id")+"' does not exist.")
}

// listDevices shows a login too, as the real server may.
func (s *Sim) listDevices(r *http.Request, _ *Event) (int, any, error) {
	all := []any{}
	for _, d := range s.opt.Devices {
		if s.has(r, "path", d.Path) {
			all = append(all, map[string]any{
				"id": d.ID, "name": d.Name, "display_name": d.Name, "path": d.Path, "is_internal": true, "allow_direct_writing": true,
				"protocol": "copy", "username": "device", "password": DevicePassword,
			})
		}
	}
	return http.StatusOK, all, nil
}

// DevicePassword stands in the list of devices, and must stand nowhere else.
const DevicePassword = "pa55word-of-the-device"

func showAsset(a *Asset) any {
	return map[string]any{
		"id": a.ID, "name": a.Name, "description": "", "production": a.Production, "status_asset": a.Status, "status_asset_description": a.StatusText,
		"path_file": a.Path, "device": 1, "is_archive": false, "is_production": true, "meta_field_store": map[string]any{}, "date_del": nil,
	}
}

func (s *Sim) listAssets(kind string) call {
	return func(r *http.Request, _ *Event) (int, any, error) {
		all := []any{}
		for _, a := range s.assets {
			if a.Kind == kind && s.has(r, "path_file", a.Path) {
				all = append(all, showAsset(a))
			}
		}
		return http.StatusOK, all, nil
	}
}

// importAsset begins an import. What becomes of it shows in its log alone.
func (s *Sim) importAsset(r *http.Request, e *Event) (int, any, error) {
	var in struct {
		Type       string `json:"type"`
		Production any    `json:"production"`
		Move       bool   `json:"move_asset"`
		Asset      struct {
			Meta struct {
				Name string `json:"name"`
				Path string `json:"path_file"`
			} `json:"asset_meta"`
		} `json:"asset"`
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		return 0, nil, refusal{http.StatusBadRequest, detail("JSON parse error - " + err.Error())}
	}
	meta := in.Asset.Meta
	var wrong []complaint
	for name, value := range map[string]string{"name": meta.Name, "path_file": meta.Path} {
		if value == "" {
			wrong = append(wrong, about(name, "required", "This field is required."))
		}
	}
	if !slices.Contains(kinds[:], in.Type) {
		wrong = append(wrong, about("type", "invalid", fmt.Sprintf("%q is not a valid choice.", in.Type)))
	}
	to := slices.IndexFunc(s.opt.Productions, func(p Production) bool { return p.Name == in.Production || float64(p.ID) == in.Production })
	if to < 0 {
		wrong = append(wrong, about("production", "invalid", "The production does not exist."))
	}
	if len(wrong) > 0 {
		return 0, nil, invalid(wrong...)
	}
	l := &importLog{id: s.id(), importID: s.id(), kind: in.Type, path: meta.Path, status: "Import started"}
	s.logs = append(s.logs, l)
	a := &Asset{Kind: in.Type, Name: meta.Name, Path: meta.Path, Production: s.opt.Productions[to].ID, Status: StatusDone, Moved: in.Move}
	finish := func() bool { s.finish(l, a); return true }
	if s.opt.SlowImports {
		s.start(finish)
	} else {
		finish()
	}
	e.Path = meta.Path
	return http.StatusOK, map[string]any{"asset_import_id": l.importID}, nil
}

// finish ends an import, well or not. The caller holds mu.
func (s *Sim) finish(l *importLog, a *Asset) {
	if s.deviceOf(a.Path) == nil || !s.opt.Exists(a.Path) {
		l.status, l.importID = "File does not exist on device or could not be found", 0
		l.error = "Cannot access asset essence at '" + a.Path + "'"
		return
	}
	a.ID = s.id()
	l.status, l.asset = "Import finished", a.ID
	s.assets = append(s.assets, a)
}

func showLog(l *importLog) any {
	out := map[string]any{
		"id": l.id, "asset_type": l.kind + "asset", "asset_path": l.path, "status": l.status, "error": l.error, "warning": map[string]any{},
		"payload": "{u'type': u'" + l.kind + "'}", "asset_config": map[string]any{}, "asset_import_id": nil,
	}
	if l.importID != 0 {
		out["asset_import_id"] = l.importID
	}
	return out
}

func (s *Sim) listLogs(r *http.Request, _ *Event) (int, any, error) {
	all := []any{}
	for _, l := range s.logs {
		if s.has(r, "asset_path", l.path) {
			all = append(all, showLog(l))
		}
	}
	return http.StatusOK, all, nil
}

func (s *Sim) oneLog(r *http.Request, _ *Event) (int, any, error) {
	for _, l := range s.logs {
		if r.PathValue("id") == strconv.Itoa(l.id) {
			return http.StatusOK, showLog(l), nil
		}
	}
	return 0, nil, missing("not_found", "ImportLog object with pk=u'"+r.PathValue("id")+"' does not exist.")
}
