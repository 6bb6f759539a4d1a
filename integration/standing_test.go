//go:build integration && linux

package integration

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/studio-agent/studio-agent/agent/config"
	"github.com/studio-agent/studio-agent/agent/page"
	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

// A desk is the page alone, over a ledger of its own: with account cf, which hands
// out tasks, and account mam, which keeps edit projects.
type desk struct {
	*studio
	ledger *ledger.Ledger
	mu     sync.Mutex
	asked  []string
	films  []connectors.Project // at mam
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{studio: &studio{t: t, dir: t.TempDir(), log: new(lockedBuffer)}}
	file := filepath.Join(d.dir, "agent.yaml")
	must(t, os.Mkdir(filepath.Join(d.dir, "captures"), 0o755))
	must(t, os.WriteFile(file, []byte(`
name: studio-3
accounts: {cf: {type: folder, put: ./in, get: ./out}, mam: {type: folder, put: ./in}}
benches: [{name: retouch-1, captures: {folder: ./captures, to: [cf, mam]}, imports: {folder: ./work, from: [cf]}}]
`), 0o644))
	cfg, err := config.Load(file, "folder")
	must(t, err)
	d.ledger, err = ledger.Open(t.Context(), ledger.Options{Path: cfg.Ledger, Name: cfg.Name, Log: slog.New(slog.DiscardHandler)})
	must(t, err)
	must(t, d.ledger.Beat(time.Now(), []byte("{}")))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	d.page = l.Addr().String()
	server := &page.Server{
		Ledger: d.ledger, Version: "test", Log: slog.New(slog.DiscardHandler), Config: func() *config.Config { return cfg }, Connector: d.connector,
		Wake: func(string) {}, Ask: d.ask, Preview: func(_ context.Context, j ledger.Job, _ int) ([]byte, error) { return shot(len(j.Name)), nil },
		Examine: func(context.Context, string, func(connectors.Finding)) error { return nil },
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- server.Run(ctx, l) }()
	t.Cleanup(func() {
		stop()
		must(t, <-ended)
		d.ledger.Close()
	})
	return d
}

func (d *desk) connector(account string) connectors.Connector {
	if account == "cf" {
		return connectors.Connector{Assignments: func(context.Context) ([]connectors.Assignment, error) { return nil, nil }}
	}
	return connectors.Connector{Projects: &connectors.Projects{
		List: func(context.Context) ([]connectors.Project, error) {
			d.mu.Lock()
			defer d.mu.Unlock()
			return append([]connectors.Project(nil), d.films...), nil
		},
		Show: func(_ context.Context, which string) (connectors.Project, error) {
			d.mu.Lock()
			defer d.mu.Unlock()
			for _, p := range d.films {
				if p.ID == which || p.Path == which {
					return p, nil
				}
			}
			return connectors.Project{}, connectors.Rejected("there is no project %s", which)
		},
	}}
}

func (d *desk) ask(_ context.Context, verb string, args map[string]string) (string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asked = append(d.asked, fmt.Sprint(verb, args))
	return "done", nil
}

func (d *desk) change(do func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	do()
}

// wasAsked waits until a person's last question was this one.
func (d *desk) wasAsked(want string) {
	d.t.Helper()
	d.await("asked "+want, func() bool {
		d.mu.Lock()
		defer d.mu.Unlock()
		return len(d.asked) > 0 && d.asked[len(d.asked)-1] == want
	})
}

// file puts a file of a task into the ledger; an empty from is one on its way out.
func (d *desk) file(task, account, name, from string, state ledger.State, reason string) ledger.Job {
	d.t.Helper()
	j := ledger.Job{
		Account: account, Bench: "retouch-1", Folder: filepath.Join(d.dir, "captures"), Name: name, Batch: task, Flow: ledger.Out, Kind: ledger.Deliver, Generation: 1,
		Size: 1 << 20, State: state, Reason: reason, Created: time.Now(),
	}
	if from == "" {
		j.ID = ledger.NewID(account, j.Kind, j.Folder, name, "", 1)
		j.Receipt.ID = "asset-" + name
		must(d.t, d.ledger.Accept(time.Now(), ledger.Acceptance{Jobs: []ledger.Job{j}}))
		return j
	}
	j.Flow, j.Kind, j.Source = ledger.In, ledger.Fetch, ledger.Source{ID: from, Name: name}
	j.ID = ledger.NewInID(account, "", from)
	must(d.t, d.ledger.Offer(time.Now(), []ledger.Job{j}))
	return j
}

