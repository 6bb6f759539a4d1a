package medialoopstersim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/studio-agent/studio-agent/connectors/faults"
)

// A client of its own, with nothing of the connector in it.
type far struct {
	t    *testing.T
	sim  *Sim
	http *http.Client
}

func run(t *testing.T, opt Options) far {
	t.Helper()
	if opt.User == "" {
		opt.Token = "key"
	}
	listener, client := Pipe()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	sim := New(opt)
	served := make(chan error, 1)
	go func() { served <- sim.Serve(listener) }()
	t.Cleanup(func() {
		client.CloseIdleConnections()
		sim.Close()
		sim.Close() // a second time is nothing
		listener.Close()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return far{t, sim, client}
}

// do sends a request as the document's samples are; the body is JSON.
func (f far) do(request, body string) (int, string) {
	f.t.Helper()
	method, path, _ := strings.Cut(request, " ")
	r, err := http.NewRequestWithContext(f.t.Context(), method, "http://ml.example"+Base+path, strings.NewReader(body))
	if err != nil {
		f.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Token key")
	status, text, _ := f.send(r)
	return status, text
}

func (f far) send(r *http.Request) (int, string, http.Header) {
	f.t.Helper()
	resp, err := f.http.Do(r)
	if err != nil {
		return 0, err.Error(), nil
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, err.Error(), nil
	}
	return resp.StatusCode, strings.TrimSpace(string(text)), resp.Header
}

func (f far) want(request, body string, status int, holds string) {
	f.t.Helper()
	got, text := f.do(request, body)
	if got != status || !strings.Contains(text, holds) {
		f.t.Errorf("%s %s: got %d %s\nwant %d with %s", request, body, got, text, status, holds)
	}
}

const bundleS = `"bundle_root":"/srv/projects/S/"`

// The document's requests, good and bad, in an order in which they build on each
// other.
func TestTheDocumentsRequests(t *testing.T) {
	f := run(t, Options{ProjectFile: func(root string) string { return root + "project_file.prproj" }})
	f.want("GET /projectassets/", "", 200, `[]`)
	f.want("GET /projectassets/1/", "", 404, `{"errors":[{"status":"404","code":"not_found","detail":"ProjectAsset object with pk=u'1' does not exist.","title":"Not Found"}]}`)
	f.want("POST /projectassets/", `{"production_id":1}`, 400, `{"errors":[{"status":"400","source":{"pointer":"/bundle_root"},"code":"required","detail":"This field is required.","title":"Validation Error"},{"status":"400","source":{"pointer":"/name"}`)
	f.want("POST /projectassets/", `{"name":"S",`+bundleS+`}`, 400, `/production_id`)
	f.want("POST /projectassets/", `{"name":"S",`+bundleS+`,"production_name":"none"}`, 400, `The production does not exist.`)
	f.want("POST /projectassets/", `{"name":"S","bundle_root":"/srv/projects/S","production_id":1}`, 400, `is not on a device`)
	f.want("POST /projectassets/", `{"name":"S","bundle_root":"/elsewhere/S/","production_id":1}`, 400, `is not on a device`)
	f.want("POST /projectassets/", `{"name":"S",`+bundleS+`,"production_id":1,"path_file":"x"}`, 201, `"status_asset":6`)
	f.want("POST /projectassets/", `{"name":"T","bundle_root":"/srv/projects/T/","production_name":"Archive"}`, 201, `"production":2`)
	f.want("POST /projectassets/", `{"name":"S" "x"}`, 400, `{"detail":"JSON parse error`)
	f.want("GET /projectassets/1/", "", 200, `"type":"Adobe Premiere Pro"`)
	f.want("GET /projectassets/?bundle_root="+url.QueryEscape("/srv/projects/T/"), "", 200, `[{"audio_assets":[]`)
	f.want("GET /projectassets/?bundle_root="+url.QueryEscape("/srv/projects/T"), "", 200, `[]`)
	f.want("GET /projectassets/?limit=1&offset=1", "", 200, `"name":"T"`)
	audio := f.sim.AddAsset(Asset{Kind: "audio", Path: "/srv/projects/S/a.wav", Status: 6})
	image := f.sim.AddAsset(Asset{Kind: "image", Path: "/srv/projects/S/a.jpg", Status: 6})
	link := "POST /projectassets/1/addasset/"
	f.want(link, fmt.Sprintf(`{"asset_list":[{"asset_id":%d,"type":"image"}]}`, image), 200, `"newly_linked_assets":[{"asset_id":4,"type":"image"}]`)
	list := fmt.Sprintf(`"asset_list":[{"asset_id":%d,"type":"audio"},{"asset_id":%d,"type":"image"},{"asset_id":20,"type":"other"}]`, audio, image)
	f.want(link, "{"+list+"}", 422, `{"detail":"The provided asset type 'other' at asset list entry at index '2' is not supported. Must be one of 'audio', 'image' or 'video'"}`)
	f.want(link, "{"+list+`,"silent_mode":true}`, 200, `{"already_linked_assets":[{"asset_id":3,"type":"audio"},{"asset_id":4,"type":"image"}],"invalid_assets":[{"asset_id":20,"type":"other"}],"newly_linked_assets":[]}`)
	f.want(link, `{"asset_list":[{"asset_id":99,"type":"video"}]}`, 422, `does not exist`)
	f.want(link, `{}`, 400, `{"detail":"The field 'asset_list' is required to add assets to a project."}`)
	f.want("POST /projectassets/9/addasset/", "{"+list+"}", 404, "not_found")
	f.want("GET /projectassets/1/", "", 200, `"path_file":"/srv/projects/S/a.jpg"`)
	f.want("DELETE /projectassets/123/", "", 404, `{"errors":[{"status":"404","code":"does_not_exist","detail":"The project asset 123 does not exist.","title":"Not Found"}]}`)
	f.want("DELETE /projectassets/1/", "", 202, "")
	f.want("DELETE /projectassets/1/", "", 202, "")
	f.want("GET /projectassets/1/", "", 200, `"id":1`)
	f.sim.Advance()
	f.want("GET /projectassets/1/", "", 404, "not_found")
	f.want("GET /imageassets/", "", 200, `"id":4`)
	f.want("GET /ping/", "", 204, "")
	f.want("GET /productions/?storage_root=/srv/archive/", "", 200, `"name":"Archive"`)
	f.want("GET /productions/2/", "", 200, `"name":"Archive"`)
	f.want("GET /productions/3/", "", 404, "not_found")
	f.want("GET /devices/", "", 200, DevicePassword)
	f.want("GET /nothing/", "", 404, `{"detail":"Not found."}`)
	f.want("POST /projectassets", "{}", 301, "")
	f.want("GET /projectassets", "", 301, "")
	if p := f.sim.Projects()[0]; !p.Deleted || f.sim.Requests("delete") != 3 || f.sim.Requests("") < 30 {
		t.Errorf("got %+v after %d deletions", p, f.sim.Requests("delete"))
	}
}

// What a project shows has exactly the fields of the document's example.
func TestTheFieldsOfAProject(t *testing.T) {
	f := run(t, Options{})
	_, text := f.do("POST /projectassets/", `{"name":"S",`+bundleS+`,"production_id":1}`)
	got := map[string]any{}
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		t.Fatal(err)
	}
	want := strings.Fields("audio_assets bundle_root date_add date_crt date_del date_mod description device files id image_assets is_archive is_production locked_by meta_field_store name name_editor name_studio path_file production status_approval status_asset status_asset_description status_editing type video_assets")
	if names := slices.Sorted(maps.Keys(got)); !slices.Equal(names, want) {
		t.Errorf("got %q\nwant %q", names, want)
	}
}

func TestFormsAndLogins(t *testing.T) {
	f := run(t, Options{User: "studio", Password: "pass"})
	post := func(kind string, body io.Reader, user string) (int, string) {
		r, err := http.NewRequestWithContext(t.Context(), "POST", "http://ml.example"+Base+"/projectassets/", body)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", kind)
		r.SetBasicAuth(user, "pass")
		status, text, _ := f.send(r)
		return status, text
	}
	values := map[string]string{"name": "S", "bundle_root": "/srv/projects/S/", "production_id": "2", "production_name": "Campaign"}
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	encoded := url.Values{}
	for name, value := range values {
		w.WriteField(name, value)
		encoded.Set(name, value)
	}
	w.Close()
	for kind, body := range map[string]string{w.FormDataContentType(): form.String(), "application/x-www-form-urlencoded": encoded.Encode()} {
		if status, text := post(kind, strings.NewReader(body), "studio"); status != 201 || !strings.Contains(text, `"production":2`) {
			t.Errorf("%s: %d %s", kind, status, text)
		}
		if status, text := post(kind, strings.NewReader(body), "nobody"); status != 401 || !strings.Contains(text, "detail") {
			t.Errorf("%s: %d %s", kind, status, text)
		}
	}
	if status, _ := post("text/plain", strings.NewReader("x"), "studio"); status != 415 {
		t.Errorf("text is answered with %d", status)
	}
	if status, _ := f.do("GET /ping/", ""); status != 204 {
		t.Errorf("a ping needs a login: %d", status)
	}
	if got := f.sim.CreatedTwice(); len(got) != 1 || f.sim.Creates("/srv/projects/S/") != 2 {
		t.Errorf("created twice: %q", got)
	}
}

func TestCopies(t *testing.T) {
	f := run(t, Options{FailCopy: func(name string) bool { return name == "bad" }})
	f.sim.Add(Project{Name: "S", Description: "first", BundleRoot: "/srv/projects/S/", Production: 1, Status: 6, IsProduction: true, Linked: []int{7}})
	body := func(name, of string) string {
		return fmt.Sprintf(`{"copy_of":%s,"name":%q,"bundle_root":"/srv/projects/%s/","production_id":2}`, of, name, name)
	}
	f.want("POST /projectassets/?share_linked_assets=1", body("good", "1"), 201, `"is_production":false`)
	f.want("POST /projectassets/", body("bad", "1"), 201, `"status_asset":0`)
	f.want("POST /projectassets/", body("x", "2"), 400, `/copy_of`) // it is not in production yet
	f.want("POST /projectassets/", body("x", "99"), 400, `/copy_of`)
	f.want("POST /projectassets/", `{"copy_of":1}`, 400, `/name`)
	for range 5 {
		f.sim.Advance()
	}
	f.want("GET /projectassets/2/", "", 200, `"status_asset":5`)
	f.sim.Advance()
	f.sim.Advance() // and no further
	all := f.sim.Projects()
	if good := all[1]; good.Status != StatusDone || !good.IsProduction || !good.Shared || good.Description != "first" || len(good.Linked) != 1 || good.CopyOf != 1 {
		t.Errorf("the good one is %+v", good)
	}
	if bad := all[2]; bad.Status != StatusError || bad.IsProduction || bad.StatusText == "" || bad.Shared {
		t.Errorf("the bad one is %+v", bad)
	}
	if f.sim.Requests("copy") != 5 || f.sim.Requests("create") != 0 {
		t.Errorf("%d copies, %d creations", f.sim.Requests("copy"), f.sim.Requests("create"))
	}
}

func TestTimePasses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := run(t, Options{Step: time.Second, SlowImports: true})
		f.sim.Add(Project{Name: "S", BundleRoot: "/srv/projects/S/", Status: 6, IsProduction: true})
		f.want("POST /projectassets/", `{"copy_of":1,"name":"C","bundle_root":"/srv/projects/C/","production_id":1}`, 201, `"status_asset":0`)
		f.want("POST /asset/import/", `{"type":"video","production":1,"asset":{"asset_meta":{"name":"a","path_file":"/srv/projects/a.mov"}}}`, 200, `asset_import_id`)
		f.want("GET /videoassets/", "", 200, `[]`)
		time.Sleep(3 * time.Second)
		f.want("GET /projectassets/2/", "", 200, `"status_asset":3`)
		f.want("GET /videoassets/?path_file=/srv/projects/a.mov", "", 200, `"name":"a"`)
		time.Sleep(time.Hour)
		f.want("GET /projectassets/2/", "", 200, `"is_production":true`)
	})
}

