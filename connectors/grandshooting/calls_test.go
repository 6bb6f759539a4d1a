package grandshooting

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/faults"
	"github.com/studio-agent/studio-agent/connectors/grandshooting/grandshootingsim"
)

// A step is one call against a platform with one picture, A_1.jpg, of the
// reference A, and what must be in the answer.
type step struct {
	name string
	args string // key=value, separated by spaces; $x is filled in
	body string
	want string
}

// steps has a case for each call, in an order in which they build on each
// other. $pic, $root, $live, $edit, $export, $ref, $hook and $file are filled in.
var steps = []step{
	{"looks", "", "", `[]`},
	{"look-create", `look_smalltext=LOOK1 data=[{"ref":"A","rang":10}]`, "", `null`},
	{"looks", "", "", `"look_smalltext":"LOOK1"`},

	{"pictures", "bench_id=$live smalltext=A_1.jpg picturestatus=10", "", `"picture_id":$pic`},
	{"pictures", "bench_id=$edit", "", `[]`},
	{"pictures", "offset=1", "", `[]`},
	{"pictures", "all=true ref=A", "", `"picture_id":$pic`},
	{"pictures", "all=true hash=none", "", `[]`},
	{"picture", "picture_id=$pic", "", `"smalltext":"A_1.jpg"`},
	{"picture-download", "picture_id=$pic", "", `the picture`},
	{"picture-tag", `picture_id=$pic rating=4 label=red tags={"MODEL":true}`, "", `"rating":4`},
	{"picture-tags", "picture_id=$pic", "", `"MODEL":true`},
	{"picture-specification", "picture_id=$pic", "", `"icc_profile"`},
	{"picture-status", "picture_id=$pic picturestatus=30 comment=good", "", `"OK"`},
	{"picture-status", "picture_id=$pic", `{"picturestatus":"10"}`, `"OK"`},
	{"picture-edit", "picture_id=$pic transfer_id=7 get_path=/get put_path=/put provision_code=CUT account_id=3", "", `"OK"`},
	{"picture-edit-bulk", "picture_ids=[$pic] transfer_id=7", "", `"OK"`},
	{"picture-frame", "picture_id=$pic x1=1 y1=2 x2=30 y2=40", "", `"OK"`},
	{"picture", "picture_id=$pic", "", `"x2":30`},

	{"productions", "", "", `"bench_id":$export`},
	{"production-templates", "", "", `"bench_template_id":1`},
	{"production-create", "smalltext=Winter startdate=2026-12-01T07:00:00.000Z tzoffset=60 shooting_method_id=1 bench_template_id=3", "", `"smalltext":"Winter (Export)"`},
	{"production-update", "bench_root_id=$root enddate=2026-12-24", "", `"enddate":"2026-12-24"`},
	{"benches", "bench_root_id=$root", "", `"benchsteptype":20`},
	{"bench", "bench_root_id=$root bench_id=$export", "", `"benchsteptype":40`},
	{"references-add", "bench_root_id=$root", `[{"bench_id":$live,"ref":"A"}]`, `"OK"`},
	{"upload", "bench_root_id=$root bench_id=$edit file=$file path=x/y wait=false transfer_id=12", "", `"OK"`},
	{"pictures", "path=x/y/retouched.jpg", "", `"benchsteptype":20`},
	{"upload", "bench_root_id=$root bench_id=$live file=$file", "", `"OK"`},
	{"upload-url", `bench_root_id=$root bench_id=$live path=/u wait=true urls=[{"url":"https://a.example/b.jpg","filename":"b.jpg"}]`, "", `"status":"OK"`},
	{"startexport", "bench_root_id=$root", "", `"export":"started"`},

	{"references", "", "", `"ref":"A"`},
	{"references", "all=true", "", `"reference_id":$ref`},
	{"reference", "id=$ref", "", `"ean":"359"`},
	{"reference-save", `ref=A color=PINK tags=["urgent"] extra={"a":1}`, "", `"reference_id":$ref`},
	{"references-save", "", `[{"ref":"B"},{"ref":"C"}]`, `"ref":"C"`},
	{"columns", "", `[{"key":"shop","label":"Shop","type":"int"}]`, `"shop"`},

	{"shootingmethods", "", "", `"shootingmethod":"Packshot"`},
	{"stock-batch", "smalltext=Box batch_type=1 batch_zone_id=2", "", `"batch_id"`},
	{"stock-add", "batch_id=1 reference_id=$ref batchrefstatus=10", "", `"OK"`},
	{"stock", "", "", `"reference_id":$ref`},
	{"stock-zones", "", "", `"smalltext"`},

	{"webhook-create", "address=https://a.example/hook topic=pictures/create", "", `"webhook_id"`},
	{"webhooks", "", "", `"webhook_id":$hook`},
	{"webhook-update", "webhook_id=$hook address=https://b.example/hook topic=pictures/update", "", `b.example`},
	{"webhook-delete", "webhook_id=$hook", "", `"OK"`},
	{"webhooks", "", "", `[]`},
	{"picture-delete", "picture_id=$pic", "", `"OK"`},
}

