package ledger

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

func TestTallies(t *testing.T) {
	l := openNew(t)
	if all, err := l.Tallies(t.Context(), noon); err != nil || len(all) != 0 {
		t.Errorf("an empty ledger counts %+v, %v", all, err)
	}
	job := func(name string, s State, size, created int64, changes ...func(*Job)) Job {
		return newJob(name, 1, append(changes, func(j *Job) { j.State, j.Size, j.Created = s, size, time.Unix(created, 0) })...)
	}
	bench2 := func(j *Job) { j.Bench = "bench 2" }
	accept(t, l, job("q1", Queued, 1, 50), job("q2", Queued, 2, 40), job("m", Moving, 4, 30), job("p", Publishing, 8, 60), job("s", Sent, 16, 20),
		job("held", Parked, 32, 1), job("gone", Superseded, 64, 2), job("q", Queued, 5, 70, account("ftp")), job("held 2", Parked, 5, 70, bench2))
	yesterday, today := noon.Add(-24*time.Hour), noon
	finish := func(name string, size int64, at time.Time, changes ...func(*Job)) {
		j := job(name, Sent, size, 1, changes...)
		accept(t, l, j)
		rec(t, l, j, Event{What: Confirmed, At: at})
	}
	finish("d1", 100, yesterday)
	finish("d2", 200, today)
	finish("d3", 400, today.Add(time.Minute))
	finish("a mark is no photo", 800, today, asMark)
	finish("d4", 7, yesterday, bench2)
	for i, s := range inStates {
		offer(t, l, newFetch(fmt.Sprint("in ", i), in(s)))
	}
	settle := func(name string, at time.Time) {
		j := newFetch(name, in(Moving))
		offer(t, l, j)
		rec(t, l, rec(t, l, j, Event{What: Settled, At: at}), Event{What: Acknowledged, At: today})
	}
	settle("back yesterday", yesterday)
	settle("back", today)
	want := []Tally{
		{Bench: "bench", Account: "ftp", Queued: 1, OpenBytes: 5, Oldest: time.Unix(70, 0)},
		{Bench: "bench", Account: "gs", Queued: 2, Moving: 2, Sent: 1, Parked: 1, OpenBytes: 15, Oldest: time.Unix(20, 0),
			Done: 3, Today: 2, TodayBytes: 600, LastDone: time.Unix(0, today.Add(time.Minute).UnixNano()), Offered: 1, Importing: 3, Stuck: 2, Landed: 2, LandedToday: 1},
		{Bench: "bench 2", Account: "gs", Parked: 1, Done: 1, LastDone: time.Unix(0, yesterday.UnixNano())},
	}
	got, err := l.Tallies(t.Context(), today)
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got  %+v, %v\nwant %+v", got, err, want)
	}
	if got[1].Open() != 5 {
		t.Errorf("Open = %d, want 5", got[1].Open())
	}
}
