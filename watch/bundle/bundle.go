// Package bundle knows folders that are one thing: edit projects with their
// media. From listings alone it says which folder is a bundle, which file is its
// project file and which are its media, when it has come to rest, and what became
// of the bundles of an earlier look. It reads no disk, holds no clock, starts
// nothing and never writes into a bundle.
package bundle

import (
	"cmp"
	"path"
	"slices"
	"strings"
	"time"
)

// An Entry is one file or folder as a listing shows it.
type Entry struct {
	Name    string // relative to the folder in which bundles lie, with '/'
	Dir     bool
	Size    int64 // bytes; nothing for a folder
	ModTime time.Time
	// ID names the file or folder on its volume for as long as it lives, whatever
	// it is called: volume and inode. Empty where the system has no such thing.
	ID string
	// Digest is of the content. It is only looked at for project files; empty for
	// not known.
	Digest string
}

// A Medium is a file of a bundle that an edit can be made of.
type Medium struct {
	Entry
	Kind Kind
}

// A Bundle is a folder with a project file in it.
type Bundle struct {
	Root    string // the folder, named as in Entry
	Folder  string // Entry.ID of the folder; empty where the listing does not tell
	Program string // Program.Name of the project file
	Project Entry  // the project file; of several the one named like the folder, else the newest
	// Set are the project files and what lies beside them and is no medium, such as
	// locks and bins: what must rest before the bundle is one whole. It is sorted.
	Set   []Entry
	Media []Medium // without what the programs can make again; sorted by name

	used []Program // whose project files are in it
}

// Recognize finds the bundles in a complete listing, sorted by Root. Nested ones
// belong to the outermost. A bundle whose project file is not there yet is none
// yet. loose are project files that lie in no folder of their own.
func Recognize(listing []Entry, programs []Program) (bundles []Bundle, loose []Entry) {
	v := view{programs: programs, folders: map[string]string{}, homes: map[string]home{}, roots: map[string]bool{}}
	for _, e := range listing {
		if e.Dir {
			v.folders[e.Name] = e.ID
		}
		for dir := path.Dir(e.Name); dir != "."; dir = path.Dir(dir) {
			if _, known := v.folders[dir]; known {
				break
			}
			v.folders[dir] = ""
		}
	}
	for _, e := range listing {
		root, found := v.candidate(e)
		switch {
		case found && root == ".":
			loose = append(loose, e)
		case found:
			v.roots[root] = true
		}
	}
	inside := map[string][]Entry{}
	for _, e := range listing {
		if root := v.rootOf(e.Name); root != "" && !e.Dir && e.Name != root {
			inside[root] = append(inside[root], e)
		}
	}
	for root, entries := range inside {
		if b, ok := v.assemble(root, entries); ok {
			bundles = append(bundles, b)
		}
	}
	slices.SortFunc(bundles, func(a, b Bundle) int { return strings.Compare(a.Root, b.Root) })
	return bundles, loose
}

// A view is one listing with what has been found out about it.
type view struct {
	programs []Program
	folders  map[string]string // all, with their Entry.ID
	homes    map[string]home   // of the folders that were looked at
	roots    map[string]bool
}

// A home is what a folder means for all that lies in it.
type home struct {
	hidden bool
	bundle string // the outermost folder on the way that is a bundle itself; empty for none
}

func (v view) home(dir string) home {
	if dir == "." || dir == "/" {
		return home{}
	}
	if h, known := v.homes[dir]; known {
		return h
	}
	h := v.home(path.Dir(dir))
	base := path.Base(dir)
	if !h.hidden && h.bundle == "" {
		h.hidden = hidden(base)
		if slices.ContainsFunc(v.programs, func(p Program) bool { return p.isFolder(base) && !p.wasted(foldersOf(dir)) }) {
			h.bundle = dir
		}
	}
	v.homes[dir] = h
	return h
}

// foldersOf are the names of the folders on the way to name.
func foldersOf(name string) []string {
	parts := strings.Split(name, "/")
	return parts[:len(parts)-1]
}

// candidate is the folder that e makes a bundle of, or "." for a project file
// that has no folder of its own.
func (v view) candidate(e Entry) (root string, found bool) {
	dir := path.Dir(e.Name)
	if e.Dir {
		dir = e.Name
	}
	h := v.home(dir)
	if h.hidden || h.bundle != "" || e.Dir {
		return h.bundle, !h.hidden && h.bundle != ""
	}
	for _, p := range v.programs {
		if p.isFile(e.Name) && !p.wasted(foldersOf(e.Name)) {
			return v.around(dir, p), true
		}
	}
	return "", false
}

