package medialoopster

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/studio-agent/studio-agent/connectors"
)

// The examples of medialoopster-projectassets.txt, with the commas that two of them
// lack. Those of other endpoints are of the maker's site (facts.md, 5.3).
const (
	exampleProject = `{"id":1,"audio_assets":[],"image_assets":[],"video_assets":[],"name":"Project Asset Name","description":"","date_crt":null,
		"date_add":"2017-05-16T12:50:22.099871Z","date_mod":"2017-05-16T12:50:22.183103Z","date_del":null,"meta_field_store":{},
		"status_asset":6,"status_asset_description":"","status_editing":0,"status_approval":1,
		"path_file":"/srv/projects/edit/S/project_file.prproj","bundle_root":"/srv/projects/edit/S/","type":"Adobe Premiere Pro",
		"is_archive":false,"is_production":true,"files":{},"name_editor":"","name_studio":"","locked_by":null,"production":1,"device":5}`
	exampleRequired = `{"errors":[
		{"status":"400","source":{"pointer":"/bundle_root"},"code":"required","detail":"This field is required.","title":"Validation Error"},
		{"status":"400","source":{"pointer":"/name"},"code":"required","detail":"This field is required.","title":"Validation Error"}]}`
	exampleNotFound = `{"errors":[{"status":"404","code":"not_found","detail":"ProjectAsset object with pk=u'7' does not exist.","title":"Not Found"}]}`
	exampleNoDelete = `{"errors":[{"status":"404","code":"does_not_exist","detail":"The project asset 123 does not exist.","title":"Not Found"}]}`
	exampleLinked   = `{"newly_linked_assets":[{"asset_id":1,"type":"audio"}],"already_linked_assets":[{"asset_id":10,"type":"image"}],
		"invalid_assets":[{"asset_id":20,"type":"other"}]}`
	exampleNoList      = `{"detail":"The field 'asset_list' is required to add assets to a project."}`
	exampleOther       = `{"detail":"The provided asset type 'other' at asset list entry at index '0' is not supported. Must be one of 'audio', 'image' or 'video'"}`
	exampleProductions = `[{"id":1,"name":"Campaign","codename":"prod","storage_root":"/path/to/storage/root/","upload_device":{}}]`
	exampleDevices     = `[{"id":1,"name":"Audio","path":"/mnt/medialoopster/Highres/Audio/","is_internal":true,"username":null,"password":null}]`
	exampleAsset       = `[{"id":4,"name":"Image Asset name","production":1,"status_asset":6,"path_file":"/srv/projects/edit/a.jpg","device":2,"meta_field_store":{}}]`
	exampleLog         = `[{"id":1,"asset_type":"videoasset","asset_path":"/srv/projects/edit/a.mov","status":"File does not exist on device or could not be found",
		"error":"Cannot access asset essence at '/srv/projects/edit/a.mov'","warning":{},"payload":"{}","asset_config":{},"asset_import_id":null}]`
)

// A reply is what the server of a document answers; "GET /path/" says to what.
type reply struct {
	to     string
	status int
	body   string
}

// documented answers as written, in any order, and takes down what it was asked.
type documented struct {
	replies []reply
	asked   []string // "POST /projectassets/?x=y {body}"
}

func (d *documented) RoundTrip(r *http.Request) (*http.Response, error) {
	raw := []byte{}
	if r.Body != nil {
		raw, _ = io.ReadAll(r.Body)
	}
	path := strings.TrimPrefix(r.URL.Path, "/api")
	query := r.URL.Query()
	query.Del("limit")
	query.Del("offset")
	line := r.Method + " " + path
	d.asked = append(d.asked, strings.TrimSpace(fmt.Sprintf("%s?%s %s", line, query.Encode(), raw)))
	if r.Header.Get("Authorization") != "Token "+secret || r.Header.Get("Accept") != "application/json; version=1" {
		return nil, fmt.Errorf("headers are %v", r.Header)
	}
	if len(raw) > 0 && r.Header.Get("Content-Type") != "application/json" {
		return nil, fmt.Errorf("the body is said to be %q", r.Header.Get("Content-Type"))
	}
	for _, answer := range d.replies {
		if answer.to == line {
			h := http.Header{}
			if strings.HasPrefix(answer.body, "[") {
				h.Set("X-Total-Count", "1")
			}
			return &http.Response{StatusCode: answer.status, Header: h, Body: io.NopCloser(strings.NewReader(answer.body)), Request: r}, nil
		}
	}
	return nil, fmt.Errorf("nobody expected %s", line)
}

