package config

import (
	"fmt"
	"maps"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// bad notes what is wrong with a field, on its line or, if it is not there, on
// that of what it belongs to.
func (d *decoder) bad(field, text, hint string) {
	at := field
	for d.lines[at] == 0 && at != "" {
		at = at[:max(0, strings.LastIndexAny(at, ".["))]
	}
	d.add(d.lines[at], field, text, hint)
}

// told reports whether field, or one inside of it that has a folder's name, is
// known to be wrong.
func (d *decoder) told(field string) bool {
	return slices.ContainsFunc(d.problems, func(p Problem) bool {
		return p.Field == field || p.Field == field+".captures" || p.Field == field+".selects" || p.Field == field+".imports" || p.Field == field+".projects"
	})
}

// validate judges what was decoded. What is missing was told by the decoder and
// is skipped here.
func (d *decoder) validate(c *Config, types []string) {
	d.accounts(c, types)
	d.benches(c)
	d.mirrors(c)
	d.page(c)
	d.local("ledger", c.Ledger)
	d.local("log.file", c.Log.File)
	d.local("quarantine", c.Quarantine)
	if c.Ledger == "" {
		d.bad("ledger", "is empty", "remove the key for ./state/ledger.db")
	}
	d.places(c)
}

func (d *decoder) accounts(c *Config, types []string) {
	if c.Accounts != nil && len(c.Accounts) == 0 {
		d.bad("accounts", "holds no account", "")
	}
	seen := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(c.Accounts)) {
		field := "accounts." + name
		d.name(field, name)
		if other, double := seen[strings.ToLower(name)]; double {
			d.bad(field, fmt.Sprintf("differs from %q only by capitals", other), "choose another name")
		}
		seen[strings.ToLower(name)] = name
		if typ := c.Accounts[name].Type; typ != "" && len(types) > 0 && !slices.Contains(types, typ) {
			d.bad(field+".type", fmt.Sprintf("%q is no type of account", typ), didYouMean(typ, types))
		}
	}
}

func (d *decoder) benches(c *Config) {
	if len(c.Benches)+len(c.Mirrors) == 0 && !d.told("") && !d.told("benches") && !d.told("mirrors") {
		d.bad("benches", "holds no bench", "the agent has nothing to do: give it benches or mirrors")
	}
	seen := map[string]int{}
	for i, b := range c.Benches {
		field := fmt.Sprintf("benches[%d]", i)
		if b.Name != "" {
			d.name(field+".name", b.Name)
			if other, double := seen[strings.ToLower(b.Name)]; double {
				d.bad(field+".name", fmt.Sprintf("%q is also the name of benches[%d]", b.Name, other), "choose another name")
			}
			seen[strings.ToLower(b.Name)] = i
		}
		if b.Captures == nil && b.Selects == nil && b.Imports == nil && b.Projects == nil && !d.told(field) {
			d.bad(field, "has neither captures nor selects nor imports nor projects", "give it a hot folder: captures: {folder: …, to: […]}")
		}
		if b.Captures != nil {
			d.folder(c, field+".captures", b.Captures, true)
		}
		if b.Selects != nil {
			d.selects(c, field+".selects", b)
		}
		if b.Imports != nil {
			d.imports(c, field+".imports", b.Imports)
		}
		if b.Projects != nil {
			d.projects(c, field+".projects", b.Projects)
		}
	}
}

func (d *decoder) selects(c *Config, field string, b Bench) {
	d.folder(c, field, &b.Selects.Folder, !b.Selects.OfCaptures())
	if b.Selects.OfCaptures() && b.Captures == nil {
		d.bad(field, "selects by rating, label or keyword, or on the platform, but the bench has no captures", "give it captures, or drop photos into the selects folder")
	}
}

func (d *decoder) imports(c *Config, field string, f *Imports) {
	d.local(field+".folder", f.Path)
	d.local(field+".replaced", f.Replaced)
	d.names(c, field+".from", f.From)
	if f.Expect.Platform != "" {
		d.account(c, field+".expect.platform", f.Expect.Platform)
	}
	if f.Path != "" && inside(f.Replaced, f.Path) {
		d.bad(field+".replaced", fmt.Sprintf("%s lies in the import folder", f.Replaced), "an importer would take old versions for new pictures; move it out")
	}
}