func TestEachCallHasACase(t *testing.T) {
	for _, call := range Calls() {
		found := false
		for _, s := range steps {
			found = found || s.name == call.Name
		}
		if !found || call.Doc == "" {
			t.Errorf("%s has no case, or no documentation", call.Name)
		}
	}
}

func TestCalls(t *testing.T) {
	w := newWorld(t, how{Options: grandshootingsim.Options{Keep: true, Dir: t.TempDir()}})
	w.sim.AddReference("A", "359")
	file := filepath.Join(t.TempDir(), "retouched.jpg")
	if err := os.WriteFile(file, []byte("retouched"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := w.mustDeliver("A_1.jpg", []byte("the picture"))
	values := map[string]string{
		"$pic": w.find(p).ID, "$file": file, "$root": fmt.Sprint(w.benches[10].Root), "$live": fmt.Sprint(w.benches[10].ID),
		"$edit": fmt.Sprint(w.benches[20].ID), "$export": fmt.Sprint(w.benches[40].ID),
	}
	values["$ref"] = fieldOf(t, w.call(t, "references", nil, ""), "reference_id")
	fill := func(text string) string {
		for name, v := range values {
			text = strings.ReplaceAll(text, name, v)
		}
		return text
	}
	for _, s := range steps {
		args := argsOf(s.args)
		for key, v := range args {
			args[key] = fill(v)
		}
		got := w.call(t, s.name, args, fill(s.body))
		if s.name == "webhook-create" {
			values["$hook"] = fieldOf(t, "["+got+"]", "webhook_id")
		}
		if !strings.Contains(got, fill(s.want)) {
			t.Errorf("%s %s: got %s, want %s in it", s.name, s.args, got, fill(s.want))
		}
		if s.name != "picture-download" && !json.Valid([]byte(got)) {
			t.Errorf("%s: %q is no JSON", s.name, got)
		}
	}
	if orders := w.sim.Orders(); len(orders) != 2 || orders[0].Fields["provision_code"] != "CUT" || fmt.Sprint(orders[0].Fields["transfer_id"]) != "7" {
		t.Errorf("edit orders: %+v", orders)
	}
}

func argsOf(text string) map[string]string {
	args := map[string]string{}
	for _, pair := range strings.Fields(text) {
		key, v, _ := strings.Cut(pair, "=")
		args[key] = v
	}
	return args
}

func (w *world) call(t *testing.T, name string, args map[string]string, body string) string {
	t.Helper()
	var out bytes.Buffer
	var raw json.RawMessage
	if body != "" {
		raw = json.RawMessage(body)
	}
	if err := w.client.Call(t.Context(), name, args, raw, &out); err != nil {
		t.Errorf("%s %v: %v", name, args, err)
	}
	return out.String()
}

func fieldOf(t *testing.T, list, name string) string {
	t.Helper()
	var rows []map[string]any
	if err := json.Unmarshal([]byte(list), &rows); err != nil || len(rows) == 0 {
		t.Fatalf("%s: %v", list, err)
	}
	return fmt.Sprint(rows[0][name])
}

// What is wrong is said before anything is sent, or refused by a look first.
func TestCallsThatAreRefused(t *testing.T) {
	w := newWorld(t, how{})
	p := w.mustDeliver("A_1.jpg", []byte("x"))
	id, root := w.find(p).ID, fmt.Sprint(w.benches[10].Root)
	tests := []struct{ name, args, body, want string }{
		{"pictur", "", "", `there is no call "pictur"; there are pictures, picture,`},
		{"picture", "", "", "picture: picture_id is missing"},
		{"picture", "picture_id=x", "", `picture_id: "x" is no number`},
		{"picture", "picture_id=1 size=2", "", `it takes no "size", only: picture_id`},
		{"pictures", "all=yes", "", `all: "yes" is neither true nor false`},
		{"look-create", "data=[", "", `data: "[" is not JSON`},
		{"references-save", "", "", "it needs a JSON body, a list"},
		{"references-save", "", "[", "the body is not JSON"},
		{"reference-save", "ref=A", `{"ref":"B"}`, "ref and a whole body cannot go together"},
		{"picture-tag", "picture_id=1 rating=6", "", `"6" is no rating from 0 to 5`},
		{"picture-tag", "picture_id=1 label=cyan", "", `"cyan" is none of transparent`},
		{"picture-tag", "picture_id=1", `{"rating":9}`, `rating: "9" is no rating`},
		{"picture-edit", "picture_id=1 transfer_id=f33cdd25-b8b0-48dd-abac-cf8a29529f89", "", "looks like a v3 transfer container (a UUID)"},
		{"picture-edit-bulk", "", `{"picture_ids":[1],"transfer_id":"f33cdd25-b8b0-48dd-abac-cf8a29529f89"}`, "looks like a v3 transfer container"},
		{"picture-edit", "picture_id=1 transfer_id=abc", "", `"abc" is no number of a transfer`},
		{"upload", "bench_root_id=1 bench_id=1 file=x transfer_id=f33cdd25-b8b0-48dd-abac-cf8a29529f89", "", "looks like a v3 transfer"},
		{"picture-status", "picture_id=" + id + " picturestatus=50", "", "a picture on a bench of step 10 cannot get status 50, only one of 5 10 30"},
		{"picture-status", "picture_id=" + id, `{"picturestatus":55}`, "cannot get status 55"},
		{"upload", fmt.Sprintf("bench_root_id=%s bench_id=%d file=none", root, w.benches[40].ID), "", "40 is exports and validation"},
		{"upload", fmt.Sprintf("bench_root_id=%s bench_id=%d file=/no/such/file.jpg", root, w.benches[10].ID), "", "/no/such/file.jpg"},
		{"upload", fmt.Sprintf("bench_root_id=%s bench_id=%d file=/", root, w.benches[10].ID), "", "/ is no file"},
		{"upload-url", fmt.Sprintf("bench_root_id=%s bench_id=%d urls=[]", root, w.benches[40].ID), "", "40 is exports and validation"},
	}
	for _, tt := range tests {
		var out bytes.Buffer
		var body json.RawMessage
		if tt.body != "" {
			body = json.RawMessage(tt.body)
		}
		err := w.client.Call(t.Context(), tt.name, argsOf(tt.args), body, &out)
		if err == nil || !strings.Contains(err.Error(), tt.want) || out.Len() != 0 {
			t.Errorf("%s %s %s: got %q, %v; want an error that says %q", tt.name, tt.args, tt.body, out.String(), err, tt.want)
		}
	}
	for _, op := range []string{"tag", "edit", "status", "upload-url"} {
		if n := w.sim.Requests(op); n != 0 {
			t.Errorf("%d requests of %s", n, op)
		}
	}
}

// "102: Export is already processing" leaves a client waiting for the answer.
func TestStartExport(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, how{Options: grandshootingsim.Options{ExportIsRunning: true}})
		args := map[string]string{"bench_root_id": fmt.Sprint(w.benches[10].Root)}
		begin := time.Now()
		if got := w.call(t, "startexport", args, ""); !strings.Contains(got, `"already running"`) || time.Since(begin) > time.Second {
			t.Errorf("102: %s after %v", got, time.Since(begin))
		}
		w.faults.Then("export", faults.Fault{Status: 423})
		if got := w.call(t, "startexport", args, ""); !strings.Contains(got, `"already running"`) {
			t.Errorf("423: %s", got)
		}
		w.faults.Then("export", faults.Fault{Delay: time.Hour})
		begin = time.Now()
		if got := w.call(t, "startexport", args, ""); !strings.Contains(got, `"perhaps running`) || time.Since(begin) > exportTime+time.Second {
			t.Errorf("silence: %s after %v", got, time.Since(begin))
		}
		w.faults.Then("export", faults.Fault{Status: 404})
		var out bytes.Buffer
		if err := w.client.Call(t.Context(), "startexport", args, nil, &out); !errors.Is(err, connectors.ErrRejected) {
			t.Errorf("404: %q, %v", out.String(), err)
		}
	})
}

