package main

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"sync"

	"github.com/studio-agent/studio-agent/agent/config"
	"github.com/studio-agent/studio-agent/connectors/layout"
)

// A desk is what a retoucher has behind its server: the folders that the server
// shows, on this machine's disk. Its methods may be called from several
// goroutines.
type desk struct {
	root    string // what the server shows
	put     string // where photos are delivered, below root; empty for nowhere
	get     string // where retouches are expected, below root; empty for nowhere
	byBench bool   // in put and get, each bench has a folder
	benches []string
	mirrors []deskMirror

	mu     sync.Mutex // guards what follows
	stored map[deskFile]int
	latest map[string]string // content by name
	fresh  []deskFile        // nobody has looked at it yet
}

// A deskFile is one content under one name below the desk's root.
type deskFile struct{ name, sha string }

// A deskMirror is a mirrored folder of agent.yaml at its remote end.
type deskMirror struct {
	config.Mirror
	at string // below root
}

func (m deskMirror) title() string {
	return config.HotFolder{Role: config.MirrorRole, Remote: m.Remote, Folder: config.Folder{To: []string{m.Account}}}.Title()
}

// Folders are the keys of an account that is a folder somewhere.
type Folders struct {
	Put    string `yaml:"put"`
	Get    string `yaml:"get"`
	Layout string `yaml:"layout"`
}

// newDesk makes the folders that the account and its mirrors name. served says
// where a folder of agent.yaml lies below what the server shows.
func newDesk(s scene, f Folders, served func(string) string) (*desk, error) {
	d := &desk{
		root: s.files(), put: served(f.Put), get: served(f.Get), byBench: f.Layout == "bench",
		stored: map[deskFile]int{}, latest: map[string]string{},
	}
	for _, b := range s.benches {
		d.benches = append(d.benches, b.Name)
	}
	all := []string{d.put, d.get}
	for _, m := range s.mirrors {
		d.mirrors = append(d.mirrors, deskMirror{m, served(m.Remote)})
		all = append(all, served(m.Remote), served(m.Rejected))
	}
	for _, name := range all {
		if err := os.MkdirAll(d.path(name), 0o755); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// atHome is a folder of a server, "." for all that it shows: who logs in is at
// home there. Empty stays empty.
func atHome(folder string) string {
	if folder == "" {
		return ""
	}
	return path.Join(".", path.Clean("/"+folder))
}

// under is name as seen from dir; ok is false if it does not lie there.
func under(dir, name string) (rest string, ok bool) {
	if dir == "." {
		return name, true
	}
	rest, ok = strings.CutPrefix(name, dir+"/")
	return rest, ok && dir != ""
}

func (d *desk) path(name string) string { return filepath.Join(d.root, filepath.FromSlash(name)) }

// arrived notes a file that has its final name now. If that is not certain, it
// may be one that was noted before.
func (d *desk) arrived(name string, certain bool) (f deskFile, ok bool) {
	content, err := os.ReadFile(d.path(name))
	if _, _, ours := d.place(name); err != nil || !ours {
		return deskFile{}, false
	}
	f = deskFile{name, digestOf(content)}
	d.mu.Lock()
	defer d.mu.Unlock()
	if !certain && d.stored[f] > 0 {
		return f, false
	}
	d.stored[f]++
	d.latest[name] = f.sha
	d.fresh = append(d.fresh, f)
	return f, true
}

// take returns what has arrived since it was called last.
func (d *desk) take() []deskFile {
	d.mu.Lock()
	defer d.mu.Unlock()
	all := d.fresh
	d.fresh = nil
	return all
}

// sight is what a remote says of a photo that arrived.
func (d *desk) sight(s sighting, f deskFile) sighting {
	s.sha, s.where = f.sha, "in its folder "+path.Join("/", path.Dir(f.name))
	below, benches, _ := d.place(f.name)
	if s.name = below; d.byBench && len(benches) == 1 {
		s.name = strings.TrimPrefix(below, benches[0]+"/")
	}
	return s
}

// place is where a name belongs that photos are delivered to: as seen from the
// folder of agent.yaml, and for which benches that folder is. ok is false for
// all others.
func (d *desk) place(name string) (below string, benches []string, ok bool) {
	if _, back := under(d.get, name); back || layout.Unfinished(path.Base(name)) || manifest.MatchString(name) {
		return "", nil, false
	}
	for _, m := range d.mirrors {
		if below, ok := under(m.at, name); ok {
			return below, []string{m.title()}, m.Direction == config.Put
		}
	}
	below, ok = under(d.put, name)
	if bench, _, deeper := strings.Cut(below, "/"); d.byBench && deeper {
		return below, []string{bench}, ok
	}
	return below, d.benches, ok
}

// puts are the folders that the photos of a bench are delivered into; empty
// stands for mirrors.
func (d *desk) puts(bench string) (all []string) {
	if bench != "" {
		return []string{d.put}
	}
	for _, m := range d.mirrors {
		if m.Direction == config.Put {
			all = append(all, m.at)
		}
	}
	return all
}

// manifest is what lists of a task's photos are called.
var manifest = regexp.MustCompile(`(^|/)TASK-[0-9a-f]{8}\.csv$`)

// holds are all photos that were delivered, also those that somebody has taken
// away since, and whatever else lies there.
func (d *desk) holds() ([]holding, error) {
	onDisk, err := filesIn(d.root)
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	times := map[deskFile]int{}
	for f, n := range d.stored {
		times[f] = n
	}
	current := map[deskFile]bool{}
	for name, sha := range d.latest {
		current[deskFile{name, sha}] = true
	}
	for _, f := range onDisk {
		there := deskFile(f)
		times[there], current[there] = max(1, times[there]), true
	}
	var all []holding
	for f, n := range times {
		if below, benches, ok := d.place(f.name); ok {
			all = append(all, holding{name: below, sha: f.sha, times: n, current: current[f], benches: benches})
		}
	}
	return all, nil
}

// remove takes a file away, as retouchers do that empty their folder.
func (d *desk) remove(name string) error {
	away := filepath.Join(filepath.Dir(d.root), "taken", filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(away), 0o755); err != nil {
		return err
	}
	if err := os.Rename(d.path(name), away); err != nil {
		return fmt.Errorf("the retoucher cannot take %s: %w", name, err)
	}
	return nil
}