// event records one in the life of a task.
func (d *desk) event(id string, events ...ledger.TaskEvent) {
	d.t.Helper()
	for _, e := range events {
		task, _, err := d.ledger.Task(d.t.Context(), id)
		must(d.t, err)
		e.At = time.Now()
		_, err = d.ledger.RecordTask(task, e)
		must(d.t, err)
	}
}

// fits checks that nothing of the page is beyond its right edge, on a telephone.
func (b *browser) fits(what string) {
	b.t.Helper()
	size := func(width, height int64) {
		b.do(func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
			_, err := cdp.Call(ctx, t, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: width, Height: height, DeviceScaleFactor: 1})
			return chromedp.Void{}, err
		})
	}
	size(390, 844)
	if wide := run(b, chromedp.Evaluate[int](`document.documentElement.scrollWidth`)); wide > 390 {
		widest := run(b, chromedp.Evaluate[string](`[...document.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right > 391).map(e => e.outerHTML.slice(0, 120)).slice(0, 5).join("\n")`))
		b.t.Errorf("%s is %d pixels wide on a screen of 390:\n%s", what, wide, widest)
	}
	b.keep(strings.ReplaceAll(what, " ", "-") + "-narrow")
	size(1600, 1000)
}

var never = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

func TestAReceivedTaskInABrowser(t *testing.T) {
	d := newDesk(t)
	given := func(n int, title string, due time.Duration) connectors.Assignment {
		return connectors.Assignment{
			Batch: fmt.Sprintf("ecommerce-%d-1", n), Title: title, Bench: "retouch-1", Round: 1, Status: "In Progress", Link: fmt.Sprintf("https://cf.example/%d", n),
			Deadline: time.Now().Add(due), Missing: []string{"SHOE_1.psd", "SHOE_2.psd", "SHOE_3.psd"},
		}
	}
	all := []connectors.Assignment{given(1, "Job 7 / SHOE-110", 5*time.Hour), given(2, "Job 7 / BAG-12", -3*time.Hour), given(3, "Job 8 / HAT-1", 50*time.Hour)}
	_, err := d.ledger.Assign(time.Now(), "cf", all)
	must(t, err)
	held, shoe := ledger.TaskID("cf", "ecommerce-3-1"), ledger.TaskID("cf", "ecommerce-1-1")
	d.event(held, ledger.TaskEvent{What: ledger.Published}, ledger.TaskEvent{What: ledger.Waited, Until: never, Clean: true, Reason: "HAT_1.psd has the profile Adobe RGB, and sRGB is expected"})
	for i := range 4 {
		d.file(shoe, "cf", fmt.Sprintf("Job 7/SHOE-110/in_%d.tif", i), fmt.Sprint("s", i), ledger.Landed, "")
	}
	d.file(shoe, "cf", "Job 7/SHOE-110/in_9.tif", "s9", ledger.Parked, "its MD5 is not the one that cf told")

	b := d.browser()
	b.keep("bench-with-tasks")
	b.judge("the bench")
	b.fits("the bench")
	b.open("/tasks")
	b.await(`document.querySelectorAll("#tasks-todo tbody tr").length == 3`)
	b.await(`[...document.querySelectorAll("main img")].filter(i => i.complete).length == 3`)
	b.keep("received-list")
	b.judge("the list of received tasks")
	b.fits("the list of received tasks")

	b.open("/tasks/" + shoe)
	b.mark()
	if n := b.count("#received-missing li"); n != 3 {
		t.Errorf("%d files are missing, want 3", n)
	}
	d.file(shoe, "cf", "SHOE_1.psd", "", ledger.Done, "")
	all[0].Missing = all[0].Missing[1:]
	_, err = d.ledger.Assign(time.Now(), "cf", all)
	must(t, err)
	must(t, d.ledger.Beat(time.Now(), []byte(`{}`)))
	b.await(`document.querySelectorAll("#received-outputs .thumb").length == 1`)
	b.await(`document.querySelectorAll("#received-missing li").length == 2`)
	b.wantNoReload()
	b.await(`[...document.querySelectorAll("main img")].every(i => i.complete && i.naturalWidth > 0)`)
	b.keep("received")
	b.judge("a received task")
	b.fits("a received task")

	b.open("/tasks/" + held)
	b.keep("received-held")
	b.judge("a held task")
	b.do(chromedp.KeyEvent("r"))
	d.wasAsked("sendmap[task:" + held + "]")
}

