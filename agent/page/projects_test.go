package page

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

// newCutRoom is a rig of a bench with edit projects at account mam.
func newCutRoom(t *testing.T, f *fakeProjects) *rig {
	t.Helper()
	r := newRigOf(t, `
name: studio-3
accounts:
  mam: {type: folder, put: %[1]s/nas/in}
benches:
  - name: video-1
    captures: {folder: %[1]s/captures, to: [mam]}
`)
	r.server.Connector = f.connector
	r.beat(time.Now())
	return r
}

// bundle enters an edit project of a folder.
func (r *rig) bundle(path, title string) ledger.Task {
	r.t.Helper()
	if err := r.ledger.AddProject(time.Now(), ledger.Task{Account: "mam", Bench: "video-1", Key: path, Title: title}); err != nil {
		r.t.Fatal(err)
	}
	t, _, err := r.ledger.Task(r.t.Context(), ledger.TaskID("mam", path))
	if err != nil {
		r.t.Fatal(err)
	}
	return t
}

// media are files of a bundle.
func (r *rig) media(t ledger.Task, states map[string]ledger.State) {
	r.t.Helper()
	var jobs []ledger.Job
	for name, state := range states {
		j := ledger.Job{
			Account: "mam", Bench: "video-1", Role: connectors.Capture, Folder: t.Key, Name: name, Batch: t.ID, Flow: ledger.Out, Kind: ledger.Deliver, Generation: 1,
			State: state, Created: longAgo, Reason: "mam could not import it",
		}
		if state == ledger.Done {
			j.Receipt = connectors.Receipt{ID: "asset-" + name, Name: name}
		}
		j.ID = ledger.NewID("mam", j.Kind, j.Folder, name, "", 1)
		jobs = append(jobs, j)
	}
	if err := r.ledger.Accept(longAgo, ledger.Acceptance{Jobs: jobs}); err != nil {
		r.t.Fatal(err)
	}
}

// step records events of a project.
func (r *rig) step(t ledger.Task, events ...ledger.TaskEvent) {
	r.t.Helper()
	for _, e := range events {
		now, _, err := r.ledger.Task(r.t.Context(), t.ID)
		if err == nil {
			e.At = time.Now()
			_, err = r.ledger.RecordTask(now, e)
		}
		if err != nil {
			r.t.Fatal(err)
		}
	}
}

// hear has all questions that pages have asked so far answered.
func (r *rig) hear(f *fakeProjects) {
	r.t.Helper()
	for {
		due, _ := r.server.projects.due(time.Now())
		if len(due) == 0 {
			return
		}
		for _, q := range due {
			r.server.projects.ask(r.t.Context(), q, f.connector(q.account).Projects)
		}
	}
}

// see loads a page until it asks for nothing more.
func (r *rig) see(f *fakeProjects, path string) string {
	r.t.Helper()
	for range 3 {
		r.get(path)
		r.hear(f)
	}
	return r.get(path)
}

const springPath, autumnPath = "/mnt/video/Spring.fcpbundle", "/mnt/video/Autumn"

func spring() connectors.Project {
	return connectors.Project{
		ID: "41", Name: "Spring film", Root: "/Volumes/san/Spring.fcpbundle/", Path: springPath, File: "/Volumes/san/Spring.fcpbundle/a.prproj", Program: "premiere", Production: "9",
		Steps: 6, Changed: longAgo, Media: []connectors.ProjectMedium{
			{ID: "asset-a.mov", Name: "a.mov", Root: "/Volumes/san/a.mov"},
			{ID: "x", Name: "music.wav", Root: "/Volumes/other/music.wav", Stage: connectors.Failed, Reason: "no such file"},
		},
	}
}

func TestWithoutAnAccountOfEditProjectsThePageIsNotInTheWay(t *testing.T) {
	r := newRig(t)
	lacks(t, r.get("/"), `href="/projects"`)
	wants(t, r.get("/projects"), "No edit project was found yet", "No account keeps edit projects")
}

