package grandshootingsim

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// A Bench is a step of a production.
type Bench struct {
	ID, Root, Parent int // Parent is 0 for the first bench
	Name             string
	Step             int // 10, 20, 30 or 40
	Status           int // benchstatus; 10 is active, from 35 on it is archived
}

type production struct {
	benches []Bench
	method  int
	fields  map[string]any // as sent when it was made
	refs    []map[string]any
}

// A Picture is what the platform knows of an image or video.
type Picture struct {
	ID, Bench, Root, Step, Parent int
	Name                          string // smalltext: the file name as uploaded
	Path                          string // in the bench, as listed
	Sent                          string // in the bench, as uploaded
	Status                        int
	Size                          int64
	SHA256, SHA1                  string
	Rating                        int
	Label                         string
	Version                       int // 1 for the first content under a path
	Trashed                       bool
	Created                       time.Time
}

type picture struct {
	Picture
	hash    string
	seen    time.Time // from when on it is listed
	tags    map[string]any
	frame   map[string]any
	content content
}

type place struct {
	bench int
	sent  string
}

// A StoreKey names one content at one place.
type StoreKey struct {
	Bench        int
	Path, SHA256 string // Path as uploaded
}

// A Reference is a product of the catalogue.
type Reference map[string]any

// AddProduction makes a production with a bench for each step and returns the
// benches in that order; the first one's ID is the production's.
func (s *Sim) AddProduction(name string, steps ...int) []Bench {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.addProduction(name, steps, 1, nil).benches
}

func (s *Sim) addProduction(name string, steps []int, method int, fields map[string]any) *production {
	p := &production{method: method, fields: fields}
	for i, step := range steps {
		b := Bench{ID: s.id(), Name: name, Step: step, Status: 10}
		b.Root = b.ID
		if i > 0 {
			b.Root, b.Parent = p.benches[0].ID, p.benches[i-1].ID
			b.Name = fmt.Sprintf("%s (%s)", name, map[int]string{20: "Retouching", 30: "Retouching 2", 40: "Export"}[step])
		}
		p.benches = append(p.benches, b)
	}
	s.productions = append(s.productions, p)
	return p
}

// SetBenchStatus changes a bench's benchstatus; 40 archives it.
func (s *Sim) SetBenchStatus(bench, status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if b := s.bench(bench); b != nil {
		b.Status = status
	}
}

// RemoveProduction forgets a production, so that its benches are not found.
func (s *Sim) RemoveProduction(root int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.productions = slices.DeleteFunc(s.productions, func(p *production) bool { return p.benches[0].ID == root })
}

func (s *Sim) production(root int) *production {
	for _, p := range s.productions {
		if p.benches[0].ID == root {
			return p
		}
	}
	return nil
}

func (s *Sim) bench(id int) *Bench {
	for _, p := range s.productions {
		for i := range p.benches {
			if p.benches[i].ID == id {
				return &p.benches[i]
			}
		}
	}
	return nil
}

// AddPicture puts a picture in place as if it had been there all along: of p,
// Bench, Sent, Size and the digests count. It returns the picture's ID.
func (s *Sim) AddPicture(p Picture) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.put(p, content{}, time.Time{}).ID
}

// AddReference puts a product in the catalogue.
func (s *Sim) AddReference(ref, ean string, eans ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.saveReference(Reference{"ref": ref, "ean": ean, "eans": eans})
}

// Pictures returns all pictures that are not in the trash, by ID.
func (s *Sim) Pictures() []Picture {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []Picture
	for _, id := range s.order {
		if p := s.pictures[id]; !p.Trashed {
			all = append(all, p.Picture)
		}
	}
	return all
}

// Duplicates returns what was stored although the same content was already the
// newest under that path: a picture sent twice.
func (s *Sim) Duplicates() []Picture {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.duplicates)
}

// Stored counts the store operations, also those that changed nothing.
func (s *Sim) Stored() map[StoreKey]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.stored)
}

// listedPath is where the platform lists what was sent to path: it may put a
// folder before it and change a trailing _N into -N, while smalltext stays.
func (s *Sim) listedPath(sent string) string {
	if !s.opt.RewriteNames {
		return sent
	}
	folder, name := "", sent
	if i := strings.LastIndexByte(sent, '/'); i >= 0 {
		folder, name = sent[:i+1], sent[i+1:]
	}
	stem, ext := name, ""
	if i := strings.LastIndexByte(name, '.'); i >= 0 {
		stem, ext = name[:i], name[i:]
	}
	if i := strings.LastIndexByte(stem, '_'); i >= 0 && strings.Trim(stem[i+1:], "0123456789") == "" {
		stem = stem[:i] + "-" + stem[i+1:]
	}
	return "4c76bb10-d028-4988-b008-01a97c38a232/" + folder + stem + ext
}
