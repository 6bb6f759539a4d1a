package config

import (
	"time"

	"go.yaml.in/yaml/v3"
)

// Projects is a folder of edit projects: of each folder in it that holds a
// project file, the project is registered with an account, and its media are
// imported there from where they lie and linked with it. Nothing is moved or
// deleted, here or there.
type Projects struct {
	// Path is the folder itself.
	Path string `yaml:"folder" required:"true"`
	// Account registers the projects.
	Account string `yaml:"account" required:"true"`
	// Production is what new projects belong to there: a number is its ID, text its
	// name.
	Production any `yaml:"production" required:"true"`
	// Link says which media are imported and linked.
	Link Link `yaml:"link"`
	// Settle is how long the project files, and what lies beside them and is no
	// medium, must rest before a new folder counts as a project. Media settle by
	// themselves, each for itself.
	Settle time.Duration `yaml:"settle" default:"5s" range:"0s..1h"`
	// Existing says what becomes of projects that are there when the agent sees the
	// folder for the very first time. Default: all are registered.
	Existing Existing `yaml:"existing"`
	// HoldAbove is the brake on Existing: so many media wait for `release`, and
	// their projects too.
	HoldAbove HoldAbove `yaml:"hold_above"`
	// Rescan is how often the whole folder is read, whatever the system told.
	Rescan time.Duration `yaml:"rescan" default:"60s" range:"1s..24h"`
}

// A Link chooses media of edit projects.
type Link struct {
	// Include are globs of media, relative to the folder of projects; empty means
	// all media that the edit programs cannot make again by themselves.
	Include []string `yaml:"include"`
	// Exclude are globs of media that are not imported. They win over Include.
	Exclude []string `yaml:"exclude"`
}

// hotFolder is the folder as it is watched. A medium is known by its path there,
// so that one that is renamed is another one.
func (p Projects) hotFolder(bench string) HotFolder {
	return HotFolder{Bench: bench, Role: Project, Rest: p.Settle, Folder: Folder{
		Path: p.Path, To: []string{p.Account}, Include: p.Link.Include, Exclude: p.Link.Exclude,
		Existing: p.Existing, HoldAbove: p.HoldAbove, Renamed: "send", Rescan: p.Rescan, Metadata: "send",
	}}
}

// forFactory is what the account's type reads of the key, through Bench.Decode.
func (p *Projects) forFactory() (yaml.Node, error) {
	var n yaml.Node
	err := n.Encode(map[string]any{"folder": p.Path, "account": p.Account, "production": p.Production})
	return n, err
}

func (d *decoder) projects(c *Config, field string, p *Projects) {
	d.local(field+".folder", p.Path)
	if p.Account != "" {
		d.account(c, field+".account", p.Account)
	}
	switch p.Production.(type) {
	case nil, int, string:
	default:
		d.bad(field+".production", "must be a number (its ID) or a name", "")
	}
	d.globs(field+".link.include", p.Link.Include)
	d.globs(field+".link.exclude", p.Link.Exclude)
}