func TestTheListOfProjects(t *testing.T) {
	f := &fakeProjects{}
	r := newCutRoom(t, f)
	wants(t, r.get("/projects"), `href="/projects"`, "Asking mam", "No edit project was found yet", "Put a bundle")

	one, two, held := r.bundle(springPath, "Spring.fcpbundle"), r.bundle(autumnPath, hostile), r.bundle("/mnt/video/Held", "Held one")
	r.media(one, map[string]ledger.State{"a.mov": ledger.Done, "b.mov": ledger.Queued, "c.mov": ledger.Parked})
	r.step(held, ledger.TaskEvent{What: ledger.Waited, Until: farAway, Clean: true, Reason: "mam has 2 projects for it"})
	f.all = []connectors.Project{
		spring(), {ID: "77", Name: "Copy of Spring", Root: "/Volumes/san/Copy/", Stage: connectors.Working, Step: 2, Steps: 6},
		{ID: "78", Name: "Broken copy", Root: "/Volumes/san/Broken/", Stage: connectors.Failed, Reason: "the disk is full"},
	}
	page := r.see(f, "/projects")
	row := func(id string) string { return part(t, page, `id="project-mam-`+id+`"`, "</tr>") }
	wants(t, row(one.ID), "Spring film", springPath, "/Volumes/san/Spring.fcpbundle/", "linking 1 file", "2 linked", "1 on the way", "2 in error", "premiere", "production 9", "sign needs", "20 Nov")
	wants(t, row(two.ID), "&lt;img src=x", "being registered", "not known how many", autumnPath)
	wants(t, row(held.ID), "held", "Mam has 2 projects for it.", "sign needs")
	wants(t, row("77"), "Copy of Spring", "being copied: step 2 of 6", `<progress max="6" value="2"`, "sign working", "project=77")
	wants(t, row("78"), "failed", "The disk is full.", "sign failed")
	wants(t, page, "On this machine", "Not followed by this agent", url.Values{"project": {springPath}}.Encode())
	lacks(t, page, "Asking mam", "<img src=x")
	lacks(t, r.get("/tasks"), "Spring", "Held one") // projects are no tasks
	wants(t, blockOf(t, r.get("/"), "bench-video-1"), "1 picture and 1 task need you", "held: mam has 2 projects for it. Put it right")

	f.set(func() { f.all[1].Step, f.all[1].Stage = 6, connectors.Ready })
	r.server.projects.stale("mam")
	r.hear(f)
	page = r.get("/projects")
	wants(t, row("77"), "there", "sign fine")
}

func TestARegisteredProjectThatIsGoneNeedsAPerson(t *testing.T) {
	f := &fakeProjects{}
	r := newCutRoom(t, f)
	one := r.bundle(springPath, "Spring")
	r.step(one, ledger.TaskEvent{What: ledger.Published}, ledger.TaskEvent{What: ledger.Accepted})
	wants(t, r.get("/projects"), "up to date", "0 linked")
	wants(t, r.see(f, "/projects"), "not there any more", "Mam has no project for this folder any more", "sign needs")
}

func TestARemoteThatDoesNotAnswerLeavesWhatTheLedgerKnows(t *testing.T) {
	f := &fakeProjects{err: http.ErrServerClosed}
	r := newCutRoom(t, f)
	one := r.bundle(springPath, "Spring")
	r.media(one, map[string]ledger.State{"a.mov": ledger.Done, "b.mov": ledger.Queued})
	r.step(one, ledger.TaskEvent{What: ledger.Failed, Until: time.Now().Add(time.Minute), Clean: true, Reason: "no route to host"})
	wants(t, r.see(f, "/projects"), "mam does not answer since", "Server closed", "what the agent itself knows", "Spring", "waits; next try", "No route to host.", "1 on the way")
	page := r.see(f, projectPath("mam", springPath))
	wants(t, page, "mam does not answer since", "a.mov", "there, not linked yet", "b.mov", "found in its folder", "no route to host")
	lacks(t, page, "project-copy", "project-link", "project-delete")
}

func TestTheProjectPage(t *testing.T) {
	f := &fakeProjects{all: []connectors.Project{spring()}}
	r := newCutRoom(t, f)
	one := r.bundle(springPath, "Spring.fcpbundle")
	r.media(one, map[string]ledger.State{"a.mov": ledger.Done, "b.mov": ledger.Queued, "c.mov": ledger.Parked, "d.mov": ledger.Done})
	path := projectPath("mam", springPath)
	wants(t, r.get(path), "Spring.fcpbundle", "Asking mam", "b.mov")
	page := r.see(f, path)
	wants(t, page, "Spring film", springPath, "/Volumes/san/Spring.fcpbundle/a.prproj", "premiere", "production 9", "Linking 2 files.", "2 linked", "found in its folder",
		`action="/do/project-copy"`, `action="/do/project-link"`, `action="/do/project-delete"`, `name="project" value="41"`, `name="account" value="mam"`, "To confirm, type its name: Spring film")
	media := part(t, page, `id="project-media"`, "</table>")
	for name, want := range map[string]string{"a.mov": "linked", "b.mov": "waiting", "c.mov": "held", "d.mov": "there, not linked yet", "music.wav": "No such file."} {
		if row := part(t, media[strings.Index(media, "<tbody>"):], ">"+name+"<", "</tr>"); !strings.Contains(row, want) {
			t.Errorf("%s: %s", name, row)
		}
	}
	if n := strings.Count(media, ">a.mov<"); n != 1 {
		t.Errorf("a.mov is there %d times", n)
	}
	wants(t, part(t, page, `id="project-media"`, "<table"), "mam could not import it", `action="/do/retry"`)
	wants(t, r.see(f, projectPath("mam", "41")), "Spring.fcpbundle", "b.mov") // by its ID it is the same one
	if w := r.send(http.MethodGet, "/tasks/"+one.ID, nil); w.Header().Get("Location") != path {
		t.Errorf("its task leads to %q", w.Header().Get("Location"))
	}
}

