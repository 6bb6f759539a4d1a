package connectortest

import (
	"fmt"
	"sync"
	"testing"

	"github.com/studio-agent/studio-agent/connectors"
)

var deliveries = []check{
	{"a photo arrives whole", sends, arrivesWhole},
	{"Find says no before and yes after", sends, findBeforeAndAfter},
	{"Find answers a group in its order", sends, findInGroups},
	{"a repeat makes no second photo", sends, repeatMakesNoSecond},
	{"twenty photos at once arrive once each", sends, manyAtOnce},
	{"a folder inside a folder is kept", sends, keepsFolders},
}

var generations = []check{
	{"Find tells generations apart that differ only in content", sends, findTellsGenerationsApart},
	{"a new generation takes the place of the old one", sends, newGeneration},
	{"content that comes back is delivered again", sends, backAgain},
}

func arrivesWhole(t *testing.T, r Rig) {
	p := newPhoto(r, "0001.jpg", 1)
	receipt := deliver(t, r, p)
	wantOnce(t, r, p)
	if files := r.Files(); len(files) != 1 {
		t.Errorf("the remote shows %v, want the photo alone", files)
	}
	if receipt.Size != p.Size {
		t.Errorf("the receipt says %d bytes, want %d", receipt.Size, p.Size)
	}
}

func findBeforeAndAfter(t *testing.T, r Rig) {
	p := newPhoto(r, "0001.jpg", 1)
	wantMissing(t, r, p)
	receipt := deliver(t, r, p)
	found := wantFound(t, r, p)
	if receipt.ID != "" && found.ID != receipt.ID {
		t.Errorf("Find gives the id %q, Deliver gave %q", found.ID, receipt.ID)
	}
	if found.Size != p.Size {
		t.Errorf("Find says %d bytes, want %d", found.Size, p.Size)
	}
}

func findInGroups(t *testing.T, r Rig) {
	a, b, c := newPhoto(r, "a.jpg", 1), newPhoto(r, "b.jpg", 1), newPhoto(r, "c.jpg", 1)
	receiptA, receiptC := deliver(t, r, a), deliver(t, r, c)
	receipts, err := r.Out.Find(t.Context(), []connectors.Photo{c.Photo, b.Photo, a.Photo, c.Photo})
	if err != nil || len(receipts) != 4 {
		t.Fatalf("Find gave %d answers and %v, want 4", len(receipts), err)
	}
	for i, want := range []connectors.Receipt{receiptC, {}, receiptA, receiptC} {
		if got := receipts[i]; got.Zero() != want.Zero() || got.Name != want.Name {
			t.Errorf("answer %d is %+v, want %+v", i, got, want)
		}
	}
	if receipts, err := r.Out.Find(t.Context(), nil); err != nil || len(receipts) != 0 {
		t.Errorf("Find of nothing gave %v, %v", receipts, err)
	}
}

func repeatMakesNoSecond(t *testing.T, r Rig) {
	p := newPhoto(r, "0001.jpg", 1)
	first := deliver(t, r, p)
	wantFound(t, r, p)
	deliver(t, r, p) // a crash before the receipt was recorded
	p.Replaces = first
	deliver(t, r, p)
	wantOnce(t, r, p)
}

func manyAtOnce(t *testing.T, r Rig) {
	work := make(chan photo, 20)
	photos := make([]photo, cap(work))
	for i := range photos {
		photos[i] = newPhoto(r, fmt.Sprintf("%04d.jpg", i), 1)
		work <- photos[i]
	}
	close(work)
	var workers sync.WaitGroup
	for range 5 {
		workers.Go(func() {
			for p := range work {
				if _, err := r.Out.Deliver(t.Context(), p.Photo, p.open, published); err != nil {
					t.Errorf("Deliver %s: %v", p.Name, err)
				}
				if _, err := r.Out.Find(t.Context(), []connectors.Photo{p.Photo}); err != nil {
					t.Errorf("Find %s: %v", p.Name, err)
				}
			}
		})
	}
	workers.Wait()
	for _, p := range photos {
		wantOnce(t, r, p)
	}
	if n := len(r.Files()); n != len(photos) {
		t.Errorf("%d files at the remote, want %d", n, len(photos))
	}
}

func keepsFolders(t *testing.T, r Rig) {
	a, b := newPhoto(r, "monday/shoes/0001.jpg", 1), newPhoto(r, "tuesday/shoes/0001.jpg", 1)
	deliver(t, r, a)
	wantMissing(t, r, b)
	deliver(t, r, b)
	for _, p := range []photo{a, b} {
		wantFound(t, r, p)
		wantOnce(t, r, p)
	}
}

func findTellsGenerationsApart(t *testing.T, r Rig) {
	first, second := newPhoto(r, "0001.jpg", 1), newPhoto(r, "0001.jpg", 2)
	second.Replaces = deliver(t, r, first)
	wantMissing(t, r, second)
	wantFound(t, r, first)
}

func newGeneration(t *testing.T, r Rig) {
	first, second := newPhoto(r, "0001.jpg", 1), newPhoto(r, "0001.jpg", 2)
	second.Replaces = deliver(t, r, first)
	receipt := deliver(t, r, second)
	if receipt.ID != "" && receipt.ID == second.Replaces.ID {
		t.Errorf("both generations have the receipt id %q", receipt.ID)
	}
	wantOnce(t, r, second)
	wantFound(t, r, second)
	wantNewest(t, r, second)
}

func backAgain(t *testing.T, r Rig) {
	a, b, again := newPhoto(r, "0001.jpg", 1), newPhoto(r, "0001.jpg", 2), newPhoto(r, "0001.jpg", 1)
	again.Generation, again.ID = 3, "00000000000000000003"
	b.Replaces = deliver(t, r, a)
	again.Replaces = deliver(t, r, b)
	deliver(t, r, again)
	wantFound(t, r, again)
	wantNewest(t, r, again)
}

// wantNewest says that p is what stands under its name now.
func wantNewest(t *testing.T, r Rig, p photo) {
	t.Helper()
	files := r.Files()
	if len(files) == 0 || files[len(files)-1].SHA256 != p.Digests.SHA256 {
		t.Errorf("generation %d is not the newest of %v", p.Generation, files)
	}
}
