package page

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

var farAway = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// newRetouchRoom is a rig of a bench that gets its tasks from account cf.
func newRetouchRoom(t *testing.T) *rig {
	t.Helper()
	r := newRigOf(t, `
name: studio-3
accounts:
  cf: {type: folder, put: %[1]s/nas/in, get: %[1]s/nas/out}
benches:
  - name: retouch-1
    captures: {folder: %[1]s/captures, to: [cf]}
    imports: {folder: %[1]s/work, from: [cf]}
`)
	r.server.Connector = func(account string) connectors.Connector {
		return connectors.Connector{Out: someDestination{}, Assignments: func(context.Context) ([]connectors.Assignment, error) { return nil, nil }}
	}
	r.beat(time.Now())
	return r
}

func assignment(n int, changes ...func(*connectors.Assignment)) connectors.Assignment {
	a := connectors.Assignment{
		Batch: fmt.Sprintf("ecommerce-%d-1", n), Title: fmt.Sprintf("Job 7/SHOE-%d", n), Bench: "retouch-1", Round: 1, Status: "In Progress",
		Link: fmt.Sprintf("https://cf.example/tasks/%d", n), Missing: []string{"SHOE_front.psd", "SHOE_back.psd"},
	}
	for _, change := range changes {
		change(&a)
	}
	return a
}

// assign has cf tell of all its tasks.
func (r *rig) assign(all ...connectors.Assignment) {
	r.t.Helper()
	if _, err := r.ledger.Assign(time.Now(), "cf", all); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) task(batch string) ledger.Task {
	r.t.Helper()
	t, ok, err := r.ledger.Task(r.t.Context(), ledger.TaskID("cf", batch))
	if err != nil || !ok {
		r.t.Fatalf("no task %s: %v", batch, err)
	}
	return t
}

// happen records events of a received task.
func (r *rig) happen(batch string, events ...ledger.TaskEvent) {
	r.t.Helper()
	for _, e := range events {
		e.At = time.Now()
		if _, err := r.ledger.RecordTask(r.task(batch), e); err != nil {
			r.t.Fatal(err)
		}
	}
}

// hold has the remote refuse a task.
func (r *rig) hold(batch, reason string) {
	r.t.Helper()
	r.happen(batch, ledger.TaskEvent{What: ledger.Published}, ledger.TaskEvent{What: ledger.Waited, Until: farAway, Clean: true, Reason: reason})
}

// filed puts an input and an output of a task into the ledger.
func (r *rig) filed(batch string, inputs map[string]ledger.State, outputs map[string]ledger.State) {
	r.t.Helper()
	id := ledger.TaskID("cf", batch)
	var ins, outs []ledger.Job
	for name, state := range inputs {
		j := ledger.Job{
			Account: "cf", Bench: "retouch-1", Folder: "/work", Name: "7/SHOE/" + name, Batch: id, Flow: ledger.In, Kind: ledger.Fetch, Generation: 1, Size: 10,
			State: state, Reason: "its digest is another one", Source: ledger.Source{ID: batch + name, Name: name}, Created: longAgo,
		}
		j.ID = ledger.NewInID("cf", "", j.Source.ID)
		ins = append(ins, j)
	}
	for name, state := range outputs {
		j := r.sent(id, "7/SHOE/"+name, state, because("it is 300 pixels too small"))
		j.Account, j.Bench = "cf", "retouch-1"
		j.ID = ledger.NewID("cf", j.Kind, j.Folder, j.Name, "", 1)
		outs = append(outs, j)
	}
	if err := r.ledger.Offer(longAgo, ins); err != nil {
		r.t.Fatal(err)
	}
	if err := r.ledger.Accept(longAgo, ledger.Acceptance{Jobs: outs}); err != nil {
		r.t.Fatal(err)
	}
}

