package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/studio-agent/studio-agent/agent/config"
	"github.com/studio-agent/studio-agent/sync/atomicfile"
)

// landings looks whether this user can put files where they are to land. Import
// folders must be there; folders beside them are made when they are needed.
func (r *report) landings(cfg *config.Config) {
	lands := false
	for _, b := range cfg.Benches {
		if b.Imports != nil {
			lands = true
			r.landing("bench "+b.Name+", imports", b.Imports.Path, b.Imports.Replaced)
		}
	}
	for _, m := range cfg.Mirrors {
		if m.Direction == config.Get {
			lands = true
			r.landing("mirror "+m.Account+":"+m.Remote, m.Path, m.Replaced)
		}
	}
	if lands {
		r.writable("quarantine", cfg.Quarantine, nearest(cfg.Quarantine))
	}
}

func (r *report) landing(what, folder, replaced string) {
	if info, err := os.Stat(folder); err != nil || !info.IsDir() {
		r.wrong(what, folder+" is not there, or is no folder", "create it, or mount its disk or share; what comes back waits until then")
		return
	}
	r.writable(what, folder, folder)
	r.writable(what+", replaced versions", replaced, nearest(replaced))
}

// writable tries to write into dir, which is path or the folder that it will be
// made in, under a name that no importer takes for a picture.
func (r *report) writable(what, path, dir string) {
	name := filepath.Join(dir, atomicfile.PartName("check"))
	err := os.WriteFile(name, nil, 0o600)
	if err == nil {
		err = os.Remove(name)
	}
	if err != nil {
		r.wrong(what, fmt.Sprintf("%s cannot be written: %v", dir, err), "give this user the right to write there")
		return
	}
	r.fine(what, path)
}

// nearest is path, or the nearest folder above it that exists.
func nearest(path string) string {
	for {
		if _, err := os.Stat(path); err == nil || path == filepath.Dir(path) {
			return path
		}
		path = filepath.Dir(path)
	}
}
