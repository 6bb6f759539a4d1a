package grandshooting

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// The examples of "List the benches of a production" and "List the pictures of
// a bench", shortened.
const (
	productionsExample = `[[
		{"smalltext":"My first production","bench_id":1,"parent_id":null,"root_id":1,"benchsteptype":10},
		{"smalltext":"My first production (Retouching)","bench_id":2,"parent_id":1,"root_id":1,"benchsteptype":20},
		{"smalltext":"My first production (Export)","bench_id":3,"parent_id":2,"root_id":1,"benchsteptype":40}]]`
	pictureExample = `{"picture_id":1023,"bench_id":2,"bench_root_id":1,"benchsteptype":20,"ref":"FW19_ALDA_PINK",
		"path":"f33cdd25-b8b0-48dd-abac-cf8a29529f89/JPG/FW19_ALDA_PINK-1.jpg","smalltext":"FW19_ALDA_PINK_1.jpg",
		"picturestatus":30,"filesize":520000,"parent_id":151,"child_ids":[2034,1034],
		"thumbnail":"https://d2ui6hcz8iRm23.cdn.com/96/90/aca22fe007c.jpg","hash":"5ef7fcb04a5c2e90a0f490e92a3260c50a259a5c"}`
)

func TestDecodeBenches(t *testing.T) {
	tests := map[string]struct {
		raw  string
		want []Bench
	}{
		"the document's example": {productionsExample, []Bench{
			{ID: "1", Root: "1", Smalltext: "My first production", Step: 10},
			{ID: "2", Parent: "1", Root: "1", Smalltext: "My first production (Retouching)", Step: 20},
			{ID: "3", Parent: "2", Root: "1", Smalltext: "My first production (Export)", Step: 40},
		}},
		"flat, ids as text": {`[{"bench_id":"7","root_id":"7","benchsteptype":"10","benchstatus":"40"},{"bench_id":8,"root_id":"7"}]`,
			[]Bench{{ID: "7", Root: "7", Step: 10, Status: 40}, {ID: "8", Root: "7"}}},
		"no root":   {`[{"bench_id":7}]`, []Bench{{ID: "7", Root: "7"}}},
		"with null": {`[[null],null]`, nil},
		"empty":     {`[]`, nil},
	}
	for name, tt := range tests {
		got, err := decodeBenches([]byte(tt.raw))
		if err != nil || !slices.Equal(got, tt.want) {
			t.Errorf("%s: got %+v, %v; want %+v", name, got, err, tt.want)
		}
	}
	for _, bad := range []string{``, `{}`, `"OK"`, `[1]`, `[{"bench_id":{}}]`, `[{"benchsteptype":"x"}]`} {
		if got, err := decodeBenches([]byte(bad)); err == nil {
			t.Errorf("%s: got %+v, want an error", bad, got)
		}
	}
}

func TestDecodePictures(t *testing.T) {
	var trashed = strings.Replace(pictureExample, `"path":"`, `"path":"__TRASH/`, 1)
	got, err := decodePictures([]json.RawMessage{
		json.RawMessage(pictureExample), json.RawMessage(trashed), json.RawMessage(`null`),
		json.RawMessage(`{"picture_id":"12","filesize":"34","smalltext":"a.jpg","hash":null,"new_field":{}}`),
	})
	want := []Picture{
		{ID: "1023", Bench: "2", Root: "1", Parent: "151", Step: 20, Status: 30, Path: "f33cdd25-b8b0-48dd-abac-cf8a29529f89/JPG/FW19_ALDA_PINK-1.jpg",
			Smalltext: "FW19_ALDA_PINK_1.jpg", Filesize: 520000, Hash: "5ef7fcb04a5c2e90a0f490e92a3260c50a259a5c",
			Thumbnail: "https://d2ui6hcz8iRm23.cdn.com/96/90/aca22fe007c.jpg"},
		{ID: "12", Filesize: 34, Smalltext: "a.jpg"},
	}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
	if _, err := decodePictures([]json.RawMessage{json.RawMessage(`{"filesize":1.5}`)}); err == nil {
		t.Error("half a byte is no error")
	}
}

func TestDecodeUpload(t *testing.T) {
	for raw, want := range map[string]ID{
		``: "", `"string"`: "", `OK`: "", `null`: "", `[]`: "", `{}`: "",
		`{"picture_id":12}`: "12", `[{"picture_id":"12","status":"OK"}]`: "12",
		`[{"picture_id":1},{"picture_id":2}]`: "",
	} {
		if got, err := decodeUpload([]byte(raw)); got != want || err != nil {
			t.Errorf("%s: got %q, %v; want %q", raw, got, err, want)
		}
	}
	for _, raw := range []string{`{"status":"ERROR"}`, `[{"status":"OK"},{"status":"error"}]`} {
		if _, err := decodeUpload([]byte(raw)); err == nil {
			t.Errorf("%s: no error", raw)
		}
	}
}

func TestIDOrder(t *testing.T) {
	ids := []ID{"", "0", "9", "10", "99", "100", "1000000000000000000000"}
	for i, a := range ids {
		for j, b := range ids {
			if got := a.Less(b); got != (i < j) {
				t.Errorf("%q less than %q: %v", a, b, got)
			}
		}
	}
}

func FuzzDecodeBenches(f *testing.F) {
	f.Add([]byte(productionsExample))
	f.Add([]byte(`[{"bench_id":"7"}]`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		benches, err := decodeBenches(raw)
		for _, b := range benches {
			if err == nil && (b.ID == "" || b.Root == "") {
				t.Errorf("a bench without an id: %+v", b)
			}
		}
		for _, name := range []string{"1", "x"} {
			if b, err := pick(benches, target{production: name, step: captureStep}); err == nil && int(b.Step) != captureStep {
				t.Errorf("picked %+v", b)
			}
		}
	})
}

func FuzzDecodePictures(f *testing.F) {
	f.Add([]byte(pictureExample), "FW19_ALDA_PINK_1.jpg")
	f.Add([]byte(`{"picture_id":"1","path":"/a//b.jpg"}`), "a/b.jpg")
	f.Fuzz(func(t *testing.T, raw []byte, name string) {
		pics, err := decodePictures([]json.RawMessage{raw})
		if err != nil {
			return
		}
		for _, pic := range candidates(name, pics) {
			if pic.ID == "" || inTrash(pic.Path) {
				t.Errorf("%+v is no picture", pic)
			}
		}
		decodeUpload(raw)
	})
}