func TestAHeldProjectCanBeTriedAgain(t *testing.T) {
	f := &fakeProjects{}
	r := newCutRoom(t, f)
	one := r.bundle(springPath, "Spring")
	r.step(one, ledger.TaskEvent{What: ledger.Waited, Until: farAway, Clean: true, Reason: "its folder is gone: it was moved to /mnt/video/Old"})
	page := r.see(f, projectPath("mam", springPath))
	wants(t, page, "Its folder is gone: it was moved to /mnt/video/Old.", "Try again", `action="/do/send"`, `name="task" value="`+one.ID, "put back: its folder is gone")
}

func TestWhatBecameOfABundleIsShown(t *testing.T) {
	f := &fakeProjects{all: []connectors.Project{spring()}}
	r := newCutRoom(t, f)
	one, two := r.bundle(springPath, "Spring"), r.bundle(autumnPath, "Autumn")
	r.step(one, ledger.TaskEvent{What: ledger.Published}, ledger.TaskEvent{What: ledger.Accepted})
	if err := r.ledger.NoteTask(time.Now(), one, "its folder is called Summer now"); err != nil {
		t.Fatal(err)
	}
	r.step(two, ledger.TaskEvent{What: ledger.WrittenOff, Reason: "a person had it deleted"})
	page := r.see(f, "/projects")
	wants(t, page, "Its folder is called Summer now.", "not followed any more", "A person had it deleted.")
	page = r.see(f, projectPath("mam", springPath))
	wants(t, page, "Its folder is called Summer now.", "up to date at mam")
	lacks(t, page, "project-register")
	wants(t, r.see(f, projectPath("mam", autumnPath)), `action="/do/project-register"`, "closed: a person had it deleted")
}

func TestAProjectThatNobodyKnows(t *testing.T) {
	f := &fakeProjects{}
	r := newCutRoom(t, f)
	wants(t, r.get(projectPath("mam", "9")), "Nothing is known of this project yet", "Asking mam")
	wants(t, r.see(f, projectPath("mam", "9")), "mam says:", "there is no project 9")
	for _, path := range []string{projectPath("nobody", "9"), projectPath("mam", ""), "/projects/one"} {
		if w := r.send(http.MethodGet, path, nil); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}

func TestWhatIsAskedOfProjects(t *testing.T) {
	f := &fakeProjects{all: []connectors.Project{spring()}}
	r := newCutRoom(t, f)
	r.see(f, "/projects")
	f.questions()
	for _, test := range []struct {
		verb string
		form url.Values
		want string
	}{
		{"project-copy", url.Values{"account": {"mam"}, "project": {"41"}, "name": {"Cut 2"}, "folder": {"/mnt/video/Cut 2"}, "production": {"12"}, "description": {"a\r\nb"}, "share": {"yes"}, "of": {"1"}},
			"project-copymap[account:mam description:a\r\nb folder:/mnt/video/Cut 2 name:Cut 2 production:12 project:41 share:yes]"},
		{"project-link", url.Values{"account": {"mam"}, "project": {"41"}, "names": {" /mnt/a.mov \r\n\r\n/mnt/b c.wav\r\n"}}, "project-linkmap[account:mam names:/mnt/a.mov\n/mnt/b c.wav project:41]"},
		{"project-delete", url.Values{"account": {"mam"}, "project": {"41"}, "name": {"Spring film"}}, "project-deletemap[account:mam name:Spring film project:41]"},
	} {
		r.asked = nil
		r.send(http.MethodPost, "/do/"+test.verb, test.form)
		if len(r.asked) != 1 || r.asked[0] != test.want {
			t.Errorf("asked %q, want %q", r.asked, test.want)
		}
		r.asked = nil
		if w := r.send(http.MethodPost, "/do/"+test.verb, test.form, header("Sec-Fetch-Site", "cross-site")); w.Code != http.StatusForbidden || len(r.asked) != 0 {
			t.Errorf("another site's %s: %d, asked %q", test.verb, w.Code, r.asked)
		}
		if w := r.send(http.MethodGet, "/do/"+test.verb+"?"+test.form.Encode(), nil); w.Code != http.StatusMethodNotAllowed {
			t.Errorf("GET %s: %d", test.verb, w.Code)
		}
	}
	if r.hear(f); f.questions() == "0" {
		t.Error("after a change the remote is not asked anew")
	}
}
