package main

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/studio-agent/studio-agent/connectors/faults"
	"github.com/studio-agent/studio-agent/connectors/ftp/ftpsim"
	"github.com/studio-agent/studio-agent/connectors/sftp/sftpsim"
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
		{logLine{Level: "INFO", Msg: msgTask, Account: "acme", Task: "b1, 4 Mar 05:06"}, "acme has all of task b1, 4 Mar 05:06"},
		{logLine{Level: "WARN", Msg: msgReturned, Account: "acme", Name: "x.jpg", Reason: "nobody asked"}, "keeps x.jpg of acme apart: nobody asked"},
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
	for accountType, ops := range map[string][]string{
		"grandshooting": {"upload", "list", "status"},
		"sftp":          {sftpsim.OpConnect, sftpsim.OpUpload, sftpsim.OpFetch, sftpsim.OpList},
		"ftp":           {ftpsim.OpLogin, ftpsim.OpStore, ftpsim.OpRename, ftpsim.OpRetr, ftpsim.OpList},
	} {
		plan, kinds := plague(accountType, 1), map[string]bool{}
		for _, op := range ops {
			planned := false
			for range 40 {
				f := plan.Next(op)
				if f.Zero() {
					continue
				}
				planned = true
				text := faultText(sighting{account: "gs", op: op, name: "a.jpg", sha: "s", fault: f})
				if text == "" {
					t.Errorf("%s: %+v is not told", op, f)
				}
				kinds[text] = true
			}
			if !planned {
				t.Errorf("%s: nothing is planned for %s", accountType, op)
			}
		}
		if len(kinds) < 4 {
			t.Errorf("%s: only %d kinds of trouble: %v", accountType, len(kinds), kinds)
		}
	}
	if got := faultText(sighting{}); got != "" {
		t.Errorf("no trouble is told as %q", got)
	}
	for op, want := range map[string]string{opLogin: "acme hangs up before a login", opFetch: "the connection breaks in the middle of a download"} {
		if got := faultText(sighting{account: "acme", op: op, fault: faults.Fault{Cut: -1}}); got != want {
			t.Errorf("%s: got %q", op, got)
		}
	}
}

func TestTheSameSeedPlansTheSameTrouble(t *testing.T) {
	sequence := func(seed uint64) (all []faults.Fault) {
		plan := plague("grandshooting", seed)
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
