package config

import (
	"reflect"
	"slices"
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
// nobody asked for is told by Config.Unclaimed. Not for concurrent use.
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
	d.root(&own, b.origin.field, into)
	return d.problems.orNil()
}

// Unclaimed reports bench keys that no factory has asked for through
// Bench.Decode: most likely misspelt. The error is nil or Errors. Ask once all
// accounts are made.
func (c *Config) Unclaimed() error {
	var problems Errors
	for _, b := range c.Benches {
		known := []string{"name", "captures", "selects"}
		for name := range b.origin.known {
			known = append(known, name)
		}
		for i := 0; i+1 < len(b.Keys.Content); i += 2 {
			key := b.Keys.Content[i]
			if !slices.Contains(known, key.Value) {
				problems = append(problems, Problem{b.origin.file, key.Line, join(b.origin.field, key.Value),
					"unknown key", didYouMean(key.Value, known)})
			}
		}
	}
	return problems.orNil()
}
