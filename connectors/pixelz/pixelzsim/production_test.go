package pixelzsim

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/studio-agent/studio-agent/connectors/faults"
)

func TestRejectAndDelete(t *testing.T) {
	for _, lazy := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			f := run(t, Options{LazyReject: lazy})
			ticket := f.plain("a.jpg", "x")
			reject := func(fields map[string]any, want string) {
				t.Helper()
				if _, text := f.call("PUT", "/Image/Reject/"+ticket, fields); !strings.Contains(text, want) {
					t.Errorf("got %s, want %s", text, want)
				}
			}
			remove := func(want string) {
				t.Helper()
				if _, text := f.call("DELETE", "/Image/"+ticket, nil); !strings.Contains(text, want) {
					t.Errorf("got %s, want %s", text, want)
				}
			}
			reject(map[string]any{"comment": "c"}, "InvalidStatus")
			f.sim.Produce(ticket)
			reject(nil, "comment is missing")
			reject(map[string]any{"comment": "c", "markupImageUrl": "https://m"}, "NoError")
			if got := f.sim.Orders()[0].Rejections; !reflect.DeepEqual(got, []Rejection{{"c", "https://m"}}) {
				t.Errorf("got %+v", got)
			}
			f.wantStatus(ticket, map[bool]string{false: `"StatusId":60`, true: `"StatusId":80`}[lazy])
			remove("Image in production")
			time.Sleep(31 * 24 * time.Hour)
			f.sim.Produce(ticket)
			reject(map[string]any{"comment": "c"}, "30 days")
			f.sim.SetStatus(ticket, 59, "")
			remove("NoError")
			remove("ImageNotFound")
			reject(map[string]any{"comment": "c"}, "ImageNotFound")
			if !f.sim.Orders()[0].Deleted {
				t.Error("it is still there")
			}
		})
	}
}

func TestOrdersByThemselves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := run(t, Options{After: time.Hour, FailEvery: 2})
		good, bad := f.plain("a.jpg", "x"), f.plain("b.jpg", "x")
		for _, step := range []struct {
			after     time.Duration
			good, bad string
		}{
			{0, "10", "10"}, {20 * time.Minute, "60", "60"}, {20 * time.Minute, "70", "70"}, {20 * time.Minute, "80", "90"}, {time.Hour, "80", "90"},
		} {
			time.Sleep(step.after)
			f.wantStatus(good, `"StatusId":`+step.good)
			f.wantStatus(bad, `"StatusId":`+step.bad)
		}
		f.call("PUT", "/Image/Reject/"+good, map[string]any{"comment": "c"})
		f.wantStatus(good, `"StatusId":60`)
		time.Sleep(time.Hour)
		f.sim.Advance()
		f.wantStatus(good, "/2/a.jpg")
	})
}

func TestReturn(t *testing.T) {
	for same, want := range map[bool]string{false: "/2/a.jpg", true: "/1/a.jpg"} {
		f := run(t, Options{SameAddress: same})
		first, second := f.sim.Return("x/a.jpg", []byte("1")), f.sim.Return("x/a.jpg", []byte("2"))
		if first != second || len(f.sim.Orders()) != 1 || f.sim.OrderedTwice() != nil {
			t.Errorf("got %s and %s", first, second)
		}
		f.wantStatus(first, want)
		if _, text := f.send("GET", home+"/storage/out/"+first+want, "", nil); text != "2" {
			t.Errorf("got %s", text)
		}
	}
}

func TestLists(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := run(t, Options{PerPage: 7})
		for i := range 20 {
			f.sim.Return(fmt.Sprintf("%d.jpg", i), []byte("x"))
			if i == 9 {
				time.Sleep(48 * time.Hour)
			}
		}
		for want, q := range map[int]map[string]any{
			7: {"imagesPerPage": 100}, 5: {"imagesPerPage": 5}, 6: {"page": 3, "imagesPerPage": 100}, 0: {"page": 4, "imagesPerPage": 100},
			3: {"page": 2, "imagesPerPage": 7, "fromDate": time.Now().Format(time.DateOnly)}, 1: {"imagesPerPage": 1, "imageStatus": 80, "isDescending": true},
		} {
			var reply struct{ Images []map[string]any }
			_, text := f.call("GET", "/Images", q)
			if err := json.Unmarshal([]byte(text), &reply); err != nil || len(reply.Images) != want {
				t.Errorf("%v: %d orders, %v; want %d", q, len(reply.Images), err, want)
			}
		}
	})
}

func TestFaults(t *testing.T) {
	tests := map[string]struct {
		fault  faults.Fault
		status int // 0: the connection breaks
		stored bool
	}{
		"status":     {faults.Fault{Status: 503, RetryAfter: 7 * time.Second}, 503, false},
		"cut":        {faults.Fault{Cut: 5}, 0, false},
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
			f := run(t, Options{Faults: plan, OnEvent: func(e Event) {
				mu.Lock()
				defer mu.Unlock()
				events = append(events, e)
			}})
			at := f.put("a.jpg", "a picture")
			plan.Then("order", tt.fault)
			if status, text := f.call("POST", "/Image", map[string]any{"imageURL": at, "templateId": 101}); status != tt.status {
				t.Errorf("%s: %d %s, want %d", name, status, text, tt.status)
			}
			synctest.Wait()
			if len(f.sim.Orders()) == 1 != tt.stored {
				t.Errorf("%s: there is %v", name, f.sim.Orders())
			}
			mu.Lock()
			defer mu.Unlock()
			if e := events[len(events)-1]; len(events) != 3 || e.Op != "order" || e.Status != tt.status || (e.Order.Ticket != "") != tt.stored {
				t.Errorf("%s: events %+v", name, events)
			}
		})
	}
}

func TestUploadsThatBreak(t *testing.T) {
	plan := faults.NewPlan(1)
	f := run(t, Options{Faults: plan})
	plan.Then("upload", faults.Fault{Cut: 3})
	_, text := f.call("POST", "/RequestPresignUrls", map[string]any{"imageNames": []string{"a.jpg"}})
	var places []struct{ UploadUrl, DownloadUrl string }
	if err := json.Unmarshal([]byte(text), &places); err != nil {
		t.Fatal(err)
	}
	if status, _ := f.send("PUT", places[0].UploadUrl, "application/octet-stream", strings.NewReader("a picture")); status != 0 {
		t.Errorf("got %d", status)
	}
	if status, _ := f.send("GET", places[0].DownloadUrl, "", nil); status != 404 {
		t.Errorf("a torn photo can be read: %d", status)
	}
	if f.sim.Requests("upload") != 1 || f.sim.Requests("") != 2 || f.sim.Busiest() != 1 {
		t.Errorf("%d uploads, %d requests, busiest %d", f.sim.Requests("upload"), f.sim.Requests(""), f.sim.Busiest())
	}
}
