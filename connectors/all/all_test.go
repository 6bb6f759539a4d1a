package all

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Folders beside this one that are no type of account.
var helpers = []string{"all", "connectortest", "faults", "layout", "memory", "rest"}

// Every folder of connectors either declares a Factory and is listed here, or is
// one of the helpers.
func TestEveryConnectorIsListed(t *testing.T) {
	entries, err := os.ReadDir("..")
	if err != nil {
		t.Fatal(err)
	}
	listed, seen := listedPackages(t), []string{}
	for _, e := range entries {
		if !e.IsDir() || slices.Contains(helpers, e.Name()) {
			continue
		}
		seen = append(seen, e.Name())
		switch declares, in := declaresFactory(t, filepath.Join("..", e.Name())), slices.Contains(listed, e.Name()); {
		case !declares:
			t.Errorf("connectors/%s declares no var Factory and is no known helper", e.Name())
		case !in:
			t.Errorf("connectors/%s is not listed; add %s.Factory to all.go", e.Name(), e.Name())
		}
	}
	if len(seen) != len(listed) {
		t.Errorf("all.go lists %q, connectors holds %q", listed, seen)
	}
	for _, name := range helpers {
		if declaresFactory(t, filepath.Join("..", name)) {
			t.Errorf("connectors/%s declares a var Factory; it is a connector now", name)
		}
	}
}

func TestEveryTypeIsNamedOnceAndCanBeMade(t *testing.T) {
	types := Registry().Types()
	if n := len(slices.Compact(slices.Clone(types))); n != len(types) {
		t.Errorf("a type is there twice: %q", types)
	}
	for _, f := range Registry() {
		if f.Type == "" || f.Type != strings.ToLower(f.Type) || f.New == nil {
			t.Errorf("the factory %+v lacks a lower-case type or New", f)
		}
		if got, ok := Registry().Find(f.Type); !ok || got.Type != f.Type {
			t.Errorf("Find(%q) gave %+v, %v", f.Type, got, ok)
		}
	}
	if _, ok := Registry().Find("memory"); ok {
		t.Error("memory is for tests and no type of agent.yaml")
	}
}

// listedPackages are the packages whose Factory all.go names.
func listedPackages(t *testing.T) (names []string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "all.go", nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok && sel.Sel.Name == "Factory" {
			names = append(names, sel.X.(*ast.Ident).Name)
		}
		return true
	})
	return names
}

// declaresFactory reports whether a file of the program in dir has a var Factory.
func declaresFactory(t *testing.T, dir string) bool {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		if hasVar(file, "Factory") {
			return true
		}
	}
	return false
}

func hasVar(file *ast.File, name string) bool {
	for _, decl := range file.Decls {
		group, ok := decl.(*ast.GenDecl)
		if !ok || group.Tok != token.VAR {
			continue
		}
		for _, spec := range group.Specs {
			for _, id := range spec.(*ast.ValueSpec).Names {
				if id.Name == name {
					return true
				}
			}
		}
	}
	return false
}
