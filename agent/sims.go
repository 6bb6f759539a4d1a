package main

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/studio-agent/studio-agent/agent/config"
	"github.com/studio-agent/studio-agent/connectors/faults"
	"github.com/studio-agent/studio-agent/connectors/grandshooting/grandshootingsim"
)

// A remote stands in for the far side of one account. What it does not have is
// nil.
type remote struct {
	settings map[string]any // the account's keys that lead to it
	serve    func(ctx context.Context) error
	holds    func() ([]holding, error)
	learn    func(ref string) // puts a product in its catalogue
	outage   func(down bool)  // breaks every connection at once
	traffic  func() string    // a line on the requests that it got
	marks    bool             // it knows which photos are selected
	desk     *desk            // of a retoucher with folders
	orders   bool             // it is a retoucher from whom people order one by one
	tasks    *handout         // it hands out tasks
	edits    *editSuite       // it has edit projects
}

// gives reports whether it sends retouches back.
func (r remote) gives() bool { return r.orders || r.desk != nil && r.desk.get != "" }

// A holding is one content that a remote has, or once had, under one name.
type holding struct {
	name     string
	sha      string
	times    int      // how often it was stored
	current  bool     // no newer content has taken its place
	selected bool     // a person sees it chosen for retouching
	benches  []string // for whose photos this is the right place
}

// A scene is what a simulator gets to know.
type scene struct {
	account config.Account
	benches []config.Bench  // those that send to it or import from it
	mirrors []config.Mirror // of it, as the agent will have them
	dir     string          // a folder of its own, not made yet
	plan    *faults.Plan
	saw     func(sighting) // called for each photo that arrives and each trouble
	// returned is called for each retouch that is ready where no folder shows it,
	// with the digests of the photo and of the retouch.
	returned func(original, retouched string)
	attended bool // people see to what fails
	watched  bool // people look on: nothing need hurry
}

// files is what a simulated server shows.
func (s scene) files() string { return filepath.Join(s.dir, "files") }

// A sighting is something that a remote has seen.
type sighting struct {
	account string
	at      time.Time
	sha     string // of a photo that arrived; empty if none did
	name    string // of it, there
	where   string // such as: picture 1012
	fault   faults.Fault
	op      string // what the fault has struck
}

// simulators stand in for each type of account.
func simulators() map[string]func(scene) (remote, error) {
	return map[string]func(scene) (remote, error){
		"creativeforce": playCreativeForce,
		"medialoopster": playMedialoopster,
		"grandshooting": playGrandShooting,
		"folder":        playFolder,
		"ftp":           playFTP,
		"sftp":          playSFTP,
		"pixelz":        playPixelz,
	}
}

const (
	demoVariable = "STUDIO_AGENT_DEMO_TOKEN"
	demoToken    = "token-of-the-demo"
)

// playGrandShooting serves a platform on loopback that knows the productions of
// the benches. It allows 5 requests a second, as the real one does.
func playGrandShooting(s scene) (remote, error) {
	var opt struct {
		Scheme string    `yaml:"scheme"`
		Rest   yaml.Node `yaml:",inline"`
	}
	if err := s.account.Decode(&opt); err != nil {
		return remote{}, err
	}
	sim := grandshootingsim.New(grandshootingsim.Options{
		Token: demoToken, Scheme: opt.Scheme, Faults: s.plan, OnEvent: func(e grandshootingsim.Event) { sawGrandShooting(s, e) },
	})
	places, err := produce(sim, s.benches)
	if err != nil {
		return remote{}, err
	}
	p, err := openPort()
	if err != nil {
		return remote{}, err
	}
	return remote{
		settings: map[string]any{"url": "http://" + p.address() + "/v2", "token": "env:" + demoVariable},
		serve: func(ctx context.Context) error {
			server := &http.Server{Handler: sim.Handler(), ReadHeaderTimeout: time.Minute}
			return p.during(ctx, func() error { return server.Serve(p) }, func() { sim.Close(); server.Close() })
		},
		holds:  func() ([]holding, error) { return picturesOf(sim, places), nil },
		learn:  func(ref string) { sim.AddReference(ref, "") },
		outage: p.outage,
		traffic: func() string {
			return fmt.Sprintf("%s allows 5 requests a second: %s came, at most %d in a second, and %d got 429 for coming too fast",
				s.account.Name, count(sim.Requests(""), "request"), sim.Busiest(), sim.TooMany())
		},
		marks: true,
	}, nil
}

// sawGrandShooting tells of pictures that arrived, and of trouble.
func sawGrandShooting(s scene, e grandshootingsim.Event) {
	sight := sighting{account: s.account.Name, at: e.At, op: e.Op, fault: e.Fault}
	if e.Op == "upload" && e.Picture.SHA256 != "" {
		sight.sha, sight.name = e.Picture.SHA256, e.Picture.Sent
		sight.where = fmt.Sprintf("picture %d", e.Picture.ID)
		if e.Picture.Version > 1 {
			sight.where += fmt.Sprintf(", version %d", e.Picture.Version)
		}
	}
	if sight.sha != "" || !sight.fault.Zero() {
		s.saw(sight)
	}
}

// produce makes the productions that the benches name. places says which benches
// of agent.yaml belong to a bench of the platform.
func produce(sim *grandshootingsim.Sim, benches []config.Bench) (places map[int][]string, _ error) {
	steps := []int{10, 20, 30, 40}
	made := map[string][]grandshootingsim.Bench{}
	places = map[int][]string{}
	for _, b := range benches {
		var opt struct {
			Production any `yaml:"production"`
			Step       int `yaml:"step" default:"10"`
		}
		if err := b.Decode(&opt); err != nil {
			return nil, err
		}
		name := fmt.Sprint(opt.Production)
		if made[name] == nil {
			made[name] = sim.AddProduction(name, steps...)
		}
		for _, there := range made[name] {
			if there.Step == opt.Step {
				places[there.ID] = append(places[there.ID], b.Name)
			}
		}
	}
	return places, nil
}

func picturesOf(sim *grandshootingsim.Sim, places map[int][]string) []holding {
	const selected = 30 // picturestatus
	now := map[grandshootingsim.StoreKey]grandshootingsim.Picture{}
	for _, p := range sim.Pictures() {
		now[grandshootingsim.StoreKey{Bench: p.Bench, Path: p.Sent, SHA256: p.SHA256}] = p
	}
	var all []holding
	for key, times := range sim.Stored() {
		p, current := now[key]
		all = append(all, holding{
			name: key.Path, sha: key.SHA256, times: times, current: current,
			selected: current && p.Status == selected, benches: places[key.Bench],
		})
	}
	return all
}

// playFolder puts an empty folder in the place of the real ones.
func playFolder(s scene) (remote, error) {
	var opt struct {
		Folders `yaml:",inline"`
		Rest    yaml.Node `yaml:",inline"`
	}
	if err := s.account.Decode(&opt); err != nil {
		return remote{}, err
	}
	settings := map[string]any{}
	for key, folder := range map[string]*string{"put": &opt.Put, "get": &opt.Get} {
		if *folder != "" {
			*folder = filepath.Join(s.files(), key)
			settings[key] = *folder
		}
	}
	d, err := newDesk(s, opt.Folders, func(folder string) string {
		if folder == "" {
			return ""
		}
		below, _ := filepath.Rel(s.files(), folder) // both are absolute
		return filepath.ToSlash(below)
	})
	if err != nil {
		return remote{}, err
	}
	return remote{settings: settings, holds: d.holds, desk: d}, nil
}
