package main

import (
	"context"
	"fmt"
)

// The demo's own stories.
const (
	taleStudio = "studio"
	taleVendor = "vendor"
	taleEdit   = "edit"
)

// A tale is one of the demo's own stories. Nil functions do nothing.
type tale struct {
	yaml     string
	prologue string
	takes    string // the bench whose importer takes each file away at once; empty for none
	expected int    // about how many pictures will arrive, and land
	learn    func(d *demo)
	plot     func(ctx context.Context, d *demo) error
	encore   func(d *demo) // tells people what they can do, instead of dropping pictures
	commands []string      // for them to try; nil means those of a studio
}

// tales are the stories by the word of --story.
func tales() map[string]tale {
	return map[string]tale{
		taleStudio: studioTale(),
		taleVendor: vendorTale(),
		taleEdit:   editTale(),
	}
}

// told is the demo's own story; the zero tale if a person's agent.yaml is
// rehearsed.
func (d *demo) told() tale {
	if d.config != "" {
		return tale{}
	}
	return tales()[d.tale]
}

// check says what is wrong with how the demo was called.
func (o demoOptions) check() error {
	if _, known := tales()[o.tale]; !known {
		return &usageError{fmt.Errorf("there is no story %q; there are %v", o.tale, sortedKeys(tales()))}
	}
	if o.config != "" && o.tale != taleStudio {
		return &usageError{fmt.Errorf("--story tells one of the demo's own stories, and --config rehearses yours: choose one")}
	}
	return nil
}
