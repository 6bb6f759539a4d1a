package config

import (
	"reflect"
	"testing"
	"time"
)

const editing = `
accounts: {ml: {type: medialoopster}}
benches:
  - name: edit-1
    projects: {folder: edit, account: ml, production: 7, link: {include: ['**/*.mov'], exclude: ['**/Exports/**']}, existing: ignore}
`

func TestAFolderOfProjectsIsAHotFolder(t *testing.T) {
	all := parse(t, editing).HotFolders()
	want := HotFolder{Bench: "edit-1", Role: Project, Rest: 5 * time.Second, Folder: Folder{
		Path: "/conf/edit", To: []string{"ml"}, Include: []string{"**/*.mov"}, Exclude: []string{"**/Exports/**"},
		Existing: Existing{Ignore: true}, HoldAbove: HoldAbove{500, 20e9}, Renamed: "send", Rescan: time.Minute, Metadata: "send",
	}}
	if len(all) != 1 || !reflect.DeepEqual(all[0], want) {
		t.Errorf("got %+v, want %+v", all, want)
	}
}

// The account's type gets what it needs, with the whole path, and what it does not
// know is no mistake.
func TestProjectsReachFactories(t *testing.T) {
	var opt struct {
		Projects *struct {
			Folder, Account string
			Production      any
		}
	}
	c := parse(t, editing)
	if err := c.Benches[0].Decode(&opt); err != nil || opt.Projects == nil {
		t.Fatalf("got %+v, %v", opt, err)
	}
	if p := *opt.Projects; p.Folder != "/conf/edit" || p.Account != "ml" || p.Production != 7 {
		t.Errorf("got %+v", p)
	}
	if err := c.Unclaimed(); err != nil {
		t.Error(err)
	}
	opt.Projects = nil
	if err := parse(t, returning).Benches[0].Decode(&opt); err != nil || opt.Projects != nil {
		t.Errorf("a bench without projects: got %+v, %v", opt, err)
	}
}

// An account is made anew when the folder or the production changes, and not when
// only the media do.
func TestProjectsAreInTheBenchesFingerprint(t *testing.T) {
	print := func(change func(*Projects)) string {
		b := parse(t, editing).Benches[0]
		change(b.Projects)
		return b.Fingerprint()
	}
	same := print(func(*Projects) {})
	for name, tt := range map[string]struct {
		change func(*Projects)
		other  bool
	}{
		"folder":     {func(p *Projects) { p.Path = "/elsewhere" }, true},
		"production": {func(p *Projects) { p.Production = "7" }, true},
		"account":    {func(p *Projects) { p.Account = "other" }, true},
		"link":       {func(p *Projects) { p.Link.Include = nil }, false},
		"settle":     {func(p *Projects) { p.Settle = time.Minute }, false},
	} {
		if got := print(tt.change) != same; got != tt.other {
			t.Errorf("%s: another fingerprint %v, want %v", name, got, tt.other)
		}
	}
}
