package grandshootingsim

import (
	"fmt"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/studio-agent/studio-agent/connectors/faults"
)

func TestFaults(t *testing.T) {
	tests := map[string]struct {
		fault  faults.Fault
		status int // 0: the connection breaks
		stored bool
	}{
		"status":     {faults.Fault{Status: 503, RetryAfter: 7 * time.Second}, 503, false},
		"cut":        {faults.Fault{Cut: 50}, 0, false},
		"cut first":  {faults.Fault{Cut: -1}, 0, false},
		"lost reply": {faults.Fault{LoseReply: true}, 0, true},
		"fail after": {faults.Fault{FailAfter: 500}, 500, true},
		"delay":      {faults.Fault{Delay: time.Millisecond}, 200, true},
	}
	for name, tt := range tests {
		synctest.Test(t, func(t *testing.T) {
			plan := faults.NewPlan(1)
			var mu sync.Mutex
			var events []Event
			f := run(t, Options{Rate: -1, Faults: plan, OnEvent: func(e Event) {
				mu.Lock()
				defer mu.Unlock()
				events = append(events, e)
			}})
			b := f.sim.AddProduction("p", 10, 40)[0]
			plan.Then("upload", tt.fault)
			if status, text := f.upload(b, "/", "a.jpg", strings.Repeat("x", 10_000)); status != tt.status {
				t.Errorf("%s: %d %s, want %d", name, status, text, tt.status)
			}
			synctest.Wait()
			if len(f.sim.Pictures()) == 1 != tt.stored {
				t.Errorf("%s: there is %v", name, f.sim.Pictures())
			}
			mu.Lock()
			defer mu.Unlock()
			if len(events) != 1 || events[0].Op != "upload" || events[0].Status != tt.status || (events[0].Picture.Name == "a.jpg") != tt.stored {
				t.Errorf("%s: events %+v", name, events)
			}
		})
	}
}

func TestACutReply(t *testing.T) {
	plan := faults.NewPlan(1)
	f := run(t, Options{Rate: -1, Faults: plan})
	plan.Then("list", faults.Fault{Cut: 1}, faults.Fault{Cut: 1000})
	if status, text := f.get("/picture"); status != 0 {
		t.Errorf("cut: %d %s", status, text)
	}
	if status, text := f.get("/picture"); status != 200 || text != "[]\n" {
		t.Errorf("a cut after the end: %d %q", status, text)
	}
}

func TestStatusesTagsAndTrash(t *testing.T) {
	f := run(t, Options{Rate: -1})
	benches := f.sim.AddProduction("p", 10, 20, 40)
	id := f.sim.AddPicture(Picture{Bench: benches[0].ID, Sent: "a.jpg"})
	final := f.sim.AddPicture(Picture{Bench: benches[2].ID, Sent: "a.jpg"})
	for _, tt := range []struct {
		method, path, body string
		status             int
	}{
		{"POST", fmt.Sprintf("/picture/%d/picturestatus", id), `{"picturestatus":30}`, 200},
		{"POST", fmt.Sprintf("/picture/%d/picturestatus", id), `{"picturestatus":50}`, 400},
		{"POST", fmt.Sprintf("/picture/%d/picturestatus", final), `{"picturestatus":50}`, 200},
		{"POST", fmt.Sprintf("/picture/%d/picturestatus", final), `{"picturestatus":30}`, 400},
		{"POST", "/picture/7/picturestatus", `{"picturestatus":30}`, 404},
		{"PUT", fmt.Sprintf("/picture/%d/tag", id), `{"rating":6}`, 400},
		{"PUT", fmt.Sprintf("/picture/%d/tag", id), `{"label":"cyan"}`, 400},
		{"PUT", fmt.Sprintf("/picture/%d/tag", id), `{"rating":5,"label":"green"}`, 200},
		{"PUT", fmt.Sprintf("/picture/%d/frame", id), `{"x1":1}`, 400},
		{"POST", fmt.Sprintf("/picture/%d/edit", id), `{"transfer_id":"uuid"}`, 400},
		{"DELETE", fmt.Sprintf("/picture/%d", final), "", 400},
		{"DELETE", fmt.Sprintf("/picture/%d", id), "", 200},
		{"POST", "/picture/edit/bulk", `{}`, 400},
		{"POST", "/picture/edit/bulk", `{"picture_ids":[7]}`, 404},
		{"PUT", "/production/7", `{}`, 404},
		{"POST", "/reference", `{}`, 400},
		{"POST", "/reference", `{`, 400},
		{"GET", "/reference/7", "", 404},
		{"POST", "/webhook", `{"address":"https://a","topic":"x"}`, 400},
		{"DELETE", "/webhook/7", "", 404},
		{"PATCH", "/webhook", "", 405},
	} {
		if status, _, text := f.send(tt.method, tt.path, nil, strings.NewReader(tt.body)); status != tt.status {
			t.Errorf("%s %s %s: %d %s, want %d", tt.method, tt.path, tt.body, status, text, tt.status)
		}
	}
	if rows := f.rows(fmt.Sprintf("/picture?bench_id=%d", benches[0].ID)); len(rows) != 1 || rows[0]["path"] != "__TRASH/a.jpg" {
		t.Errorf("the trash shows %v", rows)
	}
	if pics := f.sim.Pictures(); len(pics) != 1 || pics[0].ID != final {
		t.Errorf("there are %v", pics)
	}
}

func TestContentInAFolder(t *testing.T) {
	dir := t.TempDir()
	f := run(t, Options{Rate: -1, Keep: true, Dir: dir})
	b := f.sim.AddProduction("p", 10, 40)[0]
	for _, content := range []string{"A", "A"} {
		f.upload(b, "/", "a.jpg", content)
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 1 {
		t.Errorf("%d files, %v; want one", len(files), err)
	}
	if _, text := f.get(fmt.Sprintf("/picture/%d/download", f.sim.Pictures()[0].ID)); text != "A" {
		t.Errorf("downloaded %q", text)
	}
}

func TestExport(t *testing.T) {
	f := run(t, Options{Rate: -1})
	benches := f.sim.AddProduction("p", 10, 20, 40)
	f.sim.AddPicture(Picture{Bench: benches[1].ID, Sent: "a.jpg", SHA256: "x"})
	if status, text := f.get(fmt.Sprintf("/production/%d/startexport", benches[0].ID)); status != 200 {
		t.Errorf("%d %s", status, text)
	}
	pics := f.sim.Pictures()
	if len(pics) != 2 || pics[1].Bench != benches[2].ID || pics[1].Status != 40 || pics[1].Parent != pics[0].ID {
		t.Errorf("there are %+v", pics)
	}
}

func TestHandlerAlone(t *testing.T) {
	sim := New(Options{Token: "token"})
	w := httptest.NewRecorder()
	r := httptest.NewRequest("GET", "/v2/look", nil)
	r.Header.Set("Authorization", "Bearer token")
	sim.Handler().ServeHTTP(w, r)
	if w.Code != 200 || w.Body.String() != "[]\n" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
