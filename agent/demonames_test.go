package main

import (
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/studio-agent/studio-agent/agent/config"
	"github.com/studio-agent/studio-agent/watch"
)

func benchWith(t *testing.T, keys string) config.Bench {
	t.Helper()
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(keys), &doc); err != nil {
		t.Fatal(err)
	}
	b := config.Bench{Name: "b", Keys: yaml.Node{Kind: yaml.MappingNode}}
	if len(doc.Content) > 0 {
		b.Keys = *doc.Content[0]
	}
	return b
}

func TestNamesFitTheBench(t *testing.T) {
	for _, tt := range []struct {
		names            string
		include, exclude []string
	}{
		{names: ``},
		{names: `^(?P<ref>[^_]+)_.*$`},
		{names: `^(?P<ref>\d{13})_[0-9]+\.(jpg|tif)$`},
		{names: `(?i)^(?P<ref>[a-z]{2}\d{2}-\d{3})(_back|_front)?_\d+\.jpe?g$`},
		{names: `^(?P<ref>.+)-(?:A|B)\.cr3$`, include: []string{"**/*.cr3"}},
		{include: []string{"*.NEF"}},
		{exclude: []string{"*.jpg", "*.jpeg"}},
	} {
		learned := map[string]bool{}
		n := &namer{rnd: rand.New(rand.NewPCG(1, 1)), used: map[string]bool{}, learn: func(ref string) { learned[ref] = true }}
		f := config.HotFolder{Folder: config.Folder{Include: tt.include, Exclude: tt.exclude}}
		seen := map[string]bool{}
		for range 5 {
			name, err := n.name(benchWith(t, "names: '"+tt.names+"'"), f)
			if err != nil {
				t.Errorf("%+v: %v", tt, err)
				break
			}
			m := regexp.MustCompile(tt.names).FindStringSubmatch(name)
			if m == nil || seen[name] || strings.ContainsAny(name, "/\\\n") || watch.Skip(watch.Skip{Include: tt.include, Exclude: tt.exclude}).Reason(name, false) != "" {
				t.Errorf("%+v: %q does not fit, or comes again", tt, name)
			}
			if len(m) > 1 && !learned[m[1]] {
				t.Errorf("%+v: the catalogue does not know %q", tt, m[1])
			}
			seen[name] = true
		}
	}
}

func TestANameThatCannotBe(t *testing.T) {
	n := &namer{rnd: rand.New(rand.NewPCG(1, 1)), used: map[string]bool{}, learn: func(string) {}}
	_, err := n.name(benchWith(t, ""), config.HotFolder{Folder: config.Folder{Exclude: []string{"*"}}})
	if err == nil || !strings.Contains(err.Error(), "no file name that fits") {
		t.Errorf("got %v", err)
	}
}

func TestPaintedPicturesAreWholeAndDiffer(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 1))
	a, b := paint(rnd, 1000), paint(rnd, 1000)
	if string(a) == string(b) {
		t.Error("two pictures are the same")
	}
	for _, p := range [][]byte{a, b} {
		if len(p) < 150_000 || len(p) > 400_000 {
			t.Errorf("a picture has %d bytes", len(p))
		}
		if string(p[:2]) != "\xff\xd8" || string(p[len(p)-2:]) != "\xff\xd9" {
			t.Error("a picture is no whole JPEG")
		}
	}
}
