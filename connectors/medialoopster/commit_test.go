package medialoopster

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/faults"
	"github.com/studio-agent/studio-agent/connectors/medialoopster/medialoopstersim"
)

// commitOf registers the bundle S with media.
func (w *world) commitOf(media ...connectors.Receipt) error {
	return w.commit(w.t.Context(), folder+"S", media, published)
}

func TestABundleIsCreatedOnceAndFedAsItsMediaCome(t *testing.T) {
	for _, body := range []string{"json", "form"} {
		w := newWorld(t, how{yaml: "body: " + body, Options: medialoopstersim.Options{ProjectFile: func(root string) string { return root + "S.prproj" }}})
		publishes := 0
		publish := func() error { publishes++; return nil }
		w.must(w.commit(t.Context(), folder+"S", nil, publish))
		if p := w.one(); p.Name != "S" || p.BundleRoot != there+"S/" || p.Production != 1 || len(p.Linked) != 0 {
			t.Errorf("%s: created %+v", body, p)
		}
		a, b := w.imported("S/a.mov"), w.imported("S/b.wav")
		w.must(w.commit(t.Context(), folder+"S", []connectors.Receipt{a}, publish))
		w.must(w.commit(t.Context(), folder+"S/", []connectors.Receipt{a, b, a}, publish))
		if p := w.one(); len(p.Linked) != 2 || publishes != 1 || w.sim.Requests("create") != 1 || w.sim.Requests("addasset") != 2 {
			t.Errorf("%s: %+v after %d publishes, %d links", body, p, publishes, w.sim.Requests("addasset"))
		}
		w.must(w.commit(t.Context(), folder+"S", []connectors.Receipt{a, b}, publish))
		if n := w.sim.Requests("addasset"); n != 2 {
			t.Errorf("%s: what is linked is linked again, %d requests", body, n)
		}
	}
}

func TestAProjectThatIsThereIsAdopted(t *testing.T) {
	for name, opt := range map[string]medialoopstersim.Options{"a filter": {}, "no filter": {IgnoreFilter: true}, "small pages": {IgnoreFilter: true, PerPage: 2, NoTotal: true}, "no offset": {IgnoreFilter: true, IgnoreOffset: true, NoTotal: true}} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, how{Options: opt})
			for i := range 7 {
				w.sim.Add(medialoopstersim.Project{Name: "other", BundleRoot: fmt.Sprintf("%sS%d/", there, i)})
			}
			id := w.sim.Add(medialoopstersim.Project{Name: "by a person", BundleRoot: there + "S/", Production: 2})
			w.must(w.commit(t.Context(), folder+"S", []connectors.Receipt{w.imported("S/a.mov")}, func() error { t.Error("publish was called"); return nil }))
			all := w.sim.Projects()
			if i := slices.IndexFunc(all, func(p medialoopstersim.Project) bool { return p.ID == id }); len(all) != 8 || len(all[i].Linked) != 1 {
				t.Errorf("there are %+v", all)
			}
		})
	}
}

func TestSeveralProjectsOfABundleStopIt(t *testing.T) {
	w := newWorld(t, how{})
	w.sim.Add(medialoopstersim.Project{BundleRoot: there + "S/"})
	w.sim.Add(medialoopstersim.Project{BundleRoot: there + "S/"})
	wantError(t, w.commitOf(), "rejected", "has 2 projects for /srv/projects/edit/S/ (1, 2): delete all but one")
}

func TestBundlesThatCannotBe(t *testing.T) {
	w := newWorld(t, how{Options: medialoopstersim.Options{Devices: []medialoopstersim.Device{{ID: 1, Name: "d", Path: "/srv/projects/elsewhere/"}}}})
	for batch, says := range map[string]string{
		"/Volumes/unknown/S": "add its folder to paths", "/Volumes/projects/other/S": "in no folder of projects", "S": "must be a whole path",
		folder + "S": "400: bundle_root: The path /srv/projects/edit/S/ is not on a device.",
	} {
		wantError(t, w.commit(t.Context(), batch, nil, published), "rejected", says)
	}
	if w.sim.Requests("projects") != 2 || len(w.sim.Projects()) != 0 {
		t.Errorf("%d questions; there are %+v", w.sim.Requests("projects"), w.sim.Projects())
	}
	// A clear no leaves no doubt behind.
	wantError(t, w.commitOf(), "rejected", "not on a device")
}

