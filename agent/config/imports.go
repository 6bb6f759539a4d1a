package config

import (
	"time"

	"go.yaml.in/yaml/v3"
)

// Landing says how files that come from a remote are put into a local folder.
type Landing struct {
	// Collide says what becomes of a file whose name is taken by an older one
	// that the agent put there: version replaces it and keeps the old one in
	// Replaced, suffix puts it beside, hold asks a person. What the agent did not
	// put there is never replaced.
	Collide string `yaml:"collide" default:"version" oneof:"version|suffix|hold"`
	// Replaced is where old versions are kept. It must lie on the same disk or
	// share. Default: a folder beside the import folder, named like it with
	// ".replaced" at the end.
	Replaced string `yaml:"replaced"`
	// Keep is how long old versions are kept; 0: for ever.
	Keep time.Duration `yaml:"keep" default:"720h" range:"0s..87600h"`
	// MinFree is how much must stay free on the disk: fetching waits below that.
	MinFree Size `yaml:"min_free" default:"1GB"`
	// Settle is how long a remote file must rest before it is fetched; 0 means 2 s,
	// or 20 s where its inside cannot be judged.
	Settle time.Duration `yaml:"settle" range:"0s..1h"`
	// Existing says what becomes of files that are at the remote when the agent
	// looks there for the very first time. Default: all are fetched.
	Existing Existing `yaml:"existing"`
	// HoldAbove is the brake on Existing.
	HoldAbove HoldAbove `yaml:"hold_above"`
}

// Imports is an import folder of a bench: finished retouches land there.
type Imports struct {
	// Path is the folder itself.
	Path string `yaml:"folder" required:"true"`
	// From names the accounts that retouches come from.
	From []string `yaml:"from" required:"true"`
	// Import says whether retouches land by themselves (auto) or wait until a
	// person imports them (ask).
	Import  string `yaml:"import" default:"auto" oneof:"auto|ask"`
	Landing `yaml:",inline"`
	// Expect says what a retouch must be; what is not is held, with the reason.
	Expect Expect `yaml:"expect"`
	// Keys are all other keys, for the factories of the accounts in From. See
	// Bench.Decode.
	Keys yaml.Node `yaml:",inline"`
}

// Expect is what a retouch must be. What is not given is not asked for.
type Expect struct {
	// Platform names the account whose specification of the picture holds.
	Platform string `yaml:"platform"`
	// MinWidth to MaxHeight are pixels, as displayed.
	MinWidth  int `yaml:"min_width" range:"0..1000000"`
	MaxWidth  int `yaml:"max_width" range:"0..1000000"`
	MinHeight int `yaml:"min_height" range:"0..1000000"`
	MaxHeight int `yaml:"max_height" range:"0..1000000"`
	// Profile are the names of ICC profiles, one of which must be embedded.
	Profile []string `yaml:"profile"`
	// Format are the formats, one of which it must be: jpeg, tiff, png, psd.
	Format []string `yaml:"format" oneof:"jpeg|tiff|png|psd"`
	// Bits are bits per channel.
	Bits int `yaml:"bits" range:"0..64"`
	// MaxSize is the largest file.
	MaxSize Size `yaml:"max_size"`
}