func TestImports(t *testing.T) {
	f := run(t, Options{Exists: func(path string) bool { return strings.HasSuffix(path, "a.mov") }})
	body := func(kind, production, path string) string {
		return fmt.Sprintf(`{"type":%q,"production":%s,"move_asset":true,"asset":{"asset_meta":{"name":"x","path_file":%q}}}`, kind, production, path)
	}
	f.want("POST /asset/import/", body("video", `"Campaign"`, "/srv/projects/a.mov"), 200, `{"asset_import_id":2}`)
	f.want("POST /asset/import/", body("video", "2", "/srv/projects/b.mov"), 200, `asset_import_id`)
	f.want("POST /asset/import/", body("video", "2", "/elsewhere/a.mov"), 200, `asset_import_id`)
	f.want("POST /asset/import/", body("film", "2", "/srv/projects/a.mov"), 400, `/type`)
	f.want("POST /asset/import/", body("video", `"none"`, "/srv/projects/a.mov"), 400, `/production`)
	f.want("POST /asset/import/", body("video", "1", ""), 400, `/path_file`)
	f.want("POST /asset/import/", `{`, 400, `detail`)
	f.want("GET /importlogs/?asset_path=/srv/projects/a.mov", "", 200, `"error":""`)
	f.want("GET /importlogs/?asset_path=/srv/projects/b.mov", "", 200, `"asset_import_id":null,"asset_path":"/srv/projects/b.mov","asset_type":"videoasset","error":"Cannot access asset essence at '/srv/projects/b.mov'"`)
	f.want("GET /importlogs/1/", "", 200, `"asset_path":"/srv/projects/a.mov"`)
	f.want("GET /importlogs/9/", "", 404, `not_found`)
	if a := f.sim.Assets(); len(a) != 1 || !a[0].Moved || a[0].Production != 1 {
		t.Errorf("there are %+v", a)
	}
	f.want("POST /asset/import/", body("video", "1", "/srv/projects/a.mov"), 200, "")
	if got := f.sim.CreatedTwice(); len(got) != 1 {
		t.Errorf("imported twice: %q", got)
	}
	f.sim.Break("/srv/projects/a.mov", "broken")
	f.want("GET /videoassets/", "", 200, `"status_asset":-1,"status_asset_description":"broken"`)
	f.sim.Remove("/srv/projects/a.mov")
	f.want("GET /videoassets/", "", 200, `[]`)
}

