package ledger

import (
	"errors"
	"reflect"
	"slices"
	"testing"
	"time"
)

func newTask(id string, changes ...func(*Task)) Task {
	t := Task{ID: id, Account: "gs", Bench: "bench", Title: "the task " + id, Round: 1, State: Collecting, Closes: noon}
	for _, change := range changes {
		change(&t)
	}
	return t
}

func putTasks(t testing.TB, l *Ledger, now time.Time, tasks ...Task) {
	t.Helper()
	must(t, l.Accept(now, Acceptance{Tasks: tasks}))
}

func findTask(t testing.TB, l *Ledger, id string) Task {
	t.Helper()
	got, ok, err := l.Task(t.Context(), id)
	if err != nil || !ok {
		t.Fatalf("task %s: %v, %v", id, ok, err)
	}
	return got
}

func recTask(t testing.TB, l *Ledger, task Task, what What) Task {
	t.Helper()
	task, err := l.RecordTask(task, TaskEvent{What: what, At: noon})
	must(t, err)
	return task
}

func wantTasks(t *testing.T, what string, got []Task, err error, want ...string) {
	t.Helper()
	var ids []string
	for _, task := range got {
		ids = append(ids, task.ID)
	}
	if err != nil || !slices.Equal(ids, want) {
		t.Errorf("%s: %q, %v; want %q", what, ids, err, want)
	}
}

func TestATaskComesBackWhole(t *testing.T) {
	l := openNew(t)
	want := Task{ID: "i", Account: "gs", Bench: "b", Key: "k", Title: "t", Round: 2, State: Committing, Template: "m", Created: time.Unix(1, 2), Closes: time.Unix(3, 4),
		Deadline: time.Unix(5, 6), NotBefore: time.Unix(7, 8), Failures: 9, Reason: "r", Published: true, Comment: "c", ByHand: true,
		Kind: ReceivedTask, Link: "l", Status: "s", Missing: []string{"m", "n"}, News: 10}
	wantSet(t, want)
	bare := Task{ID: "j", State: Collecting}
	putTasks(t, l, noon, want, bare)
	if got := findTask(t, l, "i"); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	got := findTask(t, l, "j")
	if !got.Created.Equal(noon) {
		t.Errorf("created at %v, want now", got.Created)
	}
	if got.Created = (time.Time{}); !reflect.DeepEqual(got, bare) {
		t.Errorf("got  %+v\nwant %+v", got, bare)
	}
	if _, ok, err := l.Task(t.Context(), "nobody"); ok || err != nil {
		t.Errorf("a task that is not there: %v, %v", ok, err)
	}
}

func TestCollectingTask(t *testing.T) {
	l := openNew(t)
	key := func(t *Task) { t.Key = "sub" }
	putTasks(t, l, before.Add(-time.Hour), newTask("closed", func(t *Task) { t.Closes = before }), newTask("open", key),
		newTask("for ever", func(t *Task) { t.Closes, t.Bench = time.Time{}, "bench 2" }), newTask("sent", func(t *Task) { t.State = Committing }),
		newTask("elsewhere", func(t *Task) { t.Account = "ftp" }))
	for _, test := range []struct {
		bench, key string
		now        time.Time
		want       string
	}{
		{"bench", "", before.Add(-1), "closed"}, {"bench", "", before, ""}, {"bench", "sub", noon.Add(-1), "open"}, {"bench", "sub", noon, ""},
		{"bench 2", "", later, "for ever"}, {"bench 3", "", before, ""},
	} {
		got, ok, err := l.CollectingTask(t.Context(), "gs", test.bench, test.key, test.now)
		if err != nil || ok != (test.want != "") || got.ID != test.want {
			t.Errorf("%s %q at %v: %q, %v, %v; want %q", test.bench, test.key, test.now, got.ID, ok, err, test.want)
		}
	}
}

// TestTasksTakePhotosUntilTheyClose: a refused photo leaves no trace.
func TestTasksTakePhotosUntilTheyClose(t *testing.T) {
	forever := time.Time{}
	for _, test := range []struct {
		name               string
		state              TaskState
		was, given, closes time.Time // when it closes
		refused            bool
	}{
		{"closes later", Collecting, noon, later, later, false},
		{"never closes sooner", Collecting, later, noon, later, false},
		{"stays open until somebody says", Collecting, later, forever, forever, false},
		{"was open until somebody says", Collecting, forever, noon, forever, false},
		{"has closed", Collecting, before, before, before, true},
		{"had closed, and is opened again", Collecting, before, later, later, false},
		{"is being committed", Committing, later, later, later, true},
		{"is at the vendor", AtVendor, later, later, later, true},
		{"is cancelled", Cancelled, later, later, later, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			l := openNew(t)
			putTasks(t, l, before, newTask("t", func(t *Task) { t.Closes, t.State = test.was, test.state }))
			j := newJob("a", 1, batch("t"))
			err := l.Accept(before.Add(time.Second), Acceptance{Files: []File{newFile("a", 1, "")}, Jobs: []Job{j},
				Tasks: []Task{newTask("t", func(t *Task) { t.Closes, t.Title = test.given, "another" })}})
			if (err != nil) != test.refused || err != nil && !errors.Is(err, ErrTaskClosed) {
				t.Errorf("error %v, want it refused: %v", err, test.refused)
			}
			got := findTask(t, l, "t")
			if !got.Closes.Equal(test.closes) || got.Title != "the task t" {
				t.Errorf("it is %+v, want it to close at %v and else as it was", got, test.closes)
			}
			_, there, _ := l.Job(t.Context(), j.ID)
			_, known, _ := l.FindFile(t.Context(), hot, "a")
			if there == test.refused || known == test.refused {
				t.Errorf("the photo was added: %v, %v", there, known)
			}
		})
	}
}

