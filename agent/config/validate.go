package config

import (
	"fmt"
	"maps"
	"path"
	"path/filepath"
	"regexp"
	"runtime"
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
		return p.Field == field || p.Field == field+".captures" || p.Field == field+".selects"
	})
}

// validate judges what was decoded. What is missing was told by the decoder and
// is skipped here.
func (d *decoder) validate(c *Config, types []string) {
	d.accounts(c, types)
	d.benches(c)
	d.local("ledger", c.Ledger)
	d.local("log.file", c.Log.File)
	if c.Ledger == "" {
		d.bad("ledger", "is empty", "remove the key for ./state/ledger.db")
	}
	fields := c.folderFields()
	folders := c.HotFolders()
	for i, f := range folders {
		d.apart(c, f)
		for j, other := range folders[:i] {
			d.notNested(fields[i], f.Path, fields[j], other.Path)
		}
	}
}

// folderFields names the folder keys of HotFolders, in the same order.
func (c *Config) folderFields() []string {
	var fields []string
	for i, b := range c.Benches {
		if b.Captures != nil {
			fields = append(fields, fmt.Sprintf("benches[%d].captures.folder", i))
		}
		if b.Selects != nil {
			fields = append(fields, fmt.Sprintf("benches[%d].selects.folder", i))
		}
	}
	return fields
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
	if c.Benches != nil && len(c.Benches) == 0 {
		d.bad("benches", "holds no bench", "")
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
		if b.Captures == nil && b.Selects == nil && !d.told(field) {
			d.bad(field, "has neither captures nor selects", "give it a hot folder: captures: {folder: …, to: […]}")
		}
		for key, f := range map[string]*Folder{"captures": b.Captures, "selects": b.Selects} {
			if f != nil {
				d.folder(c, field+"."+key, f)
			}
		}
	}
}

func (d *decoder) folder(c *Config, field string, f *Folder) {
	d.local(field+".folder", f.Path)
	if f.To != nil && len(f.To) == 0 {
		d.bad(field+".to", "names no account", "")
	}
	for i, to := range f.To {
		item := fmt.Sprintf("%s.to[%d]", field, i)
		if to == "" {
			continue
		}
		if _, known := c.Accounts[to]; !known {
			d.bad(item, fmt.Sprintf("there is no account %q", to), didYouMean(to, slices.Collect(maps.Keys(c.Accounts))))
		}
		if slices.Contains(f.To[:i], to) {
			d.bad(item, fmt.Sprintf("%q stands here twice", to), "")
		}
	}
	for i, glob := range f.Include {
		d.glob(fmt.Sprintf("%s.include[%d]", field, i), glob)
	}
	for i, glob := range f.Exclude {
		d.glob(fmt.Sprintf("%s.exclude[%d]", field, i), glob)
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

// apart refuses what the agent writes itself inside of a hot folder: it would be
// seen, and sent, for ever.
func (d *decoder) apart(c *Config, f HotFolder) {
	for field, file := range map[string]string{"ledger": c.Ledger, "log.file": c.Log.File} {
		if file != "" && f.Path != "" && inside(file, f.Path) {
			d.bad(field, fmt.Sprintf("%s lies in the hot folder %s of %s", file, f.Path, f.Bench), "the agent must not watch its own files; move it out")
		}
	}
}

// notNested goes by the names of folders alone: links are not followed, for that
// would wait for a network share that is away.
func (d *decoder) notNested(field, path, otherField, other string) {
	switch {
	case path == "" || other == "":
	case inside(path, other) && inside(other, path):
		d.bad(field, fmt.Sprintf("%s is also %s", path, otherField), "each hot folder has one role on one bench")
	case inside(path, other):
		d.bad(field, fmt.Sprintf("%s lies inside of %s, which is %s", path, other, otherField), "a photo would be sent twice; move one of them")
	case inside(other, path):
		d.bad(field, fmt.Sprintf("%s holds %s, which is %s", path, other, otherField), "a photo would be sent twice; move one of them")
	}
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
