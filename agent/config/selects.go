package config

import "time"

// Selects says which photos of a bench are chosen for retouching, and where they
// go: those that are dropped into the folder, and those of the captures folder
// that have the rating, one of the labels, or one of the keywords, or that people
// select on the platform.
type Selects struct {
	Folder `yaml:",inline"`
	// Rating is the least rating, in stars, that selects a photo; 0: ratings
	// select nothing.
	Rating int `yaml:"rating" range:"0..5"`
	// Label are the colour labels that select a photo, in English.
	Label []string `yaml:"label"`
	// Keyword are the keywords that select a photo; case does not matter.
	Keyword []string `yaml:"keyword"`
	// Platform also takes what people select on a platform in To (at Grand
	// Shooting: status 30), as long as nothing was ordered for it there. What is
	// selected already at the agent's first look waits for `release BENCH`, because
	// orders cost money. A picture that did not come from the bench's captures is
	// left out: it can only be ordered on the platform.
	Platform bool `yaml:"platform"`
	// Task says how selects become tasks, which are tracked until all of them are
	// back: per-window, all that come within Window of the first; per-folder,
	// each folder in the selects folder is one, which is complete when for Window
	// nothing more has come; on-demand, all until a person says `task send`.
	Task string `yaml:"task" default:"per-window" oneof:"per-window|per-folder|on-demand"`
	// Window is how long a task waits for more selects.
	Window time.Duration `yaml:"window" default:"10m" range:"1s..24h"`
	// Deadline is when the retouches of a task are late, counted from when it was
	// sent; 0: never.
	Deadline time.Duration `yaml:"deadline" range:"0s..2160h"`
	// Template is what is ordered for the photos of a task, by the vendor's name.
	// Empty: what the account is configured for.
	Template string `yaml:"template"`
	// Manifest sends a CSV that lists the photos of the task along with them.
	Manifest bool `yaml:"manifest"`
}

// OfCaptures reports whether photos of the captures folder become selects where
// they are.
func (s Selects) OfCaptures() bool { return s.ByTags() || s.Platform }

// ByTags reports whether ratings, labels or keywords select photos.
func (s Selects) ByTags() bool { return s.Rating > 0 || len(s.Label) > 0 || len(s.Keyword) > 0 }
