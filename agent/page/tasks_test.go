package page

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

// newDesk is a rig with a vendor that has templates and takes work back, and one
// that has neither.
func newDesk(t *testing.T) *rig {
	t.Helper()
	r := newRigOf(t, `
name: studio-3
accounts:
  gs: {type: grandshooting}
  retouch: {type: folder, put: %[1]s/retouch/in, get: %[1]s/retouch/out}
  nas: {type: folder, put: %[1]s/nas/in, get: %[1]s/nas/out}
  getonly: {type: folder, get: %[1]s/get/out}
benches:
  - name: packshot-1
    captures: {folder: %[1]s/captures, to: [gs]}
    imports: {folder: %[1]s/retouched, from: [retouch, nas, getonly], import: ask}
  - name: packshot-2
    captures: {folder: %[1]s/captures2, to: [gs]}
`)
	r.server.Connector = func(account string) connectors.Connector {
		switch account {
		case "retouch":
			return connectors.Connector{
				Out: someDestination{},
				Templates: func(context.Context) ([]connectors.Template, error) {
					return []connectors.Template{{ID: "7", Name: "Green BG"}}, nil
				},
				Reject: func(context.Context, connectors.Refusal) error { return nil },
			}
		case "nas", "gs":
			return connectors.Connector{Out: someDestination{}}
		}
		return connectors.Connector{}
	}
	return r
}

type someDestination struct{ connectors.Destination }

var longAgo = time.Date(2026, 11, 20, 9, 0, 0, 0, time.Local)

// sent is a photo of a task.
func (r *rig) sent(task, name string, state ledger.State, changes ...func(*ledger.Job)) ledger.Job {
	j := ledger.Job{
		Account: "retouch", Bench: "packshot-1", Role: connectors.Select, Folder: r.folder, Name: name, Batch: task, Flow: ledger.Out, Kind: ledger.Deliver,
		Generation: 1, Round: 1, Size: 24_300_000, State: state, Created: longAgo, Starts: 1,
	}
	for _, change := range changes {
		change(&j)
	}
	j.ID = ledger.NewRoundID(j.Account, j.Folder, j.Name, j.Batch, j.Generation, j.Round)
	return j
}

// back is what came back for it.
func back(out ledger.Job, state ledger.State, changes ...func(*ledger.Job)) ledger.Job {
	j := ledger.Job{
		Account: out.Account, Bench: out.Bench, Folder: out.Folder + "/../retouched", Name: out.Name, Flow: ledger.In, Kind: ledger.Fetch, Size: 18_000_000,
		State: state, Created: longAgo.Add(time.Hour), Answers: out.ID, Source: ledger.Source{ID: "r" + out.ID, Name: out.Name},
	}
	for _, change := range changes {
		change(&j)
	}
	j.ID = ledger.NewInID(j.Account, "", j.Source.ID)
	return j
}

func because(reason string) func(*ledger.Job) { return func(j *ledger.Job) { j.Reason = reason } }

// order puts a task into the ledger, with its photos and what came back.
func order(t testing.TB, l *ledger.Ledger, task ledger.Task, outs, ins []ledger.Job) {
	t.Helper()
	if task.Account == "" {
		task.Account, task.Bench = "retouch", "packshot-1"
	}
	state := task.State
	task.State, task.Round = ledger.Collecting, 1
	if err := l.Accept(longAgo, ledger.Acceptance{Jobs: outs, Tasks: []ledger.Task{task}}); err != nil {
		t.Fatal(err)
	}
	if err := l.Offer(longAgo, ins); err != nil {
		t.Fatal(err)
	}
	steps := map[ledger.TaskState][]ledger.What{
		ledger.AtVendor: {ledger.Published, ledger.Accepted}, ledger.Closed: {ledger.WrittenOff}, ledger.Cancelled: {ledger.CalledOff}, ledger.TaskDone: {ledger.Published, ledger.Accepted},
	}[state]
	for _, what := range steps {
		var err error
		if task, err = l.RecordTask(task, ledger.TaskEvent{What: what, At: longAgo}); err != nil {
			t.Fatal(err)
		}
	}
	if state != "" && task.State != state {
		t.Fatalf("task %s is %s, want %s", task.ID, task.State, state)
	}
}

