package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/studio-agent/studio-agent/agent/config"
	"github.com/studio-agent/studio-agent/connectors/layout"
)

const importerEvery = 50 * time.Millisecond

// An importer watches a folder that retouches land in, as the studio's own
// programs do.
type importer struct {
	demo     *demo
	bench    string // or the title of a mirror; empty for quarantine
	folder   string
	replaced string // older versions; empty for none
	takes    string // a folder that it takes each file away into at once; empty if it takes none
	tasks    bool   // tasks land here, with files that the agent has made
	seen     map[string]os.FileInfo
}

// importers watch every folder that something may land in.
func (d *demo) importers() (all []*importer) {
	for _, b := range d.cfg.Benches {
		if b.Imports == nil {
			continue
		}
		im := &importer{demo: d, bench: b.Name, folder: b.Imports.Path, replaced: b.Imports.Replaced}
		im.tasks = slices.ContainsFunc(b.Imports.From, func(account string) bool { return d.remotes[account].tasks != nil })
		if b.Name == d.told().takes {
			im.takes = filepath.Join(d.dir, b.Name, "archive")
		}
		all = append(all, im)
	}
	for _, m := range d.cfg.Mirrors {
		if m.Direction == config.Get {
			all = append(all, &importer{demo: d, bench: deskMirror{Mirror: m}.title(), folder: m.Path, replaced: m.Replaced})
		}
	}
	return append(all, &importer{demo: d, folder: d.cfg.Quarantine})
}

// Run notes what lands until ctx ends.
func (im *importer) Run(ctx context.Context) error {
	if im.seen == nil {
		im.seen = map[string]os.FileInfo{}
	}
	tick := time.NewTicker(importerEvery)
	defer tick.Stop()
	for {
		if err := im.look(); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

func (im *importer) look() error {
	return filepath.WalkDir(im.folder, func(path string, e os.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() || layout.Unfinished(e.Name()) {
			return nil // it is not there any more, or not yet
		}
		info, err := e.Info()
		if was := im.seen[path]; err != nil || was != nil && os.SameFile(was, info) && was.ModTime().Equal(info.ModTime()) {
			return nil
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return nil
		}
		im.seen[path] = info
		im.demo.returns.land(im.bench, digestOf(content))
		if im.takes == "" {
			return nil
		}
		delete(im.seen, path)
		return im.take(path)
	})
}

// take moves a file away, beside whatever was taken under its name before.
func (im *importer) take(path string) error {
	name, err := filepath.Rel(im.folder, path)
	if err != nil {
		return err
	}
	for n := 1; ; n++ {
		to := filepath.Join(im.takes, fmt.Sprint(n), name)
		if _, err := os.Lstat(to); err == nil {
			continue
		}
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return err
		}
		if os.Rename(path, to) != nil {
			return nil // Windows, while somebody reads it: at the next look
		}
		im.demo.line.say(im.bench, whoImporter, "takes %s out of the import folder", filepath.ToSlash(name))
		return nil
	}
}

// A landedFile is one file that has come back.
type landedFile struct {
	name string // below the import folder; empty if it was replaced, which gives it another name
	sha  string
}

// files are all that ever landed here.
func (im *importer) files() (all []landedFile, _ error) {
	for _, place := range []struct {
		dir   string
		named bool
		skip  int // parts of the name that the importer has added
	}{{im.folder, true, 0}, {im.replaced, false, 0}, {im.takes, true, 1}} {
		if place.dir == "" {
			continue
		}
		files, err := filesIn(place.dir)
		if err != nil {
			return nil, err
		}
		for _, f := range files {
			if layout.Unfinished(filepath.Base(f.name)) || im.tasks && isMade(f.name) {
				continue
			}
			l := landedFile{sha: f.sha}
			if place.named {
				l.name = strings.Join(strings.Split(f.name, "/")[place.skip:], "/")
			}
			all = append(all, l)
		}
	}
	return all, nil
}
