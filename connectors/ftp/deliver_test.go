package ftp

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/faults"
	"github.com/studio-agent/studio-agent/connectors/ftp/ftpsim"
	"github.com/studio-agent/studio-agent/sync/atomicfile"
)

const id = "0123456789abcdef0123"

var shot = time.Date(2026, 3, 4, 5, 6, 7, 123456700, time.UTC)

// photo has no digest yet, as a film that is digested while it is sent.
func photo(name, content string) (connectors.Photo, func() (io.ReadCloser, error)) {
	p := connectors.Photo{ID: id, Name: name, Generation: 1, Size: int64(len(content)), ModTime: shot}
	return p, func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(content)), nil }
}

func nothing() error { return nil }

func ask(t *testing.T, c connectors.Connector, p connectors.Photo) connectors.Receipt {
	t.Helper()
	receipts, err := c.Out.Find(t.Context(), []connectors.Photo{p})
	if err != nil {
		t.Fatal(err)
	}
	return receipts[0]
}

func TestTheReceiptNamesSizeTimeAndDigest(t *testing.T) {
	sum := sha256.Sum256([]byte("picture"))
	digest := hex.EncodeToString(sum[:])
	for name, c := range map[string]struct {
		opt  simOptions
		want string
	}{
		"MLSD and MFMT":    {simOptions{}, fmt.Sprintf("7-%d-%s", shot.Unix(), digest)},
		"MDTM sets it":     {simOptions{NoMLSD: true}, fmt.Sprintf("7-%d-%s", shot.Unix(), digest)},
		"no times at all":  {simOptions{NoMLSD: true, NoMDTM: true}, "7-0-" + digest},
		"a clock far off":  {simOptions{ClockSkew: 3 * time.Hour}, fmt.Sprintf("7-%d-%s", shot.Unix(), digest)},
		"LIST and no SIZE": {simOptions{NoMLSD: true, NoSize: true}, fmt.Sprintf("7-%d-%s", shot.Unix(), digest)},
	} {
		r := serve(t, c.opt)
		connector := r.connect(t, options{Put: "in"}, connectors.Setup{})
		p, open := photo("0001.jpg", "picture")
		receipt, err := connector.Out.Deliver(t.Context(), p, open, nothing)
		if err != nil || receipt.ID != c.want {
			t.Errorf("%s: receipt %q, %v; want %q", name, receipt.ID, err, c.want)
		}
		p.Digests.SHA256 = digest
		if found := ask(t, connector, p); found.ID != c.want {
			t.Errorf("%s: Find gives %q, want %q", name, found.ID, c.want)
		}
		p.Digests.SHA256, p.ModTime = "", shot.Add(time.Second)
		if found := ask(t, connector, p); !found.Zero() {
			t.Errorf("%s: size alone finds %+v", name, found)
		}
	}
}

// Raw files of one camera have one size, and two saves fit into a second.
func TestAnotherGenerationOfTheSameSizeAndSecondIsTold(t *testing.T) {
	r := serve(t, simOptions{})
	c := r.connect(t, options{Put: "in"}, connectors.Setup{})
	first, open := photo("0001.jpg", "picture")
	receipt, err := c.Out.Deliver(t.Context(), first, open, nothing)
	if err != nil {
		t.Fatal(err)
	}
	second, open := photo("0001.jpg", "PICTURE")
	sum := sha256.Sum256([]byte("PICTURE"))
	second.Digests.SHA256, second.Generation, second.Replaces = hex.EncodeToString(sum[:]), 2, receipt
	if found := ask(t, c, second); !found.Zero() {
		t.Errorf("Find takes the first for the second: %+v", found)
	}
	if _, err := c.Out.Deliver(t.Context(), second, open, nothing); err != nil {
		t.Fatal(err)
	}
	wantContent(t, filepath.Join(r.dir, "in", "0001.jpg"), "PICTURE")
}