func TestDueTasks(t *testing.T) {
	l := openNew(t)
	closes := func(at time.Time) func(*Task) { return func(t *Task) { t.Closes = at } }
	state := func(s TaskState) func(*Task) { return func(t *Task) { t.State = s } }
	putTasks(t, l, before, newTask("now"), newTask("sooner", closes(before)), newTask("later", closes(later)), newTask("open", closes(time.Time{})),
		newTask("committing", closes(later), state(Committing)), newTask("at vendor", state(AtVendor)), newTask("done", state(TaskDone)),
		newTask("waits", func(t *Task) { t.NotBefore = later }), newTask("elsewhere", func(t *Task) { t.Account = "ftp" }), newTask("parked"), newTask("sends"))
	accept(t, l, newJob("a", 1, batch("now"), in(Done)), newJob("b", 1, batch("parked"), in(Parked)), newJob("c", 1, batch("parked"), in(Superseded)),
		newJob("d", 1, batch("now"), account("ftp")))
	offer(t, l, newFetch("e", batch("now")))
	for _, s := range []State{Queued, Moving, Publishing, Sent} {
		j := newJob(string(s), 1, batch("sends"), in(s))
		accept(t, l, j)
		got, err := l.DueTasks(t.Context(), "gs", noon)
		wantTasks(t, "due while one is "+string(s), got, err, "sooner", "now", "parked", "committing")
		must(t, l.write(func(tx transaction) error {
			_, err := tx.Exec(`UPDATE jobs SET state = 'done' WHERE id = ?`, j.ID)
			return err
		}))
	}
	got, err := l.DueTasks(t.Context(), "gs", noon)
	wantTasks(t, "due", got, err, "sooner", "now", "parked", "sends", "committing")
	got, err = l.DueTasks(t.Context(), "gs", later)
	wantTasks(t, "due later", got, err, "sooner", "now", "waits", "parked", "sends", "later", "committing")
}

func TestTasks(t *testing.T) {
	l := openNew(t)
	for i, s := range taskStates {
		putTasks(t, l, noon.Add(time.Duration(i)), newTask(string(s), func(t *Task) { t.State = s }))
	}
	putTasks(t, l, later, newTask("elsewhere", func(t *Task) { t.Account = "ftp" }))
	got, err := l.Tasks(t.Context(), "gs", false)
	wantTasks(t, "open", got, err, "at vendor", "committing", "collecting")
	got, err = l.Tasks(t.Context(), "gs", true)
	wantTasks(t, "all", got, err, "closed", "cancelled", "done", "at vendor", "committing", "collecting")
	got, err = l.Tasks(t.Context(), "", false)
	wantTasks(t, "open anywhere", got, err, "elsewhere", "at vendor", "committing", "collecting")
}

func TestRecordTask(t *testing.T) {
	l := openNew(t)
	putTasks(t, l, before, newTask("t"))
	first := findTask(t, l, "t")
	j := newJob("late", 1, batch("t"))
	must(t, l.Accept(before, Acceptance{Jobs: []Job{j}, Tasks: []Task{newTask("t")}}))
	if _, err := l.RecordTask(first, TaskEvent{What: Published, At: noon}); !errors.Is(err, ErrLost) {
		t.Errorf("a task is committed without a photo that was just added: %v", err)
	}
	rec(t, l, next(t, l), Event{What: Confirmed})
	must(t, l.Accept(before, Acceptance{Tasks: []Task{newTask("t", func(t *Task) { t.Closes = later })}}))
	if _, err := l.RecordTask(first, TaskEvent{What: Published, At: noon}); !errors.Is(err, ErrLost) {
		t.Errorf("a task is committed though it was opened again: %v", err)
	}
	task := recTask(t, l, findTask(t, l, "t"), Published)
	if got := findTask(t, l, "t"); !reflect.DeepEqual(got, task) || got.State != Committing {
		t.Errorf("on disk is %+v, want %+v", got, task)
	}
	_, err := l.RecordTask(task, TaskEvent{What: Settled, At: noon})
	if err == nil || errors.Is(err, ErrLost) {
		t.Errorf("settled before the vendor had it: %v", err)
	}
	_, err = l.RecordTask(task, TaskEvent{What: Failed, At: noon, Until: later, Reason: "cut"})
	must(t, err)
	if got := findTask(t, l, "t"); !got.NotBefore.Equal(later) || got.Failures != 1 || got.Reason != "cut" || !got.Published {
		t.Errorf("after a failure it is %+v", got)
	}
	recTask(t, l, findTask(t, l, "t"), Accepted)
	history, err := l.History(t.Context(), "", "t")
	var whats []What
	for _, e := range history {
		whats = append(whats, e.What)
	}
	if err != nil || !slices.Equal(whats, []What{Added, Published, Failed, Accepted}) {
		t.Errorf("its life is %q, %v", whats, err)
	}
}