func TestTheDocumentsExamples(t *testing.T) {
	project := connectors.Project{
		ID: "1", Name: "Project Asset Name", Root: "/srv/projects/edit/S/", Path: "/Volumes/projects/edit/S", File: "/srv/projects/edit/S/project_file.prproj",
		Program: "Adobe Premiere Pro", Production: "1", Stage: connectors.Ready, Step: 6, Steps: 6,
	}
	project.Changed = projectAsset{Changed: "2017-05-16T12:50:22.183103Z"}.changed()
	copied := project
	copied.Stage, copied.Step = connectors.Working, 0
	const none = "[]"
	list, show, post := "GET /projectassets/", "GET /projectassets/1/", "POST /projectassets/"
	productions := reply{"GET /productions/", 200, exampleProductions}
	created := strings.Replace(exampleProject, `"status_asset":6`, `"status_asset":0`, 1)
	doCopy := func(a *account) (any, error) {
		return a.copyProject(t.Context(), connectors.ProjectCopy{Of: "1", Name: "Copy", Path: folder + "C", Share: true, Production: "1", Description: "d"})
	}
	doCommit := func(ids ...string) func(a *account) (any, error) {
		return func(a *account) (any, error) {
			var media []connectors.Receipt
			for _, id := range ids {
				media = append(media, connectors.Receipt{ID: id, Name: "medium " + id})
			}
			return nil, a.commit(t.Context(), folder+"S", media, published)
		}
	}
	tests := map[string]struct {
		replies []reply
		do      func(a *account) (any, error)
		want    any
		means   string // "" is success
		says    string
		asked   string // the last request
	}{
		"get all": {[]reply{{list, 200, "[" + exampleProject + "]"}},
			func(a *account) (any, error) { return a.listProjects(t.Context()) }, []connectors.Project{project}, "", "", "GET /projectassets/?"},
		"get by bundle_root": {[]reply{{list, 200, "[" + exampleProject + "]"}},
			func(a *account) (any, error) { return a.showProject(t.Context(), folder+"S") }, project, "", "", "GET /projectassets/?bundle_root=%2Fsrv%2Fprojects%2Fedit%2FS%2F"},
		"get single": {[]reply{{show, 200, exampleProject}},
			func(a *account) (any, error) { return a.showProject(t.Context(), "1") }, project, "", "", "GET /projectassets/1/?"},
		"get single, not found": {[]reply{{"GET /projectassets/7/", 404, exampleNotFound}},
			func(a *account) (any, error) { return a.showProject(t.Context(), "7") }, nil, "rejected", "pk=u'7' does not exist", "GET /projectassets/7/?"},
		"create": {[]reply{{list, 200, none}, productions, {post, 201, exampleProject}},
			doCommit(), nil, "", "", `POST /projectassets/? {"bundle_root":"/srv/projects/edit/S/","name":"S","production_id":1}`},
		"create, required": {[]reply{{list, 200, none}, productions, {post, 400, exampleRequired}},
			doCommit(), nil, "rejected", "400: bundle_root: This field is required.; name: This field is required.", `POST /projectassets/? {"bundle_root":"/srv/projects/edit/S/","name":"S","production_id":1}`},
		"copy": {[]reply{{show, 200, exampleProject}, {list, 200, none}, productions, {post, 201, created}},
			doCopy, copied, "", "", `POST /projectassets/?share_linked_assets=1 {"bundle_root":"/srv/projects/edit/C/","copy_of":1,"description":"d","name":"Copy","production_id":1}`},
		"copy, required": {[]reply{{show, 200, exampleProject}, {list, 200, none}, productions, {post, 400, exampleRequired}},
			doCopy, nil, "rejected", "name: This field is required.", `POST /projectassets/?share_linked_assets=1 {"bundle_root":"/srv/projects/edit/C/","copy_of":1,"description":"d","name":"Copy","production_id":1}`},
		"addasset": {[]reply{{list, 200, "[" + exampleProject + "]"}, {"POST /projectassets/1/addasset/", 200, exampleLinked}},
			doCommit("audio/1", "image/10"), nil, "rejected", "would not link", `POST /projectassets/1/addasset/? {"asset_list":[{"asset_id":1,"type":"audio"},{"asset_id":10,"type":"image"}],"silent_mode":true}`},
		"addasset, no list": {[]reply{{list, 200, "[" + exampleProject + "]"}, {"POST /projectassets/1/addasset/", 400, exampleNoList}},
			doCommit("audio/1"), nil, "rejected", "400: The field 'asset_list' is required", `POST /projectassets/1/addasset/? {"asset_list":[{"asset_id":1,"type":"audio"}],"silent_mode":true}`},
		"addasset, other": {[]reply{{list, 200, "[" + exampleProject + "]"}, {"POST /projectassets/1/addasset/", 422, exampleOther}},
			doCommit("audio/1"), nil, "rejected", "422: The provided asset type 'other'", `POST /projectassets/1/addasset/? {"asset_list":[{"asset_id":1,"type":"audio"}],"silent_mode":true}`},
		"delete": {[]reply{{show, 200, exampleProject}, {"DELETE /projectassets/1/", 202, ""}},
			func(a *account) (any, error) { return nil, a.deleteProject(t.Context(), "1", "Project Asset Name") }, nil, "", "", "DELETE /projectassets/1/?"},
		"delete, not found": {[]reply{{show, 200, exampleProject}, {"DELETE /projectassets/1/", 404, exampleNoDelete}},
			func(a *account) (any, error) { return nil, a.deleteProject(t.Context(), "1", "Project Asset Name") }, nil, "rejected", "The project asset 123 does not exist", "DELETE /projectassets/1/?"},
		"ping": {[]reply{{"GET /ping/", 204, ""}, productions},
			func(a *account) (any, error) { return nil, a.probe(t.Context()) }, nil, "", "", "GET /productions/?"},
		"ping, down": {[]reply{{"GET /ping/", 502, "<html>"}},
			func(a *account) (any, error) { return nil, a.probe(t.Context()) }, nil, "later", "502", "GET /ping/?"},
		"image asset by path": {[]reply{{"GET /imageassets/", 200, exampleAsset}},
			func(a *account) (any, error) {
				p, _ := medium("a.jpg")
				found, err := a.Find(t.Context(), []connectors.Photo{p})
				return found[0].ID, err
			}, "image/4", "", "", "GET /imageassets/?path_file=%2Fsrv%2Fprojects%2Fedit%2Fa.jpg"},
		"devices": {[]reply{{"GET /devices/", 200, exampleDevices}},
			func(a *account) (any, error) { return a.devices(t.Context()) }, []device{{1, "Audio", "/mnt/medialoopster/Highres/Audio/"}}, "", "", "GET /devices/?"},
		"productions": {[]reply{productions},
			func(a *account) (any, error) { return a.productionOf(t.Context(), "Campaign") }, production{1, "Campaign", "/path/to/storage/root/"}, "", "", "GET /productions/?"},
		"import": {[]reply{{"POST /asset/import/", 200, `{"asset_import_id":1}`}},
			func(a *account) (any, error) {
				return nil, a.begin(t.Context(), "video", "Campaign", "a.mov", "/srv/a.mov", published)
			}, nil, "", "", `POST /asset/import/? {"type":"video","production":"Campaign","move_asset":false,"asset":{"asset_meta":{"name":"a.mov","path_file":"/srv/a.mov"}}}`},
		"import log": {[]reply{{"GET /importlogs/", 200, exampleLog}},
			func(a *account) (any, error) {
				logs, err := a.logsOf(t.Context(), "/srv/projects/edit/a.mov")
				if err == nil {
					err = a.failure("/srv/projects/edit/a.mov", logs[0])
				}
				return nil, err
			}, nil, "rejected", "File does not exist on device or could not be found: Cannot access asset essence", "GET /importlogs/?asset_path=%2Fsrv%2Fprojects%2Fedit%2Fa.mov"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			server := &documented{replies: tt.replies}
			s := setupOf(goodAccount, goodBench)
			s.Rate, s.HTTP = quick, &http.Client{Transport: server}
			a, err := newAccount(s)
			if err != nil {
				t.Fatal(err)
			}
			got, err := tt.do(a)
			if tt.means == "" {
				tt.means = "success"
			}
			wantError(t, err, tt.means, tt.says)
			if err == nil && !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
			if last := server.asked[len(server.asked)-1]; last != tt.asked {
				t.Errorf("asked %s\nwant  %s", last, tt.asked)
			}
		})
	}
}