func TestEditProjectsInABrowser(t *testing.T) {
	d := newDesk(t)
	path := "/mnt/video/Spring 2027.fcpbundle"
	must(t, d.ledger.AddProject(time.Now(), ledger.Task{Account: "mam", Bench: "retouch-1", Key: path, Title: "Spring 2027.fcpbundle"}))
	must(t, d.ledger.AddProject(time.Now(), ledger.Task{Account: "mam", Bench: "retouch-1", Key: "/mnt/video/Autumn", Title: "Autumn"}))
	must(t, d.ledger.AddProject(time.Now(), ledger.Task{Account: "mam", Bench: "retouch-1", Key: "/mnt/elsewhere/Winter", Title: "Winter"}))
	spring, winter := ledger.TaskID("mam", path), ledger.TaskID("mam", "/mnt/elsewhere/Winter")
	d.event(winter, ledger.TaskEvent{What: ledger.Waited, Until: never, Clean: true, Reason: "/mnt/elsewhere is on no path that mam sees: add it to paths of account mam"})
	for _, name := range []string{"a.mov", "b.mov", "c.wav"} {
		d.file(spring, "mam", "Media/"+name, "", ledger.Done, "")
	}
	d.file(spring, "mam", "Media/d.mov", "", ledger.Queued, "")
	d.change(func() {
		d.films = []connectors.Project{
			{ID: "41", Name: "Spring 2027", Root: "/Volumes/san/video/Spring 2027.fcpbundle/", Path: path, File: "/Volumes/san/video/Spring 2027.fcpbundle/CurrentVersion.fcpevent", Program: "fcpx", Production: "9",
				Steps: 6, Changed: time.Now().Add(-time.Hour), Media: []connectors.ProjectMedium{
					{ID: "asset-Media/a.mov", Name: "a.mov", Root: "/Volumes/san/video/a.mov"}, {ID: "asset-Media/b.mov", Name: "b.mov", Root: "/Volumes/san/video/b.mov"},
					{ID: "9", Name: "music.wav", Root: "/Volumes/san/archive/music.wav", Stage: connectors.Failed, Reason: "no such file"},
				}},
			{ID: "55", Name: "Spring 2026, copy", Root: "/Volumes/san/video/copy/", Stage: connectors.Working, Step: 2, Steps: 6, Changed: time.Now()},
		}
	})
	b := d.browser()
	b.open("/projects")
	b.await(`document.querySelectorAll("main tbody tr").length == 4`)
	b.await(`document.querySelector("#projects-others progress")?.value == 2`)
	b.mark()
	d.change(func() { d.films[1].Step = 5 })
	b.await(`document.querySelector("#projects-others progress")?.value == 5`)
	b.wantNoReload()
	b.keep("projects")
	b.judge("the projects")
	b.fits("the projects")

	b.open(run(b, chromedp.Evaluate[string](`document.querySelector("#project-mam-`+spring+` a.cover").getAttribute("href")`)))
	b.await(`document.querySelectorAll(".media tbody tr").length == 5`)
	b.keep("project")
	b.judge("a project")
	b.fits("a project")
	b.mark()
	b.click(`.taskline details:nth-of-type(3) summary`)
	b.keep("project-delete")
	b.judge("a project about to be deleted")
	b.do(chromedp.SendKeys(`form[action="/do/project-delete"] input[name=name]`, "Spring 2027"))
	d.file(spring, "mam", "Media/e.mov", "", ledger.Queued, "") // what is being typed stays
	b.await(`document.querySelectorAll(".media tbody tr").length == 6`)
	b.click(`form[action="/do/project-delete"] button`)
	d.wasAsked("project-deletemap[account:mam name:Spring 2027 project:41]")
	b.wantNoReload()
}
