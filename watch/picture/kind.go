package picture

import (
	"fmt"
	"path/filepath"
	"strings"
)

// A Kind is what a photographer would call a file, told by its name alone.
type Kind int

const (
	Other     Kind = iota
	Developed      // a picture that everybody can open
	Raw            // what a camera or its back wrote
	Video
	Sidecar // settings and notes that belong to a picture of the same stem
)

func (k Kind) String() string {
	switch k {
	case Other:
		return "other"
	case Developed:
		return "developed"
	case Raw:
		return "raw"
	case Video:
		return "video"
	case Sidecar:
		return "sidecar"
	}
	return fmt.Sprintf("Kind(%d)", int(k))
}

// KindOf tells the kind by the extension of name, upper or lower case. A TIFF is
// Developed, although some cameras write RAW under that name.
func KindOf(name string) Kind {
	switch extension(name) {
	case "jpg", "jpeg", "jpe", "jfif", "png", "tif", "tiff", "psd", "psb", "heic", "heif", "hif", "avif", "webp", "gif",
		"jp2", "jxl", "bmp", "exr":
		return Developed
	case "3fr", "arw", "cr2", "cr3", "crw", "dcr", "dng", "eip", "erf", "fff", "gpr", "iiq", "kdc", "mef", "mos", "mrw",
		"nef", "nrw", "orf", "pef", "raf", "raw", "rw2", "rwl", "sr2", "srf", "srw", "x3f":
		return Raw
	case "mp4", "m4v", "mov", "avi", "mts", "m2ts", "mxf", "mkv", "webm", "mpg", "mpeg", "wmv", "crm", "braw", "r3d":
		return Video
	case "xmp", "cos", "cop", "cof", "cot", "comask", "dop", "pp3", "nksc", "aae", "thm":
		return Sidecar
	}
	return Other
}

// IsJPEG reports whether name has a JPEG's extension, upper or lower case.
func IsJPEG(name string) bool {
	switch extension(name) {
	case "jpg", "jpeg", "jpe", "jfif":
		return true
	}
	return false
}

func extension(name string) string {
	return strings.ToLower(strings.TrimPrefix(filepath.Ext(name), "."))
}