func TestDecoders(t *testing.T) {
	p, err := decodeProject([]byte(`{"id":"12","name":7,"status_asset":"-1","production":"3","path_file":null,"video_assets":[{"id":1,"path_file":"/a.mov","status_asset":6},2,"3"],"new":{}}`))
	if err != nil || p.ID != 12 || p.Name != "7" || *p.Status != -1 || p.Production != 3 || p.PathFile != "" || len(p.VideoAssets) != 3 || p.VideoAssets[2].ID != 3 || p.VideoAssets[0].PathFile != "/a.mov" {
		t.Errorf("got %+v, %v", p, err)
	}
	for _, bad := range []string{``, `[]`, `"x"`, `{}`, `{"id":0}`, `{"id":"x"}`, `{"id":1,"video_assets":7}`, `{"id":1.5}`, `7`, `null`} {
		if p, err := decodeProject([]byte(bad)); err == nil {
			t.Errorf("%s: got %+v", bad, p)
		}
	}
	for good, want := range map[string]int{`[]`: 0, `[{"id":1}]`: 1, `{"count":2,"next":null,"results":[{"id":1},{"id":2}]}`: 2, `{"results":[]}`: 0} {
		if got, err := decodeList[asset]([]byte(good)); err != nil || len(got) != want {
			t.Errorf("%s: got %+v, %v", good, got, err)
		}
	}
	for _, bad := range []string{``, `{}`, `null`, `"x"`, `[{"id":"x"}]`, `{"results":null}`, `<html>`} {
		if got, err := decodeList[asset]([]byte(bad)); err == nil {
			t.Errorf("%s: got %+v", bad, got)
		}
	}
	for raw, want := range map[string]string{
		exampleRequired: "[bundle_root: This field is required. name: This field is required.]", exampleNoList: "[The field 'asset_list' is required to add assets to a project.]",
		`{"errors":[{"title":"Odd"}],"detail":"more"}`: "[Odd more]", `{"errors":[{"source":null,"detail":{"a":1}}]}`: `[{"a":1}]`,
		`{}`: "[]", `<html>`: "[]", `{"errors":"x"}`: "[]", `[]`: "[]", ``: "[]",
	} {
		if got := fmt.Sprint(decodeProblems([]byte(raw))); got != want {
			t.Errorf("%s: got %s, want %s", raw, got, want)
		}
	}
	var logs []importLog
	if err := json.Unmarshal([]byte(`[{"id":1,"error":{}},{"id":2,"error":null},{"id":3,"error":{"a":"b"}},{"id":4,"error":false},{"id":5,"error":["x"]}]`), &logs); err != nil ||
		logs[0].Error != "" || logs[1].Error != "" || logs[2].Error == "" || logs[3].Error != "" || logs[4].Error == "" {
		t.Errorf("got %+v, %v", logs, err)
	}
}

// No answer makes the decoders panic, and what they take for a project has an ID.
func FuzzDecoders(f *testing.F) {
	for _, raw := range []string{exampleProject, exampleRequired, exampleNotFound, exampleLinked, exampleNoList, exampleAsset, exampleLog, exampleDevices, `{"results":[1]}`, `[[]]`} {
		f.Add([]byte(raw))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if p, err := decodeProject(raw); err == nil && p.ID <= 0 {
			t.Errorf("%s is a project without an ID", raw)
		}
		for _, p := range decodeProblems(raw) {
			_ = p.String()
		}
		decodeList[asset](raw)
		decodeList[projectAsset](raw)
		decodeList[importLog](raw)
		decodeList[device](raw)
		if said, err := decodeLinks(raw); err == nil && said.New == nil && said.Already == nil && said.Invalid == nil {
			t.Errorf("%s tells of media", raw)
		}
	})
}
