package grandshooting

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/studio-agent/studio-agent/connectors"
)

func TestEditOptions(t *testing.T) {
	const uuid = "f33cdd25-b8b0-48dd-abac-cf8a29529f89"
	tests := map[string]struct {
		edit string
		want string // the body's fields, or what the error says
	}{
		"transfer alone":  {`{transfer: 12}`, `{"picture_ids":[7,"x"],"transfer_id":12}`},
		"as text":         {`{transfer: "12", account_id: "9"}`, `{"account_id":9,"picture_ids":[7,"x"],"transfer_id":12}`},
		"all":             {`{transfer: 12, get_path: studio/back, put_path: studio/out, provision_code: CUT, account_id: 3, paths: platform}`, `{"account_id":3,"get_path":"studio/back","picture_ids":[7,"x"],"provision_code":"CUT","put_path":"studio/out","transfer_id":12}`},
		"vendor flips":    {`{transfer: 12, get_path: back, put_path: out, paths: vendor}`, `{"get_path":"out","picture_ids":[7,"x"],"put_path":"back","transfer_id":12}`},
		"NFC, case kept":  {`{transfer: 12, put_path: "E\u0301te\u0301/Out"}`, "{\"picture_ids\":[7,\"x\"],\"put_path\":\"\u00c9t\u00e9/Out\",\"transfer_id\":12}"},
		"no transfer":     {`{put_path: out}`, "bench b: edit: transfer is required"},
		"UUID":            {`{transfer: ` + uuid + `}`, "transfer: this looks like a v3 transfer container (a UUID)"},
		"word":            {`{transfer: ftp}`, `transfer: "ftp" is no number`},
		"account":         {`{transfer: 1, account_id: acme}`, `account_id: "acme" is no number`},
		"absolute":        {`{transfer: 1, get_path: /back}`, "get_path: \"/back\" must be a folder inside"},
		"up":              {`{transfer: 1, put_path: a/../../b}`, "put_path:"},
		"backslash":       {`{transfer: 1, put_path: 'a\b'}`, `write / between folders`},
		"drive":           {`{transfer: 1, put_path: "C:/out"}`, "no drive"},
		"line break":      {`{transfer: 1, put_path: "a\r\nDELE b"}`, "holds a control character"},
		"end slash":       {`{transfer: 1, put_path: out/}`, "put_path:"},
		"code of folders": {`{transfer: 1, provision_code: a/b}`, "must be the name of one folder"},
		"code up":         {`{transfer: 1, provision_code: ..}`, "must be the name of one folder"},
		"paths":           {`{transfer: 1, paths: ftp}`, `paths: "ftp" is neither platform nor vendor`},
		"export":          {`{transfer: 1, export: before}`, `export: "before" is not known`},
		"nothing back":    {`{transfer: 1, export: after}`, "imports nothing from this account"},
	}
	for name, tt := range tests {
		got, err := newTarget(connectors.Bench{Name: "b", Decode: looseYAML("{production: 1, edit: " + tt.edit + "}")})
		if err != nil {
			if !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%s: got %v, want it to say %s", name, err, tt.want)
			}
			continue
		}
		body, err := json.Marshal(got.edit.fields([]ID{"7", "x"}))
		if err != nil || string(body) != tt.want {
			t.Errorf("%s: got %s, %v; want %s", name, body, err, tt.want)
		}
	}
	if _, err := newTarget(connectors.Bench{Name: "b", Decode: looseYAML("{production: 1, step: 20, edit: {transfer: 1}}")}); err == nil || !strings.Contains(err.Error(), "only what is sent to step 10") {
		t.Errorf("edit of a retouching bench: %v", err)
	}
}

func TestCommitAndInOnlyWhereUsed(t *testing.T) {
	s := setupOf(goodAccount, map[string]string{"a": "production: 1", "b": "{production: 1, edit: {transfer: 1}}"})
	c, err := New(s)
	if err != nil || c.Commit == nil || c.In != nil || c.Specify == nil {
		t.Errorf("a bench with edit: %+v, %v", c, err)
	}
	s = setupOf(goodAccount, map[string]string{"a": "production: 1"})
	s.Benches[0].Imports = true
	if c, err = New(s); err != nil || c.Commit != nil || c.In == nil {
		t.Errorf("a bench with imports: %+v, %v", c, err)
	}
}

func TestImportStep(t *testing.T) {
	production := func(steps ...int) (all []Bench) {
		for _, step := range steps {
			all = append(all, Bench{ID: "1", Step: number(step)})
		}
		return all
	}
	tests := []struct {
		keys  string
		steps []Bench
		want  int // the step imported from; 0 for none, -1 for an error in agent.yaml
	}{
		{"", production(10, 20, 30, 40), 30},
		{"import_step: last", production(10, 20, 40), 20},
		{"import_step: last", production(10, 40), 0},
		{"import_step: 20", production(10, 20, 30, 40), 20},
		{`import_step: "30"`, production(10, 20, 30, 40), 30},
		{"import_step: 30", production(10, 20, 40), 0},
		{"{step: 20, import_step: last}", production(10, 20, 30, 40), 30},
		{"{step: 20, import_step: last}", production(10, 20, 40), 0},
		{"{step: 20, import_step: 20}", nil, -1},
		{"import_step: 10", nil, -1},
		{"import_step: 40", nil, -1},
		{"import_step: first", nil, -1},
	}
	for _, tt := range tests {
		b := connectors.Bench{Name: "b", Imports: true, Decode: looseYAML(tt.keys)}
		b.Decode = func(into any) error {
			into.(*benchOptions).Production = 1
			return looseYAML(tt.keys)(into)
		}
		got, err := newTarget(b)
		if (err != nil) != (tt.want == -1) {
			t.Errorf("%s: %v", tt.keys, err)
		}
		if err != nil {
			continue
		}
		step := 0
		if i := got.importFrom(tt.steps); i >= 0 {
			step = int(tt.steps[i].Step)
		}
		if step != tt.want {
			t.Errorf("%s of %v: from step %d, want %d", tt.keys, tt.steps, step, tt.want)
		}
	}
}
