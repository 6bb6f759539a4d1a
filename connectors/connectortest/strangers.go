package connectortest

import (
	"errors"
	"testing"

	"github.com/studio-agent/studio-agent/connectors"
)

var strangers = []check{
	{"somebody else's file is not replaced", isFolder, foreignStays},
	{"our file that somebody else has changed is not replaced", isFolder, changedStays},
	{"a file that is there with the same content is not written again", isFolder, sameIsThere},
	{"a photo whose last generation was taken away is delivered", isFolder, takenThenNew},
}

func wantRejected(t *testing.T, r Rig, p photo) {
	t.Helper()
	calls := 0
	_, err := r.Out.Deliver(t.Context(), p.Photo, p.open, func() error { calls++; return nil })
	if !errors.Is(err, connectors.ErrRejected) {
		t.Errorf("got %v, want a refusal for good", err)
	}
	if calls != 0 {
		t.Error("publish was called for a photo that is refused")
	}
}

func wantOnly(t *testing.T, r Rig, name string, content []byte) {
	t.Helper()
	files := r.Files()
	if len(files) != 1 || files[0] != FileOf(name, content) {
		t.Errorf("there is %v, want only somebody else's %s", files, name)
	}
}

func foreignStays(t *testing.T, r Rig) {
	p := newPhoto(r, "0001.jpg", 1)
	theirs := newPhoto(r, "theirs", 1).content // of the same size
	r.Put(p.Name, theirs)
	wantMissing(t, r, p)
	wantRejected(t, r, p)
	wantOnly(t, r, p.Name, theirs)
}

func changedStays(t *testing.T, r Rig) {
	first, second := newPhoto(r, "0001.jpg", 1), newPhoto(r, "0001.jpg", 2)
	second.Replaces = deliver(t, r, first)
	theirs := newPhoto(r, "theirs", 1).content
	r.Put(first.Name, theirs)
	wantMissing(t, r, first)
	wantRejected(t, r, second)
	wantOnly(t, r, first.Name, theirs)
}

func sameIsThere(t *testing.T, r Rig) {
	p := newPhoto(r, "0001.jpg", 1)
	r.Put(p.Name, p.content)
	wantFound(t, r, p)
	deliver(t, r, p)
	wantOnly(t, r, p.Name, p.content)
}

func takenThenNew(t *testing.T, r Rig) {
	first, second := newPhoto(r, "0001.jpg", 1), newPhoto(r, "0001.jpg", 2)
	second.Replaces = deliver(t, r, first)
	r.Take(first.Name)
	deliver(t, r, second)
	wantOnly(t, r, second.Name, second.content)
}
