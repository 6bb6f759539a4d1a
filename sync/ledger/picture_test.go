package ledger

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

func TestPictures(t *testing.T) {
	out := func(changes ...func(*Job)) Job { return newJob("a", 1, append(changes, batch("t"), asSelect)...) }
	done := out(in(Done))
	again := func(changes ...func(*Job)) Job { return secondRound(out(changes...)) }
	back := func(s State, changes ...func(*Job)) Job {
		return newFetch("b", append(changes, answers(done), in(s))...)
	}
	older := []func(*Job){source("older"), created(1)}
	tests := []struct {
		name string
		outs []Job
		ins  []Job
		want []PictureState
	}{
		{"queued", []Job{out()}, nil, []PictureState{Sending}},
		{"publishing", []Job{out(in(Publishing))}, nil, []PictureState{Sending}},
		{"sent", []Job{out(in(Sent))}, nil, []PictureState{AtRetouch}},
		{"done", []Job{done}, nil, []PictureState{AtRetouch}},
		{"held", []Job{out(in(Parked))}, nil, []PictureState{Error}},
		{"overtaken", []Job{out(in(Superseded))}, nil, nil},
		{"offered", []Job{done}, []Job{back(Offered)}, []PictureState{ReadyToImport}},
		{"to be fetched", []Job{done}, []Job{back(Queued)}, []PictureState{Importing}},
		{"put in place", []Job{done}, []Job{back(Publishing)}, []PictureState{Importing}},
		{"landed", []Job{done}, []Job{back(Landed)}, []PictureState{PictureImported}},
		{"acknowledged", []Job{done}, []Job{back(Done)}, []PictureState{PictureImported}},
		{"nobody claims it", []Job{done}, []Job{back(Parked)}, []PictureState{Error}},
		{"given up", []Job{done}, []Job{back(GivenUp)}, []PictureState{Error}},
		{"withdrawn", []Job{done}, []Job{back(Superseded)}, []PictureState{AtRetouch}},
		{"refused", []Job{done}, []Job{back(Done, func(j *Job) { j.Source.Rejected = true })}, []PictureState{AtRetouch}},
		{"a newer version", []Job{done}, []Job{back(Offered), back(Done, older...)}, []PictureState{ReadyToImport}},
		{"the newer version is withdrawn", []Job{done}, []Job{back(Superseded), back(Done, older...)}, []PictureState{PictureImported}},
		{"answers another", []Job{done}, []Job{newFetch("b", answers(newJob("z", 1)))}, []PictureState{AtRetouch}},
		{"its mark is on its way", []Job{done, out(in(Queued), asMark)}, nil, []PictureState{Sending}},
		{"its mark is held", []Job{done, out(in(Parked), asMark)}, nil, []PictureState{Error}},
		{"marked", []Job{done, out(in(Done), asMark)}, nil, []PictureState{AtRetouch}},
		{"a new generation", []Job{done, newJob("a", 2, batch("t"))}, nil, []PictureState{Sending}},
		{"answered to the old generation", []Job{done, newJob("a", 2, batch("t"), in(Done))}, []Job{back(Done)}, []PictureState{PictureImported}},
		{"given up by a person", []Job{done.with(closed)}, nil, []PictureState{PictureClosed}},
		{"never sent, and given up by a person", []Job{out(in(Superseded), closed)}, nil, []PictureState{PictureClosed}},
		{"given up, and here all the same", []Job{done.with(closed)}, []Job{back(Landed)}, []PictureState{PictureImported}},
		{"given up, and ready all the same", []Job{done.with(closed)}, []Job{back(Offered)}, []PictureState{ReadyToImport}},
		{"given up by both", []Job{done.with(closed)}, []Job{back(GivenUp)}, []PictureState{PictureClosed}},
		{"given up when it was ready", []Job{done.with(closed)}, []Job{back(Superseded, closed)}, []PictureState{PictureClosed}},
		{"sent back", []Job{done}, []Job{back(Superseded, closed)}, []PictureState{AtRetouch}},
		{"sent back and corrected", []Job{done}, []Job{back(Superseded, closed, created(1)), back(Offered, source("v2"), created(2))}, []PictureState{ReadyToImport}},
		{"the newer version is sent back", []Job{done}, []Job{back(Landed, created(1)), back(Superseded, closed, source("v2"), created(2))}, []PictureState{AtRetouch}},
		{"ordered again", []Job{done, again(in(Queued))}, []Job{back(Done)}, []PictureState{Sending}},
		{"ordered again, and the first came late", []Job{done, again(in(Done))}, []Job{back(Landed)}, []PictureState{AtRetouch}},
		{"ordered again, and the second is here", []Job{done, again(in(Done))}, []Job{back(GivenUp), newFetch("b", answers(again()), in(Offered), source("v2"))}, []PictureState{ReadyToImport}},
		{"ordered again after it was given up", []Job{done.with(closed), again(in(Done))}, nil, []PictureState{AtRetouch}},
		{"two, in the order of their names", []Job{newJob("c", 1, batch("t")), done, newJob("other task", 1, batch("u"))}, nil, []PictureState{AtRetouch, Sending}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			l := openNew(t)
			must(t, l.Accept(noon, Acceptance{Jobs: test.outs}))
			offer(t, l, test.ins...)
			got, err := l.Pictures(t.Context(), "t", noon)
			var states []PictureState
			for _, p := range got {
				states = append(states, p.State)
				if p.HasIn != (p.In.ID != "") || p.HasIn && p.In.Flow != In || p.Out.Flow != Out || p.Late {
					t.Errorf("picture %+v", p)
				}
			}
			if err != nil || !slices.Equal(states, test.want) {
				t.Errorf("%q, %v; want %q", states, err, test.want)
			}
		})
	}
}

