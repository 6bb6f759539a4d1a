package folder

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/sync/atomicfile"
)

func examined(t *testing.T, c connectors.Connector) (found []connectors.Finding) {
	t.Helper()
	if err := c.Examine(t.Context(), func(f connectors.Finding) { found = append(found, f) }); err != nil {
		t.Fatal(err)
	}
	return found
}

func whats(found []connectors.Finding) (list []string) {
	for _, f := range found {
		list = append(list, f.What)
	}
	return list
}

func TestExamineTriesOutEachFolder(t *testing.T) {
	put, get := t.TempDir(), t.TempDir()
	write(t, filepath.Join(get, "a.jpg"), []byte("x"))
	write(t, filepath.Join(put, atomicfile.PartName("doctor"), "left.jpg"), []byte("of a doctor that was killed"))
	c := connect(t, options{Put: put, Get: get})
	found := examined(t, c)
	want := []string{"folder", "list", "free space", "write", "rename beside a file", "rename over a file", "clock", "odd names", "keep times", "delete", "folder", "list"}
	if got := whats(found); !slices.Equal(got, want) {
		t.Errorf("told of %q, want %q", got, want)
	}
	for _, f := range found {
		if f.Health != connectors.Fine && f.What != "free space" {
			t.Errorf("%+v in a good folder", f)
		}
	}
	if text := found[len(found)-1].Text; text != "files: 1" {
		t.Errorf("get holds %s, want 1", text)
	}
	if list, err := os.ReadDir(put); err != nil || len(list) != 0 {
		t.Errorf("left %v, %v", list, err)
	}
	if times, err := c.Out.(destination).recall(timesKey, put); times != "" || err != nil {
		t.Errorf("of times it remembers %q, %v", times, err)
	}
}

func TestExamineForgetsThatTimesWereRefused(t *testing.T) {
	dir := t.TempDir()
	c := connect(t, options{Put: dir})
	k := c.Out.(destination).keeper
	if err := k.keep(timesKey, dir, timesRefused); err != nil {
		t.Fatal(err)
	}
	examined(t, c)
	if times, _ := k.recall(timesKey, dir); times != "" {
		t.Errorf("it still knows that times are %q", times)
	}
}

func TestOneBadFolderKeepsNoOtherFromBeingExamined(t *testing.T) {
	get := t.TempDir()
	found := examined(t, connect(t, options{Put: filepath.Join(t.TempDir(), "none"), Get: get}))
	if len(found) != 3 || found[0].Health != connectors.Broken || !strings.Contains(found[0].Text, "is missing") || found[0].Advice == "" {
		t.Fatalf("told %+v", found)
	}
	if found[1].Health != connectors.Fine || !strings.HasPrefix(found[1].Text, get) || found[2].What != "list" {
		t.Errorf("of get it told %+v", found[1:])
	}
}

func TestExamineEndsWithItsContextAndLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	c := connect(t, options{Put: dir})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	err := c.Examine(ctx, func(f connectors.Finding) {
		if f.What == "write" {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the context's own error", err)
	}
	if list, err := os.ReadDir(dir); err != nil || len(list) != 0 {
		t.Errorf("left %v, %v", list, err)
	}
}

func newTrial(t *testing.T) trial {
	root, err := os.OpenRoot(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	return trial{t.Context(), root}
}

// Each trial must be able to fail: here what it does is in somebody's way.
func TestTrialsThatFail(t *testing.T) {
	for name, c := range map[string]struct {
		try    func(trial) connectors.Finding
		inWay  string
		health connectors.Health
	}{
		"write":         {trial.write, "0001.jpg/x", connectors.Broken},
		"rename beside": {trial.renameBeside, "0002.jpg/x", connectors.Broken},
		"rename over":   {trial.renameOver, "0003.jpg/x", connectors.Odd},
		"clock":         {trial.clock, "0004.jpg/x", connectors.Broken},
	} {
		work := newTrial(t)
		write(t, filepath.Join(work.work.Name(), c.inWay), nil)
		if f := c.try(work); f.Health != c.health || f.Text == "" {
			t.Errorf("%s: told %+v, want health %d", name, f, c.health)
		}
	}
	if f, refused := newTrial(t).times(); f.Health != connectors.Odd || refused { // of no file
		t.Errorf("times: told %+v, refused %v", f, refused)
	}
	work := newTrial(t)
	write(t, filepath.Join(work.work.Name(), "日本.jpg"), nil)
	if f := work.names(); f.Health != connectors.Odd || !strings.Contains(f.Text, "日本 is not kept as written") {
		t.Errorf("names: told %+v", f)
	}
}

func TestClock(t *testing.T) {
	start := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	end := start.Add(100 * time.Millisecond)
	for shown, want := range map[time.Duration]struct {
		health connectors.Health
		text   string
	}{
		0:                 {connectors.Fine, "agrees with ours"},
		-2 * time.Second:  {connectors.Fine, "agrees with ours"},
		-30 * time.Second: {connectors.Fine, "30s behind ours"},
		3 * time.Hour:     {connectors.Odd, "3h0m0s ahead of ours"},
		-time.Hour:        {connectors.Odd, "1h0m0s behind ours"},
	} {
		if f := clockFinding(skew(start.Add(shown), start, end)); f.Health != want.health || f.Text != want.text || (f.Advice == "") != (f.Health == connectors.Fine) {
			t.Errorf("%v: told %+v, want %+v", shown, f, want)
		}
	}
}

func TestSpaceAndWhereabouts(t *testing.T) {
	for _, c := range []struct {
		found  connectors.Finding
		health connectors.Health
		text   string
	}{
		{space(812e9), connectors.Fine, "812.0 GB"},
		{space(1e9), connectors.Odd, "1.0 GB"},
		{space(-1), connectors.Fine, "does not tell"},
		{whereabouts("/in", "SMB //nas/in", ""), connectors.Fine, "/in is on SMB //nas/in"},
		{whereabouts("/in", "SMB //nas/in", "SMB //nas/in"), connectors.Fine, "/in is on SMB //nas/in"},
		{whereabouts("/in", "ext4 1", "SMB //nas/in"), connectors.Odd, "it was on SMB //nas/in"},
		{whereabouts("/in", "", ""), connectors.Odd, "does not name"},
	} {
		if c.found.Health != c.health || !strings.Contains(c.found.Text, c.text) {
			t.Errorf("told %+v, want %q", c.found, c.text)
		}
	}
}

func TestFreeSpaceIsTold(t *testing.T) {
	if free := freeOn(newTrial(t).work); free == 0 {
		t.Error("no byte is free")
	}
}

func TestRefusesTimes(t *testing.T) {
	for _, c := range []struct {
		err  error
		want bool
	}{
		{&fs.PathError{Op: "chtimesat", Err: fs.ErrPermission}, true},
		{&fs.PathError{Op: "chtimesat", Err: fs.ErrNotExist}, false},
		{&fs.PathError{Op: "openat", Err: fs.ErrPermission}, false},
		{fs.ErrPermission, false},
		{nil, false},
	} {
		if got := refusesTimes(c.err); got != c.want {
			t.Errorf("%v: %v", c.err, got)
		}
	}
}
