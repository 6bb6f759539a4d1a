package main

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/studio-agent/studio-agent/connectors/faults"
)

func TestTimelineIsAligned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b strings.Builder
		line := newTimeline(&b, []string{"packshot-1", "on-model"}, []string{"gs"})
		line.say("packshot-1", whoPhotographer, "writes %s", "a.jpg")
		time.Sleep(1260 * time.Millisecond)
		line.say("on-model", "gs", "a.jpg is picture 7")
		time.Sleep(100 * time.Second)
		line.say("", whoChaos, "says \x1b[2J")
		want := "" +
			"  0.0 s  packshot-1  photographer  writes a.jpg\n" +
			"  1.3 s  on-model    gs            a.jpg is picture 7\n" +
			"101.3 s              chaos         \"says \\x1b[2J\"\n"
		if got := b.String(); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
	})
}

func TestDemoTellsWhatTheAgentLogs(t *testing.T) {
	for _, tt := range []struct {
		line logLine
		want string
	}{
		{logLine{Level: "INFO", Msg: msgProcess, Name: "42"}, "starts (process 42)"},
		{logLine{Level: "WARN", Msg: msgHeld, Name: "a.jpg", Reason: "no reference A"}, "holds a.jpg: no reference A"},
		{logLine{Level: "INFO", Msg: msgNotSent, Name: "a.jpg", Reason: "it left"}, "does not send a.jpg: it left"},
		{logLine{Level: "WARN", Msg: msgAway, Account: "gs", Error: "EOF"}, "cannot reach gs and keeps trying"},
		{logLine{Level: "INFO", Msg: msgBack, Account: "gs"}, "reaches gs again"},
		{logLine{Level: "INFO", Msg: msgStopped}, "has stopped"},
		{logLine{Level: "INFO", Msg: "Agent started"}, ""},
		{logLine{Level: "WARN", Msg: "Something new", Name: "a.jpg", Error: "EOF"}, "Something new; a.jpg; EOF"},
	} {
		if got := tt.line.sentence(); got != tt.want {
			t.Errorf("%+v: got %q, want %q", tt.line, got, tt.want)
		}
	}
}

// TestDemoTellsEveryFault plays the whole plague: what is planned must be told.
func TestDemoTellsEveryFault(t *testing.T) {
	plan, kinds := plague(1), map[string]bool{}
	for range 40 {
		if f := plan.Next("upload"); !f.Zero() {
			text := faultText(sighting{account: "gs", op: "upload", name: "a.jpg", sha: "s", fault: f})
			if text == "" {
				t.Errorf("%+v is not told", f)
			}
			kinds[text] = true
		}
	}
	if len(kinds) < 6 {
		t.Errorf("only %d kinds of trouble: %v", len(kinds), kinds)
	}
	if got := faultText(sighting{}); got != "" {
		t.Errorf("no trouble is told as %q", got)
	}
}

func TestTheSameSeedPlansTheSameTrouble(t *testing.T) {
	sequence := func(seed uint64) (all []faults.Fault) {
		plan := plague(seed)
		for range 40 {
			all = append(all, plan.Next("upload"))
		}
		return all
	}
	a, b, c := sequence(5), sequence(5), sequence(6)
	same := true
	for i := range a {
		if a[i] != b[i] {
			t.Fatalf("upload %d: %+v and %+v from one seed", i, a[i], b[i])
		}
		same = same && a[i] == c[i]
	}
	if same {
		t.Error("another seed plans the same")
	}
}