func TestReceivedTasksAreInTheList(t *testing.T) {
	r := newRetouchRoom(t)
	page := r.get("/tasks")
	wants(t, page, "No task has come yet", "Tasks that cf hands out")
	lacks(t, page, "/tasks/new", "No retoucher is connected")

	all := []connectors.Assignment{
		assignment(1), assignment(2, func(a *connectors.Assignment) { a.Deadline = time.Now().Add(-3 * time.Hour) }),
		assignment(3), assignment(4, func(a *connectors.Assignment) { a.Deadline, a.Link = time.Now().Add(time.Hour), "javascript:alert(1)" }),
		assignment(5, func(a *connectors.Assignment) { a.Title, a.Bench = hostile, "" }),
	}
	r.assign(all...)
	r.hold("ecommerce-1-1", "the profile is not sRGB")
	r.happen("ecommerce-3-1", ledger.TaskEvent{What: ledger.Published}, ledger.TaskEvent{What: ledger.Accepted})
	page = r.get("/tasks")
	wants(t, page, "Handed out to this studio: 5", "Job 7/SHOE-1", "Held: the profile is not sRGB", "3 h late", "2 files missing", "submitted", "at the bench",
		`href="https://cf.example/tasks/1"`, "open at cf", "from cf", "no bench", "&lt;img src=x")
	lacks(t, page, "javascript:", "imported", "Expected back", "No picture was sent")
	var order []int
	for _, n := range []int{2, 4, 1, 3} {
		order = append(order, strings.Index(page, fmt.Sprintf("SHOE-%d<", n)))
	}
	if !slices.IsSorted(order) || order[0] < 0 {
		t.Errorf("what is due first must come first, and what is submitted last: %v", order)
	}
	if row := part(t, page, `id="task-`+ledger.TaskID("cf", "ecommerce-2-1"), "</tr>"); !strings.Contains(row, `class="late">3 h late`) || !strings.Contains(row, "sign needs") {
		t.Errorf("a late task: %s", row)
	}
	if row := part(t, page, `id="task-`+ledger.TaskID("cf", "ecommerce-3-1"), "</tr>"); strings.Contains(row, "files missing") || strings.Contains(row, "late") {
		t.Errorf("a submitted task: %s", row)
	}
}

func TestEndedReceivedTasksSayHow(t *testing.T) {
	r := newRetouchRoom(t)
	r.assign(assignment(1), assignment(2), assignment(3))
	next := assignment(1, func(a *connectors.Assignment) { a.Batch, a.Earlier, a.Round = "ecommerce-1-2", "ecommerce-1-1", 2 })
	called := assignment(2, func(a *connectors.Assignment) { a.Progress = connectors.Recalled })
	others := assignment(3, func(a *connectors.Assignment) { a.Progress = connectors.Submitted })
	r.assign(next, called, others)
	page := r.get("/tasks")
	for batch, want := range map[string]string{"ecommerce-1-1": "sent back", "ecommerce-2-1": "cancelled", "ecommerce-3-1": ">over", "ecommerce-1-2": "round 2"} {
		if row := part(t, page, `id="task-`+ledger.TaskID("cf", batch), "</tr>"); !strings.Contains(row, want) {
			t.Errorf("%s is not %q: %s", batch, want, row)
		}
	}
	wants(t, r.get("/tasks/"+ledger.TaskID("cf", "ecommerce-1-1")), "The next round is a task of its own", "Nothing was delivered from here")
}

func TestTheListOfReceivedTasksComesInPages(t *testing.T) {
	r := newRetouchRoom(t)
	var all []connectors.Assignment
	for i := range todoAtATime + 3 {
		all = append(all, assignment(i, func(a *connectors.Assignment) { a.Deadline = time.Now().Add(time.Duration(i+1) * time.Hour) }))
	}
	r.assign(all...)
	page := r.get("/tasks")
	wants(t, page, "Handed out to this studio: 53", "SHOE-49<", `href="/tasks?todo=2"`)
	lacks(t, page, "SHOE-50<")
	page = r.get("/tasks?todo=2")
	wants(t, page, "SHOE-52<", `href="/tasks?todo=1"`)
	lacks(t, page, "SHOE-49<", "todo=3")
}

func TestAReceivedTaskShowsItsFilesAndWhatIsMissing(t *testing.T) {
	r := newRetouchRoom(t)
	r.assign(assignment(1, func(a *connectors.Assignment) { a.Deadline = time.Now().Add(-time.Hour) }))
	r.filed("ecommerce-1-1", map[string]ledger.State{"in_1.tif": ledger.Landed, "in_2.tif": ledger.Parked, "in_3.tif": ledger.Queued},
		map[string]ledger.State{"SHOE_top.psd": ledger.Done, "SHOE_side.psd": ledger.Parked})
	path := "/tasks/" + ledger.TaskID("cf", "ecommerce-1-1")
	page := r.get(path)
	wants(t, page, "Job 7/SHOE-1", "at the bench", "retouch-1", "from cf", "60 min late", "cf says “In Progress”", "open at cf",
		"SHOE_front.psd", "SHOE_back.psd", "It is submitted by itself when the last of these is delivered", "handed out by cf")
	wants(t, part(t, page, `id="received-inputs"`, "</section>"), "1 of 3", "in_1.tif", "landed", "in_2.tif", "its digest is another one", `action="/do/retry"`)
	wants(t, part(t, page, `id="received-outputs"`, "</section>"), "1 of 2", "delivered", "SHOE_side.psd", "it is 300 pixels too small")
	lacks(t, page, "/do/import", "/do/reorder", "/do/close", "/do/cancel", "/do/reject", "/do/create", "Submit again", "/compare", "ready to import")
	for _, gone := range []string{"/compare?name=a", "/pictures?group=ready"} {
		if w := r.send(http.MethodGet, path+gone, nil); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", gone, w.Code)
		}
	}
}

