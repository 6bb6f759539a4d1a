package ledger

import (
	"strings"
	"testing"
	"time"
)

func TestRecentIsTheNewestOfABench(t *testing.T) {
	l := openNew(t)
	at := func(seconds int) time.Time { return time.Unix(int64(seconds), 0) }
	for i, j := range []Job{
		newJob("old.jpg", 1), newJob("mark.jpg", 1, asMark), newJob("gone.jpg", 1, in(Superseded)), newJob("elsewhere.jpg", 1, onBench("other")),
		newJob("nas.jpg", 1, account("nas")), newJob("done.jpg", 1, in(Done)), newJob("held.jpg", 1, in(Parked)),
	} {
		must(t, l.Accept(at(100+i), Acceptance{Jobs: []Job{j}}))
	}
	must(t, l.Offer(at(200), []Job{newFetch("back.jpg")}))
	for n, want := range map[int]string{9: "back.jpg held.jpg done.jpg old.jpg", 2: "back.jpg held.jpg"} {
		got, err := l.Recent(t.Context(), "bench", "gs", n)
		must(t, err)
		var names []string
		for _, j := range got {
			names = append(names, j.Name)
		}
		if strings.Join(names, " ") != want {
			t.Errorf("the newest %d: %v, want %s", n, names, want)
		}
	}
}

func TestRecentIsReadFromItsIndex(t *testing.T) {
	l := openNew(t)
	plans := spyOn(t, l)
	_, err := l.Recent(t.Context(), "bench", "gs", 9)
	must(t, err)
	if p := (*plans)[0].text; p != "SEARCH jobs USING INDEX jobs_recent (bench=? AND account=?)" {
		t.Errorf("it is answered by %s", p)
	}
}
