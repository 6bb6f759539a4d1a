package main

import (
	"context"
	"log/slog"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/studio-agent/studio-agent/agent/config"
	"github.com/studio-agent/studio-agent/sync/ledger"
	"github.com/studio-agent/studio-agent/watch"
	"github.com/studio-agent/studio-agent/watch/bundle"
)

// A projectWatch knows the edit projects in one folder: which there are, which of
// their media go, and what became of those that were there before. It lists
// nothing itself: the watcher of the folder tells it of each of its looks.
type projectWatch struct {
	config.HotFolder
	ledger *ledger.Ledger // nil: the agent has never run
	log    *slog.Logger
	link   watch.Skip // what of the media goes

	status func() watch.Status
	relook func(dir string) // has the watcher look at a folder again
	wake   func()           // has the account look what is to be registered
	news   chan struct{}    // 1-buffered

	turn    sync.Mutex // held while kept changes; guards what follows
	settler bundle.Settler
	digests map[string]digested // of project files, by name
	tasks   map[string]bool     // roots that are in the ledger as projects
	saved   string              // kept, as it is on disk

	mu      sync.Mutex               // guards what follows; held for moments only
	names   map[string][]watch.Name  // of each folder that was looked at
	there   map[string]bundle.Bundle // by Root, as last recognised
	counted map[string]bundle.Bundle // for the first sight of the folder
	kept    []keptProject
	places  map[string]keptProject // those of kept that are there, by Root
	loose   []bundle.Entry         // project files that lie in no folder of their own
	first   bool                   // nothing was ever kept
	stirred time.Time              // when media were last wanted anew: the watcher looks at them soon
	looked  bool                   // a whole look was made
	resting int                    // bundles that are still being written
}

// newProjectWatch reads what is kept of the folder.
func newProjectWatch(ctx context.Context, l *ledger.Ledger, f config.HotFolder, log *slog.Logger) (*projectWatch, error) {
	p := &projectWatch{
		HotFolder: f, ledger: l, log: log, link: watch.Skip{Include: f.Include, Exclude: f.Exclude},
		status: func() watch.Status { return watch.Status{} }, relook: func(string) {}, wake: func() {}, news: make(chan struct{}, 1),
		settler: bundle.Settler{Quiet: max(f.Rest, time.Millisecond)},
		digests: map[string]digested{}, tasks: map[string]bool{}, names: map[string][]watch.Name{}, first: true,
	}
	if l == nil {
		return p, nil
	}
	return p, p.load(ctx)
}

// seen takes over one look of the watcher, for watch.Folder.
func (p *projectWatch) seen(dir string, names []watch.Name) {
	p.mu.Lock()
	here := map[string]bool{}
	for _, n := range names {
		here[n.Base] = n.Dir
	}
	for _, old := range p.names[dir] {
		if old.Dir && !here[old.Base] {
			p.forget(path.Join(dir, old.Base))
		}
	}
	p.names[dir] = names
	p.mu.Unlock()
	p.ring()
}

// forget drops a folder with all below it. The caller holds mu.
func (p *projectWatch) forget(gone string) {
	for dir := range p.names {
		if dir == gone || strings.HasPrefix(dir, gone+"/") {
			delete(p.names, dir)
		}
	}
}

func (p *projectWatch) ring() {
	select {
	case p.news <- struct{}{}:
	default:
	}
}

const (
	projectPause = 200 * time.Millisecond // between two looks at most
	projectIdle  = time.Minute            // without news
	projectHeld  = 2 * time.Second        // while a person holds the folder
	// projectCalm is how many times as long as a look the pause after it is.
	projectCalm = 20
)

// Run looks at the projects whenever the watcher has seen something.
func (p *projectWatch) Run(ctx context.Context) error {
	timer := time.NewTimer(projectPause)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-timer.C:
		case <-p.news:
		}
		start := time.Now()
		next := p.look(ctx)
		if !sleepFor(ctx, max(projectPause, projectCalm*time.Since(start))) {
			return ctx.Err()
		}
		timer.Reset(next)
	}
}

func sleepFor(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

// look finds out what there is and what became of what there was, and says when to
// look again without news.
func (p *projectWatch) look(ctx context.Context) time.Duration {
	st := p.status()
	if st.Watching == "blind" || st.Scanned.IsZero() {
		return time.Second
	}
	p.turn.Lock()
	defer p.turn.Unlock()
	listing := p.listing()
	all, loose := bundle.Recognize(listing, bundle.Programs())
	rested := map[string]bool{}
	for _, b := range p.settler.Observe(time.Now(), all) {
		rested[b.Root] = true
	}
	s := &projectLook{projectWatch: p, all: all, rested: rested, unseen: unseen(st, listing)}
	resting, err := s.settle(ctx)
	if err != nil {
		if ctx.Err() == nil {
			p.log.Warn("The edit projects could not be noted; trying again", "error", err)
		}
		return projectHeld
	}
	held, err := p.register(ctx)
	if err != nil && ctx.Err() == nil {
		p.log.Warn("An edit project could not be entered; trying again", "error", err)
	}
	p.mu.Lock()
	p.loose, p.resting, p.looked = loose, resting, true
	p.mu.Unlock()
	switch {
	case resting > 0:
		return max(p.settler.Quiet/4, projectPause)
	case held || err != nil:
		return projectHeld
	}
	return projectIdle
}

// unseen are the folders that could not be looked at. A folder that is quite empty
// is believed no more than one that is away.
func unseen(st watch.Status, listing []bundle.Entry) (dirs []string) {
	if len(listing) == 0 {
		return []string{"."}
	}
	for _, w := range st.Waiting {
		if dir, ok := strings.CutSuffix(w.Name, "/"); ok {
			dirs = append(dirs, dir)
		}
	}
	return dirs
}

// listing is all that the watcher has seen.
func (p *projectWatch) listing() (all []bundle.Entry) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for dir, names := range p.names {
		for _, n := range names {
			all = append(all, bundle.Entry{Name: path.Join(dir, n.Base), Dir: n.Dir, Size: n.Size, ModTime: n.ModTime, ID: n.ID})
		}
	}
	return all
}
