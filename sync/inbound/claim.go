package inbound

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

// clues are all that is known about where the retouches of an account belong.
type clues struct {
	account  string
	imports  []Import
	mirrors  []Mirror
	answered *ledger.Job  // the photo that the remote says this one answers; nil if it says none
	batch    []ledger.Job // photos that went out in its batch
	photos   []ledger.Job // at retouch with its stem, the newest first
}

// A claim is where a retouch belongs.
type claim struct {
	bench, folder string
	name          string // below folder, slash-separated; CheckName has nothing against it
	answers       string // ID of the Out job, empty if unknown
	round         int    // of that job
	ask           bool   // a person says when it is imported
}

// claim says where rt belongs: the first that answers of its mirror, its bench,
// the photo it answers, its batch, a folder named like a bench, the one bench
// that imports tasks of the remote's own, and the photos at retouch (DESIGN.md
// section 10). It never guesses: several answers are none, and the error says,
// for a photographer, why nothing claims it.
func (k clues) claim(rt connectors.Retouch) (claim, error) {
	if err := connectors.CheckName(rt.Name); err != nil {
		return claim{}, fmt.Errorf("its name cannot be used here: %w", err)
	}
	if rt.Remote != "" {
		return k.mirrored(rt)
	}
	if rt.Bench != "" {
		return k.at(rt.Bench, rt.Name, k.photos)
	}
	if k.answered != nil {
		return k.at(k.answered.Bench, rt.Name, []ledger.Job{*k.answered})
	}
	if benches := benchesOf(k.batch); len(benches) == 1 {
		return k.at(benches[0], rt.Name, k.batch)
	}
	if first, rest, deeper := strings.Cut(rt.Name, "/"); deeper && k.importOf(first) != nil {
		return k.at(first, rest, k.photos)
	}
	if rt.Batch != "" && len(k.batch) == 0 && len(k.imports) == 1 {
		return k.at(k.imports[0].Bench, rt.Name, nil)
	}
	return k.atRetouch(rt.Name)
}

// mirrored keeps paths; refused work gets a folder of its own.
func (k clues) mirrored(rt connectors.Retouch) (claim, error) {
	i := slices.IndexFunc(k.mirrors, func(m Mirror) bool { return m.Remote == rt.Remote })
	if i < 0 {
		return claim{}, fmt.Errorf("no mirror of %s takes the remote folder %s any more", k.account, rt.Remote)
	}
	c := claim{folder: k.mirrors[i].Folder, name: rt.Name}
	if rt.Rejected {
		c.name = path.Join(cmp.Or(k.mirrors[i].Rejected, defaultRejected), rt.Name)
	}
	return c, nil
}

// atRetouch looks for the photo among those of the same stem.
func (k clues) atRetouch(name string) (claim, error) {
	found := match(k.photos, name)
	switch {
	case len(found) == 0:
		return claim{}, fmt.Errorf("no photo named %s was sent to %s", trimExt(path.Base(name)), k.account)
	case len(found) > 1:
		return claim{}, fmt.Errorf("it could belong to %s; nobody can tell which", list(found))
	}
	return k.at(found[0].Bench, name, found)
}

// at claims for a bench. Of photos, the one that is answered tells in which
// folder the retouch lands; if it is unknown, the remote's path is kept.
func (k clues) at(bench, name string, photos []ledger.Job) (claim, error) {
	into := k.importOf(bench)
	if into == nil {
		return claim{}, fmt.Errorf("it belongs to bench %s, which imports nothing from %s; add it to `from:` of the bench's `imports:`", bench, k.account)
	}
	c := claim{bench: bench, folder: into.Folder, name: name, ask: into.Ask}
	photos = slices.DeleteFunc(slices.Clone(photos), func(j ledger.Job) bool { return j.Bench != bench })
	if found := match(photos, name); len(found) == 1 {
		c.answers, c.round, c.name = found[0].ID, found[0].Round, path.Base(name)
		sure := k.answered != nil && k.answered.ID == found[0].ID && !strings.Contains(name, "/") // only its folder is not told
		if sure || samePath(found[0].Name, name) {
			c.name = path.Join(path.Dir(found[0].Name), c.name)
		}
	} else if k.answered != nil && len(found) == 0 && k.answered.Bench == bench {
		c.answers, c.round = k.answered.ID, k.answered.Round // though it has another name
	}
	return c, nil
}

func (k clues) importOf(bench string) *Import {
	for i := range k.imports {
		if k.imports[i].Bench == bench {
			return &k.imports[i]
		}
	}
	return nil
}

// match returns the photos that name can be a retouch of, the newest of each
// folder: those with the same path less extension; if there is none, the same
// stem; if there is none, the same stem but for case.
func match(photos []ledger.Job, name string) []ledger.Job {
	for _, same := range []func(photo string) bool{
		func(photo string) bool { return samePath(photo, name) },
		func(photo string) bool { return stem(photo) == stem(name) },
		func(photo string) bool { return fold(stem(photo)) == fold(stem(name)) },
	} {
		if found := newest(photos, same); len(found) > 0 {
			return found
		}
	}
	return nil
}

// newest takes all versions of one picture in one folder of one bench, RAW and
// JPEG alike, for one: photos has the newest first.
func newest(photos []ledger.Job, same func(name string) bool) (found []ledger.Job) {
	for _, j := range photos {
		if same(j.Name) && !slices.ContainsFunc(found, func(o ledger.Job) bool { return oneFolder(o, j) }) {
			found = append(found, j)
		}
	}
	return found
}

func oneFolder(a, b ledger.Job) bool {
	return a.Bench == b.Bench && a.Folder == b.Folder && path.Dir(a.Name) == path.Dir(b.Name)
}

func samePath(photo, name string) bool {
	return norm.NFC.String(trimExt(photo)) == norm.NFC.String(trimExt(name))
}

func stem(name string) string { return norm.NFC.String(trimExt(path.Base(name))) }

// fold makes names equal that differ in case, or in how accents are spelled.
func fold(name string) string { return norm.NFC.String(cases.Fold().String(norm.NFC.String(name))) }

// trimExt takes the extension off; a name that is all extension keeps it.
func trimExt(name string) string {
	if ext := path.Ext(name); ext != path.Base(name) {
		return strings.TrimSuffix(name, ext)
	}
	return name
}

func benchesOf(jobs []ledger.Job) (benches []string) {
	for _, j := range jobs {
		benches = append(benches, j.Bench)
	}
	slices.Sort(benches)
	return slices.Compact(benches)
}

func list(jobs []ledger.Job) string {
	const most = 5
	var names []string
	for _, j := range jobs[:min(most, len(jobs))] {
		names = append(names, fmt.Sprintf("%s of bench %s", j.Path(), j.Bench))
	}
	if more := len(jobs) - most; more > 0 {
		names = append(names, fmt.Sprintf("%d more", more))
	}
	return strings.Join(names, " or ")
}
