package medialoopster

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/medialoopster/medialoopstersim"
)

// registered is the bundle S with two media.
func (w *world) registered() connectors.Project {
	w.t.Helper()
	w.must(w.commitOf(w.imported("S/b.mov"), w.imported("S/a.wav")))
	p, err := w.projects().Show(w.t.Context(), folder+"S")
	w.must(err)
	return p
}

func TestListAndShow(t *testing.T) {
	w := newWorld(t, how{Options: medialoopstersim.Options{ProjectFile: func(root string) string { return root + "S.prproj" }}})
	p := w.registered()
	if p.Name != "S" || p.Path != folder+"S" || p.Root != there+"S/" || p.File != there+"S/S.prproj" || p.Program != "Adobe Premiere Pro" ||
		p.Production != "1" || p.Stage != connectors.Ready || p.Step != 6 || p.Steps != 6 || p.Changed.IsZero() {
		t.Errorf("shown is %+v", p)
	}
	if len(p.Media) != 2 || p.Media[0].Path != folder+"S/a.wav" || !strings.HasPrefix(p.Media[0].ID, "audio/") || p.Media[1].Name != "S/b.mov" || p.Media[1].Stage != connectors.Ready {
		t.Errorf("linked are %+v", p.Media)
	}
	w.sim.Break(there+"S/b.mov", "codec unknown")
	w.sim.Add(medialoopstersim.Project{Name: "elsewhere", BundleRoot: "/mnt/other/", Status: -1})
	all, err := w.projects().List(t.Context())
	w.must(err)
	if len(all) != 2 || all[0].ID != p.ID || all[1].Path != "" || all[1].Stage != connectors.Failed || all[1].Reason == "" {
		t.Errorf("listed are %+v", all)
	}
	if m := all[0].Media[1]; m.Stage != connectors.Failed || m.Reason != "codec unknown" {
		t.Errorf("the medium in error is %+v", m)
	}
	for _, bad := range []struct{ which, says string }{{"99", "there is no project 99"}, {folder + "T", "has no project for " + folder + "T"}, {"S", "must be a whole path"}, {"/Volumes/x", "does not know where"}} {
		_, err := w.projects().Show(t.Context(), bad.which)
		wantError(t, err, "rejected", bad.says)
	}
}

func TestACopyGoesItsWay(t *testing.T) {
	for _, body := range []string{"json", "form"} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, how{yaml: "body: " + body, Options: medialoopstersim.Options{Step: 10 * time.Second}})
			p := w.registered()
			c, err := w.projects().Copy(t.Context(), connectors.ProjectCopy{Of: p.ID, Name: "Copy & more", Path: folder + "C", Share: true, Production: "Archive"})
			w.must(err)
			if c.Stage != connectors.Working || c.Step != 0 || c.Production != "2" || c.Root != there+"C/" || len(c.Media) != 2 {
				t.Errorf("%s: begun is %+v", body, c)
			}
			for step := 1; step <= 6; step++ {
				time.Sleep(10 * time.Second)
				c, err = w.projects().Show(t.Context(), c.ID)
				if err != nil || c.Step != step || (c.Stage == connectors.Ready) != (step == 6) {
					t.Errorf("after %d steps it is %+v, %v", step, c, err)
				}
			}
			if made := w.sim.Projects()[1]; !made.Shared || made.Name != "Copy & more" || made.CopyOf == 0 || !made.IsProduction {
				t.Errorf("%s: made was %+v", body, made)
			}
			_, err = w.projects().Copy(t.Context(), connectors.ProjectCopy{Of: p.ID, Name: "again", Path: folder + "C"})
			wantError(t, err, "rejected", "has project "+c.ID+" already")
		})
	}
}