func TestAServerThatRefusesToRenameIsLearntAndServedWithMarkers(t *testing.T) {
	r := serve(t, simOptions{NoRename: true})
	memory := new(connectors.ShortMemory)
	c := r.connect(t, options{Put: "in"}, connectors.Setup{Memory: memory})
	p, open := photo("0001.jpg", "picture")
	_, err := c.Out.Deliver(t.Context(), p, open, nothing)
	if meaning(err) != later || !strings.Contains(err.Error(), "from now on files are sent under their final names") {
		t.Fatalf("got %v", err)
	}
	if got := kept(t, memory, profileKey); got != `{"no_rename":true}` {
		t.Errorf("the profile is %s", got)
	}
	p.Published = true
	if found := ask(t, c, p); !found.Zero() {
		t.Errorf("Find takes it for picked up: %+v", found)
	}
	if _, err := c.Out.Deliver(t.Context(), p, open, nothing); err != nil {
		t.Fatal(err)
	}
	list, err := os.ReadDir(filepath.Join(r.dir, "in"))
	if err != nil || len(list) != 2 || list[0].Name() != "0001.jpg" || list[1].Name() != "0001.jpg.done" {
		t.Errorf("there is %v, %v; want the photo and its marker", list, err)
	}
	remove(t, filepath.Join(r.dir, "in", "0001.jpg"))
	if found := ask(t, c, p); found.ID != takenID {
		t.Errorf("picked up: %+v", found)
	}
}

func TestAHalfFileUnderTheFinalNameIsOursOnlyIfItIsTheBeginning(t *testing.T) {
	plan := faults.NewPlan(1)
	r := serve(t, simOptions{NoRename: true, Faults: plan})
	memory := new(connectors.ShortMemory)
	memory.Keep(profileKey, `{"no_rename":true}`)
	c := r.connect(t, options{Put: "in"}, connectors.Setup{Memory: memory})
	p, open := photo("0001.jpg", "picture")
	plan.Then(ftpsim.OpStore, faults.Fault{Cut: 3})
	if _, err := c.Out.Deliver(t.Context(), p, open, nothing); meaning(err) != later {
		t.Fatal(err)
	}
	final := filepath.Join(r.dir, "in", "0001.jpg")
	wantContent(t, final, "pic")
	write(t, final, []byte("pip"))
	if _, err := c.Out.Deliver(t.Context(), p, open, nothing); meaning(err) != rejected {
		t.Errorf("somebody else's half: %v", err)
	}
	write(t, final, []byte("pic"))
	if _, err := c.Out.Deliver(t.Context(), p, open, nothing); err != nil {
		t.Error(err)
	}
	wantContent(t, final, "picture")
}

func TestAPassing500ToARenameIsNotLearnt(t *testing.T) {
	plan := faults.NewPlan(1)
	r := serve(t, simOptions{Faults: plan})
	memory := new(connectors.ShortMemory)
	c := r.connect(t, options{Put: "in"}, connectors.Setup{Memory: memory})
	plan.Then(ftpsim.OpRename, faults.Fault{Status: 500})
	p, open := photo("0001.jpg", "picture")
	if _, err := c.Out.Deliver(t.Context(), p, open, nothing); meaning(err) != later {
		t.Errorf("got %v", err)
	}
	wantContent(t, filepath.Join(r.dir, "in", atomicfile.PartName(id)), "picture")
	plan.Then(ftpsim.OpRename, faults.Fault{Status: 553})
	if _, err := c.Out.Deliver(t.Context(), p, open, nothing); meaning(err) != rejected || !strings.Contains(err.Error(), "rename the file") {
		t.Errorf("a name that is refused: %v", err)
	}
	if got := kept(t, memory, profileKey); got != "" {
		t.Errorf("the profile is %s", got)
	}
}

// Some servers say 550 to SIZE as to a file that is not there.
func TestASizeThatIsHiddenIsNotTakenForAMissingFile(t *testing.T) {
	plan := faults.NewPlan(1)
	r := serve(t, simOptions{NoMLSD: true, Faults: plan})
	plan.Chance(ftpsim.OpStat, 1, faults.Fault{Status: 550})
	memory := new(connectors.ShortMemory)
	c := r.connect(t, options{Put: "in"}, connectors.Setup{Memory: memory})
	write(t, filepath.Join(r.dir, "in", "0001.jpg"), []byte("somebody else's"))
	p, open := photo("0001.jpg", "picture")
	if _, err := c.Out.Deliver(t.Context(), p, open, nothing); meaning(err) != later {
		t.Errorf("got %v", err)
	}
	if got := kept(t, memory, profileKey); got != `{"no_size":true}` {
		t.Errorf("the profile is %s", got)
	}
	for range 2 {
		if _, err := c.Out.Deliver(t.Context(), p, open, nothing); err == nil {
			t.Error("somebody else's file was replaced")
		}
	}
	wantContent(t, filepath.Join(r.dir, "in", "0001.jpg"), "somebody else's")
}

