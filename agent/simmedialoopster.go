package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/studio-agent/studio-agent/agent/config"
	"github.com/studio-agent/studio-agent/connectors/medialoopster/medialoopstersim"
	"github.com/studio-agent/studio-agent/watch/bundle"
)

const (
	// serverRoot is how the simulated medialoopster sees the demo's folder.
	serverRoot = "/srv/projects/"
	// simStep is how long it takes for an import, and for each of the six steps of a
	// copy.
	simStep = 500 * time.Millisecond
	// failingCopy stands in the name of copies that fail half way.
	failingCopy = "broken"
)

// An editSuite is a simulated medialoopster that sees the demo's folder as its
// storage.
type editSuite struct {
	scene
	sim  *medialoopstersim.Sim
	root string // the demo's folder
}

// playMedialoopster serves medialoopster on loopback, with the productions that the
// benches name.
func playMedialoopster(s scene) (remote, error) {
	var opt struct {
		Rest yaml.Node `yaml:",inline"`
	}
	if err := s.account.Decode(&opt); err != nil {
		return remote{}, err
	}
	suite := &editSuite{scene: s, root: filepath.Dir(filepath.Dir(s.dir))}
	suite.sim = medialoopstersim.New(medialoopstersim.Options{
		Token: demoToken, Productions: productionsOf(s.benches), Step: simStep, SlowImports: true,
		Exists:      func(path string) bool { _, err := os.Stat(suite.local(path)); return err == nil },
		ProjectFile: suite.projectFile,
		FailCopy:    func(name string) bool { return strings.Contains(name, failingCopy) },
		Faults:      s.plan, OnEvent: suite.sawEvent,
	})
	p, err := openPort()
	if err != nil {
		return remote{}, err
	}
	return remote{
		settings: map[string]any{
			"url": "http://" + p.address() + medialoopstersim.Base, "token": "env:" + demoVariable, "user": "", "password": "",
			"paths": map[string]any{suite.root: serverRoot}, "rate": 100, // in earnest 10: the demo must end in time
		},
		serve: func(ctx context.Context) error {
			return p.during(ctx, func() error { return suite.sim.Serve(p) }, func() { suite.sim.Close() })
		},
		holds: suite.holds, outage: p.outage, edits: suite,
		traffic: func() string {
			return suite.sum()
		},
	}, nil
}

// sum counts what is there.
func (s *editSuite) sum() string {
	registered, copied, failed := 0, 0, 0
	for _, p := range s.sim.Projects() {
		switch {
		case p.CopyOf == 0:
			registered++
		case p.Status == medialoopstersim.StatusError:
			failed++
		default:
			copied++
		}
	}
	return fmt.Sprintf("%s has %s and %s, %d of them twice, %d copied and %d copies failed, in %s", s.account.Name,
		count(registered, "project"), count(len(s.sim.Assets()), "asset"), len(s.sim.CreatedTwice()), copied, failed, count(s.sim.Requests(""), "request"))
}

// productionsOf are those that benches name, by number or by name.
func productionsOf(benches []config.Bench) (all []medialoopstersim.Production) {
	for i, b := range benches {
		if b.Projects == nil {
			continue
		}
		p := medialoopstersim.Production{ID: 100 + i, Name: fmt.Sprint(b.Projects.Production), StorageRoot: serverRoot}
		if id, number := b.Projects.Production.(int); number {
			p.ID, p.Name = id, fmt.Sprintf("Production %d", id)
		}
		if !slices.ContainsFunc(all, func(other medialoopstersim.Production) bool { return other.ID == p.ID || other.Name == p.Name }) {
			all = append(all, p)
		}
	}
	return all
}

// local is where a path of the server lies on this machine.
func (s *editSuite) local(path string) string {
	return filepath.Join(s.root, filepath.FromSlash(strings.TrimPrefix(path, serverRoot)))
}

// projectFile finds the project file of a bundle.
func (s *editSuite) projectFile(bundleRoot string) string {
	var listing []bundle.Entry
	root := s.local(bundleRoot)
	filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error { // what is not there has none
		if name, relErr := filepath.Rel(filepath.Dir(root), path); err == nil && relErr == nil {
			listing = append(listing, bundle.Entry{Name: filepath.ToSlash(name), Dir: d.IsDir()})
		}
		return nil
	})
	found, _ := bundle.Recognize(listing, bundle.Programs())
	if len(found) != 1 {
		return ""
	}
	return bundleRoot + strings.TrimPrefix(found[0].Project.Name, found[0].Root+"/")
}

// sha is the digest of a file as the server sees it; empty if it is not there.
func (s *editSuite) sha(path string) string {
	content, err := os.ReadFile(s.local(path))
	if path == "" || err != nil {
		return ""
	}
	return digestOf(content)
}

// sawEvent tells of media that are imported, of projects that are created, and of
// trouble.
func (s *editSuite) sawEvent(e medialoopstersim.Event) {
	sight := sighting{account: s.account.Name, at: e.At, op: e.Op, fault: e.Fault}
	switch {
	case e.Op == "import" && e.Path != "":
		sight.sha, sight.name, sight.where = s.sha(e.Path), e.Path, "imported"
	case e.Op == "create" && e.Project.ID != 0 && e.Project.CopyOf == 0:
		file := s.projectFile(e.Project.BundleRoot)
		sight.sha, sight.name, sight.where = s.sha(file), file, fmt.Sprintf("project %d", e.Project.ID)
	}
	if sight.sha != "" || !sight.fault.Zero() {
		s.saw(sight)
	}
}

// holds are the media that are linked with the project of their bundle, and the
// project files of the projects. A medium that is not linked is not there.
func (s *editSuite) holds() ([]holding, error) {
	times := map[string]int{} // by path
	linked := map[int]bool{}
	for _, p := range s.sim.Projects() {
		if p.Deleted || p.CopyOf != 0 {
			continue
		}
		times[s.projectFile(p.BundleRoot)]++
		for _, id := range p.Linked {
			linked[id] = true
		}
	}
	for _, a := range s.sim.Assets() {
		if linked[a.ID] && !a.Moved {
			times[a.Path]++
		}
	}
	var all []holding
	for _, path := range sortedKeys(times) {
		all = append(all, holding{name: path, sha: s.sha(path), times: times[path], current: true, benches: s.benchesOf(path)})
	}
	return all, nil
}

// benchesOf are the benches in whose folder of projects a path lies.
func (s *editSuite) benchesOf(path string) (names []string) {
	for _, b := range s.benches {
		if b.Projects != nil && strings.HasPrefix(strings.TrimPrefix(path, serverRoot), b.Name+"/") {
			names = append(names, b.Name)
		}
	}
	return names
}
