package pixelz

import (
	"strings"
	"testing"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/faults"
	"github.com/studio-agent/studio-agent/connectors/pixelz/pixelzsim"
)

func TestExamine(t *testing.T) {
	tests := map[string]struct {
		how    how
		before func(*world)
		what   string
		health connectors.Health
		says   string
		ends   bool // with an error
	}{
		"login":             {what: "log in", says: "balance 120.5 EUR"},
		"template":          {what: "templates", says: "Green BG is number 101, of 2"},
		"no template":       {how: how{yaml: "template:"}, what: "templates", health: connectors.Odd, says: "Green BG (101), White BG (102)"},
		"unknown template":  {how: how{yaml: "template: Grey"}, what: "templates", health: connectors.Odd, says: `there is no "Grey"`},
		"upload":            {what: "upload", says: "direct, to 127.0.0.1"},
		"no upload":         {how: how{Options: pixelzsim.Options{NoPresign: true}}, what: "upload", health: connectors.Odd, says: "no direct uploads"},
		"upload not wanted": {how: how{yaml: "upload: url"}, what: "upload", says: "by their address"},
		"orders":            {before: func(w *world) { w.ordered("a.jpg") }, what: "orders", says: "1 in 45 days"},
		"no callback":       {what: "callback", says: "at the next poll"},
		"callback":          {how: how{yaml: "callback: http://127.0.0.1:9/x\nhook_key: env:HOOK"}, what: "callback", says: "http://127.0.0.1:9/x/hooks/pixelz, with a key"},
		"denied":            {before: func(w *world) { w.faults.Then("contact", faults.Fault{Status: 401}) }, what: "log in", health: connectors.Broken, ends: true},
		"templates broken":  {before: func(w *world) { w.faults.Then("templates", faults.Fault{Status: 500}) }, what: "templates", health: connectors.Broken, ends: true},
		"upload broken":     {before: func(w *world) { w.faults.Then("presign", faults.Fault{Status: 500}) }, what: "upload", health: connectors.Broken, ends: true},
		"orders broken":     {before: func(w *world) { w.faults.Then("images", faults.Fault{Status: 500}) }, what: "orders", health: connectors.Broken, ends: true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, tt.how)
			if tt.before != nil {
				tt.before(w)
			}
			found := map[string]connectors.Finding{}
			err := w.examine(t.Context(), func(f connectors.Finding) { found[f.What] = f })
			f := found[tt.what]
			if (err != nil) != tt.ends || f.Health != tt.health || !strings.Contains(f.Text, tt.says) || f.Text == "" {
				t.Errorf("got %+v, %v", f, err)
			}
			if !tt.ends && len(found) != 5 {
				t.Errorf("found out only %v", found)
			}
		})
	}
}

// What an examination finds of uploads is what transfers go by.
func TestExamineIsRemembered(t *testing.T) {
	w := newWorld(t, how{Options: pixelzsim.Options{NoPresign: true}})
	examine := func() { w.must(w.examine(t.Context(), func(connectors.Finding) {})) }
	examine()
	if !w.lacks() {
		t.Error("the lack is not remembered")
	}
	w.account = newWorld(t, how{}).account
	w.remember(true)
	examine()
	if w.lacks() {
		t.Error("the lack is remembered, and is none any more")
	}
}

func TestExamineSeesForeignHosts(t *testing.T) {
	a := answering(t, scripted{
		"/Images": `[{"ImageTicket":"t1","StatusId":80,"FinalImagesURL":["https://files.vendor.example/a.jpg"]}]`, "/Contact": `{"ErrorCode":0}`,
	})
	var got connectors.Finding
	err := a.examine(t.Context(), func(f connectors.Finding) {
		if f.What == "orders" {
			got = f
		}
	})
	if err != nil || got.Health != connectors.Odd || !strings.Contains(got.Text, "nothing is fetched from files.vendor.example") {
		t.Errorf("got %+v, %v", got, err)
	}
}