// around is the folder itself, or the one around it if media of p lie beside it.
func (v view) around(dir string, p Program) string {
	parent := path.Dir(dir)
	if dir == "." || parent == "." || v.holds(dir, p.Beside) || !v.holds(parent, p.Beside) {
		return dir
	}
	return parent
}

func (v view) holds(dir string, names []string) bool {
	return slices.ContainsFunc(names, func(name string) bool {
		_, there := v.folders[path.Join(dir, name)]
		return there
	})
}

// rootOf is the outermost bundle that a name is in, or "".
func (v view) rootOf(name string) string {
	for i, r := range name {
		if r == '/' && v.roots[name[:i]] {
			return name[:i]
		}
	}
	if v.roots[name] {
		return name
	}
	return ""
}

// assemble makes a bundle of all files below root. It is none if no project file
// is among them.
func (v view) assemble(root string, entries []Entry) (Bundle, bool) {
	b := Bundle{Root: root, Folder: v.folders[root]}
	slices.SortFunc(entries, func(x, y Entry) int { return strings.Compare(x.Name, y.Name) })
	var projects []project
	for _, e := range entries {
		if p, ok := v.project(root, e); ok {
			projects = append(projects, p)
			b.used = append(b.used, p.Program)
		}
	}
	if len(projects) == 0 {
		return Bundle{}, false
	}
	best := slices.MinFunc(projects, func(x, y project) int { return x.compare(y, root) })
	b.Project, b.Program = best.Entry, best.Program.Name
	idle := map[string]bool{} // folders of which nothing counts
	for _, e := range entries {
		dir := path.Dir(e.Name)
		skip, known := idle[dir]
		if !known {
			skip = b.waste(e.Name) != ""
			idle[dir] = skip
		}
		if skip || hidden(path.Base(e.Name)) {
			continue
		}
		if kind := KindOf(e.Name); kind != "" {
			b.Media = append(b.Media, Medium{e, kind})
		} else if slices.ContainsFunc(projects, func(p project) bool { return p.near(e) }) {
			b.Set = append(b.Set, e)
		}
	}
	return b, true
}

// A project is a project file with the rule it was known by.
type project struct {
	Entry
	Program
	folder string // the folder that is a bundle itself; empty for a file in a plain one
	rank   int    // place in Inside
}

// project says whether e is a project file of the bundle at root.
func (v view) project(root string, e Entry) (project, bool) {
	dir, base, below := path.Dir(e.Name), path.Base(e.Name), strings.TrimPrefix(e.Name, root+"/")
	if hidden(base) {
		return project{}, false
	}
	for _, p := range v.programs {
		rank := -1
		if p.isFolder(dir) {
			rank = slices.IndexFunc(p.Inside, func(name string) bool { return strings.EqualFold(name, base) })
		}
		if rank < 0 && (!p.isFile(base) || p.isFolder(root)) {
			continue
		}
		if folders := foldersOf(below); p.wasted(folders) || slices.ContainsFunc(folders, hidden) {
			continue
		}
		if rank >= 0 {
			return project{Entry: e, Program: p, folder: dir, rank: rank}, true
		}
		return project{Entry: e, Program: p}, true
	}
	return project{}, false
}

// compare puts the project file first that a person would take for the one: high
// up, named like the folder, the newest.
func (p project) compare(o project, root string) int {
	stem := func(x project) string {
		return strings.ToLower(strings.TrimSuffix(path.Base(x.Entry.Name), path.Ext(x.Entry.Name)))
	}
	namesake := func(x project) int {
		if base := strings.ToLower(path.Base(root)); stem(x) == base || stem(x)+path.Ext(base) == base {
			return 0
		}
		return 1
	}
	return cmp.Or(
		strings.Count(p.Entry.Name, "/")-strings.Count(o.Entry.Name, "/"), p.rank-o.rank,
		namesake(p)-namesake(o), o.ModTime.Compare(p.ModTime), strings.Compare(p.Entry.Name, o.Entry.Name),
	)
}

// near reports whether e belongs to the set of the project file.
func (p project) near(e Entry) bool {
	if p.folder != "" {
		return strings.HasPrefix(e.Name, p.folder+"/")
	}
	return path.Dir(e.Name) == path.Dir(p.Entry.Name)
}
