package creativeforce

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
)

func TestDeadlines(t *testing.T) {
	for text, want := range map[string]struct {
		at    string // RFC 3339; empty for none
		reads string
	}{
		"2026-12-01T18:00:00Z":      {"2026-12-01T18:00:00Z", "1 December 2026, 18:00 UTC"},
		"2026-12-01T18:00:00":       {"2026-12-01T18:00:00Z", "1 December 2026, 18:00 UTC"},
		"2026-12-01 18:00:00":       {"2026-12-01T18:00:00Z", "1 December 2026, 18:00 UTC"},
		"2026-12-01":                {"2026-12-01T23:59:00Z", "1 December 2026"},
		"soon":                      {"", "soon"},
		"":                          {"", ""},
		"2026-12-01T18:00:00.1234Z": {"2026-12-01T18:00:00.1234Z", "1 December 2026, 18:00 UTC"},
	} {
		at, got := "", moment(text)
		if !got.IsZero() {
			at = got.Format(time.RFC3339Nano)
		}
		if at != want.at || readable(text) != want.reads {
			t.Errorf("%q is %q, read as %q; want %q and %q", text, at, readable(text), want.at, want.reads)
		}
	}
}

// What is told of a task follows it through its rounds.
func TestAssignmentsFollowATask(t *testing.T) { synctest.Test(t, followATask) }

func followATask(t *testing.T) {
	w := newWorld(t, how{yaml: "link: 'https://cf.example/{taskId}'"})
	n := shoe("J", "P")
	n.Deadline = "2026-12-01"
	id := w.sim.AddTask(n)
	assignment := func() connectors.Assignment {
		t.Helper()
		w.again()
		w.pending()
		all, err := w.assignments(t.Context())
		if err != nil || len(all) != 1 {
			t.Fatalf("%+v, %v", all, err)
		}
		return all[0]
	}
	a := assignment()
	if a.Batch != "ecommerce-"+id+"-1" || a.Title != "J / P" || a.Bench != "retouch" || a.Round != 1 || a.Earlier != "" || a.Progress != connectors.Assigned ||
		a.Link != "https://cf.example/"+id || a.Deadline.IsZero() || len(a.Missing) != 2 {
		t.Errorf("new it is %+v", a)
	}
	_, first := w.mustSend("J/P/back.jpg", "back")
	if a = assignment(); !slices.Equal(a.Missing, []string{"front.jpg"}) {
		t.Errorf("with one output it lacks %q", a.Missing)
	}
	batch, second := w.mustSend("J/P/front.jpg", "front")
	w.submitted(batch, []connectors.Receipt{first, second})
	if a = assignment(); a.Progress != connectors.Submitted || len(a.Missing) > 0 || a.Round != 1 {
		t.Errorf("submitted it is %+v", a)
	}
	w.rejected(id, "front.jpg", "too dark")
	if a = assignment(); a.Progress != connectors.Assigned || a.Round != 2 || a.Earlier != batch || !slices.Equal(a.Missing, []string{"front.jpg"}) {
		t.Errorf("sent back it is %+v", a)
	}
}
