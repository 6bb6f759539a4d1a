package outbound

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

// tasks are all tasks of the rig, the oldest first.
func (r *rig) tasks() []ledger.Task {
	r.t.Helper()
	all, err := r.ledger.Tasks(r.t.Context(), "", true)
	must(r.t, err)
	var reversed []ledger.Task
	for _, t := range all {
		reversed = append([]ledger.Task{t}, reversed...)
	}
	return reversed
}

// names are the photos of a task.
func (r *rig) names(task ledger.Task) string {
	r.t.Helper()
	pictures, err := r.ledger.Pictures(r.t.Context(), task.ID, time.Now())
	must(r.t, err)
	var all []string
	for _, p := range pictures {
		all = append(all, p.Out.Name)
	}
	return strings.Join(all, " ")
}

// ofTasks makes the captures of a rig a selects folder for a vendor whose selects
// become tasks by rule.
func ofTasks(r *rig, rule TaskRule) {
	r.enq.Role, r.enq.Targets = connectors.Select, []Target{{Account: "gs", Task: &rule}}
}

func TestWhenATaskCloses(t *testing.T) {
	start := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	tests := []struct {
		name string
		rule TaskRule
		last time.Duration // the last photo, after the first
		want time.Duration // after the first
	}{
		{"by default 5 s after the last", TaskRule{}, 3 * time.Second, 8 * time.Second},
		{"a pause", TaskRule{Quiet: time.Minute}, 3 * time.Second, 63 * time.Second},
		{"a window after its first", TaskRule{Window: time.Hour}, 30 * time.Minute, time.Hour},
		{"a pause within the window", TaskRule{Quiet: time.Minute, Window: time.Hour}, 30 * time.Minute, 31 * time.Minute},
		{"the window before the pause", TaskRule{Quiet: time.Minute, Window: time.Hour}, 59*time.Minute + time.Second, time.Hour},
	}
	for _, tc := range tests {
		if got := tc.rule.closes(start, start.Add(tc.last)).Sub(start); got != tc.want {
			t.Errorf("%s: after %v, want %v", tc.name, got, tc.want)
		}
	}
}

func TestSelectsThatComeTogetherShareATask(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		ofTasks(r, TaskRule{Quiet: 5 * time.Second, Deadline: time.Hour})
		start := time.Now()
		for i := range 4 {
			r.drop(fmt.Sprintf("look/%d.jpg", i), fmt.Sprint("picture ", i))
			pass(3 * time.Second)
		}
		pass(3 * time.Second) // the task has closed
		r.drop("late.jpg", "late")
		tasks := r.tasks()
		if len(tasks) != 2 || r.names(tasks[0]) != "look/0.jpg look/1.jpg look/2.jpg look/3.jpg" || r.names(tasks[1]) != "late.jpg" {
			t.Fatalf("tasks %+v with %q", tasks, r.names(tasks[0]))
		}
		got := tasks[0]
		if got.Bench != "bench" || got.Round != 1 || got.Key != "" || !strings.HasPrefix(got.Title, "bench, ") {
			t.Errorf("task %+v", got)
		}
		if !got.Closes.Equal(start.Add(14*time.Second)) || !got.Deadline.Equal(start.Add(5*time.Second+time.Hour)) {
			t.Errorf("closes %v, deadline %v, started %v", got.Closes, got.Deadline, start)
		}
		if j := r.job("look/2.jpg"); j.Batch != got.ID || j.Round != 1 || j.Kind != ledger.Deliver {
			t.Errorf("job %+v is not of the task", j)
		}
	})
}

func TestATaskForEachSubFolder(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		ofTasks(r, TaskRule{By: ByFolder, Quiet: 5 * time.Second})
		for _, name := range []string{"look 1/a.jpg", "look 2/b.jpg", "look 1/deep/c.jpg", "top.jpg"} {
			r.drop(name, name)
		}
		got := map[string]string{}
		for _, task := range r.tasks() {
			got[task.Key+" as "+task.Title[:len("bench/look 1")]] = r.names(task)
		}
		if len(got) != 3 || got["look 1 as bench/look 1"] != "look 1/a.jpg look 1/deep/c.jpg" || got["look 2 as bench/look 2"] != "look 2/b.jpg" {
			t.Errorf("tasks %q", got)
		}
	})
}

func TestAFullTaskTakesNoMore(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		ofTasks(r, TaskRule{Window: time.Hour, Max: 2})
		for i := range 5 {
			r.drop(fmt.Sprintf("%d.jpg", i), fmt.Sprint("picture ", i))
			pass(time.Second)
		}
		tasks := r.tasks()
		if len(tasks) != 3 || r.names(tasks[0]) != "0.jpg 1.jpg" || r.names(tasks[2]) != "4.jpg" {
			t.Fatalf("%d tasks, the first with %q", len(tasks), r.names(tasks[0]))
		}
		if tasks[0].Closes.After(time.Now()) || !tasks[2].Closes.After(time.Now()) {
			t.Errorf("the full one closes %v, the last one %v", tasks[0].Closes, tasks[2].Closes)
		}
	})
}

