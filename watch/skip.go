package watch

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// Skip says which names of a hot folder are never sent. The zero Skip holds
// just the built-in lists: temporary files, hidden files, what capture software
// and file managers leave behind, metadata sidecars.
//
// Patterns are doublestar globs, relative to the hot folder, with '/' on every
// system, and blind to case. A pattern without '/' is compared with the last
// part of a name, at any depth: "*.jpg" means every JPEG. An invalid pattern
// matches nothing.
type Skip struct {
	Include []string // if given, only files that match go
	Exclude []string // files and folders that do not go
	// Apart are folders inside the hot folder, named relative to it with '/',
	// that are an import folder or a hot folder of their own.
	Apart []string
	// Sidecars lets XMP sidecars through, for what they say about a picture. What
	// takes the files over must not send those that Include does not name.
	Sidecars bool
	// Also is asked, at each look, about each file that would go, and says in a
	// clause why it does not go now; "" if it does. A change of mind is noticed at
	// the next look at the file's folder: Hints.Look asks for one. Nil: all go. It
	// must not wait for anything.
	Also func(name string) string
}

// Reason says in a clause why name does not go, or returns "" if it goes. name
// is relative to the hot folder, with '/'. A folder that is skipped is not
// descended, so what lies in it need not be asked about; a caller that has only
// a file's name asks for each folder on the way, too.
//
// In this order: another program's temporary name never goes; Apart; Exclude;
// what Include names goes, also if a built-in list has it; the built-in lists,
// but for Sidecars; files that Include lacks; Also.
func (s Skip) Reason(name string, isDir bool) string {
	if why := s.reason(path.Dir(name), path.Base(name), isDir); why != "" || isDir {
		return why
	}
	return s.also(name)
}

func (s Skip) also(name string) string {
	if s.Also == nil {
		return ""
	}
	return s.Also(name)
}

// reason takes the name in two parts, to spare a million joins where there are
// no patterns.
func (s Skip) reason(dir, base string, isDir bool) string {
	low := strings.ToLower(base)
	if why := temporary(low, isDir); why != "" {
		return why
	}
	if len(s.Include)+len(s.Exclude)+len(s.Apart) == 0 {
		return s.builtIn(low, isDir)
	}
	name := strings.ToLower(join(dir, base))
	if isDir && slices.ContainsFunc(s.Apart, func(a string) bool { return strings.ToLower(a) == name }) {
		return "it is an import folder or a hot folder of its own"
	}
	if i := slices.IndexFunc(s.Exclude, matches(name, low)); i >= 0 {
		return fmt.Sprintf("excluded by `exclude: %s`", s.Exclude[i])
	}
	if slices.ContainsFunc(s.Include, matches(name, low)) {
		return ""
	}
	if isDir && slices.ContainsFunc(s.Include, leadsTo(name)) {
		return ""
	}
	if why := s.builtIn(low, isDir); why != "" || s.letsThrough(low, isDir) {
		return why
	}
	if len(s.Include) > 0 && !isDir {
		return "not in `include`"
	}
	return ""
}

func (s Skip) builtIn(low string, isDir bool) string {
	why := builtIn(low, isDir)
	if why == whySidecar && s.letsThrough(low, isDir) {
		return ""
	}
	return why
}

// letsThrough reports whether base is a sidecar that goes for what it says.
func (s Skip) letsThrough(low string, isDir bool) bool {
	return s.Sidecars && !isDir && path.Ext(low) == ".xmp"
}

// matches compares patterns with name, or with its last part where a pattern
// has one part only. Both are lower-cased already.
func matches(name, base string) func(string) bool {
	return func(pattern string) bool {
		against := name
		if !strings.Contains(pattern, "/") {
			against = base
		}
		ok, err := doublestar.Match(strings.ToLower(pattern), against)
		return ok && err == nil
	}
}

// leadsTo finds patterns that name something inside the folder dir literally.
func leadsTo(dir string) func(string) bool {
	return func(pattern string) bool { return strings.HasPrefix(strings.ToLower(pattern), dir+"/") }
}

// join makes a name relative to the hot folder; "." is the hot folder itself.
// Names are not cleaned: they are spelled as on disk.
func join(dir, base string) string {
	if dir == "." || dir == "" {
		return base
	}
	return dir + "/" + base
}
