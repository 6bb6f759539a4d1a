package config

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"runtime"
	"strings"
	"testing"
)

// with is the minimal configuration with one part replaced.
func with(t *testing.T, old, new string) string {
	t.Helper()
	if !strings.Contains(minimal, old) {
		t.Fatalf("%q is not in the minimal configuration", old)
	}
	return strings.Replace(minimal, old, new, 1)
}

func TestGoodNames(t *testing.T) {
	for _, name := range []string{"a", "7", "packshot-1", "Packshot_1", "a.b", "console", "com10", "aux1", strings.Repeat("x", 63)} {
		mustParse(t, with(t, "name: one", "name: "+name))
	}
}

func TestBadNames(t *testing.T) {
	for _, name := range []string{"..", "-a", "_a", "a b", "a/b", `a\b`, "a:b", "a.", "AUX", "nul.txt", "Lpt9", "é", "''", strings.Repeat("x", 64)} {
		if _, err := Parse("agent.yaml", []byte(with(t, "name: one", "name: '"+strings.Trim(name, "'")+"'"))); err == nil {
			t.Errorf("%q was taken for a bench", name)
		}
		if name == "''" {
			continue
		}
		if _, err := Parse("agent.yaml", []byte("accounts: {'"+name+"': {type: folder}}\nbenches: [{name: x, captures: {folder: /x, to: ['"+name+"']}}]")); err == nil {
			t.Errorf("%q was taken for an account", name)
		}
	}
}

func TestGoodGlobs(t *testing.T) {
	for _, glob := range []string{"*.jpg", "**/*.{jpg,cr3}", "Trash/**", "[0-9]*", "a?b", "naïve.*", "..hidden"} {
		c := mustParse(t, with(t, "to: [nas]", "to: [nas], include: ['"+glob+"'], exclude: ['"+glob+"']"))
		if f := c.Benches[0].Captures; f.Include[0] != glob || f.Exclude[0] != glob {
			t.Errorf("%s: got %v and %v", glob, f.Include, f.Exclude)
		}
	}
}

func TestInside(t *testing.T) {
	folds := runtime.GOOS == "windows" || runtime.GOOS == "darwin"
	for _, tt := range []struct {
		path, dir string
		want      bool
	}{
		{"/studio/one", "/studio/one", true},
		{"/studio/one/a", "/studio/one", true},
		{"/studio/one", "/studio/one/a", false},
		{"/studio/one-2", "/studio/one", false},
		{"/studio/..one", "/studio", true},
		{"/studio", "/", true},
		{"/", "/studio", false},
		{"/Studio/one", "/studio", folds},
	} {
		if got := inside(filepath.FromSlash(tt.path), filepath.FromSlash(tt.dir)); got != tt.want {
			t.Errorf("%s in %s: got %v, want %v", tt.path, tt.dir, got, tt.want)
		}
	}
}

func TestNeighboursAreNotNested(t *testing.T) {
	c := mustParse(t, with(t, "captures: {folder: /studio/one, to: [nas]}",
		"captures: {folder: /studio/one, to: [nas]}\n    selects: {folder: /studio/one-selects, to: [nas]}"))
	if got, want := len(c.HotFolders()), 2; got != want {
		t.Errorf("got %d hot folders, want %d", got, want)
	}
}

// On Windows these have meanings of their own: a path without a drive stays on the
// configuration's drive, one without a root depends on the drive's current folder.
func TestWindowsPaths(t *testing.T) {
	if runtime.GOOS != "windows" {
		t.Skip("only on Windows")
	}
	c := &Config{File: `E:\studio\agent.yaml`}
	for path, want := range map[string]string{
		`D:\hot`: `D:\hot`, "D:/hot": `D:\hot`, "/hot": `E:\hot`, `\hot`: `E:\hot`, "hot": `E:\studio\hot`,
		`\\nas\photos\hot`: `\\nas\photos\hot`, "D:hot": "D:hot",
	} {
		if got := c.absolute(path); got != want {
			t.Errorf("%s: got %s, want %s", path, got, want)
		}
	}
	if _, err := Parse("agent.yaml", []byte(with(t, "/studio/one", "D:hot"))); err == nil {
		t.Error("a path relative to a drive was taken")
	}
}

func TestUnknownTypesAreTakenWithoutAList(t *testing.T) {
	text := []byte(with(t, "type: folder", "type: carrier-pigeon"))
	if _, err := Parse("agent.yaml", text); err != nil {
		t.Error(err)
	}
	if _, err := Parse("agent.yaml", text, "folder"); err == nil {
		t.Error("got no error")
	}
}

// The configuration may hold passwords by mistake; messages must not.
func TestMessagesDoNotShowAddresses(t *testing.T) {
	_, err := Parse("agent.yaml", []byte("ledger: postgres://agent:hunter2@db/ledger\n"+minimal))
	if err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("got %v", err)
	}
}

// Every key that the structs know is explained in the example.
func TestExampleIsComplete(t *testing.T) {
	data, err := os.ReadFile("../../agent.yaml.example")
	if err != nil {
		t.Fatal(err)
	}
	for _, typ := range []reflect.Type{reflect.TypeFor[Config](), reflect.TypeFor[Log](), reflect.TypeFor[Account](),
		reflect.TypeFor[Bench](), reflect.TypeFor[Folder](), reflect.TypeFor[HoldAbove](),
		reflect.TypeFor[Selects](), reflect.TypeFor[Imports](), reflect.TypeFor[Expect](), reflect.TypeFor[Mirror]()} {
		names, _ := fieldsOf(reflect.New(typ).Elem())
		if len(names) == 0 {
			t.Errorf("%s has no keys", typ)
		}
		for name := range names {
			if !regexp.MustCompile(`(?m)(^|[\s#{-])` + name + `:`).Match(data) {
				t.Errorf("agent.yaml.example does not show %s of %s", name, typ)
			}
		}
	}
}

// The tags of the structs are read only when a value is met: a slip in one would
// wait for a user.
func TestTagsAreSound(t *testing.T) {
	for _, into := range []any{&Config{}, &Account{}, &Bench{}, &Folder{}, &HoldAbove{}, &Log{}, &Selects{}, &Imports{}, &Landing{}, &Expect{}, &Mirror{}} {
		v := reflect.ValueOf(into).Elem()
		setDefaults(v) // panics on a bad default
		for i := range v.NumField() {
			f := v.Type().Field(i)
			if low, high, limited := strings.Cut(f.Tag.Get("range"), ".."); limited && !(within(v.Field(i), low, false) && within(v.Field(i), high, true)) {
				t.Errorf("the default of %s.%s is out of its range", v.Type(), f.Name)
			}
			if words := f.Tag.Get("oneof"); words != "" && f.Tag.Get("default") != "" && !strings.Contains("|"+words+"|", "|"+v.Field(i).String()+"|") {
				t.Errorf("the default of %s.%s is no choice", v.Type(), f.Name)
			}
		}
	}
}
