package creativeforce

import (
	"fmt"
	"path"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"github.com/studio-agent/studio-agent/connectors"
)

// longestName leaves room for what is added to names, in bytes.
const longestName = 120

// safeName makes one part of a path of what the platform calls something, such
// that every system can store it and it leads nowhere. otherwise is for what has
// nothing left.
func safeName(name, otherwise string) string {
	name = strings.Map(func(r rune) rune {
		switch {
		case r == utf8.RuneError || unicode.IsControl(r):
			return -1
		case strings.ContainsRune(`/\:*?"<>|`, r), !unicode.IsPrint(r) && r != ' ':
			return '_'
		}
		return r
	}, strings.ToValidUTF8(norm.NFC.String(name), "_"))
	ext := path.Ext(name)
	if len(ext) > 10 {
		ext = ""
	}
	stem := strings.TrimSuffix(name, ext)
	for len(stem) > longestName {
		_, size := utf8.DecodeLastRuneInString(stem)
		stem = stem[:len(stem)-size]
	}
	name = strings.TrimLeft(strings.TrimRight(stem+ext, ". "), ". ") // a leading dot hides a file
	if name == "" {
		name = otherwise
	}
	if connectors.CheckName(name) != nil { // reserved by Windows
		name = "_" + name
	}
	if connectors.CheckName(name) != nil {
		return "_"
	}
	return name
}

// fold makes names equal that some system takes for one.
func fold(name string) string {
	return norm.NFC.String(cases.Fold().String(norm.NFC.String(name)))
}

// A distinct list of names gives each its own, regardless of case.
type distinct map[string]bool

func (d distinct) take(name string) string {
	ext := path.Ext(name)
	stem := strings.TrimSuffix(name, ext)
	for n := 2; d[fold(name)]; n++ {
		name = fmt.Sprintf("%s-%d%s", stem, n, ext)
	}
	d[fold(name)] = true
	return name
}

// extOf is the extension of a name with its dot, or empty: a dot may as well be
// part of the name, so only those of pictures, films and documents count.
func extOf(name string) string {
	ext := path.Ext(name)
	switch formatOf(ext) {
	case "jpeg", "tiff", "png", "psd", "psb", "gif", "webp", "avif", "heic", "heif", "bmp", "svg", "eps", "pdf",
		"dng", "exr", "jxl", "jp2", "mp4", "mov", "m4v", "webm", "glb", "usdz", "zip":
		if ext != name {
			return ext
		}
	}
	return ""
}

// formatOf is the format that a name or an extension promises, as in
// connectors.Specification; of other extensions it is the extension.
func formatOf(name string) string {
	name = strings.ToLower(name)
	switch ext := name[strings.LastIndexAny(name, "./")+1:]; ext {
	case "jpg", "jpeg", "jpe":
		return "jpeg"
	case "tif", "tiff":
		return "tiff"
	default:
		return ext
	}
}

// extensionOf is how files of a format end.
func extensionOf(format string) string {
	switch format {
	case "jpeg":
		return ".jpg"
	case "tiff":
		return ".tif"
	case "":
		return ""
	}
	return "." + format
}