// mixed is a task with a picture of each kind.
func mixed(t *testing.T, r *rig) {
	t.Helper()
	var outs, ins []ledger.Job
	for i, s := range []ledger.State{"", "", ledger.Offered, ledger.Offered, ledger.Landed, ledger.GivenUp} {
		out := r.sent("t1", fmt.Sprintf("day1/SS18_%d.jpg", i), ledger.Done)
		if s != "" {
			ins = append(ins, back(out, s, because("the colour profile is missing")))
		}
		outs = append(outs, out)
	}
	outs = append(outs, r.sent("t1", "day1/SS18_8.jpg", ledger.Parked, because("it is too small")))
	order(t, r.ledger, ledger.Task{ID: "t1", Title: "Spring", Template: "Green BG", Comment: "keep <b>creases</b>", Deadline: time.Now().Add(-3 * time.Hour), State: ledger.Collecting}, outs, ins)
}

func TestWithoutTasksThePageSaysHowToBegin(t *testing.T) {
	wants(t, newDesk(t).get("/tasks"), "No picture was sent to a retoucher yet", `href="/tasks/new"`, "Press New task")
	r := newRig(t)
	wants(t, r.get("/tasks"), "No retoucher is connected")
}

func TestTheListOfTasks(t *testing.T) {
	r := newDesk(t)
	mixed(t, r)
	order(t, r.ledger, ledger.Task{ID: "t0", Title: "Older", Created: longAgo.Add(-time.Hour), State: ledger.Collecting}, nil, nil)
	for i := range 40 {
		order(t, r.ledger, ledger.Task{ID: fmt.Sprintf("e%02d", i), Title: fmt.Sprintf("Ended %02d", i), Created: longAgo.Add(time.Duration(i) * time.Second), State: ledger.Cancelled}, nil, nil)
	}
	page := r.get("/tasks")
	wants(t, page, `href="/tasks/t1"`, "Spring", "Green BG", "retouch", "packshot-1", "3 h late", "2 in error", "2 ready to import", "2 at retouch", "1 of 7 imported", "Ended 39", "Ended 10", `href="/tasks?page=2"`)
	lacks(t, page, "Ended 09", "Newer")
	if spring, older := strings.Index(page, "Spring"), strings.Index(page, "Older<"); spring > older || older > strings.Index(page, "Ended 39") {
		t.Error("the open ones must come first, and the newest of them first")
	}
	page = r.get("/tasks?page=2")
	wants(t, page, "Ended 09", "Ended 00", "Newer", "Spring")
	lacks(t, page, "Ended 10", `page=3`)
	wants(t, r.get("/tasks?page=-7"), "Ended 39")
}

func TestTheBarOfATaskIsFull(t *testing.T) {
	c := taskTally{All: 7, Imported: 1, Ready: 2, Errors: 2, Retouch: 1, Sending: 1}
	at := 0.0
	for _, s := range c.Bar() {
		if s.From != at || s.Width() <= 0 {
			t.Errorf("%+v does not begin at %v", s, at)
		}
		at = s.To
	}
	if at != 100 || len((taskTally{}).Bar()) != 0 {
		t.Errorf("the bar ends at %v", at)
	}
}

// part is what stands on a page between an element's beginning and a text.
func part(t *testing.T, page, from, to string) string {
	t.Helper()
	i := strings.Index(page, from)
	if i < 0 {
		t.Fatalf("the page has no %s:\n%s", from, page)
	}
	rest := page[i:]
	if j := strings.Index(rest, to); j >= 0 {
		rest = rest[:j]
	}
	return rest
}

