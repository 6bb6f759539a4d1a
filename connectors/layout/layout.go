// Package layout says where photos lie at a remote that is a folder (folder,
// FTP, SFTP), and which names there are not for us.
package layout

import (
	"fmt"
	"path"
	"strings"

	"github.com/studio-agent/studio-agent/connectors"
)

// A Layout is how the photos of several benches share one remote folder. The
// zero Layout keeps names as they are in the hot folders.
type Layout struct {
	byBench bool
	benches map[string]bool
}

// New reads the key layout of an account that these benches use: "bench", each
// bench in a folder of its name, or "flat", all in one. It may only be left out
// where no two benches could meet in one name.
func New(layout string, benches []connectors.Bench) (Layout, error) {
	l := Layout{byBench: layout == "bench", benches: map[string]bool{}}
	for _, b := range benches {
		l.benches[b.Name] = true
	}
	switch layout {
	case "bench", "flat":
	case "":
		if len(benches) > 1 {
			return l, fmt.Errorf("several benches use this account; say layout: bench (a folder for each) or layout: flat (all in one)")
		}
	default:
		return l, fmt.Errorf("layout: %q is not known; say bench or flat", layout)
	}
	return l, nil
}

// Name is where p belongs, relative to put or, for a mirror, to p.Remote. What
// connectors.CheckName refuses is rejected.
func (l Layout) Name(p connectors.Photo) (string, error) {
	if err := connectors.CheckName(p.Name); err != nil {
		return "", err
	}
	if !l.byBench || p.Bench == "" {
		return p.Name, nil
	}
	name := p.Bench + "/" + p.Name
	return name, connectors.CheckName(name)
}

// Bench parts a name below get into the bench that its first folder stands for
// and the rest. bench is empty where none is told.
func (l Layout) Bench(name string) (bench, rest string) {
	if first, rest, deeper := strings.Cut(name, "/"); deeper && l.byBench && l.benches[first] {
		return first, rest
	}
	return "", name
}

// Unfinished reports base names that programs give to what is not for others:
// hidden, or still being written.
func Unfinished(base string) bool {
	base = strings.ToLower(base)
	for _, prefix := range []string{".", "~$"} {
		if strings.HasPrefix(base, prefix) {
			return true
		}
	}
	for _, suffix := range []string{"~", ".part", ".partial", ".filepart", ".crdownload", ".download", ".tmp", ".temp", ".incomplete"} {
		if strings.HasSuffix(base, suffix) {
			return true
		}
	}
	return base == "thumbs.db" || base == "desktop.ini" || base == "@eadir"
}

// Ours reports whether a path taken from a remote listing may be used at all:
// relative, without "..", control characters or empty parts. It says nothing on
// whether this machine can store it.
func Ours(name string) bool {
	if name == "" || path.IsAbs(name) || path.Clean(name) != name || name == "." || name == ".." || strings.HasPrefix(name, "../") {
		return false
	}
	return !strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f })
}