func TestATaskByHandCollectsUntilAPersonSaysThatItIsFull(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		ofTasks(r, TaskRule{By: ByHand, Deadline: time.Hour})
		r.start()
		r.drop("look1/a.jpg", "A")
		pass(24 * time.Hour)
		r.drop("look2/b.jpg", "B")
		pass(time.Minute)
		all := r.tasks()
		if len(all) != 1 || r.names(all[0]) != "look1/a.jpg look2/b.jpg" || all[0].State != ledger.Collecting {
			t.Fatalf("tasks %+v, want one that collects both", all)
		}
		full, err := r.ledger.RecordTask(all[0], ledger.TaskEvent{What: ledger.Full, At: time.Now()})
		must(t, err)
		r.sender.Wake()
		pass(time.Second)
		if got := r.tasks()[0]; got.State != ledger.AtVendor {
			t.Errorf("once it is full it is %s (was %s)", got.State, full.State)
		}
		r.drop("look3/c.jpg", "C")
		if all := r.tasks(); len(all) != 2 || r.names(all[1]) != "look3/c.jpg" {
			t.Errorf("the next photo is in %+v, want a task of its own", all)
		}
	})
}

func TestTwoBenchesNeverShareATask(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		ofTasks(r, TaskRule{Quiet: time.Minute})
		other := r.enqueuer(r.mkdir("other"), connectors.Select)
		other.Bench, other.Targets = "other", r.enq.Targets
		r.drop("a.jpg", "A")
		writeAt(t, other.Folder+"/a.jpg", "B", time.Now())
		must(t, emit(t.Context(), other, file(t, other.Folder, "a.jpg")))
		if tasks := r.tasks(); len(tasks) != 2 || tasks[0].Bench == tasks[1].Bench {
			t.Errorf("tasks %+v, want one for each bench", tasks)
		}
	})
}

func TestATaskThatClosesMeanwhileIsFollowedByTheNext(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		ofTasks(r, TaskRule{Quiet: time.Minute})
		r.drop("a.jpg", "A")
		first := r.tasks()[0]
		stale := decision{Acceptance: ledger.Acceptance{
			Files: []ledger.File{{Folder: r.hot, Name: "b.jpg"}}, Tasks: []ledger.Task{first},
		}}
		_, err := r.ledger.RecordTask(first, ledger.TaskEvent{What: ledger.CalledOff, At: time.Now()})
		must(t, err)
		if err := r.enq.enter(t.Context(), stale, time.Now()); err == nil || !strings.Contains(err.Error(), "goes with the next one") {
			t.Errorf("got %v, want to be told to come later", err)
		}
		r.drop("b.jpg", "B")
		if n := len(r.tasks()); n != 2 {
			t.Errorf("%d tasks, want 2", n)
		}
	})
}

func TestMarksOfSelectsMakeATaskAndTagsDoNot(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		byXMP(r)
		r.enq.Selects.Targets[0].Task = &TaskRule{Quiet: time.Minute}
		r.start()
		r.drop("a.jpg", shot(9, xmp(stars(4))))
		r.drop("b.jpg", shot(8, xmp(stars(2))))
		pass(10 * time.Second)
		r.rewrite("a.jpg", shot(9, xmp(stars(5)))) // the rating of a select is no new order
		tasks := r.tasks()
		if len(tasks) != 1 || r.names(tasks[0]) != "a.jpg" {
			t.Fatalf("tasks %+v", tasks)
		}
		jobs, err := r.ledger.TaskJobs(t.Context(), tasks[0].ID)
		must(t, err)
		if len(jobs) != 1 || jobs[0].Kind != ledger.Mark || jobs[0].State != ledger.Done {
			t.Errorf("jobs of the task %+v, want the mark that made it a select", jobs)
		}
		if m := r.remote.Marks()["a.jpg"][0]; m.Batch != tasks[0].ID {
			t.Errorf("the mark tells of task %q, want %q", m.Batch, tasks[0].ID)
		}
	})
}

func TestAMarkThatReplacesOneThatWaitsStaysInItsTask(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		byXMP(r)
		r.enq.Selects.Targets[0].Task = &TaskRule{Quiet: time.Minute}
		r.drop("a.jpg", shot(9, xmp(stars(4))))
		r.rewrite("a.jpg", shot(9, xmp(stars(5))))
		r.start()
		pass(30 * time.Second)
		tasks := r.tasks()
		if len(tasks) != 1 || r.names(tasks[0]) != "a.jpg" {
			t.Fatalf("tasks %+v", tasks)
		}
		pass(3 * time.Minute)
		if got := r.tasks()[0].State; got != ledger.AtVendor {
			t.Errorf("the task is %s", got)
		}
		r.wantTold("a.jpg", "select 5")
	})
}
