package ledger

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
)

func namesOf(jobs []Job) string {
	var names []string
	for _, j := range jobs {
		names = append(names, j.Name)
	}
	return strings.Join(names, " ")
}

func TestSearch(t *testing.T) {
	l := openNew(t)
	accept(t, l,
		newJob("day1/SS18_110_1.jpg", 1, created(1), in(Done)),
		newJob("day1/SS18_110_2.CR3", 1, created(2), in(Parked)),
		newJob("day2/été 50%.jpg", 1, created(3), in(Done), onBench("other")),
		newJob("day2/SS18_110_1.jpg", 1, created(4), in(Queued), account("nas")),
		newJob("v1.2_x.tif", 1, created(5), in(Superseded)))
	offer(t, l, newFetch("SS18_110_1.psd", created(6), in(Offered)))
	all := "SS18_110_1.psd v1.2_x.tif day2/SS18_110_1.jpg day2/été 50%.jpg day1/SS18_110_2.CR3 day1/SS18_110_1.jpg"
	for _, test := range []struct {
		name string
		q    Search
		want string
	}{
		{"all, the newest first", Search{}, all},
		{"a name", Search{Name: "SS18_110_1"}, "SS18_110_1.psd day2/SS18_110_1.jpg day1/SS18_110_1.jpg"},
		{"its beginning, in any case", Search{Name: "ss18_110"}, "SS18_110_1.psd day2/SS18_110_1.jpg day1/SS18_110_2.CR3 day1/SS18_110_1.jpg"},
		{"with its extension", Search{Name: "SS18_110_1.jpg"}, "day2/SS18_110_1.jpg day1/SS18_110_1.jpg"},
		{"with its folder", Search{Name: "day1/SS18"}, "day1/SS18_110_2.CR3 day1/SS18_110_1.jpg"},
		{"with a point in it", Search{Name: "v1.2"}, "v1.2_x.tif"},
		{"another spelling of an accent", Search{Name: "e\u0301te\u0301"}, "day2/été 50%.jpg"},
		{"not its beginning", Search{Name: "110_1"}, ""},
		{"a part", Search{Name: "*110_1"}, "SS18_110_1.psd day2/SS18_110_1.jpg day1/SS18_110_1.jpg"},
		{"a sign of LIKE", Search{Name: "*50%"}, "day2/été 50%.jpg"},
		{"not a sign of LIKE", Search{Name: "*1%1"}, ""},
		{"a bench", Search{Bench: "other"}, "day2/été 50%.jpg"},
		{"an account", Search{Account: "nas"}, "day2/SS18_110_1.jpg"},
		{"an account and a name", Search{Account: "nas", Name: "SS18"}, "day2/SS18_110_1.jpg"},
		{"states that wait", Search{States: []State{Parked, Offered}}, "SS18_110_1.psd day1/SS18_110_2.CR3"},
		{"states that wait, and a name", Search{States: []State{Parked, Offered}, Name: "SS18_110_2"}, "day1/SS18_110_2.CR3"},
		{"a state that is an end", Search{States: []State{Done}}, "day2/été 50%.jpg day1/SS18_110_1.jpg"},
		{"since", Search{From: time.Unix(4, 0)}, "SS18_110_1.psd v1.2_x.tif day2/SS18_110_1.jpg"},
		{"until", Search{Until: time.Unix(3, 0)}, "day1/SS18_110_2.CR3 day1/SS18_110_1.jpg"},
		{"nothing", Search{Bench: "nowhere"}, ""},
	} {
		got, err := l.Search(t.Context(), test.q)
		if err != nil || namesOf(got.Jobs) != test.want || got.More {
			t.Errorf("%s: %s, more: %v, %v; want %s", test.name, namesOf(got.Jobs), got.More, err, test.want)
		}
		if paged := searchOneByOne(t, l, test.q); paged != test.want {
			t.Errorf("%s, one at a time: %s, want %s", test.name, paged, test.want)
		}
	}
}

func searchOneByOne(t *testing.T, l *Ledger, q Search) string {
	t.Helper()
	q.Most = 1
	var all []Job
	for range 100 {
		f, err := l.Search(t.Context(), q)
		must(t, err)
		all = append(all, f.Jobs...)
		if q.After = f.Next; !f.More {
			return namesOf(all)
		}
	}
	t.Fatal("the search does not end")
	return ""
}

// TestNoRowTwiceOrMissing: while rows are added, and many were added at the same
// moment.
func TestNoRowTwiceOrMissing(t *testing.T) {
	l := openNew(t)
	add := func(from, to, at int) {
		var jobs []Job
		for i := from; i < to; i++ {
			jobs = append(jobs, newJob(fmt.Sprintf("%04d", i), 1, created(at)))
		}
		accept(t, l, jobs...)
	}
	add(0, 100, 1)
	add(100, 110, 2)
	for _, q := range []Search{{}, {Bench: "bench"}, {Name: "0"}, {Name: "*0"}, {States: []State{Queued}}} {
		seen := map[string]int{}
		q.Most = 7
		for more, n := true, 0; more; n++ {
			f, err := l.Search(t.Context(), q)
			must(t, err)
			for _, j := range f.Jobs {
				seen[j.Name]++
			}
			add(1000+n, 1001+n, 3+n)
			more, q.After = f.More, f.Next
		}
		for i := range 110 {
			if n := seen[fmt.Sprintf("%04d", i)]; n != 1 {
				t.Fatalf("%+v: row %d came %d times", q, i, n)
			}
		}
	}
}

