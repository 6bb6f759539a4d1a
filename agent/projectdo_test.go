package main

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/sync/gate"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

// A projectDesk is an agent with one account that keeps edit projects in memory.
type projectDesk struct {
	*testing.T
	*agent
	all     []connectors.Project
	copied  []connectors.ProjectCopy
	linked  []string
	deleted []string
	fail    error // of the next copy
	late    bool  // the copy is made although it failed
}

func inProjectDesk(t *testing.T, test func(d *projectDesk)) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l, err := ledger.Open(t.Context(), ledger.Options{Path: filepath.Join(t.TempDir(), "l.db"), Name: "test", Version: "1"})
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		d := &projectDesk{T: t, all: []connectors.Project{
			{ID: "7", Name: "Spot", Root: "/srv/edit/Spot/", Path: "/v/edit/Spot", Steps: 6, Media: []connectors.ProjectMedium{{ID: "video/1", Name: "a.mov", Path: "/v/edit/Spot/a.mov"}}},
			{ID: "8", Name: "Theirs", Root: "/srv/theirs/", Steps: 6},
		}}
		d.agent = &agent{toolbox: toolbox{log: slog.New(slog.DiscardHandler)}, ledger: l, parts: newParts(t.Context(), nil)}
		d.parts.running["account ml"] = &runningPart{part: part{key: "account ml", account: "ml", gate: gate.New(nil, d.log), connector: connectors.Connector{Projects: d.projects()}}}
		if err := l.AddProject(time.Now(), ledger.Task{Account: "ml", Bench: "edit-1", Key: "/v/edit/Spot", Title: "Spot"}); err != nil {
			t.Fatal(err)
		}
		test(d)
	})
}

func (d *projectDesk) projects() *connectors.Projects {
	show := func(_ context.Context, which string) (connectors.Project, error) {
		i := slices.IndexFunc(d.all, func(p connectors.Project) bool { return p.ID == which || p.Path == which })
		if i < 0 {
			return connectors.Project{}, connectors.Rejected("there is no project %s", which)
		}
		return d.all[i], nil
	}
	return &connectors.Projects{
		List: func(context.Context) ([]connectors.Project, error) { return d.all, nil },
		Show: show,
		Copy: func(_ context.Context, c connectors.ProjectCopy) (connectors.Project, error) {
			d.copied = append(d.copied, c)
			p := connectors.Project{ID: "9", Name: c.Name, Path: c.Path, Stage: connectors.Working, Steps: 6}
			if d.fail == nil || d.late {
				d.all = append(d.all, p)
			}
			return p, d.fail
		},
		Link: func(_ context.Context, project string, paths []string) (connectors.Project, error) {
			d.linked = append(d.linked, paths...)
			return show(d.Context(), project)
		},
		Delete: func(_ context.Context, id, name string) error {
			d.deleted = append(d.deleted, id+" "+name)
			d.all = slices.DeleteFunc(d.all, func(p connectors.Project) bool { return p.ID == id })
			return d.fail
		},
	}
}

// ask asks once, and returns the control so that it can be obeyed again.
func (d *projectDesk) ask(verb string, args map[string]string) (ledger.Control, string) {
	d.Helper()
	seq, err := d.ledger.Ask(verb, args)
	if err != nil {
		d.Fatal(err)
	}
	c, err := d.ledger.Control(d.Context(), seq)
	if err != nil {
		d.Fatal(err)
	}
	return c, d.obey(d.Context(), c)
}

func (d *projectDesk) want(got, want string) {
	d.Helper()
	if !strings.Contains(got, want) {
		d.Errorf("got %q, want %q", got, want)
	}
}

func TestACopyIsAskedForOnce(t *testing.T) {
	inProjectDesk(t, func(d *projectDesk) {
		c, answer := d.ask(verbProjectCopy, map[string]string{"project": "Spot", "name": "Spot EN", "share": "yes", "production": "Archive"})
		d.want(answer, "Spot EN is being copied at ml, as project 9 in "+filepath.FromSlash("/v/edit/Spot EN"))
		want := connectors.ProjectCopy{Of: "7", Name: "Spot EN", Path: filepath.FromSlash("/v/edit/Spot EN"), Production: "Archive", Share: true}
		if len(d.copied) != 1 || d.copied[0] != want {
			d.Errorf("copied %+v", d.copied)
		}
		// an agent that is killed before it has answered finds what it began
		if err := d.begin("ml", c, d.copied[0].Path); err != nil {
			d.Fatal(err)
		}
		d.want(d.obey(d.Context(), c), "as project 9")
		if len(d.copied) != 1 {
			d.Errorf("copied %d times", len(d.copied))
		}
		_, answer = d.ask(verbProjectCopy, map[string]string{"project": "7", "name": "Spot EN"})
		d.want(answer, "has project 9 already")
	})
}

// After an unknown outcome the copy is looked for, and never made again by itself.
func TestAnUnknownCopyIsLookedFor(t *testing.T) {
	for _, late := range []bool{true, false} {
		inProjectDeskOf(t, late)
	}
}

func inProjectDeskOf(t *testing.T, late bool) {
	t.Run("", func(t *testing.T) {
		inProjectDesk(t, func(d *projectDesk) {
			d.fail, d.late = errors.New("the connection broke"), late
			start := time.Now()
			_, answer := d.ask(verbProjectCopy, map[string]string{"project": "Spot", "name": "Spot EN"})
			if late {
				d.want(answer, "is being copied at ml, as project 9")
			} else if d.want(answer, "not done: ml was asked for the copy and gave no answer"); time.Since(start) < copyDoubt {
				d.Errorf("given up after %v", time.Since(start))
			}
			if len(d.copied) != 1 {
				d.Errorf("copied %d times", len(d.copied))
			}
		})
	})
}

