package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// Load reads and checks the configuration at path. types are the account types
// that the program knows; none means that any is taken. The error is Errors if
// the file could be read. With Errors comes what could be understood, or nil: good
// for finding more mistakes, not for running.
func Load(path string, types ...string) (*Config, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no configuration at %s: copy agent.yaml.example there, or name another file with --config", path)
	}
	if err != nil {
		return nil, fmt.Errorf("the configuration cannot be read: %w", err)
	}
	return Parse(path, data, types...)
}

// Parse is Load for data that was read from the file name. Nothing is looked up
// on disk but the current folder, if name is relative.
func Parse(name string, data []byte, types ...string) (*Config, error) {
	file, err := filepath.Abs(name)
	if err != nil {
		return nil, fmt.Errorf("the configuration's folder is unknown: %w", err)
	}
	d := &decoder{file: name, lines: map[string]int{}}
	c := &Config{File: file}
	root := d.document(data)
	if root == nil {
		return nil, d.problems.orNil()
	}
	d.root(root, "", c)
	c.complete(d)
	d.validate(c, types)
	return c, d.problems.orNil()
}

// document parses the one YAML document of data; nil if that is impossible.
func (d *decoder) document(data []byte) *yaml.Node {
	var first, second yaml.Node
	stream := yaml.NewDecoder(bytes.NewReader(data))
	err := stream.Decode(&first)
	if errors.Is(err, io.EOF) {
		d.add(0, "", "the file is empty", "begin with agent.yaml.example")
		return nil
	}
	if err == nil {
		if err = stream.Decode(&second); errors.Is(err, io.EOF) {
			return first.Content[0]
		}
	}
	if err == nil {
		d.add(second.Line, "", "a second document begins here", "remove the line ---")
		return first.Content[0]
	}
	line, text := whereBroken(data, err)
	d.add(line, "", text, syntaxHint(data, line))
	return nil
}

// whereBroken names the line that a syntax error is in or, inside of brackets and
// quotes, where these were opened: the one behind the longest beginning of the
// file that can be read. The parser's own line is often another.
func whereBroken(data []byte, err error) (line int, text string) {
	m := regexp.MustCompile(`^yaml: (?:line (\d+): )?(.*)$`).FindStringSubmatch(err.Error())
	if m == nil {
		return 0, err.Error()
	}
	line, _ = strconv.Atoi(m[1])
	lines := bytes.SplitAfter(data, []byte("\n"))
	for n := len(lines) - 1; n >= 0; n-- {
		if parses(bytes.Join(lines[:n], nil)) {
			return n + 1, m[2]
		}
	}
	return line, m[2]
}

func parses(data []byte) bool {
	stream := yaml.NewDecoder(bytes.NewReader(data))
	for {
		var node yaml.Node
		if err := stream.Decode(&node); err != nil {
			return errors.Is(err, io.EOF)
		}
	}
}

func syntaxHint(data []byte, line int) string {
	lines := strings.Split(string(data), "\n")
	if line < 1 || line > len(lines) {
		return ""
	}
	text := lines[line-1]
	indent := text[:len(text)-len(strings.TrimLeft(text, " \t"))]
	switch {
	case strings.Contains(indent, "\t"):
		return "indent with spaces, not tabs"
	case strings.Contains(text, `"`) && strings.Contains(text, `\`):
		return `write a Windows path in 'single quotes'`
	case !utf8.ValidString(text):
		return "save the file as UTF-8"
	case regexp.MustCompile("(: |[-\\[,] *)[*&!%@`]").MatchString(text):
		return "put the value in 'single quotes'"
	}
	return ""
}

// complete fills in what the file may leave to the system, makes paths absolute
// and tells accounts and benches where they stand.
func (c *Config) complete(d *decoder) {
	if c.Name == "" {
		c.Name = "studio-agent"
		if host, err := os.Hostname(); err == nil && host != "" {
			c.Name = host
		}
	}
	c.Ledger = c.absolute(c.Ledger)
	c.Log.File = c.absolute(c.Log.File)
	if c.Quarantine == "" && c.Ledger != "" {
		c.Quarantine = filepath.Join(filepath.Dir(c.Ledger), "quarantine")
	}
	c.Quarantine = c.absolute(c.Quarantine)
	for name, a := range c.Accounts {
		a.Name, a.origin = name, origin{d.file, "accounts." + name, d.lines["accounts."+name], nil}
		c.Accounts[name] = a
	}
	for i := range c.Benches {
		b := &c.Benches[i]
		field := fmt.Sprintf("benches[%d]", i)
		b.origin = origin{d.file, field, d.lines[field], map[string]bool{}}
		if b.Captures != nil {
			b.Captures.Path = c.absolute(b.Captures.Path)
		}
		if b.Selects != nil {
			b.Selects.Path = c.absolute(b.Selects.Path)
		}
		if b.Imports != nil {
			b.Imports.Path = c.absolute(b.Imports.Path)
			c.placeReplaced(&b.Imports.Landing, b.Imports.Path)
		}
		if b.Projects != nil {
			b.Projects.Path = c.absolute(b.Projects.Path)
		}
	}
	for i := range c.Mirrors {
		m := &c.Mirrors[i]
		m.Path = c.absolute(m.Path)
		m.preset(c.Accounts[m.Account].Type)
		c.placeReplaced(&m.Landing, m.Path)
	}
}

func (c *Config) placeReplaced(l *Landing, folder string) {
	if l.Replaced == "" && folder != "" {
		l.Replaced = filepath.Clean(folder) + ".replaced"
	}
	l.Replaced = c.absolute(l.Replaced)
}

// absolute is path as seen from the configuration's folder. On Windows, a path
// without a drive stays on the configuration's drive.
func (c *Config) absolute(path string) string {
	dir := filepath.Dir(c.File)
	switch {
	case path == "" || strings.HasPrefix(path, "~") || strings.Contains(path, "://"):
		return path // refused by decoder.local
	case filepath.IsAbs(path):
		return filepath.Clean(path)
	case os.IsPathSeparator(path[0]):
		return filepath.Clean(filepath.VolumeName(dir) + path)
	case filepath.VolumeName(path) != "":
		return path // refused too
	}
	return filepath.Join(dir, path)
}
