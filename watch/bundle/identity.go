package bundle

import (
	"path"
	"slices"
	"strings"
)

// An Identity is what a bundle is known by from one look to the next, small
// enough to be kept for each.
type Identity struct {
	Root    string `json:"root"`
	Folder  string `json:"folder,omitempty"`  // Entry.ID of the folder
	Project string `json:"project"`           // the project file's name below Root
	File    string `json:"file,omitempty"`    // Entry.ID of the project file
	Content string `json:"content,omitempty"` // Entry.Digest of the project file
}

// Identity is what to keep of b.
func (b Bundle) Identity() Identity {
	return Identity{
		Root: b.Root, Folder: b.Folder, Project: strings.TrimPrefix(b.Project.Name, b.Root+"/"),
		File: b.Project.ID, Content: b.Project.Digest,
	}
}

// A Fate is what became of a bundle.
type Fate string

const (
	Stayed   Fate = "stayed"
	Renamed  Fate = "renamed"  // in the same folder
	Moved    Fate = "moved"    // to another folder
	Vanished Fate = "vanished" // from the listing
	Appeared Fate = "appeared"
	Unseen   Fate = "unseen" // it lies where nobody could look
)

// A Change is the fate of one bundle. Before is zero for one that appeared, Now
// for one that vanished or was not seen.
type Change struct {
	Fate        Fate
	Before, Now Identity
}

// Compare says what became of the bundles of an earlier look, in their order, and
// then which have appeared. unseen are the folders, named as in Entry, that could
// not be listed now ("." for all): absence there means nothing.
//
// A bundle is known elsewhere by its folder and its project file: by two of the
// folder's ID, the file's ID and the file's content; or by one of them if the old
// place is empty and no other bundle can be meant. A copy of a bundle appears.
func Compare(before, now []Identity, unseen []string) []Change {
	m := matcher{before, now, make([]int, len(before)), make([]bool, len(now))}
	for i := range m.of {
		m.of[i] = -1
	}
	m.match(func(b, n Identity) bool {
		return b.likeness(n) >= 2 && !out(b.Root, unseen) && (b.Root == n.Root || !m.stays(b, n))
	})
	m.match(func(b, n Identity) bool { return b.Root == n.Root })
	m.match(func(b, n Identity) bool {
		return b.likeness(n) >= 1 && !out(b.Root, unseen) && path.Ext(b.Project) == path.Ext(n.Project)
	})
	var changes []Change
	for i, b := range before {
		if m.of[i] >= 0 {
			changes = append(changes, Change{fate(b, now[m.of[i]]), b, now[m.of[i]]})
		} else if out(b.Root, unseen) {
			changes = append(changes, Change{Fate: Unseen, Before: b})
		} else {
			changes = append(changes, Change{Fate: Vanished, Before: b})
		}
	}
	for i, n := range now {
		if !m.taken[i] {
			changes = append(changes, Change{Fate: Appeared, Now: n})
		}
	}
	return changes
}

// A matcher pairs bundles of two looks.
type matcher struct {
	before, now []Identity
	of          []int // for each of before its place in now, or -1
	taken       []bool
}

// match pairs those for which fits holds, where neither could be another's.
func (m *matcher) match(fits func(b, n Identity) bool) {
	type pair struct{ i, k int }
	var pairs []pair
	rivalsB, rivalsN := map[int]int{}, map[int]int{}
	for i, b := range m.before {
		for k, n := range m.now {
			if m.of[i] < 0 && !m.taken[k] && fits(b, n) {
				pairs = append(pairs, pair{i, k})
				rivalsB[i]++
				rivalsN[k]++
			}
		}
	}
	for _, p := range pairs {
		if rivalsB[p.i] == 1 && rivalsN[p.k] == 1 {
			m.of[p.i], m.taken[p.k] = p.k, true
		}
	}
}

// stays reports whether b is still in its place, so that n is a copy of it and not
// the thing itself.
func (m *matcher) stays(b, n Identity) bool {
	return slices.ContainsFunc(m.now, func(o Identity) bool { return o.Root == b.Root && b.likeness(o) >= b.likeness(n) })
}

// likeness counts what two looks have in common.
func (b Identity) likeness(n Identity) (count int) {
	for _, same := range []bool{
		b.Folder != "" && b.Folder == n.Folder, b.File != "" && b.File == n.File, b.Content != "" && b.Content == n.Content,
	} {
		if same {
			count++
		}
	}
	return count
}

func fate(before, now Identity) Fate {
	switch {
	case before.Root == now.Root:
		return Stayed
	case path.Dir(before.Root) == path.Dir(now.Root):
		return Renamed
	}
	return Moved
}

// out reports whether root lies in, or is, a folder that could not be listed, or
// holds one.
func out(root string, unseen []string) bool {
	return slices.ContainsFunc(unseen, func(folder string) bool {
		return folder == "." || folder == root || strings.HasPrefix(root, folder+"/") || strings.HasPrefix(folder, root+"/")
	})
}
