package grandshootingsim

import (
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/studio-agent/studio-agent/connectors/faults"
)

// row is a bench as the document shows it.
func (b Bench) row(method int) map[string]any {
	row := map[string]any{
		"bench_id": b.ID, "root_id": b.Root, "parent_id": nil, "smalltext": b.Name, "benchsteptype": b.Step,
		"benchstatus": b.Status, "timezone": "Europe/Paris", "tzoffset": 60, "shooting_method_id": method,
	}
	if b.Parent != 0 {
		row["parent_id"] = b.Parent
	}
	return row
}

func (p *production) rows() []map[string]any {
	var rows []map[string]any
	for _, b := range p.benches {
		row := b.row(p.method)
		maps.Copy(row, p.fields)
		row["smalltext"] = b.Name
		rows = append(rows, row)
	}
	return rows
}

// listProductions answers with an array of arrays.
func (s *Sim) listProductions(http.ResponseWriter, *http.Request, *Picture) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := [][]map[string]any{}
	for _, p := range s.productions {
		all = append(all, p.rows())
	}
	return all, nil
}

// templates are those that a production can be made from.
func templates() map[int][]int {
	return map[int][]int{1: {10, 20, 40}, 2: {10, 20, 30, 40}, 3: {10, 40}}
}

func (s *Sim) listTemplates(http.ResponseWriter, *http.Request, *Picture) (any, error) {
	return []map[string]any{
		{"bench_template_id": 1, "smalltext": "Live, retouching, export"},
		{"bench_template_id": 2, "smalltext": "Live, two phases, export"},
		{"bench_template_id": 3, "smalltext": "Live, export"},
	}, nil
}

func (s *Sim) createProduction(_ http.ResponseWriter, r *http.Request, _ *Picture) (any, error) {
	fields := map[string]any{}
	if err := decode(r, &fields); err != nil {
		return nil, err
	}
	name, _ := fields["smalltext"].(string)
	if name == "" {
		return nil, refuse(http.StatusBadRequest, "smalltext is missing")
	}
	steps := templates()[1]
	if v, given := fields["bench_template_id"]; given {
		id, _ := number(v)
		if steps = templates()[id]; steps == nil {
			return nil, refuse(http.StatusBadRequest, "invalid bench_template_id")
		}
	}
	method, ok := number(fields["shooting_method_id"])
	if !ok {
		method = 1
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.addProduction(name, steps, method, fields).rows(), nil
}

// updateProduction: "basicaly to modify production's name and dates".
func (s *Sim) updateProduction(_ http.ResponseWriter, r *http.Request, _ *Picture) (any, error) {
	fields := map[string]any{}
	if err := decode(r, &fields); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.production(pathID(r, "root"))
	if p == nil {
		return nil, refuse(http.StatusNotFound, "Bench not found")
	}
	if p.fields == nil {
		p.fields = map[string]any{}
	}
	maps.Copy(p.fields, fields)
	if name, _ := fields["smalltext"].(string); name != "" {
		p.benches[0].Name = name
	}
	return p.rows()[0], nil
}

func (s *Sim) listBenches(_ http.ResponseWriter, r *http.Request, _ *Picture) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.production(pathID(r, "root"))
	if p == nil {
		return nil, refuse(http.StatusNotFound, "Bench not found")
	}
	return p.rows(), nil
}

func (s *Sim) getBench(_ http.ResponseWriter, r *http.Request, _ *Picture) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.bench(pathID(r, "bench"))
	if b == nil || b.Root != pathID(r, "root") {
		return nil, refuse(http.StatusNotFound, "Bench not found")
	}
	return b.row(s.production(b.Root).method), nil
}

func (s *Sim) addReferences(_ http.ResponseWriter, r *http.Request, _ *Picture) (any, error) {
	var in []map[string]any
	if err := decode(r, &in); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.production(pathID(r, "root"))
	if p == nil {
		return nil, refuse(http.StatusNotFound, "Bench not found")
	}
	p.refs = append(p.refs, in...)
	return "OK", nil
}

// startExport moves the pictures of the last bench before it to validation. If
// an export runs already the document shows only the code 102: it is the whole
// answer, and nothing comes after it.
func (s *Sim) startExport(w http.ResponseWriter, r *http.Request, _ *Picture) (any, error) {
	s.mu.Lock()
	running := s.opt.ExportIsRunning
	s.mu.Unlock()
	if running {
		w.WriteHeader(http.StatusProcessing)
		select {
		case <-r.Context().Done():
		case <-s.over:
		}
		return nil, faults.ErrBroken
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.production(pathID(r, "root"))
	if p == nil {
		return nil, refuse(http.StatusNotFound, "Bench not found")
	}
	last := len(p.benches) - 1
	if last < 1 || p.benches[last].Step != 40 {
		return nil, refuse(http.StatusBadRequest, "there is no export bench")
	}
	s.exports[p.benches[0].ID]++
	s.export(p.benches[last-1].ID, p.benches[last].ID)
	return "OK", nil
}

func (s *Sim) export(from, to int) {
	for _, id := range slices.Clone(s.order) {
		p := s.pictures[id]
		if p.Bench != from || p.Trashed || p.seen.After(time.Now()) {
			continue
		}
		s.put(Picture{Bench: to, Sent: p.Sent, Size: p.Size, SHA256: p.SHA256, SHA1: p.SHA1, Parent: p.ID}, p.content, time.Time{})
	}
}

// uploadURLs notes what would be fetched: this platform fetches nothing, and
// stores a picture of size 0 for each url.
func (s *Sim) uploadURLs(_ http.ResponseWriter, r *http.Request, _ *Picture) (any, error) {
	bench, err := s.uploadBench(pathID(r, "root"), pathID(r, "bench"))
	if err != nil {
		return nil, err
	}
	var in struct {
		Path string
		URLs []struct{ URL, Filename string }
	}
	if err := decode(r, &in); err != nil {
		return nil, err
	}
	if len(in.URLs) == 0 {
		return nil, refuse(http.StatusBadRequest, "urls is missing")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	results := []map[string]any{}
	for _, u := range in.URLs {
		if u.URL == "" || u.Filename == "" {
			results = append(results, map[string]any{"status": "ERROR"})
			continue
		}
		file := incoming{fields: map[string]string{"path": in.Path}, name: u.Filename, sha256: "url " + u.URL}
		p, err := file.picture(bench)
		if err != nil {
			return nil, err
		}
		s.put(p, content{}, time.Time{})
		results = append(results, map[string]any{"status": "OK"})
	}
	return results, nil
}
