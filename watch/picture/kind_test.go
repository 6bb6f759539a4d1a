package picture

import "testing"

func TestKindOf(t *testing.T) {
	for _, tt := range []struct {
		name string
		want Kind
		jpeg bool
	}{
		{"A.JPG", Developed, true},
		{"a.jpeg", Developed, true},
		{"folder.nef/a.JPE", Developed, true},
		{"a.Tif", Developed, false},
		{"a.psb", Developed, false},
		{"a.HEIC", Developed, false},
		{"a.CR3", Raw, false},
		{"a.eip", Raw, false},
		{"a.jpg.IIQ", Raw, false},
		{"a.MOV", Video, false},
		{"a.jpg.xmp", Sidecar, false},
		{"a.cos", Sidecar, false},
		{"jpg", Other, false},
		{".jpg", Developed, true}, // hidden, but that is another's question
		{"a.", Other, false},
		{"a.jpg~", Other, false},
		{"", Other, false},
	} {
		if got := KindOf(tt.name); got != tt.want {
			t.Errorf("KindOf(%q) = %v, want %v", tt.name, got, tt.want)
		}
		if got := IsJPEG(tt.name); got != tt.jpeg {
			t.Errorf("IsJPEG(%q) = %v, want %v", tt.name, got, tt.jpeg)
		}
	}
}

func TestNames(t *testing.T) {
	for _, tt := range []struct{ got, want string }{
		{Unknown.String(), "unknown"}, {Whole.String(), "whole"}, {Torn.String(), "torn"}, {Verdict(9).String(), "Verdict(9)"},
		{Other.String(), "other"}, {Developed.String(), "developed"}, {Raw.String(), "raw"},
		{Video.String(), "video"}, {Sidecar.String(), "sidecar"}, {Kind(9).String(), "Kind(9)"},
	} {
		if tt.got != tt.want {
			t.Errorf("got %q, want %q", tt.got, tt.want)
		}
	}
}