func TestLinkingIsDoneInBatches(t *testing.T) {
	w := newWorld(t, how{})
	var media []connectors.Receipt
	for i := range 120 {
		id := w.sim.AddAsset(medialoopstersim.Asset{Kind: "image", Path: fmt.Sprint(i), Status: 6})
		media = append(media, connectors.Receipt{ID: fmt.Sprintf("image/%d", id), Name: fmt.Sprint(i)})
	}
	w.must(w.commitOf(media...))
	if n := w.sim.Requests("addasset"); n != 3 || len(w.one().Linked) != 120 {
		t.Errorf("%d linked in %d requests, want 120 in 3", len(w.one().Linked), n)
	}
}

// What cannot be linked is named; the rest is linked all the same.
func TestMediaThatCannotBeLinked(t *testing.T) {
	w := newWorld(t, how{})
	a, b := w.imported("S/a.mov"), w.imported("S/b.mov")
	w.sim.Remove(there + "S/a.mov")
	wantError(t, w.commitOf(a, b), "rejected", "would not link S/a.mov ("+a.ID+") with project S")
	if n := len(w.one().Linked); n != 1 {
		t.Errorf("%d media are linked, want the other", n)
	}
	wantError(t, w.commitOf(connectors.Receipt{ID: "import", Name: "c.mov"}), "later", "linking c.mov")
}

func TestAPublishThatFailsCreatesNothing(t *testing.T) {
	w := newWorld(t, how{})
	errLedger := errors.New("the ledger's disk is full")
	if err := w.commit(t.Context(), folder+"S", nil, func() error { return errLedger }); !errors.Is(err, errLedger) || len(w.sim.Projects()) != 0 {
		t.Errorf("got %v, %+v", err, w.sim.Projects())
	}
	w.must(w.commitOf()) // at once: there is no doubt
}

// Where the outcome of a creation is unknown, it is asked for, and only believed
// not to have been when it has not shown for a while.
func TestADoubtfulCreation(t *testing.T) {
	for name, tt := range map[string]struct {
		fault faults.Fault
		first string
	}{
		"lost answer":       {faults.Fault{LoseReply: true}, "later"},
		"500 after it":      {faults.Fault{FailAfter: 500}, "later"},
		"slow, then cut":    {faults.Fault{Delay: 40 * time.Second, Cut: -1}, "later"},
		"cut":               {faults.Fault{Cut: -1}, "later"},
		"500":               {faults.Fault{Status: 500}, "later"},
		"too many requests": {faults.Fault{Status: 429, RetryAfter: time.Second}, "throttled"},
		"forbidden":         {faults.Fault{Status: 403}, "rejected"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, how{})
				w.faults.Then("create", tt.fault)
				wantError(t, w.commitOf(), tt.first, "")
				made := len(w.sim.Projects())
				err := w.commitOf()
				if made == 0 && tt.first == "later" {
					wantError(t, err, "throttled", "asked again until")
					var throttled *connectors.ThrottledError
					if errors.As(err, &throttled) && time.Until(throttled.Until) > doubt {
						t.Errorf("asked again only in %v", time.Until(throttled.Until))
					}
					time.Sleep(doubt)
					err = w.commitOf()
				}
				w.must(err)
				w.one()
				w.must(w.commitOf())
				if kept, _ := w.memory.Recall(creationKey(there + "S/")); kept != "" {
					t.Error("the doubt is not forgotten")
				}
			})
		})
	}
}

// A creation that shows only after a while, as behind a queue, is waited for.
func TestALateCreationIsSeen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, how{})
		w.faults.Then("create", faults.Fault{Cut: -1})
		wantError(t, w.commitOf(), "later", "")
		time.Sleep(doubt / 2)
		wantError(t, w.commitOf(), "throttled", "")
		w.sim.Add(medialoopstersim.Project{BundleRoot: there + "S/"})
		time.Sleep(doubt)
		w.must(w.commitOf())
		w.one()
	})
}

func TestCommitsAtTheSameTimeCreateOnce(t *testing.T) {
	w := newWorld(t, how{})
	done := make(chan error)
	for range 8 {
		go func() { done <- w.commitOf() }()
	}
	for range 8 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	w.one()
}