func TestAllPagesOfALongList(t *testing.T) {
	w := newWorld(t, how{})
	w.fill(10_150)
	var rows []map[string]any
	got := w.call(t, "pictures", map[string]string{"all": "true", "bench_id": fmt.Sprint(w.benches[10].ID)}, "")
	if err := json.Unmarshal([]byte(got), &rows); err != nil || len(rows) != 10_150 {
		t.Errorf("%d rows, %v; want 10150", len(rows), err)
	}
	seen := map[string]bool{}
	for _, row := range rows {
		seen[fmt.Sprint(row["picture_id"])] = true
	}
	if len(seen) != len(rows) {
		t.Errorf("%d different rows of %d", len(seen), len(rows))
	}
}

func TestADownloadThatIsCut(t *testing.T) {
	w := newWorld(t, how{Options: grandshootingsim.Options{Keep: true}})
	p := w.mustDeliver("A_1.jpg", bytes.Repeat([]byte("x"), 1000))
	w.faults.Then("download", faults.Fault{Cut: 500})
	var out bytes.Buffer
	if err := w.client.Call(t.Context(), "picture-download", map[string]string{"picture_id": w.find(p).ID}, nil, &out); err == nil || out.Len() > 500 {
		t.Errorf("got %d bytes and %v, want an error", out.Len(), err)
	}
}

func TestAnswersBecomeJSON(t *testing.T) {
	for reply, want := range map[string]string{"": "null", " \n": "null", `"x"`: `"x"`, "OK": `"OK"`, `{"a":1}`: `{"a":1}`} {
		var out bytes.Buffer
		if err := writeJSON(&out, []byte(reply)); err != nil || out.String() != want+"\n" {
			t.Errorf("%q: got %q, %v; want %q", reply, out.String(), err, want)
		}
	}
}
