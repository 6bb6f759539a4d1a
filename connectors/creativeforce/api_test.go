package creativeforce

import (
	"strings"
	"testing"
)

func TestRepliesAreReadLeniently(t *testing.T) {
	for name, raw := range map[string]string{
		"camel":  `{"taskId":"7","status":"To Do","isRejected":true,"inputAssets":[{"assetId":"a","expectedOutputs":[{"expectedOutputId":"o"}]}],"more":{"x":[1]}}`,
		"pascal": `{"TaskId":7,"Status":"to-do","IsRejected":"True","InputAssets":[{"AssetId":"a","ExpectedOutputs":[{"ExpectedOutputId":"o"}]}]}`,
		"short":  `{"id":"7","taskStatus":"TODO","isRejected":1,"inputAssets":[{"assetId":"a"}],"expectedOutputs":[{"id":"o","inputAssetId":"a"}],"editorialDeliverableId":"one"}`,
	} {
		reply, err := decodeTask([]byte(raw))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got := new(options).newTask(key{ecommerce, first(reply.TaskID, reply.ID)}, reply, nil)
		if got.id != "7" || got.status != ready || !got.rejected || len(got.inputs) != 1 || len(got.outputs) != 1 || got.outputs[0].input != "a" {
			t.Errorf("%s: %+v", name, got)
		}
	}
	for _, bad := range []string{``, `null`, `[]`, `{}`, `{"status":{}}`, `{"status":"x","inputAssets":{}}`, `<html>`} {
		if _, err := decodeTask([]byte(bad)); err == nil {
			t.Errorf("%q was taken for a task", bad)
		}
	}
}

func TestListsOfTasks(t *testing.T) {
	for raw, want := range map[string]int{
		`{"tasks":[{"taskId":"1"}],"pageData":[{"taskId":"1"}],"pageInfo":{"pageSize":10}}`: 1,
		`{"Tasks":[{"TaskId":1},{"TaskId":2}]}`:                                             2,
		`[{"id":"1"}]`:                                                                      1,
		`{"pageData":[]}`:                                                                   0,
		`{}`:                                                                                0,
		`{"tasks":[{}]}`:                                                                    -1,
		`{"tasks":["x"]}`:                                                                   -1,
		`{"tasks":{"a":1}}`:                                                                 -1,
		`nonsense`:                                                                          -1,
	} {
		rows, _, err := decodeList([]byte(raw))
		if want < 0 && err == nil || want >= 0 && (err != nil || len(rows) != want) {
			t.Errorf("%s: %d rows, %v; want %d", raw, len(rows), err, want)
		}
	}
}

func TestNumbersAndNames(t *testing.T) {
	specs, err := decodeSpecs([]byte(`{"specs":[{"specId":1,"width":"2000","height":-5,"maxLength":1e300,"dpi":"many","format":null}]}`))
	if err != nil || len(specs) != 1 {
		t.Fatal(specs, err)
	}
	if s := specs[0]; s.SpecID != "1" || s.Width.whole() != 2000 || s.Height.whole() != 0 || s.MaxLength.whole() != 0 || s.DPI.whole() != 0 || s.Format != "" {
		t.Errorf("got %+v", s)
	}
	for raw, want := range map[string]string{
		`{"name":"Autumn"}`: "Autumn", `{"JobName":"A","code":"B"}`: "A", `{"productCode":"SKU","name":"Shoe"}`: "SKU", `{"code":12}`: "12", `{}`: "",
	} {
		if got, err := decodeName([]byte(raw)); err != nil || got != want {
			t.Errorf("%s: %q, %v; want %q", raw, got, err, want)
		}
	}
}

func TestWordsOfARefusal(t *testing.T) {
	for raw, want := range map[string]string{
		`{"statusCode":24,"message":"Unknown\n asset"}`:             "24 UNKNOWN ASSET",
		`{"title":"One or more","status":400,"errors":{"a":["b"]}}`: "ONE OR MORE",
		`{"errors":[{"code":"GEN-4","message":"no such"}]}`:         "NO SUCH",
		``: "",
	} {
		reply, err := decodeSubmit([]byte(raw))
		if got := reply.words(strings.ToUpper); err != nil || got != want {
			t.Errorf("%s: %q, %v; want %q", raw, got, err, want)
		}
	}
}

func TestAnOutputThatIsToldOfTwice(t *testing.T) {
	reply, err := decodeTask([]byte(`{"taskId":"7","status":"To Do","isRejected":true,
		"inputAssets":[{"assetId":"a","specId":"s","expectedOutputs":[{"expectedOutputId":"1","fileName":"x.jpg"},{"expectedOutputId":"2"},{}]}],
		"expectedOutputs":[{"expectedOutputId":"2","fileName":"y.jpg","isRejected":true},{"expectedOutputId":"1","isSubmitted":true},{"expectedOutputId":"3"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	got := new(options).newTask(key{ecommerce, "7"}, reply, nil)
	got.round = 2
	if len(got.outputs) != 3 {
		t.Fatalf("outputs are %+v, want three", got.outputs)
	}
	if x, y := got.outputs[0], got.outputs[1]; x.name != "x.jpg" || x.input != "a" || !x.submitted || x.rejected || y.name != "y.jpg" || y.spec.SpecID != "s" || !y.rejected {
		t.Errorf("outputs are %+v", got.outputs)
	}
	if due := got.due(); len(due) != 1 || due[0].id != "2" {
		t.Errorf("due are %+v, want the rejected one", due)
	}
	got.outputs[1].rejected = false
	if due := got.due(); len(due) != 3 {
		t.Errorf("with no mark and no note %+v are due, want all", due)
	}
	got.notes = []annotation{{Type: "Rejection", ExpectedOutputID: "3"}, {Type: "Instruction", ExpectedOutputID: "1"}}
	if due := got.due(); len(due) != 1 || due[0].id != "3" {
		t.Errorf("with a note %+v are due, want the one it names", due)
	}
}