func TestATaskShowsWhereEachPictureIs(t *testing.T) {
	r := newDesk(t)
	mixed(t, r)
	page := r.get("/tasks/t1")
	wants(t, page, "Spring", "Green BG", "at retouch", "7 pictures", "3 h late", "keep &lt;b&gt;creases&lt;/b&gt;", "Import all 2")
	for key, want := range map[string]string{"retouch": "SS18_0 SS18_1", "ready": "SS18_2 SS18_3", "imported": "SS18_4", "error": "SS18_5 SS18_8", "closed": ""} {
		column := part(t, page, `id="group-`+key+`"`, "</section>")
		var names []string
		for _, m := range regexp.MustCompile(`<p class="name">(.*?)\.jpg</p>`).FindAllStringSubmatch(column, -1) {
			names = append(names, m[1])
		}
		if got := strings.Join(names, " "); got != want {
			t.Errorf("group %s has %s, want %s", key, got, want)
		}
	}
	out := r.sent("t1", "day1/SS18_2.jpg", ledger.Done)
	wants(t, part(t, page, `id="group-ready"`, "</section>"), "/picture/"+back(out, ledger.Offered).ID, "as it came back", "/tasks/t1/compare?name=day1%2FSS18_2.jpg")
	wants(t, part(t, page, `id="group-retouch"`, "</section>"), "/picture/"+r.sent("t1", "day1/SS18_0.jpg", ledger.Done).ID, "as it was sent")
	wants(t, part(t, page, `id="group-error"`, "</section>"), "The colour profile is missing.", "It is too small.")
	if w := r.send(http.MethodGet, "/tasks/nobody", nil); w.Code != http.StatusNotFound {
		t.Errorf("an unknown task: %d", w.Code)
	}
}

func TestHostileNamesAndLinksAreHarmless(t *testing.T) {
	r := newDesk(t)
	evil := `x"><img src=x onerror=alert(1)>` + "\u202egpj.exe"
	link := func(to string) func(*ledger.Job) { return func(j *ledger.Job) { j.Receipt.Link = to } }
	a, b := r.sent("t1", evil, ledger.Done, link("javascript:alert(1)")), r.sent("t1", "b.jpg", ledger.Done, link("http://vendor.example/b"))
	c := r.sent("t1", "c.jpg", ledger.Done, link("https://vendor.example/c?a=1&b=2"))
	order(t, r.ledger, ledger.Task{ID: "t1", Title: `<script>alert(1)</script>`}, []ledger.Job{a, b, c}, nil)
	for _, path := range []string{"/tasks", "/tasks/t1", "/tasks/t1/compare?" + url.Values{"name": {evil}}.Encode(), "/files", lifePath(a), "/tasks/new?bench=packshot-1"} {
		lacks(t, r.get(path), "<script>alert", "<img src=x", "javascript:", `href="http://`, "\u202e>", "ZgotmplZ")
	}
	wants(t, r.get("/tasks/t1"), `href="https://vendor.example/c?a=1&amp;b=2" target="_blank" rel="noreferrer noopener"`, "&lt;script&gt;alert")
}

func TestHTTPSOnly(t *testing.T) {
	for link, want := range map[string]string{
		"https://a.example/x": "https://a.example/x", "http://a.example": "", "javascript:alert(1)": "", "//a.example": "", "https:": "", "": "", "data:text/html,x": "", "https://a.example/ b": "https://a.example/%20b",
	} {
		if got := https("", link); got != want {
			t.Errorf("%q: %q, want %q", link, got, want)
		}
	}
}

// fillTask is a task of n pictures: at retouch, ready, imported, in turn.
func fillTask(t testing.TB, l *ledger.Ledger, r *rig, n int) {
	var outs, ins []ledger.Job
	for i := range n {
		out := r.sent("big", fmt.Sprintf("day1/SS18_%05d.jpg", i), ledger.Done)
		outs = append(outs, out)
		if s := []ledger.State{"", ledger.Offered, ledger.Done}[i%3]; s != "" {
			ins = append(ins, back(out, s))
		}
	}
	order(t, l, ledger.Task{ID: "big", Title: "Archive", State: ledger.AtVendor}, outs, ins)
}

var tileName = regexp.MustCompile(`data-name="([^"]+)"`)

