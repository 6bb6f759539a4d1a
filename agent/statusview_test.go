package main

import (
	"strings"
	"testing"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/sync/inbound"
	"github.com/studio-agent/studio-agent/sync/ledger"
	"github.com/studio-agent/studio-agent/sync/outbound"
	"github.com/studio-agent/studio-agent/watch"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.Local)

func TestTheLightOfABench(t *testing.T) {
	seen := func(st watch.Status) []liveFolder { return []liveFolder{{Role: connectors.Capture, Status: st}} }
	tests := []struct {
		name    string
		bench   benchView
		stopped bool
		want    string
	}{
		{"nothing to do", benchView{folders: seen(watch.Status{Watching: "events"})}, false, "● all delivered"},
		{"stopped", benchView{}, true, "◌ nothing was left to do"},
		{"one being written", benchView{folders: seen(watch.Status{Waiting: []watch.Waiting{{Name: "a"}}})}, false, "◌ 1 being written"},
		{"on the way", benchView{tallies: []ledger.Tally{{Queued: 3, Moving: 1, Sent: 1, Oldest: noon.Add(-130 * time.Second)}}}, false, "◐ 5 on the way, 2 min behind"},
		{"held by the remote", benchView{tallies: []ledger.Tally{{Queued: 3, Parked: 1, Oldest: noon}}}, false, "▲ 1 picture needs you"},
		{"held on disk and at the remote", benchView{
			folders: seen(watch.Status{Waiting: []watch.Waiting{{Name: "a", Held: true}}}), tallies: []ledger.Tally{{Parked: 2}},
		}, false, "▲ 3 pictures need you"},
		{"share gone", benchView{folders: seen(watch.Status{Watching: "blind"}), tallies: []ledger.Tally{{Parked: 2}}}, false, "▲ cannot see its folder"},
	}
	for _, test := range tests {
		sign, text := view{now: noon, running: !test.stopped}.light(test.bench)
		if got := sign + " " + text; got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

func TestATransferShowsItsBarItsRateAndTheTimeLeft(t *testing.T) {
	v := view{now: noon, speeds: map[string]float64{"gs\x00day1/a.CR3": 10e6}}
	got := v.transfer("gs", outbound.Transfer{Name: "day1/a.CR3", Bytes: 25e6, Size: 50e6}, "→")
	want := "▓▓▓▓▓▓▓▓▓▓░░░░░░░░░░  50 %  day1/a.CR3 → gs  10 MB/s, 2 s left"
	if got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if got := v.transfer("gs", outbound.Transfer{Name: "empty"}, "→"); !strings.Contains(got, "100 %") {
		t.Errorf("an empty file: %q", got)
	}
}

func TestTheMeterMeasuresFromOneLookToTheNext(t *testing.T) {
	m := newMeter()
	at := func(bytes int64) []outbound.Status {
		return []outbound.Status{{Account: "gs", Transfers: []outbound.Transfer{{Name: "a", Bytes: bytes, Size: 100, Since: noon}}}}
	}
	if got := m.measure(noon.Add(100*time.Millisecond), at(10)); len(got) != 0 {
		t.Errorf("too early to say: %v", got)
	}
	if got := m.measure(noon.Add(1100*time.Millisecond), at(40))["gs\x00a"]; got != 30 {
		t.Errorf("30 bytes in a second: %v", got)
	}
	if got := newMeter().measure(noon.Add(2*time.Second), at(40))["gs\x00a"]; got != 20 {
		t.Errorf("a first look after 2 s: %v", got)
	}
}

func TestWordsForPeople(t *testing.T) {
	for _, test := range []struct{ got, want string }{
		{clock(noon, noon.Add(-time.Hour)), "11:00:00"},
		{clock(noon, noon.AddDate(0, 0, -2)), "20 Nov 12:00"},
		{rough(-time.Second), "0 s"},
		{rough(59 * time.Second), "59 s"},
		{rough(119 * time.Minute), "119 min"},
		{rough(3 * time.Hour), "3 h"},
		{shown("Été 🎞 \"x\".jpg"), "Été 🎞 \"x\".jpg"},
		{shown("a\nb\x1b[2J.jpg"), `"a\nb\x1b[2J.jpg"`},
		{shown("gpj.\u202eexe"), `"gpj.\u202eexe"`},
		{count(1, "photo"), "1 photo"},
		{count(0, "photo"), "0 photos"},
		{harmless("=cmd()"), "'=cmd()"},
		{harmless("a=b"), "a=b"},
		{harmless(""), ""},
	} {
		if test.got != test.want {
			t.Errorf("%q, want %q", test.got, test.want)
		}
	}
}

func TestStandingTellsWhereAPhotoIs(t *testing.T) {
	base := ledger.Job{Account: "gs", Name: "a.jpg", Kind: ledger.Deliver, SentAt: noon.AddDate(-1, 0, 0)}
	with := func(change func(*ledger.Job)) ledger.Job { j := base; change(&j); return j }
	for _, test := range []struct {
		job  ledger.Job
		want string
	}{
		{with(func(j *ledger.Job) {
			j.State, j.Receipt = ledger.Done, connectors.Receipt{ID: "1023", Name: "day1/a.jpg"}
		}), "● It is at gs since 22 Nov 12:00 as day1/a.jpg (number 1023)."},
		{with(func(j *ledger.Job) { j.State, j.Kind = ledger.Done, ledger.Mark }), "● Its selection is at gs since 22 Nov 12:00."},
		{with(func(j *ledger.Job) { j.State = ledger.Publishing }), "◐ It is being sent to gs."},
		{with(func(j *ledger.Job) { j.State, j.Reason = ledger.Parked, "no reference 1 in the catalogue" }), "▲ It is held and not sent to gs: no reference 1 in the catalogue. Then: studio-agent retry a.jpg"},
		{with(func(j *ledger.Job) { j.State, j.Reason = ledger.Superseded, "the file was changed" }), "◌ It was not sent to gs: the file was changed."},
		{with(func(j *ledger.Job) { j.State, j.Reason = ledger.Queued, "cannot reach it" }), "◌ It waits to be sent to gs: cannot reach it."},
		{with(func(j *ledger.Job) { j.State = ledger.Sent }), "◐ It was taken by gs at 22 Nov 12:00; it has not been seen there yet. "},
	} {
		if got := standing(test.job); got != test.want {
			t.Errorf("%s: %q, want %q", test.job.State, got, test.want)
		}
	}
}

func TestEveryEventHasASentence(t *testing.T) {
	for _, what := range []ledger.What{ledger.Added, ledger.Claimed, ledger.Published, ledger.Accepted, ledger.Confirmed, ledger.Failed,
		ledger.Waited, ledger.NotSeen, ledger.StillOut, ledger.Held, ledger.Overtaken, ledger.Retried, ledger.TakenBack} {
		got := sentence(ledger.Entry{What: what, Account: "gs", Reason: "because"})
		if !strings.Contains(got, "gs") || !strings.HasSuffix(got, ": because") {
			t.Errorf("%s: %q", what, got)
		}
	}
	if got := sentence(ledger.Entry{What: "seen", Reason: "renamed from b.jpg"}); got != "renamed from b.jpg" {
		t.Errorf("what happened to the file alone: %q", got)
	}
}

func TestTheLightOfABenchThatSomethingComesBackTo(t *testing.T) {
	for _, tt := range []struct {
		name  string
		tally ledger.Tally
		sign  string
		text  string
	}{
		{"a retouch is held", ledger.Tally{Stuck: 1}, signNeeds, "1 picture needs you"},
		{"retouches wait for a person", ledger.Tally{Offered: 2}, signNeeds, "2 ready to import: studio-agent task import bench"},
		{"retouches are fetched", ledger.Tally{Importing: 3}, signWorking, "3 coming back"},
		{"retouches have landed", ledger.Tally{Landed: 3}, signFine, "all delivered"},
	} {
		v := view{now: noon, running: true}
		if sign, text := v.light(benchView{name: "bench", tallies: []ledger.Tally{tt.tally}}); sign != tt.sign || text != tt.text {
			t.Errorf("%s: %s %s, want %s %s", tt.name, sign, text, tt.sign, tt.text)
		}
	}
}

func TestStatusSaysWhyARetouchIsNotThereYet(t *testing.T) {
	v := view{
		now:    noon,
		live:   live{Sources: []inbound.Status{{Account: "acme", Looked: noon, Listed: 5, Skipped: 1, Working: 2}, {Account: "dark", Trouble: "no route to host"}}},
		coming: map[string][]ledger.Job{"acme": {{Source: ledger.Source{Name: "a.tif"}, Reason: "it is not whole"}}},
	}
	var out strings.Builder
	v.sources(&out)
	want := "◐ from acme: looked at " + clock(noon, noon) + ", 4 files there, 2 at retouch, 1 waiting\n  ◌ a.tif: it is not whole\n" +
		"◌ from dark: could not be looked at: no route to host\n"
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}
