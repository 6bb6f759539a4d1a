package creativeforce

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/creativeforce/creativeforcesim"
)

// The whole of both flows of the guide, on platforms that differ in what it does
// not say: each round of each task is submitted once.
func TestATaskFromReadyToApproved(t *testing.T) {
	for name, opt := range map[string]creativeforcesim.Options{
		"as assumed":                    {},
		"keys in Pascal case":           {PascalCase: true},
		"a status Rejected":             {RejectedWord: true},
		"addresses of files only":       {HideURLs: true},
		"a submission shows late":       {Settle: 30 * time.Second},
		"a submission without a word":   {SilentSubmit: true},
		"uploads are known late":        {Lag: 20 * time.Second},
		"pages of one task":             {PageSize: 1},
		"other spellings than printed":  {ListPath: "extpost", SubmitPath: "extpost"},
		"temporary assets are not told": {HideTemp: true},
	} {
		for _, editorial := range []bool{false, true} {
			t.Run(fmt.Sprint(name, ", editorial ", editorial), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { wholeFlow(t, opt, editorial) })
			})
		}
	}
}

func wholeFlow(t *testing.T, opt creativeforcesim.Options, editorial bool) {
	w := newWorld(t, how{Options: opt})
	task := shoe("Autumn", "SKU-1")
	task.Editorial = editorial
	id, other := w.sim.AddTask(task), w.sim.AddTask(shoe("Autumn", "SKU-2"))
	w.land()
	if got := w.task(id); got.Status != creativeforcesim.InProgress || got.Starts != 1 {
		t.Fatalf("after landing it is %+v, want it started once", got)
	}
	if got := w.fetched("Autumn/SKU-1/back.jpg"); got != "back of SKU-1" {
		t.Errorf("fetched %q", got)
	}
	batch, receipts := w.sendAll("Autumn/SKU-1", "")
	w.submitted(batch, receipts)
	w.wantOnce(id, 1)

	for round := 2; round <= 3; round++ {
		w.rejected(id, "front.jpg", "too dark")
		w.land()
		page := w.fetched("Autumn/SKU-1/INSTRUCTIONS.html")
		if !strings.Contains(page, "too dark") || !strings.Contains(page, fmt.Sprintf("Round %d", round)) {
			t.Fatalf("round %d: the instructions lack the note or the round:\n%s", round, page)
		}
		b, r := w.mustSend("Autumn/SKU-1/front.jpg", fmt.Sprint("corrected ", round))
		receipts = append(receipts, r)
		if b == batch {
			t.Fatalf("round %d has the batch of an earlier one, %s", round, b)
		}
		w.submitted(b, receipts) // with those of the earlier rounds
		w.wantOnce(id, round)
		if last := w.sim.Submissions()[round-1]; len(last.Files) != 1 {
			t.Errorf("round %d submitted %v, want the correction alone", round, last.Files)
		}
	}
	w.awaitReview(id)
	w.sim.Approve(id)
	if err := w.commitAll(t.Context(), batch, nil); err != nil {
		t.Errorf("asked again about an earlier round: %v", err)
	}
	for _, rt := range w.pending() {
		if strings.Contains(rt.Batch, id) && !strings.HasSuffix(rt.Name, instructionsName) {
			t.Errorf("the approved task still offers %+v", rt)
		}
	}
	if page := w.fetched("Autumn/SKU-1/INSTRUCTIONS.html"); !strings.Contains(page, "Accepted") {
		t.Errorf("the instructions do not say that it was accepted:\n%s", page)
	}
	if n := len(w.sim.Submits(other)); n != 0 {
		t.Errorf("the other task was submitted %d times", n)
	}
}

// submitted commits until the connector is content, as the engine would.
func (w *world) submitted(batch string, receipts []connectors.Receipt) {
	w.t.Helper()
	for try := 0; ; try++ {
		err := w.commitAll(w.t.Context(), batch, receipts)
		if err == nil {
			return
		}
		if refused(err) || try > 60 {
			w.t.Fatalf("Commit %s: %v", batch, err)
		}
		time.Sleep(5 * time.Second)
	}
}

// awaitReview lets the platform catch up with itself.
func (w *world) awaitReview(id string) {
	w.t.Helper()
	if got := w.task(id); got.Status != creativeforcesim.InReview {
		w.t.Fatalf("it is %s", got.Status)
	}
	time.Sleep(time.Minute)
}

func (w *world) rejected(id, output, text string) {
	w.t.Helper()
	w.awaitReview(id)
	w.pending() // the poll sees it in review, or not
	if !w.sim.Reject(id, creativeforcesim.Note{Output: output, Text: text}) {
		w.t.Fatal("it could not be rejected")
	}
}

// Each call of the guide, in its spelling and with the bodies assumed.
func TestEachDocumentedCallIsMadeAsPrinted(t *testing.T) {
	for editorial, want := range map[bool][]string{
		false: {
			"GET /v1/expost/tasks?pageNumber=1&pageSize=100&postProductionVendorId=vendor-1",
			"GET /v1/extpost/tasks/ID", "GET /v1/extpost/tasks/ID/annotation",
			"POST /v1/assets/bulk-get-assets", "POST /v1/files/bulk-get-files", "POST /v1/specs/bulk-get-specs",
			"GET /v1/jobs/ID", "GET /v1/products/ID", "PUT /v1/extpost/tasks/ID/start",
			"POST /v1/assets/get-presigned-url", "POST /v1/export/tasks/ID/submit-assets",
		},
		true: {
			"GET /v1/editorial/extpost/tasks?pageNumber=1&pageSize=100&postProductionVendorId=vendor-1",
			"GET /v1/editorial/extpost/tasks/ID", "GET /v1/editorial/extpost/tasks/ID/annotation",
			"POST /v1/assets/bulk-get-assets", "POST /v1/files/bulk-get-files", "POST /v1/editorial/specs/bulk-get-specs",
			"GET /v1/editorial/projects/ID", "GET /v1/editorial/deliverables/ID", "PUT /v1/editorial/extpost/tasks/ID/start",
			"POST /v1/assets/get-presigned-url", "POST /v1/editorial/export/tasks/ID/submit-assets",
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, how{Options: creativeforcesim.Options{HideURLs: true}})
			seen := &recorder{RoundTripper: w.http.Transport, calls: map[string]bool{}}
			w.http = &http.Client{Transport: seen}
			w.account = w.restart()
			task := shoe("J", "P")
			task.Editorial = editorial
			task.Outputs[0].Spec = creativeforcesim.Spec{Format: "jpg"}
			id := w.sim.AddTask(task)
			w.land()
			batch, receipts := w.sendAll("J/P", "")
			w.submitted(batch, receipts)
			w.wantOnce(id, 1)
			for _, call := range want {
				if !seen.calls[call] {
					t.Errorf("editorial %v: %s was not called; there was\n%s", editorial, call, strings.Join(slices.Sorted(maps.Keys(seen.calls)), "\n"))
				}
			}
		})
	}
}

// A recorder notes the calls that pass, with ids as ID.
type recorder struct {
	http.RoundTripper
	mu    sync.Mutex
	calls map[string]bool
}

func (r *recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	parts := strings.Split(req.URL.RequestURI(), "/")
	for i, part := range parts {
		if len(part) == 36 && strings.Count(part, "-") == 4 {
			parts[i] = "ID"
		}
	}
	r.mu.Lock()
	r.calls[req.Method+" "+strings.Join(parts, "/")] = true
	r.mu.Unlock()
	return r.RoundTripper.RoundTrip(req)
}