func (d *decoder) mirrors(c *Config) {
	for i, m := range c.Mirrors {
		field := fmt.Sprintf("mirrors[%d]", i)
		d.local(field+".folder", m.Path)
		d.local(field+".replaced", m.Replaced)
		if m.Account != "" {
			d.account(c, field+".account", m.Account)
		}
		if m.Remote == "" && m.Direction != "" {
			d.bad(field+".remote", "is missing", "name the remote folder")
		}
		if m.Direction == Put && (m.Rejected != "" || m.Ready != "") {
			d.bad(field, "rejected and ready belong to a mirror with direction: get", "")
		}
		d.globs(field+".include", m.Include)
		d.globs(field+".exclude", m.Exclude)
		for j, other := range c.Mirrors[:i] {
			if m.Account == other.Account && m.Direction != other.Direction && m.Remote != "" && sameRemote(m.Remote, other.Remote) {
				d.bad(field+".remote", fmt.Sprintf("%s and mirrors[%d] are one remote folder in both directions", m.Remote, j), "what is sent would come straight back")
			}
		}
	}
}

func (d *decoder) folder(c *Config, field string, f *Folder, needsPath bool) {
	if f.Path == "" && needsPath {
		d.bad(field+".folder", "is missing", "")
	}
	d.local(field+".folder", f.Path)
	d.names(c, field+".to", f.To)
	d.globs(field+".include", f.Include)
	d.globs(field+".exclude", f.Exclude)
}

func (d *decoder) globs(field string, globs []string) {
	for i, glob := range globs {
		d.glob(fmt.Sprintf("%s[%d]", field, i), glob)
	}
}

// names judges a list of accounts.
func (d *decoder) names(c *Config, field string, accounts []string) {
	if accounts != nil && len(accounts) == 0 {
		d.bad(field, "names no account", "")
	}
	for i, name := range accounts {
		item := fmt.Sprintf("%s[%d]", field, i)
		if name == "" {
			continue
		}
		d.account(c, item, name)
		if slices.Contains(accounts[:i], name) {
			d.bad(item, fmt.Sprintf("%q stands here twice", name), "")
		}
	}
}

func (d *decoder) account(c *Config, field, name string) {
	if _, known := c.Accounts[name]; !known {
		d.bad(field, fmt.Sprintf("there is no account %q", name), didYouMean(name, slices.Collect(maps.Keys(c.Accounts))))
	}
}

// Names of benches and accounts become names of remote folders, on any system.
var (
	plainName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$`)
	reserved  = regexp.MustCompile(`(?i)^(con|prn|aux|nul|com[1-9]|lpt[1-9])(\..*)?$`)
)

func (d *decoder) name(field, name string) {
	switch {
	case !plainName.MatchString(name):
		d.bad(field, fmt.Sprintf("%q is no name that every system can store", name),
			"use up to 63 of A-Z a-z 0-9 - _ . and begin with a letter or digit")
	case strings.HasSuffix(name, ".") || reserved.MatchString(name):
		d.bad(field, fmt.Sprintf("%q is no name that Windows can store", name), "choose another name")
	}
}

// local refuses paths that mean something else than they seem to.
func (d *decoder) local(field, path string) {
	switch {
	case strings.HasPrefix(path, "~"):
		d.bad(field, "~ is known to shells only", "write the whole path")
	case strings.Contains(path, "://"):
		// The address may hold a password.
		d.bad(field, "is an address, not a path", "write a path on this machine; mount a network share first")
	case path != "" && filepath.VolumeName(path) != "" && !filepath.IsAbs(path):
		d.bad(field, fmt.Sprintf("%s depends on the drive's current folder", path), "write the whole path")
	}
}

func (d *decoder) glob(field, glob string) {
	_, err := path.Match(glob, "")
	switch {
	case strings.Contains(glob, `\`):
		d.bad(field, fmt.Sprintf(`%q holds a \`, glob), "write / between folders, on Windows too")
	case strings.HasPrefix(glob, "/") || filepath.VolumeName(glob) != "":
		d.bad(field, fmt.Sprintf("%q is not relative to the hot folder", glob), "begin with ** to mean any folder")
	case glob == "" || err != nil || strings.Count(glob, "{") != strings.Count(glob, "}"):
		d.bad(field, fmt.Sprintf("%q is no pattern", glob), "write one like **/*.tmp or Trash/**")
	}
}
