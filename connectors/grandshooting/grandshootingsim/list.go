package grandshootingsim

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

func (s *Sim) listPictures(w http.ResponseWriter, r *http.Request, _ *Picture) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	wanted := s.conditions(r.URL.Query())
	now := time.Now()
	var found []*picture
	for _, id := range s.order {
		if p := s.pictures[id]; !p.seen.After(now) && s.matches(wanted, func(name string) string { return s.field(p, name) }) {
			found = append(found, p)
		}
	}
	part, err := page(w, r, found)
	rows := []map[string]any{}
	for _, p := range part {
		rows = append(rows, s.row(p))
	}
	return rows, err
}

// field is one field of row as text, without making all of them for the common
// ones.
func (s *Sim) field(p *picture, name string) string {
	switch name {
	case "picture_id":
		return strconv.Itoa(p.ID)
	case "bench_id":
		return strconv.Itoa(p.Bench)
	case "smalltext":
		return p.Name
	}
	return asText(s.row(p)[name])
}

func asText(v any) string {
	if v == nil {
		return ""
	}
	return fmt.Sprint(v)
}

// filters are the documented ones.
const filters = ` picture_id bench_id bench_root_id benchsteptype ref path smalltext picturestatus
	filesize width height reference_id reference_ids parent_id child_ids icc_profile thumbnail hash view_type_code
	transfert_date date_cre validation_date frame export shootingmethod `

// A condition says what a field may be: any of the values.
type condition struct {
	field  string
	values []string
}

// conditions are what this variant of the platform understands of a query.
// sort_by is none: rows come in the order of their ids anyway.
func (s *Sim) conditions(query url.Values) (all []condition) {
	for _, name := range strings.Fields(filters) {
		values := query[name]
		if len(values) == 0 || (name == "smalltext" && s.opt.Smalltext == NoName) {
			continue
		}
		if name == "smalltext" && s.opt.Smalltext == LastName {
			values = values[len(values)-1:]
		}
		all = append(all, condition{name, values})
	}
	return all
}

func (s *Sim) matches(wanted []condition, field func(name string) string) bool {
	for _, c := range wanted {
		have := field(c.field)
		if !slices.ContainsFunc(c.values, func(want string) bool { return s.matchesOne(have, want) }) {
			return false
		}
	}
	return true
}

func (s *Sim) matchesOne(have, want string) bool {
	if limit, ok := strings.CutPrefix(want, "gt:"); ok && !s.opt.NoKeyPaging {
		a, errA := strconv.Atoi(have)
		b, errB := strconv.Atoi(limit)
		return errA == nil && errB == nil && a > b
	}
	return have == want
}

// row is a picture as the document shows it.
func (s *Sim) row(p *picture) map[string]any {
	path := p.Path
	if p.Trashed {
		path = "__TRASH/" + path
	}
	row := map[string]any{
		"picture_id": p.ID, "bench_id": p.Bench, "bench_root_id": p.Root, "benchsteptype": p.Step,
		"path": path, "smalltext": p.Name, "ref": refOf(p.Name), "picturestatus": p.Status,
		"filesize": p.Size, "hash": p.hash, "parent_id": nil, "child_ids": s.children(p.ID),
		"thumbnail": s.thumbnailOf(p),
		"date_cre":  p.Created.UTC().Format(time.RFC3339), "frame": p.frame, "shootingmethod": "Packshot",
	}
	if p.Parent != 0 {
		row["parent_id"] = p.Parent
	}
	for _, ref := range s.references {
		if ref["ref"] == row["ref"] || ref["ean"] == row["ref"] {
			row["reference_id"] = ref["reference_id"]
			row["reference_ids"] = []any{ref["reference_id"]}
		}
	}
	return row
}

func (s *Sim) children(id int) []int {
	ids := []int{}
	for _, p := range s.pictures {
		if p.Parent == id && !p.Trashed && !p.seen.After(time.Now()) {
			ids = append(ids, p.ID)
		}
	}
	slices.Sort(ids)
	return ids
}

// refOf is the reference that a file name begins with: all before the last "_".
func refOf(name string) string {
	stem := name
	if i := strings.LastIndexByte(stem, '.'); i > 0 {
		stem = stem[:i]
	}
	if i := strings.LastIndexByte(stem, '_'); i > 0 {
		stem = stem[:i]
	}
	return stem
}
