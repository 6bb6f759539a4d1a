package ledger

import "testing"

func TestReleaseLetsGoWhatTheBrakeHolds(t *testing.T) {
	l := openNew(t)
	for path, held := range map[string]string{"/a": "900 files", "/b": "", "/c": Unsighted, "/d": "20 GB"} {
		must(t, l.PutFolder(Folder{Path: path, Bench: "bench", Held: held}))
	}
	for _, want := range []int{2, 0} {
		if n, err := l.Release(t.Context(), []string{"/a", "/b", "/c", "/d", "/unknown"}); n != want || err != nil {
			t.Errorf("released %d, %v; want %d", n, err, want)
		}
	}
	for path, held := range map[string]string{"/a": "", "/b": "", "/c": Unsighted, "/d": ""} {
		if f, _, err := l.FindFolder(t.Context(), path); err != nil || f.Held != held {
			t.Errorf("%s is held by %q, %v; want %q", path, f.Held, err, held)
		}
	}
}
