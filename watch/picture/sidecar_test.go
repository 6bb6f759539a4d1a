package picture

import (
	"slices"
	"testing"
)

func TestSidecarsOf(t *testing.T) {
	for _, tt := range []struct {
		name string
		want []string
	}{
		{"a/IMG_1.CR3", []string{"a/IMG_1.xmp", "a/IMG_1.CR3.xmp"}},
		{"IMG_1.v2.jpg", []string{"IMG_1.v2.xmp", "IMG_1.v2.jpg.xmp"}},
		{"a.b/IMG_1", []string{"a.b/IMG_1.xmp"}},
		{"a/.jpg", []string{"a/.jpg.xmp"}},
		{"a/IMG_1.xmp", nil},
		{"", nil},
	} {
		if got := SidecarsOf(tt.name); !slices.Equal(got, tt.want) {
			t.Errorf("SidecarsOf(%q) = %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestSidecarOf(t *testing.T) {
	for _, tt := range []struct {
		name, stem string
		exact      bool
	}{
		{"a/IMG_1.xmp", "a/IMG_1", false},
		{"a/IMG_1.CR3.xmp", "a/IMG_1.CR3", true},
		{"a/IMG_1.JPG.XMP", "a/IMG_1.JPG", true},
		{"film.mov.xmp", "film.mov", true},
		{"a/IMG_1.v2.xmp", "a/IMG_1.v2", false},
		{"a.jpg/IMG_1.xmp", "a.jpg/IMG_1", false},
		{"a/.xmp", "", false},
		{".xmp", "", false},
		{"a/IMG_1.cos", "", false},
		{"a/IMG_1.jpg", "", false},
	} {
		if stem, exact := SidecarOf(tt.name); stem != tt.stem || exact != tt.exact {
			t.Errorf("SidecarOf(%q) = %q, %v; want %q, %v", tt.name, stem, exact, tt.stem, tt.exact)
		}
	}
}

// What SidecarsOf names, SidecarOf leads back to the picture.
func TestSidecarsLeadBack(t *testing.T) {
	const name = "day 1/Ä.001.IIQ"
	for i, sidecar := range SidecarsOf(name) {
		stem, exact := SidecarOf(sidecar)
		if want := [...]string{"day 1/Ä.001", name}[i]; stem != want || exact != (i == 1) {
			t.Errorf("SidecarOf(%q) = %q, %v; want %q", sidecar, stem, exact, want)
		}
	}
}
