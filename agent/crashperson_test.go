package main

import (
	"context"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/studio-agent/studio-agent/sync/ledger"
)

// An errand is one thing that a person has asked of the agent, through the
// ledger, where it waits until an agent does it.
type errand struct {
	seq   int64
	verb  string
	names []string
}

// manage is what the person does at one look.
func (o *ordering) manage() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.ledger == nil {
		l, err := ledger.OpenForPeople(context.Background(), ledger.Options{Path: filepath.Join(o.in.dir, "state", "ledger.db")})
		if err != nil {
			return // not made yet
		}
		o.ledger = l
	}
	o.errands = slices.DeleteFunc(o.errands, o.answered)
	o.order()
	tasks, err := o.ledger.Tasks(context.Background(), "pixelz", false)
	if err != nil {
		o.t.Error(err)
	}
	for _, t := range tasks {
		o.see(t)
	}
}

// answered reports whether an errand is over, and notes what it has brought.
func (o *ordering) answered(e errand) bool {
	c, err := o.ledger.Control(context.Background(), e.seq)
	if err != nil {
		o.t.Error(err)
	}
	if err != nil || c.Taken.IsZero() {
		return false
	}
	if strings.HasPrefix(c.Answer, notDone) {
		return true // what can still be done is asked again
	}
	for _, name := range e.names {
		switch e.verb {
		case verbCreate, verbReorder:
			o.ordered[name]++
		case verbClose:
			o.closed[name] = true
		case verbReject:
			o.returned[name] = true
			o.sentBack++
		}
	}
	if e.verb == verbCreate {
		o.tasks++
	}
	return true
}

func (o *ordering) ask(verb string, names []string, args map[string]string) {
	args["names"] = strings.Join(names, "\n")
	seq, err := o.ledger.Ask(verb, args)
	if err != nil {
		o.t.Error(err)
		return
	}
	o.errands = append(o.errands, errand{seq, verb, names})
	if verb == verbReject {
		o.refused[names[0]]++
	}
}

// asked reports whether something is asked about a picture.
func (o *ordering) asked(name string) bool {
	return slices.ContainsFunc(o.errands, func(e errand) bool { return slices.Contains(e.names, name) })
}

// order creates a task of what was not ordered yet.
func (o *ordering) order() {
	var names []string
	for name := range o.chosen {
		if o.ordered[name] == 0 && !o.asked(name) {
			names = append(names, name)
		}
	}
	if len(names) > 0 {
		slices.Sort(names)
		o.ask(verbCreate, names, map[string]string{"account": "pixelz", "bench": "taken", "template": "Green BG"})
	}
}

// see deals with what a task shows.
func (o *ordering) see(t ledger.Task) {
	pictures, err := o.ledger.Pictures(context.Background(), t.ID, time.Now())
	if err != nil {
		o.t.Error(err)
	}
	var ready []string
	for _, p := range pictures {
		name := p.Out.Name
		switch {
		case o.asked(name):
		case p.State == ledger.ReadyToImport && !o.returned[name] && o.will.IntN(4) == 0:
			o.ask(verbReject, []string{name}, map[string]string{"task": t.ID, "retouch": p.In.ID, "comment": "once more"})
		case p.State == ledger.ReadyToImport:
			ready = append(ready, name)
		case p.State == ledger.Error && !p.HasIn:
			o.ask(verbRetry, []string{name}, map[string]string{"jobs": p.Out.ID})
		case p.State == ledger.Error && o.will.IntN(3) == 0:
			o.ask(verbClose, []string{name}, map[string]string{"task": t.ID})
		case p.State == ledger.Error:
			o.ask(verbReorder, []string{name}, map[string]string{"task": t.ID})
		}
	}
	if len(ready) > 0 {
		o.ask(verbImport, ready, map[string]string{"task": t.ID})
	}
}

// A trap kills the agent when a certain request is with the vendor.
type trap struct {
	rnd  *rand.Rand
	ops  []string                     // what it may wait for
	opOf func(r *http.Request) string // what the simulator calls a request
	mu   sync.Mutex                   // guards what follows
	kill func()
	op   string // empty: it is not set
	how  int    // 0: before the vendor hears of it; 1: the vendor does it, and nobody hears; 2: once it is answered
}

func (t *trap) set(kill func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kill = kill
}

func (t *trap) arm() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.op, t.how = t.ops[t.rnd.IntN(len(t.ops))], t.rnd.IntN(3)
}

func (t *trap) armed() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.op != ""
}

func (t *trap) disarm() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.op = ""
}

// springs reports whether a request is the one, and disarms the trap then.
func (t *trap) springs(r *http.Request) (how int, kill func(), ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.op == "" || t.op != t.opOf(r) {
		return 0, nil, false
	}
	t.op = ""
	return t.how, t.kill, true
}

// pixelzOp is what the simulator of Pixelz calls a request.
func pixelzOp(r *http.Request) string {
	for _, op := range []struct{ method, part, name string }{
		{"PUT", "/storage/in/", "upload"}, {"GET", "/storage/out/", "download"}, {"POST", "/RequestPresignUrls", "presign"}, {"PUT", "/Image/Reject/", "reject"},
		{"GET", "/Image/nonticket", "lookup"}, {"GET", "/Images", "images"}, {"GET", "/Image/", "image"}, {"POST", "/Image", "order"},
	} {
		if r.Method == op.method && strings.Contains(r.URL.Path, op.part) {
			return op.name
		}
	}
	return ""
}

// serve plays the vendor, with the trap before it.
func (o *ordering) serve() (url string) { return o.trap.serve(o.t, o.sim.Handler(), o.sim.Close) }

// serve has a simulator answer, unless the trap springs.
func (t *trap) serve(test *testing.T, sim http.Handler, stop func() error) (url string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		test.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		how, kill, ok := t.springs(r)
		switch {
		case !ok:
			sim.ServeHTTP(w, r)
		case how == 0:
			kill()
			panic(http.ErrAbortHandler)
		case how == 1:
			defer panic(http.ErrAbortHandler)
			defer kill()
			sim.ServeHTTP(httptest.NewRecorder(), r)
		default:
			sim.ServeHTTP(w, r)
			time.AfterFunc(2*time.Millisecond, kill) // the answer is on its way
		}
	})}
	ended := make(chan struct{})
	go func() { server.Serve(l); close(ended) }() // it ends with Close, and says so
	test.Cleanup(func() { server.Close(); stop(); <-ended })
	return "http://" + l.Addr().String()
}
