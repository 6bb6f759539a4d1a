package config

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Decode reads a YAML mapping into the struct that into points to. Unlike
// yaml.Node.Decode it reports unknown and doubled keys, values out of range and
// what is missing, all at once: the error is nil or Errors. path stands before
// each field in messages; empty for none.
//
// Fields are named by their yaml tags. Further tags: default (used where the
// field is zero and the file is silent), required:"true", oneof:"a|b" for
// strings, range:"low..high" (both included) for numbers and durations.
// Durations need a unit. Types with UnmarshalText read scalars themselves. A
// yaml.Node tagged ",inline" takes all keys that the struct does not name; an
// embedded struct tagged so lends the struct its fields; any
// other yaml.Node takes its value undecoded; an any takes what YAML makes of it. A key without a value counts as
// not given; what is required must not be "" either. into keeps what it holds where the file is silent.
func Decode(node *yaml.Node, path string, into any) error {
	d := &decoder{lines: map[string]int{}}
	d.root(node, path, into)
	return d.problems.orNil()
}

type decoder struct {
	file     string
	lines    map[string]int // of each field met, for what is judged after decoding
	problems Errors
}

// root reads a whole mapping or document. also are keys that belong there but are
// read by others, for hints.
func (d *decoder) root(node *yaml.Node, path string, into any, also ...string) {
	v := reflect.ValueOf(into).Elem()
	setDefaults(v)
	switch node.Kind {
	case yaml.DocumentNode:
		node = node.Content[0]
	case 0:
		node = &yaml.Node{Kind: yaml.MappingNode}
	}
	d.mapping(node, path, v, also...)
}

func (d *decoder) add(line int, field, text, hint string) {
	d.problems = append(d.problems, Problem{File: d.file, Line: line, Field: field, Text: text, Hint: hint})
}

// value reads n into v. tag is that of the struct field that v is, or is an
// element of.
func (d *decoder) value(n *yaml.Node, field string, v reflect.Value, tag reflect.StructTag) {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if v.Kind() == reflect.Pointer {
		v.Set(reflect.New(v.Type().Elem()))
		v = v.Elem()
		setDefaults(v)
	}
	_, text := asText(v)
	switch {
	case v.Type() == reflect.TypeFor[yaml.Node]():
		v.Set(reflect.ValueOf(*n))
	case text && n.Kind != yaml.MappingNode:
		d.scalar(n, field, v, tag)
	case v.Kind() == reflect.Struct:
		d.mapping(n, field, v)
	case v.Kind() == reflect.Map:
		d.entries(n, field, v, tag)
	case v.Kind() == reflect.Slice:
		d.list(n, field, v, tag)
	case v.Kind() == reflect.Interface:
		if err := n.Decode(v.Addr().Interface()); err != nil {
			d.add(n.Line, field, strings.Join(strings.Fields(err.Error()), " "), "")
		}
	default:
		d.scalar(n, field, v, tag)
	}
}

func (d *decoder) mapping(n *yaml.Node, field string, v reflect.Value, also ...string) {
	pairs, ok := d.pairs(n, field)
	if !ok {
		return
	}
	names, rest := fieldsOf(v)
	if rest != nil {
		*rest = yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Line: n.Line}
	}
	given := map[string]bool{}
	for _, p := range pairs {
		name := p.key.Value
		index, known := names[name]
		switch {
		case known && !isNull(p.value):
			given[name] = p.value.Kind != yaml.ScalarNode || p.value.Value != ""
			d.value(p.value, join(field, name), v.FieldByIndex(index), v.Type().FieldByIndex(index).Tag)
		case known:
		case rest != nil:
			rest.Content = append(rest.Content, p.key, p.value)
		default:
			d.add(p.key.Line, join(field, name), "unknown key", didYouMean(name, append(keys(names), also...)))
		}
	}
	for _, name := range keys(names) {
		if v.Type().FieldByIndex(names[name]).Tag.Get("required") == "true" && !given[name] {
			d.add(n.Line, join(field, name), "is missing", slip(name, rest))
		}
	}
}

// slip is the hint for a missing key if one that nobody knows looks like it.
func slip(name string, rest *yaml.Node) string {
	for i := 0; rest != nil && i < len(rest.Content); i += 2 {
		if word := rest.Content[i].Value; alike(word, name) {
			return fmt.Sprintf("did you mean it by %q?", word)
		}
	}
	return ""
}

