package main

import (
	"encoding/json"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/studio-agent/studio-agent/"

// floors lists, for each folder, the folders of ours that it may import. Imports
// only go down: what a folder may see stands in its own line and nowhere else.
var floors = map[string][]string{
	// floor 0: nothing of ours, but the contract
	"connectors":        {},
	"connectors/faults": {},
	"watch/settle":      {},
	"watch/picture":     {},
	"watch/bundle":      {},
	"sync/atomicfile":   {},
	"agent/config":      {},
	"service":           {},
	// floor 1
	"sync/ledger":             {"connectors"},
	"sync/gate":               {"connectors"},
	"connectors/layout":       {"connectors"},
	"watch":                   {"watch/settle", "watch/picture"},
	"watch/preview":           {"watch/picture"},
	"connectors/rest":         {"connectors"},
	"connectors/memory":       {"connectors", "connectors/faults"},
	"connectors/folder":       {"connectors", "connectors/layout", "sync/atomicfile"},
	"connectors/ftp":          {"connectors", "connectors/layout", "sync/atomicfile"},
	"connectors/sftp":         {"connectors", "connectors/layout", "sync/atomicfile"},
	"connectors/ftp/ftpsim":   {"connectors/faults"},
	"connectors/sftp/sftpsim": {"connectors/faults"},
	"connectors/grandshooting/grandshootingsim": {"connectors/faults"},
	"connectors/medialoopster/medialoopstersim": {"connectors/faults"},
	"connectors/pixelz/pixelzsim":               {"connectors/faults"},
	"connectors/creativeforce/creativeforcesim": {"connectors/faults"},
	// floor 2
	"sync/outbound":            {"connectors", "sync/atomicfile", "sync/gate", "sync/ledger", "watch", "watch/picture"},
	"sync/inbound":             {"connectors", "connectors/layout", "sync/atomicfile", "sync/gate", "sync/ledger", "watch", "watch/picture", "watch/settle"},
	"connectors/grandshooting": {"connectors", "connectors/rest"},
	"connectors/creativeforce": {"connectors", "connectors/rest", "watch/picture"},
	"connectors/medialoopster": {"connectors", "connectors/rest", "watch/bundle"},
	"connectors/pixelz":        {"connectors", "connectors/rest"},
	// floor 3
	"agent/overview":           {"agent/config", "connectors", "sync/inbound", "sync/ledger", "sync/outbound", "watch"},
	"agent/page":               {"agent/config", "agent/overview", "connectors", "sync/ledger", "sync/outbound"},
	"connectors/all":           {"connectors", "connectors/creativeforce", "connectors/folder", "connectors/ftp", "connectors/grandshooting", "connectors/medialoopster", "connectors/pixelz", "connectors/sftp"},
	"connectors/connectortest": {"connectors", "connectors/faults"},
}

func TestImportsOnlyGoDown(t *testing.T) {
	for folder, imports := range importsOf(t, "./...") {
		allowed, known := floors[folder]
		switch {
		case folder == "agent", folder == "bench", folder == "integration":
			continue // agent sees everything; bench runs it from outside, with simulators
		case !known:
			t.Errorf("%s has no place on a floor: give it a line in this table", folder)
		}
		for _, i := range imports {
			if !slices.Contains(allowed, i) {
				t.Errorf("%s imports %s, which is not below it", folder, i)
			}
		}
	}
}

// importsOf returns what each folder of ours imports of ours, without tests.
func importsOf(t *testing.T, pattern string) map[string][]string {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports", pattern)
	cmd.Dir = ".."
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	all := map[string][]string{}
	for dec := json.NewDecoder(strings.NewReader(string(out))); dec.More(); {
		var p struct {
			ImportPath string
			Imports    []string
		}
		if err := dec.Decode(&p); err != nil {
			t.Fatal(err)
		}
		folder := strings.TrimPrefix(p.ImportPath, module)
		all[folder] = []string{}
		for _, i := range p.Imports {
			if ours, ok := strings.CutPrefix(i, module); ok {
				all[folder] = append(all[folder], ours)
			}
		}
	}
	if len(all) < len(floors) {
		t.Fatalf("only %d folders found", len(all))
	}
	return all
}

func TestProgramDoesNotLinkTesting(t *testing.T) {
	cmd := exec.Command("go", "list", "-deps", "./agent")
	cmd.Dir = ".."
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	for dep := range strings.FieldsSeq(string(out)) {
		if dep == "testing" || strings.HasPrefix(dep, "testing/") || dep == module+"connectors/connectortest" {
			t.Errorf("the program links %s", dep)
		}
	}
}
