package config

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"go.yaml.in/yaml/v3"
)

// Fingerprint changes when a setting of the account changes, not when its place,
// order or comments do. A secret's value is not part of it, only its reference.
func (a Account) Fingerprint() string {
	options := plain(a.Options)
	a.Options, a.origin = yaml.Node{}, origin{}
	return fingerprint(a, options)
}

// Fingerprint changes when the bench's name changes or one of the keys that belong
// to its accounts' types. Its folders have their own.
func (b Bench) Fingerprint() string {
	var imports, projects any
	if b.Imports != nil {
		imports = plain(b.Imports.Keys)
	}
	if p := b.Projects; p != nil {
		projects = []any{p.Path, p.Account, p.Production}
	}
	return fingerprint(b.Name, plain(b.Keys), imports, projects)
}

// Fingerprint changes when a setting of the mirror changes.
func (m Mirror) Fingerprint() string { return fingerprint(m) }

// Fingerprint changes when the folder moves to another bench or role, or when one
// of its settings changes.
func (f HotFolder) Fingerprint() string {
	selects := f.Selects
	f.Selects = nil // a pointer says nothing
	if selects == nil || f.Role == Capture && !selects.OfCaptures() {
		return fingerprint(f)
	}
	return fingerprint(f, *selects)
}

// Fingerprint changes when a setting of the imports changes.
func (i Imports) Fingerprint() string {
	keys := plain(i.Keys)
	i.Keys = yaml.Node{}
	return fingerprint(i, keys)
}

func plain(n yaml.Node) any {
	if n.Kind == 0 {
		return nil
	}
	var v any
	if err := n.Decode(&v); err != nil {
		return err.Error() // the factory's Decode tells it
	}
	return v
}

// fingerprint hashes what fmt shows, which sorts maps by key.
func fingerprint(parts ...any) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%#v", parts))
	return hex.EncodeToString(sum[:8])
}
