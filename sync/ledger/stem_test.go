package ledger

import "testing"

func TestStem(t *testing.T) {
	for name, want := range map[string]string{
		"a.jpg": "a", "A.TIF": "a", "day 1/IMG_0001.CR3": "img_0001", "a.b.jpg": "a.b", "a": "a", ".jpg": ".jpg", "x/.hidden": ".hidden",
		"Gr\u00fcn.jpg": "gr\u00fcn", "Gru\u0308n.tif": "gr\u00fcn", "GRU\u0308N.tif": "gr\u00fcn", "ÅSE.psd": "\u00e5se", "ẞ.jpg": "ß",
	} {
		if got := Stem(name); got != want {
			t.Errorf("Stem(%q) = %q, want %q", name, got, want)
		}
	}
}
