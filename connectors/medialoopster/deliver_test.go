package medialoopster

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/faults"
	"github.com/studio-agent/studio-agent/connectors/medialoopster/medialoopstersim"
)

func TestAMediumIsImportedWhereItLies(t *testing.T) {
	w := newWorld(t, how{})
	receipt := w.imported("Spring/footage/a.mov")
	w.imported("Spring/sound/a.wav")
	w.imported("Spring/stills/a.tif")
	var got []string
	for _, a := range w.sim.Assets() {
		if a.Moved || a.Production != 1 {
			t.Errorf("%+v: a file is never to be taken away, and belongs to the bench's production", a)
		}
		got = append(got, a.Kind+" "+a.Path+" "+a.Name)
	}
	want := "video " + there + "Spring/footage/a.mov Spring/footage/a.mov, audio " + there + "Spring/sound/a.wav Spring/sound/a.wav, image " + there + "Spring/stills/a.tif Spring/stills/a.tif"
	if strings.Join(got, ", ") != want {
		t.Errorf("there are %q, want %s", got, want)
	}
	if found := w.find("Spring/footage/a.mov"); found != receipt || !strings.HasPrefix(receipt.ID, "video/") {
		t.Errorf("delivered %+v, found %+v", receipt, found)
	}
	if n := w.sim.Requests("productions"); n != 1 {
		t.Errorf("the production was asked for %d times, want once", n)
	}
}

func TestVet(t *testing.T) {
	w := newWorld(t, how{})
	for name, tt := range map[string]struct{ path, means, says string }{
		"S/a.mov":     {folder + "S/a.mov", "success", ""},
		"S/a.prproj":  {folder + "S/a.prproj", "rejected", "takes video, audio and images"},
		"S/b.mov":     {"/Volumes/projects/other/b.mov", "rejected", "in no folder of projects"},
		"S/c.mov":     {"/Volumes/elsewhere/c.mov", "rejected", "in no folder of projects"},
		"S/d.mov":     {"", "rejected", "must be a whole path"},
		"S/e.mov":     {folder + "../../x/e.mov", "rejected", "must not hold"},
		"../f.mov":    {folder + "f.mov", "rejected", "leaves its folder"},
		"S/what?.mov": {folder + "S/what?.mov", "rejected", "rename the file"},
	} {
		p := connectors.Photo{Name: name, Path: tt.path, Batch: "the bundle"}
		batch, err := w.vet(t.Context(), p)
		wantError(t, err, tt.means, tt.says)
		if batch != p.Batch {
			t.Errorf("%s: the batch is %q", name, batch)
		}
		if tt.means == "success" {
			continue
		}
		_, err = w.Deliver(t.Context(), p, opener(nil), published)
		wantError(t, err, tt.means, tt.says)
	}
	if n := w.sim.Requests(""); n != 0 {
		t.Errorf("%d requests were made for what cannot go", n)
	}
}

func TestWhatIsThereIsAdopted(t *testing.T) {
	w := newWorld(t, how{})
	id := w.sim.AddAsset(medialoopstersim.Asset{Kind: "video", Name: "by a scan", Path: there + "a.mov", Status: 6})
	w.sim.AddAsset(medialoopstersim.Asset{Kind: "video", Name: "again", Path: there + "a.mov", Status: 6})
	p, content := medium("a.mov")
	receipt, err := w.Deliver(t.Context(), p, opener(content), func() error { t.Error("publish was called"); return nil })
	if err != nil || receipt.ID != (mention{number(id), "video"}).String() || !receipt.Verified {
		t.Errorf("got %+v, %v; want the older of the two", receipt, err)
	}
	if w.sim.Requests("import") != 0 {
		t.Error("what was there was imported")
	}
}

