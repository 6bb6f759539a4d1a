package grandshootingsim

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
)

type pictureWork func(p *picture, r *http.Request) (any, error)

// withPicture finds the picture of the path, or answers 404, and holds the
// state for do.
func (s *Sim) withPicture(do pictureWork) work {
	return func(_ http.ResponseWriter, r *http.Request, seen *Picture) (any, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		p := s.pictures[pathID(r, "id")]
		if p == nil {
			return nil, refuse(http.StatusNotFound, "Picture not found")
		}
		defer func() { *seen = p.Picture }()
		return do(p, r)
	}
}

func (s *Sim) getPicture(p *picture, _ *http.Request) (any, error) { return s.row(p), nil }

// "logicaly, file is prefixed with __TRASH … You can't delete a picture in
// validation stage".
func (s *Sim) deletePicture(p *picture, _ *http.Request) (any, error) {
	if p.Step == 40 {
		return nil, refuse(http.StatusBadRequest, "a picture in validation stage cannot be deleted")
	}
	p.Trashed = true
	return "OK", nil
}

func (s *Sim) download(w http.ResponseWriter, r *http.Request, seen *Picture) (any, error) {
	s.mu.Lock()
	p := s.pictures[pathID(r, "id")]
	if p == nil {
		s.mu.Unlock()
		return nil, refuse(http.StatusNotFound, "Picture not found")
	}
	*seen = p.Picture
	c := p.content
	s.mu.Unlock()
	f, err := c.open()
	if err != nil {
		return nil, err
	}
	defer f.Close()
	w.Header().Set("Content-Length", fmt.Sprint(seen.Size))
	w.Header().Set("Content-Type", "application/octet-stream")
	_, err = io.Copy(w, f)
	return nil, err
}

func (s *Sim) getTags(p *picture, _ *http.Request) (any, error) {
	return map[string]any{"rating": p.Rating, "label": p.Label, "tags": maps.Clone(p.tags)}, nil
}

const labels = "transparent white yellow orange red pink purple blue green"

func (s *Sim) setTags(p *picture, r *http.Request) (any, error) {
	var in struct {
		Rating *float64
		Label  *string
		Tags   map[string]any
	}
	if err := decode(r, &in); err != nil {
		return nil, err
	}
	if in.Rating != nil {
		if *in.Rating < 0 || *in.Rating > 5 {
			return nil, refuse(http.StatusBadRequest, "rating must be between 0 and 5")
		}
		p.Rating = int(*in.Rating)
	}
	if in.Label != nil {
		if !slices.Contains(strings.Fields(labels), *in.Label) {
			return nil, refuse(http.StatusBadRequest, "label must be one of %s", labels)
		}
		p.Label = *in.Label
	}
	if in.Tags != nil {
		if p.tags == nil {
			p.tags = map[string]any{}
		}
		maps.Copy(p.tags, in.Tags)
	}
	return s.getTags(p, r)
}

func (s *Sim) getSpecification(_ *picture, _ *http.Request) (any, error) {
	return map[string]any{"width": 2000, "height": 2500, "icc_profile": "sRGB IEC61966-2.1"}, nil
}

// statuses are those a step allows (Set picturestatus).
func statuses(step int) []int {
	switch step {
	case 10:
		return []int{5, 10, 30}
	case 20, 30:
		return []int{30, 35}
	}
	return []int{31, 40, 50, 51, 52, 55, 80}
}

func (s *Sim) setStatus(p *picture, r *http.Request) (any, error) {
	var in struct {
		PictureStatus any
		Comment       string
	}
	if err := decode(r, &in); err != nil {
		return nil, err
	}
	status, ok := number(in.PictureStatus)
	if !ok || !slices.Contains(statuses(p.Step), status) {
		return nil, refuse(http.StatusBadRequest, "picturestatus %v is not available in step %d", in.PictureStatus, p.Step)
	}
	p.Status, p.comment = status, in.Comment
	return "OK", nil
}

func (s *Sim) setFrame(p *picture, r *http.Request) (any, error) {
	frame := map[string]any{}
	if err := decode(r, &frame); err != nil {
		return nil, err
	}
	for _, corner := range []string{"x1", "y1", "x2", "y2"} {
		if _, ok := number(frame[corner]); !ok {
			return nil, refuse(http.StatusBadRequest, "%s must be a number", corner)
		}
	}
	p.frame = frame
	return "OK", nil
}

func (s *Sim) editPicture(p *picture, r *http.Request) (any, error) {
	fields := map[string]any{}
	if err := decode(r, &fields); err != nil {
		return nil, err
	}
	return s.edit(p, fields)
}

// edit: "You can edit a picture only if an edit bench exist."
func (s *Sim) edit(p *picture, fields map[string]any) (any, error) {
	if v, given := fields["transfer_id"]; given {
		if _, ok := number(v); !ok {
			return nil, refuse(http.StatusBadRequest, "transfer_id must be a number")
		}
	}
	prod := s.production(p.Root)
	if prod == nil || !slices.ContainsFunc(prod.benches, func(b Bench) bool { return b.Step == 20 || b.Step == 30 }) {
		return nil, refuse(http.StatusBadRequest, "there is no edit bench")
	}
	s.edits = append(s.edits, EditOrder{p.ID, fields})
	return "OK", nil
}

func (s *Sim) editPictures(_ http.ResponseWriter, r *http.Request, _ *Picture) (any, error) {
	fields := map[string]any{}
	if err := decode(r, &fields); err != nil {
		return nil, err
	}
	ids, _ := fields["picture_ids"].([]any)
	if len(ids) == 0 {
		return nil, refuse(http.StatusBadRequest, "picture_ids is missing")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []*picture
	for _, v := range ids {
		id, _ := number(v)
		if s.pictures[id] == nil {
			return nil, refuse(http.StatusNotFound, "Picture not found")
		}
		found = append(found, s.pictures[id])
	}
	for _, p := range found {
		if _, err := s.edit(p, fields); err != nil {
			return nil, err
		}
	}
	return "OK", nil
}