func TestAHeldTaskCanBeSubmittedAgain(t *testing.T) {
	r := newRetouchRoom(t)
	r.assign(assignment(1))
	r.hold("ecommerce-1-1", "the profile is not sRGB")
	id := ledger.TaskID("cf", "ecommerce-1-1")
	wants(t, r.get("/tasks/"+id), "Held: the profile is not sRGB", "Submit again", `action="/do/send"`, "ask at cf", "not submitted yet: the profile is not sRGB")
	bench := blockOf(t, r.get("/"), "bench-retouch-1")
	wants(t, bench, "1 task needs you", "held: the profile is not sRGB. Put it right", `href="/tasks/`+id, `action="/do/send"`, "1 task to do", "sign needs")
	wants(t, r.get("/accounts"), "1 task needs you")
	if _, h := r.healthz(); !strings.Contains(strings.Join(h.Reasons, "\n"), "1 task held until a person acts") {
		t.Errorf("health: %+v", h)
	}
	r.send(http.MethodPost, "/do/send", url.Values{"task": {id}})
	if len(r.asked) != 1 || r.asked[0] != "sendmap[task:"+id+"]" {
		t.Errorf("asked %q", r.asked)
	}
	r.happen("ecommerce-1-1", ledger.TaskEvent{What: ledger.Full})
	lacks(t, r.get("/tasks/"+id), "Submit again", "Held:")
	wants(t, blockOf(t, r.get("/"), "bench-retouch-1"), "1 task to do")
}

func TestATryThatIsRepeatedByItselfIsNotHeld(t *testing.T) {
	r := newRetouchRoom(t)
	r.assign(assignment(1, func(a *connectors.Assignment) { a.Missing = nil }))
	path := "/tasks/" + ledger.TaskID("cf", "ecommerce-1-1")
	wants(t, r.get(path), "Nothing is missing", "All is there: it is submitted next")
	r.happen("ecommerce-1-1", ledger.TaskEvent{What: ledger.Failed, Until: time.Now().Add(time.Minute), Reason: "no route to host", Clean: true})
	page := r.get(path)
	wants(t, page, "Waits: no route to host; next try")
	lacks(t, page, "Submit again", "Held")
	r.happen("ecommerce-1-1", ledger.TaskEvent{What: ledger.Published}, ledger.TaskEvent{What: ledger.Accepted})
	page = r.get(path)
	wants(t, page, "submitted", "the next round appears as a task of its own", "submitted to cf")
	lacks(t, page, `id="missing-title"`)
}

func TestTheBenchNamesTheTaskOfAnInputThatDidNotLand(t *testing.T) {
	r := newRetouchRoom(t)
	r.assign(assignment(1))
	r.filed("ecommerce-1-1", map[string]ledger.State{"in_1.tif": ledger.Parked}, nil)
	wants(t, blockOf(t, r.get("/"), "bench-retouch-1"), "1 picture needs you", "an input of “Job 7/SHOE-1”: its digest is another one", `action="/do/retry"`)
}

func TestTheCoverOfAReceivedTask(t *testing.T) {
	r := newRetouchRoom(t)
	r.assign(assignment(1), assignment(2))
	r.filed("ecommerce-1-1", map[string]ledger.State{"INSTRUCTIONS.html": ledger.Landed, "in_1.tif": ledger.Queued, "in_2.tif": ledger.Landed}, nil)
	w := r.send(http.MethodGet, "/tasks/"+ledger.TaskID("cf", "ecommerce-1-1")+"/cover", nil)
	if want := "/picture/" + ledger.NewInID("cf", "", "ecommerce-1-1in_2.tif") + "?edge=320"; w.Code != http.StatusFound || w.Header().Get("Location") != want {
		t.Errorf("%d to %q, want %q", w.Code, w.Header().Get("Location"), want)
	}
	w = r.send(http.MethodGet, "/tasks/"+ledger.TaskID("cf", "ecommerce-2-1")+"/cover", nil)
	if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "image/svg+xml" {
		t.Errorf("without an input: %d %s", w.Code, w.Header().Get("Content-Type"))
	}
}

func TestNobodyOrdersFromWhoHandsOutTasks(t *testing.T) {
	if got := newRetouchRoom(t).server.orderable("", newRetouchRoom(t).config.Load()); len(got) != 0 {
		t.Errorf("orders can go to %q", got)
	}
}

func TestTheListLooksAtNoFileOfAReceivedTask(t *testing.T) {
	r := newRetouchRoom(t)
	r.assign(assignment(1), assignment(2))
	r.filed("ecommerce-1-1", map[string]ledger.State{"in_1.tif": ledger.Landed}, map[string]ledger.State{"SHOE_top.psd": ledger.Done})
	wants(t, r.get("/tasks"), "Handed out to this studio: 2")
	if n := len(r.server.tasks.albums); n != 0 {
		t.Errorf("the files of %d tasks were read for the list", n)
	}
}