// An asset is a path: the next generation of a file is the same asset, also for
// Find, and is not imported a second time.
func TestANewGenerationIsTheSameAsset(t *testing.T) {
	w := newWorld(t, how{})
	first := w.imported("a.mov")
	p, _ := medium("a.mov")
	p.Generation, p.Size, p.Replaces = 2, 3, first
	receipt, err := w.Deliver(t.Context(), p, opener([]byte("new")), published)
	if err != nil || receipt.ID != first.ID || receipt.Size != 3 || len(w.sim.Assets()) != 1 {
		t.Errorf("got %+v, %v with %+v", receipt, err, w.sim.Assets())
	}
}

func TestASlowImportIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, how{Options: medialoopstersim.Options{SlowImports: true, Step: 9 * time.Second}})
		start := time.Now()
		w.imported("a.mov")
		if took := time.Since(start); took < 9*time.Second || took > 20*time.Second {
			t.Errorf("it took %v", took)
		}
		if n := w.sim.Requests("assets"); n > 10 {
			t.Errorf("%d questions in 9 s", n)
		}
	})
}

// What takes longer is left to Find; meanwhile it is never imported a second time,
// whoever delivers, until half an hour is over.
func TestAVerySlowImportIsLeftToFind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, how{Options: medialoopstersim.Options{SlowImports: true, Step: time.Hour}})
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
		defer cancel()
		if _, err := w.deliver(ctx, "a.mov"); !errors.Is(err, context.DeadlineExceeded) || !w.find("a.mov").Zero() {
			t.Fatal(err)
		}
		w.account = w.newAccount(w.setup()) // another program
		receipt, err := w.deliver(t.Context(), "a.mov")
		if err != nil || receipt.Zero() || receipt.Verified || w.sim.Requests("import") != 1 {
			t.Errorf("got %+v, %v after %d imports, want still the first", receipt, err, w.sim.Requests("import"))
		}
		if _, err = w.deliver(t.Context(), "a.mov"); err != nil || w.sim.Requests("import") != 2 {
			t.Errorf("%v, %d imports; want that the first is given up", err, w.sim.Requests("import"))
		}
		w.sim.Advance()
		if found := w.find("a.mov"); !found.Verified || !strings.HasPrefix(found.ID, "video/") {
			t.Errorf("found %+v", found)
		}
	})
}

// A wait that is broken off is taken up again, so that a failure reaches a person.
func TestAWaitThatIsEndedIsTakenUpAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, how{Options: medialoopstersim.Options{SlowImports: true, Step: time.Hour, Exists: func(string) bool { return false }}})
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		if receipt, err := w.deliver(ctx, "a.mov"); !receipt.Zero() || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %+v, %v; want that the wait was ended", receipt, err)
		}
		time.AfterFunc(20*time.Minute, w.sim.Advance)
		_, err := w.deliver(t.Context(), "a.mov")
		wantError(t, err, "rejected", "could not import "+there+"a.mov (File does not exist on device")
		if n := w.sim.Requests("import"); n != 1 {
			t.Errorf("asked for %d imports, want 1", n)
		}
	})
}

// Whatever a look at a running import answers: it was taken on, and no error may
// promise that it was not.
func TestTroubleWhileWaitingIsNoRefusal(t *testing.T) {
	for _, f := range []faults.Fault{{Status: 401}, {Status: 403}, {Status: 429, RetryAfter: time.Second}, {Status: 500}, {Cut: -1}} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, how{Options: medialoopstersim.Options{SlowImports: true, Step: time.Hour}})
			w.faults.Then("assets", faults.Fault{}, faults.Fault{}, f)
			if receipt, err := w.deliver(t.Context(), "a.mov"); err != nil || receipt.Zero() || receipt.Verified {
				t.Errorf("%+v: got %+v, %v", f, receipt, err)
			}
		})
	}
}

func TestAFailedImportSaysWhyAndCanBeRetried(t *testing.T) {
	seen := false
	w := newWorld(t, how{Options: medialoopstersim.Options{Exists: func(string) bool { return seen }}})
	for range 2 {
		_, err := w.deliver(t.Context(), "a.mov")
		wantError(t, err, "rejected", "could not import "+there+"a.mov (File does not exist on device or could not be found: Cannot access asset essence")
		wantError(t, err, "rejected", "correct paths of account ml or its mount")
	}
	seen = true
	w.imported("a.mov")
	if n := w.sim.Requests("import"); n != 3 || len(w.sim.Assets()) != 1 {
		t.Errorf("%d imports, %+v", n, w.sim.Assets())
	}
}

