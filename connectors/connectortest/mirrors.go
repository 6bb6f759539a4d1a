package connectortest

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/studio-agent/studio-agent/connectors"
)

// Mirrors are the mirrored folders of a rig's account: two in each direction
// that the connector can, so that they can be mixed up.
type Mirrors struct {
	Put [2]string // Photo.Remote of those delivered to; empty for none
	Get [2]string // Retouch.Remote of those listed; empty for none

	// Files is what a bystander sees in one folder of Put, as Rig.Files does,
	// with names relative to it.
	Files func(remote string) []File
	// Return puts a finished file into one folder of Get. Other than that, Get
	// and the Source list what they would without mirrors.
	Return func(remote, name string, content []byte)
}

var mirrors = []check{
	{"a mirrored photo lies below its own remote folder, path kept", mirrorsOut, mirrorsKeepPaths},
	{"mirrors out do not mix", mirrorsOut, mirrorsOutApart},
	{"what lies in a mirrored folder is listed with that folder", mirrorsIn, mirrorsListed},
}

func mirrorsOut(r Rig) bool { return r.Mirrors.Put != [2]string{} }

func mirrorsIn(r Rig) bool { return r.Mirrors.Get != [2]string{} }

// mirrored is a photo for the remote folder, unlike that for any other.
func mirrored(r Rig, remote, name string, generation int) photo {
	p := newPhoto(r, remote+" "+name, generation)
	p.Role, p.Bench, p.Remote, p.Name = connectors.Mirror, "", remote, name
	return p
}

// wantMirrored says what a bystander sees below a mirrored folder.
func wantMirrored(t *testing.T, r Rig, remote string, photos ...photo) {
	t.Helper()
	var want []File
	for _, p := range photos {
		want = append(want, FileOf(p.Name, p.content))
	}
	got := r.Mirrors.Files(remote)
	for _, files := range [][]File{got, want} {
		slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
	}
	if !slices.Equal(got, want) {
		t.Errorf("below %s there is %v, want %v", remote, got, want)
	}
}

func mirrorsKeepPaths(t *testing.T, r Rig) {
	remote := r.Mirrors.Put[0]
	var newest []photo
	for _, name := range []string{"0001.jpg", "monday/shoes/0001.jpg"} {
		first, second := mirrored(r, remote, name, 1), mirrored(r, remote, name, 2)
		wantMissing(t, r, first)
		second.Replaces = deliver(t, r, first)
		wantFound(t, r, first)
		deliver(t, r, first) // a crash before the receipt was recorded
		deliver(t, r, second)
		newest = append(newest, second)
		wantMirrored(t, r, remote, newest...)
	}
}

func mirrorsOutApart(t *testing.T, r Rig) {
	const name = "monday/0001.jpg"
	a, b := mirrored(r, r.Mirrors.Put[0], name, 1), mirrored(r, r.Mirrors.Put[1], name, 1)
	deliver(t, r, a)
	wantMissing(t, r, b)
	wantMirrored(t, r, b.Remote)
	deliver(t, r, b)
	for _, p := range []photo{a, b} {
		wantFound(t, r, p)
		wantMirrored(t, r, p.Remote, p)
	}
	receipts, err := r.Out.Find(t.Context(), []connectors.Photo{b.Photo, a.Photo})
	if err != nil || receipts[0].Zero() || receipts[1].Zero() {
		t.Errorf("asked for both at once, Find gives %+v, %v", receipts, err)
	}
}

func mirrorsListed(t *testing.T, r Rig) {
	const name = "monday/0001.jpg"
	content := map[string][]byte{}
	for _, remote := range r.Mirrors.Get {
		content[remote] = mirrored(r, remote, name, 1).content
		r.Mirrors.Return(remote, name, content[remote])
	}
	list, err := r.In.Pending(t.Context())
	if err != nil || len(list) != 2 || list[0].ID == list[1].ID || list[0].Remote == list[1].Remote {
		t.Fatalf("Pending lists %+v, %v; want one of each mirror", list, err)
	}
	for _, rt := range list {
		var got bytes.Buffer
		if err := r.In.Fetch(t.Context(), rt, &got); err != nil {
			t.Fatal(err)
		}
		if want := content[rt.Remote]; rt.Name != name || want == nil || !bytes.Equal(got.Bytes(), want) {
			t.Errorf("listed %+v with %d bytes, want %s of that very mirror", rt, got.Len(), name)
		}
	}
}
