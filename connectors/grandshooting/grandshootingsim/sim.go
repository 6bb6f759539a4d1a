// Package grandshootingsim plays Grand Shooting's API v2: a server with state,
// written from grand-shooting-api.txt, with the variants that the document
// leaves open as options. It counts a picture that is stored twice even where
// the real platform would forgive it.
package grandshootingsim

import (
	"crypto/sha256"
	"errors"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/studio-agent/studio-agent/connectors/faults"
)

// A NameFilter says what a picture list does with a repeated smalltext.
type NameFilter int

const (
	AnyName  NameFilter = iota // a row may have any of the names (public for v3)
	LastName                   // only the last one counts
	NoName                     // the filter is ignored
)

// Options are the variants to play. The zero value, with a Token, is the
// platform as documented, where it is documented.
type Options struct {
	Token  string
	Scheme string  // of the Authorization header; "" means Bearer
	Rate   float64 // requests in a second; 0 means 5, negative means no limit
	// ExactWindow counts whole seconds. Otherwise 0.95 s are counted, because
	// sockets bunch what was sent evenly.
	ExactWindow bool

	OpaqueHash      bool          // hash is not SHA-1 of the file
	Smalltext       NameFilter    // what a repeated smalltext means
	RewriteNames    bool          // paths get a UUID folder, and _N becomes -N
	AsyncIngest     time.Duration // pictures sent with wait=false are listed that much later
	NoKeyPaging     bool          // sort_by and "gt:" are not understood
	NewVersionIDs   bool          // a new version of a path is a new picture, else the same
	NameIDs         bool          // an upload's reply names the picture, else it is "OK"
	ExportIsRunning bool          // startexport answers 102 and nothing more
	// Placeholder puts the original's bytes on the edit bench when a picture is
	// sent to edit, listed that much later; 0 puts nothing there.
	Placeholder   time.Duration
	Specification any    // what "Get specifications" answers; nil means an example
	DownloadFrom  string // another host, such as https://cdn.example, that downloads are redirected to
	ThumbnailFrom string // another host that thumbnails lie on; "" means this one
	PublicFrom    string // another host that public addresses begin with; "" means this one
	NoPublicURL   bool   // v2 has no publicurl
	PublicAsText  bool   // publicurl answers the address alone, else an object with url

	Keep bool   // keep the content of pictures, for download
	Dir  string // where to keep it; "" means in memory

	Faults  *faults.Plan
	OnEvent func(Event) // called for each request, with no lock held; may be nil
}

// An Event is one request that the server has answered or broken off.
type Event struct {
	At      time.Time
	Op      string // "upload", "list", "status", …, as in faults and Requests
	Status  int    // 0 if the connection was broken off
	Picture Picture
	Fault   faults.Fault
}

// A Sim is a running platform. Its methods may be used at any time.
type Sim struct {
	opt  Options
	http *http.Server
	mux  *http.ServeMux
	over chan struct{} // closed by Close

	mu          sync.Mutex
	nextID      int
	productions []*production
	pictures    map[int]*picture
	order       []int         // the pictures' ids, ascending
	places      map[place]int // the picture at a path
	stored      map[StoreKey]int
	duplicates  []Picture
	references  []Reference
	looks       []map[string]any
	stock       []map[string]any
	webhooks    map[int]map[string]any
	orders      []EditOrder
	changes     []StatusChange
	exports     map[int]int // started, by production
	home        string      // the host that was last asked, by a request with a login
	public      map[string]publicAddress
	traffic     traffic
}

// New returns a platform with no production in it.
func New(opt Options) *Sim {
	if opt.Scheme == "" {
		opt.Scheme = "Bearer"
	}
	if opt.Rate == 0 {
		opt.Rate = 5
	}
	s := &Sim{
		opt:      opt,
		mux:      http.NewServeMux(),
		over:     make(chan struct{}),
		nextID:   1000,
		pictures: map[int]*picture{},
		places:   map[place]int{},
		stored:   map[StoreKey]int{},
		webhooks: map[int]map[string]any{},
		exports:  map[int]int{},
		public:   map[string]publicAddress{},
		traffic:  traffic{requests: map[string]int{}},
	}
	s.routes()
	s.http = &http.Server{Handler: s.mux, ReadHeaderTimeout: time.Minute}
	return s
}

// Handler is the platform without a listener. Its paths begin with /v2.
func (s *Sim) Handler() http.Handler { return s.mux }

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

// Pipe is faults.Pipe.
func Pipe() (net.Listener, *http.Client) { return faults.Pipe() }

func (s *Sim) id() int {
	s.nextID++
	return s.nextID
}

func digestOf(text string) [sha256.Size]byte { return sha256.Sum256([]byte(text)) }
