package grandshootingsim

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/studio-agent/studio-agent/connectors/faults"
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
	if s.opt.DownloadFrom != "" {
		http.Redirect(w, r, fmt.Sprintf("%s/files/%d", s.opt.DownloadFrom, seen.ID), http.StatusFound)
		return nil, nil
	}
	return s.serve(w, seen.Size, c)
}

// file is where downloads are redirected to. Another host than the platform's own
// knows no login, and being shown one is a mistake.
func (s *Sim) file(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	p, foreign := s.pictures[pathID(r, "id")], r.Host != s.home
	s.mu.Unlock()
	if p == nil || foreign && r.Header.Get("Authorization") != "" {
		reject(w, r, http.StatusBadRequest, "no such file, or a login that is none of this host's business")
		return
	}
	s.serve(w, p.Size, p.content) // what the client does not get it does not get
}

func (s *Sim) serve(w http.ResponseWriter, size int64, c content) (any, error) {
	f, err := c.open()
	if err != nil {
		return nil, err
	}
	defer f.Close()
	w.Header().Set("Content-Length", fmt.Sprint(size))
	w.Header().Set("Content-Type", "application/octet-stream")
	if _, err = io.Copy(w, f); err != nil {
		return nil, fmt.Errorf("%w: %w", faults.ErrBroken, err) // too late for another answer
	}
	return nil, nil
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
	if s.opt.Specification != nil {
		return s.opt.Specification, nil
	}
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
	s.changes = append(s.changes, StatusChange{p.ID, p.Status, status, in.Comment, time.Now()})
	p.Status = status
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
