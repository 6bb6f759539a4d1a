package creativeforce

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/studio-agent/studio-agent/connectors/creativeforce/creativeforcesim"
	"github.com/studio-agent/studio-agent/connectors/faults"
)

func TestSpellingsOfPaths(t *testing.T) {
	own, err := newPaths(map[string]string{"submit": "/extpost/tasks/{id}/submit-assets", "editorial_list": "/ed/tasks"})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		kind       kind
		name, want string
	}{
		{ecommerce, pathList, "/expost/tasks"},
		{ecommerce, pathSubmit, "/extpost/tasks/{id}/submit-assets"},
		{editorial, pathSubmit, "/editorial/export/tasks/{taskId}/submit-assets"},
		{editorial, pathList, "/ed/tasks"},
		{editorial, pathPresign, "/assets/get-presigned-url"},
	} {
		if _, got := own.of(c.kind, c.name); got != c.want {
			t.Errorf("%s of %s: %s, want %s", c.name, c.kind, got, c.want)
		}
	}
	for name, bad := range map[string]map[string]string{
		"there is no": {"sumbit": "/x"}, "begin with a slash": {"list": "expost/tasks"}, "hold no ?": {"list": "/tasks?x=1"}, "placeholder": {"detail": "/tasks"},
	} {
		if _, err := newPaths(bad); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%v: %v, want %q", bad, err, name)
		}
	}
}

func TestOnlyListAndSubmissionHaveAnotherSpelling(t *testing.T) {
	for _, c := range [][3]string{
		{pathList, "/expost/tasks", "/extpost/tasks"},
		{pathList, "/editorial/extpost/tasks", "/editorial/expost/tasks"},
		{pathSubmit, "/export/tasks/{taskId}/submit-assets", "/extpost/tasks/{taskId}/submit-assets"},
		{pathSubmit, "/extpost/tasks/{taskId}/submit-assets", "/export/tasks/{taskId}/submit-assets"},
		{pathDetail, "/extpost/tasks/{taskId}", ""},
		{pathList, "/other/tasks", ""},
	} {
		if got := alternate(c[0], c[1]); got != c[2] {
			t.Errorf("%s %s: %q, want %q", c[0], c[1], got, c[2])
		}
	}
}

func TestAnotherSpellingIsKeptForTheRunAndToldOfLoudly(t *testing.T) {
	w := newWorld(t, how{Options: creativeforcesim.Options{ListPath: "extpost"}})
	for range 3 {
		w.pending()
	}
	if got := w.sim.Requests("list"); got != 6 { // two kinds, three times
		t.Errorf("the list was asked %d times where it is, want 6", got)
	}
	if n := strings.Count(w.log.String(), "level=WARN"); n != 1 {
		t.Errorf("%d warnings, want one:\n%s", n, w.log.String())
	}
}

// After trouble the other spelling must not be tried: the first may have worked.
func TestASubmissionIsNotTriedElsewhereAfterTrouble(t *testing.T) {
	for name, fault := range map[string]faults.Fault{"500": {Status: 500}, "lost": {LoseReply: true}, "cut": {Cut: -1}, "502 after": {FailAfter: 502}} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, how{})
			seen := &recorder{RoundTripper: w.http.Transport, calls: map[string]bool{}}
			w.http = &http.Client{Transport: seen}
			w.account = w.restart()
			w.sim.AddTask(shoe("J", "P"))
			w.land()
			batch, receipts := w.sendAll("J/P", "")
			w.faults.Then("submit", fault)
			w.commitAll(t.Context(), batch, receipts) // what comes of it is another test's
			if seen.calls["POST /v1/extpost/tasks/ID/submit-assets"] {
				t.Errorf("%s: the other spelling was tried", name)
			}
		})
	}
}
