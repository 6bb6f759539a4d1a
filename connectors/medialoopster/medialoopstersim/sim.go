// Package medialoopstersim plays medialoopster's web API, version 1: a server with
// state, written from medialoopster-projectassets.txt and, for what is not in
// there, from facts.md, section 5. A bundle_root that comes twice makes two
// projects here, and a file that is imported twice two assets, as is to be feared
// of the real one; both are counted.
package medialoopstersim

import (
	"errors"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/studio-agent/studio-agent/connectors/faults"
)

// Base is the path below which the API is reached.
const Base = "/api"

// Options are the variants to play. Token, or User and Password, must be given.
type Options struct {
	Token, User, Password string
	Productions           []Production // nil means "Campaign" (1) and "Archive" (2)
	Devices               []Device     // nil means "Projects" (5) at /srv/projects/

	// Exists says whether a file is there, as medialoopster sees it; nil means that
	// every file on a device is.
	Exists func(path string) bool
	// ProjectFile finds the project file of a bundle; nil means none.
	ProjectFile func(bundleRoot string) string
	// FailCopy says which copies fail half way, by their name; nil means none.
	FailCopy func(name string) bool

	// Step is how long a step of a copy takes (there are six), or an import, or a
	// deletion. It is noticed at each request. 0 means that imports end at once,
	// and that copies and deletions wait for Advance.
	Step time.Duration
	// SlowImports has imports wait for Step or Advance like the rest.
	SlowImports bool

	PerPage      int  // entries on a page at most; 0 means as many as are asked for
	NoTotal      bool // no X-Total-Count
	IgnoreFilter bool // lists are not filtered
	IgnoreOffset bool // each page is the first

	Faults  *faults.Plan
	OnEvent func(Event) // called for each request before it is answered, with no lock held; may be nil
}

// An Event is one request that the server answers or breaks off.
type Event struct {
	At time.Time
	// Op is ping, productions, devices, projects, project, create, copy, addasset,
	// delete, import, logs, log or assets, as in faults and Requests.
	Op      string
	Status  int     // 0 if the connection was broken off
	Project Project // that was created, copied, linked with or deleted; zero for none
	Path    string  // of the file that was imported; empty for none
	Fault   faults.Fault
}

// A Sim is a running server. Its methods may be used at any time.
type Sim struct {
	opt  Options
	http *http.Server
	mux  *http.ServeMux
	over chan struct{} // closed by Close

	mu       sync.Mutex
	projects []*Project
	assets   []*Asset
	logs     []*importLog
	work     []*work
	last     int // ID that was given out
	requests map[string]int
	redirect redirect
}

// A redirect is what all that is to do something is answered with.
type redirect struct {
	status   int
	location string
}

// New returns a server without projects and assets.
func New(opt Options) *Sim {
	if opt.Productions == nil {
		opt.Productions = []Production{{1, "Campaign", "/srv/projects/"}, {2, "Archive", "/srv/archive/"}}
	}
	if opt.Devices == nil {
		opt.Devices = []Device{{5, "Projects", "/srv/projects/"}}
	}
	if opt.Exists == nil {
		opt.Exists = func(string) bool { return true }
	}
	if opt.ProjectFile == nil {
		opt.ProjectFile = func(string) string { return "" }
	}
	if opt.FailCopy == nil {
		opt.FailCopy = func(string) bool { return false }
	}
	s := &Sim{opt: opt, mux: http.NewServeMux(), over: make(chan struct{}), requests: map[string]int{}}
	s.routes()
	s.http = &http.Server{Handler: s.Handler(), ReadHeaderTimeout: time.Minute}
	return s
}

func (s *Sim) routes() {
	s.handle("GET "+Base+"/ping/{$}", "ping", s.ping)
	s.handle("GET "+Base+"/productions/{$}", "productions", s.listProductions)
	s.handle("GET "+Base+"/productions/{id}/{$}", "productions", s.oneProduction)
	s.handle("GET "+Base+"/devices/{$}", "devices", s.listDevices)
	s.handle("GET "+Base+"/projectassets/{$}", "projects", s.listProjects)
	s.handle("GET "+Base+"/projectassets/{id}/{$}", "project", s.oneProject)
	s.handle("POST "+Base+"/projectassets/{$}", "create", s.create)
	s.handle("POST "+Base+"/projectassets/{id}/addasset/{$}", "addasset", s.addAssets)
	s.handle("DELETE "+Base+"/projectassets/{id}/{$}", "delete", s.delete)
	s.handle("POST "+Base+"/asset/import/{$}", "import", s.importAsset)
	s.handle("GET "+Base+"/importlogs/{$}", "logs", s.listLogs)
	s.handle("GET "+Base+"/importlogs/{id}/{$}", "log", s.oneLog)
	for _, kind := range kinds {
		s.handle("GET "+Base+"/"+kind+"assets/{$}", "assets", s.listAssets(kind))
	}
	s.mux.HandleFunc(Base+"/", func(w http.ResponseWriter, _ *http.Request) { write(w, http.StatusNotFound, detail("Not found.")) })
}

// Handler is the server without a listener. The API is below Base. What lacks the
// slash at its end is sent there (301, unverified), which turns most clients' POST
// into a GET.
func (s *Sim) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, "/") {
			http.Redirect(w, r, r.URL.Path+"/", http.StatusMovedPermanently)
			return
		}
		s.mux.ServeHTTP(w, r)
	})
}

// Serve answers on l until Close.
func (s *Sim) Serve(l net.Listener) error {
	err := s.http.Serve(l)
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// Close breaks off all connections. A Sim cannot be used again.
func (s *Sim) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-s.over:
	default:
		close(s.over)
	}
	return s.http.Close()
}
