// Package page is the agent's web page: benches for photographers, tasks and edit projects
// for the studio manager, files and accounts for IT, and the addresses that machines ask:
// health, metrics and webhooks.
//
// Pages are rendered by the server and work without JavaScript. With it, a page
// stays true by itself: what stands in a live block (see live.go) is sent again
// when it has changed. What a person asks for becomes a control in the ledger,
// as if it had been asked on the command line.
package page

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/studio-agent/studio-agent/agent/config"
	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

// A Server serves the page of one agent. Its fields stay as they are once Run is
// called; their functions may be called at any time, by several goroutines.
type Server struct {
	Ledger  *ledger.Ledger
	Version string
	// Config is the present configuration.
	Config func() *config.Config
	// Connector returns the connector of an account; the zero one if there is none.
	Connector func(account string) connectors.Connector
	// Wake has an account look for news now: its webhook was called.
	Wake func(account string)
	// Ask does what a person asks for and says what came of it, as a sentence. The
	// error says why it was not done.
	Ask func(ctx context.Context, verb string, args map[string]string) (string, error)
	// Preview returns a small JPEG of a job's file, the longer edge at most edge
	// pixels: of the local file on its way out or landed; else of what the vendor
	// or the platform has. The error says why there is none.
	Preview func(ctx context.Context, j ledger.Job, edge int) ([]byte, error)
	// Examine tries an account out, as doctor does.
	Examine func(ctx context.Context, account string, tell func(connectors.Finding)) error
	// Reconcile compares the disk of a bench with its remotes and writes what it
	// finds, as reconcile does. Nil: the page does not offer it.
	Reconcile func(ctx context.Context, bench string, out io.Writer) error
	// Login is what the page asks for before it shows anything; the zero Login
	// asks for nothing.
	Login Login
	Log   *slog.Logger

	news     news
	exams    exams
	tasks    taskPages
	sessions sessions
	hooks    hooks
	projects board

	build   sync.Once
	built   http.Handler
	mux     *http.ServeMux // of pages, behind the guard; complete once built
	streams chan struct{}  // a place for each open page
}

// Run serves l until ctx ends. Requests under way get a second to finish.
func (s *Server) Run(ctx context.Context, l net.Listener) error {
	server := &http.Server{
		Handler: s.handler(), ReadHeaderTimeout: 10 * time.Second, WriteTimeout: time.Minute, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
		BaseContext: func(net.Listener) context.Context { return ctx },
		ErrorLog:    slog.NewLogLogger(s.Log.Handler(), slog.LevelDebug),
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return s.watchNews(ctx) })
	group.Go(func() error { return s.projects.run(ctx, s.Connector, s.news.tell) })
	group.Go(func() error {
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
	group.Go(func() error {
		<-ctx.Done()
		late, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		if server.Shutdown(late) != nil {
			return server.Close()
		}
		return nil
	})
	err := group.Wait()
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// handler answers all that is asked of the page. It is built once.
func (s *Server) handler() http.Handler {
	s.build.Do(func() {
		s.mux, s.streams = http.NewServeMux(), make(chan struct{}, mostStreams)
		s.routes(s.mux)
		s.built = s.guarded(s.mux)
	})
	return s.built
}

func (s *Server) routes(mux *http.ServeMux) {
	mux.HandleFunc("GET /{$}", s.show("benches", s.benches))
	mux.HandleFunc("GET /accounts", s.show("accounts", s.accounts))
	mux.HandleFunc("POST /accounts/{account}/examine", s.examine)
	s.taskRoutes(mux)
	s.projectRoutes(mux)
	s.fileRoutes(mux)
	mux.HandleFunc("GET /events", s.events)
	mux.HandleFunc("POST /do/{verb}", s.do)
	mux.HandleFunc("GET /picture/{job}", s.picture)
	form, login := s.loginPages()
	mux.HandleFunc("GET /login", form)
	mux.HandleFunc("POST /login", login)
	mux.HandleFunc("POST /logout", s.logout)
	mux.HandleFunc("GET /healthz", s.health)
	mux.Handle("GET /metrics", s.metrics())
	mux.Handle("GET /static/", static())
}
