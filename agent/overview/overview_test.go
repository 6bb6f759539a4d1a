package overview

import (
	"strings"
	"testing"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/sync/ledger"
	"github.com/studio-agent/studio-agent/sync/outbound"
	"github.com/studio-agent/studio-agent/watch"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.Local)

func TestTheLightOfABench(t *testing.T) {
	seen := func(st watch.Status) []Folder { return []Folder{{Role: connectors.Capture, Status: st}} }
	tests := []struct {
		name    string
		bench   Bench
		stopped bool
		want    string
	}{
		{"nothing to do", Bench{Folders: seen(watch.Status{Watching: "events"})}, false, "● all delivered"},
		{"stopped", Bench{}, true, "◌ nothing was left to do"},
		{"one being written", Bench{Folders: seen(watch.Status{Waiting: []watch.Waiting{{Name: "a"}}})}, false, "◌ 1 being written"},
		{"on the way", Bench{Tallies: []ledger.Tally{{Queued: 3, Moving: 1, Sent: 1, Oldest: noon.Add(-130 * time.Second)}}}, false, "◐ 5 on the way, 2 min behind"},
		{"held by the remote", Bench{Tallies: []ledger.Tally{{Queued: 3, Parked: 1, Oldest: noon}}}, false, "▲ 1 picture needs you"},
		{"held on disk and at the remote", Bench{
			Folders: seen(watch.Status{Waiting: []watch.Waiting{{Name: "a", Held: true}}}), Tallies: []ledger.Tally{{Parked: 2}},
		}, false, "▲ 3 pictures need you"},
		{"share gone", Bench{Folders: seen(watch.Status{Watching: "blind"}), Tallies: []ledger.Tally{{Parked: 2}}}, false, "▲ cannot see its folder"},
	}
	for _, test := range tests {
		light := Overview{Now: noon, Running: !test.stopped}.Light(test.bench)
		if got := string(light.Sign) + " " + light.Text; got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

func TestTheMeterMeasuresFromOneLookToTheNext(t *testing.T) {
	var m, fresh Meter
	at := func(bytes int64) Live {
		return Live{Accounts: []outbound.Status{{Account: "gs", Transfers: []outbound.Transfer{{Name: "a", Bytes: bytes, Size: 100, Since: noon}}}}}
	}
	if got := m.Measure(noon.Add(100*time.Millisecond), at(10)); len(got) != 0 {
		t.Errorf("too early to say: %v", got)
	}
	if got := m.Measure(noon.Add(1100*time.Millisecond), at(40))["gs\x00a"]; got != 30 {
		t.Errorf("30 bytes in a second: %v", got)
	}
	if got := fresh.Measure(noon.Add(2*time.Second), at(40))["gs\x00a"]; got != 20 {
		t.Errorf("a first look after 2 s: %v", got)
	}
}

func TestWordsForPeople(t *testing.T) {
	for _, test := range []struct{ got, want string }{
		{Clock(noon, noon.Add(-time.Hour)), "11:00:00"},
		{Clock(noon, noon.AddDate(0, 0, -2)), "20 Nov 12:00"},
		{Rough(-time.Second), "0 s"},
		{Rough(59 * time.Second), "59 s"},
		{Rough(119 * time.Minute), "119 min"},
		{Rough(3 * time.Hour), "3 h"},
		{Rough(80 * time.Hour), "3 days"},
		{Shown("Été 🎞 \"x\".jpg"), "Été 🎞 \"x\".jpg"},
		{Shown("a\nb\x1b[2J.jpg"), `"a\nb\x1b[2J.jpg"`},
		{Shown("gpj.\u202eexe"), `"gpj.\u202eexe"`},
		{Count(1, "photo"), "1 photo"},
		{Count(0, "photo"), "0 photos"},
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
		{with(func(j *ledger.Job) { j.State = ledger.Sent }), "◐ It was taken by gs at 22 Nov 12:00; it has not been seen there yet."},
	} {
		sign, text := Standing(noon, test.job)
		if got := string(sign) + " " + text; got != test.want {
			t.Errorf("%s: %q, want %q", test.job.State, got, test.want)
		}
	}
}

func TestEveryEventHasASentence(t *testing.T) {
	for _, what := range []ledger.What{ledger.Added, ledger.Claimed, ledger.Published, ledger.Accepted, ledger.Confirmed, ledger.Failed,
		ledger.Waited, ledger.NotSeen, ledger.StillOut, ledger.Held, ledger.Overtaken, ledger.Retried, ledger.TakenBack} {
		got := Sentence(ledger.Out, ledger.Entry{What: what, Account: "gs", Reason: "because"})
		if !strings.Contains(got, "gs") || !strings.HasSuffix(got, ": because") {
			t.Errorf("%s: %q", what, got)
		}
	}
	if got := Sentence(ledger.Out, ledger.Entry{What: "seen", Reason: "renamed from b.jpg"}); got != "renamed from b.jpg" {
		t.Errorf("what happened to the file alone: %q", got)
	}
}

func TestTheLightOfABenchThatSomethingComesBackTo(t *testing.T) {
	for _, tt := range []struct {
		name  string
		tally ledger.Tally
		sign  Sign
		text  string
	}{
		{"a retouch is held", ledger.Tally{Stuck: 1}, Needs, "1 picture needs you"},
		{"retouches wait for a person", ledger.Tally{Offered: 2}, Needs, "2 ready to import"},
		{"retouches are fetched", ledger.Tally{Importing: 3}, Working, "3 coming back"},
		{"retouches have landed", ledger.Tally{Landed: 3}, Fine, "all delivered"},
	} {
		light := Overview{Now: noon, Running: true}.Light(Bench{Tallies: []ledger.Tally{tt.tally}})
		if light.Sign != tt.sign || light.Text != tt.text {
			t.Errorf("%s: %s %s, want %s %s", tt.name, light.Sign, light.Text, tt.sign, tt.text)
		}
	}
}
