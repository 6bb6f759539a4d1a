package bundle

import (
	"strings"
	"testing"
)

func TestEachFileOfABundleCountsOrSaysWhyNot(t *testing.T) {
	all, _ := Recognize(listing("a/Spot/Spot.prproj", "a/Spot/clip.mov"), Programs())
	if len(all) != 1 {
		t.Fatalf("got %+v", all)
	}
	for name, want := range map[string]string{
		"a/Spot/clip.mov":                           "video",
		"a/Spot/new/voice.WAV":                      "audio",
		"a/Spot/still.tif":                          "image",
		"a/Spot/Spot.prproj":                        "it is the project file",
		"a/Spot/notes.txt":                          "it is neither video, audio nor image",
		"a/Spot/._clip.mov":                         "it is hidden",
		"a/Spot/.trash/clip.mov":                    "it lies in .trash, where Adobe Premiere Pro keeps",
		"a/Spot/Media Cache/x/clip.mov":             "it lies in Media Cache, where Adobe Premiere Pro keeps what it can make again",
		"a/Spot/CacheClip/clip.mov":                 "video", // is Resolve's
		"a/Spot/ADOBE PREMIERE PRO AUTO-SAVE/x.mov": "it lies in ADOBE PREMIERE PRO AUTO-SAVE",
	} {
		kind, why := all[0].Medium(name)
		if got := string(kind) + why; !strings.HasPrefix(got, want) || (kind == "") == (why == "") {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

func TestTitles(t *testing.T) {
	for root, want := range map[string]string{
		"/v/edit/Spot": "Spot", "/v/edit/Spot.fcpbundle": "Spot", `Z:\edit\Spot.DRA`: "Spot", "a/Spot.v2": "Spot.v2", ".fcpbundle": ".fcpbundle", "Spot": "Spot",
	} {
		if got := Title(root); got != want {
			t.Errorf("%s is called %q, want %q", root, got, want)
		}
	}
}
