package picture

import (
	"path"
	"slices"
	"strings"
)

// SidecarsOf returns the names that the XMP sidecar of the picture name may
// have: with its extension replaced, as Lightroom and Capture One do, and with
// one added, as darktable does. Names are slash-separated. A sidecar has none.
func SidecarsOf(name string) []string {
	if name == "" || KindOf(name) == Sidecar {
		return nil
	}
	names := []string{name + ".xmp"}
	if base := path.Base(name); strings.LastIndex(base, ".") > 0 { // not for ".jpg"
		names = slices.Insert(names, 0, strings.TrimSuffix(name, path.Ext(name))+".xmp")
	}
	return names
}

// SidecarOf tells whose sidecar the XMP file of that name is: exactly the
// picture stem ("a/IMG_1.CR3"), or every picture named stem with any extension
// ("a/IMG_1"). stem is empty if the name is not that of an XMP sidecar.
func SidecarOf(sidecar string) (stem string, exact bool) {
	if !isXMP(sidecar) {
		return "", false
	}
	stem = sidecar[:len(sidecar)-len(".xmp")]
	if stem == "" || strings.HasSuffix(stem, "/") {
		return "", false
	}
	switch KindOf(stem) {
	case Developed, Raw, Video:
		exact = true
	}
	return stem, exact
}
