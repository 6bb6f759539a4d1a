package medialoopster

import (
	"strings"
	"testing"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/faults"
	"github.com/studio-agent/studio-agent/connectors/medialoopster/medialoopstersim"
)

func TestExamine(t *testing.T) {
	nested := []medialoopstersim.Device{{ID: 1, Name: "All", Path: "/srv/"}, {ID: 2, Name: "Projects", Path: "/srv/projects/"}, {ID: 3, Name: "Editor", Path: "/srv/projects/editor/"}}
	tests := map[string]struct {
		how    how
		before func(*world)
		what   string
		health connectors.Health
		says   string
		ends   bool // with an error
	}{
		"reach":             {what: "reach", says: "it answers"},
		"login":             {what: "log in", says: "is right"},
		"folder":            {what: "folder of edit-1", says: "/Volumes/projects/edit is /srv/projects/edit there"},
		"production":        {what: "production of edit-1", says: "Campaign is number 1"},
		"device":            {what: "device of edit-1", says: "Projects (/srv/projects/)"},
		"nested devices":    {how: how{Options: medialoopstersim.Options{Devices: nested}}, what: "device of edit-1", says: "Projects (/srv/projects/)"},
		"no device":         {how: how{Options: medialoopstersim.Options{Devices: nested[2:]}}, what: "device of edit-1", health: connectors.Broken, says: "holds /srv/projects/edit"},
		"no production":     {how: how{bench: "projects: {folder: /Volumes/projects/edit, production: 77}"}, what: "production of edit-1", health: connectors.Broken, says: `0 productions called "77"`},
		"no bench":          {how: how{bench: "captures: {}"}, what: "projects", health: connectors.Odd, says: "no bench keeps projects"},
		"down":              {before: func(w *world) { w.faults.Then("ping", faults.Fault{Status: 502}) }, what: "reach", health: connectors.Broken, says: "502", ends: true},
		"denied":            {before: func(w *world) { w.faults.Then("productions", faults.Fault{Status: 401}) }, what: "log in", health: connectors.Broken, says: "check token", ends: true},
		"devices broken":    {before: func(w *world) { w.faults.Then("devices", faults.Fault{Status: 500}) }, what: "devices", health: connectors.Broken, says: "500", ends: true},
		"production broken": {before: func(w *world) { w.faults.Then("productions", faults.Fault{}, faults.Fault{Status: 500}) }, what: "production of edit-1", health: connectors.Broken, says: "500", ends: true},
		"not encrypted":     {before: func(w *world) { w.plain = true }, what: "reach", health: connectors.Odd, says: "unencrypted"},
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
			if (err != nil) != tt.ends || f.Health != tt.health || f.Text == "" || !strings.Contains(f.Text, tt.says) {
				t.Errorf("got %+v, %v", f, err)
			}
			if f.Health != connectors.Fine && f.Advice == "" && !tt.ends && !strings.Contains(f.Text, "correct") {
				t.Errorf("%+v says not what to do", f)
			}
		})
	}
	for address, plain := range map[string]bool{"http://ml.example/api": true, "https://ml.example/api": false, "http://127.0.0.1/api": false, "http://localhost:8000/api": false} {
		a, err := newAccount(setupOf("url: " + address + "\ntoken: env:ML\npaths: {/a: /b}"))
		if err != nil || a.plain != plain {
			t.Errorf("%s: unencrypted is %v, %v", address, a.plain, err)
		}
	}
}
