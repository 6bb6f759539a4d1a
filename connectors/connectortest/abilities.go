package connectortest

import "testing"

var abilities = []check{
	{"a healthy remote passes its probe", func(r Rig) bool { return r.Probe != nil }, probePasses},
	{"a mark can be repeated", func(r Rig) bool { return r.Out != nil && r.Mark != nil }, markRepeats},
	{"a good photo passes Vet", func(r Rig) bool { return r.Vet != nil }, vetPasses},
}

func probePasses(t *testing.T, r Rig) {
	if err := r.Probe(t.Context()); err != nil {
		t.Error(err)
	}
	if r.Out != nil {
		wantNothing(t, r)
	}
}

func markRepeats(t *testing.T, r Rig) {
	p := newPhoto(r, "0001.jpg", 1)
	receipt := deliver(t, r, p)
	p.Rating, p.Label = 4, "green"
	for range 2 {
		if err := r.Mark(t.Context(), p.Photo, receipt); err != nil {
			t.Fatal(err)
		}
	}
	wantOnce(t, r, p)
}

func vetPasses(t *testing.T, r Rig) {
	if _, err := r.Vet(t.Context(), newPhoto(r, "0001.jpg", 1).Photo); err != nil {
		t.Error(err)
	}
}
