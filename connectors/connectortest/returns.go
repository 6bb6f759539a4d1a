package connectortest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"path"
	"testing"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/faults"
)

var returns = []check{
	{"a retouch comes back whole", offers, comesBackWhole},
	{"a new version of a retouch has a new id", offers, newVersion},
	{"a retouch that changed since it was listed is not passed off as the old one", offers, changedSinceListed},
	{"acknowledging twice or an unknown retouch is no error", offers, acknowledgeRepeats},
	{"a disk that is full while fetching is told", offers, fetchCannotWrite},
	{"a fetch that ends early is an error", canFail(opFetch), fetchEndsEarly},
	{"a Pending that cannot look is an error", canFail(opPending), pendingCannotLook},
	{"a context that has ended fetches nothing", offers, endedBeforeFetch},
}

// pending is the one retouch that the remote offers.
func pending(t *testing.T, r Rig) connectors.Retouch {
	t.Helper()
	list, err := r.In.Pending(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != 1 {
		t.Fatalf("Pending lists %+v, want one retouch", list)
	}
	return list[0]
}

func comesBackWhole(t *testing.T, r Rig) {
	if list, err := r.In.Pending(t.Context()); err != nil || len(list) != 0 {
		t.Fatalf("Pending of nothing gave %+v, %v", list, err)
	}
	content := newPhoto(r, "retouched", 1).content
	r.Return("monday/0001.jpg", content)
	rt := pending(t, r)
	if rt.ID == "" || path.Base(rt.Name) != "0001.jpg" || rt.Stage != connectors.Ready {
		t.Errorf("got %+v, want a ready retouch named 0001.jpg", rt)
	}
	if rt.Size != -1 && rt.Size != int64(len(content)) {
		t.Errorf("size %d, want %d or -1 for unknown", rt.Size, len(content))
	}
	for range 2 { // nothing is used up by looking
		var got bytes.Buffer
		if err := r.In.Fetch(t.Context(), rt, &got); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got.Bytes(), content) {
			t.Errorf("fetched %d bytes that are not the %d returned", got.Len(), len(content))
		}
		if again := pending(t, r); again.ID != rt.ID {
			t.Errorf("the same retouch has the ids %q and %q", rt.ID, again.ID)
		}
	}
}

func newVersion(t *testing.T, r Rig) {
	r.Return("0001.jpg", newPhoto(r, "retouched", 1).content)
	first := pending(t, r)
	content := newPhoto(r, "retouched", 2).content[:photoSize-1]
	r.Return("0001.jpg", content)
	second := pending(t, r)
	if first.ID == second.ID {
		t.Errorf("both versions have the id %q", first.ID)
	}
	var got bytes.Buffer
	if err := r.In.Fetch(t.Context(), second, &got); err != nil || !bytes.Equal(got.Bytes(), content) {
		t.Errorf("fetched %d bytes, %v; want the %d of the new version", got.Len(), err, len(content))
	}
}

func changedSinceListed(t *testing.T, r Rig) {
	content := newPhoto(r, "retouched", 1).content
	r.Return("0001.jpg", content)
	old := pending(t, r)
	r.Return("0001.jpg", newPhoto(r, "retouched", 2).content[:photoSize/2])
	var got bytes.Buffer
	if err := r.In.Fetch(t.Context(), old, &got); err == nil && !bytes.Equal(got.Bytes(), content) {
		t.Errorf("fetched %d bytes of another version without an error", got.Len())
	}
}

func acknowledgeRepeats(t *testing.T, r Rig) {
	r.Return("0001.jpg", newPhoto(r, "retouched", 1).content)
	rt := pending(t, r)
	unknown := rt
	unknown.ID, unknown.Name = "no-such-retouch", "9999.jpg"
	for _, list := range [][]connectors.Retouch{{rt}, {rt}, {unknown}, {rt, unknown}, nil} {
		if err := r.In.Acknowledge(t.Context(), list); err != nil {
			t.Errorf("Acknowledge %v: %v", list, err)
		}
	}
}

var errDisk = errors.New("no space left on device")

type fullDisk struct{ left int }

func (d *fullDisk) Write(p []byte) (int, error) {
	if len(p) > d.left {
		return d.left, errDisk
	}
	d.left -= len(p)
	return len(p), nil
}

func fetchCannotWrite(t *testing.T, r Rig) {
	r.Return("0001.jpg", newPhoto(r, "retouched", 1).content)
	if err := r.In.Fetch(t.Context(), pending(t, r), &fullDisk{photoSize / 2}); !errors.Is(err, errDisk) {
		t.Errorf("got %v, want the disk's own error, wrapped", err)
	}
}

func fetchEndsEarly(t *testing.T, r Rig) {
	r.Return("0001.jpg", newPhoto(r, "retouched", 1).content)
	rt := pending(t, r)
	for _, n := range []int64{-1, 1, photoSize / 2, photoSize - 1} {
		r.Faults.Then(r.Ops.Fetch, faults.Fault{Cut: n})
		wantLater(t, r.In.Fetch(t.Context(), rt, io.Discard))
		r.Faults.Calm()
	}
	if err := r.In.Fetch(t.Context(), rt, io.Discard); err != nil {
		t.Errorf("once the remote is well again: %v", err)
	}
}

func pendingCannotLook(t *testing.T, r Rig) {
	r.Return("0001.jpg", newPhoto(r, "retouched", 1).content)
	bad := []faults.Fault{{Cut: -1}, {LoseReply: true}}
	if r.HTTP {
		bad = append(bad, faults.Fault{Status: 500}, faults.Fault{Status: 403})
	}
	for _, f := range bad {
		r.Faults.Then(r.Ops.Pending, f)
		if list, err := r.In.Pending(t.Context()); err == nil {
			t.Errorf("with %+v Pending lists %+v, want an error", f, list)
		}
		r.Faults.Calm()
	}
	pending(t, r)
}

func endedBeforeFetch(t *testing.T, r Rig) {
	r.Return("0001.jpg", newPhoto(r, "retouched", 1).content)
	rt := pending(t, r)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := r.In.Fetch(ctx, rt, io.Discard); err == nil {
		t.Error("Fetch went through")
	}
	if _, err := r.In.Pending(ctx); err == nil {
		t.Error("Pending gave a list without looking")
	}
}
