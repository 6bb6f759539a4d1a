package main

import (
	"strings"
	"testing"
	"time"

	"github.com/studio-agent/studio-agent/agent/overview"
	"github.com/studio-agent/studio-agent/sync/inbound"
	"github.com/studio-agent/studio-agent/sync/ledger"
	"github.com/studio-agent/studio-agent/sync/outbound"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.Local)

func TestATransferShowsItsBarItsRateAndTheTimeLeft(t *testing.T) {
	v := view{overview.Overview{Now: noon, Speeds: map[string]float64{"gs\x00day1/a.CR3": 10e6}}}
	got := v.transfer("gs", outbound.Transfer{Name: "day1/a.CR3", Bytes: 25e6, Size: 50e6}, "→")
	want := "▓▓▓▓▓▓▓▓▓▓░░░░░░░░░░  50 %  day1/a.CR3 → gs  10 MB/s, 2 s left"
	if got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if got := v.transfer("gs", outbound.Transfer{Name: "empty"}, "→"); !strings.Contains(got, "100 %") {
		t.Errorf("an empty file: %q", got)
	}
}

func TestACellOfATableIsNoFormula(t *testing.T) {
	for given, want := range map[string]string{"=cmd()": "'=cmd()", "a=b": "a=b", "": ""} {
		if got := harmless(given); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestStatusSaysWhyARetouchIsNotThereYet(t *testing.T) {
	v := view{overview.Overview{
		Now:    noon,
		Live:   overview.Live{Sources: []inbound.Status{{Account: "acme", Looked: noon, Listed: 5, Skipped: 1, Working: 2}, {Account: "dark", Trouble: "no route to host"}}},
		Coming: map[string][]ledger.Job{"acme": {{Source: ledger.Source{Name: "a.tif"}, Reason: "it is not whole"}}},
	}}
	var out strings.Builder
	v.sources(&out)
	want := "◐ from acme: looked at " + clock(noon, noon) + ", 4 files there, 2 at retouch, 1 waiting\n  ◌ a.tif: it is not whole\n" +
		"◌ from dark: could not be looked at: no route to host\n"
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}

func TestStatusNamesTasksThatNeedAPerson(t *testing.T) {
	task := ledger.Task{ID: "0123456789abcdef", Title: "Job 7\n", Bench: "retouch-1", Account: "cf"}
	v := view{overview.Overview{
		Now: noon, Tasks: 1, Received: 2, Late: 1,
		TaskNeeds: []overview.TaskNeed{{Task: task, Held: true, Text: "held: no profile"}, {Task: ledger.Task{Title: "b", Account: "cf"}, Text: "3 h late: a.psd is missing"}},
	}}
	var out strings.Builder
	v.tasksLine(&out)
	v.heldTasks(&out)
	want := "▲ 1 task at retouchers, 2 tasks handed out to this studio, 1 late: studio-agent task list\n" +
		"\nTasks that need a person:\n▲ \"Job 7\\n\" (retouch-1 → cf): held: no profile. Then: studio-agent task send 01234567\n▲ b (→ cf): 3 h late: a.psd is missing\n"
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}
