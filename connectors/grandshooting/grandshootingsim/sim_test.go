package grandshootingsim

import (
	"bytes"
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// A client of its own, with nothing of the connector in it.
type far struct {
	t    *testing.T
	sim  *Sim
	http *http.Client
}

func run(t *testing.T, opt Options) far {
	t.Helper()
	opt.Token = "token"
	sim := New(opt)
	listener, client := Pipe()
	served := make(chan error, 1)
	go func() { served <- sim.Serve(listener) }()
	t.Cleanup(func() {
		client.CloseIdleConnections()
		sim.Close()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return far{t, sim, client}
}

func (f far) send(method, path string, header http.Header, body io.Reader) (int, http.Header, string) {
	f.t.Helper()
	r, err := http.NewRequestWithContext(f.t.Context(), method, "http://gs.example/v2"+path, body)
	if err != nil {
		f.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer token")
	for name, values := range header {
		r.Header[http.CanonicalHeaderKey(name)] = values
	}
	resp, err := f.http.Do(r)
	if err != nil {
		return 0, nil, err.Error()
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, nil, err.Error()
	}
	return resp.StatusCode, resp.Header, string(text)
}

func (f far) get(path string) (int, string) {
	f.t.Helper()
	status, _, text := f.send("GET", path, nil, nil)
	return status, text
}

func (f far) upload(b Bench, folder, name, content string, fields ...string) (int, string) {
	f.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	form.WriteField("path", folder)
	for i := 0; i < len(fields); i += 2 {
		form.WriteField(fields[i], fields[i+1])
	}
	part, err := form.CreateFormFile("file", name)
	if err != nil {
		f.t.Fatal(err)
	}
	io.WriteString(part, content)
	form.Close()
	status, _, text := f.send("POST", fmt.Sprintf("/production/%d/bench/%d/upload", b.Root, b.ID),
		http.Header{"Content-Type": {form.FormDataContentType()}}, &body)
	return status, text
}

func (f far) rows(path string) (rows []map[string]any) {
	f.t.Helper()
	status, text := f.get(path)
	if err := json.Unmarshal([]byte(text), &rows); err != nil || status != 200 {
		f.t.Fatalf("%s: %d %s %v", path, status, text, err)
	}
	return rows
}

func TestLogin(t *testing.T) {
	f := run(t, Options{})
	for _, header := range []string{"", "Bearer other", "access_token token", "token"} {
		status, _, text := f.send("GET", "/production", http.Header{"Authorization": {header}}, nil)
		if status != 401 || text != `{"errors":[{"message":"Missing authentication"}]}`+"\n" {
			t.Errorf("%q: %d %s", header, status, text)
		}
	}
	if n := f.sim.Requests(""); n != 0 {
		t.Errorf("%d requests were let in", n)
	}
	f = run(t, Options{Scheme: "access_token"})
	if status, _, _ := f.send("GET", "/production", http.Header{"Authorization": {"access_token token"}}, nil); status != 200 {
		t.Errorf("the other scheme: %d", status)
	}
}

func TestRateIsASlidingWindow(t *testing.T) {
	for _, exact := range []bool{true, false} {
		window := map[bool]time.Duration{true: time.Second, false: 950 * time.Millisecond}[exact]
		synctest.Test(t, func(t *testing.T) {
			f := run(t, Options{ExactWindow: exact})
			ask := func() int {
				status, text := f.get("/shootingmethod")
				if status == 429 && text != `{"errors":[{"message":"Rate limit exceeded"}]}`+"\n" {
					t.Error(text)
				}
				return status
			}
			begin := time.Now()
			for i := range 5 {
				if status := ask(); status != 200 {
					t.Errorf("request %d: %d", i, status)
				}
				time.Sleep(100 * time.Millisecond)
			}
			time.Sleep(window - time.Since(begin) - time.Millisecond)
			if status := ask(); status != 429 {
				t.Errorf("a millisecond too early: %d", status)
			}
			time.Sleep(time.Millisecond)
			if status := ask(); status != 200 {
				t.Errorf("in time: %d", status)
			}
			if f.sim.TooMany() != 1 || f.sim.Busiest() != 6 || f.sim.Requests("shootingmethod") != 7 {
				t.Errorf("%d refused, busiest %d, %d requests", f.sim.TooMany(), f.sim.Busiest(), f.sim.Requests("shootingmethod"))
			}
		})
	}
}

func TestProductionsAndUploads(t *testing.T) {
	f := run(t, Options{Rate: -1, Keep: true})
	benches := f.sim.AddProduction("My first production", 10, 20, 40)
	var lists [][]map[string]any
	_, text := f.get("/production")
	if err := json.Unmarshal([]byte(text), &lists); err != nil || len(lists) != 1 || len(lists[0]) != 3 {
		t.Fatalf("%s: %v", text, err)
	}
	if first := lists[0][0]; first["parent_id"] != nil || first["smalltext"] != "My first production" || lists[0][1]["smalltext"] != "My first production (Retouching)" {
		t.Errorf("got %s", text)
	}
	for _, tt := range []struct {
		bench      Bench
		field      []string
		status     int
		wantInText string
	}{
		{benches[0], nil, 200, "OK"},
		{benches[1], []string{"wait", "true"}, 200, "OK"},
		{benches[2], nil, 400, "benchsteptype 40"},
		{Bench{ID: 1, Root: benches[0].ID}, nil, 400, "Invalid bench"},
		{Bench{ID: benches[1].ID, Root: benches[1].ID}, nil, 400, "Invalid bench"},
		{benches[0], []string{"wait", "maybe"}, 400, "wait"},
		{benches[0], []string{"transfer_id", "f33cdd25-b8b0-48dd-abac-cf8a29529f89"}, 400, "transfer_id must be a number"},
	} {
		if status, text := f.upload(tt.bench, "/x", "a_1.jpg", "content", tt.field...); status != tt.status || !strings.Contains(text, tt.wantInText) {
			t.Errorf("bench %d %v: %d %s, want %d %s", tt.bench.ID, tt.field, status, text, tt.status, tt.wantInText)
		}
	}
	f.sim.SetBenchStatus(benches[0].ID, 35)
	if status, text := f.upload(benches[0], "/x", "a_1.jpg", "content"); status != 400 || !strings.Contains(text, "archived") {
		t.Errorf("an archived bench: %d %s", status, text)
	}
	sum := sha1.Sum([]byte("content"))
	rows := f.rows(fmt.Sprintf("/picture?bench_id=%d", benches[0].ID))
	if len(rows) != 1 || rows[0]["smalltext"] != "a_1.jpg" || rows[0]["path"] != "x/a_1.jpg" || rows[0]["ref"] != "a" ||
		rows[0]["hash"] != hex.EncodeToString(sum[:]) || rows[0]["filesize"] != 7.0 || rows[0]["picturestatus"] != 10.0 {
		t.Errorf("got %v", rows)
	}
	if _, text := f.get(fmt.Sprintf("/picture/%v/download", rows[0]["picture_id"])); text != "content" {
		t.Errorf("downloaded %q", text)
	}
}

func TestVersionsAndDuplicates(t *testing.T) {
	for _, newIDs := range []bool{false, true} {
		f := run(t, Options{Rate: -1, NewVersionIDs: newIDs})
		b := f.sim.AddProduction("p", 10, 40)[0]
		var ids []int
		for _, content := range []string{"A", "A", "B", "A"} {
			if status, text := f.upload(b, "/", "a.jpg", content); status != 200 {
				t.Fatalf("%d %s", status, text)
			}
			pics := f.sim.Pictures()
			if len(pics) != 1 {
				t.Fatalf("there are %v", pics)
			}
			ids = append(ids, pics[0].ID)
		}
		if ids[0] != ids[1] || (ids[1] != ids[2]) != newIDs || f.sim.Pictures()[0].Version != 3 {
			t.Errorf("new ids %v: ids %v, version %d", newIDs, ids, f.sim.Pictures()[0].Version)
		}
		if d := f.sim.Duplicates(); len(d) != 1 || d[0].Sent != "a.jpg" {
			t.Errorf("duplicates %v, want one: the second A", d)
		}
		total := 0
		for _, n := range f.sim.Stored() {
			total += n
		}
		if total != 4 || len(f.sim.Stored()) != 2 {
			t.Errorf("stored %v", f.sim.Stored())
		}
	}
}

func TestListVariants(t *testing.T) {
	for filter, want := range map[NameFilter]int{AnyName: 2, LastName: 1, NoName: 3} {
		f := run(t, Options{Rate: -1, Smalltext: filter, RewriteNames: true})
		b := f.sim.AddProduction("p", 10, 40)[0]
		for _, name := range []string{"a_1.jpg", "b_2.jpg", "c.jpg"} {
			f.sim.AddPicture(Picture{Bench: b.ID, Sent: "x/" + name})
		}
		if rows := f.rows("/picture?smalltext=a_1.jpg&smalltext=b_2.jpg"); len(rows) != want {
			t.Errorf("filter %d: %d rows, want %d", filter, len(rows), want)
		}
		if path := f.sim.Pictures()[0].Path; path != "4c76bb10-d028-4988-b008-01a97c38a232/x/a-1.jpg" {
			t.Errorf("path %s", path)
		}
	}
}

func TestPaging(t *testing.T) {
	for _, noKeys := range []bool{false, true} {
		f := run(t, Options{Rate: -1, NoKeyPaging: noKeys})
		b := f.sim.AddProduction("p", 10, 40)[0]
		for i := range 250 {
			f.sim.AddPicture(Picture{ID: i + 1, Bench: b.ID, Sent: fmt.Sprintf("%d.jpg", i)})
		}
		for offset, want := range map[string]int{"": 100, "0": 100, "200": 50, "250": 0, "10000": 0} {
			status, header, text := f.send("GET", "/picture", http.Header{"offset": {offset}}, nil)
			if offset == "" {
				offset = "0"
			}
			if status != 200 || header.Get("X-Total-Count") != "250" || header.Get("X-Offset") != offset || header.Get("X-Count") != fmt.Sprint(want) {
				t.Errorf("offset %s: %d %v %.40s", offset, status, header, text)
			}
		}
		for _, offset := range []string{"10001", "-1", "x"} {
			if status, _, _ := f.send("GET", "/picture", http.Header{"offset": {offset}}, nil); status != 400 {
				t.Errorf("offset %s: %d, want 400", offset, status)
			}
		}
		want := map[bool]int{false: 10, true: 0}[noKeys]
		if rows := f.rows("/picture?sort_by=picture_id&picture_id=gt:240"); len(rows) != want {
			t.Errorf("no key paging %v: %d rows after 240, want %d", noKeys, len(rows), want)
		}
	}
}
