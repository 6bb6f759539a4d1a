// Package config reads agent.yaml: strictly, and with every mistake reported at
// once. The structs of this file are the reference for what may stand in it;
// their tags hold defaults and limits.
//
// It knows no connector. What belongs to a type of account (url, token,
// production, …) stays a YAML node until that type's factory decodes it.
package config

import (
	"time"

	"go.yaml.in/yaml/v3"
)

// A Config is one agent.yaml. Paths in it are absolute once it is loaded; in the
// file they are relative to the file's own folder.
type Config struct {
	// Name is shown to people and to other agents. Default: the host name.
	Name string `yaml:"name"`
	// Ledger is the file in which the agent remembers what it has sent. It must
	// lie on a local disk and outside of every hot folder.
	Ledger string `yaml:"ledger" default:"./state/ledger.db"`
	// Page says where the web page is served.
	Page Page `yaml:"page"`
	// Log says what is logged, and where.
	Log Log `yaml:"log"`
	// Accounts are the places that photos go to, by a name of your choice.
	Accounts map[string]Account `yaml:"accounts" required:"true"`
	// Benches are the shooting and retouching places.
	Benches []Bench `yaml:"benches"`
	// Mirrors are remote folders and local ones that are kept alike, beside or
	// instead of benches. At least one bench or mirror is needed.
	Mirrors []Mirror `yaml:"mirrors"`
	// Quarantine is where files lie that came back and belong to nothing that
	// was sent, each with its reason beside it. Default: the folder quarantine
	// beside the ledger.
	Quarantine string `yaml:"quarantine"`

	// File is the absolute path that the configuration was read from.
	File string `yaml:"-"`
}

// Log says what is logged, and where.
type Log struct {
	// Level is the least that is logged.
	Level string `yaml:"level" default:"info" oneof:"debug|info|warn|error"`
	// Format is text for people, json for machines.
	Format string `yaml:"format" default:"text" oneof:"text|json"`
	// File is where the log goes. Empty: standard error, which systemd's journal
	// keeps. A Windows service has no standard error: give a file there.
	File string `yaml:"file"`
	// MaxMB is the size in MiB at which File is put aside and begun anew.
	MaxMB int `yaml:"max_mb" default:"20" range:"1..10000"`
	// Keep is how many files put aside are kept.
	Keep int `yaml:"keep" default:"5" range:"1..1000"`
}

// An Account is one connector with one login.
type Account struct {
	// Name is the key in accounts.
	Name string `yaml:"-"`
	// Type is the kind of remote: grandshooting, folder, …
	Type string `yaml:"type" required:"true"`
	// Poll is how often the remote is asked for news.
	Poll time.Duration `yaml:"poll" default:"60s" range:"1s..24h"`
	// Rate is how many requests per second may be made; 0 means the type's own.
	Rate float64 `yaml:"rate" range:"0..1000"`
	// Connections is how many transfers run at once; 0 means the type's own.
	Connections int `yaml:"connections" range:"0..100"`
	// Recheck is the least time between two questions whether a photo whose
	// sending was cut off has arrived after all.
	Recheck time.Duration `yaml:"recheck" default:"10s" range:"0s..1h"`
	// Options are all other keys, for the type's factory. See Account.Decode.
	Options yaml.Node `yaml:",inline"`

	origin origin
}

// A Bench is a shooting, retouching or editing place with its folders: at least
// one of Captures, Selects, Imports and Projects.
type Bench struct {
	// Name is known to photographers and may become a remote folder's name.
	Name string `yaml:"name" required:"true"`
	// Captures is the folder of everything that the bench shoots; nil for none.
	Captures *Folder `yaml:"captures"`
	// Selects is the folder of what is chosen for retouching; nil for none.
	Selects *Selects `yaml:"selects"`
	// Imports is the folder that retouches come back to; nil for none.
	Imports *Imports `yaml:"imports"`
	// Projects is the folder of edit projects; nil for none.
	Projects *Projects `yaml:"projects"`
	// Keys are all other keys, for the factories of the accounts that the bench
	// sends to. See Bench.Decode.
	Keys yaml.Node `yaml:",inline"`

	origin origin
}

