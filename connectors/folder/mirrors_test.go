package folder

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
)

// nas is an account with mirrors below base: "out" is delivered to, "done"
// comes back, with what was refused in "refused".
func nas(t *testing.T, base string, o options, ready, refused string) connectors.Connector {
	t.Helper()
	s := setup(o, connectors.MirroredFolder{Remote: "out"},
		connectors.MirroredFolder{Remote: "done", Get: true, Ready: ready, Rejected: refused})
	s.Dir = base
	return made(t, s)
}

func pendingIn(t *testing.T, c connectors.Connector) map[string]connectors.Retouch {
	t.Helper()
	list, err := c.In.Pending(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	byName := map[string]connectors.Retouch{}
	for _, rt := range list {
		key := rt.Remote + " " + rt.Name
		if _, twice := byName[key]; twice {
			t.Errorf("%s is listed twice", key)
		}
		byName[key] = rt
	}
	return byName
}

func TestMirrorsInAreListedWithWhatTheyMean(t *testing.T) {
	base := t.TempDir()
	for _, name := range []string{"get/a.jpg", "done/p/b.jpg", "done/.c.jpg", "refused/p/d.jpg"} {
		write(t, filepath.Join(base, name), []byte(name))
	}
	c := nas(t, base, options{Get: "get"}, "rest", "refused")
	got := pendingIn(t, c)
	for key, rejected := range map[string]bool{" a.jpg": false, "done p/b.jpg": false, "done p/d.jpg": true} {
		rt, listed := got[key]
		if !listed || rt.Rejected != rejected || rt.Stage != connectors.Ready || rt.Final {
			t.Errorf("%s: %v, %+v; want rejected %v, and that it must settle", key, listed, rt, rejected)
		}
		var content bytes.Buffer
		if err := c.In.Fetch(t.Context(), connectors.Retouch{ID: rt.ID}, &content); err != nil || !strings.HasSuffix(content.String(), rt.Name) {
			t.Errorf("%s: fetched %q, %v", key, content.String(), err)
		}
	}
	if len(got) != 3 {
		t.Errorf("listed %v", got)
	}
}

func TestAFolderOfRefusedWorkMayBeMissingButNoOther(t *testing.T) {
	base := t.TempDir()
	mkdir(t, filepath.Join(base, "done"), filepath.Join(base, "out"))
	c := nas(t, base, options{}, "rest", "refused")
	if got := pendingIn(t, c); len(got) != 0 {
		t.Errorf("listed %v", got)
	}
	if err := c.Probe(t.Context()); err != nil {
		t.Error(err)
	}
	remove(t, filepath.Join(base, "done"))
	_, listed := c.In.Pending(t.Context())
	for what, err := range map[string]error{"Pending": listed, "Probe": c.Probe(t.Context())} {
		if err == nil || !strings.Contains(err.Error(), "is missing") {
			t.Errorf("%s without the mirrored folder: %v", what, err)
		}
	}
}

func TestAFolderInAnotherIsListedOnce(t *testing.T) {
	base := t.TempDir()
	for _, name := range []string{"a.jpg", "done/b.jpg", "done/refused/c.jpg"} {
		write(t, filepath.Join(base, "get", name), []byte(name))
	}
	s := setup(options{Get: "get"}, connectors.MirroredFolder{Remote: "get/done", Get: true, Rejected: "get/done/refused"})
	s.Dir = base
	got := pendingIn(t, made(t, s))
	var keys []string
	for key := range got {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	if want := []string{" a.jpg", "get/done b.jpg", "get/done c.jpg"}; !slices.Equal(keys, want) {
		t.Errorf("listed %q, want %q", keys, want)
	}
}

func TestLogsAndMarkersSayWhatIsComplete(t *testing.T) {
	for ready, complete := range map[string]string{"log": "done/P1_transfer_completed.log", "marker": "done/a.jpg.done"} {
		base := t.TempDir()
		write(t, filepath.Join(base, "done/a.jpg"), []byte("picture"))
		c := nas(t, base, options{}, ready, "")
		if rt := pendingIn(t, c)["done a.jpg"]; rt.Stage != connectors.Working || rt.Reason == "" {
			t.Errorf("%s, not there yet: %+v", ready, rt)
		}
		write(t, filepath.Join(base, complete), nil)
		later := time.Now().Add(time.Second)
		if err := os.Chtimes(filepath.Join(base, complete), later, later); err != nil {
			t.Fatal(err)
		}
		if got := pendingIn(t, c); len(got) != 1 || !got["done a.jpg"].Final {
			t.Errorf("%s, there: %+v", ready, got)
		}
	}
}

func TestAMirrorThatIsNoneAnyMore(t *testing.T) {
	base := t.TempDir()
	mkdir(t, filepath.Join(base, "out"), filepath.Join(base, "done"))
	c := nas(t, base, options{}, "rest", "")
	for remote, want := range map[string]string{"old": "mirrors nothing to old any more", "": "give it put:"} {
		p, open := photo("0001.jpg", "picture")
		p.Remote = remote
		_, err := c.Out.Deliver(t.Context(), p, open, nothing)
		if !errors.Is(err, connectors.ErrRejected) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want a refusal with %q", remote, err, want)
		}
		if found := ask(t, c, p); !found.Zero() {
			t.Errorf("%q: Find gives %+v", remote, found)
		}
	}
	if err := c.In.Fetch(t.Context(), connectors.Retouch{ID: "1-2-old//a.jpg"}, new(bytes.Buffer)); err == nil || !strings.Contains(err.Error(), `from "old"`) {
		t.Errorf("Fetch gave %v", err)
	}
}

func TestTheAccountSaysWhereItWrites(t *testing.T) {
	base := t.TempDir()
	want := []string{filepath.Join(base, "in"), filepath.Join(base, "out")}
	if c := nas(t, base, options{Put: "in", Get: "get"}, "rest", ""); !slices.Equal(c.Writes, want) {
		t.Errorf("writes to %q, want %q", c.Writes, want)
	}
	c := nas(t, base, options{}, "rest", "")
	if c.Out == nil || c.In == nil || c.List != nil {
		t.Error("mirrors alone do not make an account with both ends, and without a list")
	}
}

func TestAReceiptSaysInWhichMirrorAPhotoLies(t *testing.T) {
	base := t.TempDir()
	mkdir(t, filepath.Join(base, "out"))
	c := nas(t, base, options{}, "rest", "")
	p, open := photo("p/0001.jpg", "picture")
	p.Role, p.Remote = connectors.Mirror, "out"
	receipt, err := c.Out.Deliver(t.Context(), p, open, nothing)
	if err != nil || receipt.Name != "out/p/0001.jpg" {
		t.Errorf("got %+v, %v", receipt, err)
	}
	wantContent(t, filepath.Join(base, "out", "p", "0001.jpg"), "picture")
	remove(t, filepath.Join(base, "out", "p", "0001.jpg"))
	p.Published = true
	if found := ask(t, c, p); found.ID != takenID || found.Name != receipt.Name {
		t.Errorf("picked up, Find gives %+v", found)
	}
}

// Old Macs leave files of 1904.
func TestIdsOfOldFilesAndOddNames(t *testing.T) {
	s := source{places: []place{{dir: "get"}, {dir: "a", spelled: "//nas/a-b", mirror: "//nas/a-b"}}}
	for id, want := range map[string][3]string{
		"7-123-0001.jpg":           {"get", "0001.jpg", "7-123"},
		"7--123-0001.jpg":          {"get", "0001.jpg", "7--123"},
		"7-123-a-b/c-1.jpg":        {"get", "a-b/c-1.jpg", "7-123"},
		"7-123--rf":                {"get", "-rf", "7-123"},
		"7-123-//nas/a-b//p/c.jpg": {"a", "p/c.jpg", "7-123"},
	} {
		p, name, listed, err := s.parse(id)
		if err != nil || p.dir != want[0] || name != want[1] || listed != want[2] {
			t.Errorf("%q: got %q, %q, %q, %v; want %q", id, p.dir, name, listed, err, want)
		}
	}
	for _, id := range []string{"", "7", "7-123", "taken", "7-123-//nas/c//a.jpg"} {
		if _, _, _, err := s.parse(id); err == nil {
			t.Errorf("%q passes for an id", id)
		}
	}
}
