package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/studio-agent/studio-agent/connectors/medialoopster/medialoopstersim"
)

// editYAML is what the story of an edit suite runs.
const editYAML = `# The demo's agent.yaml of an edit suite; agent.yaml.example explains the keys.
name: edit-suite
accounts:
  ml:
    type: medialoopster
    url: https://medialoopster.example/api
    token: env:ML_TOKEN
    paths: {/Volumes/projects/: /srv/projects/}
    rate: 100                  # in earnest 10 requests a second
    recheck: 1s
benches:
  - name: edit-1
    projects: {folder: /Volumes/projects/edit-1/films, account: ml, production: Campaign, settle: 2s}
`

// editTale is the story of three films that are cut.
func editTale() tale {
	return tale{
		yaml: editYAML,
		prologue: "An editor with three films in Premiere, Final Cut and Resolve, the real agent and its page, and a simulated medialoopster\n" +
			"that sees the editor's disk as its storage. Ten minutes of the editor's morning pass in half a minute.\n",
		expected: 3 + editMedia, plot: editPlot, encore: editEncore,
	}
}

const (
	editMedia = 24
	editPause = 1200 * time.Millisecond // between two media: 25 s of the morning
)

// editPlot is the editor's morning, and what the editor has copied at noon.
func editPlot(ctx context.Context, d *demo) error {
	e := d.editor(ctx, d.cfg.HotFolders()[0])
	e.brings("Spring/Footage/A001_C001.jpg") // before the project is saved
	e.saves("Spring/Spring.prproj", "Premiere")
	e.leaves("Spring/Adobe Premiere Pro Auto-Save/Spring--1.prproj")
	films := []struct{ project, program, media string }{
		{"Spring/Spring.prproj", "Premiere", "Spring/Footage"},
		{"Summer.fcpbundle/CurrentVersion.flexolibrary", "Final Cut", "Summer.fcpbundle/18-06/Original Media"},
		{"Autumn/Autumn.drp", "Resolve", "Autumn/Media"},
	}
	for i := 1; i < editMedia; i++ {
		film := films[i%3]
		if i == 4 || i == 8 {
			film = films[i/4]
			e.saves(film.project, film.program)
			e.leaves(filepath.Dir(film.project) + "/notes.txt")
		}
		if i < 8 && film == films[2] || i < 4 {
			film = films[0]
		}
		e.brings(fmt.Sprintf("%s/A%03d_C%03d%s", film.media, i/6+1, i+1, []string{".jpg", ".wav", ".mxf"}[i%3]))
		e.pause(editPause)
	}
	e.do(func() error {
		return await(ctx, func() bool { return d.eyes.registered(ctx, e.folder) })
	})
	return d.noon(e)
}

// noon is when the editor has films copied: one copy goes well, one fails, and one
// is to go where medialoopster does not see it.
func (d *demo) noon(e *editor) error {
	e.asks(false, "project", "list")
	sim := d.remotes["ml"].edits.sim
	e.asks(false, "project", "copy", "Spring", "--name", "Spring EN")
	e.asks(true, "project", "copy", "Summer", "--name", "Summer "+failingCopy)
	before := sim.Requests("create")
	said := e.asks(true, "project", "copy", "Autumn", "--name", "Autumn EN", "--folder", filepath.Join(elsewhere(d), "Autumn EN"))
	e.do(func() error { return copiesProven(sim.Projects(), said, sim.Requests("create")-before) })
	return e.err
}

// copiesProven looks at the copies from the server's side.
func copiesProven(all []medialoopstersim.Project, said string, requests int) error {
	status := map[string]int{}
	for _, p := range all {
		if p.CopyOf != 0 {
			status[p.Name] = p.Status
		}
	}
	switch {
	case len(status) != 2 || status["Spring EN"] != medialoopstersim.StatusDone || status["Summer "+failingCopy] != medialoopstersim.StatusError:
		return fmt.Errorf("medialoopster has the copies %v; want Spring EN done, and Summer %s failed", status, failingCopy)
	case requests != 0:
		return errors.New("medialoopster was asked to copy a project to where it sees nothing")
	case !strings.Contains(said, "does not know where"):
		return fmt.Errorf("the copy to an unknown place was refused by: %s", said)
	}
	return nil
}

// editEncore says what a person can try.
func editEncore(d *demo) {
	folder := d.cfg.HotFolders()[0].Path
	d.line.print(`
A project is a folder with a project file in it: .prproj, .drp, .avp, .aep, or a folder called NAME.fcpbundle with a file
CurrentVersion.flexolibrary. Make one of your own, with media beside it:
  mkdir -p %[1]q && touch %[2]q && cp SOME.jpg %[1]q
Rename it, and see what the agent says. Then: project list, project show, project copy, project link, project delete.
`, filepath.Join(folder, "My film"), filepath.Join(folder, "My film", "My film.prproj"))
}
