package watch

import (
	"path"
	"strings"
)

const (
	whyOurs      = "it is a temporary file of studio-agent"
	whyTemporary = "it is another program's temporary file; it goes when it gets its final name"
	whyHidden    = "hidden files and folders do not go"
	whySystem    = "the operating system or the storage keeps it for itself"
	whyCapture   = "it belongs to Capture One, not to the shoot"
	whyLightroom = "it belongs to a Lightroom catalogue"
	whyMechanic  = "it is a cache of Photo Mechanic"
	whySidecar   = "it is metadata beside a picture; name it in `include` to send it"
)

// temporary knows the names under which programs write before they rename. No
// option lets them through: such a file is unfinished by its writer's own word.
// base is lower-cased.
func temporary(base string, isDir bool) string {
	if isDir {
		return ""
	}
	if strings.HasPrefix(base, ".studio-") && strings.HasSuffix(base, ".part") {
		return whyOurs
	}
	if strings.HasPrefix(base, "~$") || strings.HasPrefix(base, ".~lock") || strings.HasSuffix(base, "~") {
		return whyTemporary
	}
	switch path.Ext(base) {
	case ".tmp", ".temp", ".part", ".partial", ".filepart", ".crdownload", ".download", ".incomplete", ".swp", ".lock":
		return whyTemporary
	}
	return ""
}

// builtIn knows what is never a picture. base is lower-cased.
func builtIn(base string, isDir bool) string {
	switch base {
	case "thumbs.db", "ehthumbs.db", "desktop.ini", "$recycle.bin", "system volume information",
		"@eadir", "#recycle", "#snapshot", "lost+found", "__macosx":
		return whySystem
	}
	if strings.HasPrefix(base, ".") {
		return whyHidden // also .DS_Store, ._*, .Trashes, .Spotlight-V100, .TemporaryItems
	}
	if isDir {
		return captureFolder(base)
	}
	return captureFile(path.Ext(base))
}

func captureFolder(base string) string {
	switch ext := path.Ext(base); {
	case base == "captureone", strings.HasPrefix(ext, ".cocatalog"), ext == ".cosessiondb":
		return whyCapture
	case ext == ".lrdata", ext == ".lrprev", strings.HasPrefix(ext, ".lrcat"):
		return whyLightroom
	case base == "photo mechanic cache", strings.HasPrefix(base, "com.camerabits.photomechanic"):
		return whyMechanic // names unverified
	}
	return ""
}

func captureFile(ext string) string {
	switch {
	case strings.HasPrefix(ext, ".cosessiondb"), strings.HasPrefix(ext, ".cocatalog"): // also -wal, -journal
		return whyCapture
	case strings.HasPrefix(ext, ".lrcat"): // also -wal, -shm, -data
		return whyLightroom
	}
	switch ext {
	case ".cof", ".cop", ".cot", ".cos", ".comask":
		return whyCapture
	case ".lrdata", ".lrprev":
		return whyLightroom
	case ".xmp", ".dop", ".pp3", ".thm":
		return whySidecar
	}
	return ""
}
