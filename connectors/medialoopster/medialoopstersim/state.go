package medialoopstersim

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// Values of Project.Status and Asset.Status.
const (
	StatusError = -1
	StatusNew   = 0
	StatusDone  = 6
)

var kinds = [...]string{"audio", "image", "video"}

// A Production is what projects and assets belong to.
type Production struct {
	ID          int
	Name        string
	StorageRoot string
}

// A Device is a folder that the server may use; Path ends with a slash.
type Device struct {
	ID         int
	Name, Path string
}

// A Project is a project asset.
type Project struct {
	ID                            int
	Name, Description, BundleRoot string
	Production, Device            int
	Status                        int
	StatusText                    string
	IsProduction                  bool
	CopyOf                        int   // 0 for none
	Shared                        bool  // its copy shared the linked assets
	Linked                        []int // IDs of assets
	Deleting, Deleted             bool
	Added                         time.Time
}

// An Asset is a medium.
type Asset struct {
	ID               int
	Kind, Name, Path string
	Production       int
	Status           int
	StatusText       string
	Moved            bool // its file was taken away, by move_asset
}

type importLog struct {
	id, importID  int
	kind, path    string
	status, error string
	asset         int // 0 while it is going on, or failed
}

// A work goes on by itself, in steps.
type work struct {
	next time.Time
	step func() (done bool)
}

// Projects are all that were ever there, the oldest first.
func (s *Sim) Projects() (all []Project) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.projects {
		c := *p
		c.Linked = slices.Clone(p.Linked)
		all = append(all, c)
	}
	return all
}

// Assets are all, the oldest first.
func (s *Sim) Assets() (all []Asset) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range s.assets {
		all = append(all, *a)
	}
	return all
}

// CreatedTwice are the bundle roots for which more than one project was created or
// copied, deleted ones not counted, and the paths that were imported as more than
// one asset. Sorted.
func (s *Sim) CreatedTwice() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	count := map[string]int{}
	for _, p := range s.projects {
		if !p.Deleted {
			count[p.BundleRoot]++
		}
	}
	for _, a := range s.assets {
		count[a.Path]++
	}
	maps.DeleteFunc(count, func(_ string, n int) bool { return n < 2 })
	return slices.Sorted(maps.Keys(count))
}

// Creates counts the projects that were ever made for a bundle root, copies too.
func (s *Sim) Creates(bundleRoot string) (n int) {
	for _, p := range s.Projects() {
		if p.BundleRoot == bundleRoot {
			n++
		}
	}
	return n
}

// Requests counts the requests of an operation; "" means all.
func (s *Sim) Requests(op string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if op != "" {
		return s.requests[op]
	}
	n := 0
	for _, count := range s.requests {
		n += count
	}
	return n
}

// Advance lets all that goes on by itself get one step further.
func (s *Sim) Advance() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.work = slices.DeleteFunc(s.work, func(w *work) bool { return w.step() })
}

// tick lets get on what is due. The caller holds mu.
func (s *Sim) tick() {
	if s.opt.Step <= 0 {
		return
	}
	now := time.Now()
	s.work = slices.DeleteFunc(s.work, func(w *work) bool {
		for !w.next.After(now) {
			if w.step() {
				return true
			}
			w.next = w.next.Add(s.opt.Step)
		}
		return false
	})
}

// start begins a work. The caller holds mu.
func (s *Sim) start(step func() bool) {
	s.work = append(s.work, &work{time.Now().Add(s.opt.Step), step})
}

// Redirect answers all that is to do something with that status and Location, as a
// proxy before the server would; status 0 ends it.
func (s *Sim) Redirect(status int, location string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.redirect = redirect{status, location}
}

// Add puts a project there that somebody else has made, and returns its ID.
func (s *Sim) Add(p Project) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	p.ID = s.id()
	s.projects = append(s.projects, &p)
	return p.ID
}

// AddAsset puts an asset there that somebody else has imported, and returns its ID.
func (s *Sim) AddAsset(a Asset) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	a.ID = s.id()
	s.assets = append(s.assets, &a)
	return a.ID
}

// Break puts the assets of a path in error.
func (s *Sim) Break(path, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range s.assets {
		if a.Path == path {
			a.Status, a.StatusText = StatusError, text
		}
	}
}

// Remove takes the assets of a path away.
func (s *Sim) Remove(path string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.assets = slices.DeleteFunc(s.assets, func(a *Asset) bool { return a.Path == path })
}

// id gives out a number. The caller holds mu.
func (s *Sim) id() int {
	s.last++
	return s.last
}

// deviceOf is the device that a path lies on, or nil.
func (s *Sim) deviceOf(path string) *Device {
	for i, d := range s.opt.Devices {
		if strings.HasPrefix(path, d.Path) {
			return &s.opt.Devices[i]
		}
	}
	return nil
}

// project is one that is there. The caller holds mu.
func (s *Sim) project(id int) *Project {
	i := slices.IndexFunc(s.projects, func(p *Project) bool { return p.ID == id && !p.Deleted })
	if i < 0 {
		return nil
	}
	return s.projects[i]
}

// asset is one that is there, of that kind; "" means any. The caller holds mu.
func (s *Sim) asset(id int, kind string) *Asset {
	i := slices.IndexFunc(s.assets, func(a *Asset) bool { return a.ID == id && (kind == "" || a.Kind == kind) })
	if i < 0 {
		return nil
	}
	return s.assets[i]
}
