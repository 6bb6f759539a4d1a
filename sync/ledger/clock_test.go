package ledger

import (
	"context"
	"testing"
	"time"
)

// A clock that ran hours ahead leaves jobs that wait for hours to come.
func TestJobsThatWaitForAWrongClockGoOnAtOnce(t *testing.T) {
	path := newPath(t)
	l := openAt(t, path)
	now := time.Now()
	must(t, l.Accept(now, Acceptance{Jobs: []Job{
		newJob("backoff.jpg", 1, func(j *Job) { j.NotBefore = now.Add(5 * time.Minute) }),
		newJob("wrong.jpg", 1, func(j *Job) { j.NotBefore = now.Add(7 * time.Hour) }),
	}}))
	putTasks(t, l, now, newTask("backoff", func(t *Task) { t.Closes, t.NotBefore = now, now.Add(5*time.Minute) }),
		newTask("wrong", func(t *Task) { t.Closes, t.NotBefore = now, now.Add(7*time.Hour) }))
	n, err := l.ClockSetBack(now)
	must(t, err)
	if n != 1 {
		t.Errorf("%d jobs were let go, want 1", n)
	}
	due, err := l.DueTasks(t.Context(), "gs", now)
	wantTasks(t, "tasks that go on at once", due, err, "wrong")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	j, err := l.Next(ctx, "gs", Out)
	must(t, err)
	if j.Name != "wrong.jpg" {
		t.Errorf("%s came first: what only backs off must go on waiting", j.Name)
	}
}

func TestAStartForgetsTheWaitsOfAWrongClock(t *testing.T) {
	path := newPath(t)
	l := openAt(t, path)
	now := time.Now()
	must(t, l.Accept(now, Acceptance{Jobs: []Job{newJob("a.jpg", 1, func(j *Job) { j.NotBefore = now.Add(7 * time.Hour) })}}))
	must(t, l.Close())
	l = openAt(t, path)
	if due, err := l.Queued(t.Context(), "gs", now.Add(time.Second)); err != nil || !due {
		t.Errorf("after a start the job is due: %v, %v", due, err)
	}
}
