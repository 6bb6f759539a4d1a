package config

import (
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// A place is a local folder that agent.yaml names.
type place struct {
	field  string
	path   string
	hot    bool     // watched: what lies in it is sent
	owner  string   // for people
	passes []string // the accounts that its files go to, or come from
	// projects says that edit projects lie in it.
	projects bool
}

// allPlaces lists hot folders, then folders that files land in.
func (c *Config) allPlaces() (all []place) {
	for i, b := range c.Benches {
		field := fmt.Sprintf("benches[%d]", i)
		if b.Captures != nil {
			all = append(all, place{field + ".captures.folder", b.Captures.Path, true, b.Name, b.Captures.To, false})
		}
		if b.Selects != nil && b.Selects.Path != "" {
			all = append(all, place{field + ".selects.folder", b.Selects.Path, true, b.Name, b.Selects.To, false})
		}
		if b.Projects != nil {
			all = append(all, place{field + ".projects.folder", b.Projects.Path, true, b.Name, []string{b.Projects.Account}, true})
		}
		if b.Imports != nil {
			all = append(all, place{field + ".imports.folder", b.Imports.Path, false, b.Name, b.Imports.From, false})
		}
	}
	for i, m := range c.Mirrors {
		all = append(all, place{fmt.Sprintf("mirrors[%d].folder", i), m.Path, m.Direction == Put, "a mirror", []string{m.Account}, false})
	}
	return all
}

// landingsIn lists the folders inside of dir that the agent puts files into.
func (c *Config) landingsIn(dir string) (all []string) {
	paths := []string{c.Quarantine}
	for _, b := range c.Benches {
		if b.Imports != nil {
			paths = append(paths, b.Imports.Path, b.Imports.Replaced)
		}
	}
	for _, m := range c.Mirrors {
		if m.Direction == Get {
			paths = append(paths, m.Path, m.Replaced)
		}
	}
	for _, path := range paths {
		if path == "" || !inside(path, dir) {
			continue
		}
		if rel, err := filepath.Rel(dir, path); err == nil && rel != "." {
			all = append(all, filepath.ToSlash(rel))
		}
	}
	return all
}

// places refuses local folders that get in each other's way. It goes by their
// names alone: links are not followed, for that would wait for a network share
// that is away.
func (d *decoder) places(c *Config) {
	all := c.allPlaces()
	for i, p := range all {
		if p.path == "" {
			continue
		}
		d.apart(c, p)
		for _, other := range all[:i] {
			if other.path != "" {
				d.beside(p, other)
			}
		}
	}
}

// apart refuses what the agent writes itself inside of a hot folder, where it
// would be seen, and sent, for ever; and inside of an import folder, where an
// importer would take it.
func (d *decoder) apart(c *Config, p place) {
	kind, hint := "hot folder", "the agent must not watch its own files; move it out"
	if !p.hot {
		kind, hint = "folder", "files land there, and an importer would take it; move it out"
	}
	for field, file := range map[string]string{"ledger": c.Ledger, "log.file": c.Log.File, "quarantine": c.Quarantine} {
		if field == "quarantine" && inside(c.Ledger, p.path) {
			continue // it lies beside the ledger, of which the same is told
		}
		if file != "" && inside(file, p.path) {
			d.bad(field, fmt.Sprintf("%s lies in the %s %s of %s", file, kind, p.path, p.owner), hint)
		}
	}
}

// beside judges two folders. One that files land in may lie in a hot folder, and
// is not watched then; or be a hot folder of other accounts, and so pass
// retouches on.
func (d *decoder) beside(p, other place) {
	same := inside(p.path, other.path) && inside(other.path, p.path)
	switch {
	case p.hot && other.hot:
		d.notNested(p, other, same)
	case !p.hot && !other.hot && same:
		d.bad(p.field, fmt.Sprintf("%s is also %s", p.path, other.field), "files of one name would take each other's place; choose another folder")
	case p.hot != other.hot:
		hot, landing := p, other
		if other.hot {
			hot, landing = other, p
		}
		account := common(hot.passes, landing.passes)
		switch {
		case same && hot.projects:
			d.bad(p.field, fmt.Sprintf("%s is also %s", p.path, other.field), "edit projects lie in folders of their own; choose another folder")
		case same && account != "":
			d.bad(p.field, fmt.Sprintf("%s is also %s, and both are of account %s", p.path, other.field, account), "what comes back would be sent there again; choose another folder")
		case !same && inside(hot.path, landing.path):
			d.bad(hot.field, fmt.Sprintf("%s lies inside of %s, which files land in", hot.path, landing.path), "what lands there could be sent again; move one of them")
		}
	}
}

func (d *decoder) notNested(p, other place, same bool) {
	switch {
	case same:
		d.bad(p.field, fmt.Sprintf("%s is also %s", p.path, other.field), "each hot folder has one role on one bench")
	case inside(p.path, other.path):
		d.bad(p.field, fmt.Sprintf("%s lies inside of %s, which is %s", p.path, other.path, other.field), "a photo would be sent twice; move one of them")
	case inside(other.path, p.path):
		d.bad(p.field, fmt.Sprintf("%s holds %s, which is %s", p.path, other.path, other.field), "a photo would be sent twice; move one of them")
	}
}

func common(a, b []string) string {
	for _, name := range a {
		if slices.Contains(b, name) {
			return name
		}
	}
	return ""
}

// inside reports whether path is dir or lies in it. Case is ignored where systems
// usually do.
func inside(path, dir string) bool {
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
		path, dir = strings.ToLower(path), strings.ToLower(dir)
	}
	rel, err := filepath.Rel(dir, path)
	return err == nil && filepath.IsLocal(rel)
}
