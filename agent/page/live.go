package page

import (
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/studio-agent/studio-agent/agent/overview"
)

const (
	lookEvery   = 500 * time.Millisecond // at the ledger, for news
	keepAlive   = 15 * time.Second       // a line, at least, so that both ends notice a dead connection
	writeWithin = 10 * time.Second       // one event; a page that takes longer is gone
	mostStreams = 64                     // open pages that are told of news
)

// news tells open pages that something may have changed.
type news struct {
	mu      sync.Mutex
	waiting chan struct{} // closed at the next news
	meter   overview.Meter
	speed   map[string]float64
}

// next returns a channel that is closed at the next news.
func (n *news) next() <-chan struct{} {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.waiting == nil {
		n.waiting = make(chan struct{})
	}
	return n.waiting
}

// tell wakes all who wait for news.
func (n *news) tell() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.waiting != nil {
		close(n.waiting)
		n.waiting = nil
	}
}

func (n *news) measure(live overview.Live) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.speed = n.meter.Measure(time.Now(), live)
}

func (n *news) speeds() map[string]float64 {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.speed
}

// watchNews looks for changes in the ledger: what happened to files, what people
// asked, and what the agent says of itself.
func (s *Server) watchNews(ctx context.Context) error {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	var last string
	for {
		stamp, err := s.Ledger.Stamp(ctx)
		if err == nil && stamp != last {
			if _, _, live, err := overview.Now(ctx, s.Ledger); err == nil {
				s.news.measure(live)
				s.news.tell()
				last = stamp
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// shape is another text when an open page must be loaded anew: another version
// serves it, or there are other benches or accounts.
func (s *Server) shape() string {
	h, cfg := fnv.New64a(), s.Config()
	fmt.Fprintln(h, s.Version, cfg.Name, slices.Sorted(maps.Keys(cfg.Accounts)), s.hasProjects())
	for _, b := range cfg.Benches {
		fmt.Fprintln(h, b.Name)
	}
	for _, f := range cfg.HotFolders() {
		fmt.Fprintln(h, f.Title())
	}
	return fmt.Sprintf("%x", h.Sum64())
}

// A look is a page rendered for the sake of its live blocks.
type look struct {
	blocks map[string]string
	err    error
	is     bool // a page was rendered
}

type lookKey struct{}

// nowhere is what the HTML of a look is written to.
type nowhere struct{ header http.Header }

func (n nowhere) Header() http.Header         { return n.header }
func (n nowhere) Write(b []byte) (int, error) { return len(b), nil }
func (n nowhere) WriteHeader(int)             {}

// look renders the page at an address of ours.
func (s *Server) look(ctx context.Context, path *url.URL) look {
	var found look
	r := &http.Request{Method: http.MethodGet, URL: path, RequestURI: path.String(), Header: http.Header{}, Body: http.NoBody}
	s.mux.ServeHTTP(nowhere{http.Header{}}, r.WithContext(context.WithValue(ctx, lookKey{}, &found)))
	return found
}

// events sends the live blocks of the page ?path=PATH as they change, until the
// browser leaves.
func (s *Server) events(w http.ResponseWriter, r *http.Request) {
	path, err := url.ParseRequestURI(r.URL.Query().Get("path"))
	if r.Context().Value(lookKey{}) != nil || err != nil || path.Host != "" {
		http.Error(w, "there is no such page", http.StatusBadRequest)
		return
	}
	select {
	case s.streams <- struct{}{}:
		defer func() { <-s.streams }()
	default:
		http.Error(w, "too many pages are open; this one is not kept up to date", http.StatusServiceUnavailable)
		return
	}
	out, sent, shape := http.NewResponseController(w), map[string]string{}, ""
	for {
		more, now := s.news.next(), s.look(r.Context(), path)
		if !now.is {
			http.Error(w, "there is no such page", http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "text/event-stream")
		w.Header().Set("Cache-Control", "no-store")
		out.SetWriteDeadline(time.Now().Add(writeWithin)) // where it cannot be set, TCP's own holds
		if is := s.shape(); is != shape {
			shape = is
			fmt.Fprintf(w, "retry: 2000\nevent: hello\ndata: %s\n\n", shape)
		}
		if send(w, now, sent) != nil || out.Flush() != nil {
			return
		}
		select {
		case <-r.Context().Done():
			return
		case <-more:
		case <-time.After(keepAlive):
		}
	}
}

// send writes the blocks that differ from what was sent before.
func send(w io.Writer, now look, sent map[string]string) error {
	if now.err != nil { // the ledger may be busy; more news come
		_, err := io.WriteString(w, ": not now\n\n")
		return err
	}
	changed := map[string]string{}
	for id, html := range now.blocks {
		if before, was := sent[id]; !was || before != html {
			changed[id], sent[id] = html, html
		}
	}
	text, err := json.Marshal(changed)
	if err == nil {
		_, err = fmt.Fprintf(w, "event: blocks\ndata: %s\n\n", text)
	}
	return err
}
