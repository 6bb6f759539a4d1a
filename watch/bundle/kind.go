package bundle

import (
	"path"
	"strings"
)

// A Kind says what sort of medium a file is.
type Kind string

const (
	Video Kind = "video"
	Audio Kind = "audio"
	Image Kind = "image"
)

// KindOf tells the kind of a file by the end of its name, or "" for what is no
// medium of an edit project. MXF counts as video, though audio comes in it too.
func KindOf(name string) Kind {
	ext := strings.ToLower(path.Ext(name))
	if stem := path.Base(name); ext == "" || strings.HasPrefix(stem, ".") {
		return ""
	}
	switch ext[1:] {
	case "mov", "mp4", "m4v", "mxf", "avi", "mkv", "mts", "m2ts", "m2t", "mpg", "mpeg", "m2v", "vob", "wmv", "webm", "ogv",
		"flv", "3gp", "dv", "qt", "ts", "r3d", "braw", "ari", "arx", "crm", "insv", "nev":
		return Video
	case "wav", "aif", "aiff", "aifc", "bwf", "mp3", "m4a", "aac", "caf", "flac", "ogg", "opus", "wma", "w64", "rf64", "ac3", "omf":
		return Audio
	case "jpg", "jpeg", "jpe", "png", "tif", "tiff", "psd", "psb", "gif", "bmp", "tga", "dpx", "exr", "cin", "hdr", "webp", "heic", "heif",
		"jp2", "j2k", "svg", "ai", "eps", "dng", "cr2", "cr3", "crw", "nef", "nrw", "arw", "srf", "sr2", "raf", "orf", "rw2", "pef", "srw",
		"3fr", "fff", "iiq", "mos", "rwl", "x3f":
		return Image
	}
	return ""
}