// An import that fails after the wait shows in the agent's log, once.
func TestALateFailureIsLogged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, how{Options: medialoopstersim.Options{SlowImports: true, Step: time.Hour, Exists: func(string) bool { return false }}})
		if _, err := w.deliver(t.Context(), "a.mov"); err != nil {
			t.Fatal(err)
		}
		w.sim.Advance()
		for range 3 {
			if !w.find("a.mov").Zero() {
				t.Error("found what was not imported")
			}
		}
		if n := strings.Count(w.log.String(), "could not import a medium"); n != 1 {
			t.Errorf("said %d times:\n%s", n, w.log)
		}
	})
}

func TestAnAssetInErrorIsNotDelivered(t *testing.T) {
	w := newWorld(t, how{})
	w.imported("a.mov")
	w.sim.Break(there+"a.mov", "codec unknown")
	_, err := w.deliver(t.Context(), "a.mov")
	wantError(t, err, "rejected", "in error (codec unknown): mend or delete it there")
	if !w.find("a.mov").Zero() || !strings.Contains(w.log.String(), "codec unknown") {
		t.Errorf("found it; the log says\n%s", w.log)
	}
	w.sim.Remove(there + "a.mov")
	w.imported("a.mov")
}

func TestAnUnknownProductionRefuses(t *testing.T) {
	w := newWorld(t, how{bench: "projects: {folder: /Volumes/projects/edit, production: Nobody}"})
	_, err := w.deliver(t.Context(), "a.mov")
	wantError(t, err, "rejected", `shows 0 productions called "Nobody"`)
	twice := []medialoopstersim.Production{{ID: 1, Name: "Nobody"}, {ID: 2, Name: "Nobody"}}
	w = newWorld(t, how{bench: "projects: {folder: /Volumes/projects/edit, production: Nobody}", Options: medialoopstersim.Options{Productions: twice}})
	_, err = w.deliver(t.Context(), "a.mov")
	wantError(t, err, "rejected", `shows 2 productions called "Nobody"`)
}

// The ID of a production's name is kept, so that it may be renamed.
func TestARenamedProductionIsKnown(t *testing.T) {
	bench := "projects: {folder: /Volumes/projects/edit, production: Campaign}"
	w := newWorld(t, how{bench: bench})
	w.imported("a.mov")
	again := newWorld(t, how{bench: bench, Options: medialoopstersim.Options{Productions: []medialoopstersim.Production{{ID: 9, Name: "Other"}, {ID: 1, Name: "Spring"}}}})
	again.memory = w.memory
	again.account = again.newAccount(again.setup())
	again.imported("b.mov")
	if got := again.sim.Assets()[0].Production; got != 1 {
		t.Errorf("imported into production %d", got)
	}
}

// What was deleted at the server, and is still listed there, is not there.
func TestADeletedAssetIsNotThere(t *testing.T) {
	s := setupOf(goodAccount, goodBench)
	s.Rate = quick
	s.HTTP = &http.Client{Transport: answers(func(*http.Request) (int, string, string) {
		return 200, `[{"id":1,"path_file":"/srv/projects/edit/a.mov","date_del":"2026-01-13T17:30:00Z"},{"id":0,"path_file":"/srv/projects/edit/a.mov"},{"id":2,"path_file":"/srv/projects/edit/b.mov"}]`, ""
	})}
	a, err := newAccount(s)
	if err != nil {
		t.Fatal(err)
	}
	p, _ := medium("a.mov")
	if found, err := a.Find(t.Context(), []connectors.Photo{p}); err != nil || !found[0].Zero() {
		t.Errorf("found %+v, %v", found, err)
	}
}
