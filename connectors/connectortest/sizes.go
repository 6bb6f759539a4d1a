package connectortest

import (
	"bytes"
	"errors"
	"testing"

	"github.com/studio-agent/studio-agent/connectors"
)

// large is more than what goes out in one piece or at the same time anywhere.
const large = 5 << 20

var sizes = []check{
	{"a photo of 5 MB arrives whole", sends, largeArrives},
	{"an empty photo arrives or is refused for good", sends, emptyArrives},
	{"a retouch of 5 MB comes back whole", offers, largeComesBack},
}

func largeArrives(t *testing.T, r Rig) {
	p := newPhotoOf(r, "0001.tif", 1, large)
	deliver(t, r, p)
	wantFound(t, r, p)
	wantOnce(t, r, p)
}

// The engines send none, for no empty file is a whole picture; a person may
// insist.
func emptyArrives(t *testing.T, r Rig) {
	p := newPhotoOf(r, "0001.tif", 1, 0)
	_, err := r.Out.Deliver(t.Context(), p.Photo, p.open, published)
	switch {
	case err == nil:
		wantFound(t, r, p)
		wantOnce(t, r, p)
	case errors.Is(err, connectors.ErrRejected):
		wantNothing(t, r)
	default:
		t.Errorf("got %v, want none or a refusal for good", err)
	}
}

func largeComesBack(t *testing.T, r Rig) {
	content := newPhotoOf(r, "retouched", 1, large).content
	r.Return("0001.tif", content)
	var got bytes.Buffer
	if err := r.In.Fetch(t.Context(), pending(t, r), &got); err != nil || !bytes.Equal(got.Bytes(), content) {
		t.Errorf("fetched %d bytes, %v; want the %d returned", got.Len(), err, len(content))
	}
}