func TestAServerThatLetsNobodyMakeFolders(t *testing.T) {
	r := serve(t, simOptions{NoMkdir: true})
	c := r.connect(t, options{Put: "in"}, connectors.Setup{})
	p, open := photo("a/b/0001.jpg", "picture")
	_, err := c.Out.Deliver(t.Context(), p, open, nothing)
	if meaning(err) != rejected || !strings.Contains(err.Error(), "make /in/a there and retry, or say layout: flat") {
		t.Errorf("got %v", err)
	}
	if err := os.MkdirAll(filepath.Join(r.dir, "in", "a", "b"), 0o777); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Out.Deliver(t.Context(), p, open, nothing); err != nil {
		t.Errorf("where somebody made them: %v", err)
	}
}

func TestAFolderThatSomebodyRemovesIsMadeAgain(t *testing.T) {
	r := serve(t, simOptions{})
	c := r.connect(t, options{Put: "in"}, connectors.Setup{})
	p, open := photo("a/0001.jpg", "picture")
	if _, err := c.Out.Deliver(t.Context(), p, open, nothing); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(r.dir, "in", "a")); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Out.Deliver(t.Context(), p, open, nothing); meaning(err) != later {
		t.Errorf("got %v", err)
	}
	if _, err := c.Out.Deliver(t.Context(), p, open, nothing); err != nil {
		t.Error(err)
	}
}

func TestAFullDiskMeansLaterAndLeavesNothing(t *testing.T) {
	r := serve(t, simOptions{Quota: 100_000})
	c := r.connect(t, options{Put: "in"}, connectors.Setup{})
	p, open := photo("big.jpg", strings.Repeat("x", 200_000))
	_, err := c.Out.Deliver(t.Context(), p, open, nothing)
	if meaning(err) != later || !strings.Contains(err.Error(), "ask the vendor to make room") {
		t.Errorf("got %v", err)
	}
	if list, err := os.ReadDir(filepath.Join(r.dir, "in")); err != nil || len(list) != 0 {
		t.Errorf("there is %v, %v", list, err)
	}
}

func TestAServerThatLiesAboutSizesGetsNothingUnderAFinalName(t *testing.T) {
	r := serve(t, simOptions{LyingSize: 1})
	c := r.connect(t, options{Put: "in"}, connectors.Setup{})
	p, open := photo("0001.jpg", "picture")
	_, err := c.Out.Deliver(t.Context(), p, open, nothing)
	if meaning(err) != later || !strings.Contains(err.Error(), "8 bytes of 7") {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(filepath.Join(r.dir, "in", "0001.jpg")); err == nil {
		t.Error("it is there")
	}
}

func TestAMirrorKeepsItsPathsAndItsFolder(t *testing.T) {
	r := serve(t, simOptions{})
	c := r.connect(t, options{Layout: "bench"}, connectors.Setup{Mirrors: []connectors.MirroredFolder{{Remote: "/in/mirror/"}}})
	p, open := photo("a/0001.jpg", "picture")
	p.Role, p.Remote = connectors.Mirror, "/in/mirror/"
	if _, err := c.Out.Deliver(t.Context(), p, open, nothing); meaning(err) != later {
		t.Errorf("a mirror's folder that is not there: %v", err)
	}
	if err := os.Mkdir(filepath.Join(r.dir, "in", "mirror"), 0o777); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Out.Deliver(t.Context(), p, open, nothing); err != nil {
		t.Fatal(err)
	}
	wantContent(t, filepath.Join(r.dir, "in", "mirror", "a", "0001.jpg"), "picture")
}

func TestTheEndOfTheContextIsSaid(t *testing.T) {
	plan := faults.NewPlan(1)
	r := serve(t, simOptions{Faults: plan})
	c := r.connect(t, options{Put: "in"}, connectors.Setup{})
	plan.Then(ftpsim.OpStore, faults.Fault{Delay: time.Hour})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	p, open := photo("0001.jpg", "picture")
	if _, err := c.Out.Deliver(ctx, p, open, nothing); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}
