package sftp

import (
	"slices"
	"strings"
	"testing"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/faults"
	"github.com/studio-agent/studio-agent/connectors/sftp/sftpsim"
)

// examine returns the findings by What, and how they were ordered.
func (w *world) examine() (map[string]connectors.Finding, []string) {
	w.t.Helper()
	byWhat, order := map[string]connectors.Finding{}, []string{}
	err := w.Examine(w.t.Context(), func(f connectors.Finding) {
		byWhat[f.What] = f
		order = append(order, f.What)
		if f.Text == "" {
			w.t.Errorf("nothing is said of %s", f.What)
		}
		if f.Health == connectors.Broken && f.Advice == "" && !strings.Contains(f.Text, "; ") {
			w.t.Errorf("nobody is told what to do about %+v", f)
		}
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return byWhat, order
}

func TestExamineAServerThatCanDoAll(t *testing.T) {
	w := newWorld(t, sftpsim.Options{})
	w.write("in/0001.jpg", []byte("a photo"))
	before := w.all()
	found, order := w.examine()
	want := []string{"log in", "extensions", "list /out", "write to /in", "make a folder", "rename", "rename over a file", "replace a file",
		"put on disk", "clock", "times of photos", "free space", "odd names", "delete", "connections"}
	if !slices.Equal(order, want) {
		t.Errorf("got\n%q, want\n%q", order, want)
	}
	for _, f := range found {
		if f.Health != connectors.Fine {
			t.Errorf("got %+v, want that it is fine", f)
		}
	}
	if text := found["log in"].Text; !strings.Contains(text, fingerprint(w.sim.HostKey())) || !strings.Contains(text, "aes128-gcm") || strings.Contains(text, secret) {
		t.Errorf("log in: %q", text)
	}
	if found["connections"].Text != "3 at the same time" {
		t.Errorf("connections: %q", found["connections"].Text)
	}
	if after := w.all(); !slices.Equal(after, before) {
		t.Errorf("it left %v, before there was %v", after, before)
	}
	if p, err := recallProfile(w.setup.Memory); err != nil || p != (profile{}) {
		t.Errorf("the profile is %+v, %v; want the zero one", p, err)
	}
}

func TestExamineAServerThatCanDoLittle(t *testing.T) {
	w := newWorld(t, sftpsim.Options{Without: []string{posixRename, fileSync, statVFS}, RenameReplaces: true, ForgetTimes: true, MaxConnections: 1})
	found, _ := w.examine()
	for _, what := range []string{"extensions", "rename over a file", "replace a file", "put on disk", "times of photos", "free space", "connections"} {
		if found[what].Health != connectors.Odd {
			t.Errorf("%s: got %+v, want that it is odd", what, found[what])
		}
	}
	want := profile{RenameReplaces: true, NoPosixRename: true, NoFsync: true, ForgetsTimes: true, MaxConnections: 1}
	if p, err := recallProfile(w.setup.Memory); err != nil || p != want {
		t.Errorf("the profile is %+v, %v; want %+v", p, err, want)
	}
	content := []byte("picture")
	w.deliver(photoOf("0001.jpg", content), content)
	w.wantFile("in/0001.jpg", content)
}

func TestExamineForgetsWhatIsNoLongerSo(t *testing.T) {
	w := newWorld(t, sftpsim.Options{})
	if err := (profile{RenameReplaces: true, NoPosixRename: true, NoFsync: true, ForgetsTimes: true, MaxConnections: 1}).keep(w.setup.Memory); err != nil {
		t.Fatal(err)
	}
	w.examine()
	if p, err := recallProfile(w.setup.Memory); err != nil || p != (profile{}) {
		t.Errorf("the profile is %+v, %v; want the zero one", p, err)
	}
}

func TestExamineSaysWhatIsBroken(t *testing.T) {
	w := newWorld(t, sftpsim.Options{}, func(w *world) { w.options.Put, w.options.Get = "/gone", "/lost" })
	found, _ := w.examine()
	for _, what := range []string{"write to /gone", "list /lost"} {
		if f := found[what]; f.Health != connectors.Broken || !strings.Contains(f.Text, "missing") {
			t.Errorf("%s: got %+v", what, f)
		}
	}
	w.options.Put, w.options.Get, w.options.Fingerprint = "/in", "/out", ""
	w.connect()
	var seen []connectors.Finding
	err := w.Examine(t.Context(), func(f connectors.Finding) { seen = append(seen, f) })
	wantDenied(t, err, "is not known")
	if len(seen) != 1 || seen[0].Health != connectors.Broken || seen[0].What != "log in" {
		t.Errorf("got %+v, want only that the login is broken", seen)
	}
}

func TestExamineCutShortLeavesNothingForLong(t *testing.T) {
	w := newWorld(t, sftpsim.Options{})
	w.faults.Then(sftpsim.OpPublish, faults.Fault{Cut: -1}) // in the middle of the trial
	if err := w.Examine(t.Context(), func(connectors.Finding) {}); err == nil {
		t.Error("no error, want that the connection broke off")
	}
	if len(w.all()) == 0 {
		t.Fatal("nothing was left by the cut; the test tests nothing")
	}
	w.examine()
	if all := w.all(); len(all) != 0 {
		t.Errorf("the next one left %v", all)
	}
}

func TestDamagedProfileIsTold(t *testing.T) {
	w := newWorld(t, sftpsim.Options{})
	if err := w.setup.Memory.Keep("profile", "{"); err != nil {
		t.Fatal(err)
	}
	if err := w.Probe(t.Context()); err == nil || !strings.Contains(err.Error(), "run doctor again") {
		t.Errorf("got %v", err)
	}
}
