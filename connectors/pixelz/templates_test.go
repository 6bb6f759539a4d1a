package pixelz

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/faults"
	"github.com/studio-agent/studio-agent/connectors/pixelz/pixelzsim"
)

func TestTemplateOfAPhoto(t *testing.T) {
	w := newWorld(t, how{Options: pixelzsim.Options{Templates: []pixelzsim.Template{
		{ID: 101, Name: "Green BG"}, {ID: 102, Name: "White BG"}, {ID: 103, Name: "Twice"}, {ID: 104, Name: "Twice"},
		{ID: 105, Name: "Old", Deleted: true}, {ID: 106, Name: "white bg"}, {ID: 107, Name: "101"}, {ID: 108, Name: "Shadow"},
	}}})
	tests := map[string]struct{ wanted, id, says string }{
		"the account's":        {"", "101", ""},
		"by name":              {"White BG", "102", ""},
		"by number":            {"102", "102", ""},
		"a number comes first": {"101", "101", ""},
		"regardless of case":   {"SHADOW", "108", ""},
		"with blanks":          {" Green BG ", "101", ""},
		"case tells two apart": {"white bg", "106", ""},
		"case tells nothing":   {"WHITE BG", "", "use the number of one of them, 102 or 106"},
		"two of one name":      {"Twice", "", "use the number of one of them, 103 or 104"},
		"deleted":              {"Old", "", `has no template "Old"; it has`},
		"unknown":              {"Whiteish", "", "it has White BG (102), white bg (106), 101 (107)"},
		"nothing like it":      {"x", "", "Green BG (101)"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			id, err := w.templateOf(t.Context(), connectors.Photo{Template: tt.wanted})
			if id != tt.id || (err != nil) != (tt.says != "") {
				t.Fatalf("got %q, %v; want %q", id, err, tt.id)
			}
			if err != nil && (!errors.Is(err, connectors.ErrRejected) || !strings.Contains(err.Error(), tt.says)) {
				t.Errorf("got %v, want a refusal that says %q", err, tt.says)
			}
		})
	}
}

func TestNoTemplateAnywhere(t *testing.T) {
	w := newWorld(t, how{yaml: "template:", Options: pixelzsim.Options{Templates: []pixelzsim.Template{}}})
	if _, err := w.templateOf(t.Context(), connectors.Photo{}); !errors.Is(err, connectors.ErrRejected) || !strings.Contains(err.Error(), "name a template") {
		t.Errorf("got %v", err)
	}
	if _, err := w.templateOf(t.Context(), connectors.Photo{Template: "x"}); !errors.Is(err, connectors.ErrRejected) || !strings.Contains(err.Error(), "none at all") {
		t.Errorf("got %v", err)
	}
}

func TestTemplatesAreReadOnceForSomeMinutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, how{})
		ask := func(name string, want int) {
			t.Helper()
			w.templateOf(t.Context(), connectors.Photo{Template: name})
			if n := w.sim.Requests("templates"); n != want {
				t.Errorf("%s: %d requests in all, want %d", name, n, want)
			}
		}
		ask("Green BG", 1)
		ask("White BG", 1)
		ask("unknown", 1) // the list is fresh
		time.Sleep(time.Minute)
		ask("101", 1)
		ask("unknown", 2) // somebody may just have made it
		time.Sleep(templatesFor)
		ask("101", 3)
		if _, err := w.listTemplates(t.Context()); err != nil || w.sim.Requests("templates") != 4 {
			t.Errorf("a person's question was answered from memory: %v", err)
		}
	})
}

func TestListTemplates(t *testing.T) {
	tests := map[string]struct {
		reply string
		want  []connectors.Template // nil: an error
	}{
		"SOAP sample, list":  {`{"ErrorCode":"NoError","Templates":[{"TemplateId":2,"TemplateName":"B"},{"TemplateId":1,"TemplateName":"A"}]}`, []connectors.Template{{ID: "1", Name: "A"}, {ID: "2", Name: "B"}}},
		"SOAP sample, one":   {`{"Template":{"Id":7,"Name":"One","IsDeleted":false}}`, []connectors.Template{{ID: "7", Name: "One"}}},
		"bare list":          {`[{"templateId":"1","templateName":"A"}]`, []connectors.Template{{ID: "1", Name: "A"}}},
		"wrapped twice":      {`{"GetTemplatesResult":{"ErrorCode":0,"Templates":[{"TemplateId":1,"TemplateName":"A\u0000\n b"}]}}`, []connectors.Template{{ID: "1", Name: "A b"}}},
		"none":               {`{"ErrorCode":"NoError","Templates":[]}`, []connectors.Template{}},
		"none, null":         {`{"ErrorCode":"NoError","Templates":null}`, []connectors.Template{}},
		"deleted":            {`[{"TemplateId":1,"TemplateName":"A","IsDeleted":true}]`, []connectors.Template{}},
		"failure":            {`{"ErrorCode":"Whatever","Message":"no"}`, nil},
		"nothing":            {`{}`, nil},
		"a web page":         {`<html>`, nil},
		"refused by a proxy": {`400|{"message":"no"}`, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := answering(t, scripted{"/Templates": tt.reply}).listTemplates(t.Context())
			if (err == nil) != (tt.want != nil) || len(got) != len(tt.want) || len(got) > 0 && !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %v, %v; want %v", got, err, tt.want)
			}
			if errors.Is(err, connectors.ErrRejected) {
				t.Errorf("%v would hold a photo for what is not its fault", err)
			}
		})
	}
}

func TestALoginThatIsRefusedStopsAll(t *testing.T) {
	w := newWorld(t, how{})
	w.auth["contactAPIkey"] = "wrong"
	_, deliver := w.deliver(t.Context(), photo("a.jpg", []byte("a")), []byte("a"))
	_, find := w.Find(t.Context(), []connectors.Photo{photo("a.jpg", nil)})
	_, pending := w.Pending(t.Context())
	for what, err := range map[string]error{"deliver": deliver, "find": find, "pending": pending, "probe": w.probe(t.Context())} {
		if !errors.Is(err, connectors.ErrDenied) {
			t.Errorf("%s: %v, want denied", what, err)
		}
	}
	if n := len(w.sim.Orders()); n != 0 {
		t.Errorf("%d orders", n)
	}
}

func TestNamesAreNotEndless(t *testing.T) {
	var list []connectors.Template
	for i := range 30 {
		list = append(list, connectors.Template{ID: fmt.Sprint(i), Name: fmt.Sprintf("T%d", i)})
	}
	if got := names(list, "t2"); !strings.HasPrefix(got, "T2 (2), T20 (20)") || !strings.HasSuffix(got, ", 20 more") {
		t.Errorf("got %s", got)
	}
}

func TestProbe(t *testing.T) {
	w := newWorld(t, how{Options: pixelzsim.Options{Numeric: true}})
	if err := w.probe(t.Context()); err != nil {
		t.Error(err)
	}
	w.faults.Then("contact", faults.Fault{Status: 404})
	if err := w.probe(t.Context()); !errors.Is(err, connectors.ErrDenied) {
		t.Errorf("a wrong url: %v, want denied", err)
	}
	err := answering(t, scripted{"/Contact": `{"ErrorCode":"Odd"}`}).probe(t.Context())
	if err == nil || errors.Is(err, connectors.ErrRejected) || errors.Is(err, connectors.ErrDenied) {
		t.Errorf("an unknown code: %v, want a plain error", err)
	}
}
