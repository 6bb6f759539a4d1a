package ledger

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
)

// aMuddle is a task in which every kind of picture is: several rounds,
// generations, marks, answers, sent back and closed ones.
func aMuddle(r *rand.Rand) (outs, ins []Job) {
	pick := func(all ...State) State { return all[r.IntN(len(all))] }
	for i := range 200 {
		for try := range 1 + r.IntN(3) {
			out := newJob(fmt.Sprintf("day/%03d.jpg", i), 1+r.IntN(2), batch("t"), func(j *Job) {
				j.State, j.Round = pick(Queued, Moving, Sent, Done, Done, Done, Parked, Superseded), 1+try
				j.Closed, j.Created = r.IntN(8) == 0, time.Unix(int64(1000*try+i), 0)
				j.Folder = []string{hot, hot, "/studio/selects"}[i%3]
			})
			if r.IntN(6) == 0 {
				asMark(&out)
			}
			out.ID = NewRoundID("gs", out.Folder, out.Name, "t"+string(out.Kind), out.Generation, out.Round)
			outs = append(outs, out)
			for n := range r.IntN(3) {
				ins = append(ins, newFetch(out.Name, source(fmt.Sprint(i, try, n)), answers(out), func(j *Job) {
					j.State, j.Closed = pick(Offered, Queued, Landed, Done, Parked, GivenUp, Superseded), r.IntN(3) == 0
					j.Reason, j.Created = fmt.Sprint("because ", i), time.Unix(int64(5000+r.IntN(5)), int64(len(ins)))
					j.Source.Rejected = r.IntN(10) == 0
				}))
			}
		}
	}
	return outs, ins
}

func TestAnAlbumSaysWhatPicturesSay(t *testing.T) {
	for seed := range uint64(5) {
		l := openNew(t)
		outs, ins := aMuddle(rand.New(rand.NewPCG(seed, 1)))
		accept(t, l, outs...)
		offer(t, l, ins...)
		want, err := l.Pictures(t.Context(), "t", time.Now())
		must(t, err)
		album, err := l.Album(t.Context(), "t")
		must(t, err)
		got, err := l.Look(t.Context(), album)
		must(t, err)
		if len(want) < 150 || len(album) != len(want) || len(got) != len(want) {
			t.Fatalf("seed %d: %d prints, %d of them found, of %d pictures", seed, len(album), len(got), len(want))
		}
		for i, w := range want {
			p := album[i]
			if p.Name != w.Out.Name || p.Folder != w.Out.Folder || p.Out != w.Out.ID || p.In != w.In.ID || p.State != w.State || p.Round != w.Out.Round || p.Settled() != w.Settled() {
				t.Errorf("seed %d: print %+v of picture %+v", seed, p, w)
			}
			if g := got[i]; g.Out.ID != w.Out.ID || g.In.ID != w.In.ID || g.State != w.State || p.Back == "" && g.Reason != w.Reason || p.Back != "" && g.Reason != p.Back {
				t.Errorf("seed %d: looked at closely, %+v, want %+v", seed, g, w)
			}
		}
	}
}

func TestLookLeavesOutWhatIsGone(t *testing.T) {
	l := openNew(t)
	a := newJob("a", 1, batch("t"))
	accept(t, l, a)
	got, err := l.Look(t.Context(), []Print{{Out: "nobody"}, {Out: a.ID}, {Out: a.ID, In: "nobody"}})
	if err != nil || len(got) != 1 || got[0].Out.ID != a.ID || got[0].HasIn {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestAnAlbumWithNothingInIt(t *testing.T) {
	l := openNew(t)
	if got, err := l.Album(t.Context(), "t"); err != nil || len(got) != 0 {
		t.Errorf("%+v, %v", got, err)
	}
	accept(t, l, newJob("a", 1)) // of no task
	if got, err := l.Album(t.Context(), ""); err != nil || len(got) != 0 {
		t.Errorf("%+v, %v", got, err)
	}
}

func BenchmarkAlbumOfTenThousand(b *testing.B) {
	l := openNew(b)
	var outs, ins []Job
	for i := range 10_000 {
		out := newJob(fmt.Sprintf("day1/SS18_%05d.jpg", i), 1, batch("t"), in(Done), func(j *Job) { j.Role = connectors.Select })
		outs = append(outs, out)
		if i%2 == 0 {
			ins = append(ins, newFetch(out.Name, answers(out), in([]State{Offered, Landed, Parked, Done}[i%4])))
		}
	}
	accept(b, l, outs...)
	offer(b, l, ins...)
	for b.Loop() {
		if p, err := l.Album(b.Context(), "t"); err != nil || len(p) != 10_000 {
			b.Fatal(len(p), err)
		}
	}
}
