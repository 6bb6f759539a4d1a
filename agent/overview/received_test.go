package overview

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/studio-agent/studio-agent/agent/config"
	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

var never = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

func TestWhatATaskNeeds(t *testing.T) {
	base := ledger.Task{Kind: ledger.ReceivedTask, State: ledger.Collecting, Missing: []string{"a.psd"}}
	with := func(change func(*ledger.Task)) ledger.Task { t := base; change(&t); return t }
	late := func(t *ledger.Task) { t.Deadline = noon.Add(-3 * time.Hour) }
	held := func(t *ledger.Task) { t.NotBefore, t.Reason = never, "no profile" }
	for name, test := range map[string]struct {
		task ledger.Task
		held bool
		want string
	}{
		"in time":                   {base, false, ""},
		"due later":                 {with(func(t *ledger.Task) { t.Deadline = noon.Add(time.Hour) }), false, ""},
		"late":                      {with(late), false, "3 h late: a.psd is missing"},
		"late without many":         {with(func(t *ledger.Task) { late(t); t.Missing = []string{"a", "b", "c\n", "d", "e"} }), false, `3 h late: a, b, "c\n", and 2 more are missing`},
		"late with all there":       {with(func(t *ledger.Task) { late(t); t.Missing = nil }), false, "3 h late: it is not submitted yet"},
		"late, but submitted":       {with(func(t *ledger.Task) { late(t); t.State = ledger.AtVendor }), false, ""},
		"late, but over":            {with(func(t *ledger.Task) { late(t); t.State = ledger.TaskDone }), false, ""},
		"held":                      {with(held), true, "held: no profile"},
		"held and late":             {with(func(t *ledger.Task) { late(t); held(t) }), true, "3 h late, and held: no profile"},
		"tried again by itself":     {with(func(t *ledger.Task) { held(t); t.NotBefore = noon.Add(time.Hour) }), false, ""},
		"waits for what is missing": {with(func(t *ledger.Task) { t.NotBefore = never }), false, ""},
		"a project that is held":    {with(func(t *ledger.Task) { held(t); t.Kind = ledger.ProjectTask }), true, "held: no profile"},
		"one of ours":               {with(func(t *ledger.Task) { held(t); late(t); t.Kind = ledger.OrderedTask }), false, ""},
	} {
		need, needs := taskNeed(noon, test.task)
		if need.Text != test.want || need.Held != test.held || needs != (test.want != "") {
			t.Errorf("%s: %q, held %v, needs %v; want %q, held %v", name, need.Text, need.Held, needs, test.want, test.held)
		}
	}
}