func TestPages(t *testing.T) {
	for name, tt := range map[string]struct {
		opt  Options
		want string // names on the page limit=3&offset=2, X-Total-Count
	}{
		"plain": {Options{}, "2 3 4, 5"}, "capped": {Options{PerPage: 2}, "2 3, 5"}, "no total": {Options{NoTotal: true}, "2 3 4, "},
		"no offset": {Options{IgnoreOffset: true}, "0 1 2, 5"},
	} {
		f := run(t, tt.opt)
		for i := range 5 {
			f.sim.Add(Project{Name: fmt.Sprint(i)})
		}
		r, err := http.NewRequestWithContext(t.Context(), "GET", "http://ml.example"+Base+"/projectassets/?limit=3&offset=2", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Token key")
		_, text, header := f.send(r)
		var page []struct{ Name string }
		if err := json.Unmarshal([]byte(text), &page); err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, p := range page {
			names = append(names, p.Name)
		}
		if got := strings.Join(names, " ") + ", " + header.Get("X-Total-Count"); got != tt.want {
			t.Errorf("%s: got %s, want %s", name, got, tt.want)
		}
	}
}

func TestTrouble(t *testing.T) {
	create := `{"name":"S",` + bundleS + `,"production_id":1}`
	plan := faults.NewPlan(1)
	var mu sync.Mutex
	var seen []Event
	f := run(t, Options{Faults: plan, OnEvent: func(e Event) {
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, e)
	}})
	for _, tt := range []struct {
		fault  faults.Fault
		status int
		made   int // projects so far
	}{
		{faults.Fault{Cut: 7}, 0, 0}, {faults.Fault{Status: 500}, 500, 0}, {faults.Fault{Status: 429, RetryAfter: time.Second}, 429, 0},
		{faults.Fault{LoseReply: true}, 0, 1}, {faults.Fault{FailAfter: 502}, 502, 2}, {faults.Fault{Delay: time.Millisecond}, 201, 3},
	} {
		plan.Then("create", tt.fault)
		if status, text := f.do("POST /projectassets/", create); status != tt.status || len(f.sim.Projects()) != tt.made {
			t.Errorf("%+v: %d %s, %d projects", tt.fault, status, text, len(f.sim.Projects()))
		}
	}
	plan.Then("projects", faults.Fault{Cut: -1})
	if status, _ := f.do("GET /projectassets/", ""); status != 0 {
		t.Errorf("a question that is cut is answered with %d", status)
	}
	f.sim.Redirect(302, "https://elsewhere.example/")
	f.want("POST /projectassets/", create, 302, "")
	f.want("DELETE /projectassets/1/", "", 302, "")
	f.want("GET /projectassets/1/", "", 200, "")
	f.sim.Redirect(0, "")
	f.want("POST /projectassets/", create, 201, "")
	mu.Lock()
	defer mu.Unlock()
	last := seen[len(seen)-1]
	if len(seen) != 11 || last.Op != "create" || last.Status != 201 || last.Project.Name != "S" || last.At.IsZero() {
		t.Errorf("%d events, the last is %+v", len(seen), last)
	}
}