func TestASearchSaysHowFarItHasCome(t *testing.T) {
	l := openNew(t)
	fillLedger(t, l, lookAt+1000)
	f, err := l.Search(t.Context(), Search{Account: "rare"})
	must(t, err)
	if len(f.Jobs) != 0 || !f.More || !f.Back.Equal(time.Unix(1000, 0)) {
		t.Fatalf("%d jobs, more: %v, back to %v", len(f.Jobs), f.More, f.Back)
	}
	if f, err = l.Search(t.Context(), Search{Account: "rare", After: f.Next}); err != nil || len(f.Jobs) != 1 || f.More {
		t.Errorf("going on: %d jobs, more: %v, %v", len(f.Jobs), f.More, err)
	}
	if f, err = l.Search(t.Context(), Search{Account: "rare", From: time.Unix(2000, 0)}); err != nil || len(f.Jobs) != 0 || f.More {
		t.Errorf("not beyond its first day: %d jobs, more: %v, %v", len(f.Jobs), f.More, err)
	}
	for _, name := range []string{"SS18", "SS18_0000007"} { // many, and few
		f, err = l.Search(t.Context(), Search{Name: name})
		if err != nil || f.More != (name == "SS18") || !slices.Contains([]int{60, 1}, len(f.Jobs)) {
			t.Errorf("%s: %d jobs, more: %v, %v", name, len(f.Jobs), f.More, err)
		}
	}
}

func TestShots(t *testing.T) {
	l := openNew(t)
	accept(t, l,
		newJob("a", 1, created(1), in(Done)), newJob("a", 1, created(2), in(Done), account("nas")), newJob("a", 2, created(5), in(Done)),
		newJob("b", 1, created(3), in(Done)), newJob("b", 1, created(4), asMark, in(Done)),
		newJob("c", 1, created(6), in(Superseded)),
		newJob("d", 1, created(7), func(j *Job) { j.Role = connectors.Mirror }),
		newJob("e", 1, created(8), onBench("other")), newJob("f", 1, created(9), asSelect))
	offer(t, l, newFetch("g", created(10)))
	got, more, err := l.Shots(t.Context(), "bench", Place{}, 2)
	if err != nil || namesOf(got) != "f a" || !more || got[1].Generation != 2 {
		t.Errorf("%s, more: %v, %v", namesOf(got), more, err)
	}
	last := got[len(got)-1]
	got, more, err = l.Shots(t.Context(), "bench", Place{last.Created, last.ID}, 2)
	if err != nil || namesOf(got) != "b" || more {
		t.Errorf("after a: %s, more: %v, %v", namesOf(got), more, err)
	}
}

// TestSearchPlans: what may be asked of a million jobs is answered from an index,
// and looks through all of none.
func TestSearchPlans(t *testing.T) {
	l := openNew(t)
	accept(t, l, newJob("a", 1, batch("t")))
	plans := spyOn(t, l)
	ctx := t.Context()
	search := func(q Search) func() error {
		return func() error { _, err := l.Search(ctx, q); return err }
	}
	for _, test := range []struct {
		name string
		do   func() error
		want string
	}{
		{"newest", search(Search{}), "INDEX jobs_created (created>?"},
		{"bench", search(Search{Bench: "b"}), "INDEX jobs_bench (bench=? AND created>?"},
		{"account", search(Search{Account: "gs"}), "INDEX jobs_created (created>?"},
		{"name", search(Search{Name: "a", Bench: "b", From: noon}), "INDEX jobs_stem (account=? AND stem>? AND stem<?)"},
		{"name that came back", search(Search{Name: "a", States: []State{Done}}), "INDEX jobs_stem_in (stem>? AND stem<?)"},
		{"held", search(Search{States: []State{Parked}, Bench: "b", Account: "gs", Name: "a"}), "INDEX jobs_open"},
		{"part", search(Search{Name: "*a", Until: noon}), "INDEX jobs_created (created>? AND created<?)"},
		{"shots", func() error { _, _, err := l.Shots(ctx, "b", Place{}, 9); return err }, "INDEX jobs_bench (bench=? AND created<?)"},
		{"album", func() error { _, err := l.Album(ctx, "t"); return err }, "INDEX jobs_answers (answers=?)"},
	} {
		t.Run(test.name, func(t *testing.T) {
			*plans = nil
			must(t, test.do())
			all := ""
			for _, p := range *plans {
				all += p.query + "\n" + p.text + "\n\n"
				for line := range strings.Lines(p.text) {
					if strings.HasPrefix(line, "SCAN jobs") && !strings.Contains(line, "jobs_open") {
						t.Errorf("%q in the plan of\n%s", strings.TrimSpace(line), p.query)
					}
				}
			}
			if !strings.Contains(all, test.want) {
				t.Errorf("no plan says %q:\n%s", test.want, all)
			}
		})
	}
}