func TestOfTenThousandPicturesThePageHasTheFirstOnly(t *testing.T) {
	r := newDesk(t)
	fillTask(t, r.ledger, r, 10_000)
	page := r.get("/tasks/big")
	if len(page) > 100_000 {
		t.Errorf("the page is %d bytes: it is to be under 100 kB", len(page))
	}
	if got := strings.Count(page, `class="tile `); got != 3*tilesAtATime {
		t.Errorf("%d tiles on the first page, want %d", got, 3*tilesAtATime)
	}
	wants(t, page, "10000 pictures", "3334 at retouch", "3333 ready to import", "3333 of 10000 imported", `data-count="3334"`)
	wants(t, r.get("/tasks/big?group=ready&page=2"), `data-page="2"`, fmt.Sprintf("SS18_%05d.jpg", 3*tilesAtATime+1))
}

func TestPicturesComeInPages(t *testing.T) {
	r := newDesk(t)
	const n = 500
	fillTask(t, r.ledger, r, n)
	seen := map[string]int{}
	for _, key := range groupKeys {
		for n := 1; ; n++ {
			html := r.get(fmt.Sprintf("/tasks/big/pictures?group=%s&page=%d", key, n))
			names := tileName.FindAllStringSubmatch(html, -1)
			for _, m := range names {
				seen[m[1]]++
			}
			if !strings.Contains(html, `class="next"`) {
				break
			} else if len(names) != tilesAtATime {
				t.Fatalf("page %d of %s has %d tiles", n, key, len(names))
			}
		}
	}
	if len(seen) != n {
		t.Errorf("%d pictures on all pages, want %d", len(seen), n)
	}
	for name, times := range seen {
		if times != 1 {
			t.Errorf("%s came %d times", name, times)
		}
	}
	for _, path := range []string{"/tasks/big/pictures?group=none", "/tasks/nobody/pictures?group=ready"} {
		if w := r.send(http.MethodGet, path, nil); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	lacks(t, r.get("/tasks/big/pictures?group=ready&page=999999"), "data-name")
}

func TestAPictureMovesFromGroupToGroupAndNothingElseMoves(t *testing.T) {
	r := newDesk(t)
	mixed(t, r)
	r.get("/tasks/t1")
	path := &url.URL{Path: "/tasks/t1"}
	was := r.server.look(t.Context(), path).blocks
	in, _, err := r.ledger.Job(t.Context(), back(r.sent("t1", "day1/SS18_2.jpg", ledger.Done), ledger.Offered).ID)
	if err == nil {
		_, err = r.ledger.Record(in, ledger.Event{What: ledger.Imported, At: time.Now()})
	}
	if err != nil {
		t.Fatal(err)
	}
	is := r.server.look(t.Context(), path).blocks
	names := func(html string) (all []string) {
		for _, m := range tileName.FindAllStringSubmatch(html, -1) {
			all = append(all, m[1])
		}
		return all
	}
	if got := names(is["group-ready"]); !slices.Equal(got, []string{"day1/SS18_3.jpg"}) {
		t.Errorf("ready: %q", got)
	}
	if got := names(is["group-imported"]); !slices.Equal(got, []string{"day1/SS18_2.jpg", "day1/SS18_4.jpg"}) {
		t.Errorf("imported: %q", got)
	}
	if was["group-retouch"] != is["group-retouch"] || was["group-error"] != is["group-error"] || was["task-head"] == is["task-head"] {
		t.Error("other groups have changed, or the counts have not")
	}
	wants(t, is["group-imported"], "importing")
}

func BenchmarkTaskOfTenThousand(b *testing.B) {
	l, err := ledger.Open(b.Context(), ledger.Options{Path: b.TempDir() + "/ledger.db"})
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	fillTask(b, l, &rig{folder: "/studio/captures"}, 10_000)
	s := &Server{Ledger: l}
	for b.Loop() {
		s.tasks.stamp = "" // as after each piece of news
		for _, key := range groupKeys {
			if _, err := s.group(b.Context(), ledger.Task{ID: "big"}, key, 1); err != nil {
				b.Fatal(err)
			}
		}
	}
}
