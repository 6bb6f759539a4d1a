package outbound

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/studio-agent/studio-agent/watch"
	"github.com/studio-agent/studio-agent/watch/picture"
)

// A SelectRule says which captures are selects by what is written in their XMP.
// One of the three is enough; the zero rule selects nothing.
type SelectRule struct {
	Rating   int      // so many stars or more; 0: stars select nothing
	Labels   []string // one of these; case does not matter
	Keywords []string // one of these; case does not matter
	Targets  []Target // the accounts that get the bench's selects
}

func (r *SelectRule) matches(t picture.Tags) bool {
	if r == nil {
		return false
	}
	same := func(list []string, word string) bool {
		return slices.ContainsFunc(list, func(s string) bool { return strings.EqualFold(s, word) })
	}
	return r.Rating > 0 && t.Rating >= r.Rating || t.Label != "" && same(r.Labels, t.Label) ||
		slices.ContainsFunc(t.Keywords, func(k string) bool { return same(r.Keywords, k) })
}

// listens reports whether anything can follow from a picture's tags.
func (e *Enqueuer) listens() bool {
	return e.Selects != nil || slices.ContainsFunc(e.Targets, func(t Target) bool { return t.Marks })
}

// tagsOf reads what is written in a picture and in its sidecars; a sidecar that
// says anything wins, the one that is spelled more exactly over the other. clear
// is false if something could not be read: then nothing follows from what is not
// said.
func (e *Enqueuer) tagsOf(f watch.File) (tags picture.Tags, clear bool) {
	tags, err := picture.ReadTags(f.Path)
	clear = err == nil
	for _, name := range sidecarsOf(f.Path) {
		if info, err := os.Lstat(name); err != nil || !info.Mode().IsRegular() {
			continue
		}
		said, err := picture.ReadTags(name)
		if clear = clear && err == nil; said.Given {
			tags = said
		}
	}
	return tags, clear
}

// sidecarsOf lists the spellings of a picture's sidecars; programs write the
// extension in capitals, too.
func sidecarsOf(path string) []string {
	dir, base := filepath.Split(path)
	var all []string
	for _, name := range picture.SidecarsOf(base) {
		all = append(all, dir+name, dir+strings.TrimSuffix(name, ".xmp")+".XMP")
	}
	return all
}
