package config

import (
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// origin says where a part of the configuration stands in the file.
type origin struct {
	file, field string
	line        int
	known       map[string]bool // of a bench: the keys that some factory asked for
}

// Problem is a mistake that was found in this account after loading.
func (a Account) Problem(text string) Problem { return a.origin.problem(text) }

// Problem is a mistake that was found in this bench after loading.
func (b Bench) Problem(text string) Problem { return b.origin.problem(text) }

func (o origin) problem(text string) Problem {
	return Problem{File: o.file, Line: o.line, Field: o.field, Text: text}
}

// Decode reads the account's options into the struct that into points to, for
// connectors.Setup.Decode. Unknown keys are errors. See the function Decode.
func (a Account) Decode(into any) error {
	d := &decoder{file: a.origin.file, lines: map[string]int{}}
	d.root(&a.Options, a.origin.field, into, "type", "poll", "rate", "connections", "recheck")
	return d.problems.orNil()
}

// Decode reads those keys of the bench that the struct into points to has, for
// connectors.Bench.Decode. Other keys are left to other accounts' types; what
// nobody asked for is told by Config.Unclaimed. The keys of imports are asked for
// with import_ before their names. Not for concurrent use.
func (b Bench) Decode(into any) error {
	d := &decoder{file: b.origin.file, lines: map[string]int{}}
	fields, _ := fieldsOf(reflect.ValueOf(into).Elem())
	names := keys(fields)
	for _, name := range names {
		if b.origin.known != nil {
			b.origin.known[name] = true
		}
	}
	own := b.Keys
	own.Content = nil
	for i := 0; i+1 < len(b.Keys.Content); i += 2 {
		if slices.Contains(names, b.Keys.Content[i].Value) {
			own.Content = append(own.Content, b.Keys.Content[i:i+2]...)
		}
	}
	if b.Projects != nil && slices.Contains(names, "projects") {
		node, err := b.Projects.forFactory()
		if err != nil {
			return err
		}
		own.Content = append(own.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: "projects"}, &node)
	}
	imports := b.importKeys()
	for i := 0; i+1 < len(imports); i += 2 {
		key := *imports[i]
		key.Value = importPrefix + key.Value
		if slices.Contains(names, key.Value) {
			own.Content = append(own.Content, &key, imports[i+1])
		}
	}
	d.root(&own, b.origin.field, into)
	return d.problems.orNil()
}

const importPrefix = "import_"

func (b Bench) importKeys() []*yaml.Node {
	if b.Imports == nil {
		return nil
	}
	return b.Imports.Keys.Content
}

// Unclaimed reports bench keys that no factory has asked for through
// Bench.Decode: most likely misspelt. The error is nil or Errors. Ask once all
// accounts are made.
func (c *Config) Unclaimed() error {
	var problems Errors
	for _, b := range c.Benches {
		known, imports := []string{"name", "captures", "selects", "imports", "projects"}, slices.Clone(importsKnown)
		for name := range b.origin.known {
			if key, ok := strings.CutPrefix(name, importPrefix); ok {
				imports = append(imports, key)
			} else {
				known = append(known, name)
			}
		}
		problems = append(problems, unclaimed(b.origin.file, b.origin.field, b.Keys.Content, known)...)
		problems = append(problems, unclaimed(b.origin.file, join(b.origin.field, "imports"), b.importKeys(), imports)...)
	}
	return problems.orNil()
}

// importsKnown are the keys of imports that are read here, for hints.
var importsKnown = []string{"folder", "from", "import", "collide", "replaced", "keep", "min_free", "settle", "existing", "hold_above", "expect"}

func unclaimed(file, field string, content []*yaml.Node, known []string) (problems Errors) {
	for i := 0; i+1 < len(content); i += 2 {
		if key := content[i]; !slices.Contains(known, key.Value) {
			problems = append(problems, Problem{file, key.Line, join(field, key.Value), "unknown key", didYouMean(key.Value, known)})
		}
	}
	return problems
}