func TestWhatCannotBeCopied(t *testing.T) {
	inProjectDesk(t, func(d *projectDesk) {
		for want, args := range map[string]map[string]string{
			"no project is named":             {"name": "x"},
			`there is no project "Film"`:      {"project": "Film", "name": "x"},
			"the copy needs a name":           {"project": "7"},
			"lies on no known path":           {"project": "8", "name": "x"},
			"cannot be a folder's name":       {"project": "7", "name": "../x"},
			`account "gs" keeps no edit proj`: {"project": "7", "name": "x", "account": "gs"},
		} {
			_, answer := d.ask(verbProjectCopy, args)
			d.want(answer, notDone)
			d.want(answer, want)
		}
		d.fail = connectors.Rejected("the production is closed")
		c, answer := d.ask(verbProjectCopy, map[string]string{"project": "7", "name": "x"})
		d.want(answer, "not done: the production is closed")
		if b, err := d.begun("ml", c); b != nil || err != nil {
			d.Errorf("it is still taken for begun: %+v, %v", b, err)
		}
	})
}

func TestOnlyWhoTypesTheNameDeletes(t *testing.T) {
	inProjectDesk(t, func(d *projectDesk) {
		for _, name := range []string{"", "spot", "Theirs"} {
			_, answer := d.ask(verbProjectDelete, map[string]string{"project": "7", "name": name})
			d.want(answer, `not done: project 7 is called "Spot"`)
		}
		if len(d.deleted) > 0 {
			d.Fatalf("deleted %q", d.deleted)
		}
		c, answer := d.ask(verbProjectDelete, map[string]string{"project": "Spot", "name": "Spot"})
		d.want(answer, "project 7, Spot, is being deleted at ml, with all of its files")
		if err := d.begin("ml", c, "7"); err != nil { // killed before it has answered
			d.Fatal(err)
		}
		d.want(d.obey(d.Context(), c), "the project is deleted")
		if !slices.Equal(d.deleted, []string{"7 Spot"}) {
			d.Errorf("deleted %q", d.deleted)
		}
		_, answer = d.ask(verbProjectDelete, map[string]string{"project": "7", "name": "Spot"})
		d.want(answer, "not done: there is no project 7")
	})
}

func TestFilesAreLinkedByPathOrBelowTheProject(t *testing.T) {
	inProjectDesk(t, func(d *projectDesk) {
		_, answer := d.ask(verbProjectLink, map[string]string{"project": "Spot", "names": "Footage/b.mov\n/v/stock/c.mov"})
		d.want(answer, "2 files linked with project 7, Spot, at ml, which has 1 now")
		if want := []string{filepath.FromSlash("/v/edit/Spot/Footage/b.mov"), "/v/stock/c.mov"}; !slices.Equal(d.linked, want) {
			d.Errorf("linked %q, want %q", d.linked, want)
		}
		_, answer = d.ask(verbProjectLink, map[string]string{"project": "Spot"})
		d.want(answer, "no file is named")
	})
}

func TestAListJoinsWhatIsKnownHereAndThere(t *testing.T) {
	inProjectDesk(t, func(d *projectDesk) {
		d.all[0].Path = "/v/edit/Spot" // as the connector spells it
		if err := d.ledger.AddProject(time.Now(), ledger.Task{Account: "ml", Bench: "edit-1", Key: "/v/edit/New", Title: "New"}); err != nil {
			d.Fatal(err)
		}
		_, answer := d.ask(verbProjectList, nil)
		var views []projectView
		if err := json.Unmarshal([]byte(answer), &views); err != nil || len(views) != 3 {
			d.Fatalf("got %s, %v", answer, err)
		}
		var text strings.Builder
		for _, v := range views {
			v.line(&text)
			v.details(&text)
		}
		for _, want := range []string{
			"New: not at ml yet\n", "Spot (ml 7): ready\n", "1 linked file, to be registered or linked\n", "seen there as: /srv/edit/Spot/\n",
			signFine + " " + filepath.FromSlash("/v/edit/Spot/a.mov"), "Theirs (ml 8): ready\n  /srv/theirs/ there",
		} {
			d.want(text.String(), want)
		}
		_, answer = d.ask(verbProjectShow, map[string]string{"project": "/v/edit/Spot"})
		if err := json.Unmarshal([]byte(answer), &views); err != nil || len(views) != 1 || views[0].ID != "7" || views[0].Bench != "edit-1" {
			d.Errorf("got %s, %v", answer, err)
		}
	})
}

func TestHowFarAProjectIs(t *testing.T) {
	for want, v := range map[string]projectView{
		"S (ml 1): step 2 of 6":           {Name: "S", Account: "ml", ID: "1", Stage: "working", Step: 2, Steps: 6},
		"S (ml 1): failed: disk is full":  {Name: "S", Account: "ml", ID: "1", Stage: "failed", Said: "disk is full"},
		"S: not at ml any more":           {Name: "S", Account: "ml", State: givenUp},
		"S (ml 1): ready: is locked by X": {Name: "S", Account: "ml", ID: "1", Stage: "ready", Said: "is locked by X"},
	} {
		if got := v.progress(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