// with is j, changed, with the ID that it has.
func (j Job) with(changes ...func(*Job)) Job {
	for _, change := range changes {
		change(&j)
	}
	return j
}

// secondRound is the same delivery, ordered once more.
func secondRound(j Job) Job {
	j.ID, j.Round = NewRoundID(j.Account, j.Folder, j.Name, j.Batch, j.Generation, 2), 2
	return j
}

func TestAPictureThatWasSentBackSaysWhy(t *testing.T) {
	l := openNew(t)
	out := newJob("a", 1, batch("t"), in(Done))
	accept(t, l, out)
	offer(t, l, newFetch("a", answers(out), in(Superseded), closed, func(j *Job) { j.Reason = "a halo on the left" }))
	got, err := l.Pictures(t.Context(), "t", noon)
	if err != nil || len(got) != 1 || got[0].Reason != "a halo on the left" || got[0].HasIn {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestPicturesTellWhyAndWhetherTheyAreLate(t *testing.T) {
	l := openNew(t)
	putTasks(t, l, before, newTask("t", func(t *Task) { t.Deadline = noon }))
	home, away := newJob("a", 1, batch("t"), in(Done)), newJob("b", 1, batch("t"), in(Done))
	accept(t, l, home, away)
	why := func(j *Job) { j.Reason = "two folders claim it" }
	offer(t, l, newFetch("a", answers(home), in(Landed)), newFetch("b", answers(away), in(Parked), why))
	for now, late := range map[time.Time]bool{noon: false, later: true} {
		got, err := l.Pictures(t.Context(), "t", now)
		if err != nil || len(got) != 2 || got[0].Late || got[1].Late != late || got[1].Reason != "two folders claim it" {
			t.Errorf("at %v: %+v, %v; want b late: %v", now, got, err, late)
		}
	}
}

// TestATaskIsDoneWithItsLastPicture, and not before.
func TestATaskIsDoneWithItsLastPicture(t *testing.T) {
	setUp := func(s TaskState) (*Ledger, []Job) {
		l := openNew(t)
		putTasks(t, l, before, newTask("t", func(t *Task) { t.State = s }))
		var ins []Job
		for i := range 2 {
			out := newJob(fmt.Sprint(i), 1, batch("t"), in(Done))
			accept(t, l, out)
			ins = append(ins, newFetch(fmt.Sprint(i), answers(out), in(Moving)))
		}
		accept(t, l, newJob("held", 1, batch("t"), in(Parked)))
		offer(t, l, ins...)
		return l, ins
	}
	held := newJob("held", 1, batch("t"))
	wantTask := func(l *Ledger, when string, want TaskState) {
		t.Helper()
		if got := findTask(t, l, "t"); got.State != want {
			t.Errorf("%s the task is %s, want %s", when, got.State, want)
		}
	}
	l, ins := setUp(AtVendor)
	rec(t, l, ins[0], Event{What: Settled})
	rec(t, l, find(t, l, held), Event{What: Overtaken, At: noon})
	wantTask(l, "while one is out", AtVendor)
	rec(t, l, ins[1], Event{What: Settled})
	wantTask(l, "with the last return", TaskDone)

	l, ins = setUp(AtVendor)
	rec(t, l, ins[0], Event{What: Settled})
	rec(t, l, ins[1], Event{What: Settled})
	wantTask(l, "while one was never sent", AtVendor)
	rec(t, l, find(t, l, held), Event{What: Overtaken})
	wantTask(l, "when that one is given up", TaskDone)

	l, ins = setUp(Committing)
	rec(t, l, ins[0], Event{What: Settled})
	rec(t, l, ins[1], Event{What: Settled})
	rec(t, l, find(t, l, held), Event{What: Overtaken})
	wantTask(l, "before the vendor said yes", Committing)
	recTask(t, l, findTask(t, l, "t"), Accepted)
	wantTask(l, "when it says yes at last", TaskDone)

	l = openNew(t)
	putTasks(t, l, before, newTask("t"))
	recTask(t, l, findTask(t, l, "t"), Accepted)
	wantTask(l, "without any picture", AtVendor)
}
