package grandshootingsim

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/studio-agent/studio-agent/connectors/faults"
)

func TestEditOrders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := run(t, Options{Rate: -1, Keep: true, Placeholder: time.Minute})
		benches := f.sim.AddProduction("p", 10, 20, 30, 40)
		f.upload(benches[0], "/x", "a.jpg", "original")
		a := f.sim.Pictures()[0].ID
		flat := f.sim.AddPicture(Picture{Bench: f.sim.AddProduction("flat", 10, 40)[0].ID, Sent: "b.jpg"})
		order := func(body string, want int) {
			t.Helper()
			if status, _, text := f.send("POST", "/picture/edit/bulk", nil, strings.NewReader(body)); status != want {
				t.Errorf("%s: %d %s, want %d", body, status, text, want)
			}
		}
		order(fmt.Sprintf(`{"picture_ids":[%d,%d],"transfer_id":1}`, a, flat), 400)
		order(fmt.Sprintf(`{"picture_ids":[%d],"transfer_id":"x"}`, a), 400)
		if n := len(f.sim.Orders()); n != 0 {
			t.Errorf("%d orders although they were refused", n)
		}
		order(fmt.Sprintf(`{"picture_ids":["%d"],"transfer_id":1,"put_path":"out"}`, a), 200)
		o := f.sim.Orders()
		if len(o) != 1 || o[0].Picture != a || o[0].Sent != "x/a.jpg" || o[0].Field("put_path") != "out" || o[0].Field("get_path") != "" || len(f.sim.OrderedTwice()) != 0 {
			t.Errorf("got %+v, twice %v", o, f.sim.OrderedTwice())
		}
		onEdit := fmt.Sprintf("/picture?bench_id=%d&parent_id=%d", benches[1].ID, a)
		if rows := f.rows(onEdit); len(rows) != 0 {
			t.Errorf("at once there is %v", rows)
		}
		time.Sleep(time.Minute)
		rows := f.rows(onEdit)
		if len(rows) != 1 || rows[0]["filesize"] != 8.0 || rows[0]["picturestatus"] != 30.0 || rows[0]["path"] != "x/a.jpg" {
			t.Errorf("then there is %v, want the original's bytes", rows)
		}
		order(fmt.Sprintf(`{"picture_ids":[%d]}`, a), 200)
		if twice := f.sim.OrderedTwice(); !slices.Equal(twice, []int{a}) || len(f.sim.Duplicates()) != 0 {
			t.Errorf("ordered twice: %v, duplicates %v", twice, f.sim.Duplicates())
		}
	})
}

func TestReturnEdit(t *testing.T) {
	for _, placeholder := range []time.Duration{0, time.Nanosecond} {
		f := run(t, Options{Rate: -1, Placeholder: placeholder})
		benches := f.sim.AddProduction("p", 10, 20, 40)
		a := f.sim.AddPicture(Picture{Bench: benches[0].ID, Sent: "a.jpg", SHA256: "original"})
		f.send("POST", fmt.Sprintf("/picture/%d/edit", a), nil, strings.NewReader(`{}`))
		var ids []int
		for _, content := range []string{"first", "first", "second"} {
			id, err := f.sim.ReturnEdit(a, []byte(content))
			if err != nil {
				t.Fatal(err)
			}
			ids = append(ids, id)
			if got, err := f.sim.Content(id); err != nil || string(got) != content {
				t.Errorf("it holds %q, %v", got, err)
			}
			if _, text := f.get(fmt.Sprintf("/picture/%d/download", id)); text != content {
				t.Errorf("downloaded %q", text)
			}
		}
		if ids[0] != ids[1] || ids[1] != ids[2] || len(f.sim.Duplicates()) != 0 {
			t.Errorf("ids %v, duplicates %v", ids, f.sim.Duplicates())
		}
		if rows := f.rows(fmt.Sprintf("/picture?picture_id=%d", a)); fmt.Sprint(rows[0]["child_ids"]) != fmt.Sprintf("[%d]", ids[0]) {
			t.Errorf("the original's children are %v", rows[0]["child_ids"])
		}
		if _, err := f.sim.ReturnEdit(ids[0], nil); err == nil {
			t.Error("a retouch after the last bench is no error")
		}
		if _, err := f.sim.ReturnEdit(7, nil); err == nil {
			t.Error("a retouch of nothing is no error")
		}
	}
	if _, err := New(Options{}).Content(7); err == nil {
		t.Error("the content of nothing is no error")
	}
}

func TestDownloadsElsewhere(t *testing.T) {
	f := run(t, Options{Rate: -1, DownloadFrom: "http://cdn.example"})
	benches := f.sim.AddProduction("p", 10, 20, 40)
	id, err := f.sim.ReturnEdit(f.sim.AddPicture(Picture{Bench: benches[0].ID, Sent: "a.jpg"}), []byte("retouched"))
	if err != nil {
		t.Fatal(err)
	}
	if _, text := f.get(fmt.Sprintf("/picture/%d/download", id)); text != "retouched" {
		t.Errorf("downloaded %q", text)
	}
	r, _ := http.NewRequestWithContext(t.Context(), "GET", fmt.Sprintf("http://cdn.example/files/%d", id), nil)
	r.Header.Set("Authorization", "Bearer token")
	resp, err := f.http.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != 400 {
		t.Errorf("shown a login it answers %d, want 400", resp.StatusCode)
	}
}

func TestStatusLogSpecificationAndExports(t *testing.T) {
	plan := faults.NewPlan(1)
	f := run(t, Options{Rate: -1, Faults: plan, Specification: map[string]any{"format": "jpg"}})
	benches := f.sim.AddProduction("p", 10, 20, 40)
	id := f.sim.AddPicture(Picture{Bench: benches[0].ID, Sent: "a.jpg"})
	plan.Then("status", faults.Fault{Status: 500})
	for _, body := range []string{`{"picturestatus":30}`, `{"picturestatus":30,"comment":"good"}`, `{"picturestatus":50}`, `{"picturestatus":10}`} {
		f.send("POST", fmt.Sprintf("/picture/%d/picturestatus", id), nil, strings.NewReader(body))
	}
	changes := f.sim.StatusChanges()
	if len(changes) != 2 || changes[0].From != 10 || changes[0].To != 30 || changes[0].Comment != "good" || changes[1].To != 10 || changes[1].Picture != id {
		t.Errorf("got %+v", changes)
	}
	f.sim.SetStatus(id, 5)
	if got := f.sim.Pictures()[0].Status; got != 5 || len(f.sim.StatusChanges()) != 2 {
		t.Errorf("status %d, changes %+v", got, f.sim.StatusChanges())
	}
	if _, text := f.get(fmt.Sprintf("/picture/%d/specification", id)); text != `{"format":"jpg"}`+"\n" {
		t.Errorf("specification %s", text)
	}
	for range 2 {
		f.get(fmt.Sprintf("/production/%d/startexport", benches[0].ID))
	}
	if n := f.sim.Exports(benches[0].ID); n != 2 {
		t.Errorf("%d exports, want 2", n)
	}
}