func (d *decoder) entries(n *yaml.Node, field string, v reflect.Value, tag reflect.StructTag) {
	pairs, ok := d.pairs(n, field)
	if !ok {
		return
	}
	v.Set(reflect.MakeMap(v.Type()))
	for _, p := range pairs {
		element := reflect.New(v.Type().Elem()).Elem()
		setDefaults(element)
		if isNull(p.value) {
			d.add(p.key.Line, join(field, p.key.Value), "is empty", "")
		} else {
			d.value(p.value, join(field, p.key.Value), element, tag)
		}
		v.SetMapIndex(reflect.ValueOf(p.key.Value), element)
	}
}

func (d *decoder) list(n *yaml.Node, field string, v reflect.Value, tag reflect.StructTag) {
	if n.Kind != yaml.SequenceNode {
		hint := ""
		if n.Kind == yaml.ScalarNode {
			hint = fmt.Sprintf("write [%s]", n.Value)
		}
		d.add(n.Line, field, "must be a list, not "+kindName(n), hint)
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), len(n.Content), len(n.Content)))
	for i, item := range n.Content {
		name := fmt.Sprintf("%s[%d]", field, i)
		d.lines[name] = item.Line
		if isNull(item) {
			d.add(item.Line, name, "is empty", "")
			continue
		}
		setDefaults(v.Index(i))
		d.value(item, name, v.Index(i), tag)
	}
}

type pair struct{ key, value *yaml.Node }

// pairs lists the keys of a mapping, notes their lines and reports doubled ones.
// Keys merged with << give way to those written out.
// Not ok means that n is no mapping, which is reported too.
func (d *decoder) pairs(n *yaml.Node, field string) (all []pair, ok bool) {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if n.Kind != yaml.MappingNode {
		d.add(n.Line, field, "must be a mapping of keys and values, not "+kindName(n), "")
		return nil, false
	}
	var merged []pair
	seen := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if key.Tag == "!!merge" {
			merged = append(merged, d.merge(value, field)...)
			continue
		}
		name := join(field, key.Value)
		if key.Kind != yaml.ScalarNode {
			d.add(key.Line, field, "a key must be a word, not "+kindName(key), "")
		} else if first, double := seen[key.Value]; double {
			d.add(key.Line, name, fmt.Sprintf("stands here twice, first on line %d", first), "")
		} else {
			seen[key.Value], d.lines[name] = key.Line, key.Line
			all = append(all, pair{key, value})
		}
	}
	for _, p := range merged {
		if _, known := seen[p.key.Value]; !known {
			seen[p.key.Value], d.lines[join(field, p.key.Value)] = p.key.Line, p.key.Line
			all = append(all, p)
		}
	}
	return all, true
}

// merge lists the keys that << brings in. Only mappings without a << of their
// own can be merged, so that no anchor can contain itself.
func (d *decoder) merge(n *yaml.Node, field string) []pair {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	var all []pair
	for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
		if n.Content[i].Kind != yaml.ScalarNode || n.Content[i].Tag == "!!merge" {
			d.add(n.Content[i].Line, field, "what is merged with << may only hold plain keys", "")
			continue
		}
		all = append(all, pair{n.Content[i], n.Content[i+1]})
	}
	if n.Kind != yaml.MappingNode {
		d.add(n.Line, join(field, "<<"), "must name one mapping, not "+kindName(n), "")
	}
	return all
}

// fieldsOf returns the fields of struct v by their keys, as reflect indexes, and
// the one that takes all other keys.
func fieldsOf(v reflect.Value) (names map[string][]int, rest *yaml.Node) {
	names = map[string][]int{}
	for i := range v.NumField() {
		f := v.Type().Field(i)
		name, option, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		switch {
		case !f.IsExported() || name == "-":
		case option == "inline" && f.Anonymous:
			inner, _ := fieldsOf(v.Field(i))
			for name, index := range inner {
				names[name] = append([]int{i}, index...)
			}
		case option == "inline":
			rest = v.Field(i).Addr().Interface().(*yaml.Node)
		case name == "":
			names[strings.ToLower(f.Name)] = []int{i}
		default:
			names[name] = []int{i}
		}
	}
	return names, rest
}

func keys[V any](names map[string]V) []string {
	var all []string
	for name := range names {
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}

func join(field, name string) string {
	if field == "" {
		return name
	}
	return field + "." + name
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" }

func kindName(n *yaml.Node) string {
	switch n.Kind {
	case yaml.SequenceNode:
		return "a list"
	case yaml.MappingNode:
		return "a mapping"
	case yaml.AliasNode:
		return "an alias"
	default:
		return "a single value"
	}
}