func TestTheLightOfABenchWithTasks(t *testing.T) {
	one, parked := []TaskNeed{{}}, []ledger.Tally{{Parked: 2}}
	for name, test := range map[string]struct {
		bench Bench
		want  string
	}{
		"something to do":         {Bench{ToDo: 3}, "● 3 tasks to do"},
		"one that needs a person": {Bench{ToDo: 3, Needs: one}, "▲ 1 task needs you"},
		"several":                 {Bench{Needs: []TaskNeed{{}, {}}}, "▲ 2 tasks need you"},
		"pictures too":            {Bench{Needs: one, Tallies: parked}, "▲ 2 pictures and 1 task need you"},
	} {
		light := Overview{Now: noon, Running: true}.Light(test.bench)
		if got := string(light.Sign) + " " + light.Text; got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}

// newStudio is a ledger with benches one and two.
func newStudio(t *testing.T) (*config.Config, *ledger.Ledger) {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "agent.yaml")
	for _, folder := range []string{"one", "two"} {
		if err := os.Mkdir(filepath.Join(dir, folder), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(file, []byte("name: s\naccounts: {nas: {type: folder, put: ./in}}\nbenches:\n  - {name: one, captures: {folder: ./one, to: [nas]}}\n  - {name: two, captures: {folder: ./two, to: [nas]}}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Load(file, "folder")
	if err != nil {
		t.Fatal(err)
	}
	l, err := ledger.Open(t.Context(), ledger.Options{Path: cfg.Ledger, Name: cfg.Name, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return cfg, l
}

func read(t *testing.T, cfg *config.Config, l *ledger.Ledger) Overview {
	t.Helper()
	o, err := Read(t.Context(), cfg, l)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestTasksAreSortedByWhoseTheyAre(t *testing.T) {
	cfg, l := newStudio(t)
	given := func(batch, bench string, due time.Time) connectors.Assignment {
		return connectors.Assignment{Batch: batch, Title: batch, Bench: bench, Round: 1, Deadline: due}
	}
	late := time.Now().Add(-time.Hour)
	if _, err := l.Assign(time.Now(), "cf", []connectors.Assignment{given("a", "one", late), given("b", "one", time.Time{}), given("c", "nobody's", late)}); err != nil {
		t.Fatal(err)
	}
	if err := l.AddProject(time.Now(), ledger.Task{Account: "mam", Bench: "two", Key: "/p", Title: "p"}); err != nil {
		t.Fatal(err)
	}
	if err := l.Accept(time.Now(), ledger.Acceptance{Tasks: []ledger.Task{{ID: "o", Account: "nas", Bench: "one", State: ledger.Collecting, Deadline: late}}}); err != nil {
		t.Fatal(err)
	}
	o := read(t, cfg, l)
	if o.Tasks != 1 || o.Received != 3 || o.Late != 3 || len(o.TaskNeeds) != 2 {
		t.Errorf("%d ordered, %d received, %d late, %d need somebody; want 1, 3, 3, 2", o.Tasks, o.Received, o.Late, len(o.TaskNeeds))
	}
	if one, two := o.Benches[0], o.Benches[1]; one.ToDo != 2 || len(one.Needs) != 1 || one.Needs[0].Title != "a" || two.ToDo+len(two.Needs) != 0 {
		t.Errorf("one: %d to do, %+v; two: %+v", one.ToDo, one.Needs, two)
	}
}

func TestABenchShowsWhatIsHeldThoughAnotherHasMore(t *testing.T) {
	cfg, l := newStudio(t)
	at := time.Now().Add(-time.Hour)
	add := func(bench string, n int) {
		var jobs []ledger.Job
		for i := range n {
			at = at.Add(time.Second)
			j := ledger.Job{Account: "nas", Bench: bench, Folder: "/" + bench, Name: fmt.Sprintf("%03d.jpg", i), Flow: ledger.Out, Kind: ledger.Deliver, Generation: 1, State: ledger.Parked, Created: at}
			j.ID = ledger.NewID(j.Account, j.Kind, j.Folder, j.Name, "", 1)
			jobs = append(jobs, j)
		}
		if err := l.Accept(at, ledger.Acceptance{Jobs: jobs}); err != nil {
			t.Fatal(err)
		}
	}
	add("one", 12)
	add("two", most+5)
	of, ids := map[string]int{}, map[string]bool{}
	for _, j := range read(t, cfg, l).Held {
		of[j.Bench]++
		ids[j.ID] = true
	}
	if of["one"] != mostOfBench || of["two"] != most || len(ids) != of["one"]+of["two"] {
		t.Errorf("held are shown %v, want %d of one and %d of two, each once", of, mostOfBench, most)
	}
}

func TestTheLifeOfATaskInSentences(t *testing.T) {
	for _, test := range []struct {
		kind ledger.TaskKind
		e    ledger.Entry
		want string
	}{
		{ledger.ReceivedTask, ledger.Entry{What: ledger.Added, Account: "cf"}, "handed out by cf"},
		{ledger.ReceivedTask, ledger.Entry{What: ledger.Waited, Account: "cf", Reason: "no profile"}, "not submitted yet: no profile"},
		{ledger.ReceivedTask, ledger.Entry{What: ledger.Waited}, "waits for what is missing"},
		{ledger.ReceivedTask, ledger.Entry{What: ledger.Accepted, Account: "100%"}, "submitted to 100%"},
		{ledger.ProjectTask, ledger.Entry{What: ledger.Added, Account: "mam"}, "found in its folder"},
		{ledger.ProjectTask, ledger.Entry{What: "renamed", Reason: "renamed from Old"}, "renamed from Old"},
		{ledger.ProjectTask, ledger.Entry{What: "renamed"}, "renamed"},
	} {
		if got := TaskSentence(test.kind, test.e); got != test.want {
			t.Errorf("%s %s: %q, want %q", test.kind, test.e.What, got, test.want)
		}
	}
	for _, texts := range []map[ledger.What]string{receivedTexts, projectTexts} {
		for what, text := range texts {
			if text == "" || strings.Contains(strings.ReplaceAll(text, "%s", ""), "%") {
				t.Errorf("%s: %q", what, text)
			}
		}
	}
}
