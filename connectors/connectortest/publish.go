package connectortest

import (
	"errors"
	"testing"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/faults"
)

var publishing = []check{
	{"publish is called once and before the photo shows", sends, publishComesFirst},
	{"a publish that fails stops the delivery", sends, publishFails},
	{"what broke after publish is not taken for picked up", canFail(opPublish), brokeAfterPublish},
	{"what was published and is gone was picked up", isFolder, pickedUp},
}

func publishComesFirst(t *testing.T, r Rig) {
	p, calls := newPhoto(r, "0001.jpg", 1), 0
	_, err := r.Out.Deliver(t.Context(), p.Photo, p.open, func() error {
		calls++
		if files := r.Files(); len(files) != 0 {
			t.Errorf("at publish the remote shows %v already", files)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if calls != 1 {
		t.Errorf("publish was called %d times, want once", calls)
	}
	wantOnce(t, r, p)
}

func publishFails(t *testing.T, r Rig) {
	p, errLedger := newPhoto(r, "0001.jpg", 1), errors.New("the ledger's disk is full")
	receipt, err := r.Out.Deliver(t.Context(), p.Photo, p.open, func() error { return errLedger })
	if !errors.Is(err, errLedger) {
		t.Errorf("Deliver gave %+v, %v; want publish's own error, wrapped", receipt, err)
	}
	wantNothing(t, r)
	wantMissing(t, r, p)
	p.Published = true // the intent may be on disk all the same
	wantMissing(t, r, p)
	deliver(t, r, p)
	wantOnce(t, r, p)
}

func brokeAfterPublish(t *testing.T, r Rig) {
	for _, f := range []faults.Fault{{Cut: -1}, {Status: 500}} {
		p := newPhoto(r, "0001.jpg", 1)
		r.Faults.Then(r.Ops.Publish, f)
		_, err := r.Out.Deliver(t.Context(), p.Photo, p.open, published)
		wantLater(t, err)
		wantNothing(t, r)
	}
	p := newPhoto(r, "0001.jpg", 1)
	p.Published = true
	wantMissing(t, r, p)
	// The next try breaks earlier and must not wipe out what tells the two apart.
	_, err := r.Out.Deliver(t.Context(), p.Photo, noSource, published)
	if !errors.Is(err, errSource) {
		t.Errorf("got %v, want the source's error", err)
	}
	wantMissing(t, r, p)
	deliver(t, r, p)
	wantOnce(t, r, p)
}

func pickedUp(t *testing.T, r Rig) {
	p := newPhoto(r, "0001.jpg", 1)
	deliver(t, r, p)
	r.Take(p.Name)
	wantMissing(t, r, p)
	p.Published = true
	receipt := find(t, r, p)
	if receipt.Zero() || !receipt.Verified {
		t.Errorf("Find gives %+v, want a verified receipt", receipt)
	}
	// Picked up or not, another photo under that name is another matter.
	r.Put(p.Name, []byte("somebody else's"))
	if receipts, err := r.Out.Find(t.Context(), []connectors.Photo{p.Photo}); err != nil || !receipts[0].Zero() {
		t.Errorf("with another file of that name there, Find gives %+v, %v; want a zero receipt", receipts, err)
	}
}