func TestACopyThatFails(t *testing.T) {
	w := newWorld(t, how{Options: medialoopstersim.Options{FailCopy: func(name string) bool { return name == "bad" }}})
	p := w.registered()
	bad, err := w.projects().Copy(t.Context(), connectors.ProjectCopy{Of: p.ID, Name: "bad", Path: folder + "B"})
	w.must(err)
	_, err = w.projects().Copy(t.Context(), connectors.ProjectCopy{Of: bad.ID, Name: "of a copy", Path: folder + "D"})
	wantError(t, err, "rejected", "copy_of: ")
	for range 6 {
		w.sim.Advance()
	}
	bad, err = w.projects().Show(t.Context(), bad.ID)
	if err != nil || bad.Stage != connectors.Failed || bad.Reason != "There is no space left on the device" || bad.Production != "1" {
		t.Errorf("got %+v, %v", bad, err)
	}
	for _, c := range []connectors.ProjectCopy{{Of: "99", Name: "x", Path: folder + "E"}, {Of: p.ID, Name: "x", Path: "/elsewhere"}, {Of: p.ID, Name: "x", Path: folder + "E", Production: "Nobody"}, {Of: p.ID, Path: folder + "E"}} {
		_, err := w.projects().Copy(t.Context(), c)
		wantError(t, err, "rejected", "")
	}
	if n := len(w.sim.Projects()); n != 2 {
		t.Errorf("there are %d projects", n)
	}
}

// A copy outside of all benches stays in the production of the original.
func TestACopyElsewhere(t *testing.T) {
	w := newWorld(t, how{})
	id := w.sim.Add(medialoopstersim.Project{Name: "x", BundleRoot: there + "X/", Production: 2, IsProduction: true})
	c, err := w.projects().Copy(t.Context(), connectors.ProjectCopy{Of: fmt.Sprint(id), Name: "y", Path: "/Volumes/projects/other/Y"})
	if err != nil || c.Production != "2" {
		t.Errorf("got %+v, %v", c, err)
	}
}

func TestFilesAreLinked(t *testing.T) {
	w := newWorld(t, how{})
	p := w.registered()
	w.imported("S/c.mov")
	now, err := w.projects().Link(t.Context(), p.ID, []string{folder + "S/c.mov", folder + "S/b.mov"})
	if err != nil || len(now.Media) != 3 {
		t.Errorf("got %+v, %v", now, err)
	}
	w.imported("S/d.mov")
	now, err = w.projects().Link(t.Context(), folder+"S", []string{folder + "S/new.mov", "/elsewhere/x.mov", folder + "S/notes.txt", folder + "S/d.mov"})
	for _, says := range []string{"does not know " + folder + "S/new.mov", "does not know where /elsewhere/x.mov", "neither video, audio nor image"} {
		wantError(t, err, "rejected", says)
	}
	if len(now.Media) != 4 {
		t.Errorf("linked are %+v; want the rest all the same", now.Media)
	}
}

func TestDeletionNeedsTheName(t *testing.T) {
	w := newWorld(t, how{})
	p := w.registered()
	for _, name := range []string{"", "s", "S "} {
		wantError(t, w.projects().Delete(t.Context(), p.ID, name), "rejected", `is called "S": nothing was deleted`)
	}
	if w.sim.Requests("delete") != 0 {
		t.Fatal("it was asked for")
	}
	w.must(w.projects().Delete(t.Context(), p.ID, "S"))
	if _, err := w.projects().Show(t.Context(), p.ID); err != nil {
		t.Errorf("it is deleted in the server's own time: %v", err)
	}
	w.sim.Advance()
	wantError(t, w.projects().Delete(t.Context(), p.ID, "S"), "rejected", "there is no project "+p.ID)
	if len(w.sim.Assets()) != 2 {
		t.Error("the linked media are gone too")
	}
}

// The agent itself never deletes: whatever it is made to do, no DELETE is sent.
func TestOnlyPeopleDelete(t *testing.T) {
	w := newWorld(t, how{})
	w.registered()
	c := w.connector()
	w.must(c.Probe(t.Context()))
	w.must(c.Examine(t.Context(), func(connectors.Finding) {}))
	w.sim.Remove(there + "S/b.mov")
	w.must(w.commitOf())
	if w.sim.Requests("delete") != 0 {
		t.Error("something was deleted")
	}
}