// A Folder is a hot folder: what is finished in it, or in a folder below it, is
// sent.
type Folder struct {
	// Path is the folder itself. Only selects by rating, label or keyword, or
	// on the platform, need none.
	Path string `yaml:"folder"`
	// To names the accounts that each photo goes to.
	To []string `yaml:"to" required:"true"`
	// Settle is how long a file must rest before it counts as finished, if its
	// inside and its other users can be seen; else it rests longer.
	Settle time.Duration `yaml:"settle" default:"250ms" range:"0s..1h"`
	// Include are globs of the names that are sent; empty means every one that
	// capture software and systems do not write for themselves. Relative to
	// Path, with / on every system; ** spans folders; case does not matter.
	Include []string `yaml:"include"`
	// Exclude are globs of names that are never sent. They win over Include.
	Exclude []string `yaml:"exclude"`
	// Existing says what becomes of files that are there when the agent sees
	// the folder for the very first time. Default: all are sent.
	Existing Existing `yaml:"existing"`
	// HoldAbove is the brake on Existing.
	HoldAbove HoldAbove `yaml:"hold_above"`
	// Together is how long RAW, JPEG and XMP of one name wait for each other
	// before they are queued; 0 means that they do not.
	Together time.Duration `yaml:"together" range:"0s..1h"`
	// Renamed says what becomes of a sent file that gets a new name: keep leaves
	// it as it was sent, send sends it again.
	Renamed string `yaml:"renamed" default:"keep" oneof:"keep|send"`
	// Rescan is how often the whole folder is read, whatever the system told.
	Rescan time.Duration `yaml:"rescan" default:"60s" range:"1s..24h"`
	// Metadata says what becomes of a sent picture of which only XMP or IPTC has
	// changed: mark passes rating and label on, send sends it as a new version.
	Metadata string `yaml:"metadata" default:"mark" oneof:"mark|send"`
}

// Roles of hot folders, as in connectors.Role.
const (
	Capture    = "capture"
	Select     = "select"
	MirrorRole = "mirror"
	Project    = "project"
)

// A HotFolder is a Folder with its place in the configuration.
type HotFolder struct {
	Bench  string // empty for a mirror
	Role   string // Capture, Select, MirrorRole or Project; the key in agent.yaml is its plural
	Remote string // of a mirror: the remote folder
	// Selects are the bench's, for captures and selects; nil if it has none.
	Selects *Selects
	// Returns are the accounts that the bench imports from.
	Returns []string
	// Apart are folders inside of Path that files land in, relative to it and
	// slash-separated: they are not watched.
	Apart []string
	// Rest is how long an edit project must rest; not of other roles.
	Rest time.Duration
	Folder
}

// Title names the folder's place for people: its bench, or what it mirrors.
func (h HotFolder) Title() string {
	if h.Role == MirrorRole {
		return "mirror " + h.To[0] + ":" + h.Remote
	}
	return h.Bench
}

// HotFolders lists all hot folders in the order of the file.
func (c *Config) HotFolders() []HotFolder {
	var all []HotFolder
	for _, b := range c.Benches {
		var returns []string
		if b.Imports != nil {
			returns = b.Imports.From
		}
		if b.Captures != nil {
			all = append(all, HotFolder{Bench: b.Name, Role: Capture, Selects: b.Selects, Returns: returns, Folder: *b.Captures})
		}
		if b.Selects != nil && b.Selects.Path != "" {
			all = append(all, HotFolder{Bench: b.Name, Role: Select, Selects: b.Selects, Returns: returns, Folder: b.Selects.Folder})
		}
		if b.Projects != nil {
			all = append(all, b.Projects.hotFolder(b.Name))
		}
	}
	for _, m := range c.Mirrors {
		if m.Direction == Put {
			all = append(all, m.hotFolder())
		}
	}
	for i := range all {
		all[i].Apart = c.landingsIn(all[i].Path)
	}
	return all
}
