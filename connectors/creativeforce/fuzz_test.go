package creativeforce

import (
	"encoding/hex"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
)

func FuzzWebhook(f *testing.F) {
	f.Add(event("1", time.Now()), "", true)
	f.Add([]byte(`{"PayloadId":1,"TaskId":[]}`), "sha256=00", false)
	f.Add([]byte(`{"PayloadId":"x","TaskId":"t","EventDatetimeUtc":1e400}`), "====", true)
	f.Fuzz(func(t *testing.T, body []byte, given string, genuine bool) {
		c, err := New(setupOf("", nil))
		if err != nil {
			t.Fatal(err)
		}
		if genuine {
			given = hex.EncodeToString(signature(t, body))
		}
		r, err := http.NewRequest(http.MethodPost, "/hooks/cf", strings.NewReader(string(body)))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("X-CF-Signature", given)
		w := answer{}
		c.Hook.ServeHTTP(&w, r)
		forged := !genuine && given != hex.EncodeToString(signature(t, body))
		if w.status == 0 || forged && (w.status == 200 || w.status == 202) && !strings.Contains(given, "=") {
			t.Errorf("answered %d to %q", w.status, given)
		}
	})
}

type answer struct {
	header http.Header
	status int
}

func (a *answer) Header() http.Header {
	if a.header == nil {
		a.header = http.Header{}
	}
	return a.header
}
func (a *answer) Write(p []byte) (int, error) { a.WriteHeader(200); return len(p), nil }
func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
}

// Whatever the platform answers: no panic, names that are safe, numbers that are
// sane, and pages that hold nothing as it came.
func FuzzReplies(f *testing.F) {
	for _, seed := range []string{
		`{"tasks":[{"taskId":"1","status":"To Do"}],"pageInfo":{"pageSize":3}}`,
		`{"taskId":"1","status":"In Progress","inputAssets":[{"assetId":"a","fileName":"../x.jpg","expectedOutputs":[{"expectedOutputId":"o","fileName":"x"}]}],"expectedOutputs":[{"expectedOutputId":"o","isRejected":true}]}`,
		`{"annotations":[{"type":"Rejection","expectedOutputId":"o","text":"<b>","markings":[{"x":1e9,"y":-1,"width":"0.5","height":null}]}]}`,
		`{"assets":[{"assetId":"a","fileUrl":"http://x/?s=1","length":5,"imageInformation":{"dimension":"4000x3000"}}]}`,
		`{"specs":[{"specId":"s","width":1,"format":"image/jpeg","maxLength":"x"}]}`,
		`{"headers":{"a":"b"},"files":[{"presignedUrl":"https://h/x","tempAssetId":"t"}],"errorFiles":[{"errorCode":14}]}`,
		`{"statusCode":1}`, `{"errors":[{"message":"x"}]}`, `{"name":7}`, `[]`, `null`, `"x"`,
	} {
		f.Add([]byte(seed))
	}
	a, err := newAccount(setupOf("", nil))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		rows, size, err := decodeList(raw)
		if size < 0 || err != nil && len(rows) > 0 {
			t.Errorf("a page of %d, %d rows with %v", size, len(rows), err)
		}
		decodeName(raw) // panics are what is looked for
		decodeFiles(raw)
		if p, err := decodePresign(raw); err == nil {
			for _, f := range p.Files {
				a.web.at(string(f.PresignedURL))
				lifeOf(string(f.PresignedURL))
			}
		}
		if s, err := decodeSubmit(raw); err == nil {
			if said := s.words(strings.TrimSpace); len(said) > 210 || strings.ContainsAny(said, "\n\r\x00") {
				t.Errorf("said %q", said)
			}
		}
		if specs, err := decodeSpecs(raw); err == nil {
			for _, s := range specs {
				if want := specification(s); want.MinWidth < 0 || want.MinWidth > want.MaxWidth || want.MaxBytes < 0 {
					t.Errorf("wants %+v", want)
				}
			}
		}
		notes, _ := decodeAnnotations(raw)
		fuzzTask(t, a, raw, notes)
	})
}

func fuzzTask(t *testing.T, a *account, raw []byte, notes []annotation) {
	reply, err := decodeTask(raw)
	if err != nil {
		return
	}
	if len(notes) == 0 {
		notes = []annotation{{Type: "Rejection", ExpectedOutputID: "o", Text: "x", Markings: []marking{{X: 0.5}}}}
	}
	k := key{ecommerce, first(reply.TaskID, reply.ID)}
	tk := a.opt.newTask(k, reply, notes)
	tk.status = cancelled // describe asks nobody then
	for i := range tk.outputs {
		tk.outputs[i].spec.SpecID = ""
	}
	if err := a.describe(t.Context(), tk); err != nil {
		t.Fatal(err)
	}
	tk.round, tk.folder = 2, safeName(string(reply.JobID), "job")+"/"+safeName(string(reply.ProductID), "product")
	for _, in := range tk.inputs {
		if err := connectors.CheckName(tk.folder + "/" + in.disk); err != nil {
			t.Error(err)
		}
		if id, _, ok := parseRetouchID(in.id(tk)); !ok && k.id != "" || ok && id.String() != in.id(tk) {
			t.Errorf("%q cannot be read back", in.id(tk))
		}
	}
	for _, o := range tk.outputs {
		if err := connectors.CheckName(tk.folder + "/" + o.disk); err != nil {
			t.Error(err)
		}
		tk.expects(o.disk)
		if id := (receiptID{tk.batch(), o.id, "t"}); k.id != "" {
			if got, ok := parseReceiptID(id.String()); !ok || got != id {
				t.Errorf("%+v cannot be read back", id)
			}
		}
	}
	if _, err := instructions(tk, nil, ""); err != nil {
		t.Error(err)
	}
	if _, err := taskFile(tk, ""); err != nil {
		t.Error(err)
	}
	tk.mark()
}
