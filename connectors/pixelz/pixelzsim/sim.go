// Package pixelzsim plays Pixelz' Platform API: a server with state, written from
// what is public of it, with the storage that photos are uploaded to and finished
// pictures are fetched from. A customerImageId that comes twice makes two orders
// here, as is to be feared of the real platform, and both are counted.
package pixelzsim

import (
	"errors"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/studio-agent/studio-agent/connectors/faults"
)

// Base is the path below which the API is reached.
const Base = "/REST.svc/JSON"

// A Template is a kind of retouching that the account has.
type Template struct {
	ID      int
	Name    string
	Deleted bool
}

// Options are the variants to play. Email and Key must be given.
type Options struct {
	Email, Key string
	Templates  []Template // nil means "Green BG" (101) and "White BG" (102)

	NoPresign   bool     // the account has no storage to upload to
	Numeric     bool     // ErrorCode is a number, and not text
	PerPage     int      // orders on a page at most; 0 means 100
	LazyReject  bool     // a rejected order stays delivered until Begin
	SameAddress bool     // what was done anew has the address that the first had
	Extra       []string // extensions of more finished pictures for each order, such as ".psd"

	// Retouch makes the finished picture; nil means that a line of text is put
	// after the end, which leaves a picture a picture.
	Retouch func(original []byte) []byte
	// After is how long an order takes without anybody's doing, noticed by Advance
	// and by each question; 0 means that it waits for Produce.
	After time.Duration
	// FailEvery makes each nth order fail instead, where After is set; 0 means none.
	FailEvery int

	HTTP    *http.Client // fetches photos by their address and sends callbacks; nil means http.DefaultClient
	Faults  *faults.Plan
	OnEvent func(Event) // called for each request, with no lock held; may be nil
}

// An Event is one request that the server has answered or broken off.
type Event struct {
	At     time.Time
	Op     string // contact, templates, presign, upload, order, lookup, image, images, reject, delete or download, as in faults and Requests
	Status int    // 0 if the connection was broken off
	Order  Order  // of op order, if one was made
	Fault  faults.Fault
}

// A Sim is a running platform. Its methods may be used at any time.
type Sim struct {
	opt  Options
	http *http.Server
	mux  *http.ServeMux
	over chan struct{} // closed by Close

	mu        sync.Mutex
	orders    []*order
	places    map[string]*place // by number
	home      string            // scheme and host that it is asked under
	callbacks []Callback
	requests  map[string]int
	arrivals  []time.Time // of the last second
	busiest   int
}

// New returns a platform without orders.
func New(opt Options) *Sim {
	if opt.Templates == nil {
		opt.Templates = []Template{{ID: 101, Name: "Green BG"}, {ID: 102, Name: "White BG"}}
	}
	if opt.PerPage == 0 {
		opt.PerPage = 100
	}
	if opt.Retouch == nil {
		opt.Retouch = func(original []byte) []byte {
			return append(original[:len(original):len(original)], "\nretouched\n"...)
		}
	}
	if opt.HTTP == nil {
		opt.HTTP = http.DefaultClient
	}
	s := &Sim{opt: opt, mux: http.NewServeMux(), over: make(chan struct{}), places: map[string]*place{}, requests: map[string]int{}, home: "http://pixelz.invalid"}
	s.routes()
	s.http = &http.Server{Handler: s.mux, ReadHeaderTimeout: time.Minute}
	return s
}

func (s *Sim) routes() {
	s.handle("GET "+Base+"/Contact", "contact", s.contact)
	s.handle("GET "+Base+"/Templates", "templates", s.templates)
	s.handle("POST "+Base+"/RequestPresignUrls", "presign", s.presign)
	s.handle("POST "+Base+"/Image", "order", s.place)
	s.handle("GET "+Base+"/Image/nonticket", "lookup", s.lookUp)
	s.handle("GET "+Base+"/Image/{ticket}", "image", s.image)
	s.handle("GET "+Base+"/Images", "images", s.images)
	s.handle("PUT "+Base+"/Image/Reject/{ticket}", "reject", s.reject)
	s.handle("DELETE "+Base+"/Image/{ticket}", "delete", s.delete)
	s.mux.HandleFunc("PUT /storage/in/{number}/{name}", s.upload)
	s.mux.HandleFunc("GET /storage/in/{number}/{name}", s.original)
	s.mux.HandleFunc("GET /storage/out/{ticket}/{version}/{name}", s.download)
}

// Handler is the platform without a listener. The API is below Base.
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
