package connectortest

import (
	"context"
	"testing"

	"github.com/studio-agent/studio-agent/connectors"
)

var examinations = []check{
	{"an examination tells what it found and leaves nothing behind", examines, leavesNothing},
	{"an examination whose context has ended says so", examines, endedBeforeExamining},
}

func examines(r Rig) bool { return r.Examine != nil }

func leavesNothing(t *testing.T, r Rig) {
	before := len(r.Files())
	if r.Out != nil {
		deliver(t, r, newPhoto(r, "0001.jpg", 1))
		before++
	}
	for range 2 { // nothing of the first may stand in the way of the second
		var found []connectors.Finding
		if err := r.Examine(t.Context(), func(f connectors.Finding) { found = append(found, f) }); err != nil {
			t.Errorf("of a healthy remote: %v", err)
		}
		if len(found) < 3 {
			t.Errorf("found out %+v, want three things at least", found)
		}
		for _, f := range found {
			if f.What == "" || f.Text == "" || f.Health == connectors.Broken || r.Healthy && f.Health != connectors.Fine {
				t.Errorf("found out %+v of a healthy remote", f)
			}
		}
		if files := r.Files(); len(files) != before {
			t.Errorf("afterwards there is %v, want the %d from before", files, before)
		}
	}
	if r.Out != nil {
		wantFound(t, r, newPhoto(r, "0001.jpg", 1))
	}
}

func endedBeforeExamining(t *testing.T, r Rig) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := r.Examine(ctx, func(connectors.Finding) {}); err == nil {
		t.Error("no error, want that of the context")
	}
	if r.Out != nil {
		wantNothing(t, r)
	}
}
