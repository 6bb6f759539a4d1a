// Package creativeforcesim plays the Gateway API of Creative Force as its External
// Post guide describes it, with the bodies that facts assume: a server with state,
// e-commerce and editorial, that counts what is submitted for each task and round.
package creativeforcesim

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/studio-agent/studio-agent/connectors/faults"
)

// Options are the variants to play. The zero value, with the login, is the
// platform as documented, where it is documented.
type Options struct {
	ClientID, ClientSecret string
	Vendor                 string // the only postProductionVendorId that has tasks
	WebhookSecret          string // Base64

	Rate         float64       // requests in a second; 0 means 20, negative means no limit
	TokenLife    time.Duration // 0 means an hour
	UploadLife   time.Duration // of a presigned address; 0 means 15 min
	DownloadLife time.Duration // 0 means 12 h
	Lag          time.Duration // between an upload and its being known to a submission
	Settle       time.Duration // until a submission shows in the status of its task
	ListPath     string        // "expost" if empty
	SubmitPath   string        // "export" if empty
	StorageFrom  string        // another host, such as http://storage.example, for files; "" means this one
	PascalCase   bool          // keys of replies
	RejectedWord bool          // a rejected task has the status Rejected, else To Do with isRejected
	HideTemp     bool          // temporary assets are not told of
	HideURLs     bool          // assets have no address, only files have
	QuietReview  bool          // the list has no tasks in review
	Gone         bool          // a cancelled task is not there any more
	SilentSubmit bool          // a submission is answered with an empty 200
	PageSize     int           // the most that a page has; 0 means 100

	Faults  *faults.Plan
	OnEvent func(Event) // called for each request, with no lock held; may be nil
}

// An Event is one request that the server has answered or broken off.
type Event struct {
	At     time.Time
	Op     string // "token", "list", "task", "put", "submit", …, as in faults and Requests
	Status int    // 0 if the connection was broken off
	Task   string // its id, where it is in the path
	File   File   // that was put
	Fault  faults.Fault
}

// A Sim is a running platform. Its methods may be used at any time.
type Sim struct {
	opt  Options
	http *http.Server
	mux  *http.ServeMux
	over chan struct{} // closed by Close
	bell chan struct{} // 1-buffered: there is a webhook to send

	mu          sync.Mutex
	tasks       []*task
	specs       map[string]Spec
	names       map[string]string // of jobs, products, projects, deliverables, by id
	ids         map[string]string // of the same, by kind and name
	files       map[string]*file
	assets      map[string]string // file by asset
	temps       map[string]*temp
	tempOrder   []string
	tokens      map[string]time.Time // until when
	revoked     bool                 // the next token is refused
	submissions []Submission
	doubles     []Submission
	outbox      []webhook
	traffic     traffic
}

// New returns a platform with no task in it.
func New(opt Options) *Sim {
	if opt.Rate == 0 {
		opt.Rate = 20
	}
	or(&opt.TokenLife, time.Hour)
	or(&opt.UploadLife, 15*time.Minute)
	or(&opt.DownloadLife, 12*time.Hour)
	or(&opt.ListPath, "expost")
	or(&opt.SubmitPath, "export")
	or(&opt.PageSize, 100)
	s := &Sim{
		opt: opt, mux: http.NewServeMux(), over: make(chan struct{}), bell: make(chan struct{}, 1),
		specs: map[string]Spec{}, names: map[string]string{}, ids: map[string]string{}, files: map[string]*file{},
		assets: map[string]string{}, temps: map[string]*temp{}, tokens: map[string]time.Time{},
		traffic: traffic{requests: map[string]int{}},
	}
	s.routes()
	s.http = &http.Server{Handler: s.mux, ReadHeaderTimeout: time.Minute}
	return s
}

func or[T comparable](v *T, otherwise T) {
	var zero T
	if *v == zero {
		*v = otherwise
	}
}

// Handler is the platform without a listener: the API below /v1, tokens at
// /connect/token.
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

// guid is a new one.
func guid() string {
	var b [16]byte
	rand.Read(b[:]) // never fails
	h := hex.EncodeToString(b[:])
	return fmt.Sprintf("%s-%s-%s-%s-%s", h[:8], h[8:12], h[12:16], h[16:20], h[20:])
}
